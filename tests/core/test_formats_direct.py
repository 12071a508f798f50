"""The reader of trees beside feedparser: the same answer to every document that it takes, and no doubtful one taken."""

import random
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.core import formats
from aggregator.core.formats import about, direct, elements, fallback, quirks, tree, xmlfeed
from aggregator.core.formats.markup import SUSPECT, absolute_links
from aggregator.errors import ParseError, TruncatedFeed
from aggregator.model import Category, Image, ParsedFeed

URL = "https://kabar.example/rss"
PODCASTS = "http://www.itunes.com/"
CASES = Path(__file__).parents[1] / "feeds"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "dc": "http://purl.org/dc/elements/1.1/",
        "dcterms": "http://purl.org/dc/terms/",
        "content": "http://purl.org/rss/1.0/modules/content/",
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "media": "http://search.yahoo.com/mrss/",
        "sy": "http://purl.org/rss/1.0/modules/syndication/",
        "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "georss": "http://www.georss.org/georss",
        "h": "http://www.w3.org/1999/xhtml",
        "a": "http://www.w3.org/2005/Atom",
        "x": "https://asing.example/",
    }.items()
)
OPENINGS = {
    "rss": f'<rss version="2.0" {NAMESPACES}@><channel>|</channel></rss>',
    "rss091": f'<rss version="0.91" {NAMESPACES}@><channel>|</channel></rss>',
    "rdf": f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" {NAMESPACES}@><channel><title>K</title></channel>|</rdf:RDF>',
    "atom": f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACES}@>|</feed>',
    "atom03": f'<feed version="0.3" xmlns="http://purl.org/atom/ns#" {NAMESPACES}@>|</feed>',
}


def document(kind: str, inner: str, attributes: str = "") -> str:
    return OPENINGS[kind].replace("@", attributes).replace("|", inner)


def item(kind: str, inner: str, attributes: str = "") -> str:
    name = "entry" if kind.startswith("atom") else "item"
    return f"<{name}{attributes}>{inner}</{name}>"


def both(text: str) -> tuple[ParsedFeed, ParsedFeed] | None:
    """Give what each of the two readers makes of a document; None when it is left to feedparser."""
    root, repaired = xmlfeed.grown(text)
    if root is not None:
        tree.settle_bases(root, URL)
    found = direct.read(root) if root is not None else None
    if root is None or found is None:
        return None
    skipped = about.read(root, repaired)
    theirs = fallback.read_tree(root)
    return xmlfeed.judged(found, URL, skipped), xmlfeed.judged(theirs, URL, skipped)


AGREED = {
    "a title is the first that says something": "<title></title><title>Judul</title><dc:title>Lain</dc:title>",
    "a title after a source": "<title>Dahulu</title><source><title>Asal</title></source><title>Judul</title>",
    "a title that looks like HTML": "<title>&lt;b&gt;Judul&lt;/b&gt; &amp;amp; lagi</title>",
    "a title with a tag that nobody knows": "<title>&lt;foo&gt;Judul&lt;/foo&gt;</title>",
    "a title in Latin-1 that was UTF-8": "<title>cafÃ©</title>",
    "a title with characters of windows-1252": "<title>a\x93b\x94</title>",
    "a second description is the content": "<description>Satu</description><description>Dua dua</description>",
    "a description after the content": "<content:encoded>Isi</content:encoded><description>Ringkas</description>",
    "summaries twice, with content": "<summary>a</summary><content type='html'>b</content><summary>c</summary>",
    "a podcast's summary beside a description": "<itunes:summary>x</itunes:summary><description>Ringkas</description>",
    "a podcast's summary alone": "<itunes:summary>&lt;p&gt;Ringkas&lt;/p&gt;</itunes:summary>",
    "content of another type": "<content type='application/xml'>Isi</content>",
    "XHTML in its own namespace": "<content type='xhtml'><h:div class='a'>Isi <h:b>b</h:b> &lt; 1</h:div></content>",
    "XHTML without a div": "<content type='xhtml'>Isi <b REL='Next'>b</b> dan <i>i</i></content>",
    "two divs": "<content type='xhtml'><h:div>a</h:div><h:div>b</h:div></content>",
    "a link in its text": "<link>/1?a=1&amp;amp;b=2</link>",
    "links by type": "<link rel='alternate' type='application/pdf' href='/p'/><link href='/h'/>"
    "<link rel='self' href='s'/>",
    "a link by another name": "<link url='/u'/>",
    "an empty link": "<link/><guid>https://kabar.example/1</guid>",
    "slashes too many": "<link>https:///kabar.example/1</link>",
    "a guid that is the link": "<guid>https://kabar.example/1</guid>",
    "a guid before the link": "<guid>https://kabar.example/g</guid><link>https://kabar.example/1</link>",
    "a guid that is none": "<guid isPermaLink='false'>https://kabar.example/1</guid>",
    "an empty guid": "<guid></guid><id>x</id>",
    "dates by their other names": "<issued>1</issued><modified>2</modified><created>3</created>",
    "dates twice": "<pubDate>1</pubDate><dcterms:issued>2</dcterms:issued><dc:date>3</dc:date>",
    "a person as a text": "<author>siti@kabar.example (Siti)</author>",
    "persons as texts": "<dc:creator>Siti</dc:creator><author>Budi</author>",
    "persons as elements": "<author><name>Siti</name><email>s@k.id</email></author><author><name>Budi</name></author>",
    "a person without a name": "<author><email>s@kabar.example</email></author>",
    "labels": "<category>Kota</category><category term='a' label='A' scheme='s'/><category domain='d'>Desa</category>",
    "labels twice": "<category>Kota</category><dc:subject>Kota</dc:subject><category/><category domain='d'/>"
    "<category>Desa</category>",
    "labels in one": "<itunes:keywords>a, b ,,c</itunes:keywords><media:keywords>d,e</media:keywords>",
    "labels of Media RSS": "<media:category label='L'>t</media:category><itunes:category text='News'/>",
    "files": "<enclosure url='/a.mp3' length='12' type='audio/mpeg'/><link rel='enclosure' href='/b.mp3'/>",
    "the original link": "<feedburner:origLink>https://asli.example/</feedburner:origLink><link>/1</link>",
    "an original link with an attribute": "<feedburner:origLink x='1'>https://asli.example/</feedburner:origLink>",
    "a language": "<dc:language>in_ID</dc:language><title>a</title>",
    "a language in an attribute": "<title xml:lang='kk'>a</title><summary xml:lang=''>b</summary>",
    "elements of nobody": "<x:kotak a='1'>teks<x:isi>b</x:isi></x:kotak><comments>/k</comments><title>a</title>",
    "a place": "<georss:where><georss:point>1 2</georss:point></georss:where><title>a</title>",
    "a picture in an entry": "<title>Dahulu</title><image>https://kabar.example/f.jpg</image><title>Judul</title>",
    "Media RSS in full": "<media:group><media:content url='/f.jpg' medium='image'><media:title>F</media:title>"
    "</media:content></media:group><title>Judul</title>",
}


@pytest.mark.parametrize("kind", OPENINGS)
@pytest.mark.parametrize("case", AGREED)
def test_both_readers_agree_on(case: str, kind: str) -> None:
    for attributes in ("", ' xml:base="https://basis.example/d/"', ' xml:lang="ms_MY"'):
        found = both(document(kind, item(kind, AGREED[case]), attributes))
        assert found is not None, "it was left to feedparser"
        assert found[0] == found[1]


OF_FEEDS = {
    "titles and links": "<title>Kabar</title><title>Lain</title><link>https://kabar.example/</link>",
    "links of Atom": "<a:link rel='self' href='/rss'/><a:link rel='hub' href='https://hub.example/'/>",
    "a language": "<language>in_ID</language><dc:language>id</dc:language>",
    "what is asked": "<ttl>60</ttl><sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
    "what is asked, with an attribute": "<ttl a='1'>60</ttl>",
    "a picture": "<title>Kabar</title><image><title>Logo</title><link>/logo</link></image>",
    "an id": "<id>https://kabar.example/</id>",
    "summaries": "<itunes:summary>a</itunes:summary><description>b</description>",
    "a person": "<author><name>Redaksi</name></author><author><name>Dua</name></author>",
    "a person as a text": "<author>redaksi@kabar.example (Redaksi)</author>",
    "rights": "<rights type='xhtml'><h:div>Hak</h:div></rights><title>Kabar</title>",
}


@pytest.mark.parametrize("kind", ["rss", "rss091", "atom", "atom03"])
@pytest.mark.parametrize("case", OF_FEEDS)
def test_both_readers_agree_on_a_feed_with(case: str, kind: str) -> None:
    entries = item(kind, "<title>a</title><description>b</description><summary>c</summary>") * 2
    for inner in (OF_FEEDS[case] + entries, entries + OF_FEEDS[case]):
        found = both(document(kind, inner))
        assert found is not None, "it was left to feedparser"
        assert found[0] == found[1]


# What feedparser alone would misread, and neither reader does: what is kept of it, by field.
ODD: dict[str, tuple[str, dict[str, object]]] = {
    "markup that is not said": ("<description>a <b>b</b></description>", {"summary": "a <b>b</b>"}),
    "an entry in its content": (
        "<content type='xhtml'>Isi <entry><title>palsu</title></entry></content>",
        {"content": "Isi"},
    ),
    "a foreign entry in its content": (
        "<content type='xhtml'>Isi <x:entry>palsu</x:entry></content>",
        {"content": "Isi"},
    ),
    "an entry in an entry": ("<item><title>palsu</title></item>", {}),
    "an entry in a box": ("<x:kotak><item><title>palsu</title></item></x:kotak>", {}),
    "a link in a box": ("<x:kotak><link>https://jahat.example/</link></x:kotak>", {}),
    "a title of another namespace": ("<title xmlns='https://asing.example/'>palsu</title>", {}),
    "a title in a title": ("<dc:title>a<title>b</title></dc:title>", {}),
    "a drawing": (
        "<summary type='xhtml'><div><svg xmlns='http://www.w3.org/2000/svg'><title>t</title></svg></div></summary>",
        {},
    ),
    "an old content": ("<fullitem>Isi</fullitem>", {"content": "Isi"}),
    "an old date": ("<date>2022-01-08</date>", {"updated": "2022-01-08"}),
    "an abstract": ("<abstract>Ringkas</abstract>", {"summary": "Ringkas"}),
    "a picture with parts": (
        "<image><url>/f.jpg</url><title>Logo</title></image>",
        {"images": (Image(url="https://kabar.example/f.jpg"),)},
    ),
    "a division in a text": ("<rights>a <div>b</div></rights>", {"rights": "a b"}),
    "a date in an element of its own": (
        "<pubDate><time datetime='2022-01-08T05:06:00+07:00'>kemarin</time></pubDate>",
        {"published": "2022-01-08T05:06:00+07:00"},
    ),
    "labels in a label": (
        "<itunes:category text='Berita'><itunes:category text='Politik'/></itunes:category>",
        {"categories": tuple(Category(term=term, scheme=PODCASTS) for term in ("Berita", "Politik"))},
    ),
    "labels by the hundred": ("<category>k</category>" * 150, {"categories": (Category(term="k"),)}),
    "a person with a picture": (
        "<author><name>Siti</name><gd:image xmlns:gd='http://schemas.google.com/g/2005' src='/s.png'/></author>",
        {"authors": ("Siti",)},
    ),
    "a base relative to the document": (
        "<description xml:base='/d/e.xml'>&lt;a href='f'>f&lt;/a></description>",
        {"summary": '<a href="https://kabar.example/d/f">f</a>'},
    ),
    "a base that is no web address": (
        "<description xml:base='file:///etc/'>Isi</description>",
        {"summary": "Isi"},
    ),
}


@pytest.mark.parametrize("kind", OPENINGS)
@pytest.mark.parametrize("case", ODD)
def test_what_feedparser_would_misread_reaches_neither_reader(case: str, kind: str) -> None:
    inner, kept = ODD[case]
    text = document(kind, item(kind, f"<title>Judul</title><link>https://kabar.example/1</link>{inner}"))
    found = both(text)
    assert found is not None, "it was left to feedparser"
    assert found[0] == found[1]
    [entry] = found[0].entries
    assert entry.title == "Judul"
    assert "palsu" not in repr(entry)
    assert {name: getattr(entry, name) for name in kept} == kept


LEFT = {
    "base64": "<content type='text/plain' mode='base64'>YQ==</content>",
    "a type that is base64": "<content type='image/png'>YQ==</content>",
    "an attribute of another namespace": "<link x:href='/x' href='/y'/>",
    "a base that is no web address": "<content base='file:///etc/'>Isi</content>",
    "a feed in an entry": "<channel><title>palsu</title></channel>",
}


@pytest.mark.parametrize("case", LEFT)
def test_what_is_odd_is_left_to_feedparser(case: str) -> None:
    for kind in ("rss", "atom"):
        text = document(kind, item(kind, f"<title>Judul</title><link>/1</link>{LEFT[case]}"))
        assert both(text) is None
        found = formats.parse(text.encode(), url=URL, content_type=None)
        assert "palsu" not in " ".join(entry.title or "" for entry in found.entries)
        assert len(found.entries) == 1


# Where the reader of trees is right and feedparser is not: what each of them says, and why.
BETTER: dict[str, tuple[str, Callable[[ParsedFeed], object], object, object]] = {
    "xml:base holds inside its element, not after it (XML Base, 4.2)": (
        '<entry xml:base="https://satu.example/d/"><link href="1"/></entry><entry><link href="2"/></entry>',
        lambda feed: feed.entries[1].link,
        "https://kabar.example/2",
        "https://satu.example/d/2",
    ),
    "a person as elements does not take the place of a person as text": (
        "<entry><dc:creator>Siti</dc:creator><author><name>Budi</name></author></entry>",
        lambda feed: feed.entries[0].authors,
        ("Siti", "Budi"),
        ("Budi",),
    ),
    "an address may end in more than four letters": (
        "<entry><author>siti@kabar.online (Siti)</author><dc:creator>Budi</dc:creator></entry>",
        lambda feed: feed.entries[0].authors,
        ("Siti", "Budi"),
        ("ne (Siti", "Budi"),
    ),
}


@pytest.mark.parametrize("case", BETTER)
def test_the_reader_of_trees_knows_better(case: str) -> None:
    inner, look, right, wrong = BETTER[case]
    found = both(document("atom", inner))
    assert found is not None
    assert (look(found[0]), look(found[1])) == (right, wrong)


TEXTS = (
    "",
    " ",
    "Judul",
    "a &amp; b",
    "&lt;b&gt;tebal&lt;/b&gt;",
    "cafÃ©",
    "5 &lt; 6",
    "https://k.example/1",
    "/2.html",
    "7",
    "a@b.id (Budi)",
    "x,y , z",
    "<![CDATA[<p>a <a href='r.html'>b</a></p>]]>",
    "in_ID",
    "?a=1&amp;amp;b=2",
)
_NAMES = (
    "title link description summary content guid id author category pubDate published updated created dc:title"
    " dc:creator dc:date dc:subject dc:description content:encoded itunes:author itunes:summary itunes:keywords"
    " itunes:category media:content media:title media:category media:keywords feedburner:origLink x:foo a:link"
    " a:title source enclosure image language ttl sy:updatePeriod contributor itunes:image rights subtitle"
    " dcterms:issued comments h:p issued modified x:date name email"
)
NAMES = _NAMES.split()
ATTRIBUTES = (
    "type='html'",
    "type='xhtml'",
    "type='text/plain'",
    "type='image/jpeg'",
    "href='/h'",
    "rel='enclosure'",
    "rel='Alternate'",
    "url='https://k.example/u.jpg'",
    "isPermaLink='false'",
    "term='Kota'",
    "label='Label'",
    "scheme='s'",
    "domain='d'",
    "text='T'",
    "xml:lang='id'",
    "lang='en_US'",
    "length='12'",
    "mode='escaped'",
    "x:y='1'",
)
INSIDE = ("<h:div>{}</h:div>", "<b>{}</b>", "<name>{}</name>", "<title>{}</title>")


def any_element(choice: random.Random) -> str:
    name = choice.choice(NAMES)
    attribute = choice.choice(("", "", "", choice.choice(ATTRIBUTES)))
    text = choice.choice(TEXTS)
    if choice.random() < 0.05:
        text = choice.choice(("", "t ")) + choice.choice(INSIDE).format(text)
    return f"<{name} {attribute}>{text}</{name}>"


def any_document(choice: random.Random) -> str:
    kind = choice.choice(list(OPENINGS))
    few = [any_element(choice) for _ in range(choice.randrange(6))] if kind != "rdf" else []
    entries = (item(kind, "".join(any_element(choice) for _ in range(choice.randrange(9)))) for _ in range(3))
    base = choice.choice(("", "", ' xml:base="https://basis.example/d/"', ' xml:lang="kk"'))
    return document(kind, "".join(few) + "".join(entries), base)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_both_readers_agree_on_any_heap_of_elements(seed: int) -> None:
    found = both(any_document(random.Random(seed)))
    if found is None:
        return
    ours, theirs = found
    for mine, other in zip(ours.entries, theirs.entries, strict=True):
        if set(other.authors) < set(mine.authors):
            continue  # BETTER: a person as elements took the place of one as text
        assert mine == other
    assert (ours.title, ours.link, ours.language, ours.hub, ours.self_link, ours.ttl) == (
        theirs.title,
        theirs.link,
        theirs.language,
        theirs.hub,
        theirs.self_link,
        theirs.ttl,
    )


def test_heaps_of_elements_are_mostly_read_without_feedparser() -> None:
    taken = [both(any_document(random.Random(seed))) is not None for seed in range(150)]
    assert sum(taken) > 50


def test_the_names_are_those_that_feedparser_knows() -> None:
    from feedparser.api import StrictFeedParser
    from feedparser.sanitizer import _HTMLSanitizer

    starts = {name[7:].lower() for name in dir(StrictFeedParser) if name.startswith("_start_")}
    ends = {name[5:].lower() for name in dir(StrictFeedParser) if name.startswith("_end_")}
    assert starts | ends == elements.KNOWN
    prefixes = {name.partition("_")[0] for name in elements.KNOWN if "_" in name} | {"sy", "rdf", "xml", ""}
    known = {uri.lower(): prefix.lower() for uri, prefix in StrictFeedParser.namespaces.items()}
    assert {uri: prefix for uri, prefix in known.items() if prefix in prefixes} == {
        uri: prefix for uri, prefix in elements.PREFIXES.items() if prefix in prefixes
    }
    assert set(_HTMLSanitizer.acceptable_elements) == quirks.HTML


def test_a_tree_is_grown_from_text_whatever_charset_it_declares() -> None:
    root = tree.grow(
        '<?xml version="1.0" encoding="utf-16"?><rss><channel><title>é</title></channel></rss>'.encode()
    )
    assert root is not None
    assert root.findtext("channel/title") == "é"


def test_xp_01_a_tree_never_grows_from_entities_of_its_own() -> None:
    laughs = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    with pytest.raises(ParseError, match="entities of its own"):
        xmlfeed.grown(f"{laughs}<rss><channel><title a='&b;'>&b;</title></channel></rss>")


def test_the_tree_stays_as_it_is() -> None:
    text = document("rss", item("rss", AGREED["Media RSS in full"]))
    root, _ = xmlfeed.grown(text)
    assert root is not None
    before = etree.tostring(root)
    assert direct.read(root) is not None
    assert etree.tostring(root) == before


@pytest.mark.parametrize("case", sorted(CASES.glob("*.xml")), ids=lambda path: path.name)
def test_fs_05_a_case_cut_at_two_hundred_places_is_an_error_and_never_half_a_feed(case: Path) -> None:
    body = case.read_bytes()
    end = body.rindex(b"</")
    for cut in random.Random(5).sample(range(1, end), min(200, end - 1)):
        with pytest.raises(ParseError):
            formats.parse(body[:cut], url=URL, content_type=None)


def test_fs_05_a_cut_is_told_as_one() -> None:
    body = (CASES / "siniar-rss20.xml").read_bytes()
    with pytest.raises(TruncatedFeed):
        formats.parse(body[: body.index(b"</item>")], url=URL, content_type=None)


RELATIVE = {
    '<a href="b.html">': '<a href="https://kabar.example/b.html">',
    "<a href='/b'>": '<a href="https://kabar.example/b">',
    "<a href=b.html>": '<a href="https://kabar.example/b.html">',
    '<a href = "b.html">': '<a href = "https://kabar.example/b.html">',
    '<IMG SRC="//foto.example/a.png">': '<IMG SRC="https://foto.example/a.png">',
    '<p class="x"><img alt="a=b" src="?f=1">': '<p class="x"><img alt="a=b" src="https://kabar.example/?f=1">',
    '<a href="https://k.example/?a=b">': '<a href="https://k.example/?a=b">',
    '<a href="#isi"><a href="mailto:a@b.id">': '<a href="#isi"><a href="mailto:a@b.id">',
}


@pytest.mark.parametrize("markup", RELATIVE)
def test_fs_23_relative_links_in_a_text_are_made_absolute(markup: str) -> None:
    assert absolute_links(markup, "https://kabar.example/") == RELATIVE[markup]
    assert RELATIVE[markup] == markup or SUSPECT.search(markup)


BOMBS = {
    "labels of a feed": document("atom", "".join(f"<category term='{n}'/>" for n in range(20_000))),
    "labels of a feed, left to feedparser": document(
        "atom", "<fullitem/>" + "".join(f"<category term='{n}'/>" for n in range(20_000))
    ),
    "a name in a section": document("rss", item("rss", f"<author><![CDATA[{'a.' * 20_000}]]></author>")),
    "blanks before a link": document(
        "rss", item("rss", f"<description><![CDATA[<a href={' ' * 300_000}x>]]></description>")
    ),
    "links without an end": document(
        "rss", item("rss", f"<description><![CDATA[{'<a href= ' * 100_000}]]></description>")
    ),
    "closing tags": document("rss", item("rss", f"<title><![CDATA[{'</' * 300_000}</a>]]></title>")),
}


@pytest.mark.parametrize("name", BOMBS)
def test_tl_13_a_shape_that_costs_the_square_of_its_size_costs_little(name: str) -> None:
    before = process_time()
    formats.parse(BOMBS[name].encode(), url=URL, content_type=None)
    assert process_time() - before < 2
