"""Saving what polls brought: many outcomes in one transaction, the unchanged ones at little cost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from aggregator.core.entries import effective
from aggregator.model import Entry, ParsedFeed, PollOutcome
from aggregator.store import codec
from aggregator.store.schema import document_position, entry, entry_version, feed, request, storable
from aggregator.store.sql import chunks, insert_unknown

_KEPT: Final = ("id", "name", "url", "active", "added_at")
_SAVED: Final = tuple(column.name for column in feed.columns if column.name not in _KEPT)
_SAVE: Final = (
    update(feed)
    .where(feed.c.id == bindparam("row"))
    .values({name: bindparam(f"v_{name}", type_=feed.c[name].type) for name in _SAVED})
)
_SHOWN: Final = ("title", "language", "link")  # a change of these may change an output
_HELD: Final = "more new entries than this feed's flood limit"


def save(connection: Connection, outcomes: Sequence[PollOutcome]) -> bool:
    """Save these outcomes, and say whether something that may be seen in an output changed.

    Saving the same ones again changes nothing. New and updated entries wait to be read; what is new is
    decided here, by what is stored, so that no entry is ever in twice.
    """
    rows = _rows(connection, {outcome.feed_id for outcome in outcomes})
    before = _shown(rows)
    # A feed that was taken out of feeds.toml, and never was in it under this id, has no row.
    known = [outcome for outcome in outcomes if storable(outcome.feed_id) in rows]
    if not known:
        return False
    requests = [_save_one(connection, rows[storable(each.feed_id)], each) for each in known]
    saved = [{"row": row["id"], **{f"v_{name}": row[name] for name in _SAVED}} for row in rows.values()]
    connection.execute(_SAVE, saved)
    insert_unknown(connection, request, requests)
    return before != _shown(rows)


def _shown(rows: dict[str, dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[shown] for shown in _SHOWN] for name, row in rows.items()}


def _save_one(connection: Connection, row: dict[str, Any], outcome: PollOutcome) -> dict[str, Any]:
    """Save the document of one outcome, settle the feed's row, and give the row of its request."""
    if outcome.feed is not None:
        _save_document(connection, row, outcome)
    row.update(_settled(row, outcome))
    return {
        "feed": row["id"],
        "at": outcome.at,
        "status": outcome.http_status,
        "not_modified": outcome.not_modified,
    }


def _rows(connection: Connection, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Load the feeds of these names; a feed that was retired while it was polled is still served."""
    found: dict[str, dict[str, Any]] = {}
    for some in chunks([storable(name) for name in names]):
        statement = select(feed).where(feed.c.name.in_(some)).order_by(feed.c.active, feed.c.id)
        found |= {row["name"]: dict(row) for row in connection.execute(statement).mappings()}
    return found


def _settled(row: dict[str, Any], outcome: PollOutcome) -> dict[str, Any]:
    """Say what the feed's row becomes."""
    again = row["polled_at"] == outcome.at
    common = {
        "last_attempt": max(row["last_attempt"] or outcome.at, outcome.at),
        "polled_at": outcome.at,
        "http_status": outcome.http_status,
        "next_due": outcome.next.at,
        "next_due_reason": outcome.next.reason,
        "interval": outcome.next.interval.total_seconds(),
        "warnings": codec.to_json(outcome.warnings) if outcome.warnings else "[]",
        "new": len(outcome.new),
        "updated": len(outcome.updated),
        "unchanged": len(outcome.unchanged),
        "quarantined": len(outcome.quarantined),
        "loss": row["loss"] if outcome.loss is None else outcome.loss,
    }
    if outcome.problem is not None:
        return common | {
            "gone": row["gone"] or outcome.gone,
            "failures": row["failures"] + (0 if again else 1),
            "failing_since": row["failing_since"] or outcome.at,
            "problem_kind": outcome.problem.kind,
            "problem_message": outcome.problem.message,
        }
    return common | _succeeded(row, outcome)


def _succeeded(row: dict[str, Any], outcome: PollOutcome) -> dict[str, Any]:
    values: dict[str, Any] = {
        "gone": outcome.gone,
        "failures": 0,
        "failing_since": None,
        "problem_kind": None,
        "problem_message": None,
        "last_success": outcome.at,
    }
    if outcome.validators is not None:
        values["etag"], values["last_modified"] = outcome.validators.etag, outcome.validators.last_modified
    if outcome.body_hash is not None and outcome.body_hash != row["body_hash"]:
        values |= {"body_hash": outcome.body_hash, "last_changed": outcome.at}
    if not outcome.not_modified:  # a 304 says nothing of where it came from
        values |= _moved(row, outcome)
    if outcome.feed is not None:
        values |= _said(row, outcome.feed)
    return values


def _moved(row: dict[str, Any], outcome: PollOutcome) -> dict[str, Any]:
    if outcome.moved_to is None:
        return {"moved_to": None, "moved_seen": None}
    same = outcome.moved_to == row["moved_to"]
    return {"moved_to": outcome.moved_to, "moved_seen": row["moved_seen"] if same else outcome.at}


def _said(row: dict[str, Any], parsed: ParsedFeed) -> dict[str, Any]:
    """Say what the row keeps of the feed's own words; a document without a title does not take it away."""
    return {
        "title": parsed.title or row["title"],
        "language": parsed.language or row["language"],
        "link": parsed.link or row["link"],
        "ttl": parsed.ttl.total_seconds() if parsed.ttl is not None else None,
        "skips": json.dumps([sorted(parsed.skip_hours), sorted(parsed.skip_days)]),
    }


@dataclass(slots=True)
class _Document:
    """One document's entries, told apart by what is stored."""

    feed: int
    at: datetime
    reasons: dict[str, tuple[str, str]]  # key -> state and why, where it is not to be read
    known: dict[str, Any] = field(default_factory=dict)  # key -> row
    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    versions: list[Entry] = field(default_factory=list)

    def take(self, found: Entry, key: str) -> None:
        """Sort one entry in; the first of several with one key counts."""
        row = self.known.get(key)
        if row is not None and row.hash == storable(found.hash):
            return
        state, reason = self.reasons.get(found.key, ("waiting", ""))
        first_seen = row.first_seen if row is not None else self.at
        moment = effective(found.published, first_seen=first_seen)
        values = {
            "guid": found.guid,
            "url": found.url,
            "canonical_url": found.canonical_url,
            "fields": codec.entry_fields(found),
            "body": codec.entry_body(found),
            "hash": found.hash,
            "effective": moment,
            "effective_utc": moment,
            "last_seen": self.at,
            "tries": 0,
            "retry_at": None,
            "page_error": None,
        }
        self.versions.append(found)
        if row is None:
            new = {
                "feed": self.feed,
                "key": found.key,
                "first_seen": self.at,
                "state": state,
                "reason": reason,
            }
            self.new.append(values | new)
            return
        # What a guard holds stays held: an edit does not let it through.
        held = row.state == "held" and state == "waiting"
        kept = {"state": row.state, "reason": row.reason} if held else {"state": state, "reason": reason}
        self.changed.append(
            {"row": row.id, **{f"v_{name}": value for name, value in (values | kept).items()}}
        )


_CHANGED: Final = ("guid", "url", "canonical_url", "fields", "body", "hash", "effective", "effective_utc",
                   "last_seen", "tries", "retry_at", "page_error", "state", "reason")  # fmt: skip
_CHANGE: Final = (
    update(entry)
    .where(entry.c.id == bindparam("row"))
    .values({name: bindparam(f"v_{name}", type_=entry.c[name].type) for name in _CHANGED})
)


def _save_document(connection: Connection, row: dict[str, Any], outcome: PollOutcome) -> None:
    """Save the entries of one document, and which of them stand where in it."""
    delivered = [*outcome.new, *outcome.updated, *outcome.unchanged, *outcome.repeats]
    delivered += [found for found, _ in outcome.quarantined]
    delivered.sort(key=lambda found: found.position)
    first: dict[str, Entry] = {}
    for found in delivered:
        first.setdefault(storable(found.key), found)
    reasons = dict.fromkeys(outcome.held, ("held", _HELD))
    reasons |= {found.key: ("quarantined", reason) for found, reason in outcome.quarantined}
    document = _Document(feed=row["id"], at=outcome.at, reasons=reasons)
    document.known = _known(connection, row["id"], list(first))
    for key, found in first.items():
        document.take(found, key)
    if document.new:
        connection.execute(insert(entry), document.new)
        document.known |= _known(connection, row["id"], [storable(each["key"]) for each in document.new])
    if document.changed:
        connection.execute(_CHANGE, document.changed)
    insert_unknown(
        connection,
        entry_version,
        [
            {
                "entry": document.known[storable(found.key)].id,
                "hash": found.hash,
                "raw": codec.entry_raw(found),
                "seen_at": outcome.at,
            }
            for found in document.versions
        ],
    )
    standing = {found.position: document.known[storable(found.key)].id for found in delivered}
    _save_positions(connection, row, standing, outcome.at)


def _known(connection: Connection, feed_row: int, keys: Sequence[str]) -> dict[str, Any]:
    columns = (entry.c.id, entry.c.key, entry.c.hash, entry.c.state, entry.c.reason, entry.c.first_seen)
    found: dict[str, Any] = {}
    for some in chunks(keys):
        statement = select(*columns).where(entry.c.feed == feed_row, entry.c.key.in_(some))
        found |= {known.key: known for known in connection.execute(statement)}
    return found


def _save_positions(
    connection: Connection, row: dict[str, Any], standing: dict[int, int], at: datetime
) -> None:
    """Keep the order of the last document; all that stands in it was seen now.

    What stood in the one before was seen until then: a feed that answers 304 goes on showing its entries,
    though their rows are not touched.
    """
    here = document_position.c.feed == row["id"]
    stored = select(document_position.c.position, document_position.c.entry).where(here)
    before = {row.position: row.entry for row in connection.execute(stored)}
    gone = sorted(set(before.values()) - set(standing.values()))
    _seen(connection, gone, row["last_success"] or at)
    _seen(connection, sorted(set(standing.values())), at)
    if standing == before:
        return
    connection.execute(delete(document_position).where(here))
    if standing:
        connection.execute(
            insert(document_position),
            [
                {"feed": row["id"], "position": position, "entry": known}
                for position, known in sorted(standing.items())
            ],
        )


def _seen(connection: Connection, rows: Sequence[int], at: datetime) -> None:
    for some in chunks(rows):
        connection.execute(update(entry).where(entry.c.id.in_(some)).values(last_seen=at))
