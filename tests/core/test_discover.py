"""Where a site has its feeds: what pages name, whatever they look like, and what costs nothing to read."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core import discover
from aggregator.core.discover import Candidate, common_paths, links, look, web_address
from aggregator.core.urls import alike
from aggregator.errors import EmptyDocument, NotAFeed, ParseError

PAGE = "https://kabar.example/rubrik/daftar.html"
RSS = 'rel="alternate" type="application/rss+xml"'


def found(html: str, url: str = PAGE, content_type: str | None = None) -> list[str]:
    return [each.url for each in links(html.encode(), url=url, content_type=content_type)]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f'<link {RSS} href="/feed">', "https://kabar.example/feed"),
        (f'<link {RSS} href="feed.xml">', "https://kabar.example/rubrik/feed.xml"),
        (f'<base href="/in/"><link {RSS} href="feed.xml">', "https://kabar.example/in/feed.xml"),
        (
            f'<base href="//lain.example/"><base href="/no/"><link {RSS} href="f">',
            "https://lain.example/f",
        ),
        (f'<base href="javascript:1"><link {RSS} href="f">', "https://kabar.example/rubrik/f"),
        (
            '<LINK REL=Alternate TYPE="Application/Atom+XML; charset=utf-8" HREF=/a>',
            "https://kabar.example/a",
        ),
        ("<link rel='alternate nofollow' type='application/feed+json' href='/j'>", "https://kabar.example/j"),
        ('<link rel="feed" href="/f">', "https://kabar.example/f"),
        ('<link rel="alternate" href="/rss.xml">', "https://kabar.example/rss.xml"),
        (
            '<link rel="alternate" type="application/xml" href="/x?format=feed">',
            "https://kabar.example/x?format=feed",
        ),
        (f'<link {RSS} href="/f?a=1&amp;b=2#top">', "https://kabar.example/f?a=1&b=2"),
        (f'<link {RSS} href="feed:https://lain.example/f">', "https://lain.example/f"),
        (f'<link {RSS} href="feed://lain.example/f">', "http://lain.example/f"),
        (f'<link {RSS} href="https://nama:rahasia@kabar.example/f">', "https://kabar.example/f"),
        (f'<body><p><link {RSS} href="/in-body">', "https://kabar.example/in-body"),
        (f'<link\n{RSS}\n\thref = "/lines"\n/>', "https://kabar.example/lines"),
        (f'<!--><link {RSS} href="/after-an-empty-comment">', "https://kabar.example/after-an-empty-comment"),
        (f'<noscript><link {RSS} href="/noscript"></noscript>', "https://kabar.example/noscript"),
        (
            f'<script>"</scripting>"</script ><link {RSS} href="/after">',
            "https://kabar.example/after",
        ),
        ('<a href="/rss/">Langganan</a>', "https://kabar.example/rss/"),
        ('<a href="/berita/feed">x</a>', "https://kabar.example/berita/feed"),
        ('<a href="/langganan"><img src="i.png" alt=""> RSS</a>', "https://kabar.example/langganan"),
        ('<a type="application/atom+xml" href="/x">Atom</a>', "https://kabar.example/x"),
        ('<a title="RSS Feed" href="/umpan"><i></i></a>', "https://kabar.example/umpan"),
    ],
)
def test_a_page_names_its_feed(html: str, expected: str) -> None:
    assert found(html) == [expected]


@pytest.mark.parametrize(
    "html",
    [
        f'<!-- <link {RSS} href="/f"> -->',
        f'<!-- never closed <link {RSS} href="/f">',
        f"<script>var a = '<link {RSS} href=\"/f\">'</script>",
        f'<script>never closed <link {RSS} href="/f">',
        f"<style><link {RSS} href=/f></style><title><link {RSS} href=/f></title>",
        f"<div data-x='<link {RSS} href=\"/f\">'>",
        '<link rel="alternate stylesheet" type="application/rss+xml" href="/f">',
        '<link rel="alternate" hreflang="en" href="/en/">',
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/8">',
        '<link rel="alternate" type="application/json+oembed" href="/oembed?format=json">',
        '<link rel="canonical" type="application/rss+xml" href="/f">',
        f'<link {RSS} href="">',
        f"<link {RSS}>",
        f'<link {RSS} href="javascript:alert(1)">',
        f'<link {RSS} href="file:///etc/passwd">',
        f'<link {RSS} href="#rss">',
        f'<link {RSS} href="{PAGE}">',
        f'<link {RSS} href="/{"x" * 3000}">',
        '<a href="/berita/cara-memberi-feedback">Feedback</a>',
        '<a href="/pakan-feed-ternak">Pakan</a>',
        '<a href="https://feedly.com/i/subscription/feed/https://kabar.example/rss">RSS</a>',
        '<a href="/berita/1">Penemu kumpulan data RSS dan Atom dalam sejarah internet meninggal</a>',
        "no tags at all",
        "",
    ],
)
def test_what_only_looks_like_one_is_no_feed_of_the_page(html: str) -> None:
    assert found(html) == []


def test_feeds_come_in_the_order_of_the_page_and_those_of_comments_last() -> None:
    html = f"""
        <a href="/rss/olahraga">Olahraga</a>
        <link {RSS} title="Kabar &raquo; Comments Feed" href="/comments/feed/">
        <link {RSS} title="Kabar &raquo; Judul Umpan Komentar" href="/berita/1/feed/">
        <link {RSS} title="Kabar &raquo; Feed" href="/feed/">
        <link {RSS} title="Kabar, Dunia" href="/dunia/feed/">
        <link {RSS} title="again" href="/feed/">
        <a href="/feed/">RSS</a>
    """
    every = links(html.encode(), url=PAGE, content_type=None)
    assert [(each.url.removeprefix("https://kabar.example"), each.declared) for each in every] == [
        ("/feed/", True),
        ("/dunia/feed/", True),
        ("/rss/olahraga", False),
        ("/comments/feed/", True),
        ("/berita/1/feed/", True),
    ]
    assert every[0].title == "Kabar » Feed"
    assert [each.is_of_comments for each in every] == [False, False, False, True, True]


def test_the_characters_of_a_page_are_read_as_its_header_says() -> None:
    html = f'<link {RSS} title="Новости" href="/f">'.encode("cp1251")
    (candidate,) = links(html, url=PAGE, content_type="text/html; charset=windows-1251")
    assert candidate == Candidate(url="https://kabar.example/f", title="Новости")


MEGABYTES = 10_000_000
HOSTILE = {
    "open tags": b"<" * MEGABYTES,
    "tags that never end": b"<a " + b"= " * (MEGABYTES // 2),
    "a million attributes": b"<link " + b"a " * (MEGABYTES // 2) + b">",
    "quotes that never end": b"<a x=\"'" * (MEGABYTES // 7),
    "comments that never end": b"<!--" * (MEGABYTES // 4),
    "scripts that never end": b"<script>" * (MEGABYTES // 8),
    "scripts": b"<script></script>" * (MEGABYTES // 17),
    "titles that never end": b"<title><" * (MEGABYTES // 8),
    "depth": b"<div>" * (MEGABYTES // 5),
    "links": b"<a href=/rss/1>RSS</a>" * (MEGABYTES // 22),
    "references": b'<a href="' + b"&amp;" * (MEGABYTES // 5) + b'">',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_costs_no_more_than_its_length(name: str) -> None:
    before = process_time()
    assert len(links(HOSTILE[name], url=PAGE, content_type=None)) <= 1
    assert discover.refresh(HOSTILE[name], url=PAGE, content_type=None) is None
    assert process_time() - before < 8, "seconds of CPU; 0.1 to 1.5 as a rule"


def test_only_so_many_candidates_are_kept_and_declared_ones_are_not_crowded_out() -> None:
    html = "".join(f'<a href="/rss/{n}">x</a>' for n in range(1000)) + f'<link {RSS} href="/feed">'
    every = found(html)
    assert len(every) == 1 + discover.MOST_CANDIDATES
    assert every[0] == "https://kabar.example/feed"


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="<>!-/= \"'&#;:\nabelinkhrft", max_size=200)
    | st.lists(
        st.sampled_from(
            [
                "<link ",
                "<a ",
                RSS,
                " href=",
                '"',
                "'",
                "/feed",
                ">",
                "<!--",
                "-->",
                "<script>",
                "</script>",
                "\0",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_any_page_gives_absolute_web_addresses_and_nothing_else(html: str) -> None:
    for candidate in links(html.encode(), url=PAGE, content_type=None):
        assert candidate.url.startswith(("http://", "https://"))
        assert "#" not in candidate.url


def test_a_document_is_a_feed_or_a_page() -> None:
    feed = (
        b"<rss version='2.0'><channel><title>Kabar</title><link>https://kabar.example/</link>"
        b"<language>id</language><item><title>Satu</title></item></channel></rss>"
    )
    seen = look(feed, url="https://kabar.example/rss", content_type="text/html")
    assert seen.feed == discover.FeedFacts(
        title="Kabar", entries=1, language="id", link="https://kabar.example/"
    )
    page = f"<html><title>Beranda</title><link {RSS} href=/feed>".encode()
    seen = look(page, url=PAGE, content_type="application/rss+xml")
    assert seen.feed is None
    assert [each.url for each in seen.candidates] == ["https://kabar.example/feed"]
    assert seen.reason == 'an HTML page titled "Beranda", not a feed'


@pytest.mark.parametrize(
    "body",
    [b"", b"  ", b"<rss><channel><item><title>x", b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;">]><rss/>'],
)
def test_a_broken_document_is_told_as_that(body: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        look(body, url=PAGE, content_type=None)
    assert not isinstance(caught.value, NotAFeed)
    assert isinstance(caught.value, EmptyDocument) == (not body.strip())


@pytest.mark.parametrize(
    ("html", "to"),
    [
        ('<meta http-equiv="refresh" content="0; url=/id/">', "https://kabar.example/id/"),
        ("<META HTTP-EQUIV=Refresh CONTENT=\"0;URL='https://lain.example/'\">", "https://lain.example/"),
        ('<meta http-equiv="refresh" content="600">', None),
        ('<meta http-equiv="refresh" content="600; url=/again">', None),
        (f'<meta http-equiv="refresh" content="0; url={PAGE}">', None),
        ('<meta name="refresh" content="0; url=/id/">', None),
        ('<meta http-equiv="refresh" content="0; url=javascript:x">', None),
        ('<body><meta http-equiv="refresh" content="0; url=/id/">', None),
    ],
)
def test_a_page_may_send_its_readers_on(html: str, to: str | None) -> None:
    assert discover.refresh(html.encode(), url=PAGE, content_type=None) == to


def test_where_a_page_sends_its_readers_is_read_in_the_encoding_of_its_header() -> None:
    body = '<meta http-equiv="refresh" content="0; url=/id/">'.encode("utf-16-le")
    seen = look(body, url=PAGE, content_type="text/html; charset=utf-16le")
    assert seen.refresh == "https://kabar.example/id/"


def test_the_usual_places_are_those_of_the_folder_then_of_the_site() -> None:
    assert common_paths("https://kabar.example/")[:5] == [
        "https://kabar.example/feed",
        "https://kabar.example/rss",
        "https://kabar.example/rss.xml",
        "https://kabar.example/feed.xml",
        "https://kabar.example/atom.xml",
    ]
    inner = common_paths("https://kabar.example:8080/dunia/asia/index.php?x=/a/b#c")
    assert inner[:2] == [
        "https://kabar.example:8080/dunia/asia/feed",
        "https://kabar.example:8080/dunia/asia/rss",
    ]
    assert inner[4] == "https://kabar.example:8080/feed"
    assert common_paths("https://kabar.example/dunia")[0] == "https://kabar.example/dunia/feed"
    for path in ("feeds/posts/default", "index.xml", "?feed=rss2", "feed.json", "feed/"):
        assert f"https://kabar.example/{path}" in common_paths("https://kabar.example/x.html")
    assert len(set(inner)) == len(inner)
    assert common_paths("mailto:x@kabar.example") == []


@pytest.mark.parametrize(
    "url",
    [
        "https://kabar.example/rss",
        "http://kabar.example/rss",
        "http://www.kabar.example/rss/",
        "HTTPS://WWW.KABAR.example:443/rss#x",
        "http://kabar.example:80/rss",
    ],
)
def test_one_feed_may_be_written_in_several_ways(url: str) -> None:
    assert alike(url) == alike("https://kabar.example/rss")


@pytest.mark.parametrize(
    "url",
    [
        "https://kabar.example/RSS",
        "https://kabar.example/rss?x=1",
        "https://kabar.example:8080/rss",
        "https://m.kabar.example/rss",
        "https://kabar.example/",
    ],
)
def test_another_address_is_another_feed(url: str) -> None:
    assert alike(url) != alike("https://kabar.example/rss")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("riaupos.example", ("https://riaupos.example", "http://riaupos.example")),
        (" riaupos.example:8080/x ", ("https://riaupos.example:8080/x", "http://riaupos.example:8080/x")),
        ("//riaupos.example/x", ("https://riaupos.example/x", "http://riaupos.example/x")),
        ("127.0.0.1:8080", ("https://127.0.0.1:8080", "http://127.0.0.1:8080")),
        ("http://riaupos.example/", ("http://riaupos.example/",)),
        ("feed://riaupos.example/f", ("http://riaupos.example/f",)),
        ("feed:https://riaupos.example/f", ("https://riaupos.example/f",)),
        ("file:///etc/passwd", ("file:///etc/passwd",)),
        ("javascript:alert(1)", ("javascript:alert(1)",)),
        ("https:riaupos.example/x", ("https://riaupos.example/x",)),
        ("mailto:a@riaupos.example", ("mailto:a@riaupos.example",)),
        ("two words", ("two words",)),
        ("", ("",)),
    ],
)
def test_a_person_may_leave_the_scheme_out(given: str, meant: tuple[str, ...]) -> None:
    assert web_address(given) == meant


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("milik https://nama:rahasia@kabar.example/rss itu", "milik …@kabar.example/rss itu"),
        ("https://nama:ra/ha@sia@kabar.example", "…@kabar.example"),
        ("https://rahasia@kabar.example", "…@kabar.example"),
        ("nama:rahasia@kabar.example", "…@kabar.example"),
        ("https://medium.example/@penulis/1", "https://medium.example/@penulis/1"),
        ("redaksi@kabar.example", "redaksi@kabar.example"),
        ("Kabar: pukul 10:00 @ Riau", "Kabar: pukul 10:00 @ Riau"),
    ],
)
def test_a_password_is_shown_to_nobody(text: str, shown: str) -> None:
    assert discover.anonymous(text) == shown
