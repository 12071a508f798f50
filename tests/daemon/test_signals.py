"""Signals: the end is clean whatever is under way, and nothing else ends the daemon."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tests.daemon.program import Daemon, Room, newsfeed, until
from tests.origin import Origin, reply

FEEDS = 50
HANGS = (reply(200, b"<rss><channel>", {"Content-Length": "100000"}, length=False), 3600.0)


def hanging(origin: Origin) -> dict[str, str]:
    """Fifty feeds that begin an answer and never end it."""
    return {f"f{number}": origin.answer(f"/f{number}", HANGS) for number in range(FEEDS)}


def in_flight(room: Room, origin: Origin, daemon: Daemon) -> None:
    daemon.ready()
    until(lambda: len(origin.seen()) >= FEEDS, f"{FEEDS} polls in flight")
    until((room.output / "index.html").exists, "the first files")


def is_whole(room: Room) -> None:
    """Nothing half stored, nothing half written, nothing left lying about."""
    with sqlite3.connect(room.database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM request").fetchone() == (0,)
    connection.close()
    names = {path.name for path in room.output.rglob("*") if path.is_file()}
    assert {"index.html", "feeds.opml", "rss.xml", "atom.xml", "feed.json"} <= names
    assert not [name for name in names if name.startswith(".")]
    assert {path.name for path in room.database.parent.iterdir()} == {"aggregator.db", "aggregator.db.lock"}


@pytest.mark.parametrize(
    ("number", "again"),
    [(signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGTERM, True)],
    ids=["SIGTERM", "SIGINT", "SIGTERM again and again"],
)
def test_lc_01_the_end_is_clean_with_fifty_polls_in_flight(
    tmp_path: Path, number: signal.Signals, again: bool
) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        room.write(feeds=hanging(origin))
        with room.daemon() as daemon:
            started = time.monotonic()
            in_flight(room, origin, daemon)
            begun = time.monotonic()
            limit = max(10.0, 5 * (begun - started))  # more than the promised ten only where all is slow
            daemon.send(number)
            while again and daemon.process.poll() is None:
                daemon.send(number)
                time.sleep(0.005)
            assert daemon.ended(limit) == 0
            assert "STOPPING=1" in daemon.supervisor.heard
            assert "Traceback" not in daemon.log
            assert "Unclosed" not in daemon.log
    is_whole(room)


def test_lc_15_other_signals_and_a_reader_that_goes_away_end_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        feeds = {"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))}
        room.write(feeds=feeds)
        reading, writing = os.pipe()
        os.close(reading)  # whoever read what it says has gone
        with room.daemon(stdout=writing) as daemon:
            os.close(writing)
            daemon.ready()
            for _ in range(20):
                daemon.send(signal.SIGHUP)
            for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE):
                daemon.send(number)
            before = len(origin.seen())
            until(lambda: len(origin.seen()) > before + 1, "polls go on")
            until(lambda: (room.output / "semua" / "rss.xml").exists() and len(room.ids()) == 3, "stories")
            assert daemon.process.poll() is None
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0
            assert "Traceback" not in daemon.log
        assert len(room.ids()) == 3


def test_tl_10_a_silent_feed_holds_up_no_feed_that_was_due_with_it(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        feeds = {
            "a-quick": origin.answer("/quick", reply(200, newsfeed("quick"))),
            "b-silent": origin.answer("/silent", (3600.0,)),
        }
        room.write(feeds=feeds, polling='timeout = "10m"')
        with room.daemon() as daemon:
            daemon.ready()
            until(lambda: len(origin.seen("/quick")) > 2, "the quick one is asked again and again")
            assert len(origin.seen("/silent")) == 1


def test_pm_17_a_restart_does_not_ask_again_what_was_just_asked(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        room.write(feeds={"diam": origin.answer("/diam", HANGS)}, feed="read_pages = false")
        for _ in range(2):
            with room.daemon() as daemon:
                daemon.ready()
                until(
                    lambda: "WATCHDOG=1" in daemon.supervisor.heard and origin.seen(), "a look at what is due"
                )
                daemon.process.kill()
                daemon.ended()
        with room.daemon() as daemon:
            until(lambda: daemon.supervisor.heard.count("WATCHDOG=1") > 1, "two looks at what is due")
        assert len(origin.seen()) == 1
