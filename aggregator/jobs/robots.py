"""What origins let us read of their pages: their robots.txt, asked for once a day (RFC 9309).

It is asked for pages only, never for a feed: that was named by an editor (design 5.4).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

import ada_url

from aggregator.core.robots import Rules, clipped, rules_of
from aggregator.errors import FetchError, Refused, Rejected, ToldToWait
from aggregator.fetch.guard import shown
from aggregator.jobs.hosts import TOO_MANY_REQUESTS, target_of
from aggregator.model import Document, Request, RobotsFile

if TYPE_CHECKING:
    from aggregator.jobs.services import Services

AGENT: Final = "aggregator"  # the product token of our User-Agent
ACCEPT: Final = "text/plain, */*;q=0.1"
FRESH: Final = timedelta(hours=24)  # how long an answer holds (2.4)
SOON: Final = timedelta(hours=1)  # how long it is left alone where it could not be had
ABSENT_AFTER: Final = timedelta(days=30)  # of not being had, after which it counts as absent (2.3.1.4)
NOWHERE: Final = 302  # the status of one whose redirects lead nowhere that we go
SMALL: Final = (
    32 * 1024
)  # bytes; what is larger could cost the event loop half a second, and goes to a worker
ALLOW_SECONDS: Final = 10.0
MAX_FILE: Final = (
    512 * 1024
)  # bytes that are had of one; more than the 500 KiB that are read, the last line whole
MOST_BYTES: Final = 2**20  # of files held in memory
MOST_ORIGINS: Final = 4096


@dataclass(slots=True, kw_only=True)
class _Known:
    """The robots.txt of one origin, as far as we know it."""

    file: RobotsFile  # where it could not be had, `fetched_at` is since when
    asked: datetime
    again: datetime  # when the origin is asked the next time
    reason: str = ""  # why it could not be had
    rules: Rules | None = None  # read when first needed

    def holds(self, now: datetime) -> bool:
        """Tell whether the origin need not be asked; a clock that was set back is not believed."""
        return self.asked <= now < self.again

    def is_undefined(self, now: datetime) -> bool:
        """Tell whether nothing is known of what we may read, so that for the time being it is nothing."""
        return not _is_answer(self.file.status) and now < self.file.fetched_at + ABSENT_AFTER


class Robots:
    """The robots.txt of every origin whose pages are read; carried over when feeds.toml changes."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}  # by origin, the one used last at the end
        self._bytes = 0
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def check(self, url: str, *, services: Services, now: datetime) -> None:
        """Raise a FetchError unless we may ask for this page.

        `Refused` where its origin does not want it to be read, `ToldToWait` where that cannot be known yet, with
        the time at which it is asked again. However many pages wait for one origin, it is asked once.
        """
        target = target_of(url)
        if target is None:  # the fetcher refuses it
            return
        origin = f"{target.scheme}://{target.line}"
        known = self._held(origin, now)
        if known is None:
            asking = self._asking.setdefault(origin, asyncio.Lock())
            async with asking:
                known = self._held(origin, now) or self._hold(origin, await _had(origin, services, now))
        if known.is_undefined(now):
            reason = f"its robots.txt cannot be had: {known.reason}"
            raise ToldToWait(shown(url), reason, retry_after=known.again)
        if not await _allows(known, url, services):
            raise Refused(shown(url), "its robots.txt does not let us read this page")

    def _held(self, origin: str, now: datetime) -> _Known | None:
        known = self._known.get(origin)
        if known is None or not known.holds(now):
            return None
        self._known[origin] = self._known.pop(origin)
        return known

    def _hold(self, origin: str, known: _Known) -> _Known:
        """Keep one in memory, and let those go that were not used for longest where it gets too much."""
        self._forget(origin)
        self._known[origin] = known
        self._bytes += len(known.file.body)
        while len(self._known) > MOST_ORIGINS or (self._bytes > MOST_BYTES and len(self._known) > 1):
            self._forget(next(iter(self._known)))
        return known

    def _forget(self, origin: str) -> None:
        known = self._known.pop(origin, None)
        self._bytes -= len(known.file.body) if known is not None else 0


async def _had(origin: str, services: Services, now: datetime) -> _Known:
    """Give the stored answer while it holds, else ask the origin; raises ToldToWait where that may not be."""
    stored = await services.call(services.store.robots, origin)
    if stored is not None and _is_answer(stored.status):
        known = _Known(file=stored, asked=stored.fetched_at, again=stored.fetched_at + _lasting(stored))
        if known.holds(now):
            return known
    known = await _asked(ada_url.URL(f"{origin}/robots.txt").href, stored, services, now)
    await services.call(services.store.put_robots, origin, known.file)
    return known


async def _asked(url: str, stored: RobotsFile | None, services: Services, now: datetime) -> _Known:
    await services.hosts.load(services=services, now=now)
    request = Request(url=url, accept=ACCEPT, max_body=MAX_FILE, cut=True)
    try:
        answer = await services.fetcher.fetch(
            request, now=now, check=lambda hop: services.hosts.check(hop, now)
        )
    except ToldToWait:
        raise
    except FetchError as error:
        return await _failed(url, error, stored, services, now)
    if not isinstance(answer, Document):
        unasked = FetchError(url, "it answers that nothing has changed (304), though it was not asked that")
        return _undefined(unasked, stored, now)
    return _answered(RobotsFile(status=answer.status, body=clipped(answer.body), fetched_at=now))


async def _failed(
    url: str, error: FetchError, stored: RobotsFile | None, services: Services, now: datetime
) -> _Known:
    """Say what it means that no document came (2.3.1)."""
    if error.http_status == TOO_MANY_REQUESTS:
        default = now + SOON
        await services.hosts.told(error, default=default, services=services, now=now)
        raise ToldToWait(
            url,
            "its host asked to be left alone for a while",
            http_status=TOO_MANY_REQUESTS,
            retry_after=error.retry_after or default,
        )
    if _is_absent(error):
        return _answered(RobotsFile(status=error.http_status or NOWHERE, body=b"", fetched_at=now))
    return _undefined(error, stored, now)


def _is_absent(error: FetchError) -> bool:
    """Tell whether an origin has no robots.txt: so it said, or its redirects lead nowhere that we go.

    An address that we do not connect to is one of these too: the fetcher says so of the page itself.
    """
    if error.http_status is None:
        return isinstance(error, Refused | Rejected)
    return error.http_status == 204 or 300 <= error.http_status < 500


def _is_answer(status: int | None) -> bool:
    return status is not None and 200 <= status < 500


def _answered(file: RobotsFile) -> _Known:
    return _Known(file=file, asked=file.fetched_at, again=file.fetched_at + _lasting(file))


def _lasting(file: RobotsFile) -> timedelta:
    """Say how long an answer holds; redirects that lead nowhere may be mended soon."""
    return SOON if file.status is not None and 300 <= file.status < 400 else FRESH


def _undefined(error: FetchError, stored: RobotsFile | None, now: datetime) -> _Known:
    """Note that it could not be had, and since when; the longer that lasts, the more seldom it is asked for."""
    since = now
    if stored is not None and not _is_answer(stored.status) and stored.fetched_at <= now:
        # Moved along with the time: the store forgets what is older by much.
        since = max(stored.fetched_at, now - ABSENT_AFTER)
    status = error.http_status if not _is_answer(error.http_status) else None
    again = now + min(max(now - since, SOON), FRESH)
    return _Known(
        file=RobotsFile(status=status, body=b"", fetched_at=since),
        asked=now,
        again=max(again, error.retry_after or again),
        reason=error.reason,
    )


async def _allows(known: _Known, url: str, services: Services) -> bool:
    parsed = ada_url.URL(url)
    path = parsed.pathname + parsed.search
    body = known.file.body
    if len(body) > SMALL:
        return await services.workers.run(_reads, body, path, seconds=ALLOW_SECONDS)
    if known.rules is None:
        known.rules = rules_of(body)
    return known.rules.allows(path, agent=AGENT)


def _reads(body: bytes, path: str) -> bool:
    return rules_of(body).allows(path, agent=AGENT)
