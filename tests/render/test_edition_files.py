"""One story that cannot be written costs its section that story, and no other."""

import json

import pytest

from aggregator.model import Edition
from aggregator.render import RENDERERS, Renderer, edition_files
from tests.render.samples import EDITION, edition, entry


def picky(given: Edition) -> bytes:
    """A format that cannot write some headlines."""
    for each in given.entries:
        if each.story.article.headline == "racun":
            raise ValueError("this headline is poison")
    return b"fine"


TABLE = {**RENDERERS, "html": Renderer(filename="index.html", media_type="text/html", render=picky)}


def test_an_edition_is_written_in_each_of_its_formats() -> None:
    made = edition_files(edition(formats=("rss", "json")))
    assert set(made.files) == {"dunia/rss.xml", "dunia/feed.json"}
    assert made.skipped == ()


def test_a_poison_story_is_left_out_of_every_format_and_named() -> None:
    poison = entry(2, headline="racun")
    made = edition_files(edition(entry(1), poison, entry(3)), TABLE)
    assert made.skipped == ((poison.story.id, "ValueError: this headline is poison"),)
    assert made.files["dunia/index.html"] == b"fine"
    ids = [item["id"][-4:] for item in json.loads(made.files["dunia/feed.json"])["items"]]
    assert ids == ["0001", "0003"]
    for name in ("dunia/rss.xml", "dunia/atom.xml"):
        assert poison.story.id.encode() not in made.files[name]


@pytest.mark.parametrize("given", [EDITION, edition(entry(1), entry(2))])
def test_a_fault_that_is_not_of_single_stories_is_told_and_empties_no_feed(given: Edition) -> None:
    def broken(_: Edition) -> bytes:
        raise ValueError("the head of the feed is wrong")

    table = {"rss": Renderer(filename="rss.xml", media_type="x", render=broken)}
    with pytest.raises(ValueError, match="the head of the feed"):
        edition_files(given, table)


def test_a_date_that_cannot_be_written_is_found_out() -> None:
    naive = entry(2, story={"published": entry().story.published.replace(tzinfo=None)})
    made = edition_files(edition(entry(1), naive))
    assert [uid for uid, _ in made.skipped] == [naive.story.id]
