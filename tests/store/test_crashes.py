from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aggregator.store import holder, open_store, try_lock
from tests.contract.store_values import NOW, feed

ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import sys
from aggregator.store import open_store
from tests.contract.store_values import NOW, HOUR, entry, outcome, read_all

store = open_store(sys.argv[1], now=NOW)
for number in range(int(sys.argv[2]), 10 ** 6):
    at = NOW + number * HOUR
    entries = [entry("a", number * 20 + one, position=one) for one in range(1, 20)]
    store.save_polls([outcome("a", *entries, at=at)], now=at)
    print(number, flush=True)
    read_all(store, now=at)
    store.freeze_published(now=at)
"""
LOCKER = """
import sys
from aggregator.store import try_lock
lock = try_lock(sys.argv[1], "daemon 1234")
print(lock is not None, flush=True)
sys.stdin.read()
"""


@contextmanager
def running(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def test_a_writer_killed_at_any_moment_loses_nothing_that_it_said_it_had(tmp_path: Path) -> None:
    url, start = f"sqlite:{tmp_path}/store.db", 1
    store = open_store(url, now=NOW)
    store.sync_feeds([feed("a")], now=NOW)
    store.close()
    for steps in (1, 4, 7):
        with running(WRITER, url, str(start)) as child:
            assert child.stdout is not None
            for _ in range(steps):
                start = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            child.wait(timeout=10)
        with sqlite3.connect(tmp_path / "store.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
        store = open_store(url, now=NOW)
        accepted = store.ledger()["accepted"]
        assert accepted >= start * 19
        assert accepted % 19 == 0  # all of a poll, or none of it
        # Stories and members of one transaction are there together.
        in_stories = sum(len(story.copies) for story in store.stories())
        assert in_stories == accepted - store.ledger()["waiting"]
        store.close()
        start += 1


def test_a_lock_ends_with_its_process_however_it_ends(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/state/store.db"
    with running(LOCKER, url) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        assert holder(url) == "daemon 1234"
        assert try_lock(url, "once 1") is None
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=10)
    assert holder(url) is None
    lock = try_lock(url, "daemon 5678")
    assert lock is not None
    assert holder(url) == "daemon 5678"
    lock.release()


@pytest.mark.parametrize("role", ["daemon 1", "x" * 5000, "Größe \ud800"])
def test_any_role_can_be_told(tmp_path: Path, role: str) -> None:
    url = f"sqlite:{tmp_path}/store.db"
    lock = try_lock(url, role)
    assert lock is not None
    assert holder(url)
    lock.release()


def test_a_role_is_looked_up_without_making_anything(tmp_path: Path) -> None:
    assert holder(f"sqlite:{tmp_path}/state/store.db") is None
    assert list(tmp_path.iterdir()) == []
