"""`status`, `entries` and `stories`: what is stored, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aggregator.cli.context import DONE, FAILED, Context
from aggregator.errors import AggregatorError
from aggregator.jobs.places import packaged_gazetteer
from aggregator.observe import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which stories; None: all."""

    section: str | None = None
    region: str | None = None
    feed: str | None = None
    since: str | None = None


def status(context: Context, *, as_json: bool, check: bool) -> int:
    """Show how it goes; with `check`, fail unless health is ok."""
    from aggregator.jobs import status as report

    force, store = context.in_force()
    faults = tuple(map(str, force.faults))
    state = report.status(force.config, store, now=context.now, faults=faults)
    if as_json:
        print(json.dumps(state, ensure_ascii=False, indent=1))
    else:
        _print_status(state)
    return FAILED if check and state["health"] != "ok" else DONE


def entries(context: Context, *, feed: str | None, as_json: bool) -> int:
    """List entries as their feeds gave them."""
    from aggregator.jobs import shapes

    force, store = context.in_force()
    config = force.config
    if feed and feed not in {each.id for each in config.feed}:
        raise AggregatorError(
            f"{feed}: no such feed; there are: {', '.join(each.id for each in config.feed)}"
        )
    gazetteer = packaged_gazetteer().with_regions(config.region)
    lines = (shapes.entry(each, gazetteer, config.site.language) for each in store.entries(feed=feed))
    if as_json:
        return _print_lines(lines)
    for line in lines:
        when = (line["published"] or "undated")[:16]
        print(printable(f"{when:<16}  {line['state']:<11}  {line['feed']}  {line['title'] or line['url']}"))
    return DONE


def stories(context: Context, wanted: Wanted, *, as_json: bool) -> int:
    """List stories, newest first."""
    from aggregator.jobs import shapes

    force, store = context.in_force()
    config = force.config
    gazetteer = packaged_gazetteer().with_regions(config.region)
    language = config.site.language
    found = store.stories(
        section=_known(wanted.section, "section", [each.id for each in config.section]),
        region=_code(wanted.region, language),
        feed=_known(wanted.feed, "feed", [each.id for each in config.feed]),
        since=_since(wanted.since, context.now),
    )
    lines = (shapes.story(each, gazetteer, language) for each in found)
    if as_json:
        return _print_lines(lines)
    for line in lines:
        _print_story(line)
    return DONE


def _print_lines(lines: Iterable[dict[str, Any]]) -> int:
    for line in lines:
        print(json.dumps(line, ensure_ascii=False))
    return DONE


def _known(value: str | None, what: str, known: list[str]) -> str | None:
    if value is not None and value not in known:
        raise AggregatorError(f"{value}: no such {what}; there are: {', '.join(known) or 'none'}")
    return value


def _code(name: str | None, language: str) -> str | None:
    """Take a code or a name, as everywhere; editors' own regions by their id."""
    if name is None:
        return None
    codes = packaged_gazetteer().find(name, languages=[language, "en"])
    if len(codes) > 1:
        raise AggregatorError(f"{name}: which one? {' or '.join(codes)}")
    return codes[0] if codes else name


def _since(value: str | None, now: datetime) -> datetime | None:
    if value is None:
        return None
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    if value[:-1].isdigit() and value[-1:] in units:
        return now - timedelta(**{units[value[-1]]: int(value[:-1])})
    try:
        since = datetime.fromisoformat(value)
    except ValueError as error:
        message = f"{value}: no time; write 2022-01-08T05:06:00+07:00, or a duration such as 24h"
        raise AggregatorError(message) from error
    return since if since.tzinfo else since.replace(tzinfo=now.tzinfo)


def _print_story(line: dict[str, Any]) -> None:
    focus = [each["name"] for each in line["regions"] if each["role"] == "focus" and each["rule"] != "member"]
    copies = [copy["feed"] for copy in line["copies"]]
    kicker = f"{line['kicker']}: " if line["kicker"] else ""
    print(printable(f"{line['published'][:16].replace('T', ' ')}  {kicker}{line['headline']}"))
    sections = ", ".join(each["id"] for each in line["sections"]) or "in no section"
    places = ", ".join(focus) or "no region"
    print(printable(f"    {places} · {', '.join(copies)} · {sections} · {line['id']}"))


def _print_status(state: dict[str, Any]) -> None:
    print(f"health: {state['health']}")
    for reason in state["reasons"]:
        print(printable(f"  {reason}"))
    ledger = state["ledger"]
    parts = [f"{ledger[name]} {name}" for name in ledger if name != "accepted" and ledger[name]]
    print(f"entries: {ledger['accepted']} accepted" + (f": {', '.join(parts)}" if parts else ""))
    print(f"\n{'feed':<24} {'state':<8} {'last success':<21} {'next':<21} why")
    for feed in state["feeds"]:
        _print_feed(feed)
    print(f"\n{'section':<24} {'stories':>7}  updated")
    for section in state["sections"]:
        print(f"{section['id']:<24} {section['stories']:>7}  {section['updated'] or '-'}")


def _print_feed(feed: dict[str, Any]) -> None:
    why = feed["error"]["message"] if feed["error"] else feed["next_due_reason"]
    times = f"{feed['last_success'] or '-':<21} {feed['next_due'] or '-':<21}"
    print(printable(f"{feed['id']:<24} {feed['state']:<8} {times} {why}"))
    for warning in feed["warnings"]:
        print(printable(f"{'':<24} {warning['kind']}: {warning['message']}"))
