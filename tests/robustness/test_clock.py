"""A clock that jumps, a process that stands still, zones that change: polling goes on at its pace (robustness, CK).

Most cases move the clock that the jobs are given. The last ones run the daemon itself, with its own ticks, on a clock
that the test sets; `tests/system/test_clock.py` does the same to the whole program by libfaketime.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from aggregator.daemon.configuration import loaded
from aggregator.daemon.loop import Daemon, Hello
from aggregator.fetch import Fetcher
from aggregator.jobs import housekeeping
from aggregator.jobs.places import packaged_gazetteer
from aggregator.jobs.services import CARRIED, Services, StoreThread
from aggregator.model import Config
from aggregator.publish import Output
from aggregator.store import open_store
from tests.daemon.program import PATIENCE, Supervisor, configuration
from tests.fetching import AGENT
from tests.jobs.conftest import Here, rss
from tests.origin import Answer, Origin, Seen, reply
from tests.robustness.conftest import NOW, Desk, entry, feed_at, headline_of, news

pytestmark = pytest.mark.anyio
FLOOR: Final = timedelta(minutes=15)
TWENTY_TWO_HUNDRED: Final = datetime(2200, 1, 1, tzinfo=UTC)
JUMPS: Final = {
    "a day back": NOW - timedelta(days=1),
    "a month back": NOW - timedelta(days=31),
    "to 2010": datetime(2010, 1, 1, tzinfo=UTC),
    "a day ahead": NOW + timedelta(days=1),
    "a month ahead": NOW + timedelta(days=31),
    "to 2200": TWENTY_TWO_HUNDRED,
}
BACK: Final = {name: to for name, to in JUMPS.items() if to < NOW}
AHEAD: Final = {name: to for name, to in JUMPS.items() if to > NOW}


@dataclass
class Asked:
    """When a feed was asked, by the clock of the newsroom."""

    desk: Desk
    times: dict[str, list[datetime]] = field(default_factory=dict)

    def answering(self, answer: Answer) -> Callable[[Seen], Answer]:
        def told(seen: Seen) -> Answer:
            self.times.setdefault(seen.target, []).append(self.desk.now)
            return answer

        return told


def waits(times: list[datetime]) -> list[timedelta]:
    return [after - before for before, after in pairwise(times)]


async def day_of(desk: Desk, *, hours: int) -> None:
    """Let the newsroom work for so long, looking every ten minutes."""
    await desk.until(desk.now + timedelta(hours=hours), every=timedelta(minutes=10))


# -- jumps


@pytest.mark.parametrize("to", JUMPS.values(), ids=JUMPS.keys())
async def test_ck_01_02_after_a_jump_polling_goes_on_at_its_pace(
    desk: Desk, origin: Origin, to: datetime
) -> None:
    asked, interval = Asked(desk), timedelta(minutes=30)
    origin.answer("/feed", asked.answering(reply(200, news(1, 2), {"ETag": '"1"'})))
    await desk.configure(feed_at(origin.url("/feed"), interval=interval))
    await desk.round()
    await day_of(desk, hours=2)
    # There, and when the clock is set right again.
    for moment in (to, NOW + timedelta(hours=2, minutes=10)):
        before = len(asked.times["/feed"])
        desk.now = moment
        await day_of(desk, hours=4)
        times = asked.times["/feed"][before:]
        assert set(waits(times)) == {interval}
        assert times[0] - moment <= interval
        assert len(times) >= 7
    assert len(desk.headlines()) == 2
    assert desk.ledger()["accepted"] == 2


@pytest.mark.parametrize("to", JUMPS.values(), ids=JUMPS.keys())
async def test_ck_01_02_a_feed_whose_pace_adapts_is_neither_forgotten_nor_hurried_after_a_jump(
    desk: Desk, origin: Origin, to: datetime
) -> None:
    asked = Asked(desk)
    origin.answer("/feed", asked.answering(reply(200, news(1, 2))))
    for _ in range(4):
        await desk.at_next_due()
    before = len(asked.times["/feed"])
    desk.now = to
    await desk.until(to + timedelta(hours=30), every=timedelta(hours=1))
    times = asked.times["/feed"][before:]
    assert len(times) >= 2
    assert min(waits(times)) >= FLOOR
    assert max(waits(times)) <= timedelta(hours=27)


@pytest.mark.parametrize("to", AHEAD.values(), ids=AHEAD.keys())
async def test_ck_02_a_jump_ahead_asks_each_feed_once_and_one_after_the_other(
    desk: Desk, origin: Origin, to: datetime
) -> None:
    names = [f"f{number}" for number in range(12)]
    feeds = [
        feed_at(origin.answer(f"/{name}", reply(200, news(number))), name)
        for number, name in enumerate(names)
    ]
    delay = timedelta(milliseconds=40)
    await desk.configure(*feeds, polling=replace(desk.config.polling, host_delay=delay, per_host=1))
    await desk.round()
    ids = desk.ids()
    assert len(ids) == 12
    desk.now = to
    for _ in range(3):
        await desk.round()
    seen = origin.seen()[12:]
    assert sorted(each.target for each in seen) == sorted(f"/{name}" for name in names)
    assert {each.open for each in seen} == {1}
    starts = sorted(each.at for each in seen)
    # Over all of them: the origin's own threads tell the time, and one may be held up where the next is not.
    assert starts[-1] - starts[0] >= 0.8 * delay.total_seconds() * (len(starts) - 1)
    assert desk.ids() == ids


@pytest.mark.parametrize("to", JUMPS.values(), ids=JUMPS.keys())
async def test_ck_02_nothing_is_published_under_a_date_ahead_of_the_clock_that_saw_it(
    desk: Desk, origin: Origin, to: datetime
) -> None:
    undated = entry(2).replace("Fri, 07 Jan 2022 22:06:00 GMT", "")
    origin.answer("/feed", reply(200, news(1)))
    await desk.round()
    desk.now = to
    ahead = format_datetime(to + timedelta(hours=7))
    origin.answer("/feed", reply(200, rss(entry(1), undated, entry(3, date=ahead))))
    await desk.later(minutes=1)
    found = {each["title"]: datetime.fromisoformat(each["date_published"]) for each in desk.entries()}
    assert len(found) == 3
    assert found[headline_of(2)] == found[headline_of(3)] == desk.now
    files = {name: data for name, (_, _, data) in desk.files().items()}
    # The clock is set right, and what was published stays as it was published.
    desk.now = NOW + timedelta(hours=1)
    await desk.later(hours=1)
    assert {name: data for name, (_, _, data) in desk.files().items()} == files


async def test_ck_02_a_clock_that_was_in_2200_for_an_hour_costs_nothing_that_was_kept(
    desk: Desk, origin: Origin
) -> None:
    # More than the newest 300 stories of a section, which keep their texts whatever happens.
    origin.answer("/feed", reply(200, news(*range(100, 410))))
    await housekeeping.prune(services=desk.services, now=desk.now)
    await desk.round()
    for number in range(1, 9):
        origin.answer("/feed", reply(200, news(number, number + 1)))
        await desk.at_next_due()
    ids = {story.article.headline: story.id for story in desk.store.stories()}
    texts = {each.entry.title: each.entry.summary for each in desk.store.entries(feed="kampar")}
    right, desk.now = desk.now, TWENTY_TWO_HUNDRED
    await housekeeping.prune(services=desk.services, now=desk.now)
    await desk.round()
    desk.now = right + timedelta(hours=1)
    await housekeeping.prune(services=desk.services, now=desk.now)
    for numbers in ((1, 2, 9, 10), (10, 11)):
        origin.answer("/feed", reply(200, news(*numbers)))
        await desk.at_next_due()
    kept = {story.article.headline: story.id for story in desk.store.stories()}
    assert ids.items() <= kept.items()
    assert desk.ledger()["accepted"] == len(kept) == 310 + 11
    after = {each.entry.title: each.entry.summary for each in desk.store.entries(feed="kampar")}
    assert texts.items() <= after.items()


async def test_ck_02_what_came_while_the_clock_was_ahead_keeps_no_later_story_out(
    desk: Desk, origin: Origin
) -> None:
    await desk.configure(output=replace(desk.config.output, entries=5))
    origin.answer("/feed", reply(200, news(1)))
    await desk.round()
    desk.now = NOW + timedelta(days=1)
    origin.answer("/feed", reply(200, news(*range(2, 12))))
    await desk.round()
    desk.now = NOW + timedelta(hours=1)
    dated = [entry(number, date=format_datetime(desk.now + timedelta(minutes=number))) for number in (20, 21)]
    origin.answer("/feed", reply(200, rss(*dated)))
    await desk.later(hours=1)
    await desk.until(desk.now + timedelta(hours=48), every=timedelta(hours=1))
    dated = [entry(number, date=format_datetime(desk.now + timedelta(minutes=number))) for number in (30, 31)]
    origin.answer("/feed", reply(200, rss(*dated)))
    await desk.later(hours=2)
    assert {headline_of(30), headline_of(31)} <= set(desk.headlines())


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("to", [NOW - timedelta(days=1), NOW - timedelta(hours=1)], ids=["a day", "an hour"])
async def test_ck_01_what_an_origin_asked_to_wait_is_waited_though_the_clock_is_set_back(
    desk: Desk, origin: Origin, status: int, to: datetime
) -> None:
    asked = Asked(desk)
    until = NOW + timedelta(hours=3)
    origin.answer(
        "/feed", asked.answering(reply(status, headers={"Retry-After": format_datetime(until, True)}))
    )
    await desk.round()
    desk.now = to
    await desk.until(until - timedelta(minutes=1), every=timedelta(minutes=10))
    assert asked.times["/feed"] == [NOW]
    await day_of(desk, hours=1)
    assert len(asked.times["/feed"]) == 2


async def test_ck_01_a_wait_that_was_told_to_a_clock_ahead_by_years_does_not_last_for_years(
    desk: Desk, origin: Origin
) -> None:
    asked = Asked(desk)
    desk.now = TWENTY_TWO_HUNDRED
    origin.answer("/feed", asked.answering(reply(503, headers={"Retry-After": "7200"})))
    await desk.round()
    origin.answer("/feed", asked.answering(reply(200, news(1))))
    desk.now = NOW
    await day_of(desk, hours=3)
    assert len(asked.times["/feed"]) >= 2
    assert desk.feed()["state"] == "ok"


async def test_ck_02_an_origin_s_wait_holds_when_the_clock_comes_back_from_a_day_ahead(
    desk: Desk, origin: Origin
) -> None:
    asked = Asked(desk)
    origin.answer("/feed", asked.answering(reply(503, headers={"Retry-After": "7200"})))
    await desk.round()
    desk.now = NOW + timedelta(days=1)
    await desk.round()  # by this clock the wait is over
    desk.now = NOW + timedelta(hours=1)
    await desk.until(NOW + timedelta(hours=20), every=timedelta(minutes=30))
    # It was told again to wait two hours, until tomorrow by the clock that was wrong.
    assert len(asked.times["/feed"]) == 2


@pytest.mark.parametrize("times", [10])
async def test_ck_01_a_restart_after_a_jump_asks_no_feed_twice(
    desk: Desk, origin: Origin, times: int
) -> None:
    origin.answer("/feed", reply(200, news(1)))
    await desk.round()
    desk.now = NOW - timedelta(days=1)
    for _ in range(times):
        await desk.restart()
        await desk.later(seconds=10)
    assert len(origin.seen("/feed")) == 2


@pytest.mark.parametrize("ahead", AHEAD.values(), ids=AHEAD.keys())
async def test_ck_02_a_feed_that_was_added_by_a_clock_ahead_is_asked_when_it_is_set_right(
    desk: Desk, origin: Origin, ahead: datetime
) -> None:
    origin.answer("/feed", reply(200, news(1)))
    desk.now = ahead
    await desk.configure(feed_at(origin.answer("/baru", reply(200, news(2))), "baru"), *desk.config.feed)
    desk.now = NOW
    await desk.round()
    assert len(origin.seen("/baru")) == 1
    await desk.later(minutes=1)
    assert len(origin.seen("/baru")) == 1


# -- standing still, zones, long polls


async def test_ck_03_after_hours_of_sleep_what_is_overdue_is_asked_once(desk: Desk, origin: Origin) -> None:
    names = [f"f{number}" for number in range(20)]
    feeds = [feed_at(origin.answer(f"/{name}", reply(200, news(n))), name) for n, name in enumerate(names)]
    await desk.configure(*feeds)
    await desk.round()
    await desk.later(hours=2)
    await desk.round()
    await desk.later(minutes=10)
    assert sorted(seen.target for seen in origin.seen()) == sorted(2 * [f"/{name}" for name in names])
    await desk.later(hours=200)
    assert len(origin.seen()) == 60


CHANGES: Final = {
    "summer time begins": ("Europe/Berlin", datetime(2022, 3, 27, 1, tzinfo=UTC)),
    "summer time ends": ("Europe/Berlin", datetime(2022, 10, 30, 1, tzinfo=UTC)),
    "half an hour": ("Australia/Lord_Howe", datetime(2022, 10, 1, 15, 30, tzinfo=UTC)),
    "a day that was not": ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    "a leap second": ("UTC", datetime(2017, 1, 1, tzinfo=UTC)),
}


@pytest.mark.parametrize(("zone", "moment"), CHANGES.values(), ids=CHANGES.keys())
async def test_ck_04_no_poll_is_skipped_or_doubled_when_the_time_of_day_changes(
    desk: Desk, origin: Origin, monkeypatch: pytest.MonkeyPatch, zone: str, moment: datetime
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        asked = Asked(desk)
        local = f"{moment:%a, %d %b %Y} 02:30:00"  # of an hour that is not there, or there twice
        origin.answer("/feed", asked.answering(reply(200, rss(entry(1, date=local), entry(2)))))
        desk.now = moment - timedelta(hours=3)
        interval = timedelta(minutes=30)
        await desk.configure(
            feed_at(origin.url("/feed"), interval=interval, timezone=zone),
            site=replace(desk.config.site, timezone=zone),
        )
        await desk.until(moment + timedelta(hours=3), every=timedelta(minutes=10))
        assert set(waits(asked.times["/feed"])) == {interval}
        assert len(asked.times["/feed"]) == 12
        record = desk.record()
        for kept in (record.last_attempt, record.last_success, record.next_due, record.added_at):
            assert kept is not None
            assert kept.utcoffset() == timedelta()
        assert datetime.fromisoformat(desk.feed()["last_success"]) == asked.times["/feed"][-1]
        assert len(desk.headlines()) == 2
    finally:
        monkeypatch.undo()
        time.tzset()


# -- the daemon itself


class Clock:
    """A clock that the test sets; it runs on from there."""

    def __init__(self, at: datetime) -> None:
        self.set(at)

    def set(self, at: datetime) -> None:
        self._at, self._since = at, time.monotonic()

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._since)


@dataclass
class Running:
    """A daemon at work in this process."""

    clock: Clock
    origin: Origin
    task: asyncio.Task[None]

    async def until(self, true: Callable[[], Any], *, seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert not self.task.done(), self.task
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)

    async def ticks(self, count: int) -> None:
        """Wait until a feed that is asked every second has been asked so often again."""
        wanted = self.asked("tick") + count
        await self.until(lambda: self.asked("tick") >= wanted)

    def asked(self, name: str) -> int:
        return len(self.origin.seen(f"/{name}"))


@asynccontextmanager
async def running(
    folder: Path, origin: Origin, feeds: Mapping[str, Answer], *, feed: str = ""
) -> AsyncIterator[Running]:
    """Run the daemon over these feeds, and over `tick`, which is asked every second."""
    urls = {name: origin.answer(f"/{name}", answer) for name, answer in feeds.items()}
    text = configuration(feeds=urls, feed=f"read_pages = false\n{feed}")
    tick = origin.answer("/tick", reply(200, rss()))
    text += f'[[feed]]\nid = "tick"\nurl = "{tick}"\nread_pages = false\ninterval = "1s"\n'
    path = folder / "feeds.toml"
    path.write_text(text, "utf-8")
    in_force = loaded(path, gazetteer=packaged_gazetteer(), environment={})
    clock = Clock(datetime.now(UTC))  # its ticks come by the real clock
    store, call = open_store(in_force.config.storage.database, now=clock()), StoreThread()

    def make(config: Config, old: Services | None) -> Services:
        return Services(
            config=config,
            gazetteer=packaged_gazetteer(),
            store=store,
            call=call,
            fetcher=Fetcher(config.polling, user_agent=AGENT, secrets=lambda _: None),
            workers=Here(),
            output=Output(config.output.directory),
            **{name: getattr(old, name) for name in CARRIED if old is not None},
        )

    hello = Hello(path=path, environment={}, in_force=in_force, make_services=make)
    with as_a_process() as opened:
        daemon = Daemon(hello, clock=clock)
        opened.callback(daemon._supervisor._notifier.socket.close)
        task = asyncio.create_task(daemon.main())
        try:
            yield Running(clock, origin, task)
        finally:
            daemon.stop()
            await asyncio.wait_for(task, 20)
            call.close()
            store.close()


@contextmanager
def as_a_process() -> Iterator[ExitStack]:
    """Give back what a daemon takes of its process and never has to give back: signals, and whom it tells."""
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    supervisor = Supervisor()
    with ExitStack() as opened, pytest.MonkeyPatch.context() as patched:
        opened.callback(supervisor.close)
        patched.setenv("NOTIFY_SOCKET", "@" + supervisor.address)
        try:
            yield opened
        finally:
            for number, handler in signals.items():
                signal.signal(number, handler)


async def test_ck_01_02_the_daemon_polls_on_when_its_clock_jumps(tmp_path: Path, origin: Origin) -> None:
    feeds = {f"f{number}": reply(200, news(number)) for number in range(5)}

    def everybody(times: int) -> bool:
        return all(daemon.asked(name) == times for name in feeds)

    async with running(tmp_path, origin, feeds) as daemon:
        await daemon.until(partial(everybody, 1))
        await daemon.ticks(1)
        now = daemon.clock()
        for number, to in enumerate((now - timedelta(days=1), TWENTY_TWO_HUNDRED, now), start=2):
            daemon.clock.set(to)
            await daemon.until(partial(everybody, number))
            await daemon.ticks(2)
            assert {name: daemon.asked(name) for name in feeds} == dict.fromkeys(feeds, number)


async def test_ck_03_a_loop_that_stood_still_leaves_no_poll_out(
    tmp_path: Path, origin: Origin, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, origin, {"f": reply(200, news(1))}, feed='interval = "1h"') as daemon:
        await daemon.until(lambda: daemon.asked("f") == 1)
        await daemon.ticks(1)
        time.sleep(2.5)  # noqa: ASYNC251 - this is the case: longer than what APScheduler forgives
        daemon.clock.set(daemon.clock() + timedelta(hours=2))
        before = daemon.asked("tick")
        await daemon.until(lambda: daemon.asked("f") == 2)
        assert daemon.asked("tick") - before <= 2  # those missed are not made up for
        await daemon.ticks(2)
        assert daemon.asked("f") == 2
    assert "missed" not in caplog.text


async def test_ck_06_a_poll_longer_than_its_interval_overlaps_with_none_and_is_not_complained_of(
    tmp_path: Path, origin: Origin, caplog: pytest.LogCaptureFixture
) -> None:
    slow = (1.6, reply(200, news(1)))
    async with running(tmp_path, origin, {"slow": slow}, feed='interval = "1s"') as daemon:
        # Others go on meanwhile.
        await daemon.until(lambda: daemon.asked("slow") >= 3 and daemon.asked("tick") >= 3)
        seen = origin.seen("/slow")
    assert min(after.at - before.at for before, after in pairwise(seen)) >= 1.6
    assert "maximum number of running instances" not in caplog.text
