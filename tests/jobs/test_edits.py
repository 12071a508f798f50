"""A feed that is added: found, named, and written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator import config
from aggregator.config.writing import FeedsFile
from aggregator.errors import AggregatorError
from aggregator.jobs import edits
from aggregator.jobs.places import packaged_gazetteer
from aggregator.jobs.services import Services
from aggregator.model import Config
from tests.jobs.conftest import NOW, Web, entry_xml, rss

HEAD = '[site]\ntitle = "Meja"\n'
NEWS = rss(entry_xml(1, "Judul"), title="Riau Pos")


def never(_: str) -> bool:
    return False


@pytest.fixture
def file(tmp_path: Path) -> FeedsFile:
    path = tmp_path / "feeds.toml"
    path.write_text(HEAD, "utf-8")
    return FeedsFile(path=path, gazetteer=packaged_gazetteer(), environment={})


def loaded(file: FeedsFile) -> Config:
    return config.load(file.path, gazetteer=file.gazetteer, environment={})


@pytest.mark.anyio
async def test_a_feed_is_found_named_and_appended(file: FeedsFile, services: Services, web: Web) -> None:
    web.answers["https://riaupos.example/feed"] = NEWS
    added = await edits.add("riaupos.example", file=file, edges=services, used=never, now=NOW)
    assert (added.id, added.there) == ("riau-pos", None)
    assert added.text == '[[feed]]\nid    = "riau-pos"\nurl   = "https://riaupos.example/feed"\n'
    assert file.path.read_text("utf-8") == f"{HEAD}\n{added.text}"
    assert added.untaken, "there is no section at all"


@pytest.mark.anyio
@pytest.mark.parametrize("url", ["http://www.kampar.example/rss/", "kampar.example/rss"])
async def test_a_feed_that_is_there_is_not_even_asked(
    file: FeedsFile, services: Services, web: Web, url: str
) -> None:
    added = await edits.add(url, file=file, edges=services, used=never, now=NOW)
    assert added.there is not None
    assert (added.there.id, added.text) == ("kampar", "")
    assert web.asked == []
    assert file.path.read_text("utf-8") == HEAD


@pytest.mark.anyio
async def test_a_feed_that_somebody_else_adds_meanwhile_is_not_written_twice(
    file: FeedsFile, services: Services, web: Web
) -> None:
    web.answers["https://riaupos.example/feed"] = NEWS
    await edits.add("riaupos.example", file=file, edges=services, used=never, now=NOW)
    before = file.path.read_bytes()
    again = await edits.add("riaupos.example", file=file, edges=services, used=never, now=NOW)
    assert again.there is not None
    assert again.there.id == "riau-pos"
    assert file.path.read_bytes() == before


@pytest.mark.anyio
async def test_an_id_may_be_chosen(file: FeedsFile, services: Services, web: Web) -> None:
    web.answers["https://riaupos.example/rss"] = NEWS
    url = "https://riaupos.example/rss"
    added = await edits.add(url, wanted="Pos_1", file=file, edges=services, used=lambda _: True, now=NOW)
    assert [feed.id for feed in loaded(file).feed] == ["Pos_1"] == [added.id]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("wanted", "told"),
    [("kampar", "--id kampar: another feed has this id"), ("a b", '--id "a b" cannot be an id')],
)
async def test_an_id_that_cannot_be_is_told_before_anything_is_asked(
    file: FeedsFile, services: Services, web: Web, wanted: str, told: str
) -> None:
    with pytest.raises(AggregatorError) as caught:
        await edits.add("riaupos.example", wanted=wanted, file=file, edges=services, used=never, now=NOW)
    assert told in str(caught.value)
    assert web.asked == []


@pytest.mark.anyio
async def test_an_id_with_the_history_of_another_feed_is_not_given(
    file: FeedsFile, services: Services, web: Web
) -> None:
    web.answers["https://riaupos.example/feed"] = NEWS
    added = await edits.add(
        "riaupos.example", file=file, edges=services, used=lambda id_: id_ == "riau-pos", now=NOW
    )
    assert added.id == "riau-pos-2"
