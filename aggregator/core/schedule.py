"""When a feed is asked again, and which rule says so: `now` is an argument, jitter comes from a hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from aggregator.model import FeedRecord, FeedSettings, Freshness, NextPoll, ParsedFeed, PollingSettings

RETRY_AFTER_MOST: Final = timedelta(days=31)
# A feed that is gone is not asked again; the date only keeps the column comparable.
NEVER: Final = timedelta(days=36500)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """What a poll says about the next one."""

    succeeded: bool
    changed: bool = True  # the body differed from the stored one
    validated: bool = True  # the origin gives validators, so that asking costs it little
    freshness: Freshness = field(default_factory=Freshness)
    retry_after: datetime | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class _Wait:
    """An interval and the rule behind it; the longer of two wins."""

    length: timedelta
    reason: str

    def or_longer(self, length: timedelta | None, reason: str) -> _Wait:
        return _Wait(length, reason) if length is not None and length > self.length else self


def jitter(url: str, interval: timedelta) -> timedelta:
    """Give up to a tenth of the interval, the same for a URL at every run."""
    share = int.from_bytes(blake2b(url.encode(), digest_size=2).digest(), "big") / 2**16
    return interval * share / 10


def next_poll(
    record: FeedRecord, feed: FeedSettings, polling: PollingSettings, result: PollResult, *, now: datetime
) -> NextPoll:
    """Say when to ask this feed again; never earlier than the publisher's Retry-After.

    An answer of 410 ends polling; a run of failures doubles the wait up to `max_interval`; so does a body
    that never changes, from an origin without validators. What the publisher says only lengthens it.
    """
    if result.gone:
        return NextPoll(at=now + NEVER, reason="gone", interval=NEVER)
    wait = (
        _on_success(record, feed, polling, result) if result.succeeded else _on_failure(record, feed, polling)
    )
    at = now + wait.length + (timedelta() if feed.interval else jitter(feed.url, wait.length))
    reason = wait.reason
    if result.succeeded:
        allowed = _outside_skips(at, record)
        at, reason = (allowed, "skip-hours") if allowed != at else (at, reason)
    if result.retry_after is not None and result.retry_after > at:
        at, reason = min(result.retry_after, now + RETRY_AFTER_MOST), "retry-after"
    return NextPoll(at=at, reason=reason, interval=wait.length)


def estimate_loss(
    found: Sequence[datetime], *, overlaps: bool, before: datetime | None, now: datetime
) -> float:
    """Estimate which share of a feed's new entries came and went between two polls, from 0 to 1.

    `found` are the dates of the entries in the document. While it still lists one that is known (`overlaps`),
    nothing was missed; else the list covers a span, and what lies between it and the poll before is not seen.
    """
    if overlaps or before is None or len(found) < 2 or now <= before:
        return 0.0
    covered = max(found) - max(min(found), before)
    return round(min(max(1 - covered / (now - before), 0.0), 1.0), 2)


def _usual(feed: FeedSettings, polling: PollingSettings) -> _Wait:
    if feed.interval is not None:
        return _Wait(feed.interval, "interval")
    return _Wait(min(max(polling.first_interval, polling.min_interval), polling.max_interval), "interval")


def _on_success(
    record: FeedRecord, feed: FeedSettings, polling: PollingSettings, result: PollResult
) -> _Wait:
    wait = _usual(feed, polling)
    if feed.interval is None and not result.changed and not result.validated:
        before = record.interval or wait.length
        doubled = min(max(2 * before, wait.length), polling.max_interval)
        wait = wait.or_longer(doubled, "unchanged")
    # `immutable` or a year of max-age never stops polling (RFC 8246; PM-28).
    longest = max(polling.max_interval, wait.length)
    age = result.freshness.max_age
    wait = wait.or_longer(min(age, longest) if age else None, "max-age")
    return wait.or_longer(min(record.ttl, longest) if record.ttl else None, "ttl")


def _on_failure(record: FeedRecord, feed: FeedSettings, polling: PollingSettings) -> _Wait:
    # `failures` counts those before this one: the first waits as usual; ten doublings are beyond any maximum.
    doublings = min(record.failures, 10)
    usual = _usual(feed, polling)
    longest = max(polling.max_interval, usual.length)
    return _Wait(min(usual.length * 2**doublings, longest), "backoff")


def _outside_skips(at: datetime, record: FeedRecord) -> datetime:
    """Move on to the next hour (GMT) that is not to be skipped; a feed that skips all is not obeyed."""
    hours = record.skip_hours if len(record.skip_hours) < 24 else frozenset()
    days = record.skip_days if len(record.skip_days) < 7 else frozenset()
    for _ in range(8 * 24):
        if at.hour not in hours and at.weekday() not in days:
            return at
        at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at


def with_hints(record: FeedRecord, parsed: ParsedFeed) -> FeedRecord:
    """Give the record with what its new document says of how often to ask."""
    return replace(record, ttl=parsed.ttl, skip_hours=parsed.skip_hours, skip_days=parsed.skip_days)
