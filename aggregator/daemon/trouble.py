"""A trouble that lasts: told once, tried again at growing intervals, over when nothing has failed for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aggregator.observe import log

FIRST_SECONDS: Final = 2.0  # until the first new try
LONGEST_SECONDS: Final = 60.0  # between two tries, however long it lasts
CALM_SECONDS: Final = 20.0  # without a failure since the last try: then it is over


@dataclass(slots=True)
class Trouble:
    """Why something does not work; times are the event loop's, which no clock change moves.

    A full disk takes small writes and refuses large ones: what fails and succeeds by turns is one trouble, not
    a line in the log for each turn.
    """

    what: str  # as the log calls it: "the store cannot be written"
    reason: str = ""  # in force now; "" while all is well
    _wait: float = FIRST_SECONDS / 2
    _again_at: float = 0.0

    def failed(self, reason: str, *, at: float) -> None:
        """Note a failure, and let the next try wait twice as long as the last one did."""
        if at < self._again_at:
            return  # of a job that was under way when another one failed
        if reason != self.reason:
            log.error(self.what, reason=reason)
        self.reason = reason
        self._wait = min(2 * self._wait, LONGEST_SECONDS)
        self._again_at = at + self._wait

    def holds(self, *, at: float) -> bool:
        """Say whether it is too early for another try."""
        return bool(self.reason) and at < self._again_at

    def settle(self, *, at: float) -> bool:
        """Say once that it is over, when tries have gone well for long enough."""
        if not self.reason or at < self._again_at + CALM_SECONDS:
            return False
        log.info(f"{self.what}: no longer", was=self.reason)
        self.reason, self._wait = "", FIRST_SECONDS / 2
        return True
