"""What is known of the feeds: which are configured, how they do, when they are due."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, case, func, insert, or_, select, update

from aggregator.core.urls import alike
from aggregator.model import (
    FeedRecord,
    FeedSettings,
    FeedWarning,
    Move,
    NextPoll,
    Problem,
    Rhythm,
    Strikes,
    Validators,
)
from aggregator.store.codec import to_json, warnings_from
from aggregator.store.schema import feed, request, storable

_NOTHING_KNOWN: Final[dict[str, Any]] = {
    "etag": None,
    "last_modified": None,
    "body_hash": None,
    "gone": False,
    "last_attempt": None,
    "failures": 0,
    "failing_since": None,
    "problem_kind": None,
    "problem_message": None,
    "moved_to": None,
    "moved_seen": None,
    "adopted": None,
    "whole_at": None,
    "struck": None,
    "strikes": 0,
    "struck_in_row": 0,
    "struck_at": None,
    "suggested_at": None,
    "suggestion": None,
    "next_due_reason": "first",
    "warnings": "[]",
}
_NEVER_POLLED: Final[dict[str, Any]] = {
    "new": 0,
    "updated": 0,
    "unchanged": 0,
    "quarantined": 0,
    "loss": 0.0,
    "skips": "[[],[]]",
    "polls": 0,
    "listed": 0,
}


def sync(connection: Connection, configured: Sequence[FeedSettings], *, now: datetime) -> bool:
    """Bring the rows to what is configured, and say whether anything changed.

    A known URL under a new id is a rename, a new URL under a known id a move; a feed that is no longer named
    keeps its row, and has its history back when it is named again.
    """
    rows = connection.execute(
        select(feed.c.id, feed.c.name, feed.c.url, feed.c.active).order_by(feed.c.active, feed.c.id)
    ).all()
    pairs = _match(configured, rows)
    kept = {row.id for _, row in pairs if row is not None}
    retired = [row.id for row in rows if row.active and row.id not in kept]
    changed = [pair for pair in pairs if _differs(*pair)]
    # Every name that moves is let go first: two feeds may have exchanged theirs.
    _retire(connection, retired + _active(row for _, row in changed))
    _put_all(connection, changed, now)
    return bool(changed or retired)


def _put_all(connection: Connection, changed: Sequence[tuple[FeedSettings, Any]], now: datetime) -> None:
    for each, row in changed:
        _put(connection, each, row, now)


def _active(rows: Iterable[Any]) -> list[int]:
    return [row.id for row in rows if row is not None and row.active]


def _retire(connection: Connection, rows: Sequence[int]) -> None:
    if rows:
        statement = update(feed).where(feed.c.id == bindparam("row")).values(active=False)
        connection.execute(statement, [{"row": row} for row in rows])


def _match(configured: Sequence[FeedSettings], rows: Sequence[Any]) -> list[tuple[FeedSettings, Any]]:
    """Find the row of every configured feed: the one with both, else with its URL, else with its id.

    A URL that is written with another scheme, www. or a last slash counts where none fits better. Among several the
    configured one is preferred, then the newest: the rows come in the opposite order.
    """
    found: dict[str, Any] = {}
    left = {row.id: row for row in rows}
    keys: tuple[Callable[[str, str], object], ...] = (
        lambda name, url: (name, url),
        lambda name, url: url,
        lambda name, url: alike(url),
        lambda name, url: name,
    )
    for key in keys:
        known = {key(row.name, row.url): row for row in left.values()}
        for each in configured:
            row = (
                known.pop(key(storable(each.id), storable(each.url)), None) if each.id not in found else None
            )
            if row is not None:
                found[each.id] = left.pop(row.id)
    return [(each, found.get(each.id)) for each in configured]


def _differs(each: FeedSettings, row: Any) -> bool:
    return row is None or not row.active or row.name != storable(each.id) or row.url != storable(each.url)


def _put(connection: Connection, each: FeedSettings, row: Any, now: datetime) -> None:
    if row is None:
        values = {**_NOTHING_KNOWN, **_NEVER_POLLED, "added_at": now, "next_due": now}
        connection.execute(insert(feed).values(name=each.id, url=each.url, active=True, **values))
        return
    # What was known of the old address says nothing of the new one; the entries stay, and so what is new.
    moved = {**_NOTHING_KNOWN, "next_due": now} if row.url != storable(each.url) else {}
    statement = update(feed).where(feed.c.id == row.id)
    connection.execute(statement.values(name=each.id, url=each.url, active=True, **moved))


def records(connection: Connection) -> list[FeedRecord]:
    """Give what is known of every configured feed, by id."""
    return _records(connection.execute(select(feed).where(feed.c.active).order_by(feed.c.name)))


def due(connection: Connection, *, now: datetime, limit: int) -> list[FeedRecord]:
    """Give the configured feeds, not gone, whose time has come; the longest waiting first.

    Also those that were asked after `now`, and those never asked that were to be asked at once: the clock was set
    back since, and says nothing of their next time.
    """
    unasked = and_(feed.c.last_attempt.is_(None), feed.c.next_due_reason == _NOTHING_KNOWN["next_due_reason"])
    ripe = or_(feed.c.next_due <= now, feed.c.last_attempt > now, unasked)
    ready = select(feed).where(feed.c.active, feed.c.gone.is_(False), ripe)
    return _records(connection.execute(ready.order_by(feed.c.next_due, feed.c.name).limit(limit)))


def _records(rows: Iterable[Any]) -> list[FeedRecord]:
    return [_record(row) for row in rows]


def _record(row: Any) -> FeedRecord:
    hours, days = _skips(row.skips)
    suggested = warnings_from(row.suggestion) if row.suggestion else ()
    problem = Problem(kind=row.problem_kind, message=row.problem_message) if row.problem_kind else None
    return FeedRecord(
        id=row.name,
        validators=Validators(etag=row.etag, last_modified=row.last_modified),
        problem=problem,
        interval=seconds(row.interval),
        ttl=seconds(row.ttl),
        skip_hours=hours,
        skip_days=days,
        warnings=_warnings(row.warnings) + suggested,
        polls=row.polls or 0,
        rhythm=Rhythm(gap=seconds(row.gap), listed=row.listed or 0, published=row.published),
        move=Move(to=row.moved_to, since=row.moved_seen, adopted=row.adopted),
        strikes=Strikes(
            body=row.struck, count=row.strikes or 0, in_row=row.struck_in_row or 0, at=row.struck_at
        ),
        **{name: getattr(row, name) for name in _SAME},
    )


@lru_cache(maxsize=512)  # nearly all feeds have the same, none; likewise below
def _skips(told: str) -> tuple[frozenset[int], frozenset[int]]:
    hours, days = json.loads(told)
    return frozenset(hours), frozenset(days)


_warnings: Final = lru_cache(maxsize=512)(warnings_from)
_SAME: Final = (
    "url",
    "title",
    "language",
    "link",
    "body_hash",
    "gone",
    "added_at",
    "last_attempt",
    "last_success",
    "last_changed",
    "failing_since",
    "failures",
    "http_status",
    "next_due",
    "next_due_reason",
    "whole_at",
    "suggested_at",
    "new",
    "updated",
    "unchanged",
    "quarantined",
    "loss",
)


def seconds(value: float | None) -> timedelta | None:
    """Read a stored duration."""
    return None if value is None else timedelta(seconds=value)


def record_attempts(connection: Connection, names: Sequence[str], *, now: datetime) -> None:
    """Note that these feeds are about to be asked."""
    statement = update(feed).where(feed.c.name == bindparam("asked"), feed.c.active).values(last_attempt=now)
    if names:
        connection.execute(statement, [{"asked": name} for name in names])


def reschedule(connection: Connection, nexts: Mapping[str, NextPoll], *, forgive: bool) -> None:
    """Move the next polls of feeds; `forgive` takes back that failures were counted against them."""
    values: dict[str, Any] = {
        "next_due": bindparam("at", type_=feed.c.next_due.type),
        "next_due_reason": bindparam("why"),
    }
    if forgive:
        values["failures"] = case((feed.c.failures > 0, 1), else_=0)
    statement = update(feed).where(feed.c.name == bindparam("asked"), feed.c.active).values(values)
    rows = [{"asked": name, "at": each.at, "why": each.reason} for name, each in nexts.items()]
    if rows:
        connection.execute(statement, rows)


def ask_again(connection: Connection, name: str, *, now: datetime) -> bool:
    """Let a feed that is gone be asked again; its failure stands until it answers."""
    gone = (feed.c.name == storable(name), feed.c.active, feed.c.gone)
    found = connection.scalar(select(feed.c.id).where(*gone)) is not None
    # It was asked a moment ago as far as the floor between two polls goes; a person wants it now.
    again = {
        "gone": False,
        "next_due": now,
        "next_due_reason": "first",
        "last_attempt": None,
        "problem_message": "it was gone (410), and is to be asked again",
    }
    connection.execute(update(feed).where(*gone).values(again))
    return found


def put_suggestion(
    connection: Connection, name: str, suggestion: FeedWarning | None, *, now: datetime
) -> None:
    """Keep that another address was looked for, and the warning that names the one found."""
    found = to_json((suggestion,)) if suggestion else None
    statement = update(feed).where(feed.c.name == storable(name), feed.c.active)
    connection.execute(statement.values(suggested_at=now, suggestion=found))


def request_counts(connection: Connection, *, since: datetime) -> dict[str, tuple[int, int]]:
    """Give for every configured feed the requests since then, and how many of them were answered with 304."""
    unchanged = func.sum(func.cast(request.c.not_modified, feed.c.failures.type))
    counted = (
        select(feed.c.name, func.count(), unchanged)
        .join_from(feed, request)
        .where(feed.c.active, request.c.at >= since)
        .group_by(feed.c.name)
    )
    return {name: (requests, same or 0) for name, requests, same in connection.execute(counted)}
