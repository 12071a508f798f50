"""Who may write: one process at a time, known by its role; gone with the process, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, text

from aggregator.store.engine import unpooled
from aggregator.store.failures import told
from aggregator.store.place import FILE_MODE, Place, place_of, prepare_folder

_MOST_ROLE_BYTES: Final = 200
# `holder` looks by taking the lock for an instant; a process that starts just then tries again.
_TRIES: Final = 20
_PAUSE_SECONDS: Final = 0.005
# The two halves of the key of a PostgreSQL advisory lock: ours, and what it is for.
_OURS: Final = 0x61676772
_DAEMON: Final = 1
_NAME: Final = "aggregator "


class Lock:
    """A lock that is held until it is released or its process ends."""

    def __init__(self, *, handle: int | None = None, held: tuple[Engine, Connection] | None = None) -> None:
        self._handle = handle
        self._held = held

    def release(self) -> None:
        """Let another process have it; releasing twice does no harm."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None
        if self._held is not None:
            engine, connection = self._held
            connection.close()
            engine.dispose()
            self._held = None


def try_lock(url: str, role: str) -> Lock | None:
    """Take the lock of this database at once, or give None when another process holds it.

    `role` says who holds it ("daemon 1234"), for others to read. The lock is the kernel's or the server's, not
    the file: a process that was killed leaves nothing to clean up.
    """
    place = place_of(url)
    if place.path is None:
        return _try_server(place, role)
    prepare_folder(place.path)
    with told(str(_file(place.path))):
        handle = os.open(_file(place.path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        if not _flock(handle, fcntl.LOCK_EX, tries=_TRIES):
            os.close(handle)
            return None
        if os.fstat(handle).st_uid == os.geteuid():
            os.fchmod(handle, FILE_MODE)
        os.ftruncate(handle, 0)
        os.pwrite(handle, role.encode("utf-8", "replace")[:_MOST_ROLE_BYTES], 0)
        return Lock(handle=handle)


def holder(url: str) -> str | None:
    """Give the role of the process that holds the lock; None: nobody does."""
    place = place_of(url)
    if place.path is None:
        return _server_holder(place)
    with told(str(_file(place.path))):
        try:
            handle = os.open(_file(place.path), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            if _flock(handle, fcntl.LOCK_SH, tries=1):
                return None
            return os.pread(handle, _MOST_ROLE_BYTES, 0).decode("utf-8", "replace") or "another process"
        finally:
            os.close(handle)


def _file(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _flock(handle: int, kind: int, *, tries: int) -> bool:
    for attempt in range(tries):
        if attempt:
            time.sleep(_PAUSE_SECONDS)
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False


def _try_server(place: Place, role: str) -> Lock | None:
    engine = unpooled(place, application=_NAME + role)
    with told(str(place), place.password):
        connection = engine.connect()
        keys = {"ours": _OURS, "daemon": _DAEMON}
        if connection.scalar(text("SELECT pg_try_advisory_lock(:ours, :daemon)"), keys):
            return Lock(held=(engine, connection))
        connection.close()
        engine.dispose()
        return None


def _server_holder(place: Place) -> str | None:
    engine = unpooled(place, application=_NAME + "looking")
    statement = text(
        "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
        "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 "
        "AND l.classid::bigint = :ours AND l.objid::bigint = :daemon "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with told(str(place), place.password):
        try:
            with engine.connect() as connection:
                name = connection.scalar(statement, {"ours": _OURS, "daemon": _DAEMON})
        finally:
            engine.dispose()
    return None if name is None else str(name).removeprefix(_NAME)
