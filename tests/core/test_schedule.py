"""When a feed is asked again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.schedule import PollResult, estimate_loss, jitter, next_poll
from aggregator.model import FeedRecord, FeedSettings, Freshness, PollingSettings

NOW = datetime(2022, 1, 8, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEED = FeedSettings(id="a", url="https://a.example/rss")
POLLING = PollingSettings()


def record(**given: object) -> FeedRecord:
    return FeedRecord(id="a", url=FEED.url, added_at=NOW, next_due=NOW, **given)  # type: ignore[arg-type]


def ask(result: PollResult, state: FeedRecord | None = None, feed: FeedSettings = FEED):
    return next_poll(state or record(), feed, POLLING, result, now=NOW)


def test_a_feed_that_answers_is_asked_after_the_first_interval_and_its_jitter() -> None:
    poll = ask(PollResult(succeeded=True))
    assert poll.reason == "interval"
    assert poll.at == NOW + HOUR + jitter(FEED.url, HOUR)


def test_jitter_is_at_most_a_tenth_and_the_same_at_every_run() -> None:
    assert timedelta() <= jitter(FEED.url, HOUR) < HOUR / 10
    assert jitter(FEED.url, HOUR) == jitter(FEED.url, HOUR)


def test_an_interval_that_an_editor_fixed_is_kept_to_the_second() -> None:
    poll = ask(
        PollResult(succeeded=True), feed=FeedSettings(id="a", url=FEED.url, interval=timedelta(seconds=5))
    )
    assert poll.at == NOW + timedelta(seconds=5)


def test_a_run_of_failures_doubles_the_wait_up_to_a_day() -> None:
    waits = [ask(PollResult(succeeded=False), record(failures=n)).interval for n in range(12)]
    assert waits[:3] == [HOUR, 2 * HOUR, 4 * HOUR]
    assert waits[-1] == timedelta(hours=24)
    assert ask(PollResult(succeeded=False)).reason == "backoff"


def test_pm_16_a_body_that_never_changes_without_validators_is_asked_less_and_less() -> None:
    quiet = PollResult(succeeded=True, changed=False, validated=False)
    first = ask(quiet)
    second = ask(quiet, record(interval=first.interval))
    assert (first.reason, first.interval) == ("unchanged", 2 * HOUR)
    assert second.interval == 4 * HOUR
    assert ask(PollResult(succeeded=True, validated=False), record(interval=second.interval)).interval == HOUR


@pytest.mark.parametrize("wait", [timedelta(hours=2), timedelta(days=3)])
def test_pm_21_retry_after_wins_beyond_a_day(wait: timedelta) -> None:
    poll = ask(PollResult(succeeded=False, retry_after=NOW + wait))
    assert (poll.reason, poll.at) == ("retry-after", NOW + wait)


def test_retry_after_is_believed_for_a_month_at_most() -> None:
    assert ask(PollResult(succeeded=False, retry_after=NOW + timedelta(days=400))).at == NOW + timedelta(
        days=31
    )


def test_pm_26_max_age_lengthens_the_interval() -> None:
    poll = ask(PollResult(succeeded=True, freshness=Freshness(max_age=12 * HOUR)))
    assert poll.reason == "max-age"
    assert poll.at >= NOW + 12 * HOUR


def test_pm_28_a_year_of_max_age_never_stops_polling() -> None:
    poll = ask(PollResult(succeeded=True, freshness=Freshness(max_age=timedelta(days=365))))
    assert poll.interval == timedelta(hours=24)


def test_pm_29_ttl_and_skipped_hours_are_obeyed() -> None:
    assert ask(PollResult(succeeded=True), record(ttl=3 * HOUR)).reason == "ttl"
    skipping = ask(PollResult(succeeded=True), record(skip_hours=frozenset(range(12))))
    assert (skipping.reason, skipping.at) == ("skip-hours", NOW.replace(hour=12))
    days = ask(PollResult(succeeded=True), record(skip_days=frozenset({5, 6})))
    assert days.at == datetime(2022, 1, 10, tzinfo=UTC)


def test_pm_29_a_feed_that_skips_every_hour_is_not_obeyed() -> None:
    poll = ask(PollResult(succeeded=True), record(skip_hours=frozenset(range(24))))
    assert poll.reason == "interval"


def test_rs_09_a_feed_that_is_gone_is_not_asked_again() -> None:
    poll = ask(PollResult(succeeded=False, gone=True))
    assert poll.reason == "gone"
    assert poll.at > NOW + timedelta(days=3650)


@given(
    failures=st.integers(0, 10_000),
    age=st.none() | st.timedeltas(timedelta(), timedelta(days=9999)),
    ttl=st.none() | st.timedeltas(timedelta(), timedelta(days=9999)),
    succeeded=st.booleans(),
    changed=st.booleans(),
    hours=st.frozensets(st.integers(0, 23)),
)
def test_the_floor_and_the_ceiling_hold_whatever_the_origin_says(
    failures: int,
    age: timedelta | None,
    ttl: timedelta | None,
    succeeded: bool,
    changed: bool,
    hours: frozenset[int],
) -> None:
    state = record(failures=failures, ttl=ttl, skip_hours=hours)
    result = PollResult(
        succeeded=succeeded, changed=changed, validated=False, freshness=Freshness(max_age=age)
    )
    poll = ask(result, state)
    assert NOW + POLLING.min_interval <= poll.at <= NOW + POLLING.max_interval * 1.1 + timedelta(hours=25)


@pytest.mark.parametrize(
    ("hours", "overlaps", "before", "expected"),
    [
        ((0, -3), False, -6, 0.5),  # the list covers half of the time since the poll before
        ((0, -3), True, -6, 0.0),  # it still lists what is known
        ((0, -9), False, -6, 0.0),  # it reaches back beyond that poll
        ((0, -3), False, None, 0.0),  # there was none
        ((0,), False, -6, 0.0),  # one date says nothing of a rhythm
    ],
)
def test_loss_is_what_the_list_no_longer_covers(
    hours: tuple[int, ...], overlaps: bool, before: int | None, expected: float
) -> None:
    found = [NOW + each * HOUR for each in hours]
    since = None if before is None else NOW + before * HOUR
    assert estimate_loss(found, overlaps=overlaps, before=since, now=NOW) == expected
