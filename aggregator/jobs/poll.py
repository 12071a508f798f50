"""The first job: ask a feed, and take in what is new."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from aggregator.core import entries, schedule
from aggregator.core.schedule import PollResult
from aggregator.errors import AggregatorError, FetchError, ParseError, StoreError
from aggregator.fetch import FEED_ACCEPT, sendable
from aggregator.jobs.services import Services
from aggregator.model import (
    Document,
    Entry,
    FeedRecord,
    FeedSettings,
    FeedWarning,
    NormalizedFeed,
    NotModified,
    Polled,
    PollOutcome,
    Problem,
    Request,
    Validators,
)
from aggregator.observe import log

PARSE_SECONDS: Final = 20.0
GONE: Final = 410
UNASKED: Final = "not-modified-unasked"
MOVED: Final = "moved"
MOST_SAVED_AT_ONCE: Final = 64

Answer = tuple[FeedRecord, PollOutcome]
Saved = Callable[[FeedRecord, PollOutcome], None]


def askable(records: Sequence[FeedRecord], *, services: Services, now: datetime) -> list[FeedRecord]:
    """Give those of the due feeds that may be asked: configured, not paused, and not asked just now.

    A poll that a crash or a stop cut off left its attempt behind, but no next time.
    """
    return [
        record
        for record in records
        if (feed := services.feeds.get(record.id)) is not None
        and not feed.paused
        and not _just_asked(record, feed, services, now)
        and not _told_to_wait(record, now)
    ]


def _told_to_wait(record: FeedRecord, now: datetime) -> bool:
    """Whether a Retry-After still holds, though the clock was set back; it never reaches further than a month."""
    left = record.next_due - now
    return record.next_due_reason == "retry-after" and timedelta() < left <= schedule.RETRY_AFTER_MOST


def _just_asked(record: FeedRecord, feed: FeedSettings, services: Services, now: datetime) -> bool:
    floor = min(feed.interval or services.config.polling.min_interval, services.config.polling.min_interval)
    return record.last_attempt is not None and abs(now - record.last_attempt) < floor


async def poll(
    records: Sequence[FeedRecord], *, services: Services, now: datetime, saved: Saved | None = None
) -> list[Polled]:
    """Ask these feeds, each saved in one transaction with its entries; answers that come together share one.

    The attempt is durable before the request, so that a crash never asks an origin twice. `saved` hears of
    every feed as soon as its outcome is stored.
    """
    # feeds.toml may have changed since they were found due.
    records = [record for record in records if record.id in services.feeds]
    services.report.started(len(records))
    if not records:
        return []
    await services.call(services.store.record_attempts, [record.id for record in records], now=now)
    answers: asyncio.Queue[Answer] = asyncio.Queue()
    asking = [asyncio.create_task(_answer(record, answers, services, now)) for record in records]
    polled: list[Polled] = []
    try:
        while len(polled) < len(records):
            for record, outcome in await _save(await _together(answers), services, now):
                _tell(record, outcome, services, saved)
                polled.append(_polled(outcome))
    finally:
        for task in asking:
            task.cancel()
    services.report.asked(polled)
    return polled


async def _together(answers: asyncio.Queue[Answer]) -> list[Answer]:
    """Wait for an answer, and give it with those that have come by then."""
    batch = [await answers.get()]
    while not answers.empty() and len(batch) < MOST_SAVED_AT_ONCE:
        batch.append(answers.get_nowait())
    return batch


async def _save(batch: Sequence[Answer], services: Services, now: datetime) -> list[Answer]:
    """Save answers together; when one of them cannot be stored, each alone, and that one as a failure."""
    try:
        await services.call(services.store.save_polls, [outcome for _, outcome in batch], now=now)
    except StoreError:
        raise
    except Exception as error:
        if len(batch) > 1:
            return [saved for each in batch for saved in await _save([each], services, now)]
        [(record, outcome)] = batch
        if outcome.problem is not None:
            raise
        log.exception("poll not stored", feed=record.id)
        problem = Problem(kind="parse", message=f"a fault of this program: {type(error).__name__}")
        instead = failed(record, services.feeds[record.id], problem, services=services, now=now)
        return await _save([(record, instead)], services, now)
    return list(batch)


def _polled(outcome: PollOutcome) -> Polled:
    return Polled(
        feed_id=outcome.feed_id,
        problem=outcome.problem,
        new=len(outcome.new),
        updated=len(outcome.updated),
    )


async def _answer(
    record: FeedRecord,
    answers: asyncio.Queue[Answer],
    services: Services,
    now: datetime,
) -> None:
    feed = services.feeds[record.id]
    try:
        outcome = await ask(record, feed, services=services, now=now)
    except AggregatorError as error:
        outcome = failed(record, feed, Problem(kind="parse", message=str(error)), services=services, now=now)
    except Exception as error:  # noqa: BLE001 - the job boundary: one feed's bug stops no other feed
        log.exception("poll failed", feed=record.id)
        problem = Problem(kind="parse", message=f"a fault of this program: {type(error).__name__}")
        outcome = failed(record, feed, problem, services=services, now=now)
    await answers.put((record, outcome))


async def ask(record: FeedRecord, feed: FeedSettings, *, services: Services, now: datetime) -> PollOutcome:
    """Ask one feed and decide what its answer means; nothing is saved."""
    request = Request(
        url=feed.url,
        accept=FEED_ACCEPT,
        validators=record.validators,
        own_port=True,
        credential=feed.credential,
    )
    try:
        answer = await services.fetcher.fetch(request, now=now)
    except FetchError as error:
        return _refused(record, feed, error, services, now)
    if isinstance(answer, NotModified):
        return _unchanged(record, feed, answer, services, now)
    digest = blake2b(answer.body, digest_size=16).digest()
    if digest == record.body_hash:
        return _unchanged(record, feed, answer, services, now)
    try:
        normalized = await _parsed(answer, feed, services)
    except ParseError as error:
        problem = Problem(kind=error.kind, message=str(error))
        return failed(record, feed, problem, services=services, now=now, http_status=answer.status)
    keys = [entry.key for entry in normalized.entries]
    keys += [entry.key for entry, _ in normalized.quarantined]
    known = await services.call(services.store.known_hashes, record.id, keys)
    outcome = _changed(record, answer, normalized, services, now)
    return replace(outcome, body_hash=digest, **_compared(record, normalized, known, now))


async def _parsed(answer: Document, feed: FeedSettings, services: Services) -> NormalizedFeed:
    async with services.fetcher.handling():
        return await services.workers.run(
            entries.read_feed,
            answer.body,
            url=answer.url,
            content_type=answer.content_type,
            feed=feed,
            site=services.config.site,
            seconds=PARSE_SECONDS,
        )


def failed(
    record: FeedRecord,
    feed: FeedSettings,
    problem: Problem,
    *,
    services: Services,
    now: datetime,
    http_status: int | None = None,
) -> PollOutcome:
    """Give the outcome of a poll that brought nothing; validators and stories stay as they are."""
    result = PollResult(succeeded=False)
    return PollOutcome(
        feed_id=record.id,
        at=now,
        next=schedule.next_poll(record, feed, services.config.polling, result, now=now),
        http_status=http_status,
        problem=problem,
        warnings=record.warnings,
    )


def _refused(
    record: FeedRecord, feed: FeedSettings, error: FetchError, services: Services, now: datetime
) -> PollOutcome:
    gone = error.http_status == GONE
    result = PollResult(succeeded=False, retry_after=error.retry_after, gone=gone)
    return PollOutcome(
        feed_id=record.id,
        at=now,
        next=schedule.next_poll(record, feed, services.config.polling, result, now=now),
        http_status=error.http_status,
        problem=Problem(kind=error.kind, message=error.reason),
        gone=gone,
        warnings=record.warnings,
    )


def _unchanged(
    record: FeedRecord, feed: FeedSettings, answer: Document | NotModified, services: Services, now: datetime
) -> PollOutcome:
    not_modified = isinstance(answer, NotModified)
    result = PollResult(
        succeeded=True,
        changed=False,
        validated=not_modified or answer.validators != Validators(),
        freshness=answer.freshness,
    )
    return PollOutcome(
        feed_id=record.id,
        at=now,
        next=schedule.next_poll(record, feed, services.config.polling, result, now=now),
        http_status=304 if isinstance(answer, NotModified) else answer.status,
        not_modified=not_modified,
        # A 304 need not repeat the validators (RFC 9110, 15.4.5): those stored stay in force.
        validators=None if not_modified else answer.validators,
        moved_to=None if isinstance(answer, NotModified) else answer.moved_to,
        warnings=_still_warned(record, answer),
    )


def _still_warned(record: FeedRecord, answer: Document | NotModified) -> tuple[FeedWarning, ...]:
    """Give the warnings that outlast an answer which brought nothing new."""
    kept = [each for each in record.warnings if each.kind != UNASKED]
    if isinstance(answer, Document):  # the same bytes may have come from elsewhere
        return (*_moved(answer), *(each for each in kept if each.kind != MOVED))
    if sendable(record.validators) != Validators():
        return tuple(kept)
    message = "it answers that nothing has changed (304), though it was not asked that: no document comes"
    return (*kept, FeedWarning(kind=UNASKED, message=message))


def _changed(
    record: FeedRecord,
    answer: Document,
    normalized: NormalizedFeed,
    services: Services,
    now: datetime,
) -> PollOutcome:
    feed = services.feeds[record.id]
    result = PollResult(
        succeeded=True, validated=answer.validators != Validators(), freshness=answer.freshness
    )
    hinted = schedule.with_hints(record, normalized.feed)
    return PollOutcome(
        feed_id=record.id,
        at=now,
        next=schedule.next_poll(hinted, feed, services.config.polling, result, now=now),
        http_status=answer.status,
        validators=answer.validators,
        moved_to=answer.moved_to,
        feed=normalized.feed,
        warnings=_warnings(answer, normalized.entries, now),
    )


def _compared(
    record: FeedRecord, normalized: NormalizedFeed, known: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Tell the entries of a document apart by what is stored; gives fields of the outcome."""
    told = entries.diff(normalized.entries, known)
    listed = {id(entry) for entry in (*told.new, *told.updated, *told.unchanged)}
    dates = [entry.published for entry in normalized.entries if entry.published]
    overlaps = bool(told.updated or told.unchanged)
    seen, quarantined = _set_aside(normalized, known)
    return {
        "new": told.new,
        "updated": told.updated,
        "unchanged": told.unchanged + seen,
        "repeats": tuple(entry for entry in normalized.entries if id(entry) not in listed),
        "quarantined": quarantined,
        "loss": schedule.estimate_loss(dates, overlaps=overlaps, before=record.last_success, now=now),
    }


def _set_aside(
    normalized: NormalizedFeed, known: Mapping[str, str]
) -> tuple[tuple[Entry, ...], tuple[tuple[Entry, str], ...]]:
    """Give the entries that cannot be handled: those that are stored already, which keep their place, and the new."""
    seen = tuple(entry for entry, _ in normalized.quarantined if entry.key in known)
    return seen, tuple(pair for pair in normalized.quarantined if pair[0].key not in known)


def _moved(answer: Document) -> list[FeedWarning]:
    if not answer.moved_to:
        return []
    message = f"the feed has moved for good; change its url in feeds.toml to {answer.moved_to}"
    return [FeedWarning(kind=MOVED, message=message)]


def _warnings(answer: Document, found: Sequence[Entry], now: datetime) -> tuple[FeedWarning, ...]:
    warnings = _moved(answer)
    ahead = [entry.published for entry in found if entry.published and entry.published > now + entries.SLACK]
    if ahead:
        message = (
            f"{len(ahead)} entries are dated in the future, the furthest {max(ahead)}; "
            "they go out with the time at which they were first seen. Is the feed's time zone right? "
            "See `timezone_wins`"
        )
        warnings.append(FeedWarning(kind="dates-ahead", message=message))
    return tuple(warnings)


def _tell(record: FeedRecord, outcome: PollOutcome, services: Services, saved: Saved | None) -> None:
    """Log a change of state, once; a feed that goes on failing is in status, not in the log."""
    if saved is not None:
        saved(record, outcome)
    services.report.polled(outcome, record)
    if outcome.problem and record.failures == 0:
        log.warning("feed fails", feed=record.id, kind=outcome.problem.kind, reason=outcome.problem.message)
    elif not outcome.problem and record.failures:
        log.info("feed recovered", feed=record.id, failures=record.failures)
    if outcome.new or outcome.updated:
        log.debug("feed polled", feed=record.id, new=len(outcome.new), updated=len(outcome.updated))
