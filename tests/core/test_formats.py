"""Documents from the wild and from hostile origins (robustness, XP and CH): an answer or a plain ParseError."""

import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.core import formats
from aggregator.core.formats import limits
from aggregator.errors import EmptyDocument, NotAFeed, ParseError, TooExpensive, TruncatedFeed
from aggregator.model import ParsedFeed

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/feeds"
URL = "https://kabar.example/rss"


def rss(
    inner: str, *, before: str = '<?xml version="1.0" encoding="utf-8"?>', root: str = '<rss version="2.0">'
) -> str:
    return f"{before}{root}<channel><title>Kabar</title><link>https://kabar.example/</link>{inner}</channel></rss>"


def entry(title: str = "Judul", link: str = "https://kabar.example/1", more: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{more}</item>"


def read(document: str | bytes, content_type: str | None = None) -> ParsedFeed:
    body = document if isinstance(document, bytes) else document.encode()
    return formats.parse(body, url=URL, content_type=content_type)


def title_of(document: str | bytes, content_type: str | None = None) -> str | None:
    return read(document, content_type).entries[0].title


LAUGHS = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
HUNDREDS = "".join(f'<!ENTITY a{n} "x">' for n in range(500))
ATTACKS: dict[str, str] = {
    "xp_01_billion_laughs": rss(
        entry("&j;"), before=f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol">{LAUGHS}]>'
    ),
    "xp_02_quadratic": rss(entry("&a;" * 20_000), before=f'<!DOCTYPE x [<!ENTITY a "{"x" * 50_000}">]>'),
    "xp_03_file": rss(entry("&a;"), before='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'),
    "xp_03_network": rss(entry("&a;"), before='<!DOCTYPE x [<!ENTITY a SYSTEM "http://kanari.example/">]>'),
    "xp_03_parameter_in_a_value": rss(
        entry(), before="<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://kanari.example/x'><!ENTITY a '%p;'>]>"
    ),
    "xp_02_many_short_ones": rss(entry("&a;" * 20_000), before=f"<!DOCTYPE x [<!ENTITY a '{'x' * 250}'>]>"),
    "xp_02_hundreds": rss(entry("&a1;"), before=f"<!DOCTYPE x [{HUNDREDS}]>"),
    "xp_01_two_levels": rss(entry("&b;"), before='<!DOCTYPE x [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>'),
    "xp_03_markup": rss(
        entry("&a;"), before='<!DOCTYPE x [<!ENTITY a "<item><title>palsu</title></item>">]>'
    ),
    "xp_03_lower_case": rss(entry("&a;"), before='<!doctype x [<!entity a "b">]>'),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_document_that_declares_entities_is_refused_at_once(name: str) -> None:
    before = process_time()
    with pytest.raises(ParseError, match=r"entities (of its own|that the document declares)"):
        read(ATTACKS[name])
    assert process_time() - before < 1


def test_xp_03_a_public_dtd_is_harmless_and_never_fetched() -> None:
    dtd = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://kanari.example/rss.dtd">'
    assert title_of(rss(entry(), before=f'<?xml version="1.0"?>{dtd}')) == "Judul"


def test_xp_03_a_file_of_entities_is_never_fetched_and_its_names_are_those_of_html() -> None:
    html = (
        '<!ENTITY % HTMLlat1 PUBLIC "-//W3C//ENTITIES Latin 1//EN" "http://kanari.example/l.ent"> %HTMLlat1;'
    )
    document = rss(entry("caf&eacute;"), before=f'<?xml version="1.0"?><!DOCTYPE rdf:RDF [{html}]>')
    assert title_of(document) == "café"


def test_short_texts_that_a_document_declares_are_put_in_their_places() -> None:
    texts = """<!ENTITY nbsp "&#160;"><!ENTITY surat-kabar 'Riau &amp; Pesisir'><!ENTITY kosong "">"""
    document = rss(
        entry("Kabar&nbsp;&surat-kabar;&kosong;!"), before=f'<?xml version="1.0"?><!DOCTYPE rss [{texts}]>'
    )
    assert title_of(document) == "Kabar\u00a0Riau &amp; Pesisir!"


def test_xp_03_xinclude_and_stylesheets_are_not_followed() -> None:
    include = (
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'
    )
    found = read(
        rss(
            entry(more=f"<description>{include}</description>"),
            before='<?xml-stylesheet href="http://k.example/"?>',
        )
    )
    assert found.entries[0].title == "Judul"
    assert Path("/etc/hostname").read_text().strip() not in (found.entries[0].summary or "")


@pytest.mark.parametrize(
    "body",
    [b"/etc/hostname", b"file:///etc/hostname", b"http://169.254.169.254/", b"feed://kabar.example/"],
    ids=repr,
)
def test_ss_10_a_body_that_is_a_path_or_an_address_is_opened_by_nobody(body: bytes) -> None:
    with pytest.raises(NotAFeed):
        read(body)


@pytest.mark.parametrize(
    "inner",
    ["<a>" * 100_000, "<a>" * 20_000 + "</a>" * 20_000, "<item><b>" * 300 + "</b></item>" * 300],
    ids=[1, 2, 3],
)
def test_xp_07_what_nests_too_deep_is_refused(inner: str) -> None:
    with pytest.raises(ParseError, match="nests deeper"):
        read(rss(inner))


def test_xp_08_long_fields_are_cut_and_many_fields_are_few() -> None:
    many = "".join(f"<category>k{n}</category>" for n in range(20_000))
    found = read(
        rss(entry("J" * 2_000_000, more=f"<description>{'x ' * 500_000}</description>{many}"))
    ).entries[0]
    assert len(found.title or "") <= 4 * limits.TITLE
    assert len(found.summary or "") == limits.SUMMARY
    assert len(found.categories) == limits.CATEGORIES


def json_feed(inner: str) -> str:
    return '{"version": "https://jsonfeed.org/version/1.1", "title": "Kabar", "items": [@]}'.replace(
        "@", inner
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (json_feed('{"id": 1e400, "title": "a"}'), "a"),
        (json_feed(f'{{"id": {"9" * 100_000}, "title": "b"}}'), "b"),
        (json_feed('{"id": NaN, "title": "c"}'), "c"),
        (json_feed('{"id": "1", "title": "d1", "title": "d2"}'), "d2"),
        (json_feed('{"id": "1", "title": "e\\ud800"}'), "e\ufffd"),
        ("\ufeff" + json_feed('{"id": "1", "title": "f"}'), "f"),
        (
            json_feed(
                '{"id": {"x": 1}, "title": "g", "url": 5, "authors": 7, "tags": {}, "attachments": "x"}'
            ),
            "g",
        ),
    ],
    ids=["1e400", "digits", "NaN", "twice", "surrogate", "BOM", "types"],
)
def test_xp_09_odd_json_gives_a_sane_value(document: str, expected: str) -> None:
    assert title_of(document) == expected


@pytest.mark.parametrize(
    "document", ["[" * 100_000, json_feed("[" * 100_000), '{"version": ', "{}x"], ids=[1, 2, 3, 4]
)
def test_xp_09_json_that_cannot_be_read_is_a_parse_error(document: str) -> None:
    with pytest.raises(ParseError):
        read(document)


def test_other_json_is_no_feed() -> None:
    with pytest.raises(NotAFeed, match="a JSON document"):
        read('{"error": "rate limit"}')


@pytest.mark.parametrize(
    "inner",
    [
        '<item xmlns="https://asing.example/"><title>palsu</title></item>',
        '<x:item xmlns:x="https://asing.example/"><title>palsu</title></x:item>',
        '<x:kotak xmlns:x="https://asing.example/"><item><title>palsu</title></item></x:kotak>',
        "<item><title>Judul</title><item><title>palsu</title></item></item>",
        "<item><title>Judul</title><description><item><title>palsu</title></item></description></item>",
    ],
    ids=["default", "prefixed", "wrapped", "nested", "in a text"],
)
def test_xp_10_what_is_no_entry_of_the_feed_is_not_taken_for_one(inner: str) -> None:
    found = read(rss(inner if "Judul" in inner else entry() + inner))
    assert [each.title for each in found.entries] == ["Judul"]


def test_xp_10_an_entry_inside_the_content_of_an_atom_entry_is_not_taken_for_one() -> None:
    inside = "<entry><title>palsu</title><id>x</id></entry>"
    for content in (
        f'<content type="application/xml">{inside}</content>',
        f'<content type="xhtml"><div>{inside}</div></content>',
    ):
        atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>K</title><entry><id>1</id><title>Judul</title>{content}</entry></feed>'
        assert [each.title for each in read(atom).entries] == ["Judul"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n\t ",
        b"\xef\xbb\xbf",
        b"x",
        b"<",
        b'<?xml version="1.0"?>',
        b"<!-- catatan -->",
        b"\0\0",
        b"\xff\xfe",
    ],
    ids=repr,
)
def test_xp_11_nothing_is_told_as_nothing(body: bytes) -> None:
    with pytest.raises(EmptyDocument):
        read(body)


@pytest.mark.parametrize(
    "name", ["punycode", "undefined", "idna", "unicode_escape", "rot13", "hex", "zlib", "utf-7", "mbcs"]
)
def test_xp_12_a_name_that_is_no_charset_is_not_believed(name: str) -> None:
    document = rss(entry("Jembatan é"), before=f'<?xml version="1.0" encoding="{name}"?>')
    assert title_of(document, f"text/xml; charset={name}") == "Jembatan é"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("a&#11;b", "ab"),
        ("a\x0b\x1b\ufffe\uffffb", "ab"),
        ("a&#0;b&#x1F;c", "abc"),
        ("<![CDATA[a\x0bb]]>", "ab"),
    ],
)
def test_ch_01_characters_that_xml_forbids_are_removed(title: str, expected: str) -> None:
    assert title_of(rss(entry(title))) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("a&#xD800;b", "a\ufffdb"),
        ("a&#55357;&#56832;b", "a😀b"),
        ("a&#xD83D;&#xDE00;b", "a😀b"),
        ("a&#x110000;b", "a\ufffdb"),
    ],
)
def test_ch_02_surrogates_are_paired_or_replaced(title: str, expected: str) -> None:
    assert title_of(rss(entry(title))) == expected


def test_ch_02_surrogates_as_bytes_are_paired_or_replaced() -> None:
    assert title_of(rss(entry("aXb")).encode().replace(b"X", b"\xed\xa0\xbd\xed\xb8\x80")) == "a😀b"
    assert "\ufffd" in (title_of(rss(entry("aXb é ü")).encode().replace(b"X", b"\xed\xa0\xbd")) or "")


KAZAKH = "Қазақстандағы көпір жабылды, деді әкім"
RUSSIAN = "Мост в городе закрыли на ремонт до конца года"
CHINESE = "市长说这座桥年底前不会开放给公众使用"
JAPANESE = "市長によるとこの橋は年末まで開通しない"


def declared(name: str, title: str) -> str:
    return rss(entry(title), before=f'<?xml version="1.0" encoding="{name}"?>' if name else "")


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (declared("utf-8", KAZAKH).encode(), "text/xml; charset=iso-8859-1", KAZAKH),
        (declared("iso-8859-1", RUSSIAN).encode(), None, RUSSIAN),
        (declared("utf-8", KAZAKH).encode("utf-16"), None, KAZAKH),
        (b"\xff\xfe" + declared("utf-8", KAZAKH).encode("utf-16-le"), "text/xml; charset=utf-8", KAZAKH),
        (b"\xfe\xff" + declared("utf-8", KAZAKH).encode("utf-16-be"), None, KAZAKH),
        (declared("", KAZAKH).encode("utf-16-le"), None, KAZAKH),
        (declared("utf-8", KAZAKH).encode("utf-8-sig"), None, KAZAKH),
        (declared("windows-1251", RUSSIAN).encode("cp1251"), None, RUSSIAN),
        (declared("", RUSSIAN).encode("cp1251"), "text/xml; charset=windows-1251", RUSSIAN),
        (declared("", RUSSIAN).encode("cp1251"), None, RUSSIAN),
        (declared("utf-8", RUSSIAN).encode("cp1251"), None, RUSSIAN),
        (declared("gb2312", CHINESE).encode("gb18030"), None, CHINESE),
        (declared("", CHINESE).encode("gb18030"), None, CHINESE),
        (declared("Shift_JIS", JAPANESE).encode("shift_jis"), None, JAPANESE),
        (declared("", JAPANESE).encode("shift_jis"), None, JAPANESE),
        (declared("iso-2022-jp", JAPANESE).encode("iso2022_jp"), None, JAPANESE),
        (declared("", "Jembatan “goyang” – café").encode("cp1252"), None, "Jembatan “goyang” – café"),
    ],
)
def test_ch_03_ch_04_the_text_is_right_whatever_the_label_says(
    body: bytes, content_type: str | None, expected: str
) -> None:
    assert title_of(body, content_type) == expected


def test_ch_04_one_bad_byte_costs_one_character() -> None:
    body = rss(entry(KAZAKH) + entry("a|b é", "https://kabar.example/2")).encode().replace(b"|", b"\xff")
    found = read(body)
    assert [each.title for each in found.entries] == [KAZAKH, "a\ufffdb é"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("a ]]> b", "a ]]&gt; b"),
        ("Tim & Pelatih", "Tim &amp; Pelatih"),
        ("a&nbsp;b &eacute; &rsquo;", "a\u00a0b é ’"),
        ("a &tidakada; b", "a &amp;tidakada; b"),
        ("<![CDATA[a <![CDATA[ b ]]> c ]]>", "a  b  c"),
        ("5 &lt; 6", "5 &lt; 6"),
    ],
)
def test_ch_07_a_title_keeps_its_characters(title: str, expected: str) -> None:
    assert title_of(rss(entry(title))) == expected


@pytest.mark.parametrize(
    "before",
    [
        "\n\n  <?xml version='1.0'?>",
        "\ufeff\n<?xml version='1.0'?>",
        "Notice: undefined x in <b>a.php</b>\n<?xml version='1.0'?>",
        "<!-- cache -->\n<?xml version='1.1'?>",
        "<?xml version='1.0'?><?xml-stylesheet href='x'?>\n",
        "",
    ],
    ids=range(6),
)
def test_what_stands_before_the_declaration_is_cut(before: str) -> None:
    assert title_of(rss(entry(), before=before)) == "Judul"


def test_a_page_in_place_of_a_feed_is_named_by_its_title() -> None:
    page = "<!DOCTYPE html><html><head><title>Masuk &lt;b&gt; \x1b[31m | Kabar</title></head><body>…</body></html>"
    with pytest.raises(NotAFeed, match=r'^an HTML page titled "Masuk <b> \[31m \| Kabar", not a feed$'):
        read(page)


@pytest.mark.parametrize(
    "body",
    [
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
        b"%PDF-1.7 ...",
        b"PK\x03\x04....",
        b"Service unavailable",
        b"<html><body>x</body></html>",
        b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url/></urlset>",
        b"<opml><body/></opml>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=range(8),
)
def test_fs_03_another_kind_of_document_is_no_feed(body: bytes) -> None:
    with pytest.raises(NotAFeed):
        read(body)


def test_fs_05_a_document_cut_anywhere_gives_nothing_or_is_whole() -> None:
    entries = "".join(
        entry(
            f"Judul {n}", f"https://kabar.example/{n}", "<description><![CDATA[<p>a & b</p>]]></description>"
        )
        for n in range(5)
    )
    whole = rss(entries)
    for length in range(60, len(whole) - len("</rss>"), 7):
        with pytest.raises((TruncatedFeed, NotAFeed, EmptyDocument)):
            read(whole[:length])
    assert len(read(whole).entries) == 5


def test_fs_05_a_text_about_feeds_does_not_hide_a_cut() -> None:
    with pytest.raises(TruncatedFeed):
        read(
            rss(entry(more="<description><![CDATA[Akhiri dengan </rss> lalu"))[
                : -len("</description></item></channel></rss>")
            ]
        )


def test_a_well_formed_feed_without_entries_is_a_feed() -> None:
    assert read(rss("")).entries == ()


def test_hx_05_no_address_but_http_is_ever_taken() -> None:
    inner = entry(
        link="javascript:alert(1)",
        more='<enclosure url="javascript:1" type="audio/mpeg"/><media:content xmlns:media="http://search.yahoo.com/mrss/"'
        ' url="data:image/png;base64,x" medium="image"/>',
    )
    found = read(rss(inner)).entries[0]
    assert (found.link, found.enclosures, found.images) == (None, (), ())


def test_a_guid_is_the_link_only_where_it_is_an_address() -> None:
    def link(guid: str) -> str | None:
        return read(rss(f"<item><title>a</title>{guid}</item>")).entries[0].link

    assert link("<guid>https://kabar.example/9</guid>") == "https://kabar.example/9"
    assert link('<guid isPermaLink="false">https://kabar.example/9</guid>') is None
    assert link("<guid>17</guid>") is None


def test_the_original_link_of_feedburner_stands_beside_the_one_that_counts() -> None:
    more = '<feedburner:origLink xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">https://kabar.example/asli</feedburner:origLink>'
    found = read(rss(entry(link="https://feeds.example/~r/1", more=more))).entries[0]
    assert (found.link, found.original) == ("https://feeds.example/~r/1", "https://kabar.example/asli")


def test_a_caption_is_not_the_text_of_the_story() -> None:
    media = (
        '<media:content xmlns:media="http://search.yahoo.com/mrss/" url="/f.jpg" medium="image">'
        "<media:description>Foto</media:description><media:credit>ANI</media:credit></media:content>"
    )
    found = read(rss(entry(more=f"<description>Ringkas</description>{media}"))).entries[0]
    assert (found.summary, found.content) == ("Ringkas", None)
    assert [(image.url, image.caption, image.credit) for image in found.images] == [
        ("https://kabar.example/f.jpg", "Foto", "ANI")
    ]


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<ttl>90</ttl>", timedelta(minutes=90)),
        ("<ttl>-5</ttl>", None),
        ("<ttl>banyak</ttl>", None),
        (f"<ttl>{'9' * 9}</ttl>", timedelta(days=365)),
        ('<sy:updatePeriod xmlns:sy="SY">daily</sy:updatePeriod>', timedelta(days=1)),
        (
            '<a xmlns:sy="SY"/><sy:updatePeriod xmlns:sy="SY">daily</sy:updatePeriod>'
            '<sy:updateFrequency xmlns:sy="SY">2</sy:updateFrequency>',
            timedelta(hours=12),
        ),
    ],
)
def test_pm_29_how_often_the_publisher_wants_to_be_asked(inner: str, expected: timedelta | None) -> None:
    assert read(rss(inner.replace("SY", "http://purl.org/rss/1.0/modules/syndication/"))).ttl == expected


BOMBS: dict[str, Callable[[], str]] = {
    "attributes": lambda: rss(
        "<item " + " ".join(f'a{n}="1"' for n in range(100_000)) + "><title>x</title></item>"
    ),
    "comments": lambda: rss(entry() + "<!-- x -->" * 50_000),
    "open comments": lambda: rss(entry() + "<!--" * 50_000),
    "open sections": lambda: rss("<![CDATA[" * 100_000),
    "author": lambda: rss(entry(more=f"<author>{'a.' * 50_000}</author>")),
    "at signs": lambda: rss(entry(more=f"<author>{'a@' * 50_000}</author>")),
    "ampersands": lambda: rss(entry("&" * 300_000)),
    "brackets": lambda: rss(entry("<" * 300_000)),
    "doctypes": lambda: "<!DOCTYPE [" * 50_000,
    "instructions": lambda: "<?" * 200_000,
    "unclosed": lambda: rss("<item><title>x" * 5_000),
    "open divs": lambda: rss(entry(more=f"<description>{'&lt;div&gt;' * 50_000}</description>")),
}


@pytest.mark.parametrize("name", BOMBS)
def test_tl_13_a_cpu_bomb_costs_little(name: str) -> None:
    document = BOMBS[name]()
    before = process_time()
    with suppress(ParseError):
        read(document)
    assert process_time() - before < 10


@pytest.mark.parametrize("name", ["attributes", "open comments"])
def test_tl_13_a_shape_that_only_costs_is_named(name: str) -> None:
    with pytest.raises(TooExpensive):
        read(BOMBS[name]())


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(str.encode),
        st.lists(
            st.sampled_from(
                [
                    "<rss>",
                    "</rss>",
                    "<channel>",
                    "<item>",
                    "</item>",
                    "<title>",
                    "</title>",
                    "<![CDATA[",
                    "]]>",
                    "&",
                    "&#11;",
                    "<!--",
                    "<?xml version='1.0'?>",
                    "<feed xmlns='http://www.w3.org/2005/Atom'>",
                    "</feed>",
                    "<entry>",
                    "<link href='x'/>",
                    "<a:b>",
                    "é",
                ]
            ),
            max_size=25,
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_any_bytes_give_a_feed_or_a_parse_error_and_legal_text(body: bytes) -> None:
    try:
        found = read(body)
    except ParseError:
        return
    for each in found.entries:
        for text in (each.id, each.title, each.summary, each.content):
            etree.Element("t").text = text


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_conformance_case_is_read_or_told_why_not() -> None:
    paths = [json.loads(line)["path"] for line in (CORPUS / "manifest.jsonl").read_text("utf-8").splitlines()]
    chosen = [
        path
        for path in paths
        if path.startswith(("illformed/", "wellformed/")) and zlib.crc32(path.encode()) % 3 == 0
    ]
    read_ones = 0
    for path in chosen:
        try:
            formats.parse((CORPUS / path).read_bytes(), url=URL, content_type=None)
        except ParseError:
            continue
        read_ones += 1
    assert read_ones > 0.98 * len(chosen)


def test_feedparser_is_never_given_a_name_to_open(tmp_path: Path) -> None:
    secret = tmp_path / "rahasia.xml"
    secret.write_text(rss(entry("rahasia")))
    with pytest.raises(ParseError):
        read(str(secret))
