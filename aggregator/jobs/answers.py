"""What the answer of a feed means: the outcome of one poll, decided from what is stored; nothing is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Final

from aggregator.core import advice, floods, future, moves, rhythm, schedule, strikes
from aggregator.core.effective import effective
from aggregator.core.identity import Settled, settle, wanted
from aggregator.core.schedule import PollResult
from aggregator.errors import FetchError, ParseError, ToldToWait, TooExpensive
from aggregator.fetch import FEED_ACCEPT, sendable
from aggregator.jobs.services import Services
from aggregator.model import (
    Document,
    Entry,
    FeedRecord,
    FeedSettings,
    FeedWarning,
    KnownEntry,
    Move,
    NextPoll,
    NormalizedFeed,
    NotModified,
    PollOutcome,
    Problem,
    Request,
    Rhythm,
    Standing,
    Strikes,
    Validators,
)

PARSE_SECONDS: Final = 10.0
GONE: Final = 410
# What every answer says anew; other warnings stand until a document says otherwise.
SAID_ANEW: Final = frozenset({"moved", "not-modified-unasked", "validators", "feed-found"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One feed as it is asked: what is known of it, and how it is asked this time."""

    record: FeedRecord
    feed: FeedSettings
    request: Request
    now: datetime

    @property
    def is_conditional(self) -> bool:
        """Whether the origin was told what we have."""
        return sendable(self.request.validators) != Validators()


def asked(record: FeedRecord, feed: FeedSettings, *, now: datetime) -> Asked:
    """Say how a feed is asked: at which address, and on which condition."""
    whole = moves.must_be_whole(record, now)
    request = Request(
        url=moves.address(record, feed, whole=whole),
        accept=FEED_ACCEPT,
        validators=Validators() if whole else record.validators,
        own_port=True,
        credential=feed.credential,
        home=feed.url,
    )
    return Asked(record=record, feed=feed, request=request, now=now)


async def ask(asking: Asked, *, services: Services, insist: bool = False) -> PollOutcome:
    """Ask one feed and decide what its answer means. `insist`: though its host asked to be left alone.

    Raises ToldToWait where that is so, and nobody was asked.
    """
    now = asking.now

    def check(url: str) -> None:
        services.hosts.check(url, now)

    try:
        answer = await services.fetcher.fetch(asking.request, now=now, check=None if insist else check)
    except ToldToWait:
        raise
    except FetchError as error:
        outcome = refused(asking, error, services)
        default = now + services.config.polling.first_interval
        await services.hosts.told(error, default=default, services=services, now=now)
        return _behind_others(asking, outcome, services)
    if isinstance(answer, NotModified):
        return _not_modified(asking, answer, services)
    digest = blake2b(answer.body, digest_size=16).digest()
    if digest == asking.record.body_hash:
        return _same(asking, answer, services)
    why = strikes.refusal(asking.record.strikes, digest, now=now)
    if why is not None:
        struck = Problem(kind=TooExpensive.kind, message=why)
        return replace(failed(asking, struck, services=services), http_status=answer.status)
    return await _read(asking, answer, digest, services)


def _behind_others(asking: Asked, outcome: PollOutcome, services: Services) -> PollOutcome:
    """Let whoever had the whole host wait come last when the wait is over: else it would renew it for ever."""
    until = services.hosts.until(asking.request.url, asking.now)
    if until is None or services.host_count(asking.request.url) < 2:
        return outcome
    return replace(outcome, next=schedule.behind(outcome.next, until + services.config.polling.min_interval))


async def _read(asking: Asked, answer: Document, digest: bytes, services: Services) -> PollOutcome:
    """Parse a document that differs from the one before, and compare it with what is stored."""
    record = asking.record
    listed = await services.call(services.store.listed_hashes, record.id)
    try:
        normalized = await _parsed(answer, asking, listed, services)
    except ParseError as error:
        problem = Problem(kind=error.kind, message=str(error))
        outcome = replace(failed(asking, problem, services=services), http_status=answer.status)
        if not isinstance(error, TooExpensive):
            return outcome
        return replace(outcome, strikes=strikes.after(record.strikes, digest, now=asking.now))
    keys, urls = wanted([*normalized.entries, *(entry for entry, _ in normalized.quarantined)])
    known = await services.call(services.store.known, record.id, keys=keys, urls=urls)
    outcome = _changed(asking, answer, normalized, known, services)
    return replace(outcome, body_hash=digest, strikes=Strikes() if record.strikes.in_row else None)


async def _parsed(
    answer: Document, asking: Asked, listed: Mapping[str, str], services: Services
) -> NormalizedFeed:
    from aggregator.core.entries import read_feed

    async with services.fetcher.handling():
        return await services.workers.run(
            read_feed,
            answer.body,
            url=answer.url,
            content_type=answer.content_type,
            feed=asking.feed,
            site=services.config.site,
            known=listed,
            now=asking.now,
            seconds=PARSE_SECONDS,
        )


def failed(asking: Asked, problem: Problem, *, services: Services) -> PollOutcome:
    """Give the outcome of a poll that brought nothing; validators and stories stay as they are."""
    return _without(asking, problem, PollResult(succeeded=False, kind=problem.kind), services)


def refused(asking: Asked, error: FetchError, services: Services) -> PollOutcome:
    """Give the outcome of a poll that brought no document."""
    # Only the configured address itself can end its polls: an adopted one, or wherever a redirect led, is another.
    gone = error.http_status == GONE and not error.hops and asking.request.url == asking.feed.url
    result = PollResult(
        succeeded=False,
        kind=error.kind,
        http_status=error.http_status,
        retry_after=error.retry_after,
        gone=gone,
    )
    outcome = _without(asking, Problem(kind=error.kind, message=error.reason), result, services)
    return replace(outcome, http_status=error.http_status, gone=gone)


def in_outage(asking: Asked, outcome: PollOutcome, services: Services) -> PollOutcome:
    """Give the outcome of a poll that failed as everything does: nothing is held against the feed."""
    result = PollResult(succeeded=False, outage=True)
    return replace(outcome, outage=True, next=_next(asking, result, services), move=None)


def _without(asking: Asked, problem: Problem, result: PollResult, services: Services) -> PollOutcome:
    return PollOutcome(
        feed_id=asking.record.id,
        url=asking.feed.url,
        at=asking.now,
        next=_next(asking, result, services),
        problem=problem,
        move=_move(asking, None, succeeded=False),
        warnings=tuple(each for each in asking.record.warnings if each.kind != "feed-found"),
    )


def _not_modified(asking: Asked, answer: NotModified, services: Services) -> PollOutcome:
    result = PollResult(succeeded=True, changed=False, freshness=answer.freshness)
    unasked = [] if asking.is_conditional else [advice.not_modified_unasked()]
    return replace(
        _unchanged(asking, result, answer.moved_to, services),
        http_status=304,
        not_modified=True,
        # A 304 need not repeat the validators (RFC 9110, 15.4.5): those stored stay in force, unless it belies them.
        validators=Validators() if answer.contradicted else None,
        warnings=_still_warned(asking, answer.moved_to, asking.record.validators, unasked),
    )


def _same(asking: Asked, answer: Document, services: Services) -> PollOutcome:
    """Give the outcome of a document with the same bytes as the one before."""
    validated = answer.validators != Validators()
    result = PollResult(succeeded=True, changed=False, validated=validated, freshness=answer.freshness)
    return replace(
        _unchanged(asking, result, answer.moved_to, services),
        http_status=answer.status,
        validators=answer.validators,
        whole=not asking.is_conditional,
        warnings=_still_warned(asking, answer.moved_to, answer.validators, []),
    )


def _unchanged(asking: Asked, result: PollResult, moved_to: str | None, services: Services) -> PollOutcome:
    return PollOutcome(
        feed_id=asking.record.id,
        url=asking.feed.url,
        at=asking.now,
        next=_next(asking, result, services),
        move=_move(asking, moved_to, succeeded=True),
    )


def _changed(
    asking: Asked,
    answer: Document,
    normalized: NormalizedFeed,
    known: Sequence[KnownEntry],
    services: Services,
) -> PollOutcome:
    """Compare a document with what is stored, and decide what it says of the next poll."""
    record, now = asking.record, asking.now
    told = settle(normalized.entries, normalized.unchanged, known)
    aside, quarantined = _set_aside(normalized, known)
    found, surge, loss = _pace(record, told, known, now)
    result = PollResult(
        succeeded=True,
        validated=answer.validators != Validators(),
        freshness=answer.freshness,
        surge=surge,
    )
    hinted = schedule.with_hints(replace(record, rhythm=found), normalized.feed)
    return PollOutcome(
        feed_id=record.id,
        url=asking.feed.url,
        at=now,
        next=_next(replace(asking, record=hinted), result, services),
        http_status=answer.status,
        validators=answer.validators,
        whole=not asking.is_conditional,
        rhythm=found,
        move=_move(asking, answer.moved_to, succeeded=True),
        feed=normalized.feed,
        new=told.new,
        updated=told.updated,
        unchanged=(*told.unchanged, *aside),
        repeats=told.repeats,
        quarantined=quarantined,
        held=floods.held_back(
            told.new, before=record.last_success, limit=services.config.polling.flood_limit, now=now
        ),
        loss=loss,
        warnings=_warned_anew(asking, answer, _ahead(asking, told, known, services), loss, found),
    )


def _next(asking: Asked, result: PollResult, services: Services) -> NextPoll:
    polling = services.config.polling
    return schedule.next_poll(asking.record, asking.feed, polling, result, now=asking.now)


def _move(asking: Asked, moved_to: str | None, *, succeeded: bool) -> Move:
    return moves.after(
        asking.record.move,
        asked=asking.request.url,
        configured=asking.feed.url,
        moved_to=moved_to,
        succeeded=succeeded,
        now=asking.now,
    )


def _pace(
    record: FeedRecord, told: Settled, known: Sequence[KnownEntry], now: datetime
) -> tuple[Rhythm, bool, float]:
    """Say what a document shows of its feed's rhythm, whether it is a surge, and which share was missed."""
    stored = {each.key: each for each in known}
    kept = [stored[key] for key in _kept(told) if key in stored]
    new = [effective(each.published, first_seen=now, link=each.url) for each in told.new]
    every = [*new, *(each.effective for each in kept)]
    is_first = record.polls == 0
    found = rhythm.rhythm_of(record.rhythm, listed=every, arrived=len(new), first=is_first, now=now)
    loss = rhythm.estimate_loss(
        new,
        overlaps=rhythm.reaches_back(_listed(known), _listed(kept)),
        before=record.last_success,
        now=now,
        gap=record.rhythm.gap,
    )
    return found, rhythm.is_surge(len(new), len(every), is_first), loss


def _kept(told: Settled) -> list[str]:
    return [each.key for each in told.unchanged] + [each.key for each in told.updated]


def _listed(known: Sequence[KnownEntry]) -> list[datetime]:
    """Give the dates that count of what stood in the document before."""
    return [each.effective for each in known if each.listed]


def _set_aside(
    normalized: NormalizedFeed, known: Sequence[KnownEntry]
) -> tuple[tuple[Standing, ...], tuple[tuple[Entry, str], ...]]:
    """Tell the entries that cannot be handled apart: those stored already, which keep their place, and the new."""
    keys = {each.key for each in known}
    seen = tuple(
        Standing(key=each.key, position=each.position)
        for each, _ in normalized.quarantined
        if each.key in keys
    )
    return seen, tuple(pair for pair in normalized.quarantined if pair[0].key not in keys)


def _still_warned(
    asking: Asked, moved_to: str | None, validators: Validators, more: Sequence[FeedWarning]
) -> tuple[FeedWarning, ...]:
    """Give the warnings after an answer that brought nothing new."""
    kept = [each for each in asking.record.warnings if each.kind not in SAID_ANEW]
    return (*_of_answer(asking, moved_to, validators), *more, *kept)


def _warned_anew(
    asking: Asked, answer: Document, ahead: FeedWarning | None, loss: float, found: Rhythm
) -> tuple[FeedWarning, ...]:
    """Give the warnings after a document that was read."""
    record, now = asking.record, asking.now
    missed = advice.loss(
        loss,
        found,
        asking.feed,
        interval=record.interval,
        waited=now - record.last_success if record.last_success else None,
        reason=record.next_due_reason,
    )
    more = [each for each in (ahead, missed) if each is not None]
    return (*_of_answer(asking, answer.moved_to, answer.validators), *more)


def _ahead(
    asking: Asked, told: Settled, known: Sequence[KnownEntry], services: Services
) -> FeedWarning | None:
    """Give the warning of dates ahead: of what a document brought, and of what it lists still."""
    standing = {each.key for each in told.unchanged}
    return future.warn(
        [each.published for each in (*told.new, *told.updated) if each.published],
        [each.published for each in known if each.published and each.key in standing],
        asking.record.warnings,
        feed=asking.feed,
        zone=asking.feed.timezone or services.config.site.timezone,
        now=asking.now,
    )


def _of_answer(asking: Asked, moved_to: str | None, validators: Validators) -> list[FeedWarning]:
    """Give the warnings that the answer itself speaks for, whatever it brought."""
    led = moved_to or (asking.request.url if asking.request.url != asking.feed.url else None)
    given = [
        advice.moved(led) if led else None,
        None if sendable(validators) == validators else advice.validators(),
    ]
    return [each for each in given if each is not None]
