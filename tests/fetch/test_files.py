"""How many files requests hold open, and what happens when there are no more."""

from __future__ import annotations

import os
import resource
from contextlib import ExitStack, suppress

import pytest

from aggregator.errors import Unreachable
from aggregator.fetch import MAX_OUTSIDE, open_files_wanted
from aggregator.fetch.places import MAX_IDLE, room_outside
from aggregator.model import Document, Request
from tests.fetching import NOW, fetching, polling
from tests.origin import Origin, reply

pytestmark = pytest.mark.anyio


async def test_few_idle_connections_are_kept() -> None:
    with ExitStack() as stack:
        origins = [stack.enter_context(Origin(f"127.0.1.{n + 1}")) for n in range(MAX_IDLE + 5)]
        async with fetching() as fetcher:
            for origin in origins:
                url = origin.answer("/feed", reply(200, b"x"))
                await fetcher.fetch(Request(url=url, own_port=True), now=NOW)
            (transport,) = fetcher._transports.values()
            assert len(transport.connector._conns) == MAX_IDLE


def test_so_many_files_are_wanted_that_every_request_has_its_own() -> None:
    assert open_files_wanted(polling(concurrency=64)) >= 64 + MAX_OUTSIDE + MAX_IDLE
    assert open_files_wanted(polling(concurrency=500)) - open_files_wanted(polling(concurrency=64)) == 436


@pytest.mark.parametrize(
    ("allowed", "room"), [(resource.RLIM_INFINITY, MAX_OUTSIDE), (1728, MAX_OUTSIDE), (1024, 320), (256, 0)]
)
def test_fewer_wait_outside_where_few_files_may_be_open(allowed: int, room: int) -> None:
    assert room_outside(polling(concurrency=64), allowed=allowed) == room


async def test_a_machine_without_more_files_says_that_it_is_its_own_fault() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Origin() as origin:
        url = origin.answer("/feed", reply(200, b"x"))
        async with fetching() as fetcher:
            assert isinstance(await fetcher.fetch(Request(url=url, own_port=True), now=NOW), Document)
            other = url.replace("127.0.0.1", "127.0.0.2")
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 1, hard))
            held: list[int] = []
            try:
                with suppress(OSError):
                    while True:
                        held.append(os.open(os.devnull, os.O_RDONLY))
                with pytest.raises(Unreachable) as caught:
                    await fetcher.fetch(Request(url=other, own_port=True), now=NOW)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                for descriptor in held:
                    os.close(descriptor)
            assert isinstance(await fetcher.fetch(Request(url=url, own_port=True), now=NOW), Document)
    assert caught.value.reason == "this machine has no more files to open, which is no fault of the origin"
    assert caught.value.host is None
