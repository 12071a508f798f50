"""Small facts, configurations that were in force, and rounds asked of the daemon by another process."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from aggregator.errors import StoreError
from aggregator.store.schema import config_version, note, round_


def save_config(connection: Connection, text: str, *, now: datetime) -> None:
    """Keep the text of a configuration that passed; the same as the last one is kept once."""
    if last_config(connection) != text:
        connection.execute(insert(config_version).values(text=text, saved_at=now))


def last_config(connection: Connection) -> str | None:
    """Give the text of the configuration kept last."""
    newest = select(config_version.c.text).order_by(config_version.c.id.desc()).limit(1)
    return connection.scalar(newest)


def read_note(connection: Connection, key: str) -> str | None:
    """Give a small fact; None: it was never written."""
    return connection.scalar(select(note.c.value).where(note.c.key == key))


def put_note(connection: Connection, key: str, value: str) -> None:
    """Write a small fact over the one before."""
    known = update(note).where(note.c.key == bindparam("of_key")).values(value=bindparam("given"))
    if connection.execute(known, {"of_key": key, "given": value}).rowcount == 0:
        connection.execute(insert(note).values(key=key, value=value))


def ask(connection: Connection, options: str, *, now: datetime) -> int:
    """Ask for a round, and give its number."""
    asked = insert(round_).values(options=options, asked_at=now, progress="")
    key = connection.execute(asked).inserted_primary_key
    assert key is not None
    return int(key[0])


def open_rounds(connection: Connection) -> list[tuple[int, str]]:
    """Give the rounds that nobody has finished, in the order in which they were asked, with their options."""
    unfinished = select(round_.c.number, round_.c.options).where(round_.c.finished_at.is_(None))
    return [(number, options) for number, options in connection.execute(unfinished.order_by(round_.c.number))]


def tell(connection: Connection, number: int, progress: str) -> None:
    """Say how far a round is."""
    connection.execute(update(round_).where(round_.c.number == number).values(progress=progress))


def finish(connection: Connection, number: int, result: str, *, now: datetime) -> None:
    """Close a round with what came of it; the first result stands."""
    unfinished = update(round_).where(round_.c.number == number, round_.c.finished_at.is_(None))
    connection.execute(unfinished.values(result=result, finished_at=now))


def state(connection: Connection, number: int) -> tuple[str, str | None]:
    """Give the progress and the result of a round; the result is None as long as it runs."""
    row = connection.execute(
        select(round_.c.progress, round_.c.result).where(round_.c.number == number)
    ).first()
    if row is None:
        raise StoreError(f"there is no round {number} in the store; ask for a new one")
    return row.progress, row.result
