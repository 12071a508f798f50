"""`status` as people read it: each thing once, and of each feed why it is as it is."""

from __future__ import annotations

from pathlib import Path

from tests.daemon.program import Room, newsfeed, until
from tests.origin import Origin, reply

FAULTY = '[[feed]]\nid = "b"\nurk = "https://b.example/rss"\n'


def reasons(room: Room) -> list[str]:
    return [reason.partition("feeds.toml:")[2] for reason in room.status()["reasons"]]


def test_faults_of_the_file_are_told_once_wherever_a_daemon_saw_them(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        feeds = {"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))}
        room.write(feeds=feeds)
        assert room.run("once").returncode == 0
        good = room.config.read_text("utf-8")
        room.write(good + FAULTY)
        with room.daemon() as daemon:
            daemon.ready()
            until(lambda: len(reasons(room)) == 2, "the faults")
        faults = reasons(room)
        assert len(faults) == 2, "the daemon has stopped"
        room.write("# one line more\n" + good + FAULTY)
        moved = reasons(room)
        assert [each.partition(": ")[2] for each in moved] == [each.partition(": ")[2] for each in faults]
        assert moved != faults
        room.write(good)
        assert room.status()["health"] == "ok"


def test_in_an_outage_every_feed_says_that_it_is_one(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.write(feeds={f"f{number}": f"http://127.0.0.{number}:1/rss" for number in range(2, 9)})
    assert room.run("once", "--force").returncode == 0
    lines = [line for line in room.run("status").stdout.splitlines() if line.startswith("f") and ":" in line]
    told = [line for line in lines if "everything fails at once (outage): the connection was refused" in line]
    assert len(told) == 7, lines


def test_of_one_feed_that_fails_its_own_reason_is_told(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        good = origin.answer("/kampar", reply(200, newsfeed("kampar")))
        room.write(feeds={"kampar": good, "siak": "http://127.0.0.2:1/rss"})
        assert room.run("once", "--force").returncode == 0
        said = room.run("status").stdout
        assert "outage" not in said
        assert "the connection was refused" in said
