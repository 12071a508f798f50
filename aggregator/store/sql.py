"""The few statements that both engines have and SQLAlchemy spells by dialect, and lists cut to size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Insert, Table, bindparam, select, update
from sqlalchemy.dialects import sqlite

from aggregator.store.schema import counter

T = TypeVar("T")
MOST_AT_ONCE: Final = 500  # values in one IN list: SQLite takes 32,766 parameters, older ones 999


def chunks(values: Sequence[T], size: int = MOST_AT_ONCE) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def insert_unknown(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not in the table yet."""
    if rows:
        connection.execute(_ignoring(connection.dialect.name, table), rows)


def insert_one_unknown(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row, and say whether its key was free."""
    return connection.execute(_ignoring(connection.dialect.name, table, told=True), row).first() is not None


@cache
def _ignoring(dialect: str, table: Table, *, told: bool = False) -> Insert:
    """Give the statement, made once: SQLAlchemy finds a known one again faster."""
    statement: Insert
    if dialect == "sqlite":
        statement = sqlite.insert(table).on_conflict_do_nothing()
    else:
        from sqlalchemy.dialects import postgresql

        statement = postgresql.insert(table).on_conflict_do_nothing()
    return statement.returning(next(iter(table.primary_key.columns))) if told else statement


def count(connection: Connection, name: str) -> int:
    """Give the value of a counter."""
    return int(connection.scalar(select(counter.c.value).where(counter.c.name == name)) or 0)


def advance(connection: Connection, name: str, by: int = 1) -> None:
    """Move a counter on."""
    if by:
        statement = update(counter).where(counter.c.name == bindparam("counter"))
        connection.execute(statement.values(value=counter.c.value + by), {"counter": name})
