"""How long a feed that fails is left alone: a table of failure classes, each with what it costs and how it mends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

WEEK: Final = timedelta(days=7)
ALWAYS: Final = timedelta.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """One class of failures: the wait doubles with each in a row, up to `max_interval`."""

    name: str
    kinds: frozenset[str] = frozenset()  # of `error.kind`; "rejected" is told apart by its status
    statuses: frozenset[int] = frozenset()
    first: int = 1  # usual intervals after the first failure
    most: timedelta | None = None  # no longer than this ...
    patience: timedelta = ALWAYS  # ... while the feed has been failing for less than this
    keeps_pace: bool = False  # the first wait is that of the feed's own rhythm, where that is shorter

    def length(self, base: timedelta, failures: int, *, longest: timedelta, since: timedelta) -> timedelta:
        """Give the wait after this failure, with `failures` before it, the first of them `since` ago."""
        if self.most is not None and since < self.patience:
            longest = max(min(longest, self.most), base)
        # Ten doublings of a second are beyond a quarter of an hour, forty beyond any interval that can be written.
        factor = self.first * 2 ** min(failures, 40)
        return base * factor if base < longest / factor else longest


CLIENT_ERRORS: Final = frozenset(range(400, 500))
PASSING: Final = frozenset(
    {408, 421, 425}
)  # of those: it was late, misrouted or early, and need not be so again

# The first that fits; the last takes what is left.
BACKOFFS: Final = (
    # It says that it is asked too often: asking as usual would go on with just that.
    Backoff(name="rate-limited", statuses=frozenset({429}), first=4),
    # Each poll costs megabytes, or seconds of a worker, for nothing.
    Backoff(name="expensive", kinds=frozenset({"too-large", "too-expensive"}), first=4),
    # Our own policy forbids it and hardly anything was sent: the editor who allows it shall not wait for a day.
    Backoff(name="refused", kinds=frozenset({"refused"}), most=timedelta(hours=6)),
    # The door is shut, or there is nothing behind it: 401, 403, 404, 407, 451 and their like mend in days, if ever.
    Backoff(name="closed", statuses=CLIENT_ERRORS - PASSING - {429}),
    # Something came that cannot be used: somebody has to mend it.
    Backoff(
        name="document",
        kinds=frozenset({"not-a-feed", "parse", "encoding", "empty", "truncated", "tls"}),
    ),
    # A server that is down is mended today, and then its news is wanted soon; one that is down for a week is not.
    Backoff(
        name="transient",
        kinds=frozenset({"unreachable", "timeout"}),
        statuses=PASSING | frozenset(range(500, 600)),
        most=timedelta(hours=6),
        patience=WEEK,
        keeps_pace=True,
    ),
    Backoff(name="other"),
)


def backoff_for(kind: str, http_status: int | None) -> Backoff:
    """Give the class of a failure, by its `error.kind` and, where the origin rejected us, by the status."""
    by_status = http_status if kind in ("rejected", "") else None
    return next((each for each in BACKOFFS if kind in each.kinds or by_status in each.statuses), BACKOFFS[-1])
