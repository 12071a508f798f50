"""The first job: ask a feed, and take in what is new."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final

from aggregator.core import schedule
from aggregator.errors import AggregatorError, StoreError, ToldToWait
from aggregator.jobs import outages
from aggregator.jobs.answers import Asked, ask, asked, failed
from aggregator.jobs.services import Services
from aggregator.model import FeedRecord, NextPoll, Polled, PollOutcome, Problem
from aggregator.observe import log

MOST_SAVED_AT_ONCE: Final = 64

Answer = tuple[Asked, PollOutcome]
Heard = tuple[Asked, PollOutcome | ToldToWait | StoreError]
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
        and not schedule.just_asked(record, feed, services.config.polling, now=now)
        and not schedule.is_told_to_wait(record, now=now)
    ]


async def poll(
    records: Sequence[FeedRecord],
    *,
    services: Services,
    now: datetime,
    insist: bool = False,
    saved: Saved | None = None,
) -> list[Polled]:
    """Ask these feeds, each saved in one transaction with its entries; answers that come together share one.

    The attempt is durable before the request, so that a crash never asks an origin twice. `saved` hears of
    every feed as soon as its outcome is stored. `insist`: a person wants it, whatever hosts asked for.
    """
    polls = [
        asked(record, feed, now=now)
        for record in records
        # feeds.toml may have changed since they were found due.
        if (feed := services.feeds.get(record.id)) is not None and feed.url == record.url
    ]
    if not insist:
        polls = await _without_waiting(polls, services, now)
    services.report.started(len(polls))
    if not polls:
        return []
    await services.call(services.store.record_attempts, [each.record.id for each in polls], now=now)
    polled: list[Polled] = []
    async with aclosing(_saved(polls, services, now, insist=insist)) as answers:
        async for asking, outcome in answers:
            _tell(asking.record, outcome, services, saved)
            polled.append(_polled(outcome))
    services.report.asked(polled)
    return polled


async def _saved(
    polls: Sequence[Asked], services: Services, now: datetime, *, insist: bool
) -> AsyncGenerator[Answer, None]:
    """Ask, and give each answer when it is stored."""
    answers: asyncio.Queue[Heard] = asyncio.Queue()
    asking = [asyncio.create_task(_answer(each, answers, services, insist=insist)) for each in polls]
    left = len(polls)
    try:
        while left:
            heard = await _together(answers)
            left -= len(heard)
            batch, turned = outages.judged(await _unless_put_off(heard, services, now), services)
            for each in await _save(batch, services, now):
                yield each
            await outages.settle(turned, services=services, now=now)
    finally:
        for task in asking:
            task.cancel()
        # What they held, of hosts and of the store, is given back before we go.
        await asyncio.gather(*asking, return_exceptions=True)


async def _without_waiting(polls: Sequence[Asked], services: Services, now: datetime) -> list[Asked]:
    """Put off the feeds whose host asked all who ask it to wait (429), or that skip this hour; give the others."""
    await services.hosts.load(services=services, now=now)
    free: list[Asked] = []
    put_off: dict[str, NextPoll] = {}
    polling = services.config.polling
    for each in polls:
        until = services.hosts.until(each.request.url, now)
        following: NextPoll | None
        if until is not None:
            following = schedule.after_wait(each.record, each.feed, polling, until, now=now)
        else:  # it may be overdue: what was to be asked in the last hour is not asked in one to be skipped
            following = schedule.when_skipped(each.record, each.feed, polling, now=now)
        if following is None:
            free.append(each)
        else:
            put_off[each.record.id] = following
    if put_off:
        await services.call(services.store.reschedule, put_off)
    return free


async def _unless_put_off(heard: Sequence[Heard], services: Services, now: datetime) -> list[Answer]:
    """Put off those that stood in line when their host asked to be left alone: nobody was asked, nothing failed."""
    put_off: dict[str, NextPoll] = {}
    answered: list[Answer] = []
    for asking, told in heard:
        if isinstance(told, StoreError):
            raise told
        if isinstance(told, PollOutcome):
            answered.append((asking, told))
        if isinstance(told, ToldToWait):
            polling, until = services.config.polling, told.retry_after or now
            put_off[asking.record.id] = schedule.after_wait(
                asking.record, asking.feed, polling, until, now=now
            )
    if put_off:
        await services.call(services.store.reschedule, put_off)
    return answered


async def _together(answers: asyncio.Queue[Heard]) -> list[Heard]:
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
    except Exception as error:  # noqa: BLE001 - the job boundary: one outcome that breaks the store costs only itself
        if len(batch) > 1:
            return [saved for each in batch for saved in await _save([each], services, now)]
        [(asking, outcome)] = batch
        log.exception("poll not stored", feed=outcome.feed_id)
        if outcome.problem is not None:  # not even that it failed: it is due again, and the others are stored
            return []
        problem = Problem(kind="parse", message=f"a fault of this program: {type(error).__name__}")
        return await _save([(asking, failed(asking, problem, services=services))], services, now)
    return list(batch)


def _polled(outcome: PollOutcome) -> Polled:
    return Polled(
        feed_id=outcome.feed_id,
        problem=outcome.problem,
        new=len(outcome.new),
        updated=len(outcome.updated),
    )


async def _answer(asking: Asked, answers: asyncio.Queue[Heard], services: Services, *, insist: bool) -> None:
    outcome: PollOutcome | ToldToWait | StoreError
    try:
        outcome = await ask(asking, services=services, insist=insist)
    except (ToldToWait, StoreError) as told:  # neither says anything of the feed
        outcome = told
    except AggregatorError as error:
        outcome = failed(asking, Problem(kind="parse", message=str(error)), services=services)
    except Exception as error:  # noqa: BLE001 - the job boundary: one feed's bug stops no other feed
        log.exception("poll failed", feed=asking.record.id)
        problem = Problem(kind="parse", message=f"a fault of this program: {type(error).__name__}")
        outcome = failed(asking, problem, services=services)
    await answers.put((asking, outcome))


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
