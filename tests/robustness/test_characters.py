"""Characters and charsets, from an origin's bytes into the outgoing files (robustness, CH)."""

from __future__ import annotations

import json
from html import unescape
from typing import Final

import pytest
from lxml import etree

from aggregator.core.text import plain
from tests.jobs.conftest import rss
from tests.origin import Origin, reply
from tests.robustness.conftest import ATOM, Desk, entry, headline_of

pytestmark = pytest.mark.anyio
RU: Final = "Паводок в области отступает, сообщили в управлении; жители возвращаются в свои дома"
ZH: Final = "河水退去，道路恢复通行"
TW: Final = "河水退去，道路恢復通行"
JA: Final = "川の水が引き、道路が通行可能に"
KO: Final = "강물이 빠지고 도로가 열렸다"
KK: Final = "Көпір жабылды: Алматы қаласы, Іле ауданы, ғимарат, үй"


def titled(title: str, *, declared: str = 'encoding="utf-8"', more: str = "") -> str:
    element = f"<item><guid isPermaLink='false'>ganjil</guid><title>{title}</title>{more}</item>"
    return f'<?xml version="1.0" {declared}?><rss version="2.0"><channel><title>K</title>{element}</channel></rss>'


async def headline(desk: Desk, origin: Origin, body: str | bytes, content_type: str = "text/xml") -> str:
    """What subscribers read of the only entry of a document, the same in each of the three formats."""
    given = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    origin.answer("/feed", reply(200, given, {"Content-Type": content_type}))
    await desk.round()
    assert desk.feed()["state"] == "ok", desk.feed()["error"]
    folder = desk.config.output.directory / "semua"
    atom = etree.fromstring((folder / "atom.xml").read_bytes())
    title = atom.find(f"{ATOM}entry/{ATOM}title")
    assert title is not None
    told = unescape(title.text or "") if title.get("type") == "html" else title.text or ""
    [story] = json.loads((folder / "feed.json").read_bytes())["items"]
    in_rss = plain(etree.fromstring((folder / "rss.xml").read_bytes()).findtext("channel/item/title") or "")
    assert story["title"] == told
    # A "<" that HTML would read as a tag is written "＜" in RSS alone (contract, section 3).
    assert in_rss.replace("\uff1c", "<") == told
    return told


@pytest.mark.parametrize(
    "title",
    [
        "Banjir\x0b surut",
        "Banjir\x00 surut",
        "Banjir\x1b surut",
        "Banjir\ufffe surut",
        "Banjir\uffff surut",
        "Banjir&#11; surut",
        "Banjir&#0; surut",
        "Banjir&#x1B; surut",
        "Banjir&#xFFFE; surut",
        "Banjir&#65535; surut",
        "<![CDATA[Banjir\x08 surut\x1f]]>",
        "Banjir\x9b surut",
        "Banjir&amp;#11; surut",
    ],
    ids=ascii,
)
async def test_ch_01_a_character_that_xml_forbids_costs_only_itself(
    desk: Desk, origin: Origin, title: str
) -> None:
    body = rss(f"<item><title>{title}</title><guid>g</guid></item>", entry(1), entry(2))
    origin.answer("/feed", reply(200, body))
    await desk.round()
    shown = set(desk.headlines())
    assert {headline_of(1), headline_of(2)} < shown
    [odd] = shown - {headline_of(1), headline_of(2)}
    assert odd.replace("›", "") == "Banjir surut"


@pytest.mark.parametrize("field", ["description", "author", "category", "guid", "link", "pubDate"])
async def test_ch_01_in_any_field_it_harms_no_file(desk: Desk, origin: Origin, field: str) -> None:
    odd = f"<item><title>Ganjil</title><{field}>a\x0b\x00b&#11;\ufffe&#xFFFF;c</{field}></item>"
    origin.answer("/feed", reply(200, rss(odd, entry(1))))
    await desk.round()
    assert set(desk.headlines()) == {"Ganjil", headline_of(1)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (titled("Banjir &#xD800; surut"), "Banjir \ufffd surut"),
        (titled("Banjir &#56911; surut"), "Banjir \ufffd surut"),
        (titled("Banjir &#xDE4F;&#xD83D; surut"), "Banjir \ufffd\ufffd surut"),
        (titled("Banjir &#xD83D;&#xDE4F; surut"), "Banjir \U0001f64f surut"),
        (titled("Banjir \ud83d\ude4f surut é"), "Banjir \U0001f64f surut é"),
        (titled("Banjir \ud83d surut é"), "Banjir \ufffd surut é"),
    ],
    ids=["high", "low", "turned", "pair", "CESU-8", "CESU-8 alone"],
)
async def test_ch_02_a_surrogate_becomes_its_character_or_the_replacement(
    desk: Desk, origin: Origin, body: str, expected: str
) -> None:
    found = await headline(desk, origin, body)
    assert " ".join(found.replace("\ufffd\ufffd\ufffd", "\ufffd").split()) == expected


@pytest.mark.parametrize(("given", "expected"), [("\\ud800", "\ufffd"), ("\\ud83d\\ude4f", "\U0001f64f")])
async def test_ch_02_a_surrogate_in_json_is_no_reason_to_fail(
    desk: Desk, origin: Origin, given: str, expected: str
) -> None:
    body = (
        '{"version": "https://jsonfeed.org/version/1.1", "title": "K", "items": [{"id": "g@", "title": "a @ b",'
        ' "content_text": "x @", "tags": ["@"], "authors": [{"name": "@"}]}]}'
    )
    found = await headline(desk, origin, body.replace("@", given), "application/feed+json")
    assert found == f"a {expected} b"


@pytest.mark.parametrize("text", [RU, KK, "Café — “naïve” façade", ZH, "انحسار المياه"])
@pytest.mark.parametrize(
    "content_type",
    [
        "text/xml; charset=iso-8859-1",
        "text/xml; charset=windows-1252",
        "text/xml; charset=windows-1251",
        "text/xml; charset=us-ascii",
        "text/xml;charset='ISO-8859-1'",
        "text/xml; charset=utf-8; charset=iso-8859-1",
        "text/xml",
    ],
)
async def test_ch_03_utf_8_that_is_valid_wins_over_what_the_header_says(
    desk: Desk, origin: Origin, content_type: str, text: str
) -> None:
    assert await headline(desk, origin, titled(text), content_type) == text


ENCODED: dict[str, tuple[bytes, str, str]] = {
    "UTF-8 with a mark": (titled(KK).encode("utf-8-sig"), KK, "text/xml"),
    "UTF-16 LE that says utf-8": (b"\xff\xfe" + titled(KK).encode("utf-16-le"), KK, "text/xml"),
    "UTF-16 BE that says utf-8": (b"\xfe\xff" + titled(KK).encode("utf-16-be"), KK, "text/xml; charset=utf-8"),
    "UTF-16 without a mark": (titled(KK, declared='encoding="utf-16"').encode("utf-16-le"), KK, "text/xml"),
    "UTF-32": (b"\xff\xfe\x00\x00" + titled(KK).encode("utf-32-le"), KK, "text/xml"),
    "windows-1251 that says nothing": (titled(RU, declared="").encode("cp1251"), RU, "text/xml"),
    "windows-1251 that says utf-8": (titled(RU).encode("cp1251"), RU, "text/xml"),
    "windows-1251 by its header": (titled(RU, declared="").encode("cp1251"), RU, "text/xml; charset=cp1251"),
    "KOI8-R": (titled(RU, declared='encoding="koi8-r"').encode("koi8-r"), RU, "text/xml"),
    "GB18030": (titled(ZH, declared='encoding="GB2312"').encode("gb18030"), ZH, "text/xml"),
    "Shift_JIS": (titled(JA, declared='encoding="Shift_JIS"').encode("cp932"), JA, "text/xml"),
    "Big5": (titled(TW, declared='encoding="Big5"').encode("big5"), TW, "text/xml"),
    "EUC-KR": (titled(KO, declared='encoding="euc-kr"').encode("cp949"), KO, "text/xml"),
}  # fmt: skip


@pytest.mark.parametrize("case", ENCODED)
async def test_ch_04_the_text_of_every_charset_is_its_own(desk: Desk, origin: Origin, case: str) -> None:
    body, expected, content_type = ENCODED[case]
    assert await headline(desk, origin, body, content_type) == expected


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f", b"\x80", b"\xc0\xaf"])
async def test_ch_04_a_bad_byte_costs_itself_and_not_the_feed(desk: Desk, origin: Origin, bad: bytes) -> None:
    body = titled(f"{KK} @ {RU}", more=f"<description>{KK}</description>").encode().replace(b"@", bad)
    found = await headline(desk, origin, body)
    assert found.replace("\ufffd", "").split() == f"{KK} {RU}".split()
    assert 1 <= found.count("\ufffd") <= 2


async def test_ch_04_a_feed_of_two_charsets_loses_no_story(desk: Desk, origin: Origin) -> None:
    latin = "<item><title>Café fermé à Nîmes</title><guid>g</guid></item>".encode("latin-1")
    body = rss(entry(1), "@", entry(2), title="Көпір").replace(b"@", latin)
    origin.answer("/feed", reply(200, body))
    await desk.round()
    assert {headline_of(1), headline_of(2)} < set(desk.headlines())
    assert len(desk.headlines()) == 3


@pytest.mark.parametrize(
    ("given", "intended"),
    [
        ("Daftar a[b[1]]> selesai", "Daftar a[b[1]]> selesai"),
        ("<![CDATA[Daftar a[b[1]]]]><![CDATA[> selesai]]>", "Daftar a[b[1]]> selesai"),
        ("Tim &amp;amp; Warga", "Tim & Warga"),
        ("Tim &amp;amp;amp; Warga", "Tim & Warga"),
        ("Tim & Warga", "Tim & Warga"),
        ("Tim&nbsp;&amp;nbsp;Warga", "Tim Warga"),
        ("<![CDATA[Air <![CDATA[surut]]> pagi]]>", "Air surut pagi"),
        ("Air < 3 meter", "Air < 3 meter"),
        ("Air &lt; 3 &gt; 2", "Air < 3 > 2"),
        ("Label &lt;b&gt; di HTML &amp;lt;b&amp;gt;", "Label di HTML <b>"),
        ("&lt;b&gt;Banjir&lt;/b&gt; surut", "Banjir surut"),
        ("\"Banjir\" 'surut' &quot;lagi&quot; &apos;", '"Banjir" \'surut\' "lagi" \''),
        ("&eacute;&#233;&#xE9;&amp;eacute;", "éééé"),
        ("100&#37; &copy; &amp;copy;", "100% © ©"),
    ],
)
async def test_ch_07_a_title_is_escaped_exactly_once_on_its_way_out(
    desk: Desk, origin: Origin, given: str, intended: str
) -> None:
    assert await headline(desk, origin, titled(given)) == intended
