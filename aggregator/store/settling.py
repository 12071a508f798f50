"""Bringing a story up to date when one of its copies came or changed: its lead, its dates, its sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from aggregator.model import Article, Copy, ReadArticle, Region, StoryRules
from aggregator.store import codec, copies
from aggregator.store.placing import Places, known_places
from aggregator.store.schema import article, story


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lead:
    """The copy that stands for the story, with its article."""

    copy: Copy
    article: Article
    regions: tuple[Region, ...]


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
    row = connection.execute(select(story).where(story.c.id == story_id)).one()
    found = copies.of_stories(connection, [story_id])[story_id]
    lead = _lead(connection, rules.lead(found), read)
    ordered = copies.lead_first(found, lead.copy.row)
    selected = rules.select(copies.view(story_id, ordered, lead.article, lead.regions))
    places = Places(now=now)
    moved = places.put(story_id, selected, known_places(connection, [story_id])[story_id])
    places.write(connection)
    values = _values(row, ordered, lead, rules, now)
    values["placed"] = row.placed or bool(places.new)
    connection.execute(update(story).where(story.c.id == story_id).values(values))
    return bool(values["placed"]) and (moved or changed or lead.copy.row != row.lead)


def _lead(connection: Connection, chosen: Copy, read: ReadArticle) -> _Lead:
    if chosen.row == read.waiting.row:
        return _Lead(copy=chosen, article=read.article, regions=read.regions)
    row = connection.execute(select(*copies.ARTICLE).where(article.c.entry == chosen.row)).one()
    return _Lead(copy=chosen, article=codec.article_from(row), regions=codec.regions_from(row.regions))


def _values(
    row: Any, ordered: Sequence[Copy], lead: _Lead, rules: StoryRules, now: datetime
) -> dict[str, Any]:
    """Give what the story's row becomes.

    Once it is published its date stays for ever, and `updated` moves only with the substance; before that both
    follow the lead.
    """
    substance = rules.substance(lead.article)
    values = {
        "lead": lead.copy.row,
        "substance": substance,
        "first_seen": min(copy.first_seen for copy in ordered),
    }
    if row.published is None:
        return values | {"date_utc": lead.copy.published, "updated": lead.copy.published}
    return values | ({"updated": now} if substance != row.substance else {})
