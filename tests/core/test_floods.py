"""The flood guard: what of a poll an editor has to see first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.floods import held_back
from aggregator.model import Entry, RawEntry

BEFORE = datetime(2022, 1, 8, 6, 0, tzinfo=UTC)
NOW = BEFORE + timedelta(hours=1)


def entry(position: int, published: datetime | None, *, day_only: bool = False) -> Entry:
    return Entry(
        feed_id="kabar",
        key=f"k{position}",
        position=position,
        guid=None,
        url=None,
        canonical_url=None,
        title=f"Judul {position}",
        published=published,
        day_only=day_only,
        hash=str(position),
        raw=RawEntry(),
    )


def old(count: int, start: int = 1) -> list[Entry]:
    return [entry(n, BEFORE - timedelta(days=n)) for n in range(start, start + count)]


def held(new: Sequence[Entry], limit: int = 3, before: datetime | None = BEFORE) -> set[int]:
    return {int(key[1:]) for key in held_back(new, before=before, limit=limit, now=NOW)}


def test_up_to_the_limit_old_entries_pass_and_the_newest_of_more_do() -> None:
    assert held(old(3)) == set()
    assert held(old(6)[::-1]) == {4, 5, 6}


def test_news_passes_however_much_there_is_and_takes_no_place_of_the_limit() -> None:
    news = [entry(n, BEFORE + timedelta(minutes=n)) for n in range(100, 300)]
    assert held([*old(3), *news]) == set()
    assert held([*old(4), *news]) == {4}


def test_the_undated_come_after_the_dated_in_their_order() -> None:
    undated = [entry(n, None) for n in range(10, 14)]
    assert held([*undated, *old(2)]) == {11, 12, 13}


@pytest.mark.parametrize(("before", "limit"), [(None, 3), (BEFORE, 0)])
def test_a_first_document_and_no_limit_hold_nothing(before: datetime | None, limit: int) -> None:
    assert held([*old(9), entry(20, None)], limit, before) == set()


def test_a_day_without_a_time_is_old_when_it_is_over() -> None:
    today, yesterday = (datetime(2022, 1, day, tzinfo=UTC) for day in (8, 7))
    assert held([entry(n, today, day_only=True) for n in range(9)]) == set()
    assert held([entry(n, yesterday, day_only=True) for n in range(9)]) == {3, 4, 5, 6, 7, 8}


def test_a_date_far_ahead_is_none_and_one_in_a_wrong_zone_is_news() -> None:
    assert held([entry(n, NOW + timedelta(hours=14)) for n in range(9)]) == set()
    assert held([entry(n, NOW + timedelta(days=400)) for n in range(9)]) == {3, 4, 5, 6, 7, 8}


def test_dates_at_the_ends_of_time_do_no_harm() -> None:
    ends = [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)]
    for day_only in (True, False):
        found = [entry(n, ends[n % 2], day_only=day_only) for n in range(8)]
        assert len(held(found)) == 5


DATES = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))


@given(st.lists(st.tuples(DATES, st.booleans()), max_size=12), st.integers(0, 6))
def test_exactly_the_old_beyond_the_limit_are_held(
    given_dates: list[tuple[datetime | None, bool]], limit: int
) -> None:
    new = [entry(n, date, day_only=day) for n, (date, day) in enumerate(given_dates, start=1)]
    newest_old = entry(0, BEFORE - timedelta(microseconds=1))
    all_old = held([newest_old, *new], 1)  # it takes the one place
    assert len(held(new, limit)) == (max(0, len(all_old) - limit) if limit else 0)
    assert held(new, limit) <= all_old
    assert all_old >= {n for n, each in enumerate(new, start=1) if each.published is None}
    fresh = {each.position for each in new if each.published and BEFORE <= each.published <= NOW}
    assert not all_old & fresh
