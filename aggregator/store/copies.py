"""The copies of stories and what sections decide on, loaded for many stories at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from aggregator.model import Article, Copy, Region, StoryView
from aggregator.store import codec
from aggregator.store.schema import article, entry, feed, membership, story
from aggregator.store.sql import chunks

# What `codec.article_from` reads.
ARTICLE: Final = (
    article.c.headline,
    article.c.fields.label("article_fields"),
    article.c.text,
    article.c.html,
    article.c.regions,
)
_COPY: Final = (
    membership.c.story,
    membership.c.rule,
    membership.c.score,
    entry.c.id,
    feed.c.name,
    entry.c.guid,
    entry.c.url,
    article.c.published,
    entry.c.first_seen,
    article.c.length,
    article.c.categories,
)
_COPIES: Final = (
    select(*_COPY)
    .join_from(membership, entry, entry.c.id == membership.c.entry)
    .join(feed, feed.c.id == entry.c.feed)
    .join(article, article.c.entry == entry.c.id)
    .where(membership.c.story.in_(bindparam("stories", expanding=True)))
    .order_by(entry.c.first_seen, entry.c.id)
)


def of_stories(connection: Connection, stories: Sequence[str]) -> dict[str, list[Copy]]:
    """Give the copies of these stories, the first seen first; none of them is marked as the lead."""
    found: dict[str, list[Copy]] = defaultdict(list)
    for some in chunks(stories):
        for row in connection.execute(_COPIES, {"stories": some}):
            found[row.story].append(_copy(row))
    return found


def _copy(row: Any) -> Copy:
    return Copy(
        row=row.id,
        feed_id=row.name,
        guid=row.guid,
        url=row.url,
        published=row.published,
        first_seen=row.first_seen,
        length=row.length,
        rule=row.rule,
        score=row.score,
        categories=codec.strings_from(row.categories),
    )


def lead_first(copies: Iterable[Copy], lead: int) -> tuple[Copy, ...]:
    """Put the lead first and mark it; the others keep their order."""
    marked = [replace(copy, lead=copy.row == lead) for copy in copies]
    return tuple(sorted(marked, key=lambda copy: not copy.lead))


def view(
    story_id: str, ordered: Sequence[Copy], article_of_lead: Article, regions: tuple[Region, ...]
) -> StoryView:
    """Give what sections decide on; the lead is the first of the copies."""
    return StoryView(
        id=story_id,
        article=article_of_lead,
        regions=regions,
        lead_feed=ordered[0].feed_id,
        feeds=tuple(dict.fromkeys(copy.feed_id for copy in ordered)),
        categories=tuple(dict.fromkeys(category for copy in ordered for category in copy.categories)),
    )


def lead_articles(connection: Connection, stories: Sequence[str]) -> dict[str, Any]:
    """Give the row of each story with its lead's article; a story whose texts are pruned has `text` None."""
    found: dict[str, Any] = {}
    for some in chunks(stories):
        statement = (
            select(story.c.id, story.c.lead, story.c.placed, article.c.entry, *ARTICLE)
            .join_from(story, article, article.c.entry == story.c.lead)
            .where(story.c.id.in_(some))
        )
        found |= {row.id: row for row in connection.execute(statement)}
    return found
