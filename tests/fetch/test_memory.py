"""What origins can make us hold of documents that do not end (robustness.md: TL-03, TL-04)."""

from __future__ import annotations

import asyncio
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from aggregator.errors import TimedOut, TooLarge
from aggregator.fetch import Fetcher
from aggregator.fetch.places import FELL_SILENT, TOO_MANY, Bounds, Place, Places
from aggregator.fetch.visit import Clock
from aggregator.model import ByteSize, Document, Request
from tests.fetching import NOW, fetch, fetching, polling
from tests.origin import Answer, Origin, reply

pytestmark = pytest.mark.anyio

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n"


def silent(size: int) -> Answer:
    """So much of a document, and no more."""
    return (PLAIN % (size + 9) + b"a" * size, 20)


def bounds(share: int, outside: int) -> Bounds:
    """So much for each that has a place, and for all outside."""
    return Bounds(share=share, inside=0, outside=outside)


def state(places: Places) -> tuple[int, int, int, int]:
    return places._free, places._room, places._inside.total, places._outside.total


@asynccontextmanager
async def with_places(places: Places) -> AsyncIterator[Fetcher]:
    """A fetcher with these places; all must have been given back in the end, and nothing be held."""
    before = state(places)
    async with fetching(polling(timeout=timedelta(seconds=9), per_host=20)) as fetcher:
        fetcher._places = places
        yield fetcher
    assert state(places) == before


async def outcome(fetcher: Fetcher, url: str) -> str | int:
    """The size of what came, or why nothing came."""
    try:
        document = await fetcher.fetch(Request(url=url, own_port=True), now=NOW)
    except TimedOut as error:
        return error.reason
    assert isinstance(document, Document)
    return len(document.body)


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(1000):
        if is_so():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it never came to that")


async def ended(*tasks: asyncio.Task[str | int]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


# Outside.


async def test_tl_03_the_largest_of_those_that_fell_silent_are_given_up_and_the_others_come_whole() -> None:
    # 100,352 bytes may be held outside: one of the large ones, and all of the small ones.
    places = Places(8, silence=0.1, bounds=bounds(1_000_000, 100352))
    with Origin() as origin:
        large = [origin.answer(f"/large/{n}", silent(60_000)) for n in range(4)]
        small = origin.answer("/small", (PLAIN % 99 + b"a" * 90, 1.0, b"a" * 9))
        async with with_places(places) as fetcher:
            waiting = asyncio.create_task(outcome(fetcher, small))
            tasks = [asyncio.create_task(outcome(fetcher, url)) for url in large]
            assert await waiting == 99
            done = [task.result() for task in tasks if task.done()]
            assert done == [FELL_SILENT] * 3
            assert places._outside.total == 60_000
            await ended(*tasks)


@pytest.mark.parametrize("is_first", [False, True], ids=["given up", "let in, and given up"])
async def test_tl_03_a_request_that_waits_to_come_in_again_can_be_given_up_too(is_first: bool) -> None:
    places = Places(2, silence=0.05, bounds=bounds(1_000_000, 1024))
    before = state(places)
    clock, go = Clock(5), asyncio.Event()

    async def large() -> None:
        async with Place(places, clock.run_out) as place, clock:
            place.weigh(800)
            await go.wait()
            await clock.inside(place)

    task = asyncio.create_task(large())
    await until(lambda: places._outside.total == 800)
    places.silence = 60
    async with Place(places) as smaller:
        smaller.weigh(700)
        await places.take()
        go.set()
        await until(lambda: bool(places._waiting))
        if is_first:  # and has not noticed yet
            places.give()
        assert places.step_outside(smaller)
        smaller._is_inside = False
        with pytest.raises(TimeoutError):
            await task
        assert places._outside.total == 700
        assert not smaller.given_up
    if not is_first:
        places.give()
    assert state(places) == before


async def test_tl_04_nothing_is_unpacked_while_no_place_is_held() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(b"a") + packer.flush(zlib.Z_SYNC_FLUSH)
    bomb = packer.compress(b"a" * 9_000_000) + packer.flush(zlib.Z_SYNC_FLUSH)
    places = Places(1, silence=0.1)
    with Origin() as origin:
        url = origin.answer("/bomb", (PACKED + head, 0.5, bomb, 20))
        async with with_places(places) as fetcher:
            fetcher._polling = polling(max_body=ByteSize(10_000_000), timeout=timedelta(seconds=9))
            task = asyncio.create_task(outcome(fetcher, url))
            await until(lambda: places._outside.total > 0)
            await places.take()
            tracemalloc.start()
            try:
                await until(lambda: bool(places._waiting))  # the bomb has come
                assert tracemalloc.get_traced_memory()[1] < 2_000_000
            finally:
                tracemalloc.stop()
            assert places._outside.total < 100_000
            places.give()
            await until(lambda: places._inside.total > 9_000_000)
            await ended(task)


# Inside.


async def test_tl_03_of_large_documents_that_drip_the_one_that_takes_longest_is_given_up() -> None:
    drip = tuple(step for _ in range(100) for step in (b"a", 0.02))
    places = Places(3, silence=2.0, bounds=bounds(50_000, 67108864))
    with Origin() as origin:
        large = origin.answer("/large", (PLAIN % 99_000 + b"a" * 70_000, *drip))
        small = origin.answer("/small", (PLAIN % 49_100 + b"a" * 49_000, *drip))
        async with with_places(places) as fetcher:
            least = asyncio.create_task(outcome(fetcher, small))
            oldest = asyncio.create_task(outcome(fetcher, large))
            await until(lambda: places._inside.total >= 119_000)
            newest = asyncio.create_task(outcome(fetcher, large))
            assert await oldest == TOO_MANY
            assert await least == 49_100
            assert not newest.done()
            await ended(newest)


async def test_what_is_given_up_is_let_go_of_at_once() -> None:
    places = Places(2, bounds=bounds(10, 10240))
    log: list[str] = []
    async with Place(places, lambda: log.append("ended")) as first, Place(places) as second:
        first.drop = lambda: log.append("dropped")
        first.weigh(15)
        second.weigh(5)
        assert (log, first.given_up) == ([], "")
        second.weigh(9)
        assert (log, first.given_up, second.given_up) == (["dropped", "ended"], TOO_MANY, "")
        first.weigh(99)  # it has not noticed yet
        assert places._inside.total == 9
    assert state(places) == state(Places(2))


async def test_no_document_within_its_share_is_ever_given_up() -> None:
    places = Places(4, silence=0.02, bounds=bounds(100, 102400))
    async with Place(places) as a, Place(places) as b, Place(places) as c, Place(places) as d:
        for place in (a, b, c, d):
            place.weigh(100)
        a.weigh(101)
        assert a.given_up == TOO_MANY
        places.renew(1)
        b.weigh(100)  # more are inside than there are places now
        assert not b.given_up
        await asyncio.sleep(0.1)
        assert b.is_outside
        assert c.is_outside
        assert d.is_outside
        assert places._outside.total == 300
        await asyncio.gather(b.return_inside(), asyncio.sleep(0))
        assert (places._outside.total, places._inside.total) == (200, 100)
    assert state(places) == state(Places(1))


@pytest.mark.parametrize("seed", range(8))
async def test_all_is_given_back_however_requests_are_cancelled(seed: int) -> None:
    places = Places(3, silence=0.003, outside=6, bounds=bounds(100, 1024))

    async def request(number: int) -> None:
        async with asyncio.timeout(5) as limit:

            def end() -> None:
                limit.reschedule(asyncio.get_running_loop().time())

            async with Place(places, end) as place:
                for turn in range(4):
                    if place.given_up:
                        return
                    if place.is_outside:
                        await place.return_inside()
                    place.heard()
                    place.weigh(150 * (turn + 1) * (number % 4))
                    await asyncio.sleep((number * 7 + turn * 5 + seed) % 9 / 1000)

    tasks = [asyncio.create_task(request(number)) for number in range(30)]
    for number, task in enumerate(tasks):
        if (number + seed) % 3 == 0:
            asyncio.get_running_loop().call_later((number * 5 + seed) % 17 / 1000, task.cancel)
    async with asyncio.timeout(8):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, TimeoutError | asyncio.CancelledError | None) for each in results)
    assert any(isinstance(each, TimeoutError) for each in results)
    assert state(places) == (3, 6, 0, 0)


@pytest.mark.parametrize("concurrency", [1, 2])
async def test_few_places_do_not_make_a_document_too_large(concurrency: int) -> None:
    settings = polling(max_body=ByteSize(90_000_000), concurrency=concurrency, timeout=timedelta(seconds=20))
    async with fetching(settings) as fetcher:
        async with Place(fetcher._places) as place:
            place.weigh(90_000_000)
            assert not place.given_up
        new = fetcher.renewed(polling(max_body=ByteSize(190_000_000)), user_agent="a")
        async with Place(new._places) as place, Place(new._places) as other:
            place.weigh(190_000_000)
            other.weigh(190_000_000)
            assert not place.given_up
            assert not other.given_up
        await new.close()


# A request's own limit.


@pytest.mark.parametrize(("most", "limit"), [(1000, 1000), (None, 200_000), (10**9, 200_000)])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_tl_03_the_smaller_limit_holds(most: int | None, limit: int, coding: str) -> None:
    def body(size: int) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        return packer.compress(b"a" * size) + packer.flush() if coding == "gzip" else b"a" * size

    with Origin() as origin:
        url = origin.answer("/1", reply(200, body(limit), {"Content-Encoding": coding}))
        document = await fetch(url, max_body=most)
        assert isinstance(document, Document)
        assert len(document.body) == limit
        origin.answer("/1", reply(200, body(limit + 1), {"Content-Encoding": coding}))
        with pytest.raises(TooLarge, match=f"^the document is larger than {limit / 1e6:g} MB$"):
            await fetch(url, max_body=most)


async def test_what_goes_beyond_a_limit_that_cuts_is_left_away_and_not_waited_for() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = packer.compress(b"0123456789" * 100_000) + packer.flush(zlib.Z_SYNC_FLUSH)
    answers: list[Answer] = [
        reply(200, b"0123456789" * 15_000),
        (PLAIN % 10**9 + b"0123456789" * 15_000, 20),
        (PACKED + packed, 20),
        reply(200, b"0123456789" * 300),
    ]
    with Origin() as origin:
        url = origin.answer("/1", *answers)
        async with fetching() as fetcher:
            for length in (100_005, 100_005, 100_005, 3_000):
                request = Request(url=url, own_port=True, max_body=100_005, cut=True)
                document = await fetcher.fetch(request, now=NOW)
                assert isinstance(document, Document)
                assert document.body == (b"0123456789" * 10_001)[:length]


async def test_a_limit_that_cuts_does_not_cut_shorter_than_it_says() -> None:
    with Origin() as origin, pytest.raises(TooLarge):
        await fetch(origin.answer("/1", reply(200, b"a" * 200_001)), max_body=500_000, cut=True)
