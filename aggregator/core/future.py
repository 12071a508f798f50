"""Whether the dates of a feed run ahead of the clock, as one poll shows it, and when that is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aggregator.core import advice
from aggregator.core.effective import SLACK
from aggregator.model import FeedSettings, FeedWarning


def warn(
    came: Sequence[datetime],
    stood: Sequence[datetime],
    before: Sequence[FeedWarning],
    *,
    feed: FeedSettings,
    zone: str,
    now: datetime,
) -> FeedWarning | None:
    """Give the warning of a document, by the claimed dates of what it brought and of what it lists still.

    What was warned of `before` stands until it brings an entry with a date that is not ahead: with the hours the
    dates of yesterday are past, and its zone is as wrong as it was.
    """
    ahead = [moment for moment in (*came, *stood) if moment > now + SLACK]
    if ahead:
        return advice.dates_ahead(ahead, feed, zone=zone, now=now)
    return None if came else next((each for each in before if each.kind == advice.DATES_AHEAD), None)
