"""One round: poll what is due, read what waits, publish what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aggregator.jobs.poll import Saved, askable, poll
from aggregator.jobs.publish import Published, publish, reselect_when_changed
from aggregator.jobs.read import read_waiting
from aggregator.jobs.services import Services
from aggregator.model import FeedRecord, Polled

EVERY_FEED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOptions:
    """What a person asks of one round."""

    force: bool = False  # past every interval and Retry-After
    feeds: tuple[str, ...] = ()  # only these, paused and gone ones too

    @property
    def insists(self) -> bool:
        """Whether a person named what to ask, past every Retry-After."""
        return self.force or bool(self.feeds)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundResult:
    """What one round did."""

    polled: int
    failed: int
    new: int
    updated: int
    read: int
    published: Published = field(default_factory=Published)
    problems: Counter[str] = field(default_factory=Counter)  # error.kind -> feeds

    def summary(self) -> dict[str, Any]:
        """Give it as JSON can carry it."""
        return {
            "polled": self.polled,
            "failed": self.failed,
            "new": self.new,
            "updated": self.updated,
            "read": self.read,
            "replaced": self.published.replaced,
            "sections_failed": [list(each) for each in self.published.failed],
            "problems": dict(sorted(self.problems.items())),
        }


async def run_round(
    options: RoundOptions, *, services: Services, now: datetime, saved: Saved | None = None
) -> RoundResult:
    """Do one round; a feed that fails is part of the result, not an error."""
    await reselect_when_changed(services=services, now=now)
    chosen = await choose(options, services=services, now=now)
    polled = await poll(chosen, services=services, now=now, insist=options.insists, saved=saved)
    read = await read_waiting(services=services, now=now)
    published = await publish(services=services, now=now)
    return result_of(polled, read, published)


async def choose(options: RoundOptions, *, services: Services, now: datetime) -> list[FeedRecord]:
    """Give the feeds that this round asks."""
    if options.feeds:
        records = await services.call(services.store.feed_records)
        return [record for record in records if record.id in options.feeds]
    if options.force:
        records = await services.call(services.store.feed_records)
        feeds = services.feeds  # those in force when this round began; the rows may be newer
        return [
            record
            for record in records
            if not record.gone and record.id in feeds and not feeds[record.id].paused
        ]
    due = await services.call(services.store.due, now=now, limit=EVERY_FEED)
    return askable(due, services=services, now=now)


def result_of(polled: Sequence[Polled], read: int, published: Published) -> RoundResult:
    """Sum up."""
    return RoundResult(
        polled=len(polled),
        failed=sum(each.problem is not None for each in polled),
        new=sum(each.new for each in polled),
        updated=sum(each.updated for each in polled),
        read=read,
        published=published,
        problems=Counter(each.problem.kind for each in polled if each.problem),
    )
