"""What an origin can do to us, and what it costs (robustness.md: TL)."""

from __future__ import annotations

import asyncio
import gzip
import resource
import socket
import time
import tracemalloc
import zlib
from datetime import timedelta
from typing import Any

import pytest

from aggregator.errors import BadEncoding, FetchError, TimedOut, TooLarge, Truncated, Unreachable
from aggregator.model import ByteSize, Document, Request
from tests.fetching import NOW, fetch, fetching, polling
from tests.origin import CLOSE, RESET, Origin, reply

pytestmark = pytest.mark.anyio

SHORT = timedelta(seconds=0.6)
HEAD = b"HTTP/1.1 200 OK\r\n"


def drip(data: bytes, pause: float) -> tuple[Any, ...]:
    return tuple(step for byte in data for step in (bytes([byte]), pause))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((5,), id="accepts and never answers"),
        pytest.param(drip(HEAD + b"ETag: abc", 0.05), id="headers drip"),
        pytest.param((HEAD, 5), id="headers stop"),
        pytest.param((HEAD + b"\r\n", *drip(b"<rss/>" * 5, 0.05)), id="body drips without end"),
        pytest.param((HEAD + b"Content-Length: 30\r\n\r\n<rss", 5), id="body stops"),
        pytest.param(
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *drip(b"1\r\na\r\n" * 9, 0.03)), id="chunks drip"
        ),
    ],
)
async def test_tl_01_02_a_document_takes_no_longer_than_the_whole_time_out(answer: tuple[Any, ...]) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", answer)
        before = time.monotonic()
        with pytest.raises(TimedOut, match=r"^no whole answer within 0\.6 s$"):
            await fetch(url, settings=polling(timeout=SHORT))
        assert 0.55 < time.monotonic() - before < 4


async def test_tl_01_redirects_share_the_whole_time_out() -> None:
    with Origin() as origin:
        for hop in range(9):
            origin.answer(f"/{hop}", (0.2, reply(302, b"", {"Location": f"/{hop + 1}"})))
        before = time.monotonic()
        with pytest.raises(TimedOut):
            await fetch(origin.url("/0"), settings=polling(timeout=SHORT))
        assert time.monotonic() - before < 1.5


async def test_tl_02_a_handshake_that_never_ends_is_cut() -> None:
    with Origin() as origin, pytest.raises(TimedOut):
        # It speaks no TLS: it waits for a request, as we wait for it.
        await fetch(origin.url("/feed").replace("http:", "https:"), settings=polling(timeout=SHORT))


async def test_tl_02_a_host_that_takes_no_connection_is_cut() -> None:
    # The queue of a listener that accepts nothing fills up; the kernel then drops what comes.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        try:
            with pytest.raises(TimedOut):
                await fetch(f"http://127.0.0.1:{address[1]}/feed", settings=polling(timeout=SHORT))
        finally:
            for filler in fillers:
                filler.close()


async def test_a_time_out_frees_the_host_and_the_place_for_others() -> None:
    with Origin() as origin:
        slow = origin.answer("/slow", (5,))
        quick = origin.answer("/quick", reply(200, b"x"))
        async with fetching(polling(timeout=SHORT, concurrency=1)) as fetcher:
            for _ in range(2):
                with pytest.raises(TimedOut):
                    await fetcher.fetch(Request(url=slow, own_port=True), now=NOW)
                assert await fetcher.fetch(Request(url=quick, own_port=True), now=NOW)


# Size.


@pytest.mark.parametrize(
    "head", [b"\r\n", b"Content-Length: 99999999\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"]
)
async def test_tl_03_a_body_without_end_is_cut_at_the_limit(head: bytes) -> None:
    block = b"10000\r\n" + b"a" * 65_536 + b"\r\n" if b"chunked" in head else b"a" * 65_536
    with Origin() as origin:
        url = origin.answer("/feed", (HEAD + head, *[block] * 2000, CLOSE))
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge, match=r"^the document is larger than 0\.2 MB$"):
                await fetch(url)
            assert (
                tracemalloc.get_traced_memory()[1] < 4_000_000
            )  # the 131 MB would all be steps of one block
        finally:
            tracemalloc.stop()


async def test_a_body_of_exactly_the_limit_is_whole() -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(200, b"a" * 200_000))
        document = await fetch(url)
        assert isinstance(document, Document)
        assert len(document.body) == 200_000
        origin.answer("/feed", reply(200, b"a" * 200_001))
        with pytest.raises(TooLarge):
            await fetch(url)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(b"X-Pad: " + b"a" * 2_000_000 + b"\r\n", id="one of 2 MB"),
        pytest.param(b"X-Pad: a\r\n" * 10_000, id="ten thousand"),
        pytest.param((b"X-Pad: " + b"a" * 8_000 + b"\r\n") * 9, id="72 kB together"),
        pytest.param(b"X-" + b"a" * 70_000 + b": b\r\n", id="one long name"),
    ],
)
async def test_tl_09_headers_are_bounded(headers: bytes) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", (HEAD + headers + b"Content-Length: 1\r\n\r\na", CLOSE))
        with pytest.raises(TooLarge, match=r"^the headers of the answer are larger than 64 KiB$"):
            await fetch(url)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param((b"Set-Cookie: a=b\r\n") * 100, id="a hundred cookies"),
        pytest.param(b"X-Pad: " + b"a" * 60_000 + b"\r\n", id="one of 60 kB"),
    ],
)
async def test_tl_09_headers_within_the_limit_are_taken(headers: bytes) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", HEAD + headers + b"Content-Length: 1\r\n\r\na")
        assert isinstance(await fetch(url), Document)


# Wholeness.


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((HEAD + b"Content-Length: 1000\r\n\r\n" + b"a" * 500, CLOSE), id="short"),
        pytest.param((HEAD + b"Content-Length: 1000\r\n\r\n" + b"a" * 500, RESET), id="reset"),
        pytest.param((HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", CLOSE), id="no last chunk"),
        pytest.param((HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", CLOSE), id="half a chunk"),
        pytest.param(
            (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"<rss/>" * 99)[:-9], CLOSE),
            id="half a gzip",
        ),
    ],
)
async def test_tl_07_a_document_that_breaks_off_is_truncated(answer: tuple[Any, ...]) -> None:
    with Origin() as origin, pytest.raises(Truncated) as caught:
        await fetch(origin.answer("/feed", answer))
    assert caught.value.kind == "truncated"


async def test_a_document_that_ends_with_its_connection_is_whole() -> None:
    with Origin() as origin:
        document = await fetch(origin.answer("/feed", (b"HTTP/1.0 200 OK\r\n\r\n<rss/>", CLOSE)))
    assert isinstance(document, Document)
    assert document.body == b"<rss/>"


# Codings, as they come over the wire; tests/fetch/test_decode.py has the rest.


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"<rss/>", mtime=0)),
        ("x-gzip", gzip.compress(b"<rss/>", mtime=0)),
        ("deflate", zlib.compress(b"<rss/>")),
        ("deflate", zlib.compress(b"<rss/>")[2:-4]),
        ("identity", b"<rss/>"),
        ("GZIP", gzip.compress(b"<rss/>", mtime=0)),
        ("gzip, gzip", gzip.compress(gzip.compress(b"<rss/>", mtime=0), mtime=0)),
    ],
)
async def test_pm_31_the_codings_that_are_offered_are_undone(coding: str, body: bytes) -> None:
    with Origin() as origin:
        document = await fetch(origin.answer("/feed", reply(200, body, {"Content-Encoding": coding})))
    assert isinstance(document, Document)
    assert document.body == b"<rss/>"


async def test_tl_06_a_gzip_file_that_is_not_called_one_is_left_as_it_is() -> None:
    packed = gzip.compress(b"<rss/>", mtime=0)
    with Origin() as origin:
        document = await fetch(
            origin.answer("/feed", reply(200, packed, {"Content-Type": "application/gzip"}))
        )
    assert isinstance(document, Document)
    assert document.body == packed


@pytest.mark.parametrize(("coding", "told"), [("br", "br"), ("zstd", "zstd"), ("\x1b[31mred", "unknown")])
async def test_pm_31_tl_05_a_coding_that_was_not_offered_is_an_error(coding: str, told: str) -> None:
    with Origin() as origin, pytest.raises(BadEncoding) as caught:
        await fetch(origin.answer("/feed", reply(200, b"abc", {"Content-Encoding": coding})))
    assert caught.value.reason == f"the answer is packed in a way that was not offered ({told})"


async def test_tl_04_a_gigabyte_in_a_megabyte_is_stopped_in_little_memory() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(b"\0") + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush a block refers to nothing before it, so that it can be repeated.
    block = packer.compress(b"\0" * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    bomb = head + block * 1024
    assert len(bomb) < 1_200_000
    with Origin() as origin:
        url = origin.answer("/feed", reply(200, bomb, {"Content-Encoding": "gzip"}))
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge):
                await fetch(url, settings=polling(max_body=ByteSize(10_000_000)))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 25_000_000  # the limit twice, while the array grows, and some pieces
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used < 60_000


async def test_tl_10_a_slow_origin_does_not_hold_up_two_hundred_quick_ones() -> None:
    with Origin() as slow, Origin() as quick:
        slow_url = slow.answer("/slow", (HEAD + b"Content-Length: 4\r\n\r\n", 20))
        urls = [quick.answer(f"/{n}", reply(200, b"quick")) for n in range(200)]
        settings = polling(concurrency=1, per_host=4, timeout=timedelta(seconds=30))
        async with fetching(settings) as fetcher:
            waiting = asyncio.create_task(fetcher.fetch(Request(url=slow_url, own_port=True), now=NOW))
            assert await asyncio.to_thread(slow.asked.wait, 5)
            # It has the only place, and gives it up when it has been silent for two seconds.
            await asyncio.gather(*(fetcher.fetch(Request(url=url, own_port=True), now=NOW) for url in urls))
            assert not waiting.done()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
    assert len(quick.seen()) == 200


async def test_an_answer_that_comes_late_is_taken_whole() -> None:
    with Origin() as slow, Origin() as quick:
        url = slow.answer("/slow", (2.1, HEAD + b"Content-Length: 4\r\n\r\n", 2.1, b"slow"))
        quick_url = quick.answer("/quick", reply(200, b"quick"))
        async with fetching(polling(concurrency=1, timeout=timedelta(seconds=20))) as fetcher:
            documents = await asyncio.gather(
                fetcher.fetch(Request(url=url, own_port=True), now=NOW),
                fetcher.fetch(Request(url=quick_url, own_port=True), now=NOW),
            )
    assert [document.body for document in documents if isinstance(document, Document)] == [b"slow", b"quick"]


async def test_a_reset_of_one_is_no_harm_to_the_others() -> None:
    with Origin() as origin:
        bad = [origin.answer(f"/bad{n}", (HEAD + b"Content-Length: 9\r\n\r\nab", RESET)) for n in range(5)]
        good = [origin.answer(f"/good{n}", reply(200, b"x")) for n in range(5)]
        async with fetching(polling(per_host=10)) as fetcher:
            results = await asyncio.gather(
                *(fetcher.fetch(Request(url=url, own_port=True), now=NOW) for url in bad + good),
                return_exceptions=True,
            )
    assert all(isinstance(result, Truncated | Unreachable) for result in results[:5])
    assert all(isinstance(result, Document) for result in results[5:])


async def test_an_error_keeps_the_document_out_of_its_words() -> None:
    with Origin() as origin, pytest.raises(FetchError) as caught:
        await fetch(origin.answer("/feed", (b"HTTP/1.1 200 \x1b]0;owned\x07\r\nA\x1b[2Jb: c\r\n\r\n", CLOSE)))
    assert "owned" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
