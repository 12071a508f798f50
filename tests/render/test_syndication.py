"""RSS and Atom: read back by another hand, they hold what was put in, and nothing of the moment of writing."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import feedparser
import pytest
from lxml import etree

from aggregator.model import Edition, EditionEntry, Enclosure, Image, SourceFeed
from aggregator.render import jsonfeed, syndication
from tests.render.samples import EDITION, ENTRY, LEAD, UPDATED, edition, entry

NS = {
    "atom": "http://www.w3.org/2005/Atom",
    "media": "http://search.yahoo.com/mrss/",
    "georss": "http://www.georss.org/georss",
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
}
WRITERS = [syndication.rss, syndication.atom]


def parsed(data: bytes) -> Any:
    feed = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    assert not feed.bozo, feed.bozo_exception
    return feed


def root(data: bytes) -> etree._Element:
    return etree.fromstring(data)


def atom_entry(given: EditionEntry) -> etree._Element:
    found = root(syndication.atom(edition(given))).find("atom:entry", NS)
    assert found is not None
    return found


def rss_item(given: EditionEntry) -> etree._Element:
    found = root(syndication.rss(edition(given))).find("channel/item")
    assert found is not None
    return found


def test_atom_entry_carries_what_the_contract_lists() -> None:
    read = parsed(syndication.atom(edition())).entries[0]
    assert (read.id, read.title, read.link) == (
        ENTRY.story.id,
        "Jembatan ditutup",
        "https://lembah.example/a",
    )
    assert (read.published, read.updated) == ("2022-01-08T05:06:00+07:00", "2022-01-08T08:30:00+07:00")
    assert read.content[0].value == ENTRY.content_html
    assert read.content[0].type == "text/html"
    assert read.summary == "Isi berita."
    assert [author.name for author in read.authors] == ["Sari Wulandari", "Joko"]
    assert [(tag.term, tag.scheme, tag.label) for tag in read.tags] == [
        ("KZ", "urn:iso:std:iso:3166", "Kazakhstan"),
        ("143", "urn:un:m49", "Asia Tengah"),
        ("Dunia", None, None),
    ]
    assert (read.source.id, read.source.title) == ("https://lembah.example/rss", "Lembah Pos")
    assert read.source.updated == read.updated


def test_links_of_an_atom_entry_keep_relation_type_and_length() -> None:
    links = [dict(link.attrib) for link in atom_entry(ENTRY).findall("atom:link", NS)]
    assert links == [
        {"rel": "alternate", "type": "text/html", "href": "https://lembah.example/a"},
        {
            "rel": "enclosure",
            "type": "audio/mpeg",
            "length": "1234",
            "href": "https://lembah.example/suara.mp3",
        },
        {
            "rel": "related",
            "type": "text/html",
            "title": "Radio Pantai",
            "href": "https://pantai.example/b?x=1&y=2",
        },
    ]


def test_atom_elements_are_written_without_a_prefix() -> None:
    assert not re.findall(rb"<(?:ns\d+|atom):", syndication.atom(edition()))


def test_rss_item_carries_what_the_contract_lists() -> None:
    item = rss_item(ENTRY)
    guid = item.find("guid")
    assert guid is not None
    assert (guid.text, guid.get("isPermaLink")) == (ENTRY.story.id, "false")
    assert item.findtext("title") == "Jembatan ditutup"
    assert item.findtext("link") == "https://lembah.example/a"
    assert item.findtext("pubDate") == "Sat, 08 Jan 2022 05:06:00 +0700"
    assert item.findtext("content:encoded", namespaces=NS) == ENTRY.content_html
    assert item.findtext("description") == "Isi berita."
    assert [creator.text for creator in item.findall("dc:creator", NS)] == ["Sari Wulandari", "Joko"]
    assert [(c.text, c.get("domain")) for c in item.findall("category")] == [
        ("Kazakhstan", "urn:iso:std:iso:3166"),
        ("Asia Tengah", "urn:un:m49"),
        ("Dunia", None),
    ]
    source, enclosure = item.find("source"), item.find("enclosure")
    assert source is not None
    assert enclosure is not None
    assert (source.text, source.get("url")) == ("Lembah Pos", "https://lembah.example/rss")
    assert dict(enclosure.attrib) == {
        "url": "https://lembah.example/suara.mp3",
        "length": "1234",
        "type": "audio/mpeg",
    }
    related = item.find("atom:link", NS)
    assert related is not None
    assert (related.get("rel"), related.get("href")) == ("related", "https://pantai.example/b?x=1&y=2")


@pytest.mark.parametrize("write", WRITERS)
def test_an_entry_says_where_it_is(write: Callable[[Edition], bytes]) -> None:
    tree = root(write(edition()))
    assert [point.text for point in tree.iter(f"{{{NS['georss']}}}point")] == ["51.1801 71.4460"]
    assert [name.text for name in tree.iter(f"{{{NS['georss']}}}featureName")] == ["Kazakhstan"]


def test_heads_of_the_feeds_name_themselves_their_page_and_their_hub() -> None:
    atom, rss = root(syndication.atom(EDITION)), root(syndication.rss(EDITION))
    assert {link.get("rel"): link.get("href") for link in atom.findall("atom:link", NS)} == {
        "self": "https://meja.example/dunia/atom.xml",
        "alternate": "https://meja.example/dunia/",
        "hub": "https://hub.example/",
    }
    assert rss.findtext("channel/link") == "https://meja.example/dunia/"
    assert {link.get("rel"): link.get("href") for link in rss.findall("channel/atom:link", NS)} == {
        "self": "https://meja.example/dunia/rss.xml",
        "hub": "https://hub.example/",
    }
    assert rss.findtext("channel/language") == atom.get("{http://www.w3.org/XML/1998/namespace}lang") == "id"
    assert rss.findtext("channel/generator") == atom.findtext("atom:generator", namespaces=NS) == "aggregator"


def test_an_id_of_a_feed_does_not_change_when_the_site_moves() -> None:
    ids = {
        root(syndication.atom(edition(site_url=url))).findtext("atom:id", namespaces=NS)
        for url in ("https://meja.example/", "http://127.0.0.1:8080/")
    }
    other = root(syndication.atom(edition(id="lain"))).findtext("atom:id", namespaces=NS)
    assert len(ids) == 1
    assert other not in ids


def test_dates_are_those_of_the_edition_and_never_of_now() -> None:
    rss, atom = root(syndication.rss(edition())), root(syndication.atom(edition()))
    assert rss.findtext("channel/lastBuildDate") == "Sat, 08 Jan 2022 01:30:00 +0000"
    assert atom.findtext("atom:updated", namespaces=NS) == UPDATED.isoformat()


def test_a_feed_without_entries_is_one_all_the_same_and_has_no_date_of_today() -> None:
    empty = Edition(**{**{f: getattr(EDITION, f) for f in EDITION.__dataclass_fields__}, "updated": None})
    assert parsed(syndication.rss(empty)).entries == []
    assert parsed(syndication.atom(empty)).feed.updated == "2000-01-01T00:00:00+00:00"
    assert b"lastBuildDate" not in syndication.rss(empty)


@pytest.mark.parametrize("write", [*WRITERS, jsonfeed.render])
def test_the_same_edition_gives_the_same_bytes(write: Callable[[Edition], bytes]) -> None:
    assert write(edition()) == write(edition())


def test_all_formats_hold_the_same_ids_in_the_same_order() -> None:
    given = edition(*(entry(number) for number in (3, 1, 2)))
    rss = [item.findtext("guid") for item in root(syndication.rss(given)).findall("channel/item")]
    atom = [
        e.findtext("atom:id", namespaces=NS) for e in root(syndication.atom(given)).findall("atom:entry", NS)
    ]
    feed = [item["id"] for item in json.loads(jsonfeed.render(given))["items"]]
    assert rss == atom == feed == [e.story.id for e in given.entries]


@pytest.mark.parametrize(
    ("headline", "in_rss"),
    [
        ("Tom & Jerry", "Tom & Jerry"),
        ("AT&amp;T says &lt;no&gt;", "AT&amp;T says &lt;no&gt;"),
        ("<script>alert(1)</script>", "＜script>alert(1)＜/script>"),
        ("a <!-- b", "a ＜!-- b"),
        ("3 < 4 <5", "3 < 4 <5"),
        ("]]> ends", "]]> ends"),
    ],
)
def test_titles_are_escaped_once_and_in_rss_hold_nothing_that_html_reads_as_a_tag(
    headline: str, in_rss: str
) -> None:
    given = entry(headline=headline)
    assert rss_item(given).findtext("title") == in_rss
    assert atom_entry(given).findtext("atom:title", namespaces=NS) == headline


def test_a_summary_is_html_in_rss_and_text_in_atom() -> None:
    given = entry(summary="5 < 6 & <b>7</b>")
    assert rss_item(given).findtext("description") == "5 &lt; 6 &amp; &lt;b&gt;7&lt;/b&gt;"
    assert atom_entry(given).findtext("atom:summary", namespaces=NS) == "5 < 6 & <b>7</b>"


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\x1b", "\x9b", "\ufffe", "\uffff", "\ud800"])
@pytest.mark.parametrize("write", [*WRITERS, jsonfeed.render])
def test_characters_that_xml_cannot_hold_lose_no_story(bad: str, write: Callable[[Edition], bytes]) -> None:
    dirty = entry(
        2,
        headline=f"Ju{bad}dul",
        article={"byline": (f"Sa{bad}ri",), "categories": (f"Du{bad}nia",), "credits": (bad,), "editor": bad},
        content_html=f"<p>{bad}</p>",
        summary=f"a{bad}b",
        related=((f"x{bad}", "https://x.example/"),),
        image=Image(url="https://x.example/a.jpg", caption=f"c{bad}"),
    )
    data = write(edition(entry(1), dirty, entry(3)))
    assert len(re.findall(rb'<guid|<id>urn:uuid:4a|"id": ', data)) == 3
    assert bad not in data.decode("utf-8")


@pytest.mark.parametrize("write", [*WRITERS, jsonfeed.render])
def test_an_address_that_is_no_web_address_is_in_no_output(write: Callable[[Edition], bytes]) -> None:
    bad = "javascript:alert(1)"
    given = entry(
        story={"url": bad, "enclosures": (Enclosure(url=bad),)},
        image=Image(url=bad),
        related=(("Buruk", bad),),
    )
    data = write(edition(given))
    assert b"javascript" not in data
    assert b"https://lembah.example/a" in data


def images_shown(data: bytes, url: str) -> int:
    return data.decode().count(url)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    "given",
    [
        entry(),
        entry(content_html='<p><img src="https://img.example/foto.jpg"></p>'),
        entry(
            story={
                "enclosures": (Enclosure(url="https://img.example/foto.jpg", type="image/jpeg", length=9),)
            }
        ),
    ],
)
def test_the_lead_image_stands_in_a_feed_once(write: Callable[[Edition], bytes], given: EditionEntry) -> None:
    assert images_shown(write(edition(given)), "https://img.example/foto.jpg") == 1


@pytest.mark.parametrize("write", WRITERS)
def test_a_caption_goes_with_its_image(write: Callable[[Edition], bytes]) -> None:
    media = root(write(edition())).findall(".//media:content", NS)
    assert [(m.get("url"), m.get("type"), m.findtext("media:description", namespaces=NS)) for m in media] == [
        ("https://img.example/foto.jpg", "image/jpeg", "Di jembatan (AFN)")
    ]


def test_an_enclosure_of_unknown_type_and_size_says_so() -> None:
    given = entry(
        story={"enclosures": (Enclosure(url="https://x.example/f"), Enclosure(url="https://x.example/g.pdf"))}
    )
    item = rss_item(given)
    enclosures = [dict(e.attrib) for e in item.findall("enclosure")]
    assert enclosures == [{"url": "https://x.example/f", "length": "0", "type": "application/octet-stream"}]
    assert item.find("media:content[@url='https://x.example/g.pdf']", NS) is not None
    lengths = [link.get("length") for link in atom_entry(given).findall("atom:link[@rel='enclosure']", NS)]
    assert lengths == [None, None]


def test_a_story_without_byline_is_by_its_feed() -> None:
    given = entry(article={"byline": ("", " ")})
    assert atom_entry(given).findtext("atom:author/atom:name", namespaces=NS) == "Lembah Pos"


def test_a_story_without_a_headline_still_has_a_title() -> None:
    assert rss_item(entry(headline="")).findtext("title") == "Isi berita."
    assert rss_item(entry(headline="", summary="")).findtext("title") == "Lembah Pos"


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (datetime(2022, 1, 8, 5, 6, 7, 999, tzinfo=UTC), "2022-01-08T05:06:07+00:00"),
        (
            datetime(1990, 1, 1, tzinfo=timezone(timedelta(hours=7, minutes=7, seconds=12))),
            "1989-12-31T16:52:48+00:00",
        ),
        (
            datetime(2022, 1, 8, 5, 6, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
            "2022-01-08T05:06:00-03:30",
        ),
    ],
)
def test_dates_are_whole_seconds_with_an_offset_that_rfc_3339_knows(
    published: datetime, expected: str
) -> None:
    given = entry(story={"published": published})
    assert atom_entry(given).findtext("atom:published", namespaces=NS) == expected


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(("section", "sheet"), [("dunia", "../feed.css"), ("regions/KZ", "../../feed.css")])
def test_a_browser_finds_the_style_sheet(write: Callable[[Edition], bytes], section: str, sheet: str) -> None:
    lines = write(edition(id=section)).splitlines()
    assert lines[0] == b"<?xml version='1.0' encoding='UTF-8'?>"
    assert lines[1] == f'<?xml-stylesheet type="text/css" href="{sheet}"?>'.encode()


def test_an_entry_says_its_language_when_it_knows_it() -> None:
    item, found = rss_item(entry(article={"language": "ru"})), atom_entry(entry(article={"language": ""}))
    assert item.findtext("dc:language", namespaces=NS) == "ru"
    assert found.get("{http://www.w3.org/XML/1998/namespace}lang") is None


def test_a_story_that_leads_nowhere_has_no_empty_link() -> None:
    nowhere = entry(
        story={"url": None, "copies": (replace(LEAD, url=None),)},
        source=SourceFeed(id="x", title="X", url=""),
    )
    assert atom_entry(nowhere).findall("atom:link[@rel='alternate']", NS) == []
    assert rss_item(nowhere).find("link") is None
    assert (atom_entry(nowhere).findtext("atom:source/atom:id", namespaces=NS) or "").startswith("urn:uuid:")


@pytest.mark.parametrize(
    "said", ["<script>alert(1)</script>", "", "audio", "a/b/c", "x" * 300 + "/y", "a\n/b"]
)
def test_hx_05_an_enclosure_whose_type_is_none_has_the_type_that_its_name_says(said: str) -> None:
    file = Enclosure(url="https://lembah.example/suara.mp3", type=said)
    given = replace(ENTRY, story=replace(ENTRY.story, enclosures=(file,)))
    link = atom_entry(given).find("atom:link[@rel='enclosure']", NS)
    assert link is not None
    assert link.get("type") == "audio/mpeg"
