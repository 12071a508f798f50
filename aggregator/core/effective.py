"""The date that counts: the claimed one, where it can be believed.

It stands apart from all that reads documents, which a poll that brings nothing need not load.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

SLACK: Final = timedelta(minutes=5)  # a clock that runs ahead by this much is believed
OLDEST: Final = datetime(1990, 1, 1, tzinfo=UTC)  # before the first page there was no feed


def effective(published: datetime | None, *, first_seen: datetime, link: str | None = None) -> datetime:
    """Give the date that counts: the claimed one, unless there is none, or none that can be believed.

    That is one ahead of us, or one before 1990 of which the entry's link says nothing.
    """
    if published is None or published > first_seen + SLACK:
        return first_seen
    return published if published >= OLDEST or is_told_by(link, published) else first_seen


def is_told_by(link: str | None, moment: datetime) -> bool:
    """Whether a link names the month of a date, as archives do ("/1985/03/02/"): so old a date needs a witness."""
    if not link:
        return False
    year, month = f"{moment:%Y}", f"{moment:%m}"
    forms = (rf"{year}[/\-_.]?0?{int(month)}(?!\d)", rf"{year}[/\-_.]?{month}[/\-_.]?\d\d(?!\d)")
    return any(re.search(rf"(?<!\d){form}", link) for form in forms)
