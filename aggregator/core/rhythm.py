"""How often a feed publishes, as its documents show, and what came and went unseen between two polls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from aggregator.model import Rhythm

# The oldest quarter of a list is not measured while the rest shows a rhythm: papers pin an old entry below the news.
MEASURED: Final = 0.75
FEW: Final = 5  # gaps; of fewer each counts


def rhythm_of(
    before: Rhythm, *, listed: Sequence[datetime], arrived: int, first: bool, now: datetime
) -> Rhythm:
    """Give the rhythm of a feed after a document, from the one known before.

    `listed` are the dates that count of all its entries (first seen, where the feed gives none), `arrived` is how
    many of them are new; `first`: it is the first document ever, in which everything is new and tells nothing.
    A faster rhythm is believed at once, a slower one by half: a list that is full of the quiet night is read
    in the morning, when a slow poll would miss the most.
    """
    dates = _believable(listed, first=first, now=now)
    gap = _smoothed(before.gap, _gap_of_dates(dates) or _gap_of_arrivals(before, arrived, now))
    signs = [*dates, now] if arrived and not first else dates
    if before.published is not None and before.published <= now:
        signs = [*signs, before.published]
    return Rhythm(gap=gap, listed=len(listed), published=max(signs, default=None))


def is_surge(arrived: int, listed: int, first: bool) -> bool:
    """Tell whether a document brought more than half a list of new entries: the next may bring a whole one."""
    return not first and 0 < listed < 2 * arrived


def reaches_back(before: Sequence[datetime], standing: Sequence[datetime]) -> bool:
    """Tell whether a document reaches back to the one before, so that nothing can have come and gone between.

    `before` are the dates that count of the last document's entries, `standing` of those among them that are
    listed still. An old entry that a paper keeps below the news does not count: one of the newer half must stand.
    """
    middle = sorted(before)[len(before) // 2] if before else None
    return middle is not None and any(date >= middle for date in standing)


def estimate_loss(
    found: Sequence[datetime],
    *,
    overlaps: bool,
    before: datetime | None,
    now: datetime,
    gap: timedelta | None = None,
) -> float:
    """Estimate which share of a feed's new entries came and went between two polls, from 0 to 1.

    `found` are the dates of the new entries. While the document still lists what was new at the poll before
    (`overlaps`), nothing was missed. Else nobody saw the time from that poll to the oldest of them. With the
    feed's usual `gap` its entries are counted, without it that time is taken to be as full as the rest.
    """
    if overlaps or before is None or len(found) < 2 or now <= before:
        return 0.0
    oldest = min(found)
    unseen = min(oldest, now) - before
    # One date for all says when they were put out together, not since when the list runs.
    if unseen <= timedelta() or oldest == max(found):
        return 0.0
    if gap is not None and gap > timedelta():
        missed = unseen / gap
        return round(missed / (missed + len(found)), 2)
    return round(unseen / (now - before), 2)


def _believable(listed: Sequence[datetime], *, first: bool, now: datetime) -> list[datetime]:
    # What the first document does not date was first seen now: that says when we looked, not when it came.
    return [date for date in listed if date < now or (date == now and not first)]


def _smoothed(before: timedelta | None, gap: timedelta | None) -> timedelta | None:
    if gap is None or before is None:
        return before if gap is None else gap
    return before + (gap - before) / 2 if before < gap else gap


def _gap_of_dates(listed: Sequence[datetime]) -> timedelta | None:
    """Give the time between two entries over the newer part of a list; None: its dates tell of no time.

    Entries are counted from the first date after the oldest one that is looked at: of those that share this one
    nobody knows since when they came. So ten a day, dated alike, are hours apart, not moments.
    """
    dates = sorted(listed, reverse=True)
    if not dates:
        return None
    for oldest in (dates[int((len(dates) - 1) * MEASURED)], dates[-1]):
        if oldest < dates[0]:
            return _typical([date for date in dates if date > oldest], oldest)
    return None


def _typical(dates: Sequence[datetime], oldest: datetime) -> timedelta:
    """Give the mean time between dates, newest first, but for the longest: the night that a list reaches over."""
    gaps = [newer - older for newer, older in pairwise([*dates, oldest])]
    awake = dates[0] - oldest - max(gaps)
    if len(gaps) < FEW or awake <= timedelta():
        return (dates[0] - oldest) / len(gaps)
    return awake / (len(gaps) - 1)


def _gap_of_arrivals(before: Rhythm, arrived: int, now: datetime) -> timedelta | None:
    """Give the time between two entries from how many came since the last sign; None: that tells nothing either."""
    if arrived <= 0 or before.published is None or before.published >= now:
        return None
    return (now - before.published) / arrived
