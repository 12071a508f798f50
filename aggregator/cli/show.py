"""`status`, `entries` and `stories`: what is stored, for people and for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aggregator.cli.context import DONE, FAILED, Context, own_name
from aggregator.config.shown import no_such
from aggregator.errors import AggregatorError
from aggregator.jobs.places import packaged_gazetteer
from aggregator.observe import printable, printable_json

if TYPE_CHECKING:
    from aggregator.model import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which stories; None: all."""

    section: str | None = None
    region: str | None = None
    feed: str | None = None
    since: str | None = None


def status(context: Context, *, as_json: bool, check: bool) -> int:
    """Show how it goes; with `check`, fail unless health is ok."""
    from aggregator.config import siterules
    from aggregator.jobs import status as report

    force, store = context.in_force()
    faults = tuple(map(str, force.faults))
    rules = siterules.in_force(force.rules)
    state = report.status(force.config, store, now=context.now, faults=faults, rules=rules)
    if as_json:
        print(printable_json(state, indent=1))
    else:
        _print_status(state, force.config.site.timezone)
    return FAILED if check and state["health"] != "ok" else DONE


def entries(context: Context, *, feed: str | None, as_json: bool) -> int:
    """List entries as their feeds gave them."""
    from aggregator.jobs import shapes

    force, store = context.in_force()
    config = force.config
    _known(feed, "feed", [each.id for each in config.feed])
    gazetteer = packaged_gazetteer().with_regions(config.region)
    lines = (shapes.entry(each, gazetteer, config.site.language) for each in store.entries(feed=feed))
    if as_json:
        return _print_lines(lines)
    for line in _or_none(lines, "entries"):
        when = (line["published"] or "undated")[:16].replace("T", " ")
        print(printable(f"{when:<16}  {line['state']:<11}  {line['feed']}  {line['title'] or line['url']}"))
    return DONE


def stories(context: Context, wanted: Wanted, *, as_json: bool) -> int:
    """List stories, newest first."""
    from aggregator.jobs import shapes

    force, store = context.in_force()
    config = force.config
    gazetteer = packaged_gazetteer().with_regions(config.region)
    language, zone = config.site.language, ZoneInfo(config.site.timezone)
    found = store.stories(
        section=_known(wanted.section, "section", [each.id for each in config.section]),
        region=_code(wanted.region, config),
        feed=_known(wanted.feed, "feed", [each.id for each in config.feed]),
        since=_since(wanted.since, context.now, zone),
    )
    lines = (shapes.story(each, gazetteer, language) for each in found)
    if as_json:
        return _print_lines(lines)
    for line in _or_none(lines, "stories"):
        _print_story(line, zone)
    return DONE


def _or_none(lines: Iterable[dict[str, Any]], what: str) -> Iterator[dict[str, Any]]:
    """Pass the lines on; say that there are none, where people would else see a blank."""
    line = None
    for line in lines:
        yield line
    if line is None:
        print(f"no {what}; `{own_name()} status` says how the feeds do", file=sys.stderr)


def _print_lines(lines: Iterable[dict[str, Any]]) -> int:
    for line in lines:
        print(printable_json(line))
    return DONE


def _known(value: str | None, what: str, known: list[str]) -> str | None:
    if value is not None and value not in known:
        raise AggregatorError(no_such(what, value, known))
    return value


def _code(name: str | None, config: Config) -> str | None:
    """Take a code or a name, as in feeds.toml, editors' own regions included."""
    from aggregator.config.kinds import Wrong
    from aggregator.config.names import region_code

    if name is None:
        return None
    try:
        return region_code(name, config, packaged_gazetteer())
    except Wrong as wrong:
        raise AggregatorError(str(wrong)) from wrong


def _since(value: str | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Take a duration before `now`, or a time; one that names no zone is the site's."""
    if value is None:
        return None
    from aggregator.config.kinds import parse_duration

    if (duration := parse_duration(value)) is not None:
        return now - duration
    try:
        since = datetime.fromisoformat(value)
        return (since if since.tzinfo else since.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"{value}: no time; write 2022-01-08T05:06:00+07:00, or a duration such as 24h"
        raise AggregatorError(message) from error


def _print_story(line: dict[str, Any], zone: ZoneInfo) -> None:
    """Print a story in two lines, its time in the site's zone, as on the pages."""
    focus = [each["name"] for each in line["regions"] if each["role"] == "focus" and each["rule"] != "member"]
    feeds = dict.fromkeys(copy["feed"] for copy in line["copies"])
    kicker = f"{line['kicker']}: " if line["kicker"] else ""
    print(printable(f"{_local(line['published'], zone)}  {kicker}{line['headline']}"))
    sections = ", ".join(each["id"] for each in line["sections"]) or "in no section"
    places = ", ".join(focus) or "no region"
    print(printable(f"    {places} · {', '.join(feeds)} · {sections} · {line['id']}"))


def _print_status(state: dict[str, Any], timezone: str) -> None:
    """Print health, ledger, feeds and sections, with times in the site's zone."""
    zone = ZoneInfo(timezone)
    print(f"health: {state['health']}")
    for reason in state["reasons"]:
        print(printable(f"  {reason}"))
    ledger = state["ledger"]
    parts = [f"{ledger[name]} {name}" for name in ledger if name != "accepted" and ledger[name]]
    print(f"entries: {ledger['accepted']} accepted" + (f": {', '.join(parts)}" if parts else ""))
    print(f"times: {timezone}")
    print(f"\n{'feed':<24} {'state':<8} {'last success':<17} {'next':<17} why")
    for feed in state["feeds"]:
        _print_feed(feed, zone)
    print(f"\n{'section':<24} {'stories':>7}  updated")
    for section in state["sections"]:
        print(f"{section['id']:<24} {section['stories']:>7}  {_local(section['updated'], zone)}")


def _local(instant: str | None, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(zone):%Y-%m-%d %H:%M}" if instant else "-"


def _print_feed(feed: dict[str, Any], zone: ZoneInfo) -> None:
    why = feed["error"]["message"] if feed["error"] else feed["next_due_reason"]
    if feed["next_due_reason"] == "outage":
        why = f"everything fails at once (outage): {why}"
    times = f"{_local(feed['last_success'], zone):<17} {_local(feed['next_due'], zone):<17}"
    print(printable(f"{feed['id']:<24} {feed['state']:<8} {times} {why}"))
    for warning in feed["warnings"]:
        print(printable(f"{'':<24} {warning['kind']}: {warning['message']}"))
