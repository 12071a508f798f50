"""Where requests may go, and where none ever goes, whoever leads there (robustness, SS).

A canary listens on 127.0.0.1 wherever a request could end up: it must never see a connection. Where a case needs an
origin that may be asked, that one is on 127.0.0.2, with the canary at the same port, so that only the address tells
the two apart. `tests/system/test_networks.py` goes through the same with public addresses and the real program.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Final

import pytest

from aggregator.config import load
from aggregator.errors import ConfigError
from aggregator.jobs.places import packaged_gazetteer
from aggregator.model import PollingSettings
from tests.daemon.program import text_of
from tests.fetching import Names
from tests.jobs.conftest import configured, rss
from tests.origin import CLOSE, Answer, Origin, reply
from tests.robustness.conftest import Desk, entry, feed_at, headline_of, news, settings

pytestmark = pytest.mark.anyio
# What a request may hold; anything else was put there by an origin.
SENT: Final = {b"host", b"user-agent", b"accept", b"accept-encoding", b"if-none-match", b"if-modified-since"}
PAGE: Final = {"Content-Type": "text/html; charset=utf-8"}

LITERALS: Final[dict[str, Sequence[str]]] = {
    "ss-01": (
        "127.0.0.1",
        "127.255.255.254",
        "[::1]",
        "[::]",
        "localhost",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.254",
        "192.168.1.1",
        "169.254.169.254",
        "169.254.170.2",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[fc00::1]",
        "0.0.0.0",
        "0.1.2.3",
        "100.64.0.1",
        "255.255.255.255",
    ),
    "ss-03": (
        "0x7f000001",
        "0X7F.1",
        "2130706433",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "017700000001",
        "\u2460\u2461\u2466.0.0.1",
        "\uff11\uff12\uff17.0.0.1",
        "127\u30020\u30020\u30021",
        "127.0.0.1.",
        "0",
        "0x0",
        "%31%32%37.0.0.1",
        "LOCALHOST",
        "localhost.",
        "169.254.43518",
        "0xa9fea9fe",
    ),
    "ss-04": (
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::a00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::1]",
        "[2001:db8::1]",
        "[fec0::1]",
        "[ff02::1]",
        "224.0.0.1",
        "239.255.255.250",
        "192.88.99.1",
        "192.0.0.8",
        "198.18.0.1",
        "240.0.0.1",
        "[fe80::1%25eth0]",
        "[fe80::1%25lo]",
        "[::1%25lo]",
        "[2606:4700::1%251]",
    ),
}
FORMS: Final = [host for hosts in LITERALS.values() for host in hosts]
NO_ADDRESS: Final = "%25"  # a URL has no place for the zone of an address (WHATWG)


@pytest.fixture
def beside() -> Iterator[tuple[Origin, Origin]]:
    """An origin on 127.0.0.2, and a canary on 127.0.0.1 at the same port."""
    with ExitStack() as stack:
        for _ in range(50):  # another program may have that port there
            public = Origin("127.0.0.2")
            try:
                canary = Origin("127.0.0.1", port=public.port)
            except OSError:
                public.close()
                continue
            yield stack.enter_context(public), stack.enter_context(canary)
            return
        raise AssertionError("no port is free on both addresses")


@pytest.fixture
def public(beside: tuple[Origin, Origin]) -> Origin:
    return beside[0]


@pytest.fixture
def canary(beside: tuple[Origin, Origin]) -> Origin:
    for path in ("/", "/feed", "/latest/meta-data/"):
        beside[1].answer(path, reply(200, news(99)))
    return beside[1]


@pytest.fixture
async def newsroom(tmp_path: Path, public: Origin, canary: Origin) -> AsyncIterator[Desk]:
    """A newsroom that may ask 127.0.0.2, and nothing else that is not public."""
    config = configured(tmp_path / "output", feed_at(public.url("/feed")))
    desk = Desk(
        tmp_path, replace(config, polling=settings(allow_networks=("127.0.0.2/32",))), origins=[public]
    )
    desk.open()
    try:
        yield desk
        desk.check()
        assert canary.connections == 0
        assert "rahasia" not in everything(desk)
    finally:
        await desk.close()


def everything(desk: Desk) -> str:
    """All that is kept and all that is published, as text."""
    connection = sqlite3.connect(desk.folder / "state" / "aggregator.db")
    try:
        kept = "\n".join(connection.iterdump())
    finally:
        connection.close()
    return kept + "".join(repr(data) for _, _, data in desk.files().values())


def local_names() -> Names:
    """A resolver that knows this machine by its names, as /etc/hosts does."""
    return Names().answer("localhost", ("127.0.0.1", "::1")).answer("localhost.", ("127.0.0.1",))


def errors(desk: Desk) -> dict[str, str]:
    """The kind of the error of each feed."""
    return {each["id"]: (each["error"] or {"kind": ""})["kind"] for each in desk.status()["feeds"]}


# -- literals, forms, names


async def test_ss_01_03_04_no_form_of_a_forbidden_address_is_asked_as_a_feed(
    newsroom: Desk, canary: Origin
) -> None:
    at = {f"f{n}": f"http://{host}:{canary.port}/feed" for n, host in enumerate(FORMS)}
    at |= {f"plain{n}": f"https://{host}/feed" for n, host in enumerate(FORMS)}
    # Nothing but the defaults: every network that is not public is refused, 127.0.0.2 too.
    default = PollingSettings(timeout=newsroom.config.polling.timeout, host_delay=timedelta(0))
    newsroom.lookup = local_names()
    await newsroom.configure(*(feed_at(url, name) for name, url in at.items()), polling=default)
    await newsroom.round()
    failed = errors(newsroom)
    assert {at[name]: kind for name, kind in failed.items() if kind != "refused"} == {}
    assert len(failed) == 2 * len(FORMS)
    for each in newsroom.status()["feeds"]:
        assert each["error"]["message"].isprintable()
        assert each["next_due"]


async def test_ss_01_default_settings_ask_no_loopback_address(newsroom: Desk, public: Origin) -> None:
    public.answer("/feed", reply(200, news(1)))
    await newsroom.configure(polling=PollingSettings(timeout=newsroom.config.polling.timeout))
    await newsroom.round()
    assert errors(newsroom) == {"kampar": "refused"}
    assert "allow_networks" in newsroom.feed()["error"]["message"]
    assert public.connections == 0
    await newsroom.configure(polling=settings(allow_networks=("127.0.0.2/32",)))
    await newsroom.round(force=True)
    assert errors(newsroom) == {"kampar": ""}
    assert newsroom.headlines() == [headline_of(1)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_ss_02_03_04_no_form_of_a_forbidden_address_is_asked_behind_a_redirect(
    newsroom: Desk, public: Origin, status: int
) -> None:
    to = {f"f{n}": f"http://{host}:{public.port}/feed" for n, host in enumerate(FORMS)}
    to |= {f"plain{n}": f"//{host}/latest/meta-data/" for n, host in enumerate(FORMS)}
    feeds = []
    for number, (name, location) in enumerate(to.items()):
        redirect = reply(status, headers={"Location": location.encode()})
        # Every second one by way of another public page: each hop is checked, not the first alone.
        if number % 2:
            public.answer(f"/{name}/hop", redirect)
            redirect = reply(status, headers={"Location": f"/{name}/hop"})
        feeds.append(feed_at(public.answer(f"/{name}", redirect), name))
    newsroom.lookup = local_names()
    await newsroom.configure(*feeds)
    await newsroom.round()
    failed = errors(newsroom)
    expected = {name: "rejected" if NO_ADDRESS in location else "refused" for name, location in to.items()}
    assert {to[name]: kind for name, kind in failed.items() if kind != expected[name]} == {}
    assert len(failed) == 2 * len(FORMS)
    # And again, when a redirect that holds for good might have been remembered.
    await newsroom.later(days=2)
    await newsroom.later(days=2)
    assert errors(newsroom) == expected


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1:{0}/",
        "ftp://127.0.0.1:{0}/",
        "data:text/xml,<rss/>",
        "unix:///x",
    ],
)
async def test_ss_02_nothing_but_http_is_asked_behind_a_redirect(
    newsroom: Desk, public: Origin, target: str
) -> None:
    public.answer("/feed", reply(302, headers={"Location": target.format(public.port)}))
    await newsroom.round()
    assert errors(newsroom) == {"kampar": "refused"}


ADDRESSES: Final = ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "64:ff9b::7f00:1",
                    "fe80::1%1", "2002:7f00:1::", "0.0.0.0"]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
async def test_ss_05_a_name_that_leads_to_a_forbidden_address_is_refused(
    newsroom: Desk, public: Origin, address: str
) -> None:
    names = Names().answer("kabar.example", (address,))
    newsroom.lookup = names
    await newsroom.configure(feed_at(f"http://kabar.example:{public.port}/feed"))
    await newsroom.round()
    assert errors(newsroom) == {"kampar": "refused"}
    assert "kabar.example" in newsroom.feed()["error"]["message"]
    assert names.asked == ["kabar.example"]


async def test_ss_05_the_address_that_was_checked_is_the_one_that_is_connected_to(
    newsroom: Desk, public: Origin
) -> None:
    # The name server changes its mind between any two lookups, with nothing to live for.
    names = Names().answer("kabar.example", ("127.0.0.2",), ("127.0.0.1",), ("127.0.0.2",))
    newsroom.lookup = names
    url = f"http://kabar.example:{public.port}"
    public.answer("/feed", (reply(200, news(1), {"Connection": "close"}), CLOSE))
    await newsroom.configure(feed_at(f"{url}/feed"))
    await newsroom.round()
    assert names.asked == ["kabar.example"]
    assert errors(newsroom) == {"kampar": ""}
    await newsroom.restart()  # nothing that was looked up is remembered
    await newsroom.at_next_due()
    assert errors(newsroom) == {"kampar": "refused"}
    assert names.asked == ["kabar.example"] * 2
    # In one poll: each name on the way is judged by itself.
    names.answer("lain.example", ("127.0.0.1",))
    to = f"http://lain.example:{public.port}/feed"
    public.answer("/feed", (reply(302, headers={"Location": to, "Connection": "close"}), CLOSE))
    await newsroom.restart()
    await newsroom.at_next_due()
    assert errors(newsroom) == {"kampar": "refused"}
    assert names.asked == ["kabar.example"] * 3 + ["lain.example"]
    assert newsroom.headlines() == [headline_of(1)]


@pytest.mark.parametrize(
    "found",
    [("127.0.0.1", "127.0.0.2"), ("127.0.0.2", "127.0.0.1"), ("::1", "127.0.0.2"), ("127.0.0.2", "::1")],
)
async def test_ss_05_of_several_addresses_only_those_that_may_be_asked_are_connected_to(
    newsroom: Desk, public: Origin, found: tuple[str, ...]
) -> None:
    newsroom.lookup = Names().answer("kabar.example", found)
    public.answer("/feed", (reply(200, news(1), {"Connection": "close"}), CLOSE))
    await newsroom.configure(feed_at(f"http://kabar.example:{public.port}/feed"))
    for _ in range(3):
        await newsroom.round(force=True)
        newsroom.now += newsroom.config.polling.first_interval
    assert errors(newsroom)["kampar"] in ("", "refused")


# -- what a document names


def with_links(to: str) -> bytes:
    """A feed that names an address wherever a feed can name one."""
    element = (
        f"<item><guid isPermaLink='true'>{to}/guid</guid><link>{to}/link</link><title>{headline_of(1)}</title>"
        f"<description>{escape(text_of('berita 1', 40))} &lt;img src='{to}/img.png'&gt;"
        f"&lt;link rel='stylesheet' href='{to}/x.css'&gt;&lt;iframe src='{to}/frame'&gt;&lt;/iframe&gt;</description>"
        f"<comments>{to}/comments</comments><enclosure url='{to}/a.mp3' type='audio/mpeg' length='1'/>"
        f"<media:content url='{to}/m.jpg' medium='image'/><media:thumbnail url='{to}/t.jpg'/>"
        f"<wfw:commentRss>{to}/wfw</wfw:commentRss><source url='{to}/source'>x</source>"
        f"<atom:link rel='alternate' href='{to}/alternate'/></item>"
    )
    channel = (
        f"<atom:link rel='hub' href='{to}/hub'/><atom:link rel='self' href='{to}/self'/>"
        f"<atom:link rel='next' href='{to}/next'/><atom:icon>{to}/favicon.ico</atom:icon>"
        f"<image><url>{to}/logo.png</url><link>{to}/</link></image><cloud domain='127.0.0.1' port='80' path='/c'/>"
        f"<docs>{to}/docs</docs>"
    )
    head = f"<?xml version='1.0'?><?xml-stylesheet href='{to}/x.xsl' type='text/xsl'?>"
    return (
        f"{head}<rss version='2.0' xml:base='{to}/base/' xmlns:atom='http://www.w3.org/2005/Atom'"
        " xmlns:media='http://search.yahoo.com/mrss/' xmlns:wfw='http://wellformedweb.org/CommentAPI/'>"
        f"<channel><title>Kabar</title><link>{to}/</link><description>x</description>{channel}{element}</channel></rss>"
    ).encode()


@pytest.mark.parametrize("read_pages", [True, False])
async def test_ss_07_nothing_that_a_feed_names_is_asked_where_it_points_inside(
    newsroom: Desk, public: Origin, canary: Origin, read_pages: bool
) -> None:
    public.answer("/feed", reply(200, with_links(canary.url(""))))
    await newsroom.configure(feed_at(public.url("/feed"), read_pages=read_pages))
    for _ in range(3):
        await newsroom.at_next_due()
    await newsroom.later(days=8)
    assert newsroom.headlines() == [headline_of(1)]  # with the feed's own text
    assert {seen.target for seen in public.seen()} == {"/feed"}


async def test_ss_07_of_all_that_a_feed_and_its_pages_name_only_the_page_is_ever_asked(
    newsroom: Desk, public: Origin, canary: Origin
) -> None:
    public.answer("/feed", reply(200, with_links(public.url(""))))
    inside = canary.url("")
    paragraphs = "".join(f"<p>{text_of(f'alinea {number}', 50)}</p>" for number in range(4))
    page = (
        f"<!DOCTYPE html><html><head><title>{headline_of(1)}</title><base href='{inside}/'>"
        f"<link rel='canonical' href='{inside}/canonical'><link rel='amphtml' href='{inside}/amp'>"
        f"<meta property='og:image' content='{inside}/og.png'><link rel='icon' href='{inside}/favicon.ico'>"
        f"<meta http-equiv='refresh' content='0;url={inside}/refresh'><script src='{inside}/s.js'></script></head>"
        f"<body><article><h1>{headline_of(1)}</h1><img src='{inside}/1.png'>{paragraphs}"
        f"<a rel='next' href='{inside}/2'>2</a><iframe src='{inside}/f'></iframe></article></body></html>"
    )
    public.answer("/link", reply(200, page.encode(), PAGE))
    public.answer(
        "/robots.txt", reply(200, f"User-agent: *\nAllow: /\nSitemap: {inside}/sitemap.xml\n".encode())
    )
    await newsroom.configure(feed_at(public.url("/feed"), read_pages=True))
    for _ in range(3):
        await newsroom.at_next_due()
    assert [seen.target for seen in public.seen()] == ["/feed", "/robots.txt", "/link", "/feed", "/feed"]
    assert newsroom.headlines() == [headline_of(1)]


@pytest.mark.parametrize("led", ["/robots.txt", "/link", "/feed"])
async def test_ss_07_a_redirect_inside_is_not_followed_whatever_was_asked_for(
    newsroom: Desk, public: Origin, canary: Origin, led: str
) -> None:
    answers: dict[str, Answer] = {
        "/feed": reply(200, with_links(public.url(""))),
        "/link": reply(200, b"<p>" + text_of("x", 200).encode(), PAGE),
        "/robots.txt": reply(200, b"User-agent: *\nAllow: /\n"),
        led: reply(302, headers={"Location": canary.url("/feed")}),
    }
    for path, answer in answers.items():
        public.answer(path, answer)
    await newsroom.configure(feed_at(public.url("/feed"), read_pages=True))
    await newsroom.at_next_due()
    await newsroom.later(hours=2)
    assert len(newsroom.headlines()) == (0 if led == "/feed" else 1)


# -- addresses that programs read in several ways

FORMS_OF_REDIRECT: Final = [
    "http://127.0.0.2:{0}@127.0.0.1:{0}/feed",
    "http://127.0.0.1:{0}#@127.0.0.2:{0}/feed",
    "http://127.0.0.1:{0}?@127.0.0.2:{0}/feed",
    "http://127.0.0.2:{0}\\@127.0.0.1:{0}/feed",
    "http://127.0.0.1:{0}\\@127.0.0.2:{0}/feed",
    "http:\\\\127.0.0.1:{0}/feed",
    "\\\\127.0.0.1:{0}/feed",
    "/\\127.0.0.1:{0}/feed",
    "//127.0.0.1:{0}/feed",
    "///127.0.0.1:{0}/feed",
    "http:///127.0.0.1:{0}/feed",
    "http:127.0.0.1:{0}/feed",
    "http://127.0.0.1%00.kabar.example:{0}/feed",
    "http://127.0.0.1%0d%0aX-Evil:%20y:{0}/feed",
    "http://127.0.0.1%20.kabar.example:{0}/feed",
    "http://127.0.0.1 .kabar.example:{0}/feed",
    "http://127.0.0.1\t:{0}/feed",
    "http://sandi:rahasia@127.0.0.1:{0}/feed",
    "http://[::ffff:127.0.0.1]:{0}/feed",
    "  http://127.0.0.1:{0}/feed  ",
    "HTTP://127.0.0.1:{0}/feed",
    "http://127.0.0.1:0{0}/feed",
]


@pytest.mark.parametrize("location", FORMS_OF_REDIRECT)
async def test_ss_08_the_host_that_is_checked_is_the_host_that_is_asked(
    newsroom: Desk, public: Origin, location: str
) -> None:
    public.answer("/feed", reply(302, headers={"Location": location.format(public.port)}))
    await newsroom.round()
    # What reads as a path of the same host is asked there (404); the canary has seen nothing in any case.
    assert errors(newsroom)["kampar"] in ("refused", "rejected")
    assert all(seen.target.startswith("/") for seen in public.seen())
    assert newsroom.headlines() == []


async def test_ss_08_a_user_in_an_address_is_neither_sent_nor_kept_nor_shown(
    newsroom: Desk, public: Origin, capsys: pytest.CaptureFixture[str]
) -> None:
    with_user = public.url("/baru").replace("//", "//sandi:rahasia@")
    public.answer("/feed", reply(301, headers={"Location": with_user}))
    link = public.url("/1.html").replace("//", "//sandi:rahasia@")
    body = rss(entry(1).replace("https://kampar.example/1", link))
    public.answer("/baru", reply(200, body))
    for _ in range(4):
        await newsroom.later(days=1)
    public.answer("/baru", reply(500))
    await newsroom.later(days=1)
    assert all(seen.header("authorization") is None for seen in public.seen())
    assert {seen.target for seen in public.seen()} == {"/feed", "/baru"}
    assert "rahasia" not in json.dumps(newsroom.status())
    assert [each["url"] for each in newsroom.entries()] == [public.url("/1.html")]
    assert "rahasia" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "url",
    [
        "http://sandi:rahasia@kabar.example/rss",
        "http://rahasia@kabar.example/rss",
        "http://kabar%00.example/",
        "http://kabar .example/",
    ],
)
def test_ss_08_an_editor_who_writes_such_an_address_is_told_at_its_line(tmp_path: Path, url: str) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text(
        f"[site]\ntitle = 'Meja'\nurl = 'https://meja.example/'\n[[feed]]\nid = 'kampar'\nurl = '{url}'\n"
        "[[section]]\nid = 'semua'\ntitle = 'Semua'\n",
        "utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load(file, gazetteer=packaged_gazetteer(), environment={})
    assert {fault.line for fault in caught.value.faults} == {6}


# -- bodies that name something


async def test_ss_10_a_body_that_is_a_path_or_an_address_is_no_feed_and_nothing_is_opened(
    newsroom: Desk, public: Origin, canary: Origin, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_bytes(rss("<item><guid>1</guid><title>rahasia</title></item>"))
    canary.answer("/secret.xml", reply(200, secret.read_bytes()))
    bodies = [
        str(secret),
        f"{secret}\n",
        f"file://{secret}",
        f"file:{secret}",
        secret.name,
        f"../{tmp_path.name}/{secret.name}",
        "/etc/passwd",
        "file:///etc/passwd",
        str(newsroom.folder / "state" / "aggregator.db"),
        "http://169.254.169.254/",
        canary.url("/secret.xml"),
        f"\ufeff{canary.url('/secret.xml')}",
        json.dumps(str(secret)),
        f"<{secret}>",
        "/dev/stdin",
        "/dev/zero",
    ]
    kinds = ("application/rss+xml", "text/html", "application/feed+json", "text/plain; charset=utf-16")
    feeds = [
        feed_at(
            public.answer(
                f"/{number}", reply(200, body.encode(), {"Content-Type": kinds[number % len(kinds)]})
            ),
            f"f{number}",
        )
        for number, body in enumerate(bodies)
    ]
    await newsroom.configure(*feeds)
    await newsroom.round()
    await newsroom.round(force=True)
    found = errors(newsroom)
    assert set(found.values()) <= {"not-a-feed", "parse", "encoding"}, found
    assert newsroom.ledger()["accepted"] == 0
    assert "rahasia" not in everything(newsroom)
    # The origin's own words are no part of what is told.
    assert str(secret) not in json.dumps([each["error"] for each in newsroom.status()["feeds"]])


# -- headers that would be lines

HEADERS: Final = {
    "folded": b'"a"\r\n X-Evil: 1',
    "folded by a tab": b'"a"\r\n\tX-Evil: 1',
    "folded, last": b'"a"\r\n ',
    "carriage return": b'"a"\rX-Evil: 1',
    "line feed": b'"a"\nX-Evil: 1',
    "nul": b'"a\x00b"',
    "delete": b'"a\x7fb"',
    "escape": b'"a\x1b[2Jb"',
    "tab": b'"a\tb"',
    "not ascii": b'"\xe9\xff"',
    "encoded": b'"a%0d%0aX-Evil:%201"',
    "very long": b'"' + b"a" * 20_000 + b'"',
    "nothing but quotes": b'""',
    "a star": b"*",
}


@pytest.mark.parametrize("name", ["ETag", "Last-Modified"])
@pytest.mark.parametrize("value", HEADERS.values(), ids=HEADERS.keys())
async def test_ss_12_no_validator_becomes_a_line_of_a_request_and_none_bricks_a_feed(
    newsroom: Desk, public: Origin, name: str, value: bytes
) -> None:
    public.answer(
        "/feed", reply(200, news(1), {name: value}), reply(200, news(1, 2)), reply(200, news(1, 2, 3))
    )
    for _ in range(3):
        await newsroom.at_next_due()
    check_lines(public)
    assert len(public.seen()) == 3
    assert newsroom.feed()["state"] == "ok"
    assert {headline_of(2), headline_of(3)} <= set(newsroom.headlines())


@pytest.mark.parametrize("value", HEADERS.values(), ids=HEADERS.keys())
async def test_ss_12_no_location_becomes_a_line_of_a_request(
    newsroom: Desk, public: Origin, value: bytes
) -> None:
    location = b"/baru?" + value.strip(b'"')
    redirect = reply(301, headers={"Location": location, "Link": b"</hub>; rel=hub" + value})
    public.answer("/feed", redirect, redirect, reply(200, news(1)))
    for _ in range(3):
        await newsroom.at_next_due()
    check_lines(public)
    assert newsroom.feed()["state"] == "ok"
    assert newsroom.headlines() == [headline_of(1)]


def check_lines(origin: Origin) -> None:
    """See that every request is one line and headers of ours."""
    for seen in origin.seen():
        assert {name.lower() for name, _ in seen.headers} <= SENT, seen.raw
        assert b"evil" not in seen.raw.lower().replace(b"%0d%0ax-evil", b"").partition(b"\r\n")[2], seen.raw
        line = seen.raw.partition(b"\r\n")[0]
        assert line.isascii()
        assert line.count(b" ") == 2, line
