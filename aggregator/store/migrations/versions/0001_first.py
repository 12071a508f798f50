"""The first tables.

Revision ID: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = TEXT
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, those first that others refer to."""
    for make in (
        _config_version,
        _counter,
        _feed,
        _note,
        _round,
        _entry,
        _request,
        _article,
        _document_position,
        _entry_version,
        _page,
        _story,
        _story_key,
        _membership,
        _section_story,
    ):
        make()
    op.execute("INSERT INTO counter (name, value) VALUES ('revision', 0), ('sequence', 0)")


def _only(condition: str, *, sqlite: str = "") -> dict[str, Any]:
    """Index the rows that fit; SQLite's planner wants the condition as its queries have it."""
    return {"sqlite_where": sa.text(sqlite or condition), "postgresql_where": sa.text(condition)}


def _config_version() -> None:
    op.create_table(
        "config_version",
        sa.Column("id", ID, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("saved_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_config_version"),
    )


def _counter() -> None:
    op.create_table(
        "counter",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )


def _feed() -> None:
    op.create_table(
        "feed",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("title", TEXT),
        sa.Column("language", TEXT),
        sa.Column("link", TEXT),
        sa.Column("etag", sa.LargeBinary()),
        sa.Column("last_modified", sa.LargeBinary()),
        sa.Column("body_hash", sa.LargeBinary()),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("last_attempt", TIME),
        sa.Column("last_success", TIME),
        sa.Column("last_changed", TIME),
        sa.Column("failing_since", TIME),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem_kind", TEXT),
        sa.Column("problem_message", TEXT),
        sa.Column("http_status", sa.Integer()),
        sa.Column("next_due", TIME, nullable=False),
        sa.Column("next_due_reason", TEXT, nullable=False),
        sa.Column("interval", sa.Float(53)),
        sa.Column("moved_to", TEXT),
        sa.Column("moved_seen", TIME),
        sa.Column("ttl", sa.Float(53)),
        sa.Column("skips", TEXT, nullable=False),
        sa.Column("warnings", TEXT, nullable=False),
        sa.Column("polled_at", TIME),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("loss", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feed"),
    )
    op.create_index("ix_feed_name", "feed", ["name"])
    op.create_index("ix_feed_next_due", "feed", ["next_due"])
    op.create_index("uq_feed_active_name", "feed", ["name"], unique=True, **_only("active"))


def _note() -> None:
    op.create_table(
        "note",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_note"),
    )


def _round() -> None:
    op.create_table(
        "round",
        sa.Column("number", ID, nullable=False),
        sa.Column("options", TEXT, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("progress", TEXT, nullable=False),
        sa.Column("result", TEXT),
        sa.Column("finished_at", TIME),
        sa.PrimaryKeyConstraint("number", name="pk_round"),
    )


def _entry() -> None:
    op.create_table(
        "entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("feed", ID, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("guid", TEXT),
        sa.Column("url", TEXT),
        sa.Column("canonical_url", TEXT),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("effective", TIME, nullable=False),
        sa.Column("effective_utc", TIME, nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("retry_at", TIME),
        sa.Column("page_error", TEXT),
        sa.Column("fields", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["feed"], ["feed.id"], name="fk_entry_feed"),
        sa.PrimaryKeyConstraint("id", name="pk_entry"),
        sa.UniqueConstraint("feed", "key", name="uq_entry_feed_key"),
    )
    op.create_index("ix_entry_canonical_url", "entry", ["canonical_url"], postgresql_using="hash")
    op.create_index("ix_entry_last_seen", "entry", ["last_seen"])
    op.create_index("ix_entry_retry", "entry", ["retry_at"], **_only("retry_at IS NOT NULL"))
    op.create_index("ix_entry_state", "entry", ["state"])
    op.create_index("ix_entry_url", "entry", ["url"], postgresql_using="hash")
    op.create_index("ix_entry_waiting", "entry", ["effective_utc"], **_only("state = 'waiting'"))


def _request() -> None:
    op.create_table(
        "request",
        sa.Column("feed", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("not_modified", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed.id"], name="fk_request_feed"),
        sa.PrimaryKeyConstraint("feed", "at", name="pk_request"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_request_at", "request", ["at"])


def _article() -> None:
    op.create_table(
        "article",
        sa.Column("entry", ID, autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("text_hash", sa.BigInteger(), nullable=False),
        sa.Column("published", TIME, nullable=False),
        sa.Column("published_utc", TIME, nullable=False),
        sa.Column("canonical_url", TEXT),
        sa.Column("headline", TEXT, nullable=False),
        sa.Column("categories", TEXT, nullable=False),
        sa.Column("fields", TEXT, nullable=False),
        sa.Column("regions", TEXT, nullable=False),
        sa.Column("text", TEXT),
        sa.Column("html", TEXT),
        sa.ForeignKeyConstraint(["entry"], ["entry.id"], name="fk_article_entry"),
        sa.PrimaryKeyConstraint("entry", name="pk_article"),
        sa.UniqueConstraint("sequence", name="uq_article_sequence"),
    )
    op.create_index("ix_article_canonical_url", "article", ["canonical_url"], postgresql_using="hash")
    op.create_index("ix_article_text_hash", "article", ["text_hash"], **_only("text_hash != 0"))


def _document_position() -> None:
    op.create_table(
        "document_position",
        sa.Column("feed", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("entry", ID, nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed.id"], name="fk_document_position_feed"),
        sa.ForeignKeyConstraint(["entry"], ["entry.id"], name="fk_document_position_entry"),
        sa.PrimaryKeyConstraint("feed", "position", name="pk_document_position"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_document_position_entry", "document_position", ["entry"])


def _entry_version() -> None:
    op.create_table(
        "entry_version",
        sa.Column("entry", ID, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entry.id"], name="fk_entry_version_entry"),
        sa.PrimaryKeyConstraint("entry", "hash", name="pk_entry_version"),
    )


def _page() -> None:
    op.create_table(
        "page",
        sa.Column("entry", ID, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("content_type", TEXT),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entry.id"], name="fk_page_entry"),
        sa.PrimaryKeyConstraint("entry", "hash", name="pk_page"),
    )
    op.create_index("ix_page_fetched_at", "page", ["fetched_at"])


def _story() -> None:
    op.create_table(
        "story",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("lead", ID, nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("published", TIME),
        sa.Column("date_utc", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("substance", TEXT, nullable=False),
        sa.Column("placed", sa.Boolean(), nullable=False),
        sa.Column("merged_into", TEXT),
        sa.ForeignKeyConstraint(["lead"], ["entry.id"], name="fk_story_lead"),
        sa.ForeignKeyConstraint(["merged_into"], ["story.id"], name="fk_story_merged_into"),
        sa.PrimaryKeyConstraint("id", name="pk_story"),
    )
    op.create_index("ix_story_date_utc", "story", ["date_utc"])
    op.create_index("ix_story_first_seen", "story", ["first_seen"])
    op.create_index("ix_story_lead", "story", ["lead"])
    op.create_index("ix_story_merged_into", "story", ["merged_into"], **_only("merged_into IS NOT NULL"))
    op.create_index(
        "ix_story_unfrozen",
        "story",
        ["id"],
        **_only("placed AND published IS NULL", sqlite="placed = 1 AND published IS NULL"),
    )


def _story_key() -> None:
    op.create_table(
        "story_key",
        sa.Column("k", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entry.id"], name="fk_story_key_entry"),
        sa.PrimaryKeyConstraint("k", "entry", name="pk_story_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_story_key_entry", "story_key", ["entry"])


def _membership() -> None:
    op.create_table(
        "membership",
        sa.Column("entry", ID, autoincrement=False, nullable=False),
        sa.Column("story", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("score", sa.Float(53), nullable=False),
        sa.Column("partner", ID),
        sa.Column("compared", TEXT, nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entry.id"], name="fk_membership_entry"),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_membership_story"),
        sa.PrimaryKeyConstraint("entry", name="pk_membership"),
    )
    op.create_index("ix_membership_story", "membership", ["story"])


def _section_story() -> None:
    op.create_table(
        "section_story",
        sa.Column("section", TEXT, nullable=False),
        sa.Column("story", TEXT, nullable=False),
        sa.Column("because", TEXT, nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
        sa.Column("left_at", TIME),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_section_story_story"),
        sa.PrimaryKeyConstraint("section", "story", name="pk_section_story"),
    )
    op.create_index("ix_section_story_entered_at", "section_story", ["section", "entered_at"])
    op.create_index("ix_section_story_story", "section_story", ["story"])
