"""Connections: SQLite with one writer and read-only readers, PostgreSQL with the same promises."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event

from aggregator.store.place import Place

BUSY: Final = timedelta(seconds=10)  # how long a writer waits for another
# One writer at a time, so that stories come out the same whatever the number of workers.
_WRITER_KEY: Final = 0x61676772


def writer(place: Place, *, busy: timedelta = BUSY) -> Engine:
    """Give the engine that writes: every `begin` takes the write lock at once, and a commit is on the disk."""
    if place.path is None:
        return _postgresql(place, busy, read_only=False)
    engine = _sqlite(place, busy, read_only=False)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reader(place: Place, *, busy: timedelta = BUSY) -> Engine:
    """Give the engine that only reads; every `begin` sees one state of the database to its end."""
    if place.path is None:
        return _postgresql(place, busy, read_only=True)
    engine = _sqlite(place, busy, read_only=True)
    event.listen(engine, "begin", _begin)
    return engine


def migrator(place: Place, *, busy: timedelta = BUSY) -> Engine:
    """Give the engine for migrations: on SQLite it holds no foreign key while tables are made anew.

    With the keys held, remaking a table empties those that refer to it, by cascade.
    """
    if place.path is None:
        return _postgresql(place, busy, read_only=False)
    engine = _sqlite(place, busy, read_only=False, foreign_keys=False)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _sqlite(place: Place, busy: timedelta, *, read_only: bool, foreign_keys: bool = True) -> Engine:
    seconds = busy.total_seconds()
    address = f"file:{quote(str(place.path))}?mode=rw"

    def connect() -> sqlite3.Connection:
        # isolation_level=None: the driver opens no transaction of its own; ours begin with the event.
        return sqlite3.connect(
            address, uri=True, timeout=seconds, isolation_level=None, check_same_thread=False
        )

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=2,
        max_overflow=8 if read_only else 0,
        pool_timeout=seconds,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        statements = [
            "PRAGMA temp_store=MEMORY",  # only the state and output folders are written
            f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}",
        ]
        if read_only:
            statements.append("PRAGMA query_only=ON")
        else:
            statements += [
                "PRAGMA journal_mode=WAL",
                "PRAGMA synchronous=FULL",  # what was accepted survives a loss of power
                "PRAGMA journal_size_limit=67108864",
            ]
        for statement in statements:
            connection.execute(statement)

    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _postgresql(place: Place, busy: timedelta, *, read_only: bool) -> Engine:
    assert place.url is not None
    options = [
        f"-c lock_timeout={int(busy.total_seconds() * 1000)}",
        "-c timezone=UTC",
        f"-c default_transaction_read_only={'on' if read_only else 'off'}",
    ]
    given = place.url.query.get("options")
    if given:
        options.insert(0, given if isinstance(given, str) else " ".join(given))
    url = place.url.difference_update_query(["options"])
    engine = create_engine(
        url,
        pool_size=4,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
        connect_args={"options": " ".join(options), "connect_timeout": 10},
    )
    if not read_only:
        event.listen(engine, "begin", _take_turn)
    return engine


def _take_turn(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_KEY})")


def unpooled(place: Place, *, application: str) -> Engine:
    """Give a PostgreSQL engine whose connections end with their use, named for their role."""
    assert place.url is not None
    return create_engine(
        place.url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"application_name": application, "connect_timeout": 10},
    )
