"""The tables, the same on SQLite and PostgreSQL: facts first, then what was decided about them and why.

Times are UTC text of fixed width, so that they sort; dates with a claimed offset stand beside them as given.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

REVISION: Final = "0004"  # of the newest migration; a test holds the two together

# PostgreSQL sorts text by the language of its database; SQLite and Python by code point.
_TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")
_ID: Final = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers only an INTEGER by itself


class Plain(TypeDecorator[str]):
    """Text from anywhere: NUL, which PostgreSQL refuses, and lone surrogates become U+FFFD."""

    impl = _TEXT
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Make the text storable on both engines."""
        return None if value is None else storable(value)


class Utc(TypeDecorator[datetime]):
    """A moment, as `2022-01-08T05:06:00.000000+00:00`: sorted as text it is sorted by time."""

    impl = _TEXT
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Write an aware datetime."""
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Read it back, in UTC."""
        return None if value is None else datetime.fromisoformat(value)


class Dated(TypeDecorator[datetime]):
    """A date with the offset that its publisher claimed, in RFC 3339."""

    impl = _TEXT
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Write an aware datetime."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Read it back, with its offset."""
        return None if value is None else datetime.fromisoformat(value)


def storable(text: str) -> str:
    """The text as both engines can keep it."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

feed: Final = Table(
    "feed",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Plain, nullable=False),  # the id in feeds.toml
    Column("url", Plain, nullable=False),
    Column("active", Boolean, nullable=False),  # named in feeds.toml
    Column("title", Plain),
    Column("language", Plain),
    Column("link", Plain),
    Column("etag", LargeBinary),
    Column("last_modified", LargeBinary),
    Column("body_hash", LargeBinary),
    Column("gone", Boolean, nullable=False),
    Column("added_at", Utc, nullable=False),
    Column("last_attempt", Utc),
    Column("last_success", Utc),
    Column("last_changed", Utc),
    Column("failing_since", Utc),
    Column("failures", Integer, nullable=False),
    Column("problem_kind", Plain),
    Column("problem_message", Plain),
    Column("http_status", Integer),
    Column("next_due", Utc, nullable=False),
    Column("next_due_reason", Plain, nullable=False),
    Column("interval", Float(53)),  # seconds
    Column("moved_to", Plain),
    Column("moved_seen", Utc),
    Column("ttl", Float(53)),  # seconds
    Column("skips", Plain, nullable=False),  # JSON: hours and days that the feed asks to skip
    Column("warnings", Plain, nullable=False),  # JSON
    Column("polled_at", Utc),  # `at` of the outcome saved last: the same one is not counted twice
    Column("new", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("loss", Float, nullable=False),
    Column("polls", Integer),  # that succeeded
    Column("whole_at", Utc),
    Column("gap", Float(53)),  # seconds between two entries
    Column("listed", Integer),
    Column("published", Utc),
    Column("adopted", Plain),  # the address that is asked in place of `url`
    Column("struck", LargeBinary),  # hash of a document whose reading had to be ended
    Column("strikes", Integer),
    Column("suggested_at", Utc),
    Column("suggestion", Plain),  # JSON: the warning that names another address
    Column("struck_in_row", Integer),  # documents, one after another, whose reading had to be ended
    Column("struck_at", Utc),
)

request: Final = Table(
    "request",
    metadata,
    Column("feed", _ID, ForeignKey("feed.id"), primary_key=True),
    Column("at", Utc, primary_key=True),
    Column("status", Integer),  # None: no answer
    Column("not_modified", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

host_wait: Final = Table(
    "host_wait",
    metadata,
    Column("host", Plain, primary_key=True),  # name:port
    Column("until", Utc, nullable=False),
)

robots: Final = Table(
    "robots",
    metadata,
    Column("origin", Plain, primary_key=True),  # scheme://host:port
    Column("status", Integer),  # None: no answer
    Column("body", LargeBinary, nullable=False),
    Column("fetched_at", Utc, nullable=False),
)

entry: Final = Table(
    "entry",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("feed", _ID, ForeignKey("feed.id"), nullable=False),
    Column("key", Plain, nullable=False),
    Column("guid", Plain),
    Column("url", Plain),
    Column("canonical_url", Plain),
    Column("hash", Plain, nullable=False),
    Column("effective", Dated, nullable=False),
    Column("effective_utc", Utc, nullable=False),
    Column("first_seen", Utc, nullable=False),
    Column("last_seen", Utc, nullable=False),
    Column("state", Plain, nullable=False),  # waiting | held | quarantined | read
    Column("reason", Plain, nullable=False),  # why it is held or quarantined
    Column("tries", Integer, nullable=False),  # of its page
    Column("retry_at", Utc),
    Column("page_error", Plain),
    # What is long stands last: SQLite walks over it to reach what comes after.
    Column("fields", Plain, nullable=False),  # JSON: what was normalised, without the texts
    Column("body", LargeBinary),  # zlib of JSON: summary and content; None: pruned
    UniqueConstraint("feed", "key"),
)

document_position: Final = Table(
    "document_position",
    metadata,
    Column("feed", _ID, ForeignKey("feed.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("entry", _ID, ForeignKey("entry.id"), nullable=False),
    sqlite_with_rowid=False,
)

entry_version: Final = Table(
    "entry_version",
    metadata,
    Column("entry", _ID, ForeignKey("entry.id"), primary_key=True),
    Column("hash", Plain, primary_key=True),
    Column("raw", LargeBinary, nullable=False),  # zlib of JSON: the element as delivered
    Column("seen_at", Utc, nullable=False),
)

page: Final = Table(
    "page",
    metadata,
    Column("entry", _ID, ForeignKey("entry.id"), primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
    Column("url", Plain, nullable=False),
    Column("content_type", Plain),
    Column("fetched_at", Utc, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib
)

article: Final = Table(
    "article",
    metadata,
    Column("entry", _ID, ForeignKey("entry.id"), primary_key=True, autoincrement=False),
    Column(
        "sequence", BigInteger, nullable=False, unique=True
    ),  # replayed in this order, all comes out the same
    Column("version", Plain, nullable=False),  # hash of the entry that it was made of
    Column("length", Integer, nullable=False),  # of the text, in code points
    Column("text_hash", BigInteger, nullable=False),
    Column("published", Dated, nullable=False),
    Column("published_utc", Utc, nullable=False),
    Column("canonical_url", Plain),  # only one of the entry's own registrable domain
    Column("headline", Plain, nullable=False),
    Column("categories", Plain, nullable=False),  # JSON
    Column("fields", Plain, nullable=False),  # JSON: the rest of the article
    Column("regions", Plain, nullable=False),  # JSON, with evidence
    Column("text", Plain),  # None: pruned
    Column("html", Plain),
)

story_key: Final = Table(
    "story_key",
    metadata,
    Column("k", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", _ID, ForeignKey("entry.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

story: Final = Table(
    "story",
    metadata,
    Column("id", Plain, primary_key=True),  # urn:uuid:…
    Column("lead", _ID, ForeignKey("entry.id"), nullable=False),
    Column("first_seen", Utc, nullable=False),
    Column("published", Dated),  # None until it is published, then for ever the same
    Column("date_utc", Utc, nullable=False),  # of `published`, else of the lead
    Column("updated", Utc, nullable=False),
    Column("substance", Plain, nullable=False),
    Column("placed", Boolean, nullable=False),  # it is or was in a section
    Column("merged_into", Plain, ForeignKey("story.id")),
)

membership: Final = Table(
    "membership",
    metadata,
    Column("entry", _ID, ForeignKey("entry.id"), primary_key=True, autoincrement=False),
    Column("story", Plain, ForeignKey("story.id"), nullable=False),
    Column("rule", Plain, nullable=False),
    Column("score", Float(53), nullable=False),
    Column("partner", _ID),  # the entry it was compared with, which may be gone
    Column("compared", Plain, nullable=False),
    Column("decided_at", Utc, nullable=False),
)

section_story: Final = Table(
    "section_story",
    metadata,
    Column("section", Plain, primary_key=True),
    Column("story", Plain, ForeignKey("story.id"), primary_key=True),
    Column("because", Plain, nullable=False),
    Column("entered_at", Utc, nullable=False),
    Column("left_at", Utc),
    Column("archived", Boolean, nullable=False),
)

config_version: Final = Table(
    "config_version",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("text", Plain, nullable=False),
    Column("saved_at", Utc, nullable=False),
)

note: Final = Table(
    "note",
    metadata,
    Column("key", Plain, primary_key=True),
    Column("value", Plain, nullable=False),
)

round_: Final = Table(
    "round",
    metadata,
    Column("number", _ID, primary_key=True),
    Column("options", Plain, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("progress", Plain, nullable=False),
    Column("result", Plain),
    Column("finished_at", Utc),
)

counter: Final = Table(
    "counter",
    metadata,
    Column("name", Plain, primary_key=True),  # revision | sequence
    Column("value", BigInteger, nullable=False),
)

rule_standing: Final = Table(
    "rule_standing",
    metadata,
    Column("feed", _ID, ForeignKey("feed.id"), primary_key=True),
    Column("rule", Plain, primary_key=True),
    Column("field", Plain, primary_key=True),
    Column(
        "digest", Plain, nullable=False
    ),  # of the rule: what was counted of another version counts no more
    Column("hits", Integer, nullable=False),
    Column("misses", Integer, nullable=False),
    Column("missed_in_row", Integer, nullable=False),
    Column("missing_since", Utc),
    Column("seen_at", Utc, nullable=False),
    sqlite_with_rowid=False,
)

outlet: Final = Table(
    "outlet",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Plain, nullable=False, unique=True),  # registrable domain, or feed:ID
    Column("articles", Integer, nullable=False),  # that were counted: their numbers
    Column("seen_at", Utc, nullable=False),
)

paragraph: Final = Table(
    "paragraph",
    metadata,
    Column("outlet", _ID, ForeignKey("outlet.id"), primary_key=True, autoincrement=False),
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "first", Integer, nullable=False
    ),  # number of the article that it first stood in; likewise the last
    Column("last", Integer, nullable=False),
    Column("articles", Integer, nullable=False),  # different ones that it stood in
    sqlite_with_rowid=False,
)
