"""What a feed says of itself beside feedparser's fields: when not to be asked, its picture, its rights."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

from lxml import etree

from aggregator.core.formats import extras
from aggregator.core.formats.elements import Names, lower_name

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SKIP_HOURS: Final = re.compile(r"<skipHours>(.{0,4000}?)</skipHours>", re.IGNORECASE | re.DOTALL)
SKIP_DAYS: Final = re.compile(r"<skipDays>(.{0,4000}?)</skipDays>", re.IGNORECASE | re.DOTALL)
HOUR: Final = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
DAY: Final = re.compile(r"<day>\s*([A-Za-z]{6,9})\s*</day>", re.IGNORECASE)
LISTED_MOST: Final = 100  # elements that are looked at in one list
ICONS: Final = ("icon", "logo", "image", "itunes_image")
NOT_LOOKED_AT: Final = frozenset({"item", "entry", "items"})


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a feed says of itself; addresses as given, not yet absolute."""

    skip_hours: frozenset[int] = frozenset()  # 0-23, GMT
    skip_days: frozenset[int] = frozenset()  # Monday is 0, GMT
    icon: str | None = None
    rights: str | None = None
    license: str | None = None


def read(root: etree._Element | None, text: str) -> About:
    """Read it from the tree; where there is none, the hours and days alone from the text."""
    if root is None:
        return _from_text(text)
    names = Names(root)
    found: dict[str, etree._Element] = {}
    listed: dict[str, list[str]] = {"skiphours": [], "skipdays": []}
    for feed in (root, *(child for child in root if names.key(child) == "channel")):
        _look(feed, names, found, listed)
    icons = (extras.picture_of(found[key]) for key in ICONS if key in found)
    return About(
        skip_hours=_hours(listed["skiphours"]),
        skip_days=_days(listed["skipdays"]),
        icon=next(filter(None, icons), None),
        rights=extras.rights_of(found),
        license=extras.license_of(found),
    )


def _look(
    feed: etree._Element, names: Names, found: dict[str, etree._Element], listed: dict[str, list[str]]
) -> None:
    seen: set[object] = set()
    for child in feed:
        if child.tag in seen:
            continue
        seen.add(child.tag)
        key = names.key(child)
        if key in listed and names.is_native(child):
            listed[key] += _listed(child, key)
        elif key not in NOT_LOOKED_AT and ("_" in key or names.is_native(child)):
            found.setdefault(key, child)


def _from_text(text: str) -> About:
    listed = SKIP_HOURS.search(text), SKIP_DAYS.search(text)
    inside = [found.group(1) if found else "" for found in listed]
    return About(skip_hours=_hours(HOUR.findall(inside[0])), skip_days=_days(DAY.findall(inside[1])))


def _listed(element: etree._Element, name: str) -> list[str]:
    """Give the texts of `<hour>` or `<day>`, which some write with an "s"."""
    own = {name.removeprefix("skip"), name.removeprefix("skip").removesuffix("s")}
    return [
        (child.text or "").strip() for child in islice(element, LISTED_MOST) if lower_name(child)[1] in own
    ]


def _hours(listed: list[str]) -> frozenset[int]:
    hours = (int(hour) for hour in listed if re.fullmatch(r"\d{1,2}", hour, re.ASCII))
    return frozenset(hour % 24 for hour in hours if hour <= 24)


def _days(listed: list[str]) -> frozenset[int]:
    return frozenset(DAYS.index(day.lower()) for day in listed if day.lower() in DAYS)
