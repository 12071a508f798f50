"""How it goes: health, the ledger, every feed and every section, as the contract's section 4 shapes them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aggregator import __version__
from aggregator.jobs.publish import expected_files
from aggregator.model import Config, FeedRecord, FeedSettings, FeedState
from aggregator.store import Store

DAY: Final = timedelta(days=1)
LEAST_FREE: Final = 0.05  # of the disk that holds the output
HEARTBEAT: Final = "heartbeat"  # the note that a daemon moves while its scheduler works
HEARTBEAT_LATE: Final = timedelta(minutes=5)
FAULTS: Final = "faults"  # the note that holds the faults of a file that is not in force
OUTPUT_ERROR: Final = "output-error"  # the note that says why files could not be written; "" when they could

Health = tuple[str, list[str]]


def status(config: Config, store: Store, *, now: datetime) -> dict[str, Any]:
    """Give the whole of `status --json`."""
    records = {record.id: record for record in store.feed_records()}
    counts = store.request_counts(since=now - DAY)
    state, reasons = health(config, store, list(records.values()), now=now)
    return {
        "version": __version__,
        "health": state,
        "reasons": reasons,
        "ledger": store.ledger(),
        "feeds": [
            _feed(feed, records.get(feed.id), counts.get(feed.id, (0, 0)), now) for feed in config.feed
        ],
        "sections": _sections(config, store),
    }


def health(config: Config, store: Store, records: Sequence[FeedRecord], *, now: datetime) -> Health:
    """Say ok, degraded or failed, and every reason in words."""
    failed = list(_failures(config, store, records, now))
    degraded = list(_doubts(config, store, records, now))
    state = "failed" if failed else "degraded" if degraded else "ok"
    return state, failed + degraded


def state_of(feed: FeedSettings, record: FeedRecord | None) -> FeedState:
    """Give the state of a feed as the contract names it."""
    if feed.paused:
        return FeedState.PAUSED
    if record is None or (record.last_success is None and record.problem is None):
        return FeedState.NEW
    if record.gone:
        return FeedState.GONE
    return FeedState.FAILING if record.problem else FeedState.OK


def instant(value: datetime | None) -> str | None:
    """Write an instant in UTC, RFC 3339, to the second."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


def _failures(config: Config, store: Store, records: Sequence[FeedRecord], now: datetime) -> list[str]:
    reasons = []
    if error := store.note(OUTPUT_ERROR):
        reasons.append(error)
    beat = store.note(HEARTBEAT)
    if beat and now - datetime.fromisoformat(beat) > HEARTBEAT_LATE:
        reasons.append(f"the daemon's scheduler has not moved since {beat}")
    silent = _silent_since(records)
    if silent and now - silent > 3 * config.polling.first_interval:
        reasons.append(f"no feed has answered since {instant(silent)}")
    return reasons


def _silent_since(records: Sequence[FeedRecord]) -> datetime | None:
    """Say since when no poll has succeeded; None while one feed does answer, or none was ever asked."""
    asked = [record for record in records if record.last_attempt and not record.gone]
    if not asked or not all(record.failures for record in asked):
        return None
    answered = [record.last_success for record in asked if record.last_success]
    return max(answered) if answered else min(record.added_at for record in asked)


def _doubts(config: Config, store: Store, records: Sequence[FeedRecord], now: datetime) -> list[str]:
    reasons = []
    for record in records:
        if record.gone:
            reasons.append(f"{record.id}: gone (410); remove it from feeds.toml, or name it in `once --feed`")
        elif record.failing_since and now - record.failing_since > DAY and record.problem:
            reasons.append(
                f"{record.id}: failing since {instant(record.failing_since)}: {record.problem.message}"
            )
    if faults := store.note(FAULTS):
        first = json.loads(faults)[0]
        reasons.append(f"running on the last good configuration: {first}")
    if held := store.ledger()["held"]:
        reasons.append(f"{held} entries are held")
    return [*reasons, *_disk(config.output.directory)]


def _disk(directory: Path) -> list[str]:
    place = next((each for each in (directory, *directory.parents) if each.exists()), None)
    if place is None:
        return []
    usage = shutil.disk_usage(place)
    free = usage.free / usage.total if usage.total else 1.0
    return [f"the disk of {directory} has {free:.0%} left"] if free < LEAST_FREE else []


def _feed(
    feed: FeedSettings, record: FeedRecord | None, requests: tuple[int, int], now: datetime
) -> dict[str, Any]:
    state = state_of(feed, record)
    known = record or FeedRecord(id=feed.id, url=feed.url, added_at=now, next_due=now)
    reason = state.value if state in (FeedState.PAUSED, FeedState.GONE) else known.next_due_reason
    return {
        "id": feed.id,
        "url": feed.url,
        "title": feed.title or known.title or feed.id,
        "state": state.value,
        "warnings": [{"kind": each.kind, "message": each.message} for each in known.warnings],
        "last_attempt": instant(known.last_attempt),
        "last_success": instant(known.last_success),
        "error": {"kind": known.problem.kind, "message": known.problem.message} if known.problem else None,
        "failures": known.failures,
        "http_status": known.http_status,
        "next_due": None if state in (FeedState.PAUSED, FeedState.GONE) else instant(known.next_due),
        "next_due_reason": reason,
        "requests_24h": requests[0],
        "not_modified_24h": requests[1],
        "loss": 0.0,
        "entries": {
            "new": known.new,
            "updated": known.updated,
            "unchanged": known.unchanged,
            "quarantined": known.quarantined,
        },
    }


def _sections(config: Config, store: Store) -> list[dict[str, Any]]:
    counts = store.section_counts()
    files = expected_files(config)
    return [
        {
            "id": section.id,
            "stories": counts.get(section.id, (0, None))[0],
            "updated": instant(counts.get(section.id, (0, None))[1]),
            "files": [file for file in files if file.startswith(f"{section.id}/")],
        }
        for section in config.section
    ]
