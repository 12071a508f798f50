"""What may be wrong around the program: one clear line each, and nothing is lost."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.daemon.program import (
    Room,
    configuration,
    finished,
    newsfeed,
    one_line,
    snapshot,
    text_of,
    until,
)
from tests.jobs.conftest import entry_xml, rss
from tests.origin import CLOSE, Origin, reply

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2  # <sys/prctl.h>, <linux/capability.h>
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""
GOOD = configuration(feeds={"kampar": "http://127.0.0.1:9/rss"})
TWICE = GOOD + '\n[[feed]]\nid = "kampar"\nurl = "http://127.0.0.1:9/atom"\n'


def missing(config: Path) -> None:
    pass


def empty(config: Path) -> None:
    config.write_bytes(b"")


def not_utf_8(config: Path) -> None:
    config.write_bytes(GOOD.replace("Meja", "Caf\u00e9").encode("latin-1"))


def a_directory(config: Path) -> None:
    config.mkdir()


def five_thousand_arrays(config: Path) -> None:
    config.write_text(GOOD + "\nnote = " + "[" * 5000 + "]" * 5000 + "\n", "utf-8")


def two_equal_ids(config: Path) -> None:
    config.write_text(TWICE, "utf-8")


FAULTY: dict[Callable[[Path], None], tuple[str, str]] = {
    missing: ("feeds.toml:1:1: ", "there is no such file"),
    empty: ("feeds.toml:1:1: ", "the file is empty"),
    not_utf_8: ("feeds.toml:2:", "not UTF-8"),
    a_directory: ("feeds.toml:1:1: ", "this is a directory"),
    five_thousand_arrays: (f"feeds.toml:{GOOD.count(chr(10)) + 2}:", ""),
    two_equal_ids: (f"feeds.toml:{TWICE[: TWICE.rindex('id = ')].count(chr(10)) + 1}:", "kampar"),
}


def test_st_07_each_faulty_feeds_toml_is_one_line_at_its_place(tmp_path: Path) -> None:
    rooms = {}
    for make in FAULTY:
        rooms[make] = Room(tmp_path / make.__name__)
        rooms[make].folder.mkdir()
        make(rooms[make].config)
    commands = {make: room.start("once") for make, room in rooms.items()}
    for make, process in commands.items():
        done = finished(process)
        assert done.returncode == 78, (make, done.stderr)
        line = one_line(done)
        where, what = FAULTY[make]
        assert line.startswith(where)
        assert what in line
        assert {path.name for path in rooms[make].folder.iterdir()} <= {"feeds.toml"}


def a_folder(room: Room) -> None:
    room.database.unlink()
    room.database.mkdir()


def of_a_newer_version(room: Room) -> None:
    connection = sqlite3.connect(room.database)
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def overwritten(room: Room) -> None:
    data = room.database.read_bytes()
    room.database.write_bytes(bytes(range(256)) * 2 + data[512:])


def cut_short(room: Room) -> None:
    data = room.database.read_bytes()
    room.database.write_bytes(data[: len(data) // 2])


def not_to_be_written(room: Room) -> None:
    room.database.chmod(0o444)
    room.database.parent.chmod(0o555)


def held_by_another(room: Room) -> None:
    """Made so while the command runs."""


UNUSABLE: dict[Callable[[Room], None], str] = {
    a_folder: "it is a folder",
    of_a_newer_version: "a newer version of this program wrote it",
    overwritten: "damaged",
    cut_short: "damaged",
    not_to_be_written: "cannot be written",
    held_by_another: "another process holds it",
}


def without_privilege() -> None:
    """Take from root what it has over other users: modes then bind it as they bind them."""
    if os.geteuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Hold a database in another process: whoever closes a file here would let go of a lock that is held here."""
    command = [sys.executable, "-c", HOLDER, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        yield
        other.communicate(b"let go")


def test_st_07_each_database_that_cannot_be_used_is_one_line_and_stays_as_it_is(tmp_path: Path) -> None:
    served = Room(tmp_path / "served")
    served.folder.mkdir()
    with Origin() as origin:
        served.write(feeds={"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))})
        assert served.run("once").returncode == 0
    rooms = {make: Room(tmp_path / make.__name__) for make in UNUSABLE}
    for make, room in rooms.items():
        subprocess.run(["cp", "-a", str(served.folder), str(room.folder)], check=True)
        make(room)
    before = {make: snapshot(room.folder) for make, room in rooms.items()}
    with held(rooms[held_by_another].database):
        commands = {make: room.start("once", preexec_fn=without_privilege) for make, room in rooms.items()}
        done = {make: finished(process) for make, process in commands.items()}
    rooms[not_to_be_written].database.parent.chmod(0o755)
    for make, what in UNUSABLE.items():
        assert done[make].returncode == 1, (make, done[make].stderr)
        line = one_line(done[make])
        assert line.startswith(f"{rooms[make].database}: ")
        assert what in line
        after = snapshot(rooms[make].folder)
        # The lock says who holds it, and the index of the write-ahead log is made anew by whoever opens it.
        names = {name for name in {*before[make], *after} if not name.endswith((".lock", "-shm"))}
        assert {name: after.get(name) for name in names} == {name: before[make].get(name) for name in names}
    assert "newer version" in one_line(rooms[of_a_newer_version].run("status"))


def test_an_output_that_cannot_be_written_fails_the_round_after_storing_all_the_same(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.output.write_text("a file in its place", "utf-8")
    with Origin() as origin:
        room.write(feeds={"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))})
        done = room.run("once", "--force")
        assert done.returncode == 1
        assert one_line(done).startswith(f"{room.output}: ")
        assert room.output.read_text("utf-8") == "a file in its place"
        state = room.status()
        assert state["ledger"]["accepted"] == 3
        assert state["ledger"]["waiting"] == 0
        assert state["health"] == "failed"
        assert any(str(room.output) in reason for reason in state["reasons"])
        room.output.unlink()
        done = room.run("once")
        assert done.returncode == 0, done.stderr
        assert len(room.ids()) == 3
        assert room.status()["health"] == "ok"


def test_ob_01_and_ob_03_every_bad_answer_is_told_and_costs_no_other_feed_anything(tmp_path: Path) -> None:
    room = Room(tmp_path)
    control = rss(
        entry_xml(1, "Kazakh\x0bstan \x1brusuh\x00", text_of("control")),
        entry_xml(2, "Yang lain", text_of("two")),
    )
    endless = (b"HTTP/1.1 200 OK\r\n\r\n<rss><channel>", *(b"<item>" * 5000,) * 40, CLOSE)
    answers = {
        "good": reply(200, newsfeed("good")),
        "control": reply(200, control),
        "not-found": reply(404, b"<h1>404</h1>"),
        "page": reply(200, b"<!doctype html><title>Masuk</title><form>", {"Content-Type": "text/html"}),
        "nothing": reply(200, b""),
        "cut": reply(200, newsfeed("cut", 9)[:-700]),
        "short": (reply(200, newsfeed("short"), {"Content-Length": "99999"}, length=False), CLOSE),
        "endless": endless,
        "silent": (3600.0,),
        "broken": reply(500),
    }
    kinds = {
        "good": None,
        "control": None,
        "not-found": "rejected",
        "page": "not-a-feed",
        "nothing": "empty",
        "cut": "truncated",
        "short": "truncated",
        "endless": "too-large",
        "silent": "timeout",
        "broken": "rejected",
    }
    with Origin() as origin:
        feeds = {name: origin.answer(f"/{name}", answer) for name, answer in answers.items()}
        room.write(feeds=feeds, feed="read_pages = false", polling='timeout = "2s"\nmax_body = "200kB"')
        done = room.run("once", "--force")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("10 feeds asked, 8 failed; 5 new entries")
        state = room.status()
        assert {feed["id"]: (feed["error"] or {}).get("kind") for feed in state["feeds"]} == kinds
        for feed in state["feeds"]:
            bad = kinds[feed["id"]] is not None
            assert feed["state"] == ("failing" if bad else "ok")
            assert feed["failures"] == int(bad)
            assert (feed["last_success"] is None) == bad
            assert feed["next_due"] > feed["last_attempt"]
            assert feed["next_due_reason"] == ("backoff" if bad else "interval")
            assert bool(feed["error"] and feed["error"]["message"]) == bad
            assert feed["requests_24h"] == 1
        statuses = {feed["id"]: feed["http_status"] for feed in state["feeds"]}
        assert (statuses["not-found"], statuses["broken"], statuses["good"]) == (404, 500, 200)
        ledger = state["ledger"]
        assert ledger.pop("accepted") == sum(ledger.values()) == 5
        headlines = {story["headline"] for story in room.lines("stories")}
        assert {"Kazakhstan rusuh", "Yang lain"} <= headlines
        assert len(headlines) == 5
        before = snapshot(room.output)
        for name in answers.keys() - {"control"}:
            origin.answer(f"/{name}", reply(200, newsfeed(name)))
        done = room.run("once", "--force")
        assert done.stdout.startswith("10 feeds asked, 0 failed; 24 new entries")
        assert room.status()["health"] == "ok"
        assert snapshot(room.output) != before


def test_of_12_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        room.write(feeds={"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))})
        with room.daemon(umask=0o077) as daemon:
            daemon.ready()
            until((room.output / "sources" / "index.html").exists, "files")
            modes = {
                path: stat.S_IMODE(path.stat().st_mode) for path in (room.output, *room.output.rglob("*"))
            }
            assert {mode for path, mode in modes.items() if path.is_dir()} == {0o755}
            assert {mode for path, mode in modes.items() if path.is_file()} == {0o644}
            stored = {path.name: stat.S_IMODE(path.stat().st_mode) for path in room.database.parent.iterdir()}
            assert stored.keys() >= {
                "aggregator.db",
                "aggregator.db-wal",
                "aggregator.db-shm",
                "aggregator.db.lock",
            }
            assert set(stored.values()) == {0o660}
            assert stat.S_IMODE(room.database.parent.stat().st_mode) == 0o2770
