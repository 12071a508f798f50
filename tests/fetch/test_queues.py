"""The queues of hosts and of places, by themselves (robustness.md: PM-19, TL-10)."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from aggregator.fetch.pacing import Hosts
from aggregator.fetch.places import Place, Places

pytestmark = pytest.mark.anyio

Log = list[tuple[str, float]]  # hosts, and the loop times at which requests to them went out


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
    assert hosts._domains == {}


async def test_a_host_is_forgotten_when_its_delay_is_over() -> None:
    hosts = Hosts(1, 0.05)
    for host in map(str, range(100)):
        turn = await hosts.enter(host)
        turn.begin()
        turn.sent()
        turn.leave()
    assert len(hosts._domains) == 100
    await asyncio.sleep(0.1)
    assert hosts._domains == {}


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
    first = await hosts.enter("a")
    first.begin()  # and no connection is made
    first.leave()
    begun = asyncio.get_running_loop().time()
    (await hosts.enter("a")).leave()
    assert asyncio.get_running_loop().time() - begun >= 0.05


async def test_tl_10_a_silent_request_gives_its_place_up_and_has_it_back_before_others() -> None:
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


# Domains, by themselves.


async def started(hosts: Hosts, host: str, domain: str, log: Log, *, ahead: bool = False) -> None:
    """One request that is over as soon as it went out."""
    turn = await hosts.enter(host, domain=domain, ahead=ahead)
    turn.begin()
    turn.sent()
    log.append((host, asyncio.get_running_loop().time()))
    turn.leave()


async def test_a_domain_is_served_in_the_order_of_coming_and_redirects_first() -> None:
    hosts, log = Hosts(1, 0.02), Log()
    waiting = [asyncio.create_task(started(hosts, host, "d", log)) for host in ("a", "b", "a", "c")]
    await asyncio.sleep(0)
    waiting += [asyncio.create_task(started(hosts, host, "d", log, ahead=True)) for host in ("x", "a2")]
    async with asyncio.timeout(2):
        await asyncio.gather(*waiting)
    assert [host for host, _ in log] == ["a", "x", "a2", "b", "a", "c"]
    assert all(later - earlier >= 0.02 for (_, earlier), (_, later) in pairwise(log))


async def test_a_host_that_is_busy_does_not_hold_up_the_others_of_its_domain() -> None:
    hosts, log = Hosts(1, 0.01), Log()
    busy = await hosts.enter("busy", domain="d")
    busy.begin()
    busy.sent()
    behind = asyncio.create_task(started(hosts, "busy", "d", log))
    async with asyncio.timeout(2):
        await asyncio.gather(*(started(hosts, host, "d", log) for host in ("b", "c")))
        assert not behind.done()
        busy.leave()
        await behind
    assert [host for host, _ in log] == ["b", "c", "busy"]


async def test_another_domain_is_not_delayed() -> None:
    hosts, log = Hosts(1, 60.0), Log()
    async with asyncio.timeout(1):
        for domain in ("d", "e", "f"):
            await started(hosts, f"www.{domain}", domain, log)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(started(hosts, "other.d", "d", log), 0.02)
    assert hosts._domains.keys() == {"d", "e", "f"}
    hosts.renew(1, 0.0)
    assert hosts._domains == {}


@pytest.mark.parametrize("delay", [0.0, 0.002])
async def test_nothing_is_lost_or_kept_however_requests_are_cancelled(delay: float) -> None:
    hosts, log = Hosts(2, delay), Log()
    loop = asyncio.get_running_loop()
    for turn in range(40):
        tasks = [
            asyncio.create_task(started(hosts, f"h{n % 5}", f"d{n % 2}", log, ahead=n % 7 == 0))
            for n in range(20)
        ]
        for n, task in enumerate(tasks):
            if (n * 7 + turn) % 3 == 0:
                loop.call_later((n + turn) % 4 / 1000, task.cancel)
        async with asyncio.timeout(5):
            await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(3 * delay + 0.01)
    assert hosts._domains == {}
    assert len(log) >= 40 * 13


async def test_two_that_are_cancelled_together_are_both_forgotten() -> None:
    hosts = Hosts(1, 0.0)
    first = await hosts.enter("a")
    waiting = [asyncio.create_task(hosts.enter("a")) for _ in range(4)]
    await asyncio.sleep(0)
    for task in waiting[:3]:
        task.cancel()
    first.leave()  # passes over those that are cancelled but do not know it yet
    results = await asyncio.gather(*waiting[:3], return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    (await asyncio.wait_for(waiting[3], 1)).leave()
    assert hosts._domains == {}


async def test_a_place_is_not_lost_when_its_next_two_are_cancelled_together() -> None:
    places = Places(1)
    await places.take()
    waiting = [asyncio.create_task(places.take()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[1].cancel()
    places.give()
    results = await asyncio.gather(*waiting[:2], return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    await asyncio.wait_for(waiting[2], 1)


async def test_ten_thousand_hosts_of_one_domain_cost_little() -> None:
    hosts = Hosts(1, 3600.0)
    before = time.process_time()
    waiting = [asyncio.create_task(hosts.enter(f"h{n}", domain="d")) for n in range(10_000)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert time.process_time() - before < 5
    assert len(hosts._domains) <= 1
