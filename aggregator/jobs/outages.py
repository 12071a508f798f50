"""When everything fails at once it is we who are cut off: nothing is held against a feed, and no herd comes after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from aggregator.core import schedule
from aggregator.core.outage import Connection, was_reached
from aggregator.core.schedule import PollResult
from aggregator.jobs.answers import Asked, in_outage
from aggregator.jobs.services import Services
from aggregator.model import FeedRecord, NextPoll, PollOutcome
from aggregator.observe import log

Answer = tuple[Asked, PollOutcome]


def judged(batch: Sequence[Answer], services: Services) -> list[Answer]:
    """Hear what these answers say of our own connection; in an outage, give them as outcomes of one."""
    connection = replace(services.network.connection, sites=len(set(services.sites.values())))
    for asking, outcome in batch:
        kind = outcome.problem.kind if outcome.problem else ""
        reached = was_reached(kind, outcome.http_status)
        site = services.sites[asking.record.id]
        connection = connection.heard(asking.record.id, site, reached, asking.now)
    services.network.connection = connection
    if not connection.is_outage:
        return list(batch)
    return [
        (asking, in_outage(asking, outcome, services))
        if outcome.problem and outcome.feed_id in connection.failed
        else (asking, outcome)
        for asking, outcome in batch
    ]


async def settle(before: Connection, *, services: Services, now: datetime) -> None:
    """Where an outage began or ended since `before`, move the next polls of the feeds that it kept from us."""
    after = services.network.connection
    if before.is_outage == after.is_outage:
        return
    if after.is_outage:
        log.warning(
            "everything fails at once: is this machine cut off from the network?", feeds=len(after.failed)
        )
        polling = services.config.polling
        cut_off = PollResult(succeeded=False, outage=True)

        def following(record: FeedRecord) -> NextPoll:
            feed = services.feeds[record.id]
            return schedule.next_poll(record, feed, polling, cut_off, now=record.last_attempt or now)

        await _move(after.failed, following, services)
    else:
        log.info("the network is back", feeds=len(before.failed))

        def again(record: FeedRecord) -> NextPoll:
            return schedule.after_outage(record, services.feeds[record.id], services.config.polling, now=now)

        await _move(before.failed, again, services)


async def _move(
    feed_ids: frozenset[str], following: Callable[[FeedRecord], NextPoll], services: Services
) -> None:
    """Move the next polls of these feeds, and of those that an outage before a restart kept from us."""
    records = await services.call(services.store.feed_records)
    moved = {
        record.id: following(record)
        for record in records
        if record.problem
        and record.id in services.feeds
        and (record.id in feed_ids or record.next_due_reason == "outage")
    }
    await services.call(services.store.reschedule, moved, forgive=True)
