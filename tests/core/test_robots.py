"""robots.txt as RFC 9309 has it: groups, the longest match, escapes, and whatever else stands in such files."""

from __future__ import annotations

import string
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.robots import MAX_BYTES, clipped, rules_of

OURS = "aggregator"


def allows(body: str | bytes, path: str, agent: str = OURS) -> bool:
    return rules_of(body if isinstance(body, bytes) else body.encode()).allows(path, agent=agent)


def one(rule: str) -> str:
    return f"User-agent: *\n{rule}\n"


# After RFC 9309, 5.1, with robots of our own.
SIMPLE = """\
User-Agent: *
Disallow: *.zip$
Disallow: /ruang/
Allow: /umum/

User-Agent: kabarbot
Allow: /ruang/tamu.html
Allow: /ruang/arsip.zip
Disallow: /

User-Agent: warta-bot
User-Agent: pewarta
Disallow: /ruang/*.zip$

User-Agent: sepi

"""


@pytest.mark.parametrize(
    ("agent", "path", "allowed"),
    [
        ("lain", "/a.zip", False),
        ("lain", "/a.zip?x", True),
        ("lain", "/ruang/tamu.html", False),
        ("lain", "/umum/", True),
        ("lain", "/", True),
        ("kabarbot", "/ruang/tamu.html", True),
        ("kabarbot", "/ruang/arsip.zip", True),
        ("kabarbot", "/ruang/", False),
        ("kabarbot", "/umum/", False),
        ("warta-bot", "/ruang/a.zip", False),
        ("pewarta", "/ruang/a.zip", False),
        ("pewarta", "/ruang/a.html", True),
        ("sepi", "/a.zip", True),  # a group without rules is a group all the same
        ("sepi", "/ruang/", True),
    ],
)
def test_the_simple_example_of_the_rfc(agent: str, path: str, allowed: bool) -> None:
    assert allows(SIMPLE, path, agent) is allowed


# After RFC 9309, 5.2.
LONGEST = "User-Agent: kabarbot\nAllow: /berita/hal/\nDisallow: /berita/hal/palsu.gif\n"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/berita/hal/satu.html", True), ("/berita/hal/palsu.gif", False), ("/berita/", True)],
)
def test_the_longest_match_of_the_rfc(path: str, allowed: bool) -> None:
    assert allows(LONGEST, path, "kabarbot") is allowed


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        (("allow: /a", "disallow: /"), "/abc", True),
        (("disallow: /", "allow: /a"), "/abc", True),
        (("allow: /a", "disallow: /ab"), "/abc", False),
        (("disallow: /dir", "allow: /dir"), "/dir/x", True),  # as long: it is allowed
        (("allow: /dir", "disallow: /dir"), "/dir/x", True),
        (("allow: /hal", "disallow: /*.htm"), "/hal.htm", False),
        (("allow: /hal", "disallow: /*.ph"), "/hal.php5", False),
        (("allow: /$", "disallow: /"), "/", True),
        (("allow: /$", "disallow: /"), "/hal.htm", False),
        (("disallow: /%7Enama", "allow: /~nama"), "/~nama/", True),  # one rule, written twice
        (("disallow:",), "/", True),
        (("disallow: /", "disallow:"), "/", False),
        (("allow:", "disallow: /"), "/", False),
        (("disallow: /", "disallow: /"), "/x", False),
    ],
)
def test_the_longest_rule_decides_and_allow_wins_ties(
    rules: tuple[str, ...], path: str, allowed: bool
) -> None:
    assert allows(one("\n".join(rules)), path) is allowed


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("/", ["/", "/a", "/a?b"], []),
        ("/*", ["/", "/a"], []),
        ("/ikan", ["/ikan", "/ikan.html", "/ikan/asin", "/ikan?id=1"], ["/Ikan", "/x/ikan", "/ika"]),
        ("/ikan*", ["/ikan", "/ikan.html"], ["/Ikan.asp", "/x/ikan"]),
        ("/ikan/", ["/ikan/", "/ikan/?id=1"], ["/ikan", "/ikan.html"]),
        ("/*.php", ["/a.php", "/x/a.php?b", "/a.phpx", "/.php", "/a.php/"], ["/", "/a.PHP", "/a.ph"]),
        ("/*.php$", ["/a.php", "/x/a.php"], ["/a.php?b", "/a.php/", "/a.php5", "/windows.PHP"]),
        ("/ikan*.php", ["/ikan.php", "/ikanasin/laut.php?x"], ["/Ikan.PHP"]),
        ("*/cetak", ["/a/cetak", "/cetak", "/b/cetak/2"], ["/cetk"]),
        ("*", ["/", "/x"], []),
        ("/a**b", ["/ab", "/axxb"], ["/a"]),
        ("/a*$", ["/a", "/abc"], ["/b"]),
        ("/*a*a$", ["/aa", "/abab/a"], ["/a", "/aab"]),
        ("/a$b", ["/a$b", "/a%24b"], ["/a", "/ab"]),
        ("/a$$", ["/a$", "/a%24"], ["/a", "/a$$", "/a$b"]),
        ("/*?", ["/a?", "/a?b=c"], ["/a"]),
        ("/*ab*abc$", ["/ababc", "/ab-abc"], ["/abc", "/ababcd"]),
    ],
)
def test_stars_and_dollars(pattern: str, matching: list[str], others: list[str]) -> None:
    assert [path for path in matching if allows(one(f"Disallow: {pattern}"), path)] == []
    assert [path for path in others if not allows(one(f"Disallow: {pattern}"), path)] == []


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        # RFC 9309, 2.2.2
        ("/toko/bar?cari=kue", "/toko/bar?cari=kue", True),
        ("/toko/bar?asal=https://toko.example", "/toko/bar?asal=https%3A%2F%2Ftoko.example", True),
        ("/toko/bar?asal=https%3a%2f%2ftoko.example", "/toko/bar?asal=https://toko.example", True),
        ("/toko/ツ", "/toko/%E3%83%84", True),
        ("/toko/%E3%83%84", "/toko/%E3%83%84", True),
        ("/toko/%e3%83%84", "/toko/%E3%83%84", True),
        ("/toko/%E3%83%84", "/toko/ツ", True),
        ("/toko/%62%61%7A", "/toko/baz", True),
        ("/toko/baz", "/toko/%62%61%7A", True),
        # 2.2.3
        ("/berkas-%2A.html", "/berkas-*.html", True),
        ("/berkas-%2A.html", "/berkas-x.html", False),
        ("/berkas-%2a.html", "/berkas-%2A.html", True),
        ("/toko-%24", "/toko-$", True),
        ("/toko-%24", "/toko-", False),
        ("/toko-%24/x", "/toko-$/x", True),
        # what is reserved stays what it is
        ("/a%2Fb", "/a/b", False),
        ("/a/b", "/a%2Fb", False),
        ("/a%2Fb", "/a%2fb", True),
        ("/a%3Fb", "/a?b", False),
        ("/x?a=b%26c", "/x?a=b&c", False),
        ("/x?a%3Db", "/x?a=b", False),
        ("/*u=%2F", "/x?u=%2F", True),  # the mark of the query stands behind a star
        ("/*/cetak/", "/buka?u=/cetak/", True),
        ("/*/cetak/", "/buka?u=%2Fcetak%2F", True),
        # unreserved, escaped or not
        ("/%7enama/", "/~nama/", True),
        ("/~nama/", "/%7Enama/", True),
        ("/a%2Db%2Ec%5Fd", "/a-b.c_d", True),
        # what may not stand bare in a URL
        ("/a b", "/a%20b", True),
        ('/a"<>b', "/a%22%3C%3Eb", True),
        ("/seratus%", "/seratus%25", True),
        ("/seratus%", "/seratus%", True),
        ("/50%zz", "/50%25zz", True),
        ("/|{}", "/%7C%7B%7D", True),
    ],
)
def test_escapes_are_made_comparable(pattern: str, path: str, matches: bool) -> None:
    assert allows(one(f"Disallow: {pattern}"), path) is not matches


def test_a_path_in_another_charset_is_compared_by_its_octets() -> None:
    assert not allows(b"user-agent: *\ndisallow: /caf\xe9\n", "/caf%E9")
    assert allows(b"user-agent: *\ndisallow: /caf\xe9\n", "/caf%C3%A9")


@pytest.mark.parametrize(
    ("lines", "ours"),
    [
        ("User-agent: aggregator\nDisallow: /", False),
        ("USER-AGENT: AGGREGATOR\nDISALLOW: /", False),
        ("user-agent: Aggregator/2.1\ndisallow: /", False),
        ("user-agent: aggregator   # we know you\ndisallow: / # all", False),
        ("user-agent: aggregatorbot\ndisallow: /", True),
        ("user-agent: news-aggregator\ndisallow: /", True),
        ("user-agent: aggre\ndisallow: /", True),
        ("user-agent: *\ndisallow: /", False),
        ("user-agent: * \ndisallow: /", False),
        ("user-agent: *bot\ndisallow: /", True),
        ("user-agent:\ndisallow: /", True),
        # our own group is all that counts for us
        ("user-agent: *\ndisallow: /\n\nuser-agent: aggregator\ndisallow: /x", True),
        ("user-agent: aggregator\ndisallow: /x\n\nuser-agent: *\ndisallow: /", True),
        ("user-agent: *\ndisallow: /\n\nuser-agent: aggregator", True),
        # groups of one robot are one
        (
            "user-agent: aggregator\nallow: /x\n\nuser-agent: b\nallow: /\n\nuser-agent: aggregator\ndisallow: /",
            False,
        ),
        ("user-agent: *\nallow: /x\n\nuser-agent: b\nallow: /\n\nuser-agent: *\ndisallow: /", False),
        # several names before the rules
        ("user-agent: a\nuser-agent: aggregator\nuser-agent: c\ndisallow: /", False),
        ("user-agent: aggregator\nallow: /a\nuser-agent: c\ndisallow: /", True),
        ("user-agent: *\nuser-agent: c\ndisallow: /", False),
        # lines of other kinds end nothing
        ("user-agent: aggregator\nsitemap: https://kabar.example/s.xml\nuser-agent: c\ndisallow: /", False),
        ("user-agent: aggregator\ncrawl-delay: 3\nuser-agent: c\ndisallow: /", False),
        ("user-agent: aggregator\n\n\nhost: kabar.example\nclean-param: a\n\ndisallow: /", False),
        ("user-agent: aggregator\nsitemap: x\ndisallow: /", False),
        ("user-agent: aggregator\nallow: /x\nsitemap: x\nnoindex: /\ndisallow: /", False),
        # rules of nobody
        ("disallow: /\nuser-agent: b\ndisallow: /", True),
        ("disallow: /", True),
    ],
)
def test_groups(lines: str, ours: bool) -> None:
    assert allows(lines, "/hal.html") is ours


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbfuser-agent: *\ndisallow: /x",
        b"user-agent: *\rdisallow: /x\r",
        b"user-agent: *\r\ndisallow: /x\r\n",
        b"user-agent: *\n\r\ndisallow: /x",
        b"\n\n  \t user-agent \t:\t*  \n\t disallow :/x\t ",
        b"user-agent:*\ndisallow:/x#y",
        b"# robots\nuser-agent: *#all\ndisallow: /x # not this",
        b"useragent: *\ndisallow: /x",
        b"User agent: *\ndisallow: /x",
        b"user-agent: *\ndissallow: /x",
        b"user-agent: *\ndissalow: /x",
        b"user-agent: *\ndisalow: /x",
        b"user-agent: *\ndiasllow: /x",
        b"user-agent: *\nDisallaw: /x",
        b"user-agent *\ndisallow /x",
        b"user-agent: *\nfoo\nfoo: bar\n: /\n:\ndisallow: /x",
        b"user-agent: *\n\xff\xfe\x00\x01: \x80\ndisallow: /x",
        b"user-agent: *\ndisallow: /x\x00",
    ],
)
def test_what_people_write_is_understood(body: bytes) -> None:
    assert not allows(body, "/xy")
    assert allows(body, "/y")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xef\xbb\xbf",
        b"<!doctype html><html><head><title>404</title></head><body><p>Tidak ada: /</p></body></html>",
        b'{"error": "not found"}',
        bytes(range(256)) * 50,
        b"user-agent: *\nforbid: /\nno: way",
        b"user-agent: *\ndisallow: x",
        b"user-agent: *\ndisallow: https://kabar.example/",
        b"user-agent: *\ndisallow: please do not",
        b"\r\n" * 1000,
    ],
)
def test_what_says_nothing_forbids_nothing(body: bytes) -> None:
    assert allows(body, "/")
    assert allows(body, "/x?y")


def test_robots_txt_itself_is_always_allowed() -> None:
    everything = one("Disallow: /")
    assert allows(everything, "/robots.txt")
    assert not allows(everything, "/robots.txt2")
    assert not allows(everything, "/a/robots.txt")


@pytest.mark.parametrize("path", ["", "/", "#bagian"])
def test_no_path_is_the_root(path: str) -> None:
    assert not allows(one("Disallow: /$"), path)


def test_only_500_kib_are_read_and_only_whole_lines() -> None:
    head, cut = b"user-agent: *\nallow: /a\n#", b"\ndisallow: /"
    body = head + b"x" * (MAX_BYTES - len(head) - len(cut)) + cut
    assert len(body) == MAX_BYTES
    assert not allows(body, "/luar")
    longer = body + b"intern/\n"
    assert allows(longer, "/luar")
    assert allows(longer, "/intern/")
    assert len(clipped(longer)) < MAX_BYTES
    assert rules_of(clipped(longer)) == rules_of(longer)


def test_a_single_line_without_an_end_is_not_read_beyond_the_limit() -> None:
    assert clipped(b"x" * (MAX_BYTES + 1)) == b""
    assert len(clipped(b"x" * MAX_BYTES)) == MAX_BYTES


# Against matchers that are slow and plain.


@cache
def slowly(pattern: str, path: str) -> bool:
    """Match letter by letter; a star may stand for anything."""
    if not pattern:
        return True
    if pattern == "$":
        return not path
    if pattern[0] == "*":
        return slowly(pattern[1:], path) or (bool(path) and slowly(pattern, path[1:]))
    return bool(path) and path[0] == pattern[0] and slowly(pattern[1:], path[1:])


PATTERNS = st.builds("/{}{}".format, st.text("ab/*", max_size=10), st.sampled_from(["", "$"]))
PATHS = st.builds("/{}".format, st.text("ab/", max_size=14))


@settings(max_examples=400, deadline=None)
@given(PATTERNS, PATHS)
def test_a_pattern_matches_what_a_slow_matcher_says(pattern: str, path: str) -> None:
    assert allows(one(f"disallow: {pattern}"), path) is not slowly(pattern, path)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.booleans(), PATTERNS), max_size=6), PATHS)
def test_the_verdict_is_that_of_the_longest_of_all_that_match(
    rules: list[tuple[bool, str]], path: str
) -> None:
    lines = [f"{'allow' if allowed else 'disallow'}: {pattern}" for allowed, pattern in rules]
    matching = [(len(pattern), allowed) for allowed, pattern in rules if slowly(pattern, path)]
    assert allows(one("\n".join(lines)), path) is (max(matching)[1] if matching else True)


FREE = string.ascii_letters + string.digits + "-._~"
LETTERS = st.text("abc.-~/?&=+é☂ ", max_size=20)


@settings(max_examples=300, deadline=None)
@given(LETTERS, st.sets(st.integers(0, 20)), st.sampled_from(["/a", "/*b", "/*.c$", "/é*", "/*?*a"]))
def test_escaping_what_is_unreserved_changes_nothing(path: str, chosen: set[int], pattern: str) -> None:
    escaped = "".join(
        f"%{ord(letter):02x}" if index in chosen and letter in FREE else letter
        for index, letter in enumerate(path)
    )
    rule = one(f"disallow: {pattern}")
    assert allows(rule, f"/{escaped}") is allows(rule, f"/{path}")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=40))
def test_nothing_in_a_file_or_a_path_is_an_error(body: bytes, path: str) -> None:
    rules = rules_of(b"user-agent: *\n" + body)
    assert rules.allows(path, agent=OURS) in (True, False)


LINES = ["user-agent: *", "user-agent: aggregator", "user-agent: b", "allow: /a", "disallow: /", ""]
OTHERS = ["sitemap: x", "# note", "crawl-delay: 3", "host: kabar.example", "\t", "noindex: /a"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=12), st.integers(0, 12), st.sampled_from(OTHERS))
def test_lines_of_other_kinds_change_nothing_wherever_they_stand(
    lines: list[str], at: int, other: str
) -> None:
    more = [*lines[:at], other, *lines[at:]]
    for path in ("/a", "/b"):
        assert allows("\n".join(more), path) is allows("\n".join(lines), path)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [("/" + "*a" * 250_000 + "b", False), ("/" + "a*" * 200_000 + "$", False), ("*" * 500_000, True)],
    ids=["stars and letters", "letters and stars", "stars"],
)
def test_a_pattern_of_half_a_million_letters_is_matched_all_the_same(pattern: str, matches: bool) -> None:
    assert allows(one(f"disallow: {pattern}"), "/" + "a" * 8000) is not matches
