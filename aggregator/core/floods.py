"""The flood guard: how many old entries a feed may bring at once before an editor is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from aggregator.model import Entry

DAY: Final = timedelta(days=1)
NEVER: Final = datetime.min.replace(tzinfo=UTC)


def held_back(new: Sequence[Entry], *, before: datetime | None, limit: int, now: datetime) -> frozenset[str]:
    """Give the keys of the new entries of one poll that an editor has to see first.

    News passes, however much there is of it. Of what is dated before the feed's last successful poll, or not
    dated, `limit` entries pass: the newest dated first, then the undated in the order of the document. A feed
    that is read for the first time (`before` is None) is not held, nor any with `limit` 0. A date more than a
    day ahead of `now` is none: a wrong time zone is never that much.
    """
    if before is None or limit <= 0:
        return frozenset()
    dated = {entry.key: _date(entry, now) for entry in new}
    old = [entry for entry in new if _is_old(entry, dated[entry.key], before)]
    old.sort(key=lambda entry: entry.position)
    old.sort(key=lambda entry: dated[entry.key] or NEVER, reverse=True)
    return frozenset(entry.key for entry in old[limit:])


def _date(entry: Entry, now: datetime) -> datetime | None:
    is_ahead = entry.published is not None and entry.published > now + DAY
    return None if is_ahead else entry.published


def _is_old(entry: Entry, date: datetime | None, before: datetime) -> bool:
    """Whether an entry was there to be seen in the poll before; a date without a time says no more than its day."""
    return date is None or date < before - (DAY if entry.day_only else timedelta())
