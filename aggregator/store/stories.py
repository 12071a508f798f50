"""Stories with all that is shown of them: of a section, of a question, of a link."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, exists, func, select, union

from aggregator.core.urls import canonical_url
from aggregator.model import Copy, Membership, Story
from aggregator.store import codec, copies
from aggregator.store.placing import known_places
from aggregator.store.schema import article, entry, feed, membership, section_story, storable, story
from aggregator.store.sql import chunks

_LOADED_AT_ONCE: Final = 100
_PREFIX: Final = "urn:uuid:"
_LETTERS: Final = re.compile(r"[0-9a-f-]{8,36}")  # enough of a uuid to mean one story


def load(connection: Connection, stories: Sequence[str]) -> list[Story]:
    """Load stories whole, in the order given, with a few queries for all of them."""
    rows: dict[str, Any] = {}
    for some in chunks(stories):
        statement = (
            select(
                story, entry.c.url, entry.c.canonical_url.label("given_url"), entry.c.fields, entry.c.body,
                article.c.canonical_url, *copies.ARTICLE,
            )
            .join_from(story, entry, entry.c.id == story.c.lead)
            .join(article, article.c.entry == story.c.lead)
            .where(story.c.id.in_(some))
        )  # fmt: skip
        rows |= {row.id: row for row in connection.execute(statement)}
    known = copies.of_stories(connection, stories)
    places = known_places(connection, stories)
    return [_story(rows[each], known[each], places[each]) for each in stories if each in rows]


def _story(row: Any, known: Sequence[Copy], places: dict[str, Any]) -> Story:
    ordered = copies.lead_first(known, row.lead)
    published = row.published or ordered[0].published
    summary, html, enclosures = codec.given_of(row)
    return Story(
        id=row.id,
        url=row.canonical_url or row.given_url or row.url,
        article=codec.article_from(row),
        regions=codec.regions_from(row.regions),
        published=published,
        updated=row.updated.astimezone(published.tzinfo),
        first_seen=row.first_seen,
        copies=ordered,
        sections=tuple(
            Membership(section_id=section, because=place.because)
            for section, place in sorted(places.items())
            if place.left_at is None
        ),
        enclosures=enclosures,
        given_html=html,
        given_summary=summary,
        topic=row.id,
    )


def of_section(
    connection: Connection, section: str, *, entries: int, span: timedelta | None, most: int
) -> list[Story]:
    """Give what a section's feed holds: its newest stories by the time they entered, sorted by date, then id.

    At least `entries` of them, and all that entered within `span` before the newest did, up to `most`.
    """
    newest = connection.execute(
        select(section_story.c.story, section_story.c.entered_at)
        .join(story, story.c.id == section_story.c.story)
        .where(section_story.c.section == section, section_story.c.archived.is_(False))
        .order_by(section_story.c.entered_at.desc(), story.c.date_utc.desc(), story.c.id)
        .limit(max(entries, most if span is not None else 0))
    ).all()
    if not newest:
        return []
    since = newest[0].entered_at - span if span is not None else None
    chosen = [
        row.story
        for number, row in enumerate(newest)
        if number < entries or (since is not None and row.entered_at >= since)
    ]
    return sorted(load(connection, chosen), key=lambda each: (-each.published.timestamp(), each.id))


def section_counts(connection: Connection) -> dict[str, tuple[int, datetime | None]]:
    """Give for every section how many stories are in it, and when the newest change of one was."""
    counted = (
        select(section_story.c.section, func.count(), func.max(story.c.updated, type_=story.c.updated.type))
        .join(story, story.c.id == section_story.c.story)
        .where(section_story.c.left_at.is_(None))
        .group_by(section_story.c.section)
    )
    return {section: (number, updated) for section, number, updated in connection.execute(counted)}


def find(
    connection: Connection,
    *,
    section: str | None,
    region: str | None,
    name: str | None,
    since: datetime | None,
) -> Iterator[Story]:
    """Give the stories that fit all that is asked, newest first."""
    asked = select(story.c.id).where(story.c.merged_into.is_(None))
    if section is not None:
        here = (section_story.c.story == story.c.id, section_story.c.section == section)
        asked = asked.where(exists().where(*here, section_story.c.left_at.is_(None)))
    if name is not None:
        asked = asked.where(_of_feed(name))
    if since is not None:
        asked = asked.where(story.c.first_seen >= since)
    if region is not None:
        code = codec.to_json(region)
        tagged = article.c.regions.contains(f'{{"code":{code},', autoescape=True)
        asked = asked.where(exists().where(article.c.entry == story.c.lead, tagged))
    rows = connection.scalars(asked.order_by(story.c.date_utc.desc(), story.c.id)).all()
    for some in chunks(rows, _LOADED_AT_ONCE):
        yield from load(connection, some)


def _of_feed(name: str) -> Any:
    copy = membership.join(entry, entry.c.id == membership.c.entry).join(feed, feed.c.id == entry.c.feed)
    return exists(select(1).select_from(copy).where(membership.c.story == story.c.id, feed.c.name == name))


def of_link(connection: Connection, link_or_id: str) -> list[Story]:
    """Give the stories that a person may mean: by any link of a copy, by id, or by 8 letters of the id or more."""
    asked = storable(link_or_id.strip())
    if asked.startswith(("http://", "https://")):
        return load(connection, connection.scalars(_linked(asked)).all())
    letters = asked.lower().removeprefix(_PREFIX)
    if not _LETTERS.fullmatch(letters):
        return []
    first = _PREFIX + letters
    fitting = select(story.c.id).where(story.c.id >= first, story.c.id < first + "g")
    return load(connection, connection.scalars(fitting.order_by(story.c.id)).all())


def _linked(link: str) -> Select[Any]:
    canonical = canonical_url(link)
    entries = union(
        select(entry.c.id).where(entry.c.url == link),
        select(entry.c.id).where(entry.c.canonical_url == canonical),
        select(article.c.entry).where(article.c.canonical_url == canonical),
    )
    read = membership.join(article, article.c.entry == membership.c.entry)
    return (
        select(membership.c.story)
        .select_from(read)
        .where(membership.c.entry.in_(entries))
        .distinct()
        .order_by(membership.c.story)
    )
