"""Whether it is the feeds that fail, or we who are cut off: when everything fails at once it is the latter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

# So many sites in a row are not reached before it is called an outage; all of them where there are only two.
ENOUGH_SITES: Final = 3
# An answer that came to a poll begun this shortly before shows that the network was there: a poll may take a minute.
SAME_TIME: Final = timedelta(minutes=5)
MOST_REMEMBERED: Final = 20_000  # feeds and sites; beyond that they wait as long as their own failures ask

# Nobody proved to be the origin. TLS is among them: a captive portal answers every name with its own certificate,
# and a clock that is wrong makes every certificate invalid; one site's own bad certificate is never an outage.
UNREACHED: Final = frozenset({"unreachable", "timeout", "tls"})
# What a portal may say in place of an origin, and what our own policy says before anyone is asked: it shows neither
# that the network is there nor that it is not.
UNTOLD: Final = frozenset({"not-a-feed", "empty", "refused"})
PORTAL: Final = (
    511  # Network Authentication Required (RFC 6585): whoever says it stands between us and the origin
)


def was_reached(kind: str = "", http_status: int | None = None) -> bool | None:
    """Say whether a poll reached its origin, from its `error.kind` ("": it succeeded); None: that does not show."""
    if kind in UNREACHED or http_status == PORTAL:
        return False
    return None if kind in UNTOLD else True


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What the last polls say of our own connection.

    One site is never an outage, with however many feeds; nor is a site that fails while others answer: it is known
    to be down and says nothing until it has answered again. Sites are registrable domains.
    """

    sites: int = ENOUGH_SITES  # different ones that are configured
    failed: frozenset[str] = frozenset()  # feed ids that did not reach theirs since anyone was reached
    reached_at: datetime | None = None
    silent: frozenset[str] = frozenset()  # sites that were not reached since any was
    counted: frozenset[str] = (
        frozenset()
    )  # those of them whose failure says something of us; never more than enough
    down: frozenset[str] = frozenset()  # sites that failed while others answered

    @property
    def is_outage(self) -> bool:
        """Whether nothing is reached, so that failures say nothing of the feeds."""
        working = self.sites - len(self.down)
        return self.sites > 1 and len(self.counted) >= max(2, min(ENOUGH_SITES, working))

    def heard(self, feed_id: str, site: str, reached: bool | None, at: datetime) -> Connection:
        """Give the state after a poll that began at `at`; `reached` is what `was_reached` says of it.

        When an outage ends (`before.is_outage and not after.is_outage`), the feeds to be asked again soon are
        in `before.failed`.
        """
        if reached is None:
            return self
        return self._answered(site, at) if reached else self._missed(feed_id, site, at)

    def _answered(self, site: str, at: datetime) -> Connection:
        # In an outage nobody knows who was down; who still is will show when it is asked again.
        down = self.down if self.is_outage else _with(self.down, *self.silent)
        return Connection(sites=self.sites, reached_at=at, down=down - {site})

    def _missed(self, feed_id: str, site: str, at: datetime) -> Connection:
        if site in self.down:
            return self
        missed = replace(self, failed=_with(self.failed, feed_id), silent=_with(self.silent, site))
        answered = self.reached_at is not None and timedelta() <= self.reached_at - at <= SAME_TIME
        if answered or len(self.counted) >= ENOUGH_SITES:
            return missed
        return replace(missed, counted=self.counted | {site})


def _with(known: frozenset[str], *more: str) -> frozenset[str]:
    return known.union(more) if len(known) < MOST_REMEMBERED else known
