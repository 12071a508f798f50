"""Housekeeping: what is kept for no reason goes; and where a feed has died, its site is asked for another."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from aggregator.core.advice import FEED_FOUND
from aggregator.errors import AggregatorError
from aggregator.jobs.services import Services
from aggregator.model import FeedRecord
from aggregator.observe import log

DAY: Final = timedelta(days=1)
PRUNED: Final = "pruned"  # the note that says until when it was done
DEAD_AFTER: Final = timedelta(days=7)  # of failing; a feed that is gone is dead at once
LOOK_AGAIN: Final = timedelta(days=7)
MOST_LOOKED_FOR: Final = 5  # feeds in one go: each may cost its site a dozen requests


async def prune(*, services: Services, now: datetime) -> None:
    """Let go of texts and pages past their time; the keys of what was seen stay ten times as long.

    One go lets no more go than a day makes, however far the clock has jumped: what was let go does not come back
    when the clock is set right. After months of standing still it takes as many goes as there were days.
    """
    storage, told = services.config.storage, await services.call(services.store.note, PRUNED)
    until = min(now, datetime.fromisoformat(told) + DAY) if told else now
    await services.call(services.store.prune, now=until, keep=storage.keep, keep_pages=storage.keep_pages)
    await services.call(services.store.put_note, PRUNED, until.isoformat())


async def look_for_dead(*, services: Services, now: datetime) -> int:
    """Look for the new addresses of feeds that have died, each once a week, and say how many were found."""
    if services.network.connection.is_outage:
        return 0
    records = await services.call(services.store.feed_records)
    dead = [record for record in records if _is_to_be_looked_for(record, services, now)]
    found = 0
    for record in sorted(dead, key=lambda each: each.suggested_at or each.added_at)[:MOST_LOOKED_FOR]:
        found += await _look_for(record, services, now)
    return found


async def _look_for(record: FeedRecord, services: Services, now: datetime) -> bool:
    """Look for another address of one feed, and say whether one was found that was not known."""
    from aggregator.jobs.discover import suggest

    try:
        suggestion = await suggest(record, services.feeds[record.id], services=services, now=now)
    except AggregatorError as error:
        # Its site does not answer now: what was found before stands.
        log.debug("no other address found", feed=record.id, reason=str(error))
        suggestion = next((each for each in record.warnings if each.kind == FEED_FOUND), None)
    await services.call(services.store.put_suggestion, record.id, suggestion, now=now)
    is_new = suggestion is not None and suggestion not in record.warnings
    if suggestion is not None and is_new:
        log.warning("the site of a dead feed names another", feed=record.id, found=suggestion.message)
    return is_new


def _is_to_be_looked_for(record: FeedRecord, services: Services, now: datetime) -> bool:
    feed = services.feeds.get(record.id)
    if feed is None or feed.paused or record.problem is None:
        return False
    is_dead = record.gone or (record.failing_since is not None and now - record.failing_since >= DEAD_AFTER)
    # A clock that was ahead, and was set right, left a date that would put this off for as long.
    return is_dead and (record.suggested_at is None or abs(now - record.suggested_at) >= LOOK_AGAIN)
