"""What an origin sees of us, poll by poll (robustness, PM)."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import count, pairwise
from typing import Any

import pytest

from tests.fetching import AGENT
from tests.jobs.conftest import rss
from tests.origin import Answer, Origin, Seen, reply
from tests.robustness.conftest import NOW, Desk, entry, feed_at, headline_of, news, settings

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
DATE = "Sat, 08 Jan 2022 05:06:00 GMT"
PAIR = {"ETag": '"abc"', "Last-Modified": DATE}


def conditions(origin: Origin, path: str = "/feed") -> list[tuple[bytes | None, bytes | None]]:
    """The validators of every request for a path."""
    return [(seen.header("if-none-match"), seen.header("if-modified-since")) for seen in origin.seen(path)]


# Validators.


async def test_pm_01_both_validators_are_sent_for_weeks_and_left_out_once_in_seven_days(
    desk: Desk, origin: Origin
) -> None:
    def answer(seen: Seen) -> Answer:
        return reply(304) if seen.header("if-none-match") else reply(200, news(1), PAIR)

    origin.answer("/feed", answer)
    await desk.configure(replace(desk.config.feed[0], interval=8 * HOUR))
    await desk.round()
    whole = [desk.now]
    while desk.now < NOW + timedelta(days=22):
        await desk.at_next_due()
        if conditions(origin)[-1] == (None, None):
            whole.append(desk.now)
    assert all(later - before >= timedelta(days=7) for before, later in pairwise(whole))
    assert len(whole) == 4
    assert set(conditions(origin)) == {(None, None), (b'"abc"', DATE.encode())}
    assert desk.headlines() == [headline_of(1)]
    assert desk.feed()["state"] == "ok"


@pytest.mark.parametrize(
    ("etag", "is_whole"),
    [
        pytest.param('"other"', True, id="another one"),
        pytest.param('W/"other"', True, id="another weak one"),
        pytest.param('"abc"', False, id="the same"),
        pytest.param('W/"abc"', False, id="the same, weak"),
        pytest.param('"abc-gzip"', False, id="the same, packed"),
        pytest.param("", False, id="an empty one"),
    ],
)
async def test_pm_01_a_304_that_contradicts_itself_is_asked_for_all(
    desk: Desk, origin: Origin, etag: str, is_whole: bool
) -> None:
    origin.answer(
        "/feed",
        reply(200, news(1), PAIR),
        reply(304, headers={"ETag": etag}),
        reply(200, news(1, 2), {"ETag": '"other"'}),
        reply(304, headers={"ETag": '"other"'}),
    )
    await desk.round()
    for _ in range(3):
        await desk.at_next_due()
    pair = (b'"abc"', DATE.encode())
    assert conditions(origin) == [
        (None, None),
        pair,
        (None, None) if is_whole else pair,
        (b'"other"', None),
    ]
    assert len(desk.headlines()) == 2


@pytest.mark.parametrize(
    "etag",
    [
        'W/"x"',
        "unquoted",
        '"a,b"',
        '""',
        "w/'x'",
        '"a" , "b"',
        "0",
        '"\\"',
        "W/W/x",
        '"tab\tin it"',
        "'\"`$(",
    ],
)
async def test_pm_02_an_etag_comes_back_byte_for_byte(desk: Desk, origin: Origin, etag: str) -> None:
    origin.answer("/feed", reply(200, news(1), {"ETag": etag}), reply(304))
    await desk.round()
    for _ in range(2):
        await desk.at_next_due()
    assert conditions(origin) == [(None, None), *[(etag.encode(), None)] * 2]
    assert desk.feed()["state"] == "ok"


@pytest.mark.parametrize(
    "modified",
    ["Sat, 8 January 22 05:06 WIB", "1641618360", "-1", "now", "Sat, 08 Jan 2099 05:06:00 GMT", "2022-01-08"],
)
async def test_pm_03_a_last_modified_is_opaque_whatever_it_says(
    desk: Desk, origin: Origin, modified: str
) -> None:
    origin.answer("/feed", reply(200, news(1), {"Last-Modified": modified}), reply(304))
    await desk.round()
    for _ in range(2):
        await desk.at_next_due()
    assert conditions(origin) == [(None, None), *[(None, modified.encode())] * 2]


@pytest.mark.parametrize(
    ("etag", "sent"),
    [
        pytest.param(b'"\xe9\xff"', None, id="bytes of no charset"),
        pytest.param('"é"'.encode(), '"é"'.encode(), id="UTF-8"),
        pytest.param(b'"\x7f\x01"', None, id="control characters"),
        pytest.param(b'"' + b"x" * 9000 + b'"', None, id="longer than servers take"),
    ],
)
async def test_pm_04_an_etag_beyond_ascii_comes_back_as_it_was_or_not_at_all_and_is_told(
    desk: Desk, origin: Origin, etag: bytes, sent: bytes | None
) -> None:
    headers = {"ETag": etag, "Last-Modified": DATE}
    origin.answer("/feed", reply(200, news(1), headers), reply(200, news(1, 2), headers))
    await desk.round()
    await desk.at_next_due()
    assert conditions(origin)[1] == (sent, DATE.encode())
    assert desk.feed()["state"] == "ok"
    assert ("validators" in desk.warnings()) is (sent is None)
    assert len(desk.headlines()) == 2


async def test_pm_05_a_validator_that_is_not_given_again_is_not_sent_again(
    desk: Desk, origin: Origin
) -> None:
    origin.answer("/feed", reply(200, news(1), {"Last-Modified": DATE}), reply(200, news(1, 2)))
    await desk.round()
    for _ in range(2):
        await desk.at_next_due()
    assert conditions(origin) == [(None, None), (None, DATE.encode()), (None, None)]
    assert len(desk.headlines()) == 2


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        pytest.param({"ETag": '"b"'}, (b'"b"', None), id="another etag and no date"),
        pytest.param({"Last-Modified": DATE}, (None, DATE.encode()), id="a date and no etag"),
        pytest.param({}, (None, None), id="nothing"),
    ],
)
async def test_pm_05_the_pair_is_that_of_the_last_document_though_its_bytes_are_the_same(
    desk: Desk, origin: Origin, second: dict[str, str], expected: tuple[Any, Any]
) -> None:
    origin.answer("/feed", reply(200, news(1), PAIR), reply(200, news(1), second), reply(304))
    await desk.round()
    for _ in range(2):
        await desk.at_next_due()
    assert conditions(origin)[2] == expected


BROKEN = [
    pytest.param(reply(200, news(1, 2)[:-120], {"ETag": '"bad"'}), id="cut"),
    pytest.param(reply(200, b"<!DOCTYPE html><html><body>Masuk</body></html>", {"ETag": '"bad"'}), id="page"),
    pytest.param(reply(200, b"", {"ETag": '"bad"'}), id="nothing, and a length of 0"),
    pytest.param(reply(200, b" \r\n", {"ETag": '"bad"'}), id="blanks"),
    pytest.param(reply(200, b'{"error": "maintenance"}', {"ETag": '"bad"'}), id="JSON error"),
    pytest.param(
        reply(200, b"\x1f\x8b" + news(1, 2), {"ETag": '"bad"', "Content-Encoding": "gzip"}), id="no gzip"
    ),
    pytest.param(reply(204, b"", {"ETag": '"bad"'}, length=False), id="204"),
]


@pytest.mark.parametrize("broken", BROKEN)
async def test_pm_07_a_body_that_is_no_feed_leaves_the_validators_as_they_were(
    desk: Desk, origin: Origin, broken: bytes
) -> None:
    def repaired(seen: Seen) -> Answer:
        unchanged = seen.header("if-none-match") == b'"bad"'
        return reply(304) if unchanged else reply(200, news(1, 2, 3), {"ETag": '"bad"'})

    origin.answer("/feed", reply(200, news(1), PAIR), broken, repaired)
    await desk.round()
    before = desk.files()
    await desk.at_next_due()
    told = desk.feed()
    assert told["state"] == "failing", told
    assert desk.headlines()[-1] == headline_of(1)
    if told["entries"]["new"] == 0:
        # The page of sources tells of the fault; what subscribers read does not.
        feeds = [name for name in before if name.endswith(("rss.xml", "atom.xml", "feed.json"))]
        assert {name: desk.files()[name] for name in feeds} == {name: before[name] for name in feeds}
    await desk.at_next_due()
    assert conditions(origin)[2] == (b'"abc"', DATE.encode())
    assert set(desk.headlines()) == {headline_of(number) for number in (1, 2, 3)}
    assert desk.feed()["state"] == "ok"


async def test_pm_09_an_etag_that_is_the_same_does_not_hide_what_is_new(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", reply(200, news(1), PAIR), reply(200, news(1, 2), PAIR))
    await desk.round()
    await desk.at_next_due()
    assert set(desk.headlines()) == {headline_of(1), headline_of(2)}


@pytest.mark.parametrize("status", [404, 500, 429, 503, 403, 304])
async def test_pm_10_an_etag_of_an_error_is_not_taken(desk: Desk, origin: Origin, status: int) -> None:
    more = {"ETag": 'W/"abc"' if status == 304 else '"error"', "Last-Modified": "today"}
    origin.answer("/feed", reply(200, news(1), PAIR), reply(status, b"", more), reply(304))
    await desk.round()
    for _ in range(2):
        await desk.at_next_due()
    assert conditions(origin)[1:] == [(b'"abc"', DATE.encode())] * 2
    assert desk.headlines() == [headline_of(1)]


async def test_pm_10_a_304_that_is_packed_or_has_a_body_is_a_304(desk: Desk, origin: Origin) -> None:
    packed = reply(304, gzip.compress(b"x"), {"Content-Encoding": "gzip"})
    origin.answer("/feed", reply(200, news(1), PAIR), packed, reply(200, news(1, 2), PAIR))
    await desk.round()
    await desk.at_next_due()
    assert (desk.feed()["state"], desk.feed()["http_status"]) == ("ok", 304)
    await desk.at_next_due()
    assert len(desk.headlines()) == 2


# What is said of us.


async def test_pm_12_13_five_polls_say_who_we_are_and_nothing_of_whom_we_read_for(
    desk: Desk, origin: Origin
) -> None:
    cookies = {"Set-Cookie": "id=7; Path=/; Max-Age=99999999", **PAIR}
    origin.answer("/feed?a=1&b", *(reply(200, news(*range(1, n + 2)), cookies) for n in range(5)))
    await desk.configure(feed_at(origin.url("/feed?a=1&b")))
    await desk.round()
    for _ in range(4):
        await desk.at_next_due()
    assert len(origin.seen()) == len(origin.seen("/feed?a=1&b")) == 5
    names = {name.lower() for seen in origin.seen() for name, _ in seen.headers}
    assert names <= {
        b"host",
        b"user-agent",
        b"accept",
        b"accept-encoding",
        b"connection",
        b"if-none-match",
        b"if-modified-since",
    }
    for seen in origin.seen():
        assert seen.method == "GET"
        assert seen.header("user-agent") == AGENT.encode()
        accept = (seen.header("accept") or b"").decode()
        assert {"application/rss+xml", "application/atom+xml", "application/feed+json"} <= {
            each.partition(";")[0].strip() for each in accept.split(",")
        }
        assert b"gzip" in (seen.header("accept-encoding") or b"")


# How often.


def growing(entries: int, *, every: timedelta, desk: Desk) -> Any:
    """A feed that lists this many entries, one for each `every` until now."""

    def answer(_: Seen) -> Answer:
        newest = int((desk.now - NOW) / every) + 1_000
        dates = {n: format_datetime(NOW + (n - 1_000) * every, usegmt=True) for n in range(newest, 0, -1)}
        listed = [entry(n, date=dates[n]) for n in list(dates)[:entries]]
        return reply(200, rss(*listed))

    return answer


async def test_pm_15_a_feed_that_turns_over_is_asked_more_often_only_from_the_fourth_poll_on(
    desk: Desk, origin: Origin
) -> None:
    origin.answer("/feed", growing(4, every=timedelta(minutes=1), desk=desk))
    times = [desk.now]
    await desk.round()
    for _ in range(8):
        await desk.at_next_due()
        times.append(desk.now)
    gaps = [later - before for before, later in pairwise(times)]
    assert min(gaps[:2]) >= HOUR
    assert min(gaps) >= timedelta(minutes=15)
    assert gaps[3] < timedelta(minutes=20)
    assert desk.feed()["next_due_reason"] in ("rhythm", "surge")


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Cache-Control": "max-age=0, no-cache, must-revalidate"}, "<ttl>1</ttl>"),
        ({"Expires": "0", "Refresh": "1"}, "<ttl>-5</ttl>"),
        ({"Cache-Control": "max-age=-1"}, "<ttl>0</ttl><skipHours><hour>99</hour></skipHours>"),
        ({"Retry-After": "0", "Cache-Control": "max-age=1"}, "<ttl>0.01</ttl>"),
    ],
)
async def test_pm_15_whatever_a_quiet_feed_says_it_is_asked_no_more_often_than_by_default(
    desk: Desk, origin: Origin, headers: dict[str, str], said: str
) -> None:
    body = news(1).replace(b"<item>", said.encode() + b"<item>", 1)
    origin.answer("/feed", *(reply(200, body + b"<!-- %d -->" % n, headers) for n in range(9)))
    times = [desk.now]
    await desk.round()
    for _ in range(6):
        await desk.at_next_due()
        times.append(desk.now)
    assert min(later - before for before, later in pairwise(times)) >= HOUR


async def test_pm_16_without_validators_an_unchanged_feed_is_asked_less_and_less(
    desk: Desk, origin: Origin
) -> None:
    desk.now += timedelta(days=5)  # it has not published for longer than a feed is called lively
    old, new = reply(200, news(1)), reply(200, news(1, 2))
    origin.answer("/feed", *[old] * 7, new)
    await desk.round()
    waits = []
    for _ in range(6):
        await desk.at_next_due()
        waits.append(desk.due_in())
    # The jitter of a wait is up to a tenth of it, the same for a feed at every time.
    assert all(later >= 2 * before or later >= timedelta(hours=24) for before, later in pairwise(waits))
    assert timedelta(hours=24) <= waits[-1] <= timedelta(hours=26.4)
    assert desk.feed()["next_due_reason"] == "unchanged"
    await desk.at_next_due()
    assert len(desk.headlines()) == 2
    assert HOUR <= desk.due_in() <= 1.1 * HOUR
    assert desk.feed()["next_due_reason"] != "unchanged"


async def test_pm_16_an_unchanged_feed_with_validators_costs_little_and_is_not_put_off(
    desk: Desk, origin: Origin
) -> None:
    origin.answer("/feed", reply(200, news(1), PAIR), reply(304))
    await desk.round()
    for _ in range(6):
        await desk.at_next_due()
        assert desk.due_in() <= 1.1 * HOUR


async def test_pm_17_ten_starts_in_two_minutes_ask_once(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", reply(200, news(1)))
    await desk.round()
    for _ in range(10):
        desk.now += timedelta(seconds=12)
        await desk.restart()
        await desk.round()
    assert len(origin.seen()) == 1


async def test_pm_17_a_start_after_a_poll_that_was_cut_off_does_not_ask_again(
    desk: Desk, origin: Origin
) -> None:
    origin.answer("/feed", (1.5, reply(200, news(1))), reply(200, news(1)))
    cut = asyncio.create_task(desk.round())
    assert await asyncio.to_thread(origin.asked.wait, 5)
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    for _ in range(5):
        await desk.restart()
        await desk.later(minutes=2)
    assert len(origin.seen()) == 1
    await desk.later(minutes=5)
    assert len(origin.seen()) == 2
    assert desk.headlines() == [headline_of(1)]


async def test_pm_19_twenty_feeds_of_one_host_are_asked_one_by_one_and_hold_up_no_other(
    desk: Desk, origin: Origin
) -> None:
    delay = 0.08
    with Origin("127.0.0.2") as other:
        desk.origins.append(other)
        feeds = [feed_at(origin.answer(f"/{n}", reply(200, news(n))), f"f{n}") for n in range(20)]
        alone = feed_at(other.answer("/feed", reply(200, news(99))), "other")
        await desk.configure(*feeds, alone, polling=settings(host_delay=timedelta(seconds=delay)))
        result = await desk.round()
        assert (result.polled, result.failed) == (21, 0)
        seen = origin.seen()
        assert len(seen) == 20
        assert max(each.open for each in seen) == 1
        # The thread that notes an arrival may be late for one and not for the next.
        assert all(later.at - before.at >= 0.4 * delay for before, later in pairwise(seen))
        assert seen[-1].at - seen[0].at >= 18 * delay
        assert other.seen()[0].at < seen[10].at
    assert len(desk.headlines()) == 21


# Told to wait.


async def test_pm_21_429_with_retry_after_is_kept_over_rounds_and_restarts(
    desk: Desk, origin: Origin
) -> None:
    origin.answer(
        "/feed", reply(200, news(1)), reply(429, headers={"Retry-After": "7200"}), reply(200, news(2))
    )
    await desk.round()
    await desk.at_next_due()
    told, since = desk.feed(), desk.now
    assert (told["state"], told["next_due_reason"], told["http_status"]) == ("failing", "retry-after", 429)
    assert "429" in told["error"]["message"]
    assert desk.due_in() >= timedelta(seconds=7200)
    before = desk.files()
    for step in range(11):
        await desk.later(minutes=10)
        if step == 5:
            await desk.restart()
    assert len(origin.seen()) == 2
    assert desk.files() == before
    while len(origin.seen()) == 2:
        await desk.later(minutes=5)
    assert desk.now - since >= timedelta(seconds=7200)
    assert len(desk.headlines()) == 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=3)])
async def test_pm_22_retry_after_with_a_date_is_kept(
    desk: Desk, origin: Origin, status: int, ahead: timedelta
) -> None:
    until = NOW + ahead
    again = {"Retry-After": format_datetime(until, usegmt=True)}
    origin.answer("/feed", reply(status, headers=again), reply(200, news(1)))
    await desk.round()
    assert desk.feed()["next_due_reason"] == "retry-after"
    assert datetime.fromisoformat(desk.feed()["next_due"]) >= until
    desk.now = until - timedelta(minutes=1)
    await desk.round()
    assert len(origin.seen()) == 1
    await desk.at_next_due()
    assert (len(origin.seen()), desk.feed()["state"]) == (2, "ok")


NO_WAITS = (
    "soon",
    "-7200",
    "1.5",
    "",
    "Sat, 01 Jan 2000 00:00:00 GMT",
    "0",
    "7200, 60",
    "\x01",
    "Thu, 99 Foo 2022 00:00:00 GMT",
    "1e9",
    "٧٢٠٠",
)


@pytest.mark.parametrize("status", [429, 503])
async def test_pm_21_22_a_retry_after_that_is_none_is_a_failure_like_any_other(
    desk: Desk, origin: Origin, status: int
) -> None:
    for value in NO_WAITS:
        origin.answer("/feed", reply(status, headers={"Retry-After": value}), reply(200, news(1)))
        await desk.at_next_due()
        told = desk.feed()
        assert (told["state"], told["failures"]) == ("failing", 1), value
        assert HOUR <= desk.due_in() <= timedelta(hours=4.4 if status == 429 else 1.1), value
        await desk.at_next_due()
        assert desk.feed()["state"] == "ok", value


@pytest.mark.parametrize("status", [429, 503])
async def test_pm_21_22_a_retry_after_beyond_all_bounds_is_a_month(
    desk: Desk, origin: Origin, status: int
) -> None:
    for value in ("1" + "0" * 30, "99999999", "Fri, 31 Dec 9999 23:59:59 GMT", "9" * 99):
        origin.answer("/feed", reply(status, headers={"Retry-After": value}), reply(200, news(1)))
        await desk.at_next_due()
        assert desk.feed()["next_due_reason"] == "retry-after", value
        assert timedelta(days=30.9) <= desk.due_in() <= timedelta(days=31.1), value
        await desk.at_next_due()
        assert (desk.feed()["state"], len(desk.headlines())) == ("ok", 1), value


async def test_pm_21_a_person_who_insists_is_not_held_up(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", reply(429, headers={"Retry-After": "7200"}), reply(200, news(1)))
    await desk.round()
    await desk.later(minutes=1)
    assert len(origin.seen()) == 1
    await desk.round(force=True)
    assert (len(origin.seen()), desk.feed()["state"]) == (2, "ok")


async def test_pm_24_a_429_of_one_feed_holds_for_its_host_and_a_503_does_not(
    desk: Desk, origin: Origin
) -> None:
    with Origin("127.0.0.2") as other, Origin("127.0.0.3") as down:
        desk.origins += [other, down]
        await desk.configure(
            feed_at(origin.url("/a"), "a"),
            feed_at(origin.url("/b"), "b"),
            feed_at(other.url("/c"), "c"),
            feed_at(down.url("/d"), "d"),
            feed_at(down.url("/e"), "e"),
        )
        for place, path in ((origin, "/a"), (origin, "/b"), (other, "/c"), (down, "/d"), (down, "/e")):
            place.answer(path, reply(200, news(ord(path[1]))))
        await desk.round()
        origin.answer("/a", reply(429, headers={"Retry-After": "86400"}))
        down.answer("/d", reply(503, headers={"Retry-After": "86400"}))
        desk.now += timedelta(hours=2)
        await desk.round()
        asked = len(origin.seen("/b")), len(down.seen("/e")), len(other.seen("/c"))
        assert len(origin.seen("/a")) == len(down.seen("/d")) == 2
        assert asked == (asked[0], 2, 2)
        await desk.restart()
        await desk.until(desk.now + timedelta(hours=23), every=timedelta(hours=1))
        assert len(origin.seen("/a")) == len(down.seen("/d")) == 2
        # It may have been asked already in the round in which the other was told.
        assert len(origin.seen("/b")) == asked[0] <= 2
        assert desk.feed("b")["next_due_reason"] == "retry-after"
        assert len(down.seen("/e")) > 10
        assert len(other.seen("/c")) > 10
        origin.answer("/a", reply(200, news(1)))
        await desk.until(desk.now + timedelta(hours=4))
        assert len(origin.seen("/a")) > 2
        assert len(origin.seen("/b")) > asked[0]


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3600"}], ids=["bare", "an hour"])
async def test_pm_24_one_that_is_always_turned_away_starves_no_other_of_its_host(
    desk: Desk, origin: Origin, headers: dict[str, str]
) -> None:
    origin.answer("/feed", reply(429, headers=headers))
    others = [
        feed_at(origin.answer(f"/{n}", reply(200, news(n), PAIR), reply(304)), f"b{n}") for n in range(3)
    ]
    await desk.configure(feed_at(origin.url("/feed")), *others)
    await desk.until(desk.now + timedelta(days=3), every=timedelta(minutes=15))
    for n in range(3):
        seen = len(origin.seen(f"/{n}"))
        assert seen > 24, f"/{n} was asked {seen} times in three days"
    assert 3 < len(origin.seen("/feed")) < 60


@pytest.mark.parametrize("path", ["/robots.txt", "pages"])
async def test_pm_24_pages_that_are_always_turned_away_starve_no_feed(
    desk: Desk, origin: Origin, path: str
) -> None:
    numbers = count(1)

    def always_new(_: Seen) -> Answer:
        number = next(numbers)
        if path == "pages":
            origin.answer(f"/berita/{number}", reply(429))
        link = origin.url(f"/berita/{number}")
        told = (
            f"<item><guid isPermaLink='false'>n{number}</guid><link>{link}</link>"
            f"<title>{headline_of(number)}</title></item>"
        )
        return reply(200, rss(told))

    origin.answer("/robots.txt", reply(429) if path == "/robots.txt" else reply(404))
    origin.answer("/feed", always_new)
    await desk.configure(feed_at(origin.url("/feed"), read_pages=True))
    await desk.until(desk.now + timedelta(days=2), every=timedelta(minutes=15))
    assert len(origin.seen("/feed")) > 12
    assert len(desk.entries()) == len(origin.seen("/feed"))
    turned_away = [each for each in origin.seen() if each.target != "/feed"]
    assert len(turned_away) > 10, "they were asked for"


async def test_pm_24_of_many_feeds_of_a_host_only_one_is_told_to_wait(desk: Desk, origin: Origin) -> None:
    feeds = [feed_at(origin.url(f"/{n}"), f"f{n}") for n in range(10)]
    for n in range(10):
        origin.answer(f"/{n}", reply(429, headers={"Retry-After": "7200"}))
    await desk.configure(*feeds)
    await desk.round()
    assert len(origin.seen()) == 1
    for _ in range(11):
        await desk.later(minutes=10)
    assert len(origin.seen()) == 1
    told = desk.status()["feeds"]
    assert {each["next_due_reason"] for each in told} == {"retry-after"}
    # Nothing failed where nothing was asked.
    assert sum(each["requests_24h"] for each in told) == sum(each["failures"] for each in told) == 1


async def test_pm_24_a_redirect_to_a_host_that_is_to_be_left_alone_is_not_followed(
    desk: Desk, origin: Origin
) -> None:
    with Origin("127.0.0.2") as other:
        desk.origins.append(other)
        origin.answer("/a", reply(429, headers={"Retry-After": "7200"}))
        other.answer("/b", reply(302, headers={"Location": origin.url("/b")}))
        await desk.configure(feed_at(origin.url("/a"), "a"))
        await desk.round()
        await desk.configure(feed_at(origin.url("/a"), "a"), feed_at(other.url("/b"), "b"))
        await desk.later(minutes=1)
        assert len(other.seen("/b")) == 1
        assert origin.seen("/b") == []
        assert desk.feed("b")["next_due_reason"] == "retry-after"
        assert desk.due_in("b") >= timedelta(seconds=7100)


@pytest.mark.parametrize(
    ("headers", "least"),
    [
        ({"Cache-Control": "max-age=43200"}, 12),
        ({"Cache-Control": "max-age=43200", "Age": "3600"}, 11),
        ({"Cache-Control": "public, MAX-AGE = 43200"}, 12),
        ({"Expires": "Sat, 08 Jan 2022 15:00:00 GMT", "Date": "Sat, 08 Jan 2022 03:00:00 GMT"}, 12),
        ({"Cache-Control": "max-age=43200", "Expires": "0"}, 12),
    ],
)
async def test_pm_26_what_holds_for_twelve_hours_is_not_asked_for_before(
    desk: Desk, origin: Origin, headers: dict[str, str], least: float
) -> None:
    origin.answer(
        "/feed", reply(200, news(1), PAIR | headers), reply(304, headers=headers), reply(200, news(2))
    )
    await desk.round()
    for polls in (1, 2):
        assert desk.feed()["next_due_reason"] == "max-age"
        assert timedelta(hours=least) <= desk.due_in() <= timedelta(hours=least * 1.1)
        await desk.later(hours=least - 0.1)
        assert len(origin.seen()) == polls
        await desk.at_next_due()
    assert len(origin.seen()) == 3


async def test_pm_26_a_person_need_not_wait(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", reply(200, news(1), {"Cache-Control": "max-age=43200"}), reply(200, news(1, 2)))
    await desk.round()
    await desk.later(minutes=20)
    assert len(origin.seen()) == 1
    await desk.round(force=True)
    assert (len(origin.seen()), len(desk.headlines())) == (2, 2)


@pytest.mark.parametrize(
    "value",
    [
        "max-age=31536000, immutable",
        "max-age=" + "9" * 60,
        "max-age=99999999999",
        "s-maxage=9, max-age=86400000",
    ],
)
async def test_pm_28_nothing_that_holds_for_ever_stops_the_polls(
    desk: Desk, origin: Origin, value: str
) -> None:
    origin.answer("/feed", reply(200, news(1), {"Cache-Control": value}), reply(200, news(1, 2)))
    await desk.round()
    assert timedelta(hours=24) <= desk.due_in() <= timedelta(hours=26.4)
    await desk.at_next_due()
    assert len(desk.headlines()) == 2


# What a feed asks for.


def saying(words: str, *numbers: int) -> bytes:
    body = news(*numbers).replace(b"<item>", words.encode() + b"<item>", 1)
    return body.replace(b"<rss ", b"<rss xmlns:sy='http://purl.org/rss/1.0/modules/syndication/' ", 1)


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("<ttl>180</ttl>", 3),
        ("<ttl> 180\n</ttl>", 3),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 12),
    ],
)
async def test_pm_29_what_a_feed_asks_for_is_the_least_it_gets(
    desk: Desk, origin: Origin, words: str, hours: float
) -> None:
    origin.answer("/feed", *(reply(200, saying(words, *range(1, n + 2))) for n in range(3)))
    await desk.round()
    for _ in range(2):
        assert desk.feed()["next_due_reason"] == "ttl"
        assert timedelta(hours=hours) <= desk.due_in() <= timedelta(hours=hours * 1.1)
        await desk.at_next_due()


async def test_pm_29_hours_and_days_to_be_skipped_see_no_request(desk: Desk, origin: Origin) -> None:
    hours = [4, 5, 6, 12, 13, 23, 0, 1]
    words = "".join(f"<hour>{hour}</hour>" for hour in hours)
    said = f"<skipHours>{words}</skipHours><skipDays><day>Sunday</day><day>Tuesday</day></skipDays>"
    asked: list[datetime] = []
    numbers = count(1)

    def answer(_: Seen) -> Answer:
        asked.append(desk.now)
        return reply(200, saying(said, *range(1, next(numbers) % 5 + 2)))

    origin.answer("/feed", answer)
    await desk.round()
    for _ in range(20):
        await desk.at_next_due()
    # One that is overdue, since we were away, is not asked at such an hour either.
    for step in range(60):
        await desk.later(minutes=47)
        if step % 20 == 0:
            await desk.restart()
    assert len(asked) > 25
    assert not {each.hour for each in asked} & set(hours)
    assert not {each.weekday() for each in asked} & {6, 1}
    desk.now = desk.now.replace(hour=4, minute=30)
    await desk.round()
    assert desk.feed()["next_due_reason"] == "skip-hours"
    before = len(asked)
    await desk.round(force=True)
    assert len(asked) == before + 1


@pytest.mark.parametrize(
    "words",
    [
        "<skipHours>" + "".join(f"<hour>{hour}</hour>" for hour in range(24)) + "</skipHours>",
        "<skipHours>" + "".join(f"<hour>{hour}</hour>" for hour in range(1, 25)) + "</skipHours>",
        "<skipDays>"
        + "".join(f"<day>{day}day</day>" for day in ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun"))
        + "</skipDays>",
    ],
)
async def test_pm_29_a_feed_that_skips_all_the_time_is_asked_by_default(
    desk: Desk, origin: Origin, words: str
) -> None:
    origin.answer("/feed", *(reply(200, saying(words, *range(1, n + 2))) for n in range(3)))
    await desk.round()
    assert HOUR <= desk.due_in() <= 1.1 * HOUR
    await desk.at_next_due()
    assert len(desk.headlines()) == 2


# What comes packed, and what is only a part.


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": raw_deflate,
}


async def test_pm_31_every_coding_that_is_offered_is_undone(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", reply(200, news(99)))
    await desk.round()
    offered = {
        each.strip() for each in (origin.seen()[0].header("accept-encoding") or b"").decode().split(",")
    }
    assert offered == {name.split()[-1] for name in PACKERS}
    for number, (name, pack) in enumerate(PACKERS.items()):
        body = pack(news(*range(number + 1)))
        origin.answer("/feed", reply(200, body, {"Content-Encoding": name.split()[-1]}))
        await desk.at_next_due()
        assert headline_of(number) in desk.headlines(), name
        assert desk.feed()["state"] == "ok"


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "aes128gcm", "rot13", "gzip, br"])
async def test_pm_31_a_coding_that_was_not_offered_is_told_and_brings_nothing(
    desk: Desk, origin: Origin, coding: str
) -> None:
    packed = {"ETag": '"packed"', "Content-Encoding": coding}
    origin.answer("/feed", reply(200, news(1), PAIR), reply(200, news(2), packed), reply(200, news(1, 3)))
    await desk.round()
    await desk.at_next_due()
    assert (desk.feed()["state"], desk.feed()["error"]["kind"]) == ("failing", "encoding")
    assert desk.headlines() == [headline_of(1)]
    await desk.at_next_due()
    assert conditions(origin)[2] == (b'"abc"', DATE.encode())
    assert len(desk.headlines()) == 2


@pytest.mark.parametrize("status", [206, 226])
async def test_pm_32_a_part_is_not_taken_for_the_feed(desk: Desk, origin: Origin, status: int) -> None:
    part = {"IM": "feed", "Content-Range": "bytes 0-99/900", "ETag": '"part"'}
    origin.answer(
        "/feed", reply(200, news(1, 2), PAIR), reply(status, news(2), part), reply(200, news(1, 2, 3))
    )
    await desk.round()
    await desk.at_next_due()
    assert desk.feed()["state"] == "failing"
    assert len(desk.headlines()) == 2
    await desk.at_next_due()
    assert conditions(origin)[2] == (b'"abc"', DATE.encode())
    assert len(desk.headlines()) == 3


async def test_pm_35_whoever_forces_a_round_is_obeyed_each_time(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", reply(200, news(1)))
    for _ in range(3):
        await desk.round(force=True)
    assert len(origin.seen()) == 3
    for _ in range(3):
        await desk.round()
    assert len(origin.seen()) == 3


async def test_pm_15_an_interval_that_an_editor_fixed_is_kept_to(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", reply(200, news(1)))
    await desk.configure(replace(desk.config.feed[0], interval=timedelta(minutes=20)))
    await desk.round()
    for _ in range(4):
        assert desk.due_in() == timedelta(minutes=20)
        await desk.at_next_due()
