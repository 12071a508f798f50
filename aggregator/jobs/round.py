"""One round: poll what is due, read what waits, publish what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.jobs.poll import poll
from aggregator.jobs.publish import Published, publish, reselect_when_changed
from aggregator.jobs.read import read_waiting
from aggregator.jobs.services import Services
from aggregator.model import FeedRecord, PollOutcome

EVERY_FEED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOptions:
    """What a person asks of one round."""

    force: bool = False  # past every interval and Retry-After
    feeds: tuple[str, ...] = ()  # only these, paused and gone ones too


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


async def run_round(options: RoundOptions, *, services: Services, now: datetime) -> RoundResult:
    """Do one round; a feed that fails is part of the result, not an error."""
    await reselect_when_changed(services=services, now=now)
    outcomes = await poll(await choose(options, services=services, now=now), services=services, now=now)
    read = await read_waiting(services=services, now=now)
    published = await publish(services=services, now=now)
    return result_of(outcomes, read, published)


async def choose(options: RoundOptions, *, services: Services, now: datetime) -> list[FeedRecord]:
    """Give the feeds that this round asks."""
    if options.feeds:
        records = await services.call(services.store.feed_records)
        return [record for record in records if record.id in options.feeds]
    if options.force:
        records = await services.call(services.store.feed_records)
        return [record for record in records if not record.gone and not services.feeds[record.id].paused]
    due = await services.call(services.store.due, now=now, limit=EVERY_FEED)
    return [record for record in due if not services.feeds[record.id].paused]


def result_of(outcomes: Sequence[PollOutcome], read: int, published: Published) -> RoundResult:
    """Sum up."""
    return RoundResult(
        polled=len(outcomes),
        failed=sum(outcome.problem is not None for outcome in outcomes),
        new=sum(len(outcome.new) for outcome in outcomes),
        updated=sum(len(outcome.updated) for outcome in outcomes),
        read=read,
        published=published,
        problems=Counter(outcome.problem.kind for outcome in outcomes if outcome.problem),
    )
