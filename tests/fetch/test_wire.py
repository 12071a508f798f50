"""What an origin may send besides its document (robustness.md: TL-09, TL-12, RS-13), and what it makes us hold."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from aggregator.errors import FetchError, Rejected, TimedOut, TooLarge, Truncated, Unreachable
from aggregator.fetch.wire import BUFFER, MAX_HEADER_BYTES
from aggregator.model import ByteSize, Document, NotModified, Request
from tests.fetching import NOW, fetch, fetching, polling
from tests.origin import CLOSE, Answer, Origin, reply

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
LONG = b"X-Pad: " + b"a" * 60_000 + b"\r\n"


@contextmanager
def held_at_most(size: int) -> Iterator[None]:
    """What Python holds at the peak, beyond what it holds now; the answers are steps of one block."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((HEAD, *[LONG] * 255, b"\r\n"), id="15 MB in 255 headers"),
        pytest.param((HEAD, *[b"X: a\r\n" * 1000] * 1000), id="a million headers"),
        pytest.param((HEAD, *[b"a" * 60_000] * 200), id="one header without end"),
        pytest.param((HEAD, *[b"X: " + b"a" * 999 + b"\n"] * 3000), id="lines without CR"),
        pytest.param((*[HINTS * 1000] * 1000, reply(200, b"x")), id="a million hints"),
        pytest.param((*[b"HTTP/1.1 103 E\r\n" + LONG + b"\r\n"] * 100,), id="large hints"),
        pytest.param((*[b"HTTP/1.1 100 " + b"a" * 60_000] * 100,), id="a status line without end"),
    ],
)
async def test_tl_09_headers_are_cut_while_they_arrive(answer: Answer) -> None:
    with Origin() as origin:
        await fetch(origin.answer("/first", reply(200, b"x")))  # imports hold memory too
        url = origin.answer("/feed", answer)
        with (
            held_at_most(1_500_000),
            pytest.raises(TooLarge, match=r"^the headers of the answer are larger than 64 KiB$") as caught,
        ):
            await fetch(url)
        assert caught.value.kind == "too-large"
        assert len(origin.seen("/feed")) == 1


async def test_rs_13_interim_answers_that_drip_are_cut_by_the_time_out() -> None:
    with Origin() as origin:
        url = origin.answer("/feed", tuple(step for _ in range(15) for step in (HINTS, 0.1)))
        with pytest.raises(TimedOut):
            await fetch(url, settings=polling(timeout=timedelta(seconds=0.5)))


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
async def test_tl_09_the_limit_counts_every_byte_up_to_the_blank_line(more: int, fits: bool) -> None:
    head = HEAD + b"Content-Length: 1\r\nX-Pad: \r\n\r\n"
    pad = b"a" * (MAX_HEADER_BYTES - len(head) + more)
    with Origin() as origin:
        url = origin.answer("/feed", head.replace(b"Pad: ", b"Pad: " + pad) + b"x")
        try:
            answer = await fetch(url)
        except TooLarge:
            assert not fits
        else:
            assert fits
            assert isinstance(answer, Document)
            assert answer.body == b"x"


@pytest.mark.parametrize(
    "answer",
    [
        (HEAD + b"Content-Length: 6\r\n\r", 0.03, b"\n<rss/>"),
        (HEAD + b"Content-Length: 6\r\n", 0.03, b"\r\n<rss/>"),
        (b"HTTP/1.1 200 OK\nContent-Length: 6\n\n<rss/>",),
        (HEAD + b"Content-Length: 6\n\r\n<rss/>",),
        tuple(bytes([byte]) for byte in HEAD + b"Content-Length: 6\r\n\r\n<rss/>"),
        (HINTS[:-1], 0.03, HINTS[-1:] + HEAD + b"Content-Length: 6\r\n\r\n<rss/>"),
        (CHUNKED + b"6;name=value\r\n<rss/>\r\n0;last\r\n\r\n",),
        (CHUNKED + b"6\r\n<rss/>\r\n0\r\nETag: late\r\nX-Sum: 1\r\n\r\n",),
        (CHUNKED + b"1\r\n<\r\n1\r\nr\r\n1\r\ns\r\n1\r\ns\r\n1\r\n/\r\n1\r\n>\r\n0\r\n\r\n",),
    ],
)
async def test_an_answer_is_read_however_it_is_cut_and_wrapped(answer: tuple[Any, ...]) -> None:
    with Origin() as origin:
        document = await fetch(origin.answer("/feed", answer))
    assert isinstance(document, Document)
    assert document.body == b"<rss/>"
    assert document.validators.etag is None  # a trailer is no header


@pytest.mark.parametrize("size", [1, 2, 100, 5000])
async def test_a_document_in_many_chunks_is_whole(size: int) -> None:
    text = bytes(range(256)) * 700
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(text[at : at + size]), text[at : at + size])
        for at in range(0, len(text), size)
    )
    with Origin() as origin:
        document = await fetch(origin.answer("/feed", CHUNKED + chunks + b"0\r\n\r\n"))
    assert isinstance(document, Document)
    assert document.body == text


@pytest.mark.parametrize("pieces", [BUFFER // 16, BUFFER // 16 + 1, BUFFER // 16 + 2])
async def test_a_document_is_whole_though_the_parser_stops_for_a_pause_that_is_over(pieces: int) -> None:
    # aiohttp pauses at so many pieces that nobody took; its parser heeds that at the next piece, which may come
    # when all was taken long ago.
    many, large = b"1\r\nx\r\n" * pieces, (b"3e8\r\n" + b"y" * 1000 + b"\r\n") * 100
    with Origin() as origin:
        url = origin.answer("/feed", (CHUNKED + many, 0.1, large, 0.1, large + b"0\r\n\r\n"))
        document = await fetch(url, settings=polling(max_body=ByteSize(1_000_000)))
    assert isinstance(document, Document)
    assert len(document.body) == pieces + 200_000


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((CHUNKED + b"6\r\n<rss/>\r\n0\r\n", *[LONG] * 255, b"\r\n"), id="trailers"),
        pytest.param((CHUNKED, *[b"1;" + b"a" * 60_000 + b"\r\na\r\n"] * 500), id="chunk extensions"),
        pytest.param((CHUNKED + b"1;", *[b"a" * 60_000] * 500), id="one chunk extension without end"),
    ],
)
async def test_tl_09_what_is_wrapped_around_a_document_is_bounded(answer: Answer) -> None:
    with Origin() as origin:
        await fetch(origin.answer("/first", reply(200, b"x")))
        url = origin.answer("/feed", answer)
        with held_at_most(3_000_000), pytest.raises(TooLarge) as caught:
            await fetch(url)
    assert caught.value.reason == "what is wrapped around the document is larger than 64 KiB"


async def test_tl_09_there_are_no_more_trailers_than_headers() -> None:
    with Origin() as origin:
        url = origin.answer(
            "/feed", (CHUNKED + b"6\r\n<rss/>\r\n0\r\n" + b"X: a\r\n" * 300 + b"\r\n", 0.2, CLOSE)
        )
        with pytest.raises(Truncated):
            await fetch(url)


async def test_what_comes_on_an_idle_connection_ends_it_and_is_not_kept() -> None:
    flood = reply(200, b"", {"X-Pad": "a" * 5000})
    with Origin() as origin:
        url = origin.answer("/a", (reply(200, b"x"), 0.05, *[flood * 10] * 1000))
        empty = origin.answer("/b", (reply(304), 0.05, *[b"a" * 50_000] * 1000))
        other = origin.answer("/c", reply(200, b"y"))
        async with fetching() as fetcher:
            await fetcher.fetch(Request(url=other, own_port=True), now=NOW)
            with held_at_most(2_000_000):
                for asked, kind in ((url, Document), (empty, NotModified)):
                    assert isinstance(await fetcher.fetch(Request(url=asked, own_port=True), now=NOW), kind)
                    await asyncio.sleep(0.3)
            answer = await fetcher.fetch(Request(url=other, own_port=True), now=NOW)
        assert isinstance(answer, Document)
        assert answer.body == b"y"
        assert len({seen.connection for seen in origin.seen()}) == 3


async def test_a_document_that_nobody_takes_is_not_read_ahead_of() -> None:
    # The only place is taken: the answer of the first has to wait, and must not be held in memory meanwhile.
    block = b"a" * 65_536
    with Origin() as origin, Origin("127.0.0.2") as quick:
        url = origin.answer("/feed", (2.2, HEAD + b"Content-Length: 13107200\r\n\r\n", *[block] * 200))
        other = quick.answer("/feed", reply(200, b"x"))
        async with fetching(polling(concurrency=1, timeout=timedelta(seconds=9))) as fetcher:
            await fetcher.fetch(Request(url=other, own_port=True), now=NOW)
            waiting = asyncio.create_task(fetcher.fetch(Request(url=url, own_port=True), now=NOW))
            await asyncio.sleep(2.05)
            with held_at_most(4 * BUFFER + 600_000):
                async with fetcher.handling():
                    await asyncio.sleep(0.6)
                    assert not waiting.done()
            with pytest.raises(TooLarge):
                await waiting


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64", CLOSE), Unreachable),  # SETTINGS
        ((b"\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x08", CLOSE), Unreachable),  # RST_STREAM
        ((b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + bytes(8), CLOSE), Unreachable),  # GOAWAY
        ((*[b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + bytes(8)] * 10_000, CLOSE), Unreachable),  # PING
        (
            (*[b"\x00\x40\x00\x09\x00\x00\x00\x00\x01" + bytes(16_384)] * 500, CLOSE),
            Unreachable,
        ),  # CONTINUATION
        (
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\x00\x00",
            Rejected,
        ),
        ((b"HTTP/2 200\r\nContent-Length: 6\r\n\r\n<rss/>", CLOSE), Unreachable),
    ],
)
async def test_tl_12_an_origin_that_speaks_http_2_unasked_is_one_failed_poll(
    answer: Answer, kind: type[FetchError]
) -> None:
    with Origin() as origin:
        with pytest.raises(kind):
            await fetch(origin.answer("/feed", answer))
        assert len(origin.seen()) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 6\r\nContent-Length: 7\r\n",
        b"Content-Length: 6, 7\r\n",
        b"Content-Length: -6\r\n",
        b"Content-Length: +6\r\n",
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\nContent-Length: 6\r\n",
    ],
)
async def test_an_answer_whose_length_is_in_doubt_is_no_document(head: bytes) -> None:
    with Origin() as origin, pytest.raises(FetchError):
        await fetch(origin.answer("/feed", (HEAD + head + b"\r\n<rss/>", CLOSE)))
