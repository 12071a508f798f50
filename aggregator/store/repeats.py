"""How often each outlet has repeated a paragraph: counted when an article is saved, in the order of saving.

An outlet has a row for each paragraph of its last 200 articles, some thousands at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from aggregator.core.repeats import WINDOW, counted, repeated
from aggregator.model import ReadArticle, Repeat
from aggregator.store.schema import outlet, paragraph
from aggregator.store.sql import chunks

SWEPT: Final = 50  # articles of an outlet between two sweeps

_NEW: Final = insert(outlet).returning(outlet.c.id)
_OUTLET: Final = (
    update(outlet)
    .where(outlet.c.id == bindparam("row"))
    .values(articles=bindparam("number"), seen_at=bindparam("at", type_=outlet.c.seen_at.type))
)
_INSERT: Final = insert(paragraph)
_UPDATE: Final = (
    update(paragraph)
    .where(paragraph.c.outlet == bindparam("row"), paragraph.c.hash == bindparam("digest"))
    .values(first=bindparam("f"), last=bindparam("l"), articles=bindparam("a"))
)
_SWEEP: Final = delete(paragraph).where(
    paragraph.c.outlet == bindparam("row"), paragraph.c.last < bindparam("oldest")
)


class _Outlet:
    """What is known of one outlet while a batch is saved."""

    def __init__(self, row: int | None, number: int) -> None:
        self.row = row  # None: it is new
        self.number = number  # of its articles so far
        self.before = number
        self.known: dict[int, Repeat] = {}
        self.stored: set[int] = set()
        self.changed: set[int] = set()


class Repeats:
    """The counts that a batch of articles needs, moved on with each of them, and written at its end."""

    def __init__(self, connection: Connection, batch: Sequence[ReadArticle]) -> None:
        self._connection = connection
        wanted: dict[str, set[int]] = {}
        for read in batch:
            if read.paragraphs:
                wanted.setdefault(read.outlet, set()).update(each.hash for each in read.paragraphs)
        self._outlets = {name: _Outlet(None, 0) for name in sorted(wanted)}
        for names in chunks(list(self._outlets)):
            for row in connection.execute(select(outlet).where(outlet.c.name.in_(names))):
                self._outlets[row.name] = self._load(_Outlet(row.id, row.articles), sorted(wanted[row.name]))

    def _load(self, found: _Outlet, hashes: Sequence[int]) -> _Outlet:
        for some in chunks(hashes):
            rows = select(paragraph).where(paragraph.c.outlet == found.row, paragraph.c.hash.in_(some))
            for row in self._connection.execute(rows):
                found.known[row.hash] = Repeat(first=row.first, last=row.last, articles=row.articles)
        found.stored = set(found.known)
        return found

    def take(self, read: ReadArticle, *, again: bool) -> dict[int, str]:
        """Count an article, unless it was `again`, and give what is to be left out of it, and why."""
        if not read.paragraphs:
            return {}
        found = self._outlets[read.outlet]
        number = found.number + 1
        left_out = repeated(read.paragraphs, found.known, number=number)
        if not again:
            found.number = number
            changes = counted(read.paragraphs, found.known, left_out, number=number)
            found.known |= changes
            found.changed |= changes.keys()
        return left_out

    def write(self, *, now: datetime) -> None:
        """Write what the batch moved."""
        new: list[dict[str, Any]] = []
        old: list[dict[str, Any]] = []
        swept: list[dict[str, Any]] = []
        for name, found in self._outlets.items():
            if found.number == found.before:
                continue
            row = self._row(name, found, now)
            for digest in sorted(found.changed):
                repeat = found.known[digest]
                if digest in found.stored:
                    old.append(
                        {
                            "row": row,
                            "digest": digest,
                            "f": repeat.first,
                            "l": repeat.last,
                            "a": repeat.articles,
                        }
                    )
                else:
                    counts = {"first": repeat.first, "last": repeat.last, "articles": repeat.articles}
                    new.append({"outlet": row, "hash": digest, **counts})
            if found.number // SWEPT != found.before // SWEPT:
                swept.append({"row": row, "oldest": found.number - WINDOW})
        if old:
            self._connection.execute(_UPDATE, old)
        if new:
            self._connection.execute(_INSERT, new)
        if swept:  # last: what was old, and has come again, is not
            self._connection.execute(_SWEEP, swept)

    def _row(self, name: str, found: _Outlet, now: datetime) -> int:
        if found.row is None:
            values = {"name": name, "articles": found.number, "seen_at": now}
            return int(self._connection.execute(_NEW, values).scalar_one())
        self._connection.execute(_OUTLET, {"row": found.row, "number": found.number, "at": now})
        return found.row


def prune(connection: Connection, before: datetime) -> None:
    """Forget outlets of which nothing came since then."""
    old = select(outlet.c.id).where(outlet.c.seen_at < before)
    connection.execute(delete(paragraph).where(paragraph.c.outlet.in_(old)))
    connection.execute(delete(outlet).where(outlet.c.seen_at < before))
