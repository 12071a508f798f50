"""What an origin may cost us: time, memory, and never another feed (robustness, TL-01 to TL-12)."""

from __future__ import annotations

import gzip
import resource
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import ByteSize
from tests.jobs.conftest import rss
from tests.origin import CLOSE, RESET, Origin, Seen, Step, reply
from tests.robustness.conftest import Desk, feed_at, headline_of, news, settings
from tests.robustness.test_redirects import TLS, serving

pytestmark = pytest.mark.anyio
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
SHORT = timedelta(seconds=0.5)
PAIR = {"ETag": '"abc"'}
BLOCK = b"<!--" + b"a" * 65_529 + b"-->"


def drip(data: bytes, every: float = 0.05) -> tuple[Step, ...]:
    return tuple(step for byte in data for step in (bytes([byte]), every))


@contextmanager
def beside(desk: Desk) -> Iterator[Origin]:
    """Another origin, whose feed `lain` is to be harmed by nothing that the first does."""
    with Origin("127.0.0.2") as other:
        desk.origins.append(other)
        other.answer("/feed", *(reply(200, news(*range(900, 901 + n))) for n in range(4)))
        yield other


def told_of(desk: Desk) -> tuple[str, str, str]:
    """State and kind of error of the feed, and the state of the other one."""
    told = desk.feed()
    return told["state"], told["error"]["kind"] if told["error"] else "", desk.feed("lain")["state"]


# Time.


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((HEAD + b"\r\n", *drip(news(1))), id="body"),
        pytest.param((HEAD + b"Content-Length: 9999\r\n\r\n", *drip(news(1))), id="body with a length"),
        pytest.param((HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *drip(b"1\r\n<\r\n" * 20)), id="chunks"),
        pytest.param(
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", *drip(b"a=b;" * 99)), id="extension of a chunk"
        ),
        pytest.param((HEAD + b"Content-Encoding: gzip\r\n\r\n", *drip(gzip.compress(news(1)))), id="gzip"),
        pytest.param(drip(HEAD * 3), id="headers"),
        pytest.param(drip(b"HTTP/1.1 200 OK"), id="status line"),
        pytest.param(tuple([b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.05] * 99), id="interim answers"),
        pytest.param((9,), id="nothing"),
        pytest.param((HEAD + b"Content-Length: 10\r\n\r\n", 9), id="a head"),
    ],
)
async def test_tl_01_02_an_origin_that_drips_is_cut_at_the_deadline_and_holds_up_nobody(
    desk: Desk, origin: Origin, answer: tuple[Step, ...]
) -> None:
    with beside(desk) as other:
        origin.answer("/feed", answer)
        await desk.configure(
            feed_at(origin.url("/feed")), feed_at(other.url("/feed"), "lain"), polling=settings(timeout=SHORT)
        )
        before = time.monotonic()
        await desk.round()
        assert time.monotonic() - before < 5
        assert told_of(desk) == ("failing", "timeout", "ok")
        assert "0.5 s" in desk.feed()["error"]["message"]
        assert desk.due_in("lain") <= timedelta(hours=1.1)
        assert len(desk.headlines()) == 1


async def test_tl_01_a_drip_over_redirects_has_one_deadline(desk: Desk, origin: Origin) -> None:
    for hop in range(9):
        origin.answer(f"/{hop}", (0.2, reply(302, headers={"Location": f"/{hop + 1}"})))
    await desk.configure(feed_at(origin.url("/0")), polling=settings(timeout=SHORT))
    before = time.monotonic()
    await desk.round()
    assert time.monotonic() - before < 4
    assert desk.feed()["error"]["kind"] == "timeout"
    assert len(origin.seen()) < 5


async def test_tl_02_a_handshake_that_never_ends_is_cut(desk: Desk, origin: Origin) -> None:
    with beside(desk) as other:
        # It speaks no TLS: it waits for a request, as we wait for it.
        await desk.configure(
            feed_at(origin.url("/feed").replace("http:", "https:")),
            feed_at(other.url("/feed"), "lain"),
            polling=settings(timeout=SHORT),
        )
        await desk.round()
        assert told_of(desk) == ("failing", "timeout", "ok")


async def test_tl_02_a_host_that_takes_no_connection_is_cut(desk: Desk) -> None:
    # The queue of a listener that accepts nothing fills up; the kernel then drops what comes.
    with beside(desk) as other, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        await desk.configure(
            feed_at(f"http://127.0.0.1:{address[1]}/feed"),
            feed_at(other.url("/feed"), "lain"),
            polling=settings(timeout=SHORT),
        )
        await desk.round()
        for filler in fillers:
            filler.close()
        assert told_of(desk) == ("failing", "timeout", "ok")


# Size.


@contextmanager
def little_memory(most: int = 60_000) -> Iterator[None]:
    """See that the process does not grow by more than so many kB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used < most


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@pytest.mark.parametrize(
    ("head", "block"),
    [
        pytest.param(b"\r\n", BLOCK, id="no length"),
        pytest.param(b"Content-Length: 99999999999\r\n\r\n", BLOCK, id="a length of 100 GB"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n", chunk(BLOCK), id="chunked"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 20_000, id="chunks of a byte"),
    ],
)
async def test_tl_03_a_body_without_end_is_cut_at_the_limit(
    desk: Desk, origin: Origin, head: bytes, block: bytes
) -> None:
    with beside(desk) as other:
        endless = (HEAD + head, *[block] * 1500, CLOSE)
        origin.answer("/feed", reply(200, news(1), PAIR), endless, reply(200, news(1, 2)))
        await desk.configure(feed_at(origin.url("/feed")), feed_at(other.url("/feed"), "lain"))
        await desk.round()
        with little_memory():
            await desk.at_next_due()
        assert told_of(desk) == ("failing", "too-large", "ok")
        assert "0.3 MB" in desk.feed()["error"]["message"]
        assert headline_of(1) in desk.headlines()
        assert sum(path.stat().st_size for path in desk.folder.rglob("*") if path.is_file()) < 5_000_000
        await desk.at_next_due()
        assert desk.feed()["state"] == "ok"
        assert {headline_of(1), headline_of(2)} <= set(desk.headlines())


def bomb(size: int, layers: int = 1) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(b"\0") + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush a block refers to nothing before it, so that it can be repeated.
    block = packer.compress(b"\0" * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = head + block * (size // 2**20)
    for _ in range(layers - 1):
        packed = gzip.compress(packed)
    return packed


@pytest.mark.parametrize("layers", [1, 2])
async def test_tl_04_a_bomb_is_stopped_in_little_memory(desk: Desk, origin: Origin, layers: int) -> None:
    packed = reply(200, bomb(2**30, layers), PAIR | {"Content-Encoding": ", ".join(["gzip"] * layers)})
    with beside(desk) as other:
        origin.answer("/feed", packed)
        polling = settings(max_body=ByteSize(10_000_000), timeout=timedelta(seconds=10))
        await desk.configure(
            feed_at(origin.url("/feed")), feed_at(other.url("/feed"), "lain"), polling=polling
        )
        with little_memory():
            await desk.round()
        assert told_of(desk) == ("failing", "too-large", "ok")
        await desk.at_next_due()
        assert origin.seen("/feed")[1].header("if-none-match") is None
        # Each try costs both sides something, for nothing.
        assert desk.due_in() >= timedelta(hours=8)


BROTLI_BOMB = bytes.fromhex("5bffff3fc0020001") + b"\xc0" * 800


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "br, gzip"])
async def test_tl_05_no_coding_is_offered_or_undone_that_cannot_be_bounded(
    desk: Desk, origin: Origin, coding: str
) -> None:
    origin.answer("/feed", reply(200, BROTLI_BOMB, {"Content-Encoding": coding}), reply(200, news(1)))
    with little_memory(30_000):
        await desk.round()
    assert (desk.feed()["state"], desk.feed()["error"]["kind"]) == ("failing", "encoding")
    offered = origin.seen()[0].header("accept-encoding") or b""
    assert not {b"br", b"zstd", b"*"} & {each.split(b";")[0].strip() for each in offered.split(b",")}
    await desk.at_next_due()
    assert desk.headlines() == [headline_of(1)]


async def test_tl_06_two_layers_are_undone_and_no_more(desk: Desk, origin: Origin) -> None:
    body = gzip.compress(news(1))
    for layers in range(2, 11):
        body = gzip.compress(body)
        origin.answer("/feed", reply(200, body, {"Content-Encoding": ", ".join(["gzip"] * layers)}))
        await desk.at_next_due()
        assert desk.feed()["state"] == ("ok" if layers == 2 else "failing"), layers
        assert desk.headlines() == [headline_of(1)]
    assert desk.feed()["error"]["kind"] == "encoding"


PACKED = gzip.compress(news(1))


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param((("Content-Encoding", "gzip"),), news(1), id="called gzip, and plain"),
        pytest.param((), PACKED, id="gzip, and not called so"),
        pytest.param((("Content-Type", "application/x-gzip"),), PACKED, id="a gzip file"),
        pytest.param((("Content-Encoding", "gzip"),), PACKED + b"<p>rubbish</p>", id="rubbish behind it"),
        pytest.param((("Content-Encoding", "gzip"),), PACKED + b"\0" * 900, id="padding behind it"),
        pytest.param((("Content-Encoding", "deflate"),), PACKED, id="called deflate, and gzip"),
        pytest.param((("Content-Encoding", "gzip"),), zlib.compress(news(1)), id="called gzip, and deflate"),
        pytest.param((("Content-Encoding", "utf-8"),), news(1), id="a charset"),
        pytest.param((("Content-Encoding", ""),), news(1), id="an empty coding"),
        pytest.param((("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")), PACKED, id="said twice"),
        pytest.param((("Content-Encoding", "gzip"),), PACKED[:20] + b"\xff" * 9 + PACKED[29:], id="damaged"),
        pytest.param((("Content-Encoding", "gzip"),), b"", id="nothing"),
    ],
)
async def test_tl_06_what_is_mislabelled_is_one_error_or_the_right_story(
    desk: Desk, origin: Origin, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    good = reply(200, news(1, 2), {"ETag": '"good"'})
    origin.answer("/feed", reply(200, body, (*headers, ("ETag", '"odd"'))), good)
    await desk.round()
    told = desk.feed()
    if told["state"] == "ok":
        assert desk.headlines() == [headline_of(1)]
    else:
        assert told["error"]["kind"] in ("encoding", "not-a-feed", "empty", "truncated"), told
        assert desk.headlines() == []
    await desk.at_next_due()
    sent = origin.seen()[1].header("if-none-match")
    assert sent == (b'"odd"' if told["state"] == "ok" else None)
    assert (desk.feed()["state"], len(desk.headlines())) == ("ok", 2)


@pytest.mark.parametrize("left", [5, 30, 200, -9, -1])
async def test_tl_06_a_packed_feed_that_breaks_off_is_a_cut_one(
    desk: Desk, origin: Origin, left: int
) -> None:
    packed = gzip.compress(news(1, 2, words=200))[:left]
    cut = reply(200, packed, {"Content-Encoding": "gzip", "ETag": '"cut"'})
    origin.answer("/feed", reply(200, news(1), PAIR), cut, reply(200, news(1, 2)))
    await desk.round()
    before = desk.entries()
    await desk.at_next_due()
    assert (desk.feed()["state"], desk.feed()["error"]["kind"]) == ("failing", "truncated")
    assert desk.entries() == before
    await desk.at_next_due()
    assert origin.seen()[2].header("if-none-match") == b'"abc"'
    assert len(desk.headlines()) == 2


# Wholeness.


WHOLE = news(1, 2, words=200)
HALF = WHOLE[: WHOLE.rindex(b"</description>") - 300]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((b"Content-Length: %d\r\n\r\n" % len(WHOLE), HALF, CLOSE), id="short"),
        pytest.param((b"Content-Length: %d\r\n\r\n" % len(WHOLE), HALF, RESET), id="reset"),
        pytest.param((b"Transfer-Encoding: chunked\r\n\r\n" + chunk(HALF), CLOSE), id="no last chunk"),
        pytest.param(
            (b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % 9_000_000, HALF, CLOSE), id="half a chunk"
        ),
        pytest.param((b"Connection: close\r\n\r\n", HALF, CLOSE), id="ended by the connection"),
        pytest.param((b"Content-Length: %d\r\n\r\n" % len(HALF), HALF), id="announced as it is"),
        pytest.param((b"Content-Length: 1000\r\n\r\n", WHOLE[:500], CLOSE), id="half of a thousand"),
    ],
)
async def test_tl_07_what_breaks_off_publishes_no_cut_text_and_takes_nothing_away(
    desk: Desk, origin: Origin, answer: tuple[Any, ...]
) -> None:
    first, *rest = answer
    cut = (HEAD + b'ETag: "cut"\r\n' + first, *rest)
    origin.answer("/feed", reply(200, news(1, 3, words=200), PAIR), cut, reply(200, WHOLE, PAIR))
    await desk.round()
    before = {each["title"]: each for each in desk.entries()}
    await desk.at_next_due()
    told = desk.feed()
    assert (told["state"], told["error"]["kind"]) in (("failing", "truncated"), ("failing", "parse")), told
    assert {each["title"]: each for each in desk.entries()} == before
    await desk.at_next_due()
    assert origin.seen()[2].header("if-none-match") == b'"abc"'
    [whole] = [each for each in desk.entries() if each["title"] == headline_of(2)]
    assert WHOLE.rpartition(b"</description>")[0][-40:].decode() in whole.get("content_html", "") + whole.get(
        "summary", ""
    ) + whole.get("content_text", "")
    assert len(desk.headlines()) == 3


# Headers.


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        pytest.param(b"X-Pad: " + b"a" * 2_000_000 + b"\r\n", False, id="one of 2 MB"),
        pytest.param(b"X-Pad: a\r\n" * 10_000, False, id="ten thousand"),
        pytest.param(b'ETag: "' + b"a" * 70_000 + b'"\r\n', False, id="an etag of 70 kB"),
        pytest.param(b"X-" + b"a" * 70_000 + b": b\r\n", False, id="one long name"),
        pytest.param(b"Set-Cookie: a=b\r\n" * 100, True, id="a hundred cookies"),
        pytest.param(b"X-Pad: " + b"a" * 60_000 + b"\r\n", True, id="one of 60 kB"),
    ],
)
async def test_tl_09_headers_are_bounded(desk: Desk, origin: Origin, headers: bytes, is_taken: bool) -> None:
    with beside(desk) as other:
        body = news(1)
        large = HEAD + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body
        origin.answer("/feed", (large, CLOSE), reply(200, news(1, 2)))
        await desk.configure(feed_at(origin.url("/feed")), feed_at(other.url("/feed"), "lain"))
        await desk.round()
        assert told_of(desk) == (("ok", "", "ok") if is_taken else ("failing", "too-large", "ok"))
        await desk.at_next_due()
        assert origin.seen()[1].header("cookie") is None
        assert {headline_of(1), headline_of(2)} <= set(desk.headlines())


# Others.


async def test_tl_10_one_slow_feed_takes_one_place_of_those_that_two_hundred_quick_ones_need(
    desk: Desk, origin: Origin
) -> None:
    with Origin("127.0.0.2") as quick:
        desk.origins.append(quick)
        asked = {"slow": 0.0}

        def slow(seen: Seen) -> tuple[Step, ...]:
            asked["slow"] = seen.at
            return (HEAD + b"Content-Length: 9\r\n\r\n", 9)

        origin.answer("/feed", slow)
        names = [f"f{n}" for n in range(200)]
        feeds = [feed_at(quick.answer(f"/{name}", reply(200, rss(title=name))), name) for name in names]
        polling = settings(timeout=timedelta(seconds=2), concurrency=8, per_host=8)
        await desk.configure(feed_at(origin.url("/feed")), *feeds, polling=polling)
        before = time.monotonic()
        result = await desk.round()
        assert (result.polled, result.failed) == (201, 1)
        assert desk.feed()["error"]["kind"] == "timeout"
        assert len(quick.seen()) == 200
        # All are done while the slow one still waits, or soon after it on a machine that is busy.
        assert time.monotonic() - before < 15
        at = sorted(seen.at for seen in quick.seen())
        assert at[100] < asked["slow"] + 2
    told = desk.status()["feeds"]
    assert {each["state"] for each in told if each["id"] != "kampar"} == {"ok"}


async def test_tl_12_http_2_is_not_offered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(Path(TLS) / "localhost.pem"))
    context = serving()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with Origin(tls=context) as safe:
        safe.answer("/feed", reply(200, news(1)))
        await desk.configure(feed_at(safe.url("/feed", host="localhost")))
        await desk.round()
        assert set(safe.protocols) <= {None, "http/1.1"}
        assert len(safe.protocols) == 1
    assert desk.headlines() == [headline_of(1)]


@pytest.mark.parametrize(
    "preface",
    [
        pytest.param(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" * 99, id="settings"),
        pytest.param(b"\x00\x40\x00\x09\x00\x00\x00\x00\x01" + b"a" * 16_384, id="continuation"),
    ],
)
async def test_tl_12_frames_of_http_2_are_no_answer(desk: Desk, origin: Origin, preface: bytes) -> None:
    with beside(desk) as other:
        origin.answer("/feed", (*[preface] * 20, CLOSE), reply(200, news(1)))
        await desk.configure(feed_at(origin.url("/feed")), feed_at(other.url("/feed"), "lain"))
        await desk.round()
        state, kind, lain = told_of(desk)
        assert (state, lain) == ("failing", "ok")
        assert kind in ("unreachable", "too-large")
        await desk.at_next_due()
        assert headline_of(1) in desk.headlines()
