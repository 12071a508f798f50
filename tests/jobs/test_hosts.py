"""Hosts that asked to be left alone: for how long, for which addresses, and over restarts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.errors import FetchError, Rejected, TimedOut, ToldToWait
from aggregator.jobs import hosts
from aggregator.jobs.hosts import HostWaits, target_of
from aggregator.jobs.services import Services
from tests.jobs.conftest import NOW

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def too_many(retry_after: timedelta | None = None, host: str | None = "kampar.example:443") -> Rejected:
    return Rejected(
        "https://kampar.example/rss",
        "it answered 429 Too Many Requests",
        http_status=429,
        retry_after=NOW + retry_after if retry_after is not None else None,
        host=host,
    )


async def tell(services: Services, error: FetchError, now: timedelta = timedelta()) -> None:
    await services.hosts.told(error, default=NOW + now + HOUR, services=services, now=NOW + now)


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("https://kampar.example/a", "kampar.example:443"),
        ("HTTPS://Kampar.Example:443/a?b", "kampar.example:443"),
        ("http://kampar.example", "kampar.example:80"),
        ("http://nama:sandi@kampar.example.:8080/", "kampar.example:8080"),
        ("http://127.1/", "127.0.0.1:80"),
        ("http://[2001:DB8::0:1]:81/", "[2001:db8::1]:81"),
        ("https://bücher.example/", "xn--bcher-kva.example:443"),
    ],
)
def test_a_host_is_its_name_with_its_port(url: str, line: str) -> None:
    target = target_of(url)
    assert target is not None
    assert target.line == line


@pytest.mark.parametrize(
    "url", ["", "kampar.example", "ftp://kampar.example/", "http://", "data:text/plain,x"]
)
async def test_what_is_never_fetched_waits_for_nothing(services: Services, url: str) -> None:
    await tell(services, too_many())
    assert services.hosts.until(url, NOW) is None
    services.hosts.check(url, NOW)


async def test_pm_24_all_that_a_host_has_waits_after_a_429_and_nothing_else(services: Services) -> None:
    await tell(services, too_many(2 * HOUR))
    for url in (
        "https://kampar.example/rss",
        "https://kampar.example:443/lain?x",
        "https://KAMPAR.example./",
    ):
        assert services.hosts.until(url, NOW) == NOW + 2 * HOUR
        with pytest.raises(ToldToWait) as caught:
            services.hosts.check(url, NOW)
        assert (caught.value.retry_after, caught.value.http_status) == (NOW + 2 * HOUR, 429)
    for url in ("http://kampar.example/rss", "https://www.kampar.example/", "https://kampar.example:8443/"):
        services.hosts.check(url, NOW)
    almost = NOW + 2 * HOUR - timedelta(seconds=1)
    assert services.hosts.until("https://kampar.example/", almost) is not None
    assert services.hosts.until("https://kampar.example/", NOW + 2 * HOUR) is None


@pytest.mark.parametrize(
    "error",
    [
        Rejected("https://kampar.example/rss", "x", http_status=503, retry_after=NOW + HOUR, host="kampar.example:443"),
        Rejected("https://kampar.example/rss", "x", http_status=404, host="kampar.example:443"),
        TimedOut("https://kampar.example/rss", "x"),
        too_many(host=None),
        ToldToWait("https://kampar.example/", "x", http_status=429, retry_after=NOW + DAY, host="kampar.example:443"),
    ],
    ids=["503", "404", "time-out", "429 of nobody", "not asked"],
)  # fmt: skip
async def test_nothing_but_a_429_says_something_of_its_host(services: Services, error: FetchError) -> None:
    await tell(services, error)
    assert services.hosts.until("https://kampar.example/", NOW) is None
    assert services.store.host_waits(now=NOW) == {}


async def test_a_429_without_a_time_holds_as_long_as_the_caller_says(services: Services) -> None:
    await tell(services, too_many())
    assert services.hosts.until("https://kampar.example/", NOW) == NOW + HOUR


async def test_it_is_the_host_that_answered_that_waits_not_the_one_that_led_to_it(services: Services) -> None:
    await tell(services, too_many(HOUR, host="cdn.kampar.example:443"))
    assert services.hosts.until("https://kampar.example/", NOW) is None
    assert services.hosts.until("https://cdn.kampar.example/", NOW) == NOW + HOUR


async def test_pm_24_no_site_can_silence_the_host_of_another(services: Services) -> None:
    await tell(services, too_many(HOUR, host="cdn.example:443"))
    assert services.hosts.until("https://cdn.example/", NOW) is None
    assert services.store.host_waits(now=NOW) == {}


async def test_of_several_waits_the_longest_holds(services: Services) -> None:
    for wait in (HOUR, 3 * HOUR, None, 2 * HOUR):
        await tell(services, too_many(wait))
    assert services.hosts.until("https://kampar.example/", NOW) == NOW + 3 * HOUR
    assert services.store.host_waits(now=NOW) == {"kampar.example:443": NOW + 3 * HOUR}


async def test_a_wait_that_is_over_makes_room_for_a_shorter_one(services: Services) -> None:
    await tell(services, too_many(3 * HOUR))
    await tell(services, too_many(), now=4 * HOUR)
    assert services.hosts.until("https://kampar.example/", NOW + 4 * HOUR) == NOW + 5 * HOUR


async def test_pm_21_a_restart_hurries_nobody(services: Services) -> None:
    await tell(services, too_many(2 * HOUR))
    again = replace(services, hosts=HostWaits())
    await again.hosts.load(services=again, now=NOW + HOUR)
    assert again.hosts.until("https://kampar.example/", NOW + HOUR) == NOW + 2 * HOUR
    late = replace(services, hosts=HostWaits())
    await late.hosts.load(services=late, now=NOW + 3 * HOUR)
    assert late.hosts.until("https://kampar.example/", NOW + 3 * HOUR) is None


async def test_what_was_told_before_the_store_was_read_is_not_lost(services: Services) -> None:
    services.store.put_host_wait("kampar.example:443", NOW + HOUR)
    await tell(services, too_many(5 * HOUR))
    await services.hosts.load(services=services, now=NOW)
    assert services.hosts.until("https://kampar.example/", NOW) == NOW + 5 * HOUR


async def test_the_store_is_read_once(services: Services) -> None:
    await services.hosts.load(services=services, now=NOW)
    services.store.put_host_wait("lain.example:443", NOW + HOUR)
    await services.hosts.load(services=services, now=NOW)
    assert services.hosts.until("https://lain.example/", NOW) is None


async def test_the_others_of_a_host_wait_no_longer_than_max_interval(services: Services) -> None:
    await tell(services, too_many(365 * DAY))
    assert services.hosts.until("https://kampar.example/", NOW) == NOW + DAY


@pytest.mark.parametrize(("back", "waits"), [(DAY, True), (365 * DAY, False)])
async def test_ck_01_a_clock_that_is_set_back_keeps_waits_and_makes_none_endless(
    services: Services, back: timedelta, waits: bool
) -> None:
    await tell(services, too_many(31 * DAY))
    assert (services.hosts.until("https://kampar.example/", NOW - back) is not None) is waits


async def test_a_wait_noted_by_a_clock_that_ran_ahead_is_replaced(services: Services) -> None:
    await tell(services, too_many(), now=365 * DAY)
    await tell(services, too_many())
    assert services.hosts.until("https://kampar.example/", NOW) == NOW + HOUR


async def test_memory_is_bounded_and_keeps_the_waits_that_last(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "MOST_HOSTS", 10)
    for number in range(30):
        await tell(services, too_many(HOUR + timedelta(minutes=number), host=f"h{number}.kampar.example:443"))
    assert len(services.hosts._until) <= 10
    assert services.hosts.until("https://h29.kampar.example/", NOW) is not None
    assert len(services.store.host_waits(now=NOW)) == 30
