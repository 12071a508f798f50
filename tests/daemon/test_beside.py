"""Commands beside a running daemon, and beside one another."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.daemon.program import Room, finished, newsfeed, until
from tests.origin import Origin, Seen, reply


def test_st_10_every_command_works_beside_a_running_daemon(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        feeds = {"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))}
        room.write(feeds=feeds, feed="read_pages = false")
        with room.daemon() as daemon:
            daemon.ready()
            until((room.output / "semua" / "feed.json").exists, "files")
            until(lambda: len(room.ids()) == 3, "stories")
            assert len(origin.seen()) == 1
            origin.answer("/kampar", reply(200, newsfeed("kampar", 5)))
            commands = {
                command: room.start(*command.split())
                for command in (
                    "once --force --feed kampar",
                    "publish --force",
                    "check",
                    "status --check",
                    "stories --section semua",
                    "entries --feed kampar",
                )
            }
            done = {command: finished(process) for command, process in commands.items()}
            for command, each in done.items():
                assert each.returncode == 0, (command, each.stderr)
                assert each.stderr == "" or command == "check"
            said = done["once --force --feed kampar"].stdout
            assert said.startswith("1 feed asked, 0 failed; 2 new entries, 0 changed; ")
            assert " files replaced in " in done["publish --force"].stdout
            assert len(origin.seen()) == 2
            assert len(room.ids()) == 5
            assert daemon.process.poll() is None


def test_once_beside_a_daemon_tells_its_trouble_and_a_file_just_saved_counts(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        feeds = {"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))}
        room.write(feeds=feeds, feed="read_pages = false")
        with room.daemon() as daemon:
            daemon.ready()
            until((room.output / "semua" / "feed.json").exists, "files")
            feeds["siak"] = origin.answer("/siak", reply(200, newsfeed("siak")))
            room.write(feeds=feeds, feed="read_pages = false")
            asked = room.run("once", "--force", "--feed", "siak")
            assert asked.stdout.startswith("1 feed asked, 0 failed; "), asked.stderr
            for path in (room.output / "semua").iterdir():
                path.unlink()
            (room.output / "semua").rmdir()
            (room.output / "semua").write_text("in the way", "utf-8")
            failed = room.run("publish", "--force")
            assert failed.returncode == 1
            assert failed.stderr.startswith(f"{room.output / 'semua'}")
            assert len(failed.stderr.splitlines()) == 1
            until(lambda: "output not written" in daemon.log, "a line in the log")
            (room.output / "semua").unlink()
            until((room.output / "semua" / "feed.json").exists, "files again, without a restart")
            assert daemon.log.count("output not written") == 1
            assert "Traceback" not in daemon.log
        assert room.status()["health"] == "ok"


def test_two_rounds_at_the_same_time_are_done_one_after_the_other(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        go_on = threading.Event()

        def slow(_: Seen) -> bytes:
            go_on.wait(60)
            return reply(200, newsfeed("kampar"))

        feeds = {"kampar": origin.answer("/kampar", slow, reply(200, newsfeed("kampar", 5)))}
        room.write(feeds=feeds, polling='timeout = "60s"')
        first = room.start("once", "--force")
        until(origin.seen, "the first round asks")
        with (tmp_path / "waits").open("wb") as log:
            second = room.start("once", "--force", stderr=log)
        told = until((tmp_path / "waits").read_text, "the second says that it waits")
        go_on.set()
        one, two = finished(first), finished(second)
    assert (one.returncode, two.returncode) == (0, 0)
    assert one.stdout.startswith("1 feed asked, 0 failed; 3 new entries")
    assert two.stdout.startswith("1 feed asked, 0 failed; 2 new entries")
    assert told == f"waiting for once {first.pid}, which holds the store\n"
    assert len(room.ids()) == 5


def test_a_round_whose_daemon_is_killed_fails_and_is_not_done_by_the_next_one(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        feeds = {"diam": origin.answer("/diam", reply(304), (3600.0,))}
        room.write(feeds=feeds, feed="read_pages = false")
        with room.daemon() as daemon:
            daemon.ready()
            until(origin.seen, "the first poll")
            asking = room.start("once", "--force")
            until(lambda: len(origin.seen()) == 2, "the round asks")
            daemon.process.kill()
            done = finished(asking)
        assert done.returncode == 1
        assert "the daemon has stopped" in done.stderr
        with room.daemon() as daemon:
            daemon.ready()
            until(lambda: daemon.supervisor.heard.count("WATCHDOG=1") > 1, "some looks at what is due")
        assert len(origin.seen()) == 2
