"""The indexes of the tables; only who makes a store needs to know of them.

They are apart from the tables, since an index with an option of PostgreSQL's imports that dialect, 45 ms of CPU.
"""

from __future__ import annotations

from sqlalchemy import Index, and_

from aggregator.store.schema import (
    article,
    document_position,
    entry,
    feed,
    membership,
    metadata,
    page,
    request,
    robots,
    section_story,
    story,
    story_key,
)

__all__ = ["metadata"]  # that of the tables, which knows of these from here on

Index("ix_feed_name", feed.c.name)
Index("ix_feed_next_due", feed.c.next_due)
Index(
    "uq_feed_active_name",
    feed.c.name,
    unique=True,
    sqlite_where=feed.c.active,
    postgresql_where=feed.c.active,
)
Index("ix_request_at", request.c.at)
Index("ix_robots_fetched_at", robots.c.fetched_at)
_waiting = entry.c.state == "waiting"
Index("ix_entry_waiting", entry.c.effective_utc, sqlite_where=_waiting, postgresql_where=_waiting)
_retry = entry.c.retry_at.is_not(None)
Index("ix_entry_retry", entry.c.retry_at, sqlite_where=_retry, postgresql_where=_retry)
# Addresses are looked up whole, and may be longer than PostgreSQL's trees take (2,704 bytes).
Index("ix_entry_url", entry.c.url, postgresql_using="hash")
Index("ix_entry_canonical_url", entry.c.canonical_url, postgresql_using="hash")
Index("ix_entry_last_seen", entry.c.last_seen)
Index("ix_entry_state", entry.c.state)
Index("ix_document_position_entry", document_position.c.entry)
Index("ix_page_fetched_at", page.c.fetched_at)
_meant = article.c.text_hash != 0
Index("ix_article_text_hash", article.c.text_hash, sqlite_where=_meant, postgresql_where=_meant)
Index("ix_article_canonical_url", article.c.canonical_url, postgresql_using="hash")
Index("ix_story_key_entry", story_key.c.entry)
Index("ix_story_date_utc", story.c.date_utc)
Index("ix_story_first_seen", story.c.first_seen)
Index("ix_story_lead", story.c.lead)
_merged = story.c.merged_into.is_not(None)
Index("ix_story_merged_into", story.c.merged_into, sqlite_where=_merged, postgresql_where=_merged)
_unfrozen = and_(story.c.placed, story.c.published.is_(None))
Index("ix_story_unfrozen", story.c.id, sqlite_where=_unfrozen, postgresql_where=_unfrozen)
Index("ix_membership_story", membership.c.story)
Index("ix_section_story_story", section_story.c.story)
Index("ix_section_story_entered_at", section_story.c.section, section_story.c.entered_at)
