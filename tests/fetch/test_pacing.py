"""Who may ask when, as the origin sees it (robustness.md: PM-19, PM-24)."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from aggregator.errors import FetchError, Refused, Rejected, ToldToWait
from aggregator.fetch import Fetcher
from aggregator.fetch.guard import Guard
from aggregator.model import Document, Request
from tests.fetching import NOW, Names, fetching, polling
from tests.origin import Origin, reply

pytestmark = pytest.mark.anyio

JITTER = 0.03  # seconds: the origin's threads share our interpreter, and see a request a little late


async def test_pm_19_one_connection_and_a_delay_for_one_host_and_none_for_the_others() -> None:
    delay = 0.15
    with Origin() as busy, Origin() as other:
        urls = [busy.answer(f"/{n}", (0.02, reply(200, b"x"))) for n in range(6)]
        urls += [other.answer("/x", reply(200, b"x"))]
        async with fetching(polling(host_delay=timedelta(seconds=delay))) as fetcher:
            await asyncio.gather(*(fetcher.fetch(Request(url=url, own_port=True), now=NOW) for url in urls))
        starts = [request.at for request in busy.seen()]
        assert [request.target for request in busy.seen()] == [
            f"/{n}" for n in range(6)
        ]  # first come, first served
        assert all(later - earlier >= delay - JITTER for earlier, later in pairwise(starts))
        assert starts[-1] - starts[0] < 6 * delay
        assert {request.open for request in busy.seen()} == {1}
        assert other.seen()[0].at - starts[0] < delay


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
    assert all(later.at - earlier.at >= delay - JITTER for earlier, later in pairwise(seen))


@pytest.mark.parametrize("per_host", [1, 3])
async def test_pm_19_no_more_than_per_host_are_under_way_at_one_host(per_host: int) -> None:
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


async def test_pm_19_the_hosts_of_one_domain_are_asked_one_after_another_and_addresses_are_their_own() -> (
    None
):
    delay = 0.2
    names = Names()
    hosts = ("www.kabar.co.id", "rss.kabar.co.id", "kabar.co.id", "www.berita.co.id")
    with Origin("127.0.0.2") as origin, Origin("127.0.0.3") as literal:
        urls = []
        for host in hosts:
            names.answer(host, ("127.0.0.2",))
            urls.append(origin.url(f"/{host}", host=host))
            origin.answer(f"/{host}", reply(200, b"x"))
        urls += [literal.answer("/1", reply(200, b"x")), origin.answer("/1", reply(200, b"x"))]
        async with fetching(polling(host_delay=timedelta(seconds=delay)), lookup=names) as fetcher:
            await asyncio.gather(*(fetcher.fetch(Request(url=url, own_port=True), now=NOW) for url in urls))
        first, second, third, other = (origin.seen(f"/{host}")[0].at for host in hosts)
        assert second - first >= delay - JITTER
        assert third - second >= delay - JITTER
        assert all(
            abs(at - first) < delay - JITTER for at in (other, literal.seen()[0].at, origin.seen("/1")[0].at)
        )


@pytest.mark.parametrize(
    ("url", "line", "domain"),
    [
        ("https://www.kabar.co.id/rss", "www.kabar.co.id:443", "kabar.co.id"),
        ("http://WWW.Kabar.co.id.:8080/", "www.kabar.co.id:8080", "kabar.co.id"),
        ("http://a.blogspot.com/", "a.blogspot.com:80", "a.blogspot.com"),
        ("http://localhost/", "localhost:80", "localhost"),
        ("http://8.8.8.8:8080/", "8.8.8.8:8080", "8.8.8.8:8080"),
        ("http://134744072/", "8.8.8.8:80", "8.8.8.8:80"),
        ("http://[2606:4700::1111]/", "[2606:4700::1111]:80", "[2606:4700::1111]:80"),
    ],
)
def test_requests_are_counted_by_host_with_port_and_kept_apart_by_owner(
    url: str, line: str, domain: str
) -> None:
    target = Guard(polling()).target(url)
    assert (target.line, target.domain) == (line, domain)


async def test_pm_24_what_waits_for_a_host_that_says_429_is_checked_before_it_goes_out() -> None:
    told: set[str] = set()
    checked: list[str] = []

    def check(url: str) -> None:
        checked.append(url)
        if told:
            raise ToldToWait(url, "its host asked to be left alone for a while", http_status=429)

    with Origin() as origin:
        urls = [origin.answer(f"/{n}", reply(429, b"", {"Retry-After": "60"})) for n in range(20)]

        async def ask(fetcher: Fetcher, url: str) -> type[FetchError]:
            try:
                await fetcher.fetch(Request(url=url, own_port=True), now=NOW, check=check)
            except FetchError as error:
                told.add(error.host or "")
                return type(error)
            raise AssertionError

        async with fetching(polling(host_delay=timedelta(seconds=0.2))) as fetcher:
            before = time.monotonic()
            kinds = await asyncio.gather(*(ask(fetcher, url) for url in urls))
            assert time.monotonic() - before < 2  # those that never go out do not wait for one another
            assert fetcher._hosts._domains.keys() <= {f"127.0.0.1:{origin.port}"}
        assert len(origin.seen()) == 1
        assert checked == urls
        assert kinds == [Rejected] + [ToldToWait] * 19


async def test_permission_is_asked_for_every_hop_with_nothing_held() -> None:
    hops: list[str] = []
    with Origin() as origin:
        url = origin.answer("/page", reply(302, b"", {"Location": "/elsewhere"}))
        origin.answer("/elsewhere", reply(200, b"page"))
        robots = origin.answer("/robots.txt", reply(200, b"User-agent: *"))
        async with fetching(polling(per_host=1, concurrency=1, timeout=timedelta(seconds=1))) as fetcher:

            async def permit(hop: str) -> None:
                hops.append(hop)
                await fetcher.fetch(Request(url=robots, own_port=True), now=NOW)
                await asyncio.sleep(0.6)  # of all hops together longer than the document may take

            answer = await asyncio.wait_for(
                fetcher.fetch(Request(url=url, own_port=True), now=NOW, permit=permit), 5
            )
        assert isinstance(answer, Document)
        assert hops == [url, origin.url("/elsewhere")]
        assert [seen.target for seen in origin.seen()] == [
            "/robots.txt",
            "/page",
            "/robots.txt",
            "/elsewhere",
        ]


@pytest.mark.parametrize("hook", ["permit", "check"])
async def test_what_is_not_permitted_is_not_asked(hook: str) -> None:
    with Origin() as origin, Origin("127.0.0.2") as private:
        url = origin.answer("/page", reply(302, b"", {"Location": private.url("/x")}))

        def refuse(hop: str) -> None:
            if hop == private.url("/x"):
                raise Refused(hop, "its robots.txt does not let us read it")

        async def refuse_later(hop: str) -> None:
            refuse(hop)

        async with fetching() as fetcher:
            hooks: Any = {hook: refuse_later if hook == "permit" else refuse}
            for _ in range(2):  # and nothing is held by the first
                with pytest.raises(Refused, match=r"robots\.txt") as caught:
                    await fetcher.fetch(Request(url=url, own_port=True), now=NOW, **hooks)
                assert caught.value.host is None
            assert fetcher._hosts._domains == {}
        assert private.connections == 0
