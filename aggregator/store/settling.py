"""Founding a story, and bringing it up to date when a copy came or changed: its lead, its dates, its sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from aggregator.model import Article, Copy, ReadArticle, Region, StoryRules
from aggregator.store import codec, copies
from aggregator.store.placing import Places, known_places
from aggregator.store.schema import article, story
from aggregator.store.sql import insert_one_unknown

_MINTS: Final = 1000  # suffixes tried before something must be wrong
_STORY: Final = select(story).where(story.c.id == bindparam("story_id"))
_LEAD: Final = select(*copies.ARTICLE).where(article.c.entry == bindparam("lead_entry"))
_CHANGED: Final = ("lead", "substance", "first_seen", "date_utc", "updated", "placed")
_CHANGE: Final = (
    update(story)
    .where(story.c.id == bindparam("story_id"))
    .values({name: bindparam(f"v_{name}", type_=story.c[name].type) for name in _CHANGED})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lead:
    """The copy that stands for the story, with its article."""

    copy: Copy
    article: Article
    regions: tuple[Region, ...]


def found(
    connection: Connection, read: ReadArticle, known: Any, rules: StoryRules, *, now: datetime
) -> tuple[str, bool]:
    """Found a story of one copy; give its id, and whether a section takes it.

    Where its id is another story's, as after a feed's id was given to another feed, a suffix helps.
    """
    copy = Copy(
        row=read.waiting.row,
        feed_id=known.name,
        guid=known.guid,
        url=known.url,
        published=read.published,
        first_seen=known.first_seen,
        length=len(read.article.text),
        rule="first",
        score=1.0,
        lead=True,
        categories=read.article.categories,
    )
    values = {
        "lead": copy.row,
        "first_seen": copy.first_seen,
        "published": None,
        "date_utc": copy.published,
        "updated": copy.published,
        "substance": rules.substance(read.article),
        "merged_into": None,
    }
    for number in range(1, _MINTS):
        story_id = rules.mint(known.name, known.key if number == 1 else f"{known.key}#{number}")
        selected = rules.select(copies.view(story_id, [copy], read.article, read.regions))
        if insert_one_unknown(connection, story, {"id": story_id, "placed": bool(selected), **values}):
            places = Places(now=now)
            places.put(story_id, selected, {})
            places.write(connection)
            return story_id, bool(selected)
    raise ValueError(f"no id is left for the story of {known.key!r} of {known.name!r}")


def settle(
    connection: Connection,
    story_id: str,
    read: ReadArticle,
    rules: StoryRules,
    *,
    changed: bool,
    now: datetime,
) -> bool:
    """Choose the lead anew, move the dates, find the sections; say whether subscribers may see a difference.

    `changed` says that this copy is new in the story or its article differs from the stored one.
    """
    row = connection.execute(_STORY, {"story_id": story_id}).one()
    known = copies.of_stories(connection, [story_id])[story_id]
    lead = _lead(connection, rules.lead(known), read)
    ordered = copies.lead_first(known, lead.copy.row)
    selected = rules.select(copies.view(story_id, ordered, lead.article, lead.regions))
    places = Places(now=now)
    moved = places.put(story_id, selected, known_places(connection, [story_id])[story_id])
    places.write(connection)
    values = _values(row, ordered, lead, rules, now) | {"placed": row.placed or bool(places.new)}
    if any(getattr(row, name) != value for name, value in values.items()):
        changes = {f"v_{name}": value for name, value in values.items()}
        connection.execute(_CHANGE, {"story_id": story_id, **changes})
    return bool(values["placed"]) and (moved or changed or lead.copy.row != row.lead)


def _lead(connection: Connection, chosen: Copy, read: ReadArticle) -> _Lead:
    if chosen.row == read.waiting.row:
        return _Lead(copy=chosen, article=read.article, regions=read.regions)
    row = connection.execute(_LEAD, {"lead_entry": chosen.row}).one()
    return _Lead(copy=chosen, article=codec.article_from(row), regions=codec.regions_from(row.regions))


def _values(
    row: Any, ordered: Sequence[Copy], lead: _Lead, rules: StoryRules, now: datetime
) -> dict[str, Any]:
    """Give what the story's row becomes.

    Once it is published its date stays for ever, and `updated` moves only with the substance; before that both
    follow the lead.
    """
    frozen = row.published is not None
    substance = rules.substance(lead.article)
    updated = now if substance != row.substance else row.updated
    return {
        "lead": lead.copy.row,
        "substance": substance,
        "first_seen": min(copy.first_seen for copy in ordered),
        "date_utc": row.date_utc if frozen else lead.copy.published,
        "updated": updated if frozen else lead.copy.published,
    }
