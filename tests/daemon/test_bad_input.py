"""What may be wrong around the program: one clear line each, and nothing is lost."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

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
# Not in this process: whoever closes a file here would let go of a lock that is held here.
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


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a round has been: a database and an output to be left alone."""
    room = Room(tmp_path_factory.mktemp("meja"))
    with Origin() as origin:
        room.write(feeds={"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))})
        assert room.run("once").returncode == 0
    return room.folder


def copy_of(served: Path, folder: Path) -> Room:
    subprocess.run(["cp", "-a", str(served), str(folder)], check=True)
    return Room(folder)


def is_told_and_untouched(room: Room, *arguments: str, **how: object) -> str:
    """A command fails with one line, and changes nothing; gives the line."""
    before = snapshot(room.folder)
    done = finished(room.start(*arguments, **how))
    assert done.returncode == 1, done.stderr
    after = snapshot(room.folder)
    # The lock says who holds it, and the index of the write-ahead log is made anew by whoever opens it.
    volatile = {name for name in {*before, *after} if name.endswith((".lock", "-shm"))}
    assert {name: after.get(name) for name in {*before, *after} - volatile} == {
        name: before.get(name) for name in {*before, *after} - volatile
    }
    return one_line(done)


def test_st_07_a_database_that_is_a_folder(served: Path, tmp_path: Path) -> None:
    room = copy_of(served, tmp_path / "room")
    room.database.unlink()
    room.database.mkdir()
    line = is_told_and_untouched(room, "once")
    assert line.startswith(f"{room.database}: ")
    assert "folder" in line


def test_st_07_a_database_of_a_newer_version(served: Path, tmp_path: Path) -> None:
    room = copy_of(served, tmp_path / "room")
    with sqlite3.connect(room.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in ("once", "status"):
        assert "newer version" in is_told_and_untouched(room, command)


@pytest.mark.parametrize("where", ["header", "pages", "cut"])
def test_st_07_a_database_that_is_damaged(served: Path, tmp_path: Path, where: str) -> None:
    room = copy_of(served, tmp_path / "room")
    data = bytearray(room.database.read_bytes())
    if where == "header":
        data[:512] = bytes(range(256)) * 2
    elif where == "pages":
        data[4096:] = b"\xa5" * len(data[4096:])
    else:
        del data[len(data) // 2 :]
    room.database.write_bytes(data)
    line = is_told_and_untouched(room, "once")
    assert line.startswith(f"{room.database}: ")
    assert "damaged" in line


def without_privilege() -> None:
    """Take from root what it has over other users: modes then bind it as they bind them."""
    if os.geteuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0


def test_st_07_a_database_that_cannot_be_written(served: Path, tmp_path: Path) -> None:
    room = copy_of(served, tmp_path / "room")
    room.database.chmod(0o444)
    room.database.parent.chmod(0o555)
    try:
        line = is_told_and_untouched(room, "once", preexec_fn=without_privilege)
        assert line.startswith(str(room.database))
        assert "cannot be written" in line
    finally:
        room.database.parent.chmod(0o755)


def test_st_07_a_database_that_another_process_holds(served: Path, tmp_path: Path) -> None:
    room = copy_of(served, tmp_path / "room")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(room.database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        line = is_told_and_untouched(room, "once")
        assert line.startswith(f"{room.database}: another process holds it")
        other.communicate(b"let go")
    assert room.run("once").returncode == 0


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
        for name in answers:
            origin.answer(f"/{name}", reply(200, newsfeed(name)) if name != "control" else answers[name])
        done = room.run("once", "--force")
        assert done.stdout.startswith("10 feeds asked, 0 failed; 24 new entries")
        assert room.status()["health"] == "ok"
        assert snapshot(room.output) != before


@pytest.mark.parametrize("mask", [0o077, 0o022])
def test_of_12_modes_do_not_depend_on_the_umask(tmp_path: Path, mask: int) -> None:
    room = Room(tmp_path)
    with Origin() as origin:
        room.write(feeds={"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))})
        with room.daemon(umask=mask) as daemon:
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
