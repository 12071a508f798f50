"""Fetching the page of an entry: with leave of its origin, at every address on the way, and never in a hurry."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from aggregator.errors import AggregatorError, FetchError, TimedOut, ToldToWait, TooExpensive, Unreachable
from aggregator.fetch import PAGE_ACCEPT
from aggregator.jobs.hosts import TOO_MANY_REQUESTS
from aggregator.jobs.services import Services
from aggregator.model import Document, Page, Request, WaitingEntry

TRIES: Final = 3
READINGS: Final = 2  # of a page that ends its reader
FIRST_RETRY: Final = timedelta(hours=1)
BEHIND_FEEDS: Final = timedelta(minutes=20)
# How long a page that may not be asked for is waited for, from when its entry was first seen: longer than any
# Retry-After, and than a robots.txt is missed before it counts as absent.
PATIENCE: Final = timedelta(days=40)
GONE: Final = 410
MAX_PAGE: Final = 5_000_000  # bytes; the largest of 1,018 captured pages has 2.2 MB
FINAL: Final = ("refused", "too-large")  # error.kind of what no later try would change


async def fetch_page(url: str, *, services: Services, now: datetime) -> Page:
    """Have one page; raises a FetchError.

    Every host on the way is asked for its robots.txt first, and none that asked to be left alone.
    """

    async def permit(hop: str) -> None:
        await services.robots.check(hop, services=services, now=now)

    def check(hop: str) -> None:
        services.hosts.check_page(hop, now)

    await services.hosts.load(services=services, now=now)
    try:
        answer = await services.fetcher.fetch(
            Request(url=url, accept=PAGE_ACCEPT, max_body=MAX_PAGE), now=now, permit=permit, check=check
        )
    except FetchError as error:
        await services.hosts.told(error, default=now + FIRST_RETRY, services=services, now=now)
        if isinstance(error, TimedOut | Unreachable) and not error.hops:
            services.hosts.is_silent(url, now + FIRST_RETRY)
        raise
    if not isinstance(answer, Document):
        raise FetchError(url, "the origin says that nothing changed, though it was not asked that")
    return Page(url=answer.url, content_type=answer.content_type, body=answer.body)


def next_try(waiting: WaitingEntry, error: AggregatorError, *, now: datetime) -> datetime | None:
    """Say when to try for a page again that could not be had or read: twice more; None: no more.

    Not where our own policy or its origin forbids it, nor where it is gone; one that is not there (404) may
    still be on its way. Where it was not even asked for, that is no try: it is asked for when the wait is over.
    """
    if isinstance(error, ToldToWait):
        at = max(_again(error) or now, now + timedelta(minutes=1))
        return at if at <= waiting.first_seen + PATIENCE else None
    most = READINGS if isinstance(error, TooExpensive) else TRIES
    if waiting.tries + 1 >= most or _is_final(error):
        return None
    at = now + FIRST_RETRY * int(6**waiting.tries)
    return max(at, _again(error) or at)


def _again(error: AggregatorError) -> datetime | None:
    """Give when an origin wants to be asked again; the feeds of a host that turned us away go before its pages.

    Else its pages, which are many, would have it wait for ever.
    """
    if not isinstance(error, FetchError) or error.retry_after is None:
        return None
    return error.retry_after + (BEHIND_FEEDS if error.http_status == TOO_MANY_REQUESTS else timedelta())


def _is_final(error: AggregatorError) -> bool:
    return isinstance(error, FetchError) and (error.kind in FINAL or error.http_status == GONE)
