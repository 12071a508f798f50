"""Which hosts asked to be left alone for a while (429), whichever of their documents was asked for.

A 503 is of one document and never counts here (design 5.2). What was asked for is kept in the store, so that a
restart hurries nobody.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aggregator.core.urls import registrable_domain
from aggregator.errors import FetchError, ToldToWait
from aggregator.fetch.guard import Target, origin_of, shown
from aggregator.fetch.headers import MAX_RETRY_AFTER
from aggregator.observe import log

if TYPE_CHECKING:
    from aggregator.jobs.services import Services

TOO_MANY_REQUESTS: Final = 429
CLOCK_SLACK: Final = timedelta(days=2)  # by which a clock may have been set back since a wait was noted
MOST_HOSTS: Final = 10_000  # remembered at once; the store keeps them all


def target_of(url: str) -> Target | None:
    """Give the host of a URL as requests are counted by it; None: nothing that is fetched. Nothing is judged."""
    origin = origin_of(url)
    return Target(url, *origin) if origin is not None else None


class HostWaits:
    """Until when hosts want to be left alone; carried over when feeds.toml changes."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._silent: dict[str, datetime] = {}  # hosts whose pages do not come; not kept over a restart
        self._loading = asyncio.Lock()
        self._is_loaded = False

    async def load(self, *, services: Services, now: datetime) -> None:
        """Take up what the store keeps; only the first call reads it."""
        async with self._loading:
            if not self._is_loaded:
                for host, until in (await services.call(services.store.host_waits, now=now)).items():
                    self._remember(host, until, now)
                self._is_loaded = True

    def until(self, url: str, now: datetime) -> datetime | None:
        """Give until when the host of a URL is left alone; None: it may be asked."""
        if not self._until:
            return None
        target = target_of(url)
        until = self._until.get(target.line) if target is not None else None
        return until if until is not None and _holds(until, now) else None

    def check(self, url: str, now: datetime) -> None:
        """Raise ToldToWait where the host of a URL is to be left alone."""
        until = self.until(url, now)
        if until is None:
            return
        raise ToldToWait(
            shown(url),
            "its host asked to be left alone for a while",
            http_status=TOO_MANY_REQUESTS,
            retry_after=until,
        )

    def is_silent(self, url: str, until: datetime) -> None:
        """Note that a page did not come: until then no other of its host is waited for in vain."""
        target = target_of(url)
        if target is None:
            return
        if len(self._silent) >= MOST_HOSTS:
            self._silent.clear()
        self._silent[target.line] = until

    def check_page(self, url: str, now: datetime) -> None:
        """Raise ToldToWait where a page of this host is not to be asked for now."""
        self.check(url, now)
        target = target_of(url) if self._silent else None
        until = self._silent.get(target.line) if target is not None else None
        if until is not None and _holds(until, now):
            raise ToldToWait(shown(url), "another page of its host has just not come", retry_after=until)

    async def told(self, error: FetchError, *, default: datetime, services: Services, now: datetime) -> None:
        """Leave the host alone that answered 429: until when it said, else until `default`.

        Of several answers the longest wait holds. Any other error says nothing of its host. What is longer than
        `max_interval` is kept to by the document that it was said of, and not by all others of the host; and who
        was sent there by another site keeps it alone, else any feed or page could silence the host of another.
        """
        if error.http_status != TOO_MANY_REQUESTS or isinstance(error, ToldToWait) or error.host is None:
            return
        if registrable_domain(error.url) != registrable_domain(f"http://{error.host}/"):
            return
        until = min(error.retry_after or default, now + services.config.polling.max_interval)
        if not self._remember(error.host, until, now):
            return
        log.info("host asks to be left alone", host=error.host, until=until)
        await services.call(services.store.put_host_wait, error.host, until)

    def _remember(self, host: str, until: datetime, now: datetime) -> bool:
        """Keep a wait, and say whether it goes beyond what is known."""
        known = self._until.get(host)
        if not _holds(until, now) or (known is not None and _holds(known, now) and known >= until):
            return False
        self._until[host] = until
        if len(self._until) > MOST_HOSTS:
            self._forget(now)
        return True

    def _forget(self, now: datetime) -> None:
        """Forget what is over, and where that is not enough, the waits that end first."""
        rows = sorted(self._until.items(), key=lambda row: row[1])
        held = [row for row in rows if _holds(row[1], now)]
        self._until = dict(held[-MOST_HOSTS // 2 :])


def _holds(until: datetime, now: datetime) -> bool:
    """Tell whether a wait is still on; one beyond any that can be was noted by a clock that ran ahead."""
    return now < until <= now + MAX_RETRY_AFTER + CLOCK_SLACK
