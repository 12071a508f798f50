"""Letting go of what has been kept long enough: pages, then texts; what was seen is known far longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, null, or_, select, update

from aggregator.store import drift, hosts, repeats
from aggregator.store.schema import (
    article,
    document_position,
    entry,
    entry_version,
    feed,
    membership,
    page,
    request,
    round_,
    section_story,
    story,
    story_key,
)
from aggregator.store.sql import chunks

KEYS: Final = 10  # times as long as texts: no entry is taken for new as long as its key is known
REQUESTS: Final = timedelta(days=7)
# A section's feed never holds more: what subscribers can still see keeps its texts.
SPARED: Final = 300


def prune(connection: Connection, *, now: datetime, keep: timedelta, keep_pages: timedelta) -> None:
    """Drop what is older than its time: requests, pages, texts, and after ten times as long the keys."""
    connection.execute(delete(request).where(request.c.at < now - REQUESTS))
    connection.execute(delete(round_).where(round_.c.finished_at < now - REQUESTS))
    connection.execute(delete(page).where(page.c.fetched_at < now - keep_pages))
    hosts.prune(connection, now=now)
    drift.prune(connection, now - keep)
    repeats.prune(connection, now - keep)
    _texts(connection, now - keep)
    _keys(connection, now - KEYS * keep)


def _unseen(before: datetime) -> ColumnElement[bool]:
    """Last seen before then: an entry of a feed's last document is seen with every answer of the feed."""
    standing = (
        select(1)
        .join_from(document_position, feed, feed.c.id == document_position.c.feed)
        .where(document_position.c.entry == entry.c.id, feed.c.last_success >= before)
    )
    return and_(entry.c.last_seen < before, ~exists(standing))


def _spared(connection: Connection) -> set[str]:
    """The newest stories of every section."""
    spared: set[str] = set()
    for section in connection.scalars(select(section_story.c.section).distinct()).all():
        newest = (
            select(section_story.c.story)
            .join(story, story.c.id == section_story.c.story)
            .where(section_story.c.section == section)
            .order_by(section_story.c.entered_at.desc(), story.c.date_utc.desc(), story.c.id)
            .limit(SPARED)
        )
        spared.update(connection.scalars(newest))
    return spared


def _texts(connection: Connection, before: datetime) -> None:
    old = (
        select(entry.c.id, membership.c.story)
        .outerjoin(membership, membership.c.entry == entry.c.id)
        .where(entry.c.body.is_not(None), entry.c.state.in_(("read", "quarantined")), _unseen(before))
    )
    rows = connection.execute(old).all()
    spared = _spared(connection) if rows else set()
    for some in chunks([row.id for row in rows if row.story not in spared]):
        connection.execute(update(entry).where(entry.c.id.in_(some)).values(body=None, retry_at=None))
        connection.execute(
            update(article).where(article.c.entry.in_(some)).values(text=None, html=None, length=0)
        )
        for table in (entry_version, page, story_key):
            connection.execute(delete(table).where(table.c.entry.in_(some)))


def _keys(connection: Connection, before: datetime) -> None:
    """Forget entries, and their stories once all their copies go; a waiting or held one is never forgotten."""
    old = select(entry.c.id).where(entry.c.body.is_(None), _unseen(before))
    other = entry.alias()
    beside = membership.alias()
    younger = (
        select(1)
        .join_from(beside, other, other.c.id == beside.c.entry)
        .where(
            beside.c.story == membership.c.story, or_(other.c.body.is_not(None), other.c.last_seen >= before)
        )
    )
    kept = select(1).where(membership.c.entry == entry.c.id, exists(younger))
    _forget(connection, connection.scalars(old.where(~exists(kept))).all())


def _forget(connection: Connection, rows: Sequence[int]) -> None:
    """Forget entries and the stories of which nothing is left; the copies of one story may be in several pieces."""
    ended: dict[str, None] = {}
    for some in chunks(rows):
        stories = select(membership.c.story).where(membership.c.entry.in_(some)).distinct()
        ended.update(dict.fromkeys(connection.scalars(stories)))
        for table in (membership, article, document_position, entry_version, page, story_key):
            connection.execute(delete(table).where(table.c.entry.in_(some)))
    for some_stories in chunks(list(ended)):
        _end(connection, some_stories)
    for some in chunks(rows):  # last: a story refers to its lead
        connection.execute(delete(entry).where(entry.c.id.in_(some)))


def _end(connection: Connection, stories: Sequence[str]) -> None:
    left = select(membership.c.story).where(membership.c.story.in_(stories)).distinct()
    empty = sorted(set(stories).difference(connection.scalars(left)))
    connection.execute(delete(section_story).where(section_story.c.story.in_(empty)))
    connection.execute(update(story).where(story.c.merged_into.in_(empty)).values(merged_into=null()))
    connection.execute(delete(story).where(story.c.id.in_(empty)))
