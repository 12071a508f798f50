"""When a feed is asked again: the rules as a table, then what holds whatever the origin says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.schedule import (
    FAR,
    PollResult,
    after_outage,
    after_wait,
    jitter,
    later,
    next_poll,
    safe_interval,
    with_hints,
)
from aggregator.model import (
    FeedRecord,
    FeedSettings,
    Freshness,
    NextPoll,
    ParsedFeed,
    PollingSettings,
    Rhythm,
)

NOW = datetime(2022, 1, 8, 0, 0, tzinfo=UTC)  # a Saturday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FEED = FeedSettings(id="a", url="https://a.example/rss")
FIXED = replace(FEED, interval=5 * MINUTE)
POLLING = PollingSettings()
OK = PollResult(succeeded=True)
IDLE = PollResult(succeeded=True, changed=False, validated=False)
QUICK = Rhythm(gap=MINUTE, listed=60, published=NOW - MINUTE)  # the list turns over within an hour
LIVELY = Rhythm(gap=HOUR, listed=30, published=NOW - 71 * HOUR)
SILENT = Rhythm(gap=HOUR, listed=30, published=NOW - 30 * DAY)


def record(**given: Any) -> FeedRecord:
    known = {"added_at": NOW - 300 * DAY, "polls": 9, "rhythm": LIVELY} | given
    return FeedRecord(id="a", url=FEED.url, next_due=NOW, **known)


def ask(
    result: PollResult = OK,
    state: FeedRecord | None = None,
    feed: FeedSettings = FEED,
    polling: PollingSettings = POLLING,
) -> NextPoll:
    return next_poll(state or record(), feed, polling, result, now=NOW)


def answered(**given: Any) -> PollResult:
    return PollResult(succeeded=True, **given)


def fresh(age: timedelta) -> PollResult:
    return answered(freshness=Freshness(max_age=age))


# what is known of the feed, what the poll said, the feed's settings: the interval in minutes, and its reason
RULES: dict[str, tuple[dict[str, Any], PollResult, FeedSettings, float, str]] = {
    # The usual interval, until the feed is known.
    "first answer": ({"polls": 0, "rhythm": QUICK}, OK, FEED, 60, "interval"),
    "second answer": ({"polls": 1, "rhythm": QUICK}, OK, FEED, 60, "interval"),
    "third answer": ({"polls": 2, "rhythm": QUICK}, OK, FEED, 30, "rhythm"),
    "surge at the second": ({"polls": 1}, answered(surge=True), FEED, 60, "interval"),
    "surge at the third": ({"polls": 2}, answered(surge=True), FEED, 15, "surge"),
    "surge of a silent feed": ({"rhythm": SILENT}, answered(surge=True), FEED, 15, "surge"),
    # Its rhythm.
    "list that lasts": ({}, OK, FEED, 60, "interval"),
    "list of minutes": ({"rhythm": replace(QUICK, listed=4)}, OK, FEED, 15, "rhythm"),
    "quick list, silent for twelve hours": (
        {"rhythm": replace(QUICK, listed=4, published=NOW - 12 * HOUR)}, OK, FEED, 30, "rhythm",
    ),
    "quick list, silent for a day": ({"rhythm": replace(QUICK, published=NOW - DAY)}, OK, FEED, 60, "interval"),
    "list without a rhythm": ({"rhythm": Rhythm(listed=30, published=NOW)}, OK, FEED, 60, "interval"),
    "emptied list": ({"rhythm": replace(QUICK, listed=0)}, OK, FEED, 60, "interval"),
    "no more news, a quick list": ({"rhythm": replace(QUICK, published=NOW - 4 * DAY)}, OK, FEED, 80, "rhythm"),
    "silent for 72 hours": ({"rhythm": replace(LIVELY, published=NOW - 3 * DAY)}, OK, FEED, 60, "interval"),
    "silent for six days": ({"rhythm": replace(LIVELY, published=NOW - 6 * DAY)}, OK, FEED, 120, "rhythm"),
    "silent for a month": ({"rhythm": SILENT}, OK, FEED, 600, "rhythm"),
    "silent for a year": ({"rhythm": Rhythm(published=NOW - 365 * DAY)}, OK, FEED, 24 * 60, "rhythm"),
    "old news, added today": ({"rhythm": SILENT, "added_at": NOW - HOUR}, OK, FEED, 60, "interval"),
    "never dated": ({"rhythm": Rhythm(listed=3)}, OK, FEED, 24 * 60, "rhythm"),
    "dated a century ahead": ({"rhythm": replace(QUICK, published=NOW + 36500 * DAY)}, OK, FEED, 60, "interval"),
    # Answers that cost and bring nothing.
    "idle, lively": ({}, IDLE, FEED, 60, "interval"),
    "idle, new, undated": ({"rhythm": Rhythm(), "added_at": NOW}, IDLE, FEED, 120, "unchanged"),
    "idle again": ({"rhythm": Rhythm(), "added_at": NOW, "interval": 4 * HOUR}, IDLE, FEED, 480, "unchanged"),
    "idle for long": ({"rhythm": Rhythm(), "interval": 20 * HOUR}, IDLE, FEED, 24 * 60, "rhythm"),
    "idle after failures": (
        {"rhythm": Rhythm(), "added_at": NOW, "interval": 20 * HOUR, "failures": 9}, IDLE, FEED, 120, "unchanged",
    ),
    "changed at last": ({"rhythm": Rhythm(), "added_at": NOW, "interval": 20 * HOUR}, OK, FEED, 60, "interval"),
    "same bytes, with validators": (
        {"rhythm": Rhythm(), "added_at": NOW}, answered(changed=False), FEED, 60, "interval",
    ),
    # What the publisher asks.
    "max-age": ({}, fresh(12 * HOUR), FEED, 720, "max-age"),
    "max-age of a minute": ({}, fresh(MINUTE), FEED, 60, "interval"),
    "max-age against a surge": ({}, replace(fresh(2 * HOUR), surge=True), FEED, 120, "max-age"),
    "max-age of a year": ({}, fresh(365 * DAY), FEED, 24 * 60, "max-age"),
    "ttl": ({"ttl": 3 * HOUR}, OK, FEED, 180, "ttl"),
    "ttl of a year": ({"ttl": 365 * DAY}, OK, FEED, 24 * 60, "ttl"),
    "ttl under max-age": ({"ttl": 3 * HOUR}, fresh(12 * HOUR), FEED, 720, "max-age"),
    "ttl of a quick list": ({"ttl": 45 * MINUTE, "rhythm": QUICK}, OK, FEED, 45, "ttl"),
    # What an editor fixed.
    "fixed": ({"rhythm": QUICK}, OK, FIXED, 5, "interval"),
    "fixed, silent": ({"rhythm": SILENT}, OK, FIXED, 5, "interval"),
    "fixed, idle": ({"rhythm": SILENT}, IDLE, FIXED, 5, "interval"),
    "fixed, surge": ({}, answered(surge=True), replace(FEED, interval=3 * HOUR), 180, "interval"),
    "fixed, max-age": ({}, fresh(12 * HOUR), FIXED, 720, "max-age"),
    "fixed, ttl": ({"ttl": 3 * HOUR}, OK, FIXED, 180, "ttl"),
    "fixed beyond a day": ({}, fresh(365 * DAY), replace(FEED, interval=7 * DAY), 7 * 24 * 60, "interval"),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_gives_its_interval_and_its_reason(rule: str) -> None:
    known, result, feed, minutes, reason = RULES[rule]
    poll = ask(result, record(**known), feed)
    assert (round(poll.interval / MINUTE, 3), poll.reason) == (minutes, reason)
    spread = timedelta() if feed.interval else jitter(feed.url, poll.interval)
    assert poll.at == NOW + poll.interval + spread


def test_jitter_is_at_most_a_tenth_and_the_same_at_every_run() -> None:
    shares = {jitter(f"https://a.example/{n}", HOUR) for n in range(100)}
    assert len(shares) > 90
    assert all(timedelta() <= each < HOUR / 10 for each in shares)
    assert jitter(FEED.url, HOUR) == jitter(FEED.url, HOUR)


@pytest.mark.parametrize("rhythm", [QUICK, LIVELY, Rhythm()])
def test_pm_15_the_first_three_polls_are_an_hour_apart_and_a_feed_known_by_then_is_asked_as_it_needs(
    rhythm: Rhythm,
) -> None:
    for polls in (0, 1):
        poll = ask(answered(surge=True), record(polls=polls, rhythm=rhythm, added_at=NOW))
        assert poll.at >= NOW + HOUR
    assert ask(OK, record(polls=2, rhythm=QUICK, added_at=NOW)).at < NOW + HOUR


def test_pm_15_a_first_interval_of_two_hours_comes_down_for_a_lively_feed() -> None:
    polling = replace(POLLING, first_interval=2 * HOUR)
    assert ask(OK, record(polls=1), polling=polling).interval == 2 * HOUR
    poll = ask(OK, record(polls=2), polling=polling)
    assert (poll.interval, poll.reason) == (HOUR, "rhythm")
    assert ask(OK, record(), polling=replace(polling, min_interval=90 * MINUTE)).interval == 90 * MINUTE


def test_pm_16_a_body_that_never_changes_without_validators_is_asked_less_and_less() -> None:
    state = record(rhythm=Rhythm(listed=9), added_at=NOW, polls=0)
    hours = []
    for polls in range(7):
        poll = ask(IDLE, replace(state, polls=polls))
        state = replace(state, interval=poll.interval)
        hours.append(poll.interval / HOUR)
    assert hours == [2, 4, 8, 16, 24, 24, 24]
    assert ask(replace(IDLE, changed=True), state).interval == HOUR


@pytest.mark.parametrize("status", [429, 503, 200])
@pytest.mark.parametrize("wait", [2 * HOUR, 3 * DAY, 400 * DAY])
def test_pm_21_pm_22_retry_after_wins_beyond_a_day_and_for_a_month_at_most(
    wait: timedelta, status: int
) -> None:
    kind = "" if status == 200 else "rejected"
    result = PollResult(succeeded=status == 200, kind=kind, http_status=status, retry_after=NOW + wait)
    poll = ask(replace(result, retry_after=NOW + max(wait, 5 * HOUR)))
    assert (poll.reason, poll.at) == ("retry-after", NOW + min(max(wait, 5 * HOUR), 31 * DAY))


def test_a_short_retry_after_is_believed_down_to_the_shortest_wait_there_is() -> None:
    asked = PollResult(succeeded=False, kind="rejected", http_status=503, retry_after=NOW + MINUTE)
    assert ask(asked).reason == "backoff"
    assert NOW + 15 * MINUTE <= ask(asked).at <= NOW + 17 * MINUTE
    for failures, wait in ((1, 15), (2, 30), (3, 30), (4, 60), (40, 60)):
        again = ask(asked, state=record(failures=failures, failing_since=NOW - 3 * HOUR))
        assert NOW + wait * MINUTE <= again.at <= NOW + 1.1 * wait * MINUTE
    slow = replace(FEED, interval=60 * DAY)
    poll = ask(replace(asked, retry_after=NOW + 90 * DAY), feed=slow)
    assert poll.at >= NOW + 60 * DAY


def test_pm_28_a_year_of_max_age_never_stops_polling() -> None:
    poll = ask(fresh(365 * DAY))
    assert poll.at <= NOW + DAY * 1.1


@pytest.mark.parametrize("succeeded", [True, False])
@pytest.mark.parametrize(
    ("hours", "days", "due"),
    [
        (range(12), (), NOW.replace(hour=12)),
        ((), (5, 6), NOW + 2 * DAY),
        (range(1, 24), (5,), NOW + DAY),  # midnight on Sunday
        (range(1, 24), range(6), NOW + DAY),
        (range(23), (0, 1, 2, 3, 4, 6), NOW.replace(hour=23)),
    ],
)
def test_pm_29_hours_and_days_to_skip_see_no_request(
    hours: Any, days: Any, due: datetime, succeeded: bool
) -> None:
    state = record(skip_hours=frozenset(hours), skip_days=frozenset(days))
    poll = ask(PollResult(succeeded=succeeded), state)
    assert poll.reason == "skip-hours"
    assert due <= poll.at < due + HOUR / 10
    fixed = ask(PollResult(succeeded=succeeded), state, FIXED)
    # Five minutes from now it is the first hour still, which some of these allow.
    assert fixed.at == (NOW + 5 * MINUTE if 0 not in hours and 5 not in days else due)


@pytest.mark.parametrize(
    "skipped", [{"skip_hours": frozenset(range(24))}, {"skip_days": frozenset(range(7))}]
)
def test_pm_29_a_feed_that_skips_everything_is_not_obeyed(skipped: dict[str, Any]) -> None:
    assert ask(OK, record(**skipped)).reason == "interval"


def test_pm_29_a_retry_after_into_an_hour_to_skip_waits_for_its_end() -> None:
    waiting = PollResult(succeeded=False, retry_after=NOW + 3 * HOUR)
    poll = ask(waiting, record(skip_hours=frozenset({3, 4})))
    assert poll.at >= NOW + 5 * HOUR


def test_pm_29_the_hints_of_a_document_replace_those_of_the_one_before() -> None:
    hinted = with_hints(record(ttl=DAY), ParsedFeed(skip_hours=frozenset({3})))
    assert (hinted.ttl, hinted.skip_hours) == (None, frozenset({3}))


def test_rs_09_a_feed_that_is_gone_is_not_asked_again_and_nothing_else_ends_polling() -> None:
    poll = ask(PollResult(succeeded=False, kind="rejected", http_status=410, gone=True))
    assert poll.reason == "gone"
    assert poll.at > NOW + 3650 * DAY
    for status in range(400, 600):
        failed = PollResult(succeeded=False, kind="rejected", http_status=status)
        assert ask(failed, record(failures=10_000)).at <= NOW + DAY * 1.1


class TestOutage:
    def test_nothing_is_held_against_a_feed_and_the_feeds_are_spread(self) -> None:
        cut_off = PollResult(succeeded=False, outage=True)
        feeds = [replace(FEED, url=f"https://{n}.example/rss") for n in range(200)]
        polls = [ask(cut_off, record(failures=9), feed) for feed in feeds]
        assert {poll.reason for poll in polls} == {"outage"}
        assert {poll.interval for poll in polls} == {HOUR}
        waits = [poll.at - NOW for poll in polls]
        assert min(waits) >= HOUR / 2
        assert max(waits) < HOUR
        assert all(20 < sum(wait > limit * MINUTE for wait in waits) < 180 for limit in (36, 45, 54))

    def test_an_interval_that_an_editor_fixed_stays(self) -> None:
        assert ask(PollResult(succeeded=False, outage=True), feed=FIXED).at == NOW + 5 * MINUTE

    def test_after_it_the_feeds_come_soon_but_not_as_a_herd(self) -> None:
        states = [record(last_attempt=NOW - n * MINUTE) for n in range(60)]
        due = [
            after_outage(state, replace(FEED, url=f"https://{n}.example/"), POLLING, now=NOW)
            for n, state in enumerate(states)
        ]
        for state, poll in zip(states, due, strict=True):
            assert poll.reason == "interval", "the outage is over"
            assert state.last_attempt is not None
            assert max(NOW, state.last_attempt + 15 * MINUTE) <= poll.at < NOW + 30 * MINUTE
        assert len({poll.at for poll in due}) == 60

    def test_a_feed_told_to_wait_before_goes_on_waiting(self) -> None:
        until = NOW + 5 * HOUR
        state = replace(record(), next_due=until, next_due_reason="retry-after")
        assert after_outage(state, FEED, POLLING, now=NOW).at == until

    @pytest.mark.parametrize("attempt", [None, NOW + DAY, NOW - 900 * DAY, NOW + 14 * MINUTE])
    def test_an_attempt_of_another_clock_costs_half_an_hour_at_most(self, attempt: datetime | None) -> None:
        poll = after_outage(record(last_attempt=attempt), FEED, POLLING, now=NOW)
        assert NOW <= poll.at <= NOW + 45 * MINUTE

    def test_a_quick_fixed_feed_is_back_within_its_interval(self) -> None:
        assert after_outage(record(), FIXED, POLLING, now=NOW).at < NOW + 5 * MINUTE


def test_pm_24_the_feeds_of_a_host_that_was_told_to_wait_do_not_all_come_back_at_once() -> None:
    until = NOW + 2 * HOUR
    states = [replace(record(), url=f"https://a.example/{n}") for n in range(50)]
    due = [after_wait(state, replace(FEED, url=state.url), POLLING, until, now=NOW) for state in states]
    assert all(until <= poll.at < until + 15 * MINUTE for poll in due)
    assert {poll.reason for poll in due} == {"retry-after"}
    assert len({poll.at for poll in due}) == 50
    assert after_wait(record(), FEED, POLLING, NOW + 400 * DAY, now=NOW).at < NOW + 32 * DAY
    assert NOW <= after_wait(record(), FEED, POLLING, NOW - DAY, now=NOW).at < NOW + 15 * MINUTE


@pytest.mark.parametrize("shift", [-DAY, DAY, 178 * 365 * DAY, -20 * 365 * DAY])
def test_ck_01_ck_02_a_clock_that_jumps_keeps_the_normal_pace(shift: timedelta) -> None:
    now = NOW + shift
    known = record(
        rhythm=replace(LIVELY, published=NOW - HOUR), added_at=NOW - HOUR, last_attempt=NOW, whole_at=NOW
    )
    for result in (OK, PollResult(succeeded=False, kind="timeout"), PollResult(succeeded=False, outage=True)):
        poll = next_poll(known, FEED, POLLING, result, now=now)
        assert now + 15 * MINUTE <= poll.at <= now + POLLING.max_interval * 1.1


def test_the_end_of_the_calendar_is_no_error() -> None:
    assert later(datetime.max.replace(tzinfo=UTC), DAY) == FAR
    assert safe_interval(timedelta.max, 2**40) == 36500 * DAY
    assert safe_interval(timedelta(), 9) == timedelta(seconds=1)


ABSURD = timedelta.max
anywhen = st.datetimes(timezones=st.just(UTC)) | st.sampled_from(
    [NOW, NOW - MINUTE, NOW + MINUTE, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
durations = (
    st.none()
    | st.timedeltas(timedelta(), 3 * DAY)
    | st.sampled_from([timedelta(), -DAY, timedelta.min, ABSURD, MINUTE])
)
rhythms = st.builds(
    Rhythm,
    gap=durations,
    listed=st.integers(0, 2**31),
    published=st.none() | anywhen | st.timedeltas(timedelta(), 100 * DAY).map(lambda ago: NOW - ago),
)
records = st.builds(
    FeedRecord,
    id=st.just("a"),
    url=st.just(FEED.url),
    added_at=anywhen | st.just(NOW - 300 * DAY),
    next_due=anywhen,
    next_due_reason=st.sampled_from(["interval", "retry-after", "outage"]),
    last_attempt=st.none() | anywhen,
    failing_since=st.none() | anywhen,
    failures=st.integers(0, 2**40),
    interval=durations,
    polls=st.integers(0, 9),
    rhythm=rhythms,
    ttl=durations,
    skip_hours=st.frozensets(st.integers(0, 24)),
    skip_days=st.frozensets(st.integers(0, 7)),
)
results = st.builds(
    PollResult,
    succeeded=st.booleans(),
    changed=st.booleans(),
    validated=st.booleans(),
    surge=st.booleans(),
    freshness=st.builds(Freshness, max_age=durations),
    kind=st.sampled_from(["", "unreachable", "timeout", "rejected", "refused", "too-large", "tls", "?"]),
    http_status=st.none() | st.integers(100, 999),
    retry_after=st.none() | anywhen | st.timedeltas(-DAY, 50 * DAY).map(lambda ahead: NOW + ahead),
    outage=st.booleans(),
)
polls = settings(max_examples=400, derandomize=True, deadline=None)


def skips(state: FeedRecord) -> bool:
    """Whether the feed names hours or days to skip that are obeyed."""
    hours, days = state.skip_hours & set(range(24)), state.skip_days & set(range(7))
    return 0 < len(hours) < 24 or 0 < len(days) < 7


def bound(asked: timedelta | None, cap: timedelta) -> timedelta:
    return min(max(asked or timedelta(), timedelta()), cap)


@polls
@given(state=records, result=results, fixed=st.none() | st.sampled_from([5 * MINUTE, 3 * HOUR, 40 * DAY]))
def test_no_poll_is_earlier_than_any_rule_allows(
    state: FeedRecord, result: PollResult, fixed: timedelta | None
) -> None:
    poll = ask(result, state, replace(FEED, interval=fixed))
    cap = max(POLLING.max_interval, fixed or timedelta())
    least = [fixed or POLLING.min_interval]
    if result.succeeded and not result.outage:
        least += [bound(result.freshness.max_age, cap), fixed or (HOUR if state.polls < 2 else timedelta())]
    if not result.outage:
        least.append(bound(state.ttl, cap))
        if result.retry_after is not None:
            least.append(min(result.retry_after - NOW, 31 * DAY))
    assert poll.at - NOW >= max(least)
    if skips(state):
        hours = state.skip_hours if not set(range(24)) <= state.skip_hours else set()
        days = state.skip_days if not set(range(7)) <= state.skip_days else set()
        assert poll.at.hour not in hours
        assert poll.at.weekday() not in days


@polls
@given(state=records, result=results)
def test_no_poll_is_later_than_the_longest_interval_and_its_jitter_unless_the_origin_asks(
    state: FeedRecord, result: PollResult
) -> None:
    poll = ask(result, state)
    if not skips(state) and poll.reason != "retry-after":
        assert poll.at <= NOW + POLLING.max_interval * 1.1
    assert poll.interval <= POLLING.max_interval
    assert poll.at <= NOW + 31 * DAY + 8 * DAY


@polls
@given(
    state=records,
    result=results,
    polls=st.integers(2, 9),
    ago=st.timedeltas(timedelta(), timedelta(hours=72)),
    first=st.timedeltas(15 * MINUTE, DAY),
)
def test_a_feed_that_published_within_72_hours_waits_an_hour_at_most_while_its_origin_is_silent(
    state: FeedRecord, result: PollResult, polls: int, ago: timedelta, first: timedelta
) -> None:
    rhythm = replace(state.rhythm, published=NOW - ago)
    state = replace(
        state, polls=polls, rhythm=rhythm, ttl=None, skip_hours=frozenset(), skip_days=frozenset()
    )
    result = replace(result, succeeded=True, outage=False, freshness=Freshness(), retry_after=None, kind="")
    poll = ask(result, state, polling=replace(POLLING, first_interval=first))
    assert poll.at <= NOW + HOUR * 1.1


@polls
@given(state=records, result=results, more=st.integers(1, 50))
def test_more_failures_never_mean_an_earlier_poll(state: FeedRecord, result: PollResult, more: int) -> None:
    result = replace(result, succeeded=False, outage=False)
    often = replace(state, failures=state.failures + more)
    assert ask(result, often).at >= ask(result, state).at


@polls
@given(
    state=records,
    result=results,
    until=anywhen,
    now=anywhen,
    lengths=st.tuples(*[durations.filter(lambda each: each is not None)] * 3),
    fixed=durations,
)
def test_no_record_no_header_and_no_clock_is_an_error(
    state: FeedRecord,
    result: PollResult,
    until: datetime,
    now: datetime,
    lengths: tuple[timedelta, timedelta, timedelta],
    fixed: timedelta | None,
) -> None:
    least, usual, most = lengths
    polling = replace(POLLING, min_interval=least, first_interval=usual, max_interval=most)
    feed = replace(FEED, interval=fixed)
    for poll in (
        next_poll(state, feed, polling, result, now=now),
        next_poll(state, feed, polling, replace(result, gone=True), now=now),
        after_outage(state, feed, polling, now=now),
        after_wait(state, feed, polling, until, now=now),
    ):
        assert poll.at >= min(now, FAR)
        assert poll.interval > timedelta()
