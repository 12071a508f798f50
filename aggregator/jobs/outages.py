"""When everything fails at once it is we who are cut off: nothing is held against a feed, and no herd comes after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.core import schedule
from aggregator.core.outage import Connection, was_reached
from aggregator.core.schedule import PollResult
from aggregator.jobs.answers import Asked, in_outage
from aggregator.jobs.services import Services
from aggregator.model import FeedRecord, NextPoll, PollOutcome
from aggregator.observe import log

Answer = tuple[Asked, PollOutcome]
DEAD_AFTER: Final = timedelta(days=1)


Turned = tuple[Connection, Connection]  # before and after a batch


def judged(batch: Sequence[Answer], services: Services) -> tuple[list[Answer], Turned]:
    """Hear what these answers say of our own connection; in an outage, give them as outcomes of one."""
    before = replace(services.network.connection, sites=services.site_count)
    connection = before
    for asking, outcome in batch:
        kind = outcome.problem.kind if outcome.problem else ""
        reached = was_reached(kind, outcome.http_status)
        if reached is False and _is_dead(asking):
            reached = None
        site = services.sites[asking.record.id]
        connection = connection.heard(asking.record.id, site, reached, asking.now)
    services.network.connection = connection
    if not connection.is_outage:
        return list(batch), (before, connection)
    told = [
        (asking, in_outage(asking, outcome, services))
        if outcome.problem and outcome.feed_id in connection.failed
        else (asking, outcome)
        for asking, outcome in batch
    ]
    return told, (before, connection)


def _is_dead(asking: Asked) -> bool:
    """Whether a feed has been failing for so long that its failing again says nothing of our own connection."""
    since = asking.record.failing_since
    return since is not None and asking.now - since > DEAD_AFTER


async def settle(turned: Turned, *, services: Services, now: datetime) -> None:
    """Where an outage began or ended with a batch, move the next polls of the feeds that it kept from us."""
    before, after = turned
    if before.is_outage == after.is_outage:
        return
    polling = services.config.polling
    if after.is_outage:
        log.warning(
            "everything fails at once: is this machine cut off from the network?", feeds=len(after.failed)
        )
        cut_off = PollResult(succeeded=False, outage=True)

        def following(record: FeedRecord) -> NextPoll:
            feed = services.feeds[record.id]
            return schedule.next_poll(record, feed, polling, cut_off, now=record.last_attempt or now)

        await _move(after.failed, following, services)
    else:
        log.info("the network is back", feeds=len(before.failed))

        def again(record: FeedRecord) -> NextPoll:
            return schedule.after_outage(record, services.feeds[record.id], polling, now=now)

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
        and not record.gone
        and record.id in services.feeds
        and (record.id in feed_ids or record.next_due_reason == "outage")
    }
    await services.call(services.store.reschedule, moved, forgive=True)
