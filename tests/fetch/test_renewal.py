"""A changed configuration: the new fetcher takes over what the old one knew (robustness.md: PM-19)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.errors import Unreachable
from aggregator.fetch.pacing import Hosts
from aggregator.fetch.places import Place, Places
from aggregator.model import Document, Request
from tests.fetch.test_queues import Log, started
from tests.fetching import AGENT, NOW, fetching, polling
from tests.origin import Origin, reply

pytestmark = pytest.mark.anyio

JITTER = 0.03  # seconds: the origin's threads share our interpreter, and see a request a little late


async def test_a_renewed_fetcher_knows_what_the_old_one_knew_of_the_hosts() -> None:
    delay = 0.25
    with Origin() as origin:
        slow = origin.answer("/slow", (0.6, reply(200, b"slow")))
        quick = origin.answer("/quick", reply(200, b"quick"))
        settings = polling(host_delay=timedelta(seconds=delay))
        async with fetching(settings) as old:
            under_way = asyncio.create_task(old.fetch(Request(url=slow, own_port=True), now=NOW))
            assert await asyncio.to_thread(origin.asked.wait, 5)
            new = old.renewed(replace(settings, timeout=timedelta(seconds=1)), user_agent="aggregator/2")
            ending = asyncio.create_task(old.finish())
            after = await new.fetch(Request(url=quick, own_port=True), now=NOW)
            assert under_way.done()  # per_host is 1
            assert isinstance(await under_way, Document)
            await asyncio.wait_for(ending, 1)
            # A job that began before goes on with the new one.
            assert isinstance(await old.fetch(Request(url=quick, own_port=True), now=NOW), Document)
            await new.close()
        assert isinstance(after, Document)
        first, second, third = origin.seen()
        assert second.at - first.at >= 0.6 - JITTER
        assert third.at - second.at >= delay - JITTER
        assert [seen.open for seen in origin.seen()] == [1, 1, 1]
        assert [seen.header("user-agent") for seen in origin.seen()] == [
            AGENT.encode(),
            b"aggregator/2",
            b"aggregator/2",
        ]


async def test_a_renewed_fetcher_keeps_the_delay_since_the_last_request_of_the_old_one() -> None:
    delay = 0.3
    with Origin() as origin:
        url = origin.answer("/feed", reply(200, b"x"))
        async with fetching(polling(host_delay=timedelta(seconds=delay))) as old:
            await old.fetch(Request(url=url, own_port=True), now=NOW)
            new = old.renewed(polling(host_delay=timedelta(seconds=delay), per_host=5), user_agent=AGENT)
            await new.fetch(Request(url=url, own_port=True), now=NOW)
            await new.close()
        first, second = origin.seen()
        assert second.at - first.at >= delay - JITTER
        assert first.connection != second.connection  # the old one kept none open


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1)])
async def test_a_renewed_number_of_connections_holds_at_once(before: int, after: int) -> None:
    hosts = Hosts(before, 0.0)
    turns = [await hosts.enter("a") for _ in range(before)]
    waiting = [asyncio.create_task(hosts.enter("a")) for _ in range(4)]
    await asyncio.sleep(0)
    hosts.renew(after, 0.0)
    await asyncio.sleep(0)
    assert sum(task.done() for task in waiting) == max(0, after - before)
    for turn in turns:
        turn.leave()
    await asyncio.sleep(0)
    assert sum(task.done() for task in waiting) == min(4, after)
    for task in waiting:
        (await asyncio.wait_for(task, 1)).leave()
    assert hosts._domains == {}


async def test_a_shorter_delay_holds_for_who_waits_already() -> None:
    hosts, log = Hosts(1, 60.0), Log()
    await started(hosts, "a", "a", log)
    waiting = asyncio.create_task(started(hosts, "a", "a", log))
    await asyncio.sleep(0)
    hosts.renew(1, 0.02)
    await asyncio.wait_for(waiting, 1)
    assert log[1][1] - log[0][1] >= 0.02


async def test_a_renewed_number_of_places_holds_as_they_are_given_back() -> None:
    places = Places(3)
    for _ in range(3):
        await places.take()
    places.renew(1)
    waiting = [asyncio.create_task(places.take()) for _ in range(3)]
    for given, let_in in ((1, 0), (2, 0), (3, 1), (4, 2)):
        places.give()
        await asyncio.sleep(0)
        assert sum(task.done() for task in waiting) == let_in, given
    places.renew(2)
    await asyncio.wait_for(waiting[2], 1)


async def test_a_renewed_room_outside_holds_at_once() -> None:
    places = Places(2, silence=0.02, outside=2)
    places.renew(2, outside=1)
    async with Place(places) as first, Place(places) as second:
        await asyncio.sleep(0.1)
        assert sorted((first.is_outside, second.is_outside)) == [False, True]
        places.renew(2, outside=2)
        await asyncio.sleep(0.1)
        assert first.is_outside
        assert second.is_outside


async def test_closing_ends_the_wait_for_the_last_requests() -> None:
    with Origin() as origin:
        url = origin.answer("/feed", (5,))
        async with fetching() as old:
            under_way = asyncio.create_task(old.fetch(Request(url=url, own_port=True), now=NOW))
            behind = asyncio.create_task(old.fetch(Request(url=url, own_port=True), now=NOW))
            assert await asyncio.to_thread(origin.asked.wait, 5)
            ending = asyncio.create_task(old.finish())
            await asyncio.sleep(0.05)
            assert not ending.done()
            await old.close()
            await asyncio.wait_for(ending, 1)
            results = await asyncio.wait_for(asyncio.gather(under_way, behind, return_exceptions=True), 2)
        assert all(isinstance(result, Unreachable) for result in results)
        assert len(origin.seen()) == 1


async def test_a_host_never_has_an_idle_connection_beside_the_one_that_is_used() -> None:
    with Origin() as origin:
        url = origin.answer("/feed", (0.02, reply(200, b"x")))
        async with fetching() as fetcher:
            for own_port in (
                True,
                False,
                True,
                False,
            ):  # pages may only go inside, feeds have a port of their own
                await fetcher.fetch(Request(url=url, own_port=own_port), now=NOW)
                kept = sum(len(transport.connector._conns) for transport in fetcher._transports.values())
                assert kept == 1
