from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.errors import StoreBusy, StoreDamaged, StoreError, StoreFull, StoreUnwritable
from aggregator.store import Store, open_reader, open_store, try_lock
from tests.contract.store_values import HOUR, NOW, entry, feed, fill, outcome

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with something in it, closed."""
    where = tmp_path / "store.db"
    store = open_store(f"sqlite:{where}", now=NOW)
    store.sync_feeds([feed("a")], now=NOW)
    fill(store, outcome("a", *(entry("a", number) for number in range(1, 100))))
    store.close()
    return where


@contextmanager
def refused(kind: type[StoreError], where: Path) -> Iterator[None]:
    """Within: one line that names the place, and a file that is left as it was."""
    before = where.read_bytes() if where.is_file() else None
    with pytest.raises(kind) as raised:
        yield
    assert type(raised.value) is kind
    assert "\n" not in str(raised.value)
    assert str(where) in str(raised.value)
    assert (where.read_bytes() if where.is_file() else None) == before


def both(where: Path) -> tuple[object, ...]:
    return (lambda: open_store(f"sqlite:{where}", now=NOW), lambda: open_reader(f"sqlite:{where}"))


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    for opened in both(tmp_path):
        with refused(StoreUnwritable, tmp_path):
            opened()


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    where = tmp_path / "state" / "store.db"
    with refused(StoreUnwritable, where):
        open_store(f"sqlite:{where}", now=NOW)
    with refused(StoreUnwritable, where):
        try_lock(f"sqlite:{where}", "daemon 1")


def test_random_bytes_over_the_header_are_told(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[:100] = random.Random(1).randbytes(100)
    path.write_bytes(body)
    for opened in both(path):
        with refused(StoreDamaged, path):
            opened()


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_truncated_database_is_told(path: Path, part: float) -> None:
    body = path.read_bytes()
    path.write_bytes(body[: int(len(body) * part)])
    for opened in both(path):
        with refused(StoreDamaged, path):
            opened()


def test_any_other_file_is_told(tmp_path: Path) -> None:
    where = tmp_path / "notes.txt"
    where.write_text("Shopping list: " + "bread, " * 200)
    for opened in both(where):
        with refused(StoreDamaged, where):
            opened()


def test_damage_that_shows_only_later_is_told_when_it_does(path: Path) -> None:
    store = open_store(f"sqlite:{path}", now=NOW)
    size = path.stat().st_size
    body = bytearray(path.read_bytes())
    noise = random.Random(2)
    for page in range(4096 * 8, size, 4096):
        body[page : page + 4096] = noise.randbytes(min(4096, size - page))
    path.write_bytes(body)
    with refused(StoreDamaged, path):
        list(store.entries())
    store.close()


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    where = tmp_path / "places.sqlite"
    connection = sqlite3.connect(where)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    for opened in both(where):
        with refused(StoreError, where):
            opened()


def test_a_missing_database_is_made_by_the_writer_and_told_by_the_reader(tmp_path: Path) -> None:
    where = tmp_path / "new" / "state" / "store.db"
    with pytest.raises(StoreError, match=r"no database yet at .*; `aggregator once` makes it"):
        open_reader(f"sqlite:{where}")
    assert not where.parent.exists()
    open_store(f"sqlite:{where}", now=NOW).close()
    open_reader(f"sqlite:{where}").close()


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    where = tmp_path / "store.db"
    where.touch()
    with pytest.raises(StoreError, match="no database yet"):
        open_reader(f"sqlite:{where}")
    open_store(f"sqlite:{where}", now=NOW).close()


def test_a_log_that_was_deleted_leaves_the_state_before_it(path: Path, tmp_path: Path) -> None:
    store = open_store(f"sqlite:{path}", now=NOW)
    store.put_note("key", "value")
    shutil.copy(path, tmp_path / "without-log.db")
    store.close()
    copied = open_store(f"sqlite:{tmp_path}/without-log.db", now=NOW)
    assert copied.note("key") is None
    assert copied.ledger()["accepted"] == 99
    copied.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    yield
    other.execute("ROLLBACK")
    other.close()


def test_a_database_locked_by_another_process_is_busy_and_then_is_not(path: Path) -> None:
    with locked(path), pytest.raises(StoreBusy, match="another process"):
        open_store(f"sqlite:{path}", now=NOW, busy=timedelta(milliseconds=20))
    store = open_store(f"sqlite:{path}", now=NOW, busy=timedelta(milliseconds=20))
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    poll = outcome("a", entry("a", 500), at=NOW + HOUR)
    with pytest.raises(StoreBusy):
        store.save_polls([poll], now=NOW)
    writer.execute("ROLLBACK")
    writer.close()
    store.save_polls([poll], now=NOW)
    assert store.ledger()["accepted"] == 100
    store.close()


def limit(store: Store, pages: int) -> None:
    assert store._writer is not None
    with store._writer.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


def test_a_full_disk_keeps_what_is_there_and_the_same_step_succeeds_when_there_is_space(path: Path) -> None:
    store = open_store(f"sqlite:{path}", now=NOW)
    poll = outcome(
        "a", *(entry("a", number, text="many words " * 500) for number in range(500, 700)), at=NOW + HOUR
    )
    limit(store, 1)
    with pytest.raises(StoreFull, match="no space") as raised:
        store.save_polls([poll], now=NOW)
    assert str(path) in str(raised.value)
    assert store.ledger()["accepted"] == 99
    limit(store, 1_000_000)
    store.save_polls([poll], now=NOW)
    assert store.ledger()["accepted"] == 299
    store.close()


@contextmanager
def another_user() -> Iterator[Path]:
    """Within: a folder that another user can look into, and for root another user's rights."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for each in (folder, *folder.rglob("*")):
            each.chmod(0o755)
        shutil.rmtree(folder)


@contextmanager
def without_rights() -> Iterator[None]:
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_file_that_may_only_be_read_is_read_and_never_written(path: Path) -> None:
    with another_user() as folder:
        where = Path(shutil.copy(path, folder / "store.db"))
        where.chmod(0o444)
        folder.chmod(0o555)
        with without_rights(), refused(StoreUnwritable, where):
            open_store(f"sqlite:{where}", now=NOW)


def test_a_folder_that_may_not_be_written_is_told(path: Path) -> None:
    with another_user() as folder:
        folder.chmod(0o555)
        where = folder / "store.db"
        with without_rights(), refused(StoreUnwritable, where):
            open_store(f"sqlite:{where}", now=NOW)
        inner = folder / "state" / "store.db"
        with without_rights(), refused(StoreUnwritable, inner):
            open_store(f"sqlite:{inner}", now=NOW)
        with without_rights(), pytest.raises(StoreUnwritable):
            try_lock(f"sqlite:{where}", "daemon 1")


@pytest.mark.parametrize("mask", [0o077, 0o027, 0o022])
def test_files_are_for_the_whole_group_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        url = f"sqlite:{tmp_path}/state/store.db"
        store = open_store(url, now=NOW)
        lock = try_lock(url, "daemon 1")
        assert lock is not None
        store.put_note("key", "value")
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "state").iterdir()}
        lock.release()
        store.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o2770
    assert modes == dict.fromkeys(("store.db", "store.db-wal", "store.db-shm", "store.db.lock"), 432)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite:",
        "sqlite:///x.db",
        "sqlite://x.db",
        "mysql://host/x",
        "x.db",
        "postgresql:name",
        "postgresql://h:port/x",
    ],
)
def test_a_url_of_another_form_is_told_with_the_forms_there_are(url: str) -> None:
    for opened in (
        lambda: open_store(url, now=NOW),
        lambda: open_reader(url),
        lambda: try_lock(url, "daemon 1"),
    ):
        with pytest.raises(StoreError, match="sqlite:state/aggregator"):
            opened()


def test_a_relative_path_is_of_the_folder_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:state/odd name%20?.db", now=NOW)
    store.put_note("key", "value")
    store.close()
    assert (tmp_path / "state" / "odd name%20?.db").stat().st_size > 0
