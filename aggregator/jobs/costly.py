"""Pages that end their reader: no feed may lead us to more than a few of them, one after another.

What is known of that is forgotten at a restart, and costs a few children then.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final

from aggregator.core import strikes
from aggregator.errors import ToldToWait, TooExpensive
from aggregator.model import Strikes

AT_ONCE: Final = (
    2  # pages of one feed that are read together: what is learned of one comes in time for the next
)


class CostlyPages:
    """By feed: it is the feed that chose the pages, of whatever hosts they are."""

    def __init__(self) -> None:
        self._strikes: dict[str, Strikes] = {}
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(partial(asyncio.Semaphore, AT_ONCE))

    def check(self, feed_id: str, url: str, now: datetime) -> None:
        """Raise ToldToWait where the pages of this feed are left alone."""
        known = self._strikes.get(feed_id, Strikes())
        if known.at is not None and strikes.refusal(known, None, now=now) is not None:
            why = f"reading the last {known.in_row} pages of its feed took too much; one a day is tried"
            raise ToldToWait(url, why, retry_after=known.at + strikes.PEACE)

    @asynccontextmanager
    async def turn(self, feed_id: str, url: str, now: datetime) -> AsyncIterator[None]:
        """Read a page within; raises ToldToWait where the pages before it were too expensive."""
        async with self._turns[feed_id]:
            self.check(feed_id, url, now)
            try:
                yield
            except TooExpensive:
                self._strikes[feed_id] = strikes.after(self._strikes.get(feed_id, Strikes()), None, now=now)
                raise
            self._strikes.pop(feed_id, None)
