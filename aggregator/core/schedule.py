"""When a feed is asked again, and which rule says so: `now` is an argument, jitter comes from a hash.

The wait is the usual interval, made shorter or longer by the feed's own rhythm, longer by what its publisher asks,
and longer by failures. A publisher's word is never undercut; nothing but a 410 ends polling.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from aggregator.core.backoff import ALWAYS, backoff_for
from aggregator.model import FeedRecord, FeedSettings, Freshness, NextPoll, ParsedFeed, PollingSettings

RETRY_AFTER_MOST: Final = timedelta(days=31)
# A feed that is gone is not asked again; the date only keeps the column comparable. No wait is longer.
NEVER: Final = timedelta(days=36500)
FAR: Final = datetime(
    9999, 12, 30, tzinfo=UTC
)  # what no calendar holds is put here; any zone can still show it

LIVELY: Final = timedelta(hours=72)  # a feed that published within this time is not left alone ...
LIVELY_MOST: Final = timedelta(minutes=60)  # ... for longer than this
FIRST_POLLS: Final = 3  # until so many have succeeded nothing makes the interval shorter
LISTS_A_POLL: Final = 2  # a list is read so many times before it turns over
# A quick feed that falls silent is asked after this share of the silence: a batch of entries a day looks quick on
# arrival, and a paper that sleeps for ten hours must not be lost sight of before it wakes.
SILENCE_SHARE: Final = 24
HOUR: Final = timedelta(hours=1)
SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """What a poll says about the next one."""

    succeeded: bool
    changed: bool = True  # the body differed from the stored one
    validated: bool = True  # the origin gives validators, so that asking costs it little
    surge: bool = False  # it brought more than half a list of new entries
    freshness: Freshness = field(default_factory=Freshness)
    kind: str = ""  # error.kind of the contract, section 4; "": it succeeded, or that is not known
    http_status: int | None = None
    retry_after: datetime | None = None
    gone: bool = False
    outage: bool = False  # it failed as everything does: nothing is held against the feed


@dataclass(frozen=True, slots=True)
class _Wait:
    """An interval and the rule behind it; the longer of two wins."""

    length: timedelta
    reason: str

    def or_longer(self, length: timedelta | None, reason: str) -> _Wait:
        return _Wait(length, reason) if length is not None and length > self.length else self


@dataclass(frozen=True, slots=True)
class _Case:
    """One feed at one moment, with the limits that hold for it."""

    record: FeedRecord
    feed: FeedSettings
    polling: PollingSettings
    now: datetime

    @property
    def usual(self) -> timedelta:
        """The interval before anything is known of the feed, or the one that an editor fixed."""
        if self.feed.interval is not None:
            return _sane(self.feed.interval)
        return _sane(_usual(self.polling))

    @property
    def floor(self) -> timedelta:
        """The shortest interval that anything may lead to."""
        return min(_sane(self.polling.min_interval), self.usual)

    @property
    def longest(self) -> timedelta:
        """The longest interval that anything but a Retry-After may lead to."""
        return max(_sane(self.polling.max_interval), self.usual)

    @property
    def adapts(self) -> bool:
        return self.feed.interval is None

    @property
    def is_lively(self) -> bool:
        """Whether it published lately; a date far ahead, left by a clock that was wrong, is no sign of that."""
        published = self.record.rhythm.published
        return published is not None and abs(self.now - published) <= LIVELY

    @property
    def quiet(self) -> timedelta:
        """How long nothing new was seen, since the feed is known here at all."""
        added = self.record.added_at
        return self.now - max(self.record.rhythm.published or added, added)

    @property
    def may_shorten(self) -> bool:
        """Whether the feed is known well enough; `polls` counts those that succeeded before this one."""
        return self.adapts and self.record.polls + 1 >= FIRST_POLLS


def next_poll(
    record: FeedRecord, feed: FeedSettings, polling: PollingSettings, result: PollResult, *, now: datetime
) -> NextPoll:
    """Say when to ask this feed again; never earlier than its publisher's Retry-After.

    `record` is the state before this poll, with the rhythm and the hints of its document put in. An answer of 410
    ends polling. All that the publisher says only lengthens the wait, and only Retry-After and hours to skip
    lengthen it beyond `max_interval`.
    """
    if result.gone:
        return NextPoll(at=later(now, NEVER), reason="gone", interval=NEVER)
    case = _Case(record, feed, polling, now)
    if result.outage:
        return _while_cut_off(case)
    wait = _on_success(case, result) if result.succeeded else _on_failure(case, result)
    at, reason = later(now, wait.length + _spread(case, wait.length)), wait.reason
    told = min(result.retry_after or at, later(now, RETRY_AFTER_MOST))
    if told > at:
        at, reason = told, "retry-after"
    return _outside_skips(NextPoll(at=at, reason=reason, interval=wait.length), case)


def after_outage(
    record: FeedRecord, feed: FeedSettings, polling: PollingSettings, *, now: datetime
) -> NextPoll:
    """Say when to ask a feed that failed in an outage which has ended: soon, but not all of them together.

    They are spread over the next `min_interval`, none earlier than the floor after its last attempt; a feed that
    was told to wait before the outage goes on waiting.
    """
    case = _Case(record, feed, polling, now)
    since = record.last_attempt
    # An attempt that is ahead of a clock that was set back, or long ago, asks for no more patience.
    recent = since is not None and abs(now - since) < case.floor
    start = later(since, case.floor) if recent and since is not None else now
    at, reason = later(start, case.floor * share(feed.url)), "interval"
    if record.next_due_reason == "retry-after" and at < record.next_due <= later(now, RETRY_AFTER_MOST):
        at, reason = record.next_due, "retry-after"
    return _outside_skips(NextPoll(at=at, reason=reason, interval=case.usual), case)


def after_wait(
    record: FeedRecord, feed: FeedSettings, polling: PollingSettings, until: datetime, *, now: datetime
) -> NextPoll:
    """Say when to ask a feed of a host that is to be left alone until then: after it, but not all of them together."""
    case = _Case(record, feed, polling, now)
    start = min(max(until, now), later(now, RETRY_AFTER_MOST))
    at = later(start, _sane(polling.min_interval) * share(feed.url))
    interval = min(_sane(record.interval or case.usual), case.longest)
    return _outside_skips(NextPoll(at=at, reason="retry-after", interval=interval), case)


def behind(poll: NextPoll, moment: datetime) -> NextPoll:
    """Give the poll as it was, or at that moment where it would come before."""
    return poll if poll.at >= moment else replace(poll, at=moment, reason="retry-after")


def when_skipped(
    record: FeedRecord, feed: FeedSettings, polling: PollingSettings, *, now: datetime
) -> NextPoll | None:
    """Say when to ask a feed that is due, or overdue, at an hour it wants to be left out; None: it may be asked now."""
    case = _Case(record, feed, polling, now)
    due = NextPoll(at=now, reason=record.next_due_reason, interval=_sane(record.interval or case.usual))
    moved = _outside_skips(due, case)
    return None if moved is due else moved


def just_asked(record: FeedRecord, feed: FeedSettings, polling: PollingSettings, *, now: datetime) -> bool:
    """Tell whether a feed was asked less than the floor ago: a poll that was cut off left no next time behind."""
    floor = _Case(record, feed, polling, now).floor
    return record.last_attempt is not None and abs(now - record.last_attempt) < floor


def is_told_to_wait(record: FeedRecord, *, now: datetime) -> bool:
    """Tell whether a Retry-After still holds, though the clock was set back; it never reaches further than a month."""
    left = record.next_due - now
    return record.next_due_reason == "retry-after" and timedelta() < left <= RETRY_AFTER_MOST


def share(url: str) -> float:
    """Give a number from 0 to below 1, the same for a URL at every run."""
    return int.from_bytes(blake2b(url.encode("utf-8", "replace"), digest_size=2).digest(), "big") / 2**16


def jitter(url: str, interval: timedelta) -> timedelta:
    """Give up to a tenth of the interval, the same for a URL at every run."""
    return interval * share(url) / 10


def later(moment: datetime, wait: timedelta) -> datetime:
    """Give the moment after a wait; what no calendar holds becomes the end of the last year."""
    try:
        return moment + wait
    except OverflowError:
        return FAR


def with_hints(record: FeedRecord, parsed: ParsedFeed) -> FeedRecord:
    """Give the record with what its new document says of how often to ask."""
    return replace(record, ttl=parsed.ttl, skip_hours=parsed.skip_hours, skip_days=parsed.skip_days)


def safe_interval(gap: timedelta | None, listed: int) -> timedelta | None:
    """Give the interval at which a list is read twice before it turns over; None: its rhythm is not known."""
    if gap is None or gap < timedelta() or listed <= 0:
        return None
    return _sane(gap / LISTS_A_POLL * listed if gap < NEVER / listed else NEVER)


def _usual(polling: PollingSettings) -> timedelta:
    return min(max(polling.first_interval, polling.min_interval), polling.max_interval)


def _sane(interval: timedelta) -> timedelta:
    return min(max(interval, SECOND), NEVER)


def _on_success(case: _Case, result: PollResult) -> _Wait:
    wait = _of_rhythm(case)
    if case.may_shorten and result.surge:
        wait = _Wait(case.floor, "surge")
    idle = case.adapts and not result.changed and not result.validated
    if idle and not case.is_lively:
        wait = wait.or_longer(_doubled(case), "unchanged")
    # `immutable` or a year of max-age never stops polling (RFC 8246; PM-28).
    longest = max(case.longest, wait.length)
    age = result.freshness.max_age
    wait = wait.or_longer(min(age, longest) if age else None, "max-age")
    return _or_ttl(wait, case)


def _on_failure(case: _Case, result: PollResult) -> _Wait:
    """Back off by the class of the failure; a feed whose list turns over is not left alone for one lost packet."""
    backoff = backoff_for(result.kind, result.http_status)
    base = min(case.usual, _of_rhythm(case).length) if backoff.keeps_pace else case.usual
    failures = max(case.record.failures, 0)
    if result.retry_after is not None:
        # It says itself when it wants to be asked: that is believed, down to the shortest wait there is, and twice
        # before it doubles, up to the usual one. Who turns the first request of an hour away is else met at its
        # bad moment for ever.
        backoff = replace(backoff, first=1, most=case.usual, patience=ALWAYS)
        base = case.floor if case.adapts else case.usual
        failures //= 2
    since = case.now - (case.record.failing_since or case.now)
    # `failures` counts those before this one: the first waits as usual.
    length = backoff.length(base, failures, longest=case.longest, since=since)
    return _or_ttl(_Wait(length, "backoff"), case)


def _while_cut_off(case: _Case) -> NextPoll:
    """Spread the feeds over half the usual interval: when the connection comes back, one of them soon notices."""
    least = max(case.floor, case.usual / 2)
    wait = case.usual if not case.adapts else least + (case.usual - least) * share(case.feed.url)
    return _outside_skips(NextPoll(at=later(case.now, wait), reason="outage", interval=case.usual), case)


def _of_rhythm(case: _Case) -> _Wait:
    """Give the interval that the feed's own rhythm asks for."""
    usual = case.usual
    if case.may_shorten and case.is_lively:
        rhythm = case.record.rhythm
        most = min(usual, LIVELY_MOST)
        safe = safe_interval(rhythm.gap, rhythm.listed) or most
        length = max(case.floor, min(max(safe, case.quiet / SILENCE_SHARE), most))
        return _Wait(length, "rhythm" if length < usual else "interval")
    if case.adapts and case.quiet > LIVELY:
        # The wait stays the same share of the silence: a feed that wakes up is late by no more than that.
        silence = case.quiet / LIVELY
        length = usual * silence if silence < case.longest / usual else case.longest
        return _Wait(usual, "interval").or_longer(length, "rhythm")
    return _Wait(usual, "interval")


def _doubled(case: _Case) -> timedelta:
    """Give twice the interval in force; after a failure that one says nothing of how idle the feed is."""
    before = case.record.interval if not case.record.failures else None
    return min(2 * min(max(before or case.usual, case.usual), case.longest), case.longest)


def _or_ttl(wait: _Wait, case: _Case) -> _Wait:
    ttl = case.record.ttl
    return wait.or_longer(min(ttl, max(case.longest, wait.length)) if ttl else None, "ttl")


def _spread(case: _Case, length: timedelta) -> timedelta:
    """Give the jitter of a wait: none where an editor fixed the interval."""
    return jitter(case.feed.url, length) if case.adapts else timedelta()


def _outside_skips(poll: NextPoll, case: _Case) -> NextPoll:
    """Move on to the next hour (GMT) that is not to be skipped; a feed that skips all is not obeyed."""
    hours = _unless_all(case.record.skip_hours, 24)
    days = _unless_all(case.record.skip_days, 7)
    at = poll.at.astimezone(UTC)
    for _ in range(8 * 24):
        if at.hour not in hours and at.weekday() not in days:
            break
        at = later(at.replace(minute=0, second=0, microsecond=0), HOUR)
    if at == poll.at:
        return poll
    # That its origin asked to wait is kept in mind: it holds though the clock be set back.
    reason = "retry-after" if poll.reason == "retry-after" else "skip-hours"
    return replace(poll, at=later(at, _spread(case, HOUR)), reason=reason)


def _unless_all(skipped: Collection[int], count: int) -> Collection[int]:
    return frozenset() if set(range(count)) <= set(skipped) else skipped
