"""OPML as other readers write it, and as an attacker does: feeds and folders, or a plain refusal; nothing else."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.core import outlines
from aggregator.core.outlines import Outline, Outlines, Refusal, read, write
from aggregator.errors import EmptyDocument, NotAFeed, ParseError


def opml(
    inner: str, *, version: str = "2.0", before: str = '<?xml version="1.0" encoding="UTF-8"?>'
) -> bytes:
    return (
        f'{before}<opml version="{version}"><head><title>x</title></head><body>{inner}</body></opml>'.encode()
    )


def outline(url: str, title: str = "", more: str = "") -> str:
    return f'<outline type="rss" text="{title}" xmlUrl="{url}" {more}/>'


def urls(listed: Outlines) -> list[str]:
    return [each.url for each in listed.feeds]


# As Feedly, Miniflux, newsboat, Thunderbird, Radio UserLand and others write one feed.
WAYS = {
    "feedly": '<outline type="rss" text="Kabar" title="Kabar" xmlUrl="https://kabar.example/rss" htmlUrl="https://kabar.example/"/>',
    "miniflux": '<outline title="Kabar" text="Kabar" xmlUrl="https://kabar.example/rss" htmlUrl="https://kabar.example/"></outline>',
    "newsboat": '<outline xmlUrl="https://kabar.example/rss" htmlUrl="https://kabar.example/" title="Kabar"/>',
    "capitals": '<OUTLINE TEXT="Kabar" XMLURL="https://kabar.example/rss" HTMLURL="https://kabar.example/"/>',
    "another case": '<outline text="Kabar" xmlurl="https://kabar.example/rss" htmlurl="https://kabar.example/"/>',
    "yet another": '<outline text="Kabar" xmlURL="https://kabar.example/rss" htmlURL="https://kabar.example/"/>',
    "1.0": '<outline type="rss" text="Kabar" url="https://kabar.example/rss" htmlUrl="https://kabar.example/"/>',
    "blanks": '<outline text=" Kabar\n" xmlUrl="  https://kabar.example/rss\n" htmlUrl="https://kabar.example/"/>',
    "feed scheme": '<outline text="Kabar" xmlUrl="feed:https://kabar.example/rss" htmlUrl="https://kabar.example/"/>',
    "no scheme": '<outline text="Kabar" xmlUrl="kabar.example/rss" htmlUrl="https://kabar.example/"/>',
    "own namespace": '<outline xmlns:x="urn:x" x:text="Kabar" xmlUrl="https://kabar.example/rss" htmlUrl="https://kabar.example/"/>',
}


@pytest.mark.parametrize("way", WAYS)
def test_every_reader_writes_it_differently(way: str) -> None:
    expected = Outline(url="https://kabar.example/rss", title="Kabar", link="https://kabar.example/")
    assert read(opml(WAYS[way])) == Outlines(feeds=(expected,))


@pytest.mark.parametrize(
    "document",
    [
        opml(outline("https://kabar.example/rss"), version="1.0"),
        opml(outline("https://kabar.example/rss"), version="1.1", before=""),
        opml(
            outline("https://kabar.example/rss"), before="\n\n  <?xml version='1.0'?>\n<!-- made by hand -->"
        ),
        opml(
            outline("https://kabar.example/rss"),
            before="<!DOCTYPE opml SYSTEM 'http://kanari.example/opml.dtd'>",
        ),
        "\ufeff".encode() + opml(outline("https://kabar.example/rss")),
        opml(outline("https://kabar.example/rss"), before="").decode().encode("utf-16"),
        b"<OPML><BODY><outline xmlUrl='https://kabar.example/rss'/></BODY></OPML>",
    ],
)
def test_every_version_and_encoding_is_read(document: bytes) -> None:
    assert urls(read(document)) == ["https://kabar.example/rss"]


def test_folders_are_named_by_their_path_and_a_feed_may_be_in_several() -> None:
    listed = read(
        opml(
            f"""
            {outline("https://a.example/")}
            <outline text="Dunia">
                {outline("https://b.example/", "B")}
                <outline text="Asia" title="ignored">{outline("https://c.example/")}{outline("https://b.example")}</outline>
            </outline>
            <outline title="Olahraga">{outline("http://www.b.example/")}<outline text="an empty one"/></outline>
            <outline><outline text="">{outline("https://d.example/")}</outline></outline>
            """
        )
    )
    assert {each.url: each.folders for each in listed.feeds} == {
        "https://a.example/": (),
        "https://b.example/": ("Dunia", "Dunia / Asia", "Olahraga"),
        "https://c.example/": ("Dunia / Asia",),
        "https://d.example/": (),
    }
    assert listed.folders == ("Dunia", "Dunia / Asia", "Olahraga")
    assert listed.repeated == ()


def test_folders_whose_names_differ_in_case_alone_are_one() -> None:
    inner = [
        f'<outline text="{name}">{outline(f"https://{name}.example/")}</outline>'
        for name in ("Dunia", "DUNIA")
    ]
    listed = read(opml("".join([*inner, outline("https://c.example/", "C", 'category="dunia"')])))
    assert listed.folders == ("Dunia",)
    assert {feed.folders for feed in listed.feeds} == {("Dunia",)}


def test_a_repeated_feed_is_counted_once_and_keeps_its_first_title() -> None:
    listed = read(opml(outline("https://a.example/", "Satu") + outline("http://a.example", "Dua") * 2))
    assert listed.feeds == (Outline(url="https://a.example/", title="Satu"),)
    assert listed.repeated == ("http://a.example", "http://a.example")


def test_categories_stand_for_folders_where_there_are_none() -> None:
    category = 'category="/Dunia/Asia, olahraga,/,,"'
    listed = read(
        opml(
            outline("https://a.example/", "A", category)
            + f'<outline text="Kabar">{outline("https://b.example/", "B", category)}</outline>'
        )
    )
    assert [each.folders for each in listed.feeds] == [("Dunia / Asia", "olahraga"), ("Kabar",)]


@pytest.mark.parametrize("text", ["https://kabar.example/rss", "", "http://lain.example", "|x"])
def test_a_title_that_is_only_an_address_is_none(text: str) -> None:
    assert read(opml(outline("https://kabar.example/rss", text))).feeds[0].title == ""


def test_titles_are_on_one_line_and_bounded() -> None:
    (feed,) = read(opml(outline("https://a.example/", "Kabar&#10;&#x9b;31m &amp;amp; " + "x " * 500))).feeds
    assert feed.title.startswith("Kabar 31m &amp; x")
    assert len(feed.title) <= 200


PROGRAMS = [
    "|touch pwned",
    " |touch pwned",
    "exec:touch pwned",
    "EXEC:touch pwned",
    "filter:sh -c x:https://kabar.example/rss",
    "query:Unread:unread = \\&quot;yes\\&quot;",
    "`touch pwned`",
    "$(touch pwned)",
]
FILES = [
    "file:///etc/passwd",
    "FILE:/etc/passwd",
    "/etc/passwd",
    "~/feed.xml",
    "../feed.xml",
    "\\\\host\\share",
]


@pytest.mark.parametrize("url", PROGRAMS)
def test_xp_05_a_command_is_refused(url: str) -> None:
    listed = read(opml(outline(url, "Jahat") + outline("https://a.example/")))
    assert urls(listed) == ["https://a.example/"]
    assert listed.refused == (Refusal(title="Jahat", reason=outlines.PROGRAM),)


@pytest.mark.parametrize("more", ['filtercmd="touch pwned"', 'filterCmd="touch pwned"'])
def test_xp_05_a_filter_command_is_refused_with_its_feed(more: str) -> None:
    refused = (Refusal(title="Jahat", reason=outlines.PROGRAM),)
    assert read(opml(outline("https://a.example/", "Jahat", more))) == Outlines(refused=refused)
    assert read(opml(f'<outline text="Jahat" {more}/>')) == Outlines(refused=refused)


@pytest.mark.parametrize("url", FILES)
def test_xp_05_a_file_is_refused(url: str) -> None:
    assert read(opml(outline(url, "Jahat"))).refused == (Refusal(title="Jahat", reason=outlines.FILE),)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "javascript:alert(1)",
        "data:text/xml,x",
        "mailto:x",
        "https://",
        "http:///x",
        "two words",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert read(opml(outline(url, "Lain"))).refused == (Refusal(title="Lain", reason=outlines.ANOTHER),)


def test_an_empty_or_endless_address_and_what_is_commented_out_are_refused() -> None:
    inner = (
        outline("", "Kosong")
        + outline("https://a.example/" + "x" * 2000, "Panjang")
        + f'<outline text="Lama" isComment="true">{outline("https://b.example/", "Dalam")}</outline>'
    )
    assert [(each.title, each.reason) for each in read(opml(inner)).refused] == [
        ("Kosong", outlines.EMPTY),
        ("Panjang", outlines.TOO_LONG),
        ("Dalam", outlines.COMMENTED),
    ]


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("https://nama:rahasia@a.example/", "Kabar"),
        ("https://nama:rahasia@a.example/", "https://nama:rahasia@a.example/"),
        ("https://nama:rahasia@a.example/", "Kabar https://nama:rahasia@a.example/"),
        ("https://nama:rahasia@a.example/", "Kabar nama:rahasia@a.example"),
        ("https://nama:rahasia@a.example/", ""),
        ("nama:rahasia@a.example/", ""),
        ("https:nama:rahasia@a.example/", ""),
        ("https:\\\\nama:rahasia@a.example/", ""),
        ("https://rahasia@a.example/", ""),
        ("|curl -u nama:rahasia https://a.example/", ""),
        ("exec:curl https://nama:rahasia@a.example/", "exec:curl https://nama:rahasia@a.example/"),
        ("ftp://nama:rahasia@a.example/", "ftp://nama:rahasia@a.example/"),
    ],
)
def test_a_password_is_refused_and_never_repeated(url: str, title: str) -> None:
    listed = read(opml(outline(url, title)))
    assert listed.feeds == ()
    assert len(listed.refused) == 1
    assert "rahasia" not in repr(listed)


def test_a_password_in_the_name_of_a_folder_or_a_good_feed_is_not_kept() -> None:
    inner = outline("https://a.example/", "milik nama:rahasia@a.example")
    listed = read(opml(f'<outline text="https://nama:rahasia@a.example/">{inner}</outline>'))
    assert urls(listed) == ["https://a.example/"]
    assert "rahasia" not in repr(listed)


def test_a_damaged_list_is_read_as_far_as_it_goes_and_says_so() -> None:
    whole = opml("".join(outline(f"https://{n}.example/") for n in range(5)))
    listed = read(whole[: whole.index(b"https://3.example")])
    assert listed.damaged
    assert urls(listed) == ["https://0.example/", "https://1.example/", "https://2.example/"]
    unescaped = read(opml(outline("https://a.example/?x=1&y=2", "Kabar & Berita &nbsp; &copy;")))
    assert unescaped.feeds == (Outline(url="https://a.example/?x=1&y=2", title="Kabar & Berita ©"),)
    assert not unescaped.damaged


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (b"", EmptyDocument),
        (b"   ", EmptyDocument),
        (b"\x89PNG\r\n", NotAFeed),
        (b"https://kabar.example/rss\n", NotAFeed),
        (b"<html><body><p>opml</p></body></html>", NotAFeed),
        (b"<rss version='2.0'><channel/></rss>", NotAFeed),
        (b"<opml version='2.0'><head/></opml>", NotAFeed),
        (b"<x><opml><body/></opml></x>", NotAFeed),
        (b"<opml", NotAFeed),
        (b"<opml >", NotAFeed),
        (
            opml(outline("https://a.example/"), before='<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;">]>'),
            ParseError,
        ),
        (opml(outline("&a;"), before='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'), ParseError),
    ],
)
def test_what_is_no_list_of_feeds_is_told_as_that(document: bytes, error: type[ParseError]) -> None:
    with pytest.raises(error):
        read(document)


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ('<outline text="Lain" type="include" url="https://a.example/list.opml"/>', outlines.INCLUDED),
        ('<outline text="Lain" type="link" url="https://a.example/"/>', outlines.LINKED),
        ('<outline text="Lain" type="LINK" url="https://a.example/list.opml"/>', outlines.LINKED),
        ('<outline text="Lain" htmlUrl="https://a.example/"/>', outlines.PAGE),
        ('<outline text="Lain" type="tweet" url="https://a.example/"/>', outlines.PAGE),
        ('<outline text="Lain"/>', outlines.NOTHING),
        ('<outline text="Lain"></outline>', outlines.NOTHING),
    ],
)
def test_what_is_no_feed_is_counted_with_the_reason(inner: str, reason: str) -> None:
    listed = read(opml(inner + outline("https://a.example/rss")))
    assert listed.skipped == (Refusal(title="Lain", reason=reason),)
    assert listed.refused == ()
    assert urls(listed) == ["https://a.example/rss"]


def test_what_is_no_feed_may_have_feeds_in_it() -> None:
    listed = read(opml(f'<outline text="Lain" type="link">{outline("https://a.example/")}</outline>'))
    assert [each.reason for each in listed.skipped] == [outlines.LINKED]
    assert listed.feeds == (Outline(url="https://a.example/", folders=("Lain",)),)


def test_a_folder_that_holds_nothing_but_folders_is_none_that_is_skipped() -> None:
    listed = read(
        opml(f'<outline text="A"><outline text="B">{outline("https://a.example/")}</outline></outline>')
    )
    assert listed.skipped == ()
    assert listed.folders == ("A / B",)


def test_folders_beyond_the_bound_leave_their_feeds_to_the_folder_around_them() -> None:
    many = "".join(
        f'<outline text="F{n}">{outline(f"https://s{n}.example/")}</outline>'
        for n in range(outlines.MOST_FOLDERS + 5)
    )
    around = (
        f'<outline text="Luar">{outline("https://luar.example/")}{many}</outline>{many.replace("//s", "//t")}'
    )
    listed = read(opml(around))
    assert len(listed.folders) == outlines.MOST_FOLDERS
    folders = {feed.url: feed.folders for feed in listed.feeds}
    assert folders["https://s0.example/"] == ("Luar / F0",)
    assert folders[f"https://s{outlines.MOST_FOLDERS}.example/"] == ("Luar",)
    assert folders["https://t0.example/"] == ()
    assert listed.beyond == 6 + outlines.MOST_FOLDERS + 5
    assert len(listed.feeds) == 2 * (outlines.MOST_FOLDERS + 5) + 1


def test_categories_are_bounded_too() -> None:
    category = ",".join(f"/a{n}/b" for n in range(100))
    (feed,) = read(opml(outline("https://a.example/", "A", f'category="{category}"'))).feeds
    assert feed.folders == tuple(f"a{n} / b" for n in range(outlines.MOST_CATEGORIES))


WIDE = "".join(
    f'<outline text="Map {n}">{outline(f"https://s{n}.example/")}</outline>' for n in range(40_000)
)
LONG_NAME = "panjang " * 600
COSTLY = {
    "wide": WIDE,
    "deep": '<outline text="m">' * 60_000 + "</outline>" * 60_000,
    "deep with long names": f'<outline text="{LONG_NAME}">' * 1_500
    + "".join(outline(f"https://s{n}.example/") for n in range(20_000))
    + "</outline>" * 1_500,
    "a staircase": "".join(f'<outline text="m{n}">{outline(f"https://s{n}.example/")}' for n in range(2_000))
    + "</outline>" * 2_000,
    "one feed in every folder": "".join(
        f'<outline text="Map {n}">{outline("https://a.example/")}</outline>' for n in range(40_000)
    ),
    "categories": "".join(
        outline(f"https://s{n}.example/", "", f'category="{",".join(f"/{n}/{k}" for k in range(300))}"')
        for n in range(2_000)
    ),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_list_that_is_made_to_cost_costs_little(name: str) -> None:
    document = opml(COSTLY[name])
    before = process_time()
    listed = read(document)
    assert process_time() - before < 8, "seconds of CPU; 0.3 to 1.5 as a rule"
    assert len(listed.folders) <= outlines.MOST_FOLDERS
    assert all(len(folder) <= 200 for folder in listed.folders)


def test_ten_thousand_feeds_and_very_deep_folders_are_read() -> None:
    many = read(opml("".join(outline(f"https://s{n}.example/rss", f"Kabar {n}") for n in range(10_000))))
    assert len(many.feeds) == 10_000
    deep = read(opml('<outline text="f">' * 500 + outline("https://a.example/") + "</outline>" * 500))
    assert urls(deep) == ["https://a.example/"]
    assert len(deep.folders[0]) <= 200


def test_too_many_outlines_or_bytes_are_refused() -> None:
    with pytest.raises(ParseError, match="more than 100,000 outlines"):
        read(opml("<outline/>" * 100_001))
    with pytest.raises(ParseError, match="the most is 16,000,000"):
        read(b" " * 16_000_001)


titles = st.text(max_size=40)
feeds = st.lists(
    st.builds(
        Outline,
        url=st.integers(0, 10**6).map(lambda n: f"https://s{n}.example/rss?a=1&b={n}"),
        title=titles,
        folders=st.lists(
            st.sampled_from(["Dunia", "A & <B>", "Дүние", "a / b"]), unique=True, max_size=3
        ).map(tuple),
    ),
    unique_by=lambda each: each.url,
    max_size=20,
)


@settings(max_examples=200, deadline=None)
@given(title=titles, given_feeds=feeds)
def test_what_is_written_is_valid_and_reads_back(title: str, given_feeds: list[Outline]) -> None:
    written = write(title, given_feeds)
    root = etree.fromstring(written)
    assert (root.tag, root.get("version"), [each.tag for each in root]) == ("opml", "2.0", ["head", "body"])
    assert all(each.get("text") for each in root.iter("outline"))
    listed = read(written)
    assert not listed.damaged
    assert listed.refused == ()
    assert {(each.url, frozenset(each.folders)) for each in listed.feeds} == {
        (each.url, frozenset(each.folders)) for each in given_feeds
    }
    assert write(title, given_feeds) == written
