"""Documents that are no feeds, or feeds made to do harm, and what becomes of them (robustness, XP).

Each goes the whole way: a feed that was read before answers with it, and another feed is asked in the same round.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from time import process_time
from typing import Final

import pytest

from aggregator.core.formats import limits
from aggregator.model import ByteSize
from tests.origin import Origin, reply
from tests.robustness.conftest import Desk, feed_at, headline_of, news, settings

pytestmark = pytest.mark.anyio
CANARY: Final = "/kenari"
SECONDS: Final = 2.0  # of CPU, for the whole round
DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>'
VERSION: Final = "https://jsonfeed.org/version/1.1"


def rss(inner: str, *, before: str = DECLARATION, opening: str = '<rss version="2.0">') -> str:
    head = "<title>Kabar</title><link>https://kabar.example/</link><language>id</language>"
    return f"{before}{opening}<channel>{head}{inner}</channel></rss>"


def entry(title: str = "Banjir surut", more: str = "", number: int = 7) -> str:
    return f"<item><title>{title}</title><link>https://kabar.example/{number}</link>{more}</item>"


def laughs(levels: int = 9) -> str:
    nested = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(levels))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">{nested}]>'


async def after(desk: Desk, origin: Origin, document: str | bytes, *, most: int = 20_000_000) -> float:
    """Have a feed answer with a document where it had two entries before; gives the CPU seconds of that round."""
    body = document if isinstance(document, bytes) else document.encode("utf-8", "surrogatepass")
    other = feed_at(origin.url("/lain"), "lain")
    await desk.configure(*desk.config.feed, other, polling=settings(max_body=ByteSize(most)))
    origin.answer("/feed", reply(200, news(1, 2)), reply(200, body))
    origin.answer("/lain", reply(200, news(3)), reply(200, news(3, 4)))
    await desk.round()
    before = process_time()
    await desk.later(hours=2)
    took = process_time() - before
    assert desk.feed("lain")["state"] == "ok"
    assert {headline_of(number) for number in (1, 2, 3, 4)} <= set(desk.headlines())
    assert origin.seen(CANARY) == []
    return took


async def refused(desk: Desk, origin: Origin, document: str | bytes, kind: str) -> None:
    """See that a document is an error of that kind at once, and that what was there stays."""
    took = await after(desk, origin, document)
    told = desk.feed()
    assert (told["state"], told["error"]["kind"]) == ("failing", kind), told
    assert took < SECONDS
    assert len(desk.headlines()) == 4


@pytest.mark.parametrize("levels", [1, 2, 9])
@pytest.mark.parametrize("place", ["title", "attribute", "link"])
async def test_xp_01_entities_in_entities_are_an_error_and_no_story(
    desk: Desk, origin: Origin, levels: int, place: str
) -> None:
    name = f"&{chr(97 + levels)};"
    inner = {
        "title": entry(name),
        "attribute": entry(more=f'<category domain="{name}">k</category>'),
        "link": entry(more=f"<guid>{name}</guid>"),
    }
    await refused(desk, origin, rss(inner[place], before=laughs(levels)), "parse")
    assert not any("&" in headline for headline in desk.headlines())


@pytest.mark.parametrize(("length", "times"), [(50_000, 20_000), (256, 100_000), (255, 60_000)])
async def test_xp_02_a_text_that_is_referred_to_a_thousand_times_is_an_error(
    desk: Desk, origin: Origin, length: int, times: int
) -> None:
    declared = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "{"x" * length}">]>'
    await refused(desk, origin, rss(entry("&a;" * times), before=declared), "parse")


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>', "parse"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "{canary}">]>', "parse"),
        ('<!DOCTYPE x [<!ENTITY a PUBLIC "p" "{canary}">]>', "parse"),
        ('<!DOCTYPE x [<!ENTITY % p SYSTEM "{canary}"> %p;<!ENTITY a "%p;">]>', "parse"),
        ('<!DOCTYPE x [<!ENTITY % p SYSTEM "{canary}"> %p;]>', None),
        ('<!DOCTYPE rss SYSTEM "{canary}">', None),
        ('<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "{canary}">', None),
        ('<?xml-stylesheet type="text/xsl" href="{canary}"?>', None),
    ],
)
async def test_xp_03_nothing_is_opened_or_asked_for_because_a_document_names_it(
    desk: Desk, origin: Origin, declared: str, kind: str | None
) -> None:
    before = DECLARATION + declared.replace("{canary}", origin.url(CANARY))
    document = rss(entry("Banjir &a; surut" if kind else "Banjir surut"), before=before)
    if kind:
        await refused(desk, origin, document, kind)
        return
    await after(desk, origin, document)
    assert (desk.feed()["state"], "Banjir surut" in desk.headlines()) == ("ok", True)


async def test_xp_03_an_inclusion_is_left_out(desk: Desk, origin: Origin) -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="@" parse="text"/>'
    both = include.replace("@", "file:///etc/hostname") + include.replace("@", origin.url(CANARY))
    await after(desk, origin, rss(entry(more=f"<description>Air surut. {both}</description>")))
    [story] = [each for each in desk.entries() if each["title"] == "Banjir surut"]
    assert "Air surut." in story["content_html"]
    assert "include" not in story["content_html"]


@pytest.mark.parametrize(
    "inner",
    [
        "<a>" * 100_000,
        "<a>" * 20_000 + "</a>" * 20_000,
        entry(more=f"<description>{'<b>' * 300}x{'</b>' * 300}</description>"),
        "<item><b>" * 300 + "</b></item>" * 300,
        entry(more=f"<content:encoded><![CDATA[{'<div>' * 40_000}]]></content:encoded>"),
        entry(more=f"<description>{'&lt;blockquote&gt;' * 30_000}</description>"),
    ],
    ids=["unclosed", "legal", "in a text", "entries", "in a section", "escaped"],
)
async def test_xp_07_however_deep_it_nests_nothing_breaks(desk: Desk, origin: Origin, inner: str) -> None:
    opening = '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
    took = await after(desk, origin, rss(inner, opening=opening))
    told = desk.feed()
    assert told["state"] in ("ok", "failing")
    assert told["error"] is None or "nests deeper" in told["error"]["message"]
    assert took < 3 * SECONDS


BIG: dict[str, Callable[[], str]] = {
    "a text": lambda: entry(more=f"<description>{'kata ' * 600_000}</description>"),
    "a title": lambda: entry(title="kata " * 600_000),
    "an attribute": lambda: entry(more=f'<category domain="{"x" * 2**20}">k</category>'),
    "labels": lambda: entry(more="<category>k</category>" * 50_000),
    "labels of a feed": lambda: "<category>k</category>" * 50_000 + entry(),
    "authors": lambda: entry(more="<author>Siti</author>" * 50_000),
    "files": lambda: entry(more="".join(f'<enclosure url="/{n}.mp3"/>' for n in range(5_000))),
    "links": lambda: entry(more="".join(f'<a:link rel="related" href="/{n}"/>' for n in range(5_000))),
    "an id": lambda: entry(more=f"<guid>{'g' * 2**20}</guid>"),
    "a source": lambda: entry(more=f'<source url="https://a.example/{"x" * 2**20}">{"y" * 2**20}</source>'),
}


@pytest.mark.parametrize("case", BIG)
async def test_xp_08_what_is_too_big_is_cut_and_goes_out_in_bounds(
    desk: Desk, origin: Origin, case: str
) -> None:
    opening = '<rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom">'
    took = await after(desk, origin, rss(BIG[case](), opening=opening))
    assert desk.feed()["state"] == "ok"
    assert took < 3 * SECONDS
    for name in ("rss.xml", "atom.xml", "feed.json"):
        size = (desk.config.output.directory / "semua" / name).stat().st_size
        assert size < 2 * limits.CONTENT, f"{name}: {size}"
    assert max(map(len, desk.headlines())) <= limits.TITLE


async def test_xp_08_an_address_of_a_megabyte_costs_its_own_entry(desk: Desk, origin: Origin) -> None:
    long = f"<item><title>Panjang</title><link>https://kabar.example/{'x' * 2**20}</link></item>"
    await after(desk, origin, rss(long + entry()))
    assert (desk.feed()["state"], desk.feed()["entries"]["quarantined"]) == ("ok", 1)
    assert "Banjir surut" in desk.headlines()
    assert "Panjang" not in desk.headlines()


def json_feed(entries: str) -> str:
    return f'{{"version": "{VERSION}", "title": "Kabar", "language": "id", "items": [{entries}]}}'


@pytest.mark.parametrize(
    "given",
    [
        f'{{"id": {"9" * 100_000}, "title": "Banjir surut"}}',
        '{"id": NaN, "title": "Banjir surut", "date_published": Infinity}',
        '{"id": 1e400, "title": "Banjir surut"}',
        '{"id": "1", "title": "Lama", "title": "Banjir surut"}',
        '{"id": ["x"], "title": "Banjir surut", "authors": 7, "tags": {"a": [1]}, "attachments": [[]]}',
        f'{{"id": "1", "title": "Banjir surut", "x": {"[" * 200}{"]" * 200}}}',
    ],
    ids=["digits", "NaN", "1e400", "twice", "types", "deep enough"],
)
async def test_xp_09_odd_json_is_read_as_far_as_it_makes_sense(
    desk: Desk, origin: Origin, given: str
) -> None:
    await after(desk, origin, "\ufeff" + json_feed(given))
    assert (desk.feed()["state"], "Banjir surut" in desk.headlines()) == ("ok", True)


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ("[" * 100_000, "parse"),
        (json_feed("[" * 100_000), "parse"),
        (json_feed('{"id": "1"}')[:-1], "parse"),
        (json_feed('{"id": "1"}') + "x", "parse"),
        (json.dumps({"error": "rate limit"}), "not-a-feed"),
        ("[]", "empty"),
    ],
    ids=["deep", "deep inside", "cut", "more", "other", "list"],
)
async def test_xp_09_json_that_is_no_feed_is_told_as_that(
    desk: Desk, origin: Origin, document: str, kind: str
) -> None:
    await refused(desk, origin, document, kind)


@pytest.mark.parametrize(
    "inner",
    [
        '<item xmlns="https://asing.example/"><title>palsu</title></item>',
        '<x:item xmlns:x="https://asing.example/"><title>palsu</title></x:item>',
        '<x:kotak xmlns:x="https://asing.example/"><item><title>palsu</title></item></x:kotak>',
        '<item xmlns:rss="https://asing.example/"><rss:title>palsu</rss:title></item>',
        "<item><item><title>palsu</title></item></item>",
        "<item><description><item><title>palsu</title></item></description></item>",
        "<image><title>palsu</title><item><title>palsu</title></item></image>",
        '<item xmlns:dc="https://asing.example/dc"><x:title xmlns:x="https://asing.example/">palsu</x:title></item>',
    ],
    ids=["default", "prefix", "box", "rss", "nested", "text", "image", "title"],
)
async def test_xp_10_what_only_looks_like_an_entry_is_no_story(
    desk: Desk, origin: Origin, inner: str
) -> None:
    await after(desk, origin, rss(entry() + inner))
    assert "palsu" not in desk.headlines()
    assert "Banjir surut" in desk.headlines()
    assert desk.ledger()["published"] == 5


async def test_xp_10_an_entry_inside_the_content_of_an_entry_is_no_story(desk: Desk, origin: Origin) -> None:
    within = '<entry xmlns="http://www.w3.org/2005/Atom"><id>urn:palsu</id><title>palsu</title></entry>'
    content = (
        f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Air surut. {within}</div></content>'
    )
    whole = f"<entry><id>urn:1</id><title>Banjir surut</title>{content}</entry>"
    await after(desk, origin, f'<feed xmlns="http://www.w3.org/2005/Atom"><title>K</title>{whole}</feed>')
    assert desk.ledger()["published"] == 5
    assert "palsu" not in json.dumps(desk.entries())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n\t\r\n",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"x",
        b"<",
        b"{",
        b'<?xml version="1.0"?>',
        b"<!-- a -->",
    ],
    ids=repr,
)
async def test_xp_11_next_to_nothing_is_one_plain_error(desk: Desk, origin: Origin, body: bytes) -> None:
    await refused(desk, origin, body, "empty")
    assert "empty" in desk.feed()["error"]["message"] or "nothing in it" in desk.feed()["error"]["message"]


@pytest.mark.parametrize(
    "name",
    [
        "punycode", "undefined", "idna", "unicode_escape", "raw_unicode_escape", "rot13", "hex", "zlib", "bz2",
        "uu", "base64", "quopri", "mbcs", "utf-7", "cp65001", "x-klingon", "utf-8; drop", "",
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["declaration", "header"])
async def test_xp_12_a_codec_that_is_no_charset_is_not_looked_at(
    desk: Desk, origin: Origin, name: str, where: str
) -> None:
    declared = f'<?xml version="1.0" encoding="{name}"?>' if where == "declaration" else DECLARATION
    document = rss(entry("Көпір \\u0041 ашылды"), before=declared).encode()
    headers = {"Content-Type": f"text/xml; charset={name}"} if where == "header" else {}
    origin.answer("/feed", reply(200, document, headers))
    await desk.round()
    assert desk.headlines() == ["Көпір \\u0041 ашылды"]
