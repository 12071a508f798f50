"""How often a publisher wants to be asked: ttl, and the syndication module of RSS 1.0."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from aggregator.core.formats.reading import Draft

PERIODS: Final = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
LONGEST_TTL: Final = timedelta(days=365)


def ttl(feed: Draft) -> timedelta | None:
    """Read RSS ttl (minutes) and sy:updatePeriod over sy:updateFrequency: the longer of the two."""
    given = [each for each in (_minutes(feed), _period(feed)) if each is not None]
    return max(given, default=None)


def _minutes(feed: Draft) -> timedelta | None:
    minutes = (feed.ttl or "").strip()
    if not re.fullmatch(r"\d{1,9}", minutes, re.ASCII) or not int(minutes):
        return None
    return min(timedelta(minutes=int(minutes)), LONGEST_TTL)


def _period(feed: Draft) -> timedelta | None:
    period = PERIODS.get((feed.sy_updateperiod or "").strip().lower())
    times = (feed.sy_updatefrequency or "").strip() or "1"
    if period is None or not re.fullmatch(r"\d{1,5}", times, re.ASCII) or not int(times):
        return None
    return period / int(times)
