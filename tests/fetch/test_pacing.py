"""Who may ask when: as the origin sees it, and the queues by themselves (robustness.md: PM-19, TL-10)."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from itertools import pairwise

import pytest

from aggregator.fetch.pacing import Hosts, Place, Places
from aggregator.model import Request
from tests.fetching import NOW, fetching, polling
from tests.origin import Origin, reply

pytestmark = pytest.mark.anyio


async def test_one_connection_and_a_delay_for_one_host_and_none_for_the_others() -> None:
    delay = 0.15
    with Origin() as busy, Origin() as other:
        urls = [busy.answer(f"/{n}", (0.02, reply(200, b"x"))) for n in range(6)]
        urls += [other.answer("/x", reply(200, b"x"))]
        async with fetching(polling(host_delay=timedelta(seconds=delay))) as fetcher:
            before = time.monotonic()
            await asyncio.gather(*(fetcher.fetch(Request(url=url, own_port=True), now=NOW) for url in urls))
        starts = [request.at for request in busy.seen()]
        assert [request.target for request in busy.seen()] == [
            f"/{n}" for n in range(6)
        ]  # first come, first served
        assert all(later - earlier >= delay for earlier, later in pairwise(starts))
        assert starts[-1] - starts[0] < 6 * delay
        assert {request.open for request in busy.seen()} == {1}
        assert other.seen()[0].at - before < delay


async def test_a_redirect_keeps_the_delay_and_is_not_queued_behind_others() -> None:
    delay = 0.15
    with Origin() as origin:
        origin.answer("/old", reply(301, b"", {"Location": "/new"}))
        for path in ("/new", "/b", "/c"):
            origin.answer(path, reply(200, b"x"))
        async with fetching(polling(host_delay=timedelta(seconds=delay))) as fetcher:
            await asyncio.gather(
                *(
                    fetcher.fetch(Request(url=origin.url(path), own_port=True), now=NOW)
                    for path in ("/old", "/b", "/c")
                )
            )
        seen = origin.seen()
    assert [request.target for request in seen] == ["/old", "/new", "/b", "/c"]
    assert all(later.at - earlier.at >= delay for earlier, later in pairwise(seen))


@pytest.mark.parametrize("per_host", [1, 3])
async def test_no_more_than_per_host_are_under_way_at_one_host(per_host: int) -> None:
    with Origin() as origin:
        urls = [origin.answer(f"/{n}", (0.03, reply(200, b"x"))) for n in range(9)]
        async with fetching(polling(per_host=per_host)) as fetcher:
            await asyncio.gather(*(fetcher.fetch(Request(url=url, own_port=True), now=NOW) for url in urls))
        assert max(request.open for request in origin.seen()) == per_host
        assert origin.connections == per_host


async def test_no_more_than_concurrency_are_under_way_at_all() -> None:
    origins = [Origin().__enter__() for _ in range(6)]
    try:
        urls = [origin.answer("/feed", (0.1, reply(200, b"x"))) for origin in origins]
        async with fetching(polling(concurrency=2)) as fetcher:
            before = time.monotonic()
            await asyncio.gather(*(fetcher.fetch(Request(url=url, own_port=True), now=NOW) for url in urls))
            assert 0.29 < time.monotonic() - before < 0.9
        starts = sorted(origin.seen()[0].at for origin in origins)
        assert starts[2] - starts[0] > 0.08
    finally:
        for origin in origins:
            origin.close()


async def test_waiting_for_a_turn_does_not_count_as_time_of_the_document() -> None:
    with Origin() as origin:
        urls = [origin.answer(f"/{n}", (0.3, reply(200, b"x"))) for n in range(4)]
        async with fetching(polling(timeout=timedelta(seconds=0.7))) as fetcher:
            await asyncio.gather(*(fetcher.fetch(Request(url=url, own_port=True), now=NOW) for url in urls))
        assert len(origin.seen()) == 4


# The queues by themselves.


async def test_a_request_that_is_cancelled_while_it_waits_gives_its_turn_on() -> None:
    hosts = Hosts(1, 0.0)
    first = await hosts.enter("a")
    waiting = [asyncio.create_task(hosts.enter("a")) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.gather(waiting[0], return_exceptions=True)
    first.leave()
    waiting[1].cancel()  # it has its turn already, but has not noticed
    await asyncio.gather(waiting[1], return_exceptions=True)
    (await asyncio.wait_for(waiting[2], 1)).leave()
    assert hosts._lines == {}


async def test_a_host_is_forgotten_when_its_delay_is_over() -> None:
    hosts = Hosts(1, 0.05)
    for host in map(str, range(100)):
        turn = await hosts.enter(host)
        turn.sent()
        turn.leave()
    assert len(hosts._lines) == 100
    await asyncio.sleep(0.1)
    assert hosts._lines == {}


async def test_no_second_request_is_let_in_before_the_first_has_gone_out() -> None:
    hosts = Hosts(2, 0.05)
    first = await hosts.enter("a")
    second = asyncio.create_task(hosts.enter("a"))
    await asyncio.sleep(0.1)
    assert not second.done()  # the first is still connecting: the delay has not begun
    first.sent()
    begun = asyncio.get_running_loop().time()
    (await second).leave()
    assert asyncio.get_running_loop().time() - begun >= 0.05
    first.leave()


async def test_a_request_that_never_went_out_counts_all_the_same() -> None:
    hosts = Hosts(1, 0.05)
    (await hosts.enter("a")).leave()
    begun = asyncio.get_running_loop().time()
    (await hosts.enter("a")).leave()
    assert asyncio.get_running_loop().time() - begun >= 0.05


async def test_a_silent_request_gives_its_place_up_and_has_it_back_before_others() -> None:
    places = Places(1, silence=0.05)
    order: list[str] = []

    async def other(name: str, held: float) -> None:
        async with Place(places) as place:
            order.append(name)
            for _ in range(round(held / 0.01)):
                await asyncio.sleep(0.01)
                place.heard()

    async with Place(places) as place:
        others = [asyncio.create_task(other(name, 0.1)) for name in ("second", "third")]
        await asyncio.sleep(0.08)
        assert place.is_outside
        assert order == ["second"]
        await place.return_inside()
        order.append("first again")
        assert not place.is_outside
        place.heard()
    await asyncio.gather(*others)
    assert order == ["second", "first again", "third"]
    async with asyncio.timeout(1):
        await places.take()  # nothing was lost


async def test_a_request_that_is_heard_keeps_its_place() -> None:
    places = Places(1, silence=0.06)
    async with Place(places) as place:
        for _ in range(10):
            await asyncio.sleep(0.02)
            place.heard()
        assert not place.is_outside


async def test_only_so_many_wait_outside() -> None:
    places = Places(2, silence=0.02, outside=1)
    async with Place(places) as first, Place(places) as second:
        await asyncio.sleep(0.1)
        assert sorted((first.is_outside, second.is_outside)) == [False, True]
    async with asyncio.timeout(1):
        await places.take()
        await places.take()


async def test_a_place_that_is_waited_for_in_vain_is_not_lost() -> None:
    places = Places(1)
    await places.take()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(places.take(), 0.01)
    places.give()
    await asyncio.wait_for(places.take(), 1)
