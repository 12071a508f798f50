"""What strangers write into their feeds, and what subscribers get of it (robustness, HX).

Each case goes the whole way: from an origin's bytes through poll, read and publish into the outgoing files; and what
is in those is told by the parser of a browser (tests/html5.py), not by looking for words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any, Final

import pytest
from lxml import etree

from tests.core.test_sanitize import ATTACKS
from tests.daemon.program import text_of
from tests.html5 import dangers, elements, inside, swallows
from tests.jobs.conftest import rss
from tests.origin import Origin, reply
from tests.robustness.conftest import ATOM, Desk, feed_at, headline_of

pytestmark = pytest.mark.anyio
CONTENT: Final = "{http://purl.org/rss/1.0/modules/content/}encoded"
DC: Final = "{http://purl.org/dc/elements/1.1/}"
# What our own pages are made of, beside what a story may hold.
_PAGE: Final = (
    "html head meta title link body header main footer nav section article aside form label input button details"
    " summary svg path address"
)
PAGE: Final = frozenset(_PAGE.split())
ADDRESSES: Final = ("href", "src", "cite", "action", "formaction", "poster", "data", "srcset", "content")
RUNS: Final = re.compile(r"^[\x00-\x20]*(?:javascript|vbscript|data|file|blob|about)\s*:", re.IGNORECASE)
LINKS: Final = re.compile(r"https?://[^\s@]+")


async def publish(desk: Desk, origin: Origin, body: bytes, **headers: str) -> Path:
    """Let a feed bring this document and have it published in every format; gives the section's folder."""
    origin.answer("/feed", reply(200, body, {"Content-Type": "application/xml", **headers}))
    output = replace(desk.config.output, formats=("rss", "atom", "json", "html"), entries=300)
    await desk.configure(output=output)
    await desk.round()
    return desk.config.output.directory / "semua"


def entry(number: int, markup: str, *, title: str = "", more: str = "") -> str:
    """An entry with this HTML in its description, and once more as the start of its content."""
    whole = f"{markup}<p>{text_of(f'isi {number}', 40)}</p>"
    return (
        f"<item><guid isPermaLink='false'>n{number}</guid><title>{title or escape(headline_of(number))}</title>"
        f"<link>https://kabar.example/{number}</link><description>{xml(markup)}</description>"
        f"<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>{xml(whole)}</content:encoded>"
        f"{more}<pubDate>Fri, 07 Jan 2022 22:06:00 GMT</pubDate></item>"
    )


def xml(text: str) -> str:
    """The text as XML may hold it."""
    return escape("".join(char for char in text if char >= " " or char in "\t\n"))


def markups(folder: Path) -> Iterator[tuple[str, str]]:
    """Every field of the outgoing feeds that a reader takes for HTML, and where it stands."""
    for item in tree(folder / "rss.xml").iter("item"):
        for name in ("title", "description", CONTENT, "author", "category", f"{DC}creator", "source"):
            yield from ((f"rss {name}", each.text or "") for each in item.findall(name))
    for each in tree(folder / "atom.xml").iter(
        f"{ATOM}content", f"{ATOM}title", f"{ATOM}summary", f"{ATOM}rights"
    ):
        if each.get("type", "text") != "text":
            assert each.get("type") == "html"
            yield "atom", each.text or ""
    for each in json.loads((folder / "feed.json").read_bytes())["items"]:
        yield "json", each["content_html"]


def addresses(folder: Path) -> Iterator[str]:
    """Every address in the outgoing feeds, beside those in their HTML."""
    for file in ("rss.xml", "atom.xml"):
        for each in tree(folder / file).iter():
            yield from (
                str(value) for name, value in each.attrib.items() if name in ("href", "src", "url", "uri")
            )
            if (
                etree.QName(each).localname in ("link", "uri", "url", "comments", "docs", "icon", "logo")
                and each.text
            ):
                yield each.text
    yield from _urls(json.loads((folder / "feed.json").read_bytes()))


def _urls(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, str) and (
                name.endswith("url") or name in ("image", "icon", "favicon", "avatar")
            ):
                yield each
            else:
                yield from _urls(each)
    if isinstance(value, list):
        for each in value:
            yield from _urls(each)


def tree(file: Path) -> etree._Element:
    return etree.fromstring(file.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))


def page_dangers(page: str) -> list[str]:
    """What runs, or loads what it should not, in one of our own pages."""
    found = []
    for tag, attributes in elements(page):
        if dangers(f"<{tag}>") and tag not in PAGE:
            found.append(tag)
        for name, value in attributes.items():
            if name.startswith("on") or name in ("style", "srcdoc", "ping", "formaction"):
                found.append(f"{tag} {name}")
            if name in ADDRESSES and RUNS.match(value):
                found.append(f"{tag} {name}={value}")
    return found


def check(desk: Desk) -> None:
    """Look through every outgoing file."""
    folder = desk.config.output.directory / "semua"
    found = [(place, danger) for place, markup in markups(folder) for danger in dangers(markup)]
    assert found == []
    assert [place for place, markup in markups(folder) if swallows(markup)] == []
    assert [each for each in addresses(folder) if not LINKS.fullmatch(each)] == []
    for page in desk.config.output.directory.rglob("*.html"):
        text = page.read_text("utf-8")
        assert page_dangers(text) == [], page
        # Every story, and what stands under all of them, is where the template has it: none took in what follows.
        assert len(set(inside(text, "article"))) <= 1, page
        assert inside(text, "footer")[-1] == (), page


async def every(desk: Desk, origin: Origin, kind: str) -> None:
    """Publish a feed whose entries carry every attack of a kind, and look through what comes of it."""
    chosen = [markup for name, markup in ATTACKS.items() if name.startswith(kind)]
    assert chosen
    await publish(desk, origin, rss(*(entry(n, markup) for n, markup in enumerate(chosen, start=1))))
    assert len(desk.entries()) == len(chosen)
    check(desk)
    shown = {each["title"]: each["content_html"] for each in desk.entries()}
    for number, markup in enumerate(chosen, start=1):
        # What an element takes in that is never closed, and whose text is none, nobody sees in a browser either.
        assert swallows(markup) or "Warga Kazakhstan" in shown[headline_of(number)], markup


async def test_hx_01_nothing_that_runs_goes_out(desk: Desk, origin: Origin) -> None:
    await every(desk, origin, "hx_01")


async def test_hx_02_no_address_that_runs_goes_out(desk: Desk, origin: Origin) -> None:
    await every(desk, origin, "hx_02")


async def test_hx_03_a_comment_that_is_none_hides_nothing(desk: Desk, origin: Origin) -> None:
    await every(desk, origin, "hx_03")


async def test_hx_04_markup_that_changes_when_it_is_read_again_stays_harmless(
    desk: Desk, origin: Origin
) -> None:
    await every(desk, origin, "hx_04")


async def test_hx_07_no_frame_form_or_object_goes_out(desk: Desk, origin: Origin) -> None:
    await every(desk, origin, "hx_07")


async def test_hx_09_nothing_that_tells_on_a_reader_goes_out(desk: Desk, origin: Origin) -> None:
    await every(desk, origin, "hx_09")
    pixels = (
        '<img src="https://hitung.example/p" width="1" height="1">',
        '<img src="https://hitung.example/p" style="width:1px;height:1px">',
        '<img src="https://pixel.wp.com/b.gif?blog=1">',
        '<img src="https://feeds.feedburner.com/~r/kabar/~4/x">',
        '<span style="display:none"><img src="https://hitung.example/p"></span>',
    )
    origin.answer("/feed", reply(200, rss(*(entry(90 + n, pixel) for n, pixel in enumerate(pixels)))))
    desk.now = desk.now.replace(hour=23)
    await desk.round(force=True)
    shown = [
        each["content_html"]
        for each in desk.entries()
        if each["title"] in {headline_of(90 + n) for n in range(5)}
    ]
    assert len(shown) == len(pixels)
    assert [tag for html in shown for tag, _ in elements(html) if tag == "img"] == []
    check(desk)


SCRIPT: Final = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


async def test_hx_01_nothing_that_runs_goes_out_in_a_title_an_author_or_a_category(
    desk: Desk, origin: Origin
) -> None:
    told = escape(escape(SCRIPT))
    more = (
        f"<author>{told}</author><category>{told}</category><category><![CDATA[{SCRIPT}]]></category>"
        f"<dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>{escape(SCRIPT)}</dc:creator>"
        f"<source url='https://kabar.example/x'>{told}</source><comments>javascript:alert(1)</comments>"
    )
    titles = (f"Satu {told}", f"Dua {escape(SCRIPT)}", f"Tiga <![CDATA[{SCRIPT}]]>", f"Empat {escape(told)}")
    entries = [entry(n, "<p>x</p>", title=title, more=more) for n, title in enumerate(titles)]
    await publish(desk, origin, rss(*entries, title=told))
    assert len(desk.entries()) == len(titles)
    check(desk)


async def test_hx_05_no_link_picture_or_file_but_of_the_web_goes_out(desk: Desk, origin: Origin) -> None:
    bad = (
        "javascript:alert(1)",
        "data:text/html,<script>1</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//",
    )
    entries = [
        f"<item><guid isPermaLink='false'>n{n}</guid><title>{headline_of(n)}</title><link>{escape(url)}</link>"
        f"<description>{text_of(f'isi {n}', 40)}</description>"
        f"<enclosure url='{escape(url)}' type='image/png' length='1'/><comments>{escape(url)}</comments>"
        "<media:content xmlns:media='http://search.yahoo.com/mrss/' medium='image' "
        f"url='{escape(url)}'/><media:thumbnail xmlns:media='http://search.yahoo.com/mrss/' url='{escape(url)}'/>"
        "</item>"
        for n, url in enumerate(bad, start=1)
    ]
    entries.append(
        f"<item><title>{headline_of(9)}</title><guid isPermaLink='true'>javascript:alert(9)</guid></item>"
    )
    await publish(desk, origin, rss(*entries))
    assert len(desk.entries()) == len(bad) + 1
    check(desk)
    for each in desk.entries():  # it falls back on the site that its feed names
        assert each["url"] in ("https://kampar.example/", origin.url("/feed"))


async def test_hx_05_the_addresses_of_an_atom_feed_are_looked_at_as_well(desk: Desk, origin: Origin) -> None:
    body = (
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='javascript:/'><id>urn:x:1</id><title>Kabar</title>"
        "<updated>2022-01-07T22:06:00Z</updated><link href='javascript:alert(1)'/><icon>data:image/png,x</icon>"
        "<link rel='hub' href='javascript:alert(1)'/><logo>javascript:alert(1)</logo>"
        "<author><name>Budi</name><uri>javascript:alert(1)</uri></author>"
        f"<entry><id>urn:x:2</id><title type='html'>{escape(SCRIPT)} satu</title>"
        "<updated>2022-01-07T22:06:00Z</updated>"
        "<link href='data:text/html,&lt;script&gt;1&lt;/script&gt;'/><link rel='enclosure' href='javascript:alert(1)'/>"
        "<link rel='related' href='javascript:alert(1)'/><author><name>A</name><uri>javascript:alert(1)</uri></author>"
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script>"
        f"<a href='javascript:alert(1)' onclick='x()'>x</a>{text_of('isi', 40)}</div></content></entry></feed>"
    )
    await publish(desk, origin, body.encode())
    assert len(desk.entries()) == 1
    check(desk)


async def test_hx_05_a_json_feed_is_looked_at_as_well(desk: Desk, origin: Origin) -> None:
    bad = "javascript:alert(1)"
    item = {
        "id": "1",
        "url": bad,
        "external_url": bad,
        "title": SCRIPT,
        "image": bad,
        "banner_image": bad,
        "authors": [{"name": SCRIPT, "url": bad, "avatar": bad}],
        "attachments": [{"url": bad, "mime_type": "text/html"}],
        "tags": [SCRIPT],
        "content_html": f"<p>{text_of('isi', 40)}</p>{SCRIPT}",
    }
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": SCRIPT, "home_page_url": bad, "icon": bad}
    await publish(desk, origin, json.dumps({**feed, "items": [item]}).encode())
    assert len(desk.entries()) == 1
    check(desk)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("&lt;script&gt; dalam judul", "<script> dalam judul"),
        ("&amp;lt;script&amp;gt; dalam judul", "<script> dalam judul"),
        ("<![CDATA[a &lt; b & c]]>", "a < b & c"),
        ("Satu &lt;b&gt;tebal&lt;/b&gt; kata", "Satu tebal kata"),
        ("foto&#x202e;gpj.exe", "fotogpj.exe"),
        ("satu&#x2028;dua&#x2029;tiga", "satu dua tiga"),
        ("&#x2067;خبر&#x2069; penting", "\u2067خبر\u2069 penting"),
        ("&#x2067;خبر penting", "خبر penting"),
    ],
)
async def test_hx_06_a_title_is_plain_text_of_the_characters_that_were_meant(
    desk: Desk, origin: Origin, title: str, expected: str
) -> None:
    folder = await publish(desk, origin, rss(entry(1, "<p>x</p>", title=title)))
    assert desk.headlines() == [expected]
    [atom] = [each.findtext(f"{ATOM}title") for each in tree(folder / "atom.xml").iter(f"{ATOM}entry")]
    assert atom == expected
    [written] = [each.findtext("title") or "" for each in tree(folder / "rss.xml").iter("item")]
    assert written == re.sub(r"<(?=[a-zA-Z/!?])", "＜", expected)  # read as HTML, it says the same
    check(desk)


async def test_hx_06_a_title_of_type_text_is_text(desk: Desk, origin: Origin) -> None:
    body = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><id>urn:x:1</id><title>Kabar</title>"
        "<updated>2022-01-07T22:06:00Z</updated><entry><id>urn:x:2</id>"
        "<title type='text'>Cara memakai &lt;b&gt; dan &lt;script&gt;</title><link href='https://kabar.example/1'/>"
        f"<updated>2022-01-07T22:06:00Z</updated><summary>{text_of('isi', 40)}</summary></entry></feed>"
    )
    await publish(desk, origin, body.encode())
    assert desk.headlines() == ["Cara memakai <b> dan <script>"]
    check(desk)


async def test_hx_11_the_pages_name_a_hostile_feed_and_run_nothing_of_it(desk: Desk, origin: Origin) -> None:
    hostile = feed_at(
        origin.url("/%22%3E%3Cscript%3Ealert(1)%3C/script%3E?a='\"><script>"), "jahat", title=SCRIPT
    )
    await desk.configure(feed_at(origin.url("/feed")), hostile)
    origin.answer("/feed", reply(200, rss(entry(1, "<p>x</p>"), title=escape(escape(SCRIPT)))))
    await publish(desk, origin, rss(entry(1, "<p>x</p>"), title=escape(escape(SCRIPT))))
    sources = (desk.config.output.directory / "sources" / "index.html").read_text("utf-8")
    assert "alert(1)" in sources  # it is named, as text
    check(desk)


OPEN: Final = (
    "<div>" * 200,
    "<div>" * 1000,
    "awal<!-- ",
    "<table><tr><td>",
    "<p title='",
    "<textarea>",
    "<select><option>",
    "</div></article></main></body></html>",
    "<b><i><a href='https://kabar.example/x'>",
    "<plaintext>",
    "<svg><style>",
    "<![CDATA[",
    "<script>",
    "<ul><li><ul><li>",
)


async def test_hx_13_no_story_takes_in_the_next_one(desk: Desk, origin: Origin) -> None:
    folder = await publish(desk, origin, rss(*(entry(n, markup) for n, markup in enumerate(OPEN, start=1))))
    assert len(desk.entries()) == len(OPEN)
    check(desk)
    page = (folder / "index.html").read_text("utf-8")
    headings = [tag for tag, _ in elements(page) if tag == "article"]
    assert len(headings) == len(OPEN)
    for number in range(1, len(OPEN) + 1):
        assert headline_of(number) in page
