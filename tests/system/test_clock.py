"""The real program on a clock that jumps while it runs (libfaketime; robustness, CK)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tests.daemon.program import Daemon, Room, configuration, newsfeed, until
from tests.jobs.conftest import entry_xml, rss
from tests.origin import Answer, Origin, Seen, reply

pytestmark = pytest.mark.system
FEEDS: Final = [f"f{number}" for number in range(6)]
MOST_MEMORY: Final = 300  # MB that the daemon ever has resident
# libfaketime 0.9.10 breaks clock_nanosleep() when the clock of elapsed time is left alone, as it must be here: a clock
# that is set does not move that one. Python's own sleep is then the only thing that has to go another way.
SLEEP: Final = """import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""
JUMPS: Final = {
    "a day back": "-1d",
    "three weeks back": "-21d",
    "a day ahead": "+1d",
    "a year ahead": "+365d",
    "to 2200": "+63500d",
}


@dataclass
class Running:
    """A daemon whose clock is a file."""

    room: Room
    origin: Origin
    daemon: Daemon
    clock: Path

    def set(self, offset: str) -> None:
        """Set its clock, relative to ours."""
        beside = self.clock.with_suffix(".new")
        beside.write_text(offset + "\n", "utf-8")
        beside.replace(self.clock)

    def asked(self, name: str) -> int:
        return len(self.origin.seen(f"/{name}"))

    def ticks(self, count: int) -> None:
        """Wait until the feed that is asked every second has been asked so often again."""
        wanted = self.asked("tick") + count
        until(lambda: self.asked("tick") >= wanted or self.daemon.process.poll() is not None, "ticks")
        assert self.daemon.process.poll() is None, self.daemon.log

    def memory(self) -> float:
        """The most that it ever had resident, in MB."""
        status = Path(f"/proc/{self.daemon.process.pid}/status").read_text("ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1000

    def published(self) -> dict[str, datetime]:
        document = json.loads((self.room.output / "semua" / "feed.json").read_text("utf-8"))
        return {each["title"]: datetime.fromisoformat(each["date_published"]) for each in document["items"]}


def library() -> Path:
    found = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
    assert found is not None, "scripts/system-packages.sh installs faketime"
    return found


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A daemon over six ordinary feeds, one whose origin wants to be left alone, and one asked every second."""
    room, clock = Room(tmp_path), tmp_path / "clock"
    clock.write_text("+0\n", "utf-8")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SLEEP, "utf-8")
    environment = {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(tmp_path / "site"), os.environ.get("PYTHONPATH")))),
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    with Origin() as origin:
        urls = {name: origin.answer(f"/{name}", reply(200, newsfeed(name))) for name in FEEDS}
        urls["wait"] = origin.answer("/wait", reply(503, headers={"Retry-After": "7200"}))
        text = configuration(feeds=urls, feed="read_pages = false")
        tick = origin.answer("/tick", reply(200, rss()))
        text += f'[[feed]]\nid = "tick"\nurl = "{tick}"\nread_pages = false\ninterval = "1s"\n'
        room.write(text)
        with room.daemon(env=environment) as daemon:
            daemon.ready()
            found = Running(room, origin, daemon, clock)
            until(lambda: all(found.asked(name) == 1 for name in (*FEEDS, "wait")), "every feed")
            until((room.output / "semua" / "feed.json").exists, "files")
            until(lambda: len(room.ids()) == 3 * len(FEEDS), "stories")
            yield found
            assert "Traceback" not in daemon.log
            assert "missed" not in daemon.log
            assert found.memory() < MOST_MEMORY
            daemon.process.terminate()
            assert daemon.ended(20) == 0


def undated(number: int) -> bytes:
    return rss(
        re.sub("<pubDate>.*</pubDate>", "", entry_xml(number, f"Tanpa tanggal {number}", "Ringkas saja."))
    )


@pytest.mark.parametrize("offset", JUMPS.values(), ids=JUMPS.keys())
def test_ck_01_02_polling_goes_on_and_asks_each_feed_once_when_the_clock_jumps(
    running: Running, offset: str
) -> None:
    ids = set(running.room.ids())
    by = timedelta(days=int(offset.removesuffix("d")))
    running.origin.answer("/f0", reply(200, undated(1)))
    running.origin.answer("/f1", reply(200, rss(entry_xml(2, "Nanti", "x", format_datetime(far_ahead(by))))))
    running.set(offset)
    until(lambda: all(running.asked(name) == 2 for name in FEEDS), "every feed once more")
    running.ticks(5)
    assert {name: running.asked(name) for name in FEEDS} == dict.fromkeys(FEEDS, 2)
    # Back, its wait holds; ahead, it is over by the clock there is.
    assert running.asked("wait") == (1 if by < timedelta() else 2)
    until(lambda: len(running.room.ids()) == 3 * len(FEEDS) + 2, "both new stories")
    latest = datetime.now(UTC) + max(by, timedelta())
    assert max(running.published().values()) <= latest
    assert abs(running.published()["Tanpa tanggal 1"] - (datetime.now(UTC) + by)) < timedelta(minutes=5)
    running.set("+0")
    until(lambda: all(running.asked(name) == 3 for name in FEEDS), "every feed when the clock is right again")
    running.ticks(5)
    assert {name: running.asked(name) for name in FEEDS} == dict.fromkeys(FEEDS, 3)
    assert ids < set(running.room.ids())
    assert running.room.run("status").returncode == 0


def far_ahead(by: timedelta) -> datetime:
    """A date beyond the clock as it will be."""
    return datetime.now(UTC).replace(microsecond=0) + max(by, timedelta()) + timedelta(days=90)


def test_ck_01_02_a_clock_that_swings_hurries_nobody_who_asked_to_be_left_alone(running: Running) -> None:
    for _ in range(3):
        running.set("-1d")
        running.ticks(2)
        running.set("+0")
        running.ticks(2)
    assert running.asked("wait") == 1


def test_ck_06_a_poll_longer_than_its_interval_overlaps_with_none(running: Running) -> None:
    most: list[int] = []

    def slow(seen: Seen) -> Answer:
        most.append(sum(each.target == "/tick" for each in running.origin.seen()))
        return (1.5, reply(200, rss()))

    running.origin.answer("/tick", slow)
    running.ticks(4)
    starts = [seen.at for seen in running.origin.seen("/tick")][-3:]
    assert min(after - before for before, after in pairwise(starts)) >= 1.5
    assert "maximum number of running instances" not in running.daemon.log
