"""What is known of entries: by key, by what waits, by what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.sql.selectable import FromClause

from aggregator.model import KnownEntry, StoredEntry, WaitingEntry
from aggregator.store import codec
from aggregator.store.schema import (
    article,
    document_position,
    entry,
    entry_version,
    feed,
    membership,
    storable,
    story,
)
from aggregator.store.sql import chunks

STATES: Final = ("published", "duplicate", "filtered", "quarantined", "held", "waiting")
_LOADED_AT_ONCE: Final = 200

# What an entry is as long as nothing else is asked of it; the rest is said by its story.
_STATE: Final = case(
    (entry.c.state != "read", entry.c.state),
    (story.c.lead != entry.c.id, "duplicate"),
    (story.c.placed, "published"),
    else_="filtered",
)
_WITH_STORY: Final = entry.outerjoin(membership, membership.c.entry == entry.c.id).outerjoin(
    story, story.c.id == membership.c.story
)
_WITH_RAW: Final = and_(entry_version.c.entry == entry.c.id, entry_version.c.hash == entry.c.hash)


# The statements of a document are made once: to build one costs SQLAlchemy as much as to run it.
_IN_DOCUMENT: Final = document_position.c.feed == bindparam("feed_row")
_STANDING: Final = select(document_position.c.entry).where(_IN_DOCUMENT)
_HASHES: Final = (
    select(entry.c.key, entry.c.hash)
    .join_from(document_position, entry, entry.c.id == document_position.c.entry)
    .where(_IN_DOCUMENT)
)
_OF_FEED: Final = select(entry.c.id).where(entry.c.feed == bindparam("feed_row"))
_BY_KEY: Final = _OF_FEED.where(entry.c.key.in_(bindparam("some", expanding=True)))
_BY_URL: Final = _OF_FEED.where(entry.c.canonical_url.in_(bindparam("some", expanding=True)))
_KNOWN: Final = select(
    entry.c.id,
    entry.c.key,
    entry.c.hash,
    entry.c.guid,
    entry.c.canonical_url,
    entry.c.fields,
    entry.c.effective,
).where(entry.c.id.in_(bindparam("some", expanding=True)))


def listed_hashes(connection: Connection, name: str) -> dict[str, str]:
    """Give key and hash of every entry that stands in the feed's last document."""
    row = connection.scalar(_row_of(name))
    return {each.key: each.hash for each in connection.execute(_HASHES, {"feed_row": row})}


def known(
    connection: Connection, name: str, *, keys: Collection[str], urls: Collection[str]
) -> list[KnownEntry]:
    """Give what stands in the feed's last document, and whatever else of it has one of these keys or addresses."""
    row = connection.scalar(_row_of(name))
    standing = set(connection.scalars(_STANDING, {"feed_row": row}))
    numbers = set(standing)
    for statement, values in ((_BY_KEY, keys), (_BY_URL, urls)):
        for some in chunks(sorted({storable(value) for value in values})):
            numbers.update(connection.scalars(statement, {"feed_row": row, "some": some}))
    asked = {storable(key): key for key in keys}  # a key is given back as it was asked for
    found: list[KnownEntry] = []
    for part in chunks(sorted(numbers)):
        rows = connection.execute(_KNOWN, {"some": part})
        found += [_known(each, asked.get(each.key, each.key), listed=each.id in standing) for each in rows]
    return found


def _known(row: Any, key: str, *, listed: bool) -> KnownEntry:
    title, published = codec.title_and_date(row.fields)
    return KnownEntry(
        key=key,
        hash=row.hash,
        guid=row.guid,
        canonical_url=row.canonical_url,
        title=title,
        published=published,
        effective=row.effective,
        listed=listed,
    )


def _row_of(name: str) -> Select[tuple[int]]:
    """Find the feed of a name; the one that is configured before one that was."""
    named = select(feed.c.id).where(feed.c.name == storable(name))
    return named.order_by(feed.c.active.desc(), feed.c.id.desc()).limit(1)


def held(connection: Connection, name: str) -> list[StoredEntry]:
    """Give what a guard holds of a feed, newest first."""
    rows = connection.execute(
        select(entry.c.id, null())
        .where(entry.c.feed == _row_of(name).scalar_subquery(), entry.c.state == "held")
        .order_by(entry.c.effective_utc.desc(), entry.c.id)
    ).all()
    return [each for some in chunks(rows, _LOADED_AT_ONCE) for each in _load(connection, some)]


def release(connection: Connection, name: str, keys: Collection[str]) -> None:
    """Let these entries of a feed be read, those of them that are held."""
    held = (entry.c.feed == _row_of(name).scalar_subquery(), entry.c.state == "held")
    for some in chunks(sorted({storable(key) for key in keys})):
        statement = update(entry).where(*held, entry.c.key.in_(some))
        connection.execute(statement.values(state="waiting", reason=""))


def held_counts(connection: Connection) -> dict[str, int]:
    """Count what is held, by feed."""
    counted = (
        select(feed.c.name, func.count())
        .join_from(entry, feed, feed.c.id == entry.c.feed)
        .where(entry.c.state == "held")
        .group_by(feed.c.name)
    )
    return {name: int(number) for name, number in connection.execute(counted)}


def feeds_with_any(connection: Connection) -> frozenset[str]:
    """Name the feeds, configured or not, of which entries are stored."""
    return frozenset(connection.scalars(select(feed.c.name).where(exists().where(entry.c.feed == feed.c.id))))


def _to_read(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What waits, and what was read without its page and may have it now: an index for each."""
    # Written out, not bound: else neither engine sees that the index of waiting entries fits.
    waits = entry.c.state == literal("waiting", literal_execute=True)
    # Hidden from SQLite's planner, which would go by the state and walk through all that was ever read.
    is_read = func.coalesce(entry.c.state, "") == "read"
    return waits, and_(entry.c.retry_at <= now, is_read)


def waiting(connection: Connection, *, now: datetime, limit: int) -> list[WaitingEntry]:
    """Give what is to be read, and what was read without its page and may have it now, in reading order."""
    order = (entry.c.effective_utc, feed.c.name, entry.c.key)
    found: list[Any] = []
    for wanted in _to_read(now):
        statement = select(*order, entry.c.id).join_from(entry, feed, feed.c.id == entry.c.feed)
        found += connection.execute(statement.where(wanted).order_by(*order).limit(limit))
    numbers = [row.id for row in sorted(found, key=lambda row: tuple(row)[:3])[:limit]]
    rows: dict[int, Any] = {}
    for some in chunks(numbers):
        rows |= {row.id: row for row in connection.execute(_whole(entry).where(entry.c.id.in_(some)))}
    return [_waiting(rows[number]) for number in numbers]


def _waiting(row: Any) -> WaitingEntry:
    return WaitingEntry(
        row=row.id,
        entry=codec.entry_from(row),
        first_seen=row.first_seen,
        effective=row.effective,
        tries=row.tries,
        page_error=row.page_error,
    )


def waiting_count(connection: Connection, *, now: datetime) -> int:
    """Count what `waiting` would give without a limit."""
    counts = (select(func.count()).select_from(entry).where(wanted) for wanted in _to_read(now))
    return sum(connection.scalar(each) or 0 for each in counts)


def _whole(joined: FromClause, *more: ColumnElement[Any]) -> Select[Any]:
    """Select all that `codec.entry_from` needs, and what waits with it."""
    return (
        select(entry, feed.c.name, entry_version.c.raw, *more)
        .select_from(joined)
        .join(feed, feed.c.id == entry.c.feed)
        .outerjoin(entry_version, _WITH_RAW)
    )


def quarantine(connection: Connection, row: int, reason: str) -> None:
    """Set an entry aside that could not be handled; a later edit of it is tried again."""
    connection.execute(
        update(entry).where(entry.c.id == row).values(state="quarantined", reason=reason, retry_at=None)
    )


def stored(connection: Connection, *, name: str | None) -> Iterator[StoredEntry]:
    """Give a feed's last document in its order, repeats included, then its older entries, newest first.

    Without a name: of every feed, configured or not, by id.
    """
    feeds = select(feed.c.id).order_by(feed.c.name, feed.c.id)
    if name is not None:
        feeds = feeds.where(feed.c.name == name)
    for row in connection.scalars(feeds).all():
        standing = connection.execute(
            select(document_position.c.entry, document_position.c.position)
            .where(document_position.c.feed == row)
            .order_by(document_position.c.position)
        ).all()
        older = connection.execute(
            select(entry.c.id, null())
            .where(entry.c.feed == row, ~exists().where(document_position.c.entry == entry.c.id))
            .order_by(entry.c.effective_utc.desc(), entry.c.id.desc())
        ).all()
        for some in chunks([*standing, *older], _LOADED_AT_ONCE):
            yield from _load(connection, some)


def _load(connection: Connection, places: Sequence[Any]) -> Iterator[StoredEntry]:
    joined = _WITH_STORY.outerjoin(article, article.c.entry == entry.c.id)
    statement = _whole(joined, _STATE.label("became"), membership.c.story, article.c.regions).where(
        entry.c.id.in_([row for row, _ in places])
    )
    rows = {row.id: row for row in connection.execute(statement)}
    for number, position in places:
        row = rows[number]
        yield StoredEntry(
            entry=codec.entry_from(row, position=position),
            position=position,
            state=row.became,
            story_id=row.story,
            first_seen=row.first_seen,
            regions=codec.regions_from(row.regions) if row.regions else (),
            reason=row.reason,
        )


def ledger(connection: Connection) -> dict[str, int]:
    """Count every entry ever accepted by what became of it; `accepted` is the sum.

    An entry that was read leads its story or is a duplicate; so the leads are counted, and the rest is left.
    """
    stood = select(entry.c.state, func.count()).group_by(entry.c.state)
    found = {state: int(number) for state, number in connection.execute(stood)}
    led = (
        select(story.c.placed, func.count())
        .join_from(story, entry, entry.c.id == story.c.lead)
        .where(entry.c.state == "read")
        .group_by(story.c.placed)
    )
    leads = {placed: int(number) for placed, number in connection.execute(led)}
    found["published"], found["filtered"] = leads.get(True, 0), leads.get(False, 0)
    found["duplicate"] = found.pop("read", 0) - found["published"] - found["filtered"]
    states = {state: found.get(state, 0) for state in STATES}
    return {"accepted": sum(states.values()), **states}
