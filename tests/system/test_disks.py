"""Full disks: nothing accepted is lost, nothing published is damaged, and space alone mends it."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon.program import Room, Snapshot, free_port, health, newsfeed, snapshot, until
from tests.origin import Origin, reply

pytestmark = pytest.mark.system


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """A file system of a few megabytes of its own."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte on a disk; gives the file that takes it all."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1_000_000, 4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return filler


def whole(room: Room) -> int:
    """See that the database is whole, and count its entries."""
    connection = sqlite3.connect(room.database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(connection.execute("SELECT count(*) FROM entry").fetchone()[0])
    finally:
        connection.close()


def test_st_03_a_full_disk_of_the_database_stops_no_daemon_and_loses_nothing(tmp_path: Path) -> None:
    room, port = Room(tmp_path), free_port()
    with Origin() as origin, small_disk(tmp_path / "state", "24M") as disk:
        names = [f"f{number}" for number in range(8)]
        feeds = {name: origin.answer(f"/{name}", reply(200, newsfeed(name, 4))) for name in names}
        room.write(feeds=feeds, listen=f"127.0.0.1:{port}")
        with room.daemon() as daemon:
            daemon.ready()
            until((room.output / "semua" / "feed.json").exists, "files")
            until(lambda: len(room.ids()) == 32, "stories")
            until(lambda: health(port)["health"] == "ok", "health is ok")
            sources = room.output / "sources" / "index.html"
            # Of one publication the sections come first: the stories may be there before the last page is.
            until(lambda: all(f"Surat {name}" in sources.read_text("utf-8") for name in names), "the sources")
            looks: list[Snapshot] = []
            until(
                lambda: looks.append(snapshot(room.output)) or looks[-5:] == looks[-1:] * 5, "the end of it"
            )
            before = looks[-1]
            accepted = room.status()["ledger"]["accepted"]
            filler = fill(disk)
            for name in names:
                origin.answer(f"/{name}", reply(200, newsfeed(name, 60)))
            until(lambda: "the store cannot be used" in daemon.log, "the trouble in the log")
            assert "no space is left" in daemon.log
            state = until(lambda: (found := health(port))["health"] == "failed" and found, "health is failed")
            assert "no space is left" in state["reasons"][0]
            beats = daemon.supervisor.heard.count("WATCHDOG=1")
            until(lambda: daemon.supervisor.heard.count("WATCHDOG=1") > beats + 3, "the watchdog is fed")
            assert snapshot(room.output) == before
            assert daemon.log.count("the store cannot be used") <= 2
            assert "Traceback" not in daemon.log
            assert daemon.process.poll() is None
            filler.unlink()
            until(lambda: len(room.ids()) > 32, "new stories, without a restart", seconds=90)
            until(lambda: room.status()["ledger"]["accepted"] == 480, "every entry", seconds=60)
            until(lambda: health(port)["health"] == "ok", "health is ok", seconds=90)
            ledger = room.status()["ledger"]
            assert ledger.pop("accepted") == sum(ledger.values()) > accepted
            daemon.process.terminate()
            assert daemon.ended(20) == 0
        assert whole(room) == 480


def test_st_03_once_on_a_full_disk_says_one_line_and_loses_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin, small_disk(tmp_path / "state", "24M") as disk:
        room.write(feeds={"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))})
        assert room.run("once").returncode == 0
        before = snapshot(room.output)
        origin.answer("/kampar", reply(200, newsfeed("kampar", 200)))
        filler = fill(disk)
        done = room.run("once", "--force")
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert "no space is left" in done.stderr
        assert snapshot(room.output) == before
        filler.unlink()
        assert whole(room) >= 3
        done = room.run("once", "--force")
        assert done.returncode == 0, done.stderr
        assert room.status()["ledger"]["accepted"] == 200


def test_st_04_a_full_disk_of_the_output_leaves_every_file_whole_and_is_over_when_there_is_space(
    tmp_path: Path,
) -> None:
    room, port = Room(tmp_path), free_port()
    with Origin() as origin, small_disk(tmp_path / "output", "1M") as disk:
        feeds = {"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar", 10)))}
        room.write(feeds=feeds, listen=f"127.0.0.1:{port}")
        with room.daemon() as daemon:
            daemon.ready()
            until((room.output / "semua" / "feed.json").exists, "files")
            until(lambda: len(room.ids()) == 10, "stories")
            until(lambda: health(port)["health"] == "ok", "health is ok")
            filler = fill(disk)
            before = {name: data for name, data in snapshot(room.output).items() if name != str(filler)}
            origin.answer("/kampar", reply(200, newsfeed("kampar", 40)))
            state = until(lambda: (found := health(port))["health"] == "failed" and found, "health is failed")
            assert "no space left on the disk" in state["reasons"][0]
            assert room.status()["health"] == "failed"
            until(lambda: room.status()["ledger"]["accepted"] == 40, "entries are stored all the same")
            after = {name: data for name, data in snapshot(room.output).items() if name != str(filler)}
            assert after == before
            assert daemon.log.count("output not written") == 1
            assert "Traceback" not in daemon.log
            filler.unlink()
            until(lambda: len(room.ids()) == 40, "new stories, without a restart", seconds=90)
            until(lambda: health(port)["health"] == "ok", "health is ok", seconds=90)
        assert not list(room.output.rglob(".*"))
