"""What is done about documents that end their reader: none is read a third time, and a feed of them once a day.

A document is known by its bytes, and one byte that changes at every poll makes it another one: so the feed is
counted as well. A document that can be read ends both counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from aggregator.model import Strikes

MOST: Final = 2  # of one document
IN_ROW: Final = 3  # of documents of one feed
PEACE: Final = timedelta(days=1)


def refusal(strikes: Strikes, body: bytes | None, *, now: datetime) -> str | None:
    """Say why a document with this hash is not read now; None: it may be."""
    if strikes.body is not None and strikes.body == body and strikes.count >= MOST:
        return "reading its document was ended twice; it is read again when its bytes change"
    if strikes.in_row < IN_ROW or strikes.at is None or abs(now - strikes.at) >= PEACE:
        return None
    return (
        f"reading its last {strikes.in_row} documents took too much; one a day is tried until one can be read"
    )


def after(strikes: Strikes, body: bytes | None, *, now: datetime) -> Strikes:
    """Count a document that ended its reader."""
    again = strikes.count + 1 if strikes.body == body and body is not None else 1
    return Strikes(body=body, count=again, in_row=strikes.in_row + 1, at=now)
