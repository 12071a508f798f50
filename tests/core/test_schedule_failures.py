"""How long a feed that fails is left alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.core.backoff import BACKOFFS, backoff_for
from aggregator.core.schedule import PollResult, next_poll
from aggregator.model import FeedRecord, FeedSettings, NextPoll, PollingSettings, Rhythm

NOW = datetime(2022, 1, 8, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FEED = FeedSettings(id="a", url="https://a.example/rss")
POLLING = PollingSettings()


def state(**given: Any) -> FeedRecord:
    known = {"added_at": NOW - 300 * DAY, "polls": 9} | given
    return FeedRecord(id="a", url=FEED.url, next_due=NOW, **known)


def fails(
    kind: str, status: int | None = None, *, known: FeedRecord | None = None, feed: FeedSettings = FEED
) -> NextPoll:
    result = PollResult(succeeded=False, kind=kind, http_status=status)
    return next_poll(known or state(), feed, POLLING, result, now=NOW)


# what went wrong: the class, and the hours after the first, second, third … failure in a row
CLASSES: dict[tuple[str, int | None], tuple[str, list[float]]] = {
    ("rejected", 429): ("rate-limited", [4, 8, 16, 24, 24]),
    ("too-large", 200): ("expensive", [4, 8, 16, 24, 24]),
    ("too-expensive", 200): ("expensive", [4, 8, 16, 24, 24]),
    ("refused", None): ("refused", [1, 2, 4, 6, 6, 6]),
    ("rejected", 400): ("closed", [1, 2, 4, 8, 16, 24]),
    ("rejected", 401): ("closed", [1, 2, 4, 8, 16, 24]),
    ("rejected", 403): ("closed", [1, 2, 4, 8, 16, 24]),
    ("rejected", 404): ("closed", [1, 2, 4, 8, 16, 24]),
    ("rejected", 407): ("closed", [1, 2, 4, 8, 16, 24]),
    ("rejected", 451): ("closed", [1, 2, 4, 8, 16, 24]),
    ("not-a-feed", 200): ("document", [1, 2, 4, 8, 16, 24]),
    ("parse", 200): ("document", [1, 2, 4, 8, 16, 24]),
    ("encoding", 200): ("document", [1, 2, 4, 8, 16, 24]),
    ("empty", 200): ("document", [1, 2, 4, 8, 16, 24]),
    ("truncated", 200): ("document", [1, 2, 4, 8, 16, 24]),
    ("tls", None): ("document", [1, 2, 4, 8, 16, 24]),
    ("unreachable", None): ("transient", [1, 2, 4, 6, 6, 6]),
    ("timeout", None): ("transient", [1, 2, 4, 6, 6, 6]),
    ("rejected", 408): ("transient", [1, 2, 4, 6, 6, 6]),
    ("rejected", 425): ("transient", [1, 2, 4, 6, 6, 6]),
    ("rejected", 500): ("transient", [1, 2, 4, 6, 6, 6]),
    ("rejected", 503): ("transient", [1, 2, 4, 6, 6, 6]),
    ("rejected", 599): ("transient", [1, 2, 4, 6, 6, 6]),
    ("rejected", 304): ("other", [1, 2, 4, 8, 16, 24]),
    ("rejected", 206): ("other", [1, 2, 4, 8, 16, 24]),
    ("rejected", None): ("other", [1, 2, 4, 8, 16, 24]),
    ("", None): ("other", [1, 2, 4, 8, 16, 24]),
    ("something new", 999): ("other", [1, 2, 4, 8, 16, 24]),
}


@pytest.mark.parametrize(("kind", "status"), CLASSES, ids=str)
def test_each_failure_is_waited_for_by_its_class(kind: str, status: int | None) -> None:
    name, hours = CLASSES[kind, status]
    assert backoff_for(kind, status).name == name
    waits = [fails(kind, status, known=state(failures=n)) for n in range(len(hours))]
    assert [poll.interval / HOUR for poll in waits] == hours
    assert {poll.reason for poll in waits} == {"backoff"}


def test_every_class_is_met_by_some_failure() -> None:
    assert {name for name, _ in CLASSES.values()} == {each.name for each in BACKOFFS}


def test_rs_10_a_server_that_is_down_is_asked_four_times_a_day_for_a_week_and_daily_after_that() -> None:
    due, hours = NOW, []
    for failures in range(40):
        known = state(failures=failures, failing_since=NOW if failures else None)
        result = PollResult(succeeded=False, kind="timeout")
        poll = next_poll(known, FEED, POLLING, result, now=due)
        hours.append(poll.interval / HOUR)
        due = poll.at
    assert set(hours[:28]) == {1, 2, 4, 6}
    assert hours[-1] == 24
    assert sum(hours[: hours.index(24)]) < 8 * 24


def test_rs_10_a_feed_that_answers_after_fifty_failures_is_asked_as_usual_again() -> None:
    known = state(failures=50, failing_since=NOW - 9 * DAY, interval=DAY, rhythm=Rhythm(published=NOW - HOUR))
    assert next_poll(known, FEED, POLLING, PollResult(succeeded=True), now=NOW).interval == HOUR


@pytest.mark.parametrize(("kind", "minutes"), [("timeout", [15, 30, 60]), ("parse", [60, 120, 240])])
def test_one_lost_packet_does_not_cost_a_quick_feed_its_entries(kind: str, minutes: list[int]) -> None:
    quick = Rhythm(gap=MINUTE, listed=20, published=NOW - MINUTE)
    waits = [fails(kind, known=state(failures=n, rhythm=quick)).interval / MINUTE for n in range(3)]
    assert waits == minutes


def test_a_new_feed_that_fails_is_asked_as_usual_however_quick_its_document_was() -> None:
    quick = Rhythm(gap=MINUTE, listed=20, published=NOW - MINUTE)
    assert fails("timeout", known=state(polls=1, rhythm=quick)).interval == HOUR


def test_a_fixed_interval_backs_off_from_what_the_editor_wrote() -> None:
    fast = replace(FEED, interval=5 * MINUTE)
    waits = [fails("timeout", known=state(failures=n), feed=fast).at - NOW for n in range(9)]
    assert [each / MINUTE for each in waits] == [5, 10, 20, 40, 80, 160, 320, 360, 360]
    slow = replace(FEED, interval=7 * DAY)
    assert {fails(kind, known=state(failures=9), feed=slow).interval for kind in ("timeout", "tls")} == {
        7 * DAY
    }


def test_the_ttl_of_the_last_document_holds_while_the_feed_fails() -> None:
    poll = fails("timeout", known=state(ttl=12 * HOUR))
    assert (poll.interval, poll.reason) == (12 * HOUR, "ttl")
