"""Where a feed that has moved is asked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.core.moves import address, after, must_be_whole
from aggregator.model import FeedRecord, FeedSettings, Move

NOW = datetime(2022, 1, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLD, NEW, NEWER = "https://old.example/rss", "https://new.example/rss", "https://newer.example/rss"
FEED = FeedSettings(id="a", url=OLD)


def polled(
    before: Move = Move(),  # noqa: B008 - frozen
    *,
    asked: str = OLD,
    moved_to: str | None = NEW,
    succeeded: bool = True,
    at: datetime = NOW,
    configured: str = OLD,
) -> Move:
    return after(before, asked=asked, configured=configured, moved_to=moved_to, succeeded=succeeded, now=at)


ADOPTED = Move(to=NEW, since=NOW - 2 * DAY, adopted=NEW)


def test_rs_01_a_permanent_redirect_is_adopted_when_it_is_seen_again_a_day_later() -> None:
    first = polled()
    assert first == Move(to=NEW, since=NOW)
    second = polled(first, at=NOW + 23 * HOUR)
    assert second == first
    third = polled(second, at=NOW + DAY)
    assert third == Move(to=NEW, since=NOW, adopted=NEW)


def test_rs_01_the_adopted_address_stays_while_it_answers_itself() -> None:
    assert polled(ADOPTED, asked=NEW, moved_to=None) == ADOPTED


def test_rs_01_another_target_starts_the_day_again() -> None:
    first = polled(Move(to=NEW, since=NOW - 2 * DAY), moved_to=NEWER)
    assert first == Move(to=NEWER, since=NOW)
    assert polled(first, moved_to=NEW, at=NOW + 2 * DAY) == Move(to=NEW, since=NOW + 2 * DAY)


def test_rs_01_an_adopted_address_that_moves_on_is_asked_until_the_next_is_sure() -> None:
    first = polled(ADOPTED, asked=NEW, moved_to=NEWER)
    assert first == Move(to=NEWER, since=NOW, adopted=NEW)
    assert polled(first, asked=NEW, moved_to=NEWER, at=NOW + HOUR) == first
    assert polled(first, asked=NEW, moved_to=NEWER, at=NOW + DAY).adopted == NEWER
    # The week's whole request goes to the editor's address, and sees the whole chain.
    assert polled(first, asked=OLD, moved_to=NEWER, at=NOW + DAY).adopted == NEWER
    assert polled(first, asked=NEW, moved_to=None, at=NOW + HOUR) == Move(
        to=NEW, since=NOW + HOUR, adopted=NEW
    )


def test_rs_02_a_document_that_cannot_be_read_adopts_nothing() -> None:
    assert polled(succeeded=False) == Move()
    seen = Move(to=NEW, since=NOW - 9 * DAY)
    assert polled(seen, succeeded=False) == seen


def test_rs_03_a_redirect_that_is_not_permanent_is_never_remembered() -> None:
    assert polled(moved_to=None) == Move()


@pytest.mark.parametrize("before", [ADOPTED, Move(to=NEW, since=NOW - HOUR)])
def test_a_configured_address_that_answers_itself_again_ends_the_move(before: Move) -> None:
    assert polled(before, moved_to=None) == Move()
    assert polled(before, moved_to=OLD) == Move()


def test_an_adopted_address_that_leads_back_ends_the_move() -> None:
    assert polled(ADOPTED, asked=NEW, moved_to=OLD) == Move()


def test_a_redirect_back_to_the_configured_address_written_otherwise_is_no_move() -> None:
    assert polled(asked=NEW, configured="HTTPS://Old.example", moved_to="https://old.example/") == Move()
    back = polled(ADOPTED, asked=NEW, configured="https://old.example:443", moved_to="https://old.example/")
    assert back == Move()


def test_an_answer_from_an_address_that_is_no_longer_in_question_says_nothing() -> None:
    assert polled(ADOPTED, asked=NEWER, moved_to=None) == ADOPTED


@pytest.mark.parametrize(
    "to", ["http://new.example/rss", "https://u:p@new.example/", "https://new.example/" + "x" * 2000]
)
def test_an_address_in_clear_with_a_user_or_without_end_is_followed_but_not_kept(to: str) -> None:
    assert polled(moved_to=to) == Move()
    assert polled(ADOPTED, asked=NEW, moved_to=to) == Move()


def test_a_feed_in_clear_may_move_to_another_address_in_clear() -> None:
    plain = "http://old.example/rss"
    moved = polled(asked=plain, configured=plain, moved_to="http://new.example/@rss")
    assert moved.to == "http://new.example/@rss"


def test_ck_01_a_day_counted_by_a_clock_that_was_ahead_starts_again() -> None:
    ahead = Move(to=NEW, since=NOW + 9 * DAY)
    assert polled(ahead) == Move(to=NEW, since=NOW)


def record(**given: Any) -> FeedRecord:
    known = {"added_at": NOW - 300 * DAY, "whole_at": NOW - DAY} | given
    return FeedRecord(id="a", url=OLD, next_due=NOW, **known)


@pytest.mark.parametrize(
    ("move", "failures", "whole", "asked"),
    [
        (Move(), 0, False, OLD),
        (Move(), 1, True, OLD),
        (Move(to=NEW, since=NOW), 0, False, OLD),
        (ADOPTED, 0, False, NEW),
        (ADOPTED, 0, True, OLD),  # the week's whole request looks whether the redirect ended
        (ADOPTED, 1, False, OLD),  # the new address failed
        (ADOPTED, 1, True, NEW),  # the old one failed, which is no news of the feed
        (ADOPTED, 2, False, NEW),
        (ADOPTED, 3, False, OLD),
    ],
)
def test_the_addresses_of_a_moved_feed_take_turns_while_it_fails(
    move: Move, failures: int, whole: bool, asked: str
) -> None:
    assert address(record(move=move, failures=failures), FEED, whole=whole) == asked


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ({"whole_at": NOW - 6 * DAY}, False),
        ({"whole_at": NOW - 7 * DAY}, True),
        ({"whole_at": NOW - 7 * DAY, "failures": 1}, False),
        ({"whole_at": NOW - 7 * DAY, "failures": 1, "move": ADOPTED}, True),
        ({"whole_at": NOW - 7 * DAY, "failures": 2, "move": ADOPTED}, False),
        ({"whole_at": None, "added_at": NOW - HOUR}, False),
        ({"whole_at": None}, True),
        ({"whole_at": NOW + DAY}, False),  # the clock was set back
        ({"whole_at": NOW + 3650 * DAY}, True),
    ],
)
def test_pm_01_validators_are_left_out_once_in_seven_days(given: dict[str, Any], whole: bool) -> None:
    assert must_be_whole(record(**given), NOW) == whole


@pytest.mark.parametrize("dead", [OLD, NEW])
def test_a_host_that_is_switched_off_for_good_does_not_lose_a_feed_that_moved(dead: str) -> None:
    """A month of hourly polls: the old host redirects no more, or the new one is gone and the old one is back."""
    state, answers, whole_requests, run, longest = record(move=ADOPTED), 0, 0, 0, 0
    for hour in range(30 * 24):
        now = NOW + hour * HOUR
        whole = must_be_whole(state, now)
        asked = address(state, FEED, whole=whole)
        failed = asked == dead
        move = polled(state.move, asked=asked, moved_to=None, succeeded=not failed, at=now)
        whole_requests += whole
        run = run + 1 if failed else 0
        longest, answers = max(longest, run), answers + (not failed)
        state = replace(
            state,
            move=move,
            failures=state.failures + 1 if failed else 0,
            whole_at=now if whole and not failed else state.whole_at,
        )
    assert longest == 1
    assert answers > 29 * 24
    assert whole_requests <= 2 * 5
    assert state.move == (ADOPTED if dead == OLD else Move())
