"""A start: ready only when everything is good, one line when it is not, and the last good configuration."""

from __future__ import annotations

import re
import socket
import sqlite3
from pathlib import Path

from aggregator.store.lock import holder
from tests.daemon.program import Room, finished, free_port, newsfeed, one_line, snapshot, until
from tests.origin import Origin, reply

BROKEN = """
[site]
title = "Meja"
langauge = "id"
[[feed]]
id = "kampar"
url = "ftp://kampar.example/rss"
[[section]]
id = "semua"
titel = "Semua"
"""


def test_lc_08_ready_is_said_when_configuration_store_lock_and_output_are_good(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        room.write(feeds={"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))})
        with room.daemon() as daemon:
            daemon.ready()
            assert holder(f"sqlite:{room.database}") == f"daemon {daemon.process.pid}"
            assert room.output.is_dir()
            with sqlite3.connect(room.database) as connection:
                assert connection.execute("SELECT count(*) FROM config_version").fetchone() == (1,)
            connection.close()
            heard = daemon.supervisor.heard
            assert heard[heard.index("READY=1") + 1] == "STATUS=1 feed, 1 section"
            until(lambda: daemon.supervisor.heard.count("WATCHDOG=1") > 1, "the watchdog is fed")
            daemon.process.terminate()
            assert daemon.ended() == 0
            assert daemon.supervisor.heard[-1] == "STOPPING=1"
            assert daemon.supervisor.heard.count("READY=1") == 1
        assert holder(f"sqlite:{room.database}") is None


def test_lc_08_a_start_that_fails_says_no_ready_and_one_line(tmp_path: Path) -> None:
    faulty, unwritable, taken = Room(tmp_path / "a"), Room(tmp_path / "b"), Room(tmp_path / "c")
    for room in (faulty, unwritable, taken):
        room.folder.mkdir()
    faulty.write(BROKEN)
    unwritable.write()
    unwritable.output.write_text("a file", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        taken.write(listen=f"127.0.0.1:{port}")
        with faulty.daemon() as first, unwritable.daemon() as second, taken.daemon() as third:
            assert [first.ended(), second.ended(), third.ended()] == [78, 1, 1]
            for daemon in (first, second, third):
                assert "READY=1" not in daemon.supervisor.heard
                assert "Traceback" not in daemon.log
            [line] = second.log.splitlines()
            assert line.startswith(f"{unwritable.output}: ")
            [line] = third.log.splitlines()
            assert line.startswith(f"127.0.0.1:{port}: cannot listen there")
            assert third.said == ""
    assert unwritable.output.read_text("utf-8") == "a file"


def test_lc_04_a_faulty_file_at_the_start_tells_every_fault_and_touches_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.write(BROKEN)
    commands = [room.start(command) for command in ("run", "once", "check")]
    for process in commands:
        done = finished(process)
        assert done.returncode == 78, (process.args, done.stderr)
        places = [re.match(r"feeds\.toml:(\d+):\d+: ", line) for line in done.stderr.splitlines()]
        assert [int(place[1]) for place in places if place] == [4, 7, 8, 10]
        assert len(places) == 4, done.stderr
        assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["feeds.toml"]


def test_lc_04_with_a_last_good_configuration_it_runs_on_that_one_and_says_so(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        feeds = {"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))}
        room.write(feeds=feeds)
        assert room.run("once").returncode == 0
        written = snapshot(room.output)
        good = room.config.read_text("utf-8")
        room.write(BROKEN)
        strict = room.start("run", "--strict")
        before = len(origin.seen())
        assert finished(strict).returncode == 78
        with room.daemon() as daemon:
            daemon.ready()
            assert any("the last good configuration is in force" in line for line in daemon.supervisor.heard)
            until(lambda: len(origin.seen()) > before, "polls by the last good configuration")
            assert [line.count("feeds.toml:") for line in daemon.log.splitlines()[:4]] == [1, 1, 1, 1]
            state = room.status()
            assert state["health"] == "degraded"
            assert [line.split("feeds.toml:")[1].split(":")[0] for line in state["reasons"]] == [
                "4",
                "7",
                "8",
                "10",
            ]
            assert [(feed["id"], feed["state"]) for feed in state["feeds"]] == [("kampar", "ok")]
            assert snapshot(room.output) == written
            room.write(good)
            until(lambda: "feeds.toml is in force" in daemon.log, "the mended file is in force")


def test_st_10_a_second_daemon_exits_at_once_and_a_killed_one_leaves_nothing_to_clean_up(
    tmp_path: Path,
) -> None:
    room = Room(tmp_path)
    room.write(feeds={})
    with room.daemon() as first:
        first.ready()
        second = room.run("run")
        assert second.returncode == 75
        assert f"in use by daemon {first.process.pid}" in one_line(second)
        first.process.kill()
        first.ended()
    with room.daemon() as third:
        third.ready()
        third.process.terminate()
        assert third.ended() == 0


def test_the_first_screen_says_what_where_and_how_and_offline_is_said_once(tmp_path: Path) -> None:
    room, port = Room(tmp_path), free_port()
    nobody = free_port()
    feeds = {name: f"http://127.0.0.1:{nobody}/{name}" for name in ("kampar", "siak")}
    text = f'[site]\ntitle = "Meja Kabar"\n[server]\nlisten = "127.0.0.1:{port}"\n'
    text += '[polling]\nallow_networks = "127.0.0.0/8"\nhost_delay = "0s"\n'
    text += "".join(
        f'[[feed]]\nid = "{name}"\nurl = "{url}"\ninterval = "1s"\n' for name, url in feeds.items()
    )
    room.write(text + '[[section]]\nid = "semua"\ntitle = "Semua"\n')
    with room.daemon() as daemon:
        daemon.ready()
        first = daemon.said.split("\n\n")[0]
        for what in (
            "Meja Kabar: 2 feeds, 1 section, read from feeds.toml",
            f"http://127.0.0.1:{port}/\n",
            f"http://127.0.0.1:{port}/semua/atom.xml",
            "edit       feeds.toml",
            "Ctrl-C",
        ):
            assert what in first
        until(lambda: "No network" in daemon.said, "offline is said")
        until(lambda: room.status()["feeds"][0]["failures"] > 1, "a second poll that fails")
        assert daemon.said.count("No network") == 1
        assert daemon.said.count("kampar") == 0
        assert len([line for line in daemon.log.splitlines() if "feed fails" in line]) == 2
