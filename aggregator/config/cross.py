"""Checks that need more than one value: ids and URLs twice, regions in circles, intervals the wrong way round."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from aggregator.config.addresses import URL, parsed_url
from aggregator.config.check import Path, Problem
from aggregator.config.kinds import Wrong, parse_duration
from aggregator.config.names import Names, Places, tables, texts
from aggregator.config.shown import quoted
from aggregator.config.words import SECTION_ID
from aggregator.core.toml import written
from aggregator.model import PollingSettings

Raw = Mapping[str, Any]
Members = Mapping[str, Sequence[tuple[str, Path]]]


def problems(raw: Raw, names: Names, places: Places) -> Iterator[Problem]:
    """Every such fault of a file, as tomllib read it; values of a wrong type are left to the checker."""
    for kind in ("feed", "region", "section"):
        yield from _twice(raw, kind, "id", lambda value: value, f"is the id of another {kind} already")
    yield from _twice(
        raw, "feed", "url", _same_url, "is the address of another feed already; leave one of them out"
    )
    yield from _intervals(raw)
    yield from _region_ids(raw, places)
    yield from _circles(raw, names, places)
    yield from _formerly(raw)
    yield from _empty_expectations(raw)


def _same_url(value: str) -> str | None:
    return parsed_url(value) if re.fullmatch(URL, value) else None


def _twice(
    raw: Raw, kind: str, name: str, normal: Callable[[str], str | None], what: str
) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for number, table in tables(raw, kind):
        value = table.get(name)
        same = normal(value) if isinstance(value, str) and value else None
        if same is None:
            continue
        path = (kind, number, name)
        if same in first:
            yield Problem(path, f"{name}: {quoted(str(value))} {what}", other=first[same])
        else:
            first[same] = path


def _intervals(raw: Raw) -> Iterator[Problem]:
    polling = raw.get("polling")
    if not isinstance(polling, dict):
        return
    least, most = _interval(polling, "min_interval"), _interval(polling, "max_interval")
    if least is None or most is None or least <= most:
        return
    at, other, what = ("max_interval", "min_interval", "longer")
    if at not in polling:
        at, other, what = ("min_interval", "max_interval", "shorter")
    note = "" if other in polling else f" (the default of {other})"
    message = f"min_interval {written(least)} is longer than max_interval {written(most)}{note}"
    yield Problem(("polling", at), f"{message}; write a {what} {at}")


def _interval(polling: Raw, name: str) -> timedelta | None:
    """An interval as it is given, else its default; None when what is given is no duration."""
    value = polling.get(name, written(getattr(PollingSettings(), name)))
    return parse_duration(value) if isinstance(value, str) else None


def _region_ids(raw: Raw, places: Places) -> Iterator[Problem]:
    for number, region in tables(raw, "region"):
        id_ = region.get("id")
        if not isinstance(id_, str) or not id_ or id_ in places.find(id_, languages=["en"]):
            continue
        path = ("region", number, "id")
        if id_.upper() in places.find(id_.upper(), languages=["en"]):
            code = id_.upper()
            yield Problem(
                path, f'id: {quoted(id_)} looks like the code {code}; write "{code}" to add to that place'
            )
        elif re.fullmatch("[A-Z0-9-]{2,6}", id_):
            yield Problem(
                path,
                f"id: {quoted(id_)} is no ISO 3166 or UN M49 code; an id of your own is in lower-case letters",
            )
        elif re.search("[A-Z]", id_) and re.fullmatch(SECTION_ID, id_.lower()):
            yield Problem(path, f"id: {quoted(id_)} has capital letters; write {quoted(id_.lower())}")


def _members(raw: Raw, names: Names) -> dict[str, list[tuple[str, Path]]]:
    """Ids of regions, and of each the codes of its members with their places in the file."""
    found: dict[str, list[tuple[str, Path]]] = {}
    for number, region in tables(raw, "region"):
        members = region.get("members", [])
        for position, name in enumerate(texts(members)):
            path = _at(("region", number, "members"), members, position)
            try:
                code = names.region(name)
            except Wrong:
                continue
            found.setdefault(str(region.get("id")), []).append((code, path))
    return found


def _at(path: Path, value: object, position: int) -> Path:
    """The path of one of a key's values: of the value itself where it stands for a list."""
    return (*path, position) if isinstance(value, list) else path


def _circles(raw: Raw, names: Names, places: Places) -> Iterator[Problem]:
    """Members through which a region contains itself; each circle once, at the member that closes it."""
    members = _members(raw, names)
    told: set[frozenset[str]] = set()
    for region in members:
        for trail, path in _ways_back(region, members, places):
            if frozenset(trail) not in told:
                told.add(frozenset(trail))
                how = f" (through {', '.join(trail[1:])})" if len(trail) > 1 else ""
                yield Problem(
                    path, f"members: {quoted(region)} would contain itself{how}; leave this member out"
                )


def _ways_back(start: str, members: Members, places: Places) -> Iterator[tuple[list[str], Path]]:
    """Every declared member of `start` from which `start` is reached again, with the regions on the way."""
    for first, path in members[start]:
        before: dict[str, str] = {first: start}
        waiting = [first]
        while waiting and start not in waiting:
            here = waiting.pop()
            news = [code for code in _within(here, start, members, places) if code not in before]
            before.update(dict.fromkeys(news, here))
            waiting += news
        if start in waiting:
            yield _trail(start, before), path


def _within(here: str, start: str, members: Members, places: Places) -> Iterator[str]:
    """The members that the file gives a region, and `start` where the gazetteer has it in there."""
    yield from (code for code, _ in members.get(here, ()))
    if here in places.containing(start):
        yield start


def _trail(start: str, before: Mapping[str, str]) -> list[str]:
    trail, here = [start], before.get(start, start)
    while here != start:
        trail.insert(1, here)
        here = before[here]
    return trail


def _formerly(raw: Raw) -> Iterator[Problem]:
    current: dict[str, Path] = {
        id_: ("section", number, "id")
        for number, table in tables(raw, "section")
        for id_ in texts(table.get("id"))
    }
    earlier: dict[str, Path] = {}
    for number, section in tables(raw, "section"):
        value = section.get("formerly", [])
        for position, id_ in enumerate(texts(value)):
            path = _at(("section", number, "formerly"), value, position)
            if not re.fullmatch(SECTION_ID, id_):
                continue
            if id_ in current:
                what = "is the id of a section of today; an old id can go to one place only"
                yield Problem(path, f"formerly: {quoted(id_)} {what}", other=current[id_])
            elif id_ in earlier:
                yield Problem(path, f"formerly: {quoted(id_)} is claimed twice", other=earlier[id_])
            else:
                earlier[id_] = path


def _empty_expectations(raw: Raw) -> Iterator[Problem]:
    for number, expect in tables(raw, "expect"):
        if "url" in expect and len(expect) == 1:
            yield Problem(
                ("expect", number),
                "[[expect]] expects nothing; write sections, not_sections, regions or not_regions",
            )
