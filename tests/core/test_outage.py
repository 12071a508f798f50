"""Whether the feeds fail, or we are cut off."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.outage import MOST_REMEMBERED, Connection, was_reached

NOW = datetime(2022, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SITES = [f"{name}.example" for name in "abcdefgh"]


def after(told: Iterable[str], *, sites: int = 300, every: timedelta = 10 * MINUTE) -> Connection:
    """Give the state after polls written as "+a" (reached), "-a" (not) and "?a" (that does not show)."""
    connection = Connection(sites=sites)
    for n, each in enumerate(told):
        sign, site = each[0], each[1:].rstrip("123456789")
        reached = {"+": True, "-": False, "?": None}[sign]
        connection = connection.heard(each[1:], f"{site}.example", reached, NOW + n * every)
    return connection


# polls in turn, ten minutes apart, and whether that is an outage
RUNS: dict[str, tuple[str, bool]] = {
    "three sites": ("-a -b -c", True),
    "three sites and more": ("-a -b -c -d -e -a", True),
    "two sites of many": ("-a -b", False),
    "one site, many feeds": ("-a1 -a2 -a3 -a4 -a5 -a6", False),
    "two sites, many feeds": ("-a1 -b1 -a2 -b2 -a3", False),
    "one reached between": ("-a -b +c -d", False),
    "one reached after": ("-a -b -c +d", False),
    "reached, then cut off": ("+a +b -c -d -e", True),
    "one that does not show between": ("-a -b ?c -d", True),
    "only those that do not show": ("?a ?b ?c ?d", False),
    "one that does not show after": ("-a -b -c ?d", True),
    "three dead ones in a row, each known to be dead": ("-a +x -b +x -c +x -a -b -c", False),
    "dead ones and working ones": ("-a +x -b +x -a -c -d -b -e", True),
    "a dead one that came back": ("-a +x +a -a -b -c", True),
    "back, and cut off again": ("-a -b -c +a -b -c -d", True),
}


@pytest.mark.parametrize("run", RUNS)
def test_an_outage_is_three_different_sites_in_a_row_and_nobody_reached(run: str) -> None:
    told, expected = RUNS[run]
    assert after(told.split()).is_outage == expected


@pytest.mark.parametrize(
    ("sites", "told", "expected"),
    [
        (1, "-a1 -a2 -a3 -a4", False),
        (0, "-a -b -c", False),
        (2, "-a", False),
        (2, "-a -b", True),
        (2, "-a1 -a2 -a3", False),
        (3, "-a -b", False),
        (3, "-a -b -c", True),
        (3, "-c +a -a -b", True),  # c is dead; the others are all that works
        (2, "-b +a -a", False),  # one site alone
    ],
)
def test_with_few_sites_all_of_those_that_work_must_fail(sites: int, told: str, expected: bool) -> None:
    assert after(told.split(), sites=sites).is_outage == expected


def test_feeds_that_time_out_in_the_round_in_which_others_answered_are_no_outage() -> None:
    told = [f"+{site}" for site in "xyz"] + [f"-{site}" for site in "abcdef"]
    assert not after(told, every=timedelta()).is_outage
    assert after(["+x", "-a", "-b", "-c"], every=6 * MINUTE).is_outage


def test_an_answer_dated_by_a_clock_that_was_ahead_does_not_hide_an_outage() -> None:
    connection = Connection(sites=9).heard("x", "x.example", True, NOW + timedelta(days=1))
    for site in SITES[:3]:
        connection = connection.heard(site, site, False, NOW)
    assert connection.is_outage


def test_those_that_failed_since_are_remembered_until_somebody_is_reached() -> None:
    connection = after(["+x", "-a1", "-a2", "-b", "-c"])
    assert connection.failed == {"a1", "a2", "b", "c"}
    back = connection.heard("a1", "a.example", True, NOW)
    assert (back.is_outage, back.failed) == (False, frozenset())


def test_a_feed_that_was_dead_before_the_outage_is_not_among_them() -> None:
    assert after(["-dead", "+x", "-dead", "-a", "-b", "-c"]).failed == {"a", "b", "c"}


def test_its_memory_is_bounded() -> None:
    connection = Connection(sites=10**6)
    many = MOST_REMEMBERED + 50
    connection = Connection(
        sites=10**6,
        failed=frozenset(map(str, range(MOST_REMEMBERED - 5))),
        silent=frozenset(map(str, range(MOST_REMEMBERED - 5))),
    )
    for n in range(MOST_REMEMBERED - 5, many):
        connection = connection.heard(str(n), str(n), False, NOW)
    assert connection.is_outage
    assert len(connection.failed) == len(connection.silent) == MOST_REMEMBERED
    assert len(connection.counted) == 3


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("", 200, True),
        ("", 304, True),
        ("rejected", 404, True),
        ("rejected", 503, True),
        ("rejected", 511, False),  # the portal itself says so
        ("parse", 200, True),
        ("too-large", 200, True),
        ("truncated", 200, True),
        ("unreachable", None, False),
        ("timeout", None, False),
        ("tls", None, False),  # a portal's certificate, or a clock that is wrong
        ("not-a-feed", 200, None),  # a portal's page
        ("empty", 200, None),
        ("refused", None, None),
    ],
)
def test_whether_an_origin_was_reached_shows_by_the_kind_of_failure(
    kind: str, status: int | None, expected: bool | None
) -> None:
    assert was_reached(kind, status) is expected


polls = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from([True, False, None]), st.integers(-5, 90)), max_size=60
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(told=polls, alone=st.booleans())
def test_no_run_that_ends_with_an_answer_and_no_single_site_is_an_outage(
    told: list[tuple[int, bool | None, int]], alone: bool
) -> None:
    connection = Connection(sites=1 if alone else 8)
    for feed, reached, minutes in told:
        site = SITES[0] if alone else SITES[feed % 8]
        connection = connection.heard(str(feed), site, reached, NOW + minutes * MINUTE)
        assert not (reached and connection.is_outage)
        assert not (alone and connection.is_outage)
        assert bool(connection.failed) or not connection.is_outage
