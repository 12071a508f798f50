"""How often a feed publishes, and what was missed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.rhythm import estimate_loss, is_surge, reaches_back, rhythm_of
from aggregator.core.schedule import PollResult, next_poll
from aggregator.model import FeedRecord, FeedSettings, PollingSettings, Rhythm

NOW = datetime(2022, 1, 8, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def ago(*hours: float) -> list[datetime]:
    return [NOW - each * HOUR for each in hours]


def even(count: int, gap: timedelta, newest: datetime = NOW - MINUTE) -> list[datetime]:
    return [newest - n * gap for n in range(count)]


# the dates of a first document: the minutes between two entries; None: it tells nothing
DATES: dict[str, tuple[list[datetime], float | None]] = {
    "one an hour": (even(30, HOUR), 60),
    "in any order": (even(30, HOUR)[::-1], 60),
    "one pinned for years": ([*even(29, HOUR), NOW - 2000 * DAY], 60),
    "a quarter pinned": ([*even(24, 10 * MINUTE), *[NOW - 900 * DAY] * 6], 10),
    "ten at a time, daily": ([each for day in (1, 25, 49) for each in ago(day) * 10], 24 * 60 / 19),
    "five a day": ([each for day in range(6) for each in ago(1 + 24 * day) * 5], 72 * 60 / 19),
    "a night between": (even(10, 2 * MINUTE) + even(10, 2 * MINUTE, NOW - 10 * HOUR), 2),
    "a few": (ago(1, 2, 3, 9), 60),
    "a day's batch and two of the day before": (ago(1) * 28 + ago(25) * 2, 24 * 60 / 28),
    "all at once": (ago(5) * 30, None),
    "two": (ago(1, 4), 180),
    "one": (ago(1), None),
    "none": ([], None),
    "undated: seen now": ([NOW] * 30, None),
    "undated but for two": ([NOW] * 30 + ago(1, 4), 180),
    "a clock that was ahead": ([NOW + DAY] * 30 + ago(1, 4), 180),
}


@pytest.mark.parametrize("case", DATES)
def test_the_dates_of_a_list_give_the_time_between_two_entries(case: str) -> None:
    dates, minutes = DATES[case]
    found = rhythm_of(Rhythm(), listed=dates, arrived=len(dates), first=True, now=NOW)
    assert (found.gap / MINUTE if found.gap else None) == (pytest.approx(minutes) if minutes else None)
    assert found.listed == len(dates)


def test_the_first_document_shows_when_it_was_published_only_by_its_dates() -> None:
    def published(*dates: datetime) -> datetime | None:
        return rhythm_of(Rhythm(), listed=dates, arrived=len(dates), first=True, now=NOW).published

    assert published(*ago(3, 9)) == NOW - 3 * HOUR
    assert published(NOW, NOW) is None
    assert published(NOW + DAY) is None
    assert published() is None


def test_a_later_document_that_brings_something_shows_that_the_feed_publishes_whatever_its_dates() -> None:
    before = Rhythm(listed=2, published=NOW - 9 * DAY)
    old = ago(2000, 3000)
    assert rhythm_of(before, listed=old, arrived=1, first=False, now=NOW).published == NOW
    assert rhythm_of(before, listed=old, arrived=0, first=False, now=NOW).published == NOW - 9 * DAY


def test_what_a_clock_that_was_ahead_left_behind_is_not_kept() -> None:
    before = Rhythm(published=NOW + 3650 * DAY)
    assert rhythm_of(before, listed=ago(5), arrived=0, first=False, now=NOW).published == NOW - 5 * HOUR


def test_undated_entries_give_a_rhythm_by_their_arrival() -> None:
    rhythm, dates = Rhythm(), [NOW] * 20
    rhythm = rhythm_of(rhythm, listed=dates, arrived=20, first=True, now=NOW)
    assert (rhythm.gap, rhythm.published) == (None, None)
    for poll in range(1, 11):  # two new ones an hour, each known by when it was first seen
        now = NOW + poll * HOUR
        dates = [now, now, *dates][:20]
        rhythm = rhythm_of(rhythm, listed=dates, arrived=2, first=False, now=now)
        assert rhythm.gap is not None
        assert 20 * MINUTE < rhythm.gap <= 30 * MINUTE


def test_a_list_replaced_as_a_whole_gives_a_rhythm_by_its_arrival() -> None:
    before = Rhythm(listed=10, published=NOW - 10 * HOUR)
    assert rhythm_of(before, listed=[NOW] * 10, arrived=10, first=False, now=NOW).gap == HOUR
    assert rhythm_of(before, listed=[NOW] * 10, arrived=0, first=False, now=NOW).gap is None


def test_a_faster_rhythm_is_believed_at_once_and_a_slower_one_by_half() -> None:
    before = Rhythm(gap=10 * MINUTE, listed=20, published=NOW)
    slower = rhythm_of(before, listed=even(20, 30 * MINUTE), arrived=1, first=False, now=NOW)
    assert slower.gap == 20 * MINUTE
    assert rhythm_of(slower, listed=even(20, MINUTE), arrived=20, first=False, now=NOW).gap == MINUTE


def test_an_emptied_feed_keeps_its_rhythm() -> None:
    before = Rhythm(gap=HOUR, listed=20, published=NOW - DAY)
    found = rhythm_of(before, listed=[], arrived=0, first=False, now=NOW)
    assert found == replace(before, listed=0)


@pytest.mark.parametrize(
    ("arrived", "listed", "first", "surge"),
    [
        (11, 20, False, True),
        (10, 20, False, False),
        (20, 20, True, False),
        (1, 1, False, True),
        (0, 0, False, False),
        (30, 0, False, False),
    ],
)
def test_more_than_half_a_list_of_new_entries_is_a_surge(
    arrived: int, listed: int, first: bool, surge: bool
) -> None:
    assert is_surge(arrived, listed, first) == surge


@pytest.mark.parametrize(
    ("hours", "overlaps", "before", "expected"),
    [
        ((0, -3), False, -6, 0.5),  # the list covers half of the time since the poll before
        ((-1, -3), False, -6, 0.5),  # ... though nothing came in the last hour of it
        ((0, -3), True, -6, 0.0),  # it still lists what is known
        ((0, -9), False, -6, 0.0),  # it reaches back beyond that poll
        ((0, -3), False, None, 0.0),  # there was none
        ((0,), False, -6, 0.0),  # one date says nothing of a rhythm
        ((-1, -1, -1), False, -6, 0.0),  # nor do many that are one
        ((1, 2), False, -6, 1.0),  # dated ahead: all of the time is unseen
        ((0, -3), False, 6, 0.0),  # the clock was set back
    ],
)
def test_loss_is_what_the_list_no_longer_covers(
    hours: tuple[int, ...], overlaps: bool, before: int | None, expected: float
) -> None:
    found = [NOW + each * HOUR for each in hours]
    since = None if before is None else NOW + before * HOUR
    assert estimate_loss(found, overlaps=overlaps, before=since, now=NOW) == expected


def test_a_batch_put_out_between_two_polls_is_no_loss_where_the_rhythm_is_known() -> None:
    found = even(30, 20 * timedelta(seconds=1), NOW - 30 * MINUTE)

    def loss(gap: timedelta | None) -> float:
        return estimate_loss(found, overlaps=False, before=NOW - HOUR, now=NOW, gap=gap)

    assert loss(DAY / 30) < 0.05 < loss(None)
    assert loss(timedelta()) == loss(None)
    missed = estimate_loss(even(20, MINUTE), overlaps=False, before=NOW - HOUR, now=NOW, gap=MINUTE)
    assert missed == pytest.approx(40 / 60, abs=0.02)


def test_an_entry_pinned_below_the_news_does_not_tie_two_documents_together() -> None:
    before = [*even(20, MINUTE, NOW - HOUR), NOW - 900 * DAY]
    assert not reaches_back(before, [NOW - 900 * DAY])
    assert reaches_back(before, [before[5], NOW - 900 * DAY])  # the newest were taken back
    assert not reaches_back(before, [])
    assert not reaches_back([], [])


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    listed=st.lists(st.datetimes(timezones=st.just(UTC)) | st.just(NOW), max_size=40),
    before=st.builds(
        Rhythm,
        gap=st.none() | st.timedeltas(),
        listed=st.integers(0, 99),
        published=st.none() | st.datetimes(timezones=st.just(UTC)),
    ),
    arrived=st.integers(0, 10**6),
    first=st.booleans(),
)
def test_no_dates_are_an_error_and_no_sign_lies_ahead(
    listed: list[datetime], before: Rhythm, arrived: int, first: bool
) -> None:
    found = rhythm_of(before, listed=listed, arrived=arrived, first=first, now=NOW)
    assert found.published is None or found.published <= NOW
    assert found.gap is None or found.gap >= min(before.gap or timedelta(), timedelta())
    loss = estimate_loss(listed, overlaps=first, before=before.published, now=NOW, gap=before.gap)
    assert 0 <= loss <= 1


def simulate(came: list[datetime], length: int, days: int) -> tuple[int, list[timedelta]]:
    """Poll a feed that lists the newest `length` of these dates; gives how many were missed, and the waits."""
    feed, start = FeedSettings(id="a", url="https://a.example/rss"), min(came) + HOUR
    record = FeedRecord(id="a", url=feed.url, added_at=start, next_due=start)
    seen: set[datetime] = set()
    now, waits, missed = start, [], 0
    while now < start + days * DAY:
        dates = sorted((each for each in came if each <= now), reverse=True)[:length]
        new = set(dates) - seen
        if record.polls >= 12:
            missed += sum(1 for each in came if record.last_success < each <= now and each not in dates)  # type: ignore[operator]
        rhythm = rhythm_of(record.rhythm, listed=dates, arrived=len(new), first=not record.polls, now=now)
        surge = is_surge(len(new), len(dates), not record.polls)
        result = PollResult(succeeded=True, changed=bool(new), surge=surge)
        poll = next_poll(replace(record, rhythm=rhythm), feed, PollingSettings(), result, now=now)
        seen |= new
        waits.append(poll.interval)
        record = replace(record, rhythm=rhythm, polls=record.polls + 1, last_success=now)
        now = poll.at
    return missed, waits


def test_a_list_of_twenty_at_forty_an_hour_loses_nothing_once_it_is_known() -> None:
    missed, waits = simulate([NOW + n * HOUR / 40 for n in range(40 * 24 * 5)], 20, 4)
    assert missed == 0
    assert waits[:2] == [HOUR, HOUR]
    assert set(waits[6:]) == {15 * MINUTE}


def test_a_paper_of_fifty_entries_a_day_is_asked_hourly() -> None:
    missed, waits = simulate([NOW + n * DAY / 50 for n in range(50 * 5)], 30, 4)
    assert (missed, set(waits)) == (0, {HOUR})


@pytest.mark.parametrize(("per_hour", "length"), [(20, 40), (30, 20), (40, 20), (60, 40)])
def test_a_paper_that_sleeps_at_night_loses_next_to_nothing_in_the_morning(
    per_hour: int, length: int
) -> None:
    came = [NOW + day * DAY + n * HOUR / per_hour for day in range(9) for n in range(14 * per_hour)]
    missed, waits = simulate(came, length, 8)
    assert missed <= len(came) / 1000
    assert len(waits) < 8 * 90


def test_a_batch_a_day_is_asked_less_often_the_longer_it_is_over() -> None:
    came = [NOW + day * DAY + n * timedelta(seconds=1) for day in range(9) for n in range(30)]
    missed, waits = simulate(came, 30, 8)
    assert missed == 0
    assert len(waits) < 8 * 60
    assert max(waits[3:]) > 50 * MINUTE
