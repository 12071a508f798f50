"""Saving what polls brought: many outcomes in one transaction, the unchanged ones at little cost."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Update, bindparam, delete, insert, select, update

from aggregator.core.effective import effective
from aggregator.model import Entry, ParsedFeed, PollOutcome, Standing
from aggregator.store import codec
from aggregator.store.schema import document_position, entry, entry_version, feed, request, storable
from aggregator.store.sql import chunks, insert_unknown

_KEPT: Final = ("id", "name", "url", "active", "added_at")
_SAVED: Final = tuple(column.name for column in feed.columns if column.name not in _KEPT)
_SHOWN: Final = ("title", "language", "link")  # a change of these may change an output
_HELD: Final = "more new entries than this feed's flood limit"


def save(connection: Connection, outcomes: Sequence[PollOutcome]) -> bool:
    """Save these outcomes, and say whether something that may be seen in an output changed.

    Saving the same ones again changes nothing. New and updated entries wait to be read; what is new is
    decided here, by what is stored, so that no entry is ever in twice.
    """
    rows = _rows(connection, {outcome.feed_id for outcome in outcomes})
    before = {name: dict(row) for name, row in rows.items()}
    # A feed that was taken out of feeds.toml, and never was in it under this id, has no row; and what an address
    # answered that is no more the feed's, since an editor wrote another meanwhile, says nothing of that one.
    known = [outcome for outcome in outcomes if _is_of(rows.get(storable(outcome.feed_id)), outcome)]
    if not known:
        return False
    requests: list[dict[str, Any]] = []
    touched = [_save_one(connection, rows[storable(each.feed_id)], each, requests) for each in known]
    _write(connection, rows, before)
    insert_unknown(connection, request, requests)
    return any(touched) or _shown(before) != _shown(rows)


def _write(
    connection: Connection, rows: dict[str, dict[str, Any]], before: dict[str, dict[str, Any]]
) -> None:
    """Write what differs now: of a feed that brought nothing that is a handful of its columns."""
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for name, row in rows.items():
        old = before[name]
        changed = tuple(column for column in _SAVED if row[column] != old[column])
        by_columns[changed].append({"row": row["id"], **{f"v_{column}": row[column] for column in changed}})
    by_columns.pop((), None)
    for columns, changes in by_columns.items():
        connection.execute(_writing(columns), changes)


@lru_cache(maxsize=256)
def _writing(columns: tuple[str, ...]) -> Update:
    """Give the statement, made once: SQLAlchemy finds a known one again faster."""
    values = {name: bindparam(f"v_{name}", type_=feed.c[name].type) for name in columns}
    return update(feed).where(feed.c.id == bindparam("row")).values(values)


def _is_of(row: dict[str, Any] | None, outcome: PollOutcome) -> bool:
    return row is not None and outcome.url in ("", row["url"])


def _shown(rows: dict[str, dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[shown] for shown in _SHOWN] for name, row in rows.items()}


def _save_one(
    connection: Connection, row: dict[str, Any], outcome: PollOutcome, requests: list[dict[str, Any]]
) -> bool:
    """Save the document of one outcome, settle the feed's row, and add the row of its request.

    Says whether an entry changed that is not read again for it, so that only its file shows it.
    """
    touched = _save_document(connection, row, outcome) if outcome.feed is not None else False
    row.update(_settled(row, outcome))
    requests.append(
        {
            "feed": row["id"],
            "at": outcome.at,
            "status": outcome.http_status,
            "not_modified": outcome.not_modified,
        }
    )
    return touched


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
    common |= _kept_of(outcome)
    if outcome.problem is not None:
        # In an outage nothing is counted against a feed, beyond that it did not answer.
        counted = not again and not (outcome.outage and row["failures"])
        return common | {
            "gone": row["gone"] or outcome.gone,
            "failures": row["failures"] + counted,
            "failing_since": row["failing_since"] or outcome.at,
            "problem_kind": outcome.problem.kind,
            "problem_message": outcome.problem.message,
        }
    return common | _succeeded(row, outcome, again=again)


def _kept_of(outcome: PollOutcome) -> dict[str, Any]:
    """Say what the row keeps of what this poll decided for the next ones."""
    values: dict[str, Any] = {}
    if outcome.rhythm is not None:
        gap = outcome.rhythm.gap
        values |= {
            "gap": gap.total_seconds() if gap is not None else None,
            "listed": outcome.rhythm.listed,
            "published": outcome.rhythm.published,
        }
    if outcome.move is not None:
        values |= {
            "moved_to": outcome.move.to,
            "moved_seen": outcome.move.since,
            "adopted": outcome.move.adopted,
        }
    if outcome.strikes is not None:
        values |= {
            "struck": outcome.strikes.body,
            "strikes": outcome.strikes.count,
            "struck_in_row": outcome.strikes.in_row,
            "struck_at": outcome.strikes.at,
        }
    return values | ({"whole_at": outcome.at} if outcome.whole else {})


def _succeeded(row: dict[str, Any], outcome: PollOutcome, *, again: bool) -> dict[str, Any]:
    values: dict[str, Any] = {
        "polls": (row["polls"] or 0) + (not again),
        "suggestion": None,
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
    if outcome.feed is not None:
        values |= _said(row, outcome.feed)
    return values


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
    read: dict[int, Any] = field(default_factory=dict)  # row -> what was read of those that differ now
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
        moment = effective(found.published, first_seen=first_seen, link=found.url)
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
        values |= self._standing(row, values, state, reason)
        self.changed.append({"row": row.id, **{f"v_{name}": value for name, value in values.items()}})

    def _standing(self, row: Any, values: dict[str, Any], state: str, reason: str) -> dict[str, Any]:
        """Say how an entry stands after an edit.

        What a guard holds stays held. What nobody reads, an enclosure, makes no work: neither is the page asked
        for again, nor the story told anew.
        """
        if state == "waiting" and row.state == "held":
            return {"state": row.state, "reason": row.reason}
        before = self.read.get(row.id)
        if state != "waiting" or row.state != "read" or before is None or not _reads_alike(before, values):
            return {"state": state, "reason": reason}
        kept = ("state", "reason", "tries", "retry_at", "page_error")
        return {name: getattr(before, name) for name in kept}


def _reads_alike(before: Any, values: dict[str, Any]) -> bool:
    """Whether all that an article is made of is as it was; a text that was let go is not known."""
    same = codec.fields_read(before.fields) == codec.fields_read(values["fields"])
    return same and before.body is not None and before.body == values["body"]


_CHANGED: Final = ("guid", "url", "canonical_url", "fields", "body", "hash", "effective", "effective_utc",
                   "last_seen", "tries", "retry_at", "page_error", "state", "reason")  # fmt: skip
_CHANGE: Final = (
    update(entry)
    .where(entry.c.id == bindparam("row"))
    .values({name: bindparam(f"v_{name}", type_=entry.c[name].type) for name in _CHANGED})
)


def _save_document(connection: Connection, row: dict[str, Any], outcome: PollOutcome) -> bool:
    """Save the entries of one document, and which of them stand where in it."""
    delivered = _delivered(outcome)
    reasons = dict.fromkeys(outcome.held, ("held", _HELD))
    reasons |= {found.key: ("quarantined", reason) for found, reason in outcome.quarantined}
    document = _Document(feed=row["id"], at=outcome.at, reasons=reasons)
    document.known = _known(connection, row["id"], list({storable(found.key) for found in delivered}))
    document.read = _differing(connection, document.known, delivered)
    taken: set[str] = set()
    for found in delivered:
        if isinstance(found, Entry) and found.key not in taken:
            taken.add(found.key)
            document.take(found, storable(found.key))
    _save_entries(connection, document)
    standing = {
        found.position: document.known[key].id
        for found in delivered
        if (key := storable(found.key)) in document.known  # one that was pruned meanwhile stands nowhere
    }
    _save_positions(connection, row, standing, outcome.at)
    return any(each["v_state"] == "read" for each in document.changed)


def _delivered(outcome: PollOutcome) -> list[Entry | Standing]:
    """Give the elements of the document in their order."""
    every: list[Entry | Standing] = [*outcome.new, *outcome.updated, *outcome.unchanged, *outcome.repeats]
    every += [found for found, _ in outcome.quarantined]
    return sorted(every, key=lambda found: found.position)


def _save_entries(connection: Connection, document: _Document) -> None:
    """Write what a document brought, and each version of its elements as it was delivered."""
    if document.new:
        connection.execute(insert(entry), document.new)
        document.known |= _known(connection, document.feed, [storable(each["key"]) for each in document.new])
    if document.changed:
        connection.execute(_CHANGE, document.changed)
    versions = [
        {
            "entry": document.known[storable(found.key)].id,
            "hash": found.hash,
            "raw": codec.entry_raw(found),
            "seen_at": document.at,
        }
        for found in document.versions
    ]
    insert_unknown(connection, entry_version, versions)


# The statements of a document are made once: to build one costs SQLAlchemy as much as to run it.
_KNOWN: Final = select(
    entry.c.id, entry.c.key, entry.c.hash, entry.c.state, entry.c.reason, entry.c.first_seen
).where(entry.c.feed == bindparam("feed_row"), entry.c.key.in_(bindparam("keys", expanding=True)))
_READ: Final = select(
    *(
        entry.c[name]
        for name in ("id", "fields", "body", "state", "reason", "tries", "retry_at", "page_error")
    )
).where(entry.c.id.in_(bindparam("rows", expanding=True)))
_SEEN: Final = (
    update(entry)
    .where(entry.c.id.in_(bindparam("rows", expanding=True)))
    .values(last_seen=bindparam("at", type_=entry.c.last_seen.type))
)
_HERE: Final = document_position.c.feed == bindparam("here")
_POSITIONS: Final = select(document_position.c.position, document_position.c.entry).where(_HERE)
_FORGET_POSITIONS: Final = delete(document_position).where(_HERE)
_PLACE: Final = insert(document_position)


def _known(connection: Connection, feed_row: int, keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for some in chunks(keys):
        rows = connection.execute(_KNOWN, {"feed_row": feed_row, "keys": some})
        found |= {known.key: known for known in rows}
    return found


def _differing(
    connection: Connection, known: dict[str, Any], delivered: Sequence[Entry | Standing]
) -> dict[int, Any]:
    """Give what was normalised of the stored entries that come with other bytes now."""
    rows: dict[int, Any] = {}
    found = (each for each in delivered if isinstance(each, Entry))
    differ = [row.id for each in found if (row := known.get(storable(each.key))) and row.hash != each.hash]
    for some in chunks(differ):
        rows |= {row.id: row for row in connection.execute(_READ, {"rows": some})}
    return rows


def _save_positions(
    connection: Connection, row: dict[str, Any], standing: dict[int, int], at: datetime
) -> None:
    """Keep the order of the last document; all that stands in it was seen now.

    What stood in the one before was seen until then: a feed that answers 304 goes on showing its entries,
    though their rows are not touched.
    """
    before = {each.position: each.entry for each in connection.execute(_POSITIONS, {"here": row["id"]})}
    gone = sorted(set(before.values()) - set(standing.values()))
    _seen(connection, gone, row["last_success"] or at)
    _seen(connection, sorted(set(standing.values())), at)
    if standing == before:
        return
    connection.execute(_FORGET_POSITIONS, {"here": row["id"]})
    if standing:
        connection.execute(
            _PLACE,
            [
                {"feed": row["id"], "position": position, "entry": known}
                for position, known in sorted(standing.items())
            ],
        )


def _seen(connection: Connection, rows: Sequence[int], at: datetime) -> None:
    for some in chunks(rows):
        connection.execute(_SEEN, {"rows": some, "at": at})
