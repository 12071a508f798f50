"""What an editor is told of a feed, and that what is told to be written can be written."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from aggregator.core import advice
from aggregator.model import FeedRecord, FeedSettings, Rhythm

NOW = datetime(2022, 1, 8, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1),
)  # fmt: skip
FEED = FeedSettings(id="a", url="https://a.example/rss")
QUICK = Rhythm(gap=2 * MINUTE, listed=20, published=NOW)


def line_of(message: str) -> dict[str, Any]:
    """Read the TOML line of a message as feeds.toml would."""
    found = re.search(r'\w+ = "(?:[^"\\]|\\.)*"', message)
    assert found, message
    return tomllib.loads(found[0])


# how much was lost, of which rhythm, and how it was asked: the interval to write
LOSSES: dict[str, tuple[float, Rhythm, timedelta | None, dict[str, Any], str]] = {
    "by its rhythm": (0.5, QUICK, None, {"interval": HOUR, "waited": HOUR}, "15m"),
    "a longer list": (0.2, replace(QUICK, listed=45), None, {"interval": HOUR, "waited": HOUR}, "20m"),
    "by what the list covered": (0.5, Rhythm(listed=20), None, {"interval": HOUR, "waited": HOUR}, "15m"),
    "nearly all": (0.99, replace(QUICK, gap=SECOND), None, {"interval": HOUR, "waited": HOUR}, "10s"),
    "fixed": (0.3, QUICK, 40 * MINUTE, {"interval": 40 * MINUTE, "waited": 41 * MINUTE}, "10m"),
    "fixed already short": (0.3, QUICK, 30 * SECOND, {"interval": 30 * SECOND, "waited": 31 * SECOND}, "10s"),
    "a second": (1.0, replace(QUICK, gap=timedelta()), SECOND, {"interval": SECOND, "waited": SECOND}, "1s"),
    "nothing else known": (0.5, Rhythm(), None, {}, "15m"),
    "a slow rhythm is not believed": (0.5, Rhythm(gap=DAY, listed=30), None, {}, "15m"),
}  # fmt: skip


@pytest.mark.parametrize("case", LOSSES)
def test_a_loss_comes_with_the_interval_that_would_end_it(case: str) -> None:
    share, rhythm, fixed, given, interval = LOSSES[case]
    warning = advice.loss(share, rhythm, replace(FEED, interval=fixed), **given)
    assert warning is not None
    assert warning.kind == "loss"
    assert f"{share:.0%}" in warning.message
    assert line_of(warning.message) == {"interval": interval}


def test_an_interval_below_a_quarter_of_an_hour_needs_the_publisher() -> None:
    short = advice.loss(0.5, replace(QUICK, listed=8), FEED, interval=HOUR, waited=HOUR)
    long = advice.loss(0.5, replace(QUICK, listed=30), FEED, interval=2 * HOUR, waited=2 * HOUR)
    assert short is not None
    assert long is not None
    assert "ask its publisher" in short.message
    assert "ask its publisher" not in long.message


def test_a_loss_that_a_pause_or_a_failure_explains_asks_for_no_other_interval() -> None:
    warning = advice.loss(0.9, QUICK, FEED, interval=HOUR, waited=30 * HOUR)
    assert warning is not None
    assert "30 hours" in warning.message
    assert "interval =" not in warning.message


@pytest.mark.parametrize("reason", ["max-age", "ttl", "skip-hours"])
def test_a_loss_that_the_publisher_asks_for_is_for_the_publisher_to_end(reason: str) -> None:
    warning = advice.loss(0.9, QUICK, FEED, interval=HOUR, waited=HOUR, reason=reason)
    assert warning is not None
    assert reason in warning.message
    assert "interval =" not in warning.message


def test_a_loss_that_the_schedule_answers_by_itself_says_so() -> None:
    slow = replace(QUICK, listed=40)
    adapting = advice.loss(0.2, slow, FEED, interval=HOUR, waited=HOUR, reason="rhythm")
    fixed = advice.loss(0.2, slow, replace(FEED, interval=HOUR), waited=HOUR, reason="rhythm")
    assert adapting is not None
    assert fixed is not None
    assert "from now on" in adapting.message
    assert "from now on" not in fixed.message


@pytest.mark.parametrize("share", [0.0, 0.04])
def test_a_share_within_what_can_be_estimated_is_no_loss(share: float) -> None:
    assert advice.loss(share, QUICK, FEED) is None


def record(**given: Any) -> FeedRecord:
    known = {"added_at": NOW - 300 * DAY, "last_success": NOW} | given
    return FeedRecord(id="a", url=FEED.url, next_due=NOW, **known)


@pytest.mark.parametrize(
    ("given", "stale"),
    [
        ({"rhythm": Rhythm(gap=HOUR, published=NOW - 29 * DAY)}, False),
        ({"rhythm": Rhythm(gap=HOUR, published=NOW - 30 * DAY)}, True),
        ({"rhythm": Rhythm(gap=7 * DAY, published=NOW - 60 * DAY)}, False),  # a weekly: ten of its gaps
        ({"rhythm": Rhythm(gap=7 * DAY, published=NOW - 70 * DAY)}, True),
        ({"rhythm": Rhythm(published=NOW - 30 * DAY)}, True),
        ({"rhythm": Rhythm()}, True),  # nothing since it was added
        ({"rhythm": Rhythm(), "added_at": NOW - DAY}, False),
        ({"rhythm": Rhythm(published=NOW - 900 * DAY), "added_at": NOW - DAY}, False),  # nobody looked before
        ({"rhythm": Rhythm(published=NOW + 900 * DAY)}, False),
        ({"rhythm": Rhythm(published=NOW - 90 * DAY), "failures": 1}, False),  # it does not answer: that is told
        ({"rhythm": Rhythm(published=NOW - 90 * DAY), "gone": True}, False),
        ({"rhythm": Rhythm(published=NOW - 90 * DAY), "last_success": None}, False),
        ({"rhythm": Rhythm(gap=timedelta.max, published=NOW - 90 * DAY)}, False),
    ],
)  # fmt: skip
def test_a_feed_is_stale_after_a_month_and_ten_of_its_own_gaps(given: dict[str, Any], stale: bool) -> None:
    assert (advice.stale(record(**given), now=NOW) is not None) == stale


def test_a_stale_feed_is_told_with_its_pace() -> None:
    known = record(rhythm=Rhythm(gap=2 * HOUR, published=NOW - 45 * DAY))
    warning = advice.stale(known, now=NOW)
    assert warning is not None
    assert all(text in warning.message for text in ("2021-11-24", "45 days", "2 hours", "paused = true"))


NASTY = 'https://a.example/"\\\u202e\u0085\x7f\x1b[2J\ud800\n"; x="'


def test_rs_01_a_move_comes_with_the_line_to_write() -> None:
    warning = advice.moved("https://new.example/rss?a=1&b=%20")
    assert line_of(warning.message) == {"url": "https://new.example/rss?a=1&b=%20"}


@pytest.mark.parametrize("to", [NASTY, "https://editor:secret@new.example/rss", "no address at all \x1b[2J"])
def test_an_address_steers_no_terminal_tells_no_password_and_breaks_out_of_no_line(to: str) -> None:
    message = advice.moved(to).message
    assert message.isprintable()
    assert "secret" not in message
    assert list(line_of(message)) == ["url"]


def test_an_address_without_end_is_no_line() -> None:
    assert "url =" not in advice.moved("https://new.example/" + "x" * 60_000).message


def test_a_flood_is_told_with_the_command_that_shows_it() -> None:
    warning = advice.flood(120, "riaupos")
    assert warning.kind == "flood"
    assert "120 entries are held" in warning.message
    assert "`aggregator release riaupos`" in warning.message
    assert "1 entry is held" in advice.flood(1, "a").message
    assert "release 'a b'\\''; rm x'`" in advice.flood(1, "a b'; rm x").message


def told_ahead(*hours: float, zone: str = "Asia/Jakarta", utc_offset: int = 0, **feed: object) -> str:
    offset = timezone(timedelta(hours=utc_offset))
    moments = [(NOW + each * HOUR).astimezone(offset) for each in hours]
    settings = FeedSettings(id="a", url="https://a.example/rss", **feed)  # type: ignore[arg-type]
    warning = advice.dates_ahead(moments, settings, zone=zone, now=NOW)
    assert warning is not None
    assert warning.kind == "dates-ahead"
    return warning.message


def test_dates_ahead_are_told_with_the_furthest_and_with_the_lines_that_mend_the_zone() -> None:
    assert advice.dates_ahead([], FEED, zone="UTC", now=NOW) is None
    message = told_ahead(1, 7)
    assert all(text in message for text in ("2 entries are", str(NOW + 7 * HOUR)))
    assert 'write timezone = "Asia/Jakarta" and timezone_wins = true' in message
    assert "1 entry is" in told_ahead(1)


def test_a_feed_that_has_its_zone_needs_one_line() -> None:
    message = told_ahead(6, timezone="Asia/Jakarta")
    assert "write timezone_wins = true under it" in message
    assert "timezone =" not in message


@pytest.mark.parametrize(
    ("hours", "given", "said"),
    [
        (8.0, {}, "Is the time zone that it writes right?"),  # Jakarta is seven hours ahead, not eight
        (6.9, {"utc_offset": 7}, "Is the time zone that it writes right?"),  # it writes that zone already
        (72.0, {}, "No zone is that far ahead"),
        (3.0, {"timezone": "Asia/Jakarta", "timezone_wins": True}, "They are read in Asia/Jakarta"),
        (3.0, {"zone": "Nirgendwo/Nichts"}, "Is the time zone that it writes right?"),
    ],
)
def test_dates_ahead_that_no_such_zone_explains_are_told_otherwise(
    hours: float, given: dict[str, object], said: str
) -> None:
    assert said in told_ahead(hours, **given)  # type: ignore[arg-type]


def test_pm_04_validators_that_cannot_be_sent_back_are_told() -> None:
    warning = advice.validators()
    assert (warning.kind, "ETag" in warning.message) == ("validators", True)


def test_a_304_that_was_not_asked_for_is_told() -> None:
    warning = advice.not_modified_unasked()
    assert (warning.kind, "304" in warning.message) == ("not-modified-unasked", True)


@pytest.mark.parametrize("title", ["", 'Kabar "Satu"'])
def test_another_feed_of_its_site_comes_with_the_line_that_takes_it(title: str) -> None:
    url = 'https://kabar.example/umpan?a="1'
    warning = advice.feed_found(url, title)
    assert warning.kind == "feed-found"
    assert "kabar.example" in warning.message
    assert title in warning.message
    written = warning.message.partition("; write ")[2]
    assert tomllib.loads(written) == {"url": url}
