"""OPML 2.0 of the outgoing feeds."""

import pytest
from lxml import etree

from aggregator.render import opml
from tests.render.samples import EDITION, edition, site


def outlines(data: bytes) -> list[dict[str, str]]:
    return [dict(outline.attrib) for outline in etree.fromstring(data).findall("body/outline")]


def test_every_section_is_in_it_in_order() -> None:
    data = opml.render(site(edition(), edition(id="lain", title='A "&" <B>', description="", language="ru")))
    assert outlines(data) == [
        {
            "text": "Dunia",
            "title": "Dunia",
            "type": "rss",
            "xmlUrl": "https://meja.example/dunia/atom.xml",
            "htmlUrl": "https://meja.example/dunia/",
            "description": "Luar negeri",
            "language": "id",
        },
        {
            "text": 'A "&" <B>',
            "title": 'A "&" <B>',
            "type": "rss",
            "xmlUrl": "https://meja.example/lain/atom.xml",
            "htmlUrl": "https://meja.example/lain/",
            "language": "ru",
        },
    ]


@pytest.mark.parametrize(("formats", "file"), [(("rss", "html"), "rss.xml"), (("json",), "feed.json")])
def test_it_gives_the_first_format_that_is_written(formats: tuple[str, ...], file: str) -> None:
    assert [o["xmlUrl"] for o in outlines(opml.render(site(edition(formats=formats))))] == [
        EDITION.url + file
    ]


def test_a_section_without_a_feed_is_not_in_it() -> None:
    assert outlines(opml.render(site(edition(formats=("html",))))) == []


def test_it_is_dated_by_the_newest_change() -> None:
    root = etree.fromstring(opml.render(site()))
    assert root.findtext("head/dateModified") == "Sat, 08 Jan 2022 01:30:00 +0000"
    undated = etree.fromstring(opml.render(site(edition(updated=None))))
    assert undated.find("head/dateModified") is None
