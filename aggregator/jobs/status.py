"""How it goes: health, the ledger, every feed and every section, as the contract's section 4 shapes them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aggregator import __version__
from aggregator.config import siterules
from aggregator.core import advice
from aggregator.core.counts import counted
from aggregator.core.siterules.drift import LEAST, drifts
from aggregator.core.siterules.rules import SiteRules
from aggregator.jobs.publish import OUTPUT_ERROR, SECTIONS_FAILED, expected_files
from aggregator.model import Config, FeedRecord, FeedSettings, FeedState, FeedWarning
from aggregator.store import Store

DAY: Final = timedelta(days=1)
LEAST_FREE: Final = 0.05  # of the disk that holds the output
HEARTBEAT: Final = "heartbeat"  # the note that a daemon moves while its scheduler works
HEARTBEAT_LATE: Final = timedelta(minutes=5)
FAULTS: Final = "faults"  # the note that holds the faults of a file that is not in force
MOST_FAULTS: Final = 20  # of a file, among the reasons

Health = tuple[str, list[str]]


def status(
    config: Config,
    store: Store,
    *,
    now: datetime,
    faults: Sequence[str] | None = None,
    rules: SiteRules | None = None,
) -> dict[str, Any]:
    """Give the whole of `status --json`; `faults` are those of feeds.toml as it lies there now, None: not known.

    `rules` are the site rules in force; None: those that come with the program.
    """
    records = {record.id: record for record in store.feed_records()}
    counts = store.request_counts(since=now - DAY)
    held = store.held_counts()
    drifting = drifting_of(store, rules)
    state, reasons = health(config, store, list(records.values()), now=now, faults=faults, drifting=drifting)
    return {
        "version": __version__,
        "health": state,
        "reasons": reasons,
        "ledger": store.ledger(),
        "feeds": [
            _feed(
                feed,
                known := records.get(feed.id)
                or FeedRecord(id=feed.id, url=feed.url, added_at=now, next_due=now),
                counts.get(feed.id, (0, 0)),
                [*warnings_of(feed, known, held.get(feed.id, 0), now), *drifting.get(feed.id, ())],
            )
            for feed in config.feed
        ],
        "sections": _sections(config, store),
    }


def health(
    config: Config,
    store: Store,
    records: Sequence[FeedRecord],
    *,
    now: datetime,
    faults: Sequence[str] | None = None,
    drifting: Mapping[str, Sequence[FeedWarning]] | None = None,
) -> Health:
    """Say ok, degraded or failed, and every reason in words; `faults` as in `status`, `drifting` by feed."""
    paused = {feed.id for feed in config.feed if feed.paused}
    failed = _failures(config, store, records, now)
    asked = [each for each in records if each.id not in paused]
    degraded = [
        *_outage(asked),
        *_feeds_in_doubt(asked, now),
        *_drifting(asked, drifting or {}),
        *_faults(store, faults),
        *_sections_in_doubt(store),
        *_disks(config, store),
    ]
    state = "failed" if failed else "degraded" if degraded else "ok"
    return state, failed + degraded


def drifting_of(store: Store, rules: SiteRules | None = None) -> dict[str, list[FeedWarning]]:
    """Give the feeds whose site rules stopped matching, each with its warnings."""
    standings = store.rule_standings()
    if not any(each.missed_in_row >= LEAST for each in standings):
        return {}
    return drifts(standings, rules if rules is not None else siterules.in_force(()))


def _drifting(asked: Sequence[FeedRecord], drifting: Mapping[str, Sequence[FeedWarning]]) -> list[str]:
    known = {record.id for record in asked}
    return [f"{feed}: {each.message}" for feed, told in drifting.items() if feed in known for each in told]


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
    if any(record.failures == 0 for record in asked):
        return None
    answered = max((record.last_success for record in asked if record.last_success), default=None)
    return answered or min((record.added_at for record in asked), default=None)


def _feeds_in_doubt(records: Sequence[FeedRecord], now: datetime) -> list[str]:
    reasons = []
    for record in records:
        if record.gone:
            reasons.append(
                f"{record.id}: gone (410); remove it from feeds.toml, or `aggregator release {record.id}`"
            )
        elif record.failing_since and now - record.failing_since > DAY and record.problem:
            reasons.append(
                f"{record.id}: failing since {instant(record.failing_since)}: {record.problem.message}"
            )
    return reasons


def _outage(records: Sequence[FeedRecord]) -> list[str]:
    """Say that it is we who are cut off, where everything failed at once."""
    cut_off = [record for record in records if record.next_due_reason == "outage" and not record.gone]
    since = min((record.failing_since for record in cut_off if record.failing_since), default=None)
    if since is None:
        return []
    return [f"everything fails at once since {instant(since)}: is this machine cut off from the network?"]


def _faults(store: Store, faults: Sequence[str] | None) -> list[str]:
    """Say why feeds.toml is not in force: by how the file is now, else by what the daemon found in it.

    A daemon's word on a file that has no faults now counts while the daemon runs: it may not have seen it yet, or
    have a reason of its own. What one said that runs no more would only repeat, or contradict, what is seen now.
    """
    told = faults or ()
    if faults is None or (not faults and store.note(HEARTBEAT)):
        told = json.loads(store.note(FAULTS) or "[]")
    return [f"running on the last good configuration: {fault}" for fault in told[:MOST_FAULTS]]


def _sections_in_doubt(store: Store) -> list[str]:
    failed = json.loads(store.note(SECTIONS_FAILED) or "{}")
    reasons = [f"section {section} keeps its files: {reason}" for section, reason in failed.items()]
    if held := store.ledger()["held"]:
        reasons.append(f"{counted(held, 'entry', 'is')} held")
    return reasons


def _disks(config: Config, store: Store) -> list[str]:
    places = {"the output": config.output.directory, "the database": store.file}
    full = {what: _free(place) for what, place in places.items() if place is not None}
    return [f"the disk of {what} has {free:.0%} left" for what, free in full.items() if free < LEAST_FREE]


def _free(path: Path) -> float:
    """Give the share of a path's disk that is free; 1 when that cannot be known."""
    try:
        place = next(each for each in (path, *path.parents) if each.exists())
        usage = shutil.disk_usage(place)
    except (OSError, StopIteration):
        return 1.0
    return usage.free / usage.total if usage.total else 1.0


def warnings_of(feed: FeedSettings, record: FeedRecord, held: int, now: datetime) -> list[FeedWarning]:
    """Give what its last answers said, and what only time or a look at the store can tell."""
    told = [advice.flood(held, feed.id) if held else None, advice.stale(record, now=now)]
    return [*record.warnings, *(each for each in told if each is not None)]


def _feed(
    feed: FeedSettings, known: FeedRecord, requests: tuple[int, int], warnings: Sequence[FeedWarning]
) -> dict[str, Any]:
    state = state_of(feed, known)
    reason = state.value if state in (FeedState.PAUSED, FeedState.GONE) else known.next_due_reason
    return {
        "id": feed.id,
        "url": feed.url,
        "title": feed.title or known.title or feed.id,
        "state": state.value,
        "warnings": [{"kind": each.kind, "message": each.message} for each in warnings],
        "last_attempt": instant(known.last_attempt),
        "last_success": instant(known.last_success),
        "error": {"kind": known.problem.kind, "message": known.problem.message} if known.problem else None,
        "failures": known.failures,
        "http_status": known.http_status,
        "next_due": None if state in (FeedState.PAUSED, FeedState.GONE) else instant(known.next_due),
        "next_due_reason": reason,
        "requests_24h": requests[0],
        "not_modified_24h": requests[1],
        "loss": known.loss,
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
