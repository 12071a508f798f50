"""How often a publisher wants to be asked: ttl, skipHours, skipDays and the syndication module of RSS 1.0."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import islice
from typing import Final

from lxml import etree

from aggregator.core.formats.elements import is_feeds, lower_name, name_of
from aggregator.core.formats.reading import Fields

PERIODS: Final = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
LONGEST_TTL: Final = timedelta(days=365)
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SKIP_HOURS: Final = re.compile(r"<skipHours>(.{0,4000}?)</skipHours>", re.IGNORECASE | re.DOTALL)
SKIP_DAYS: Final = re.compile(r"<skipDays>(.{0,4000}?)</skipDays>", re.IGNORECASE | re.DOTALL)
HOUR: Final = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
DAY: Final = re.compile(r"<day>\s*([A-Za-z]{6,9})\s*</day>", re.IGNORECASE)
LISTED_MOST: Final = 100  # elements that are looked at in one list


def ttl(feed: Fields) -> timedelta | None:
    """Read RSS ttl (minutes) and sy:updatePeriod over sy:updateFrequency: the longer of the two."""
    given = [each for each in (_minutes(feed), _period(feed)) if each is not None]
    return max(given, default=None)


def _minutes(feed: Fields) -> timedelta | None:
    minutes = _text(feed.get("ttl"))
    if not re.fullmatch(r"\d{1,9}", minutes, re.ASCII) or not int(minutes):
        return None
    return min(timedelta(minutes=int(minutes)), LONGEST_TTL)


def _period(feed: Fields) -> timedelta | None:
    period = PERIODS.get(_text(feed.get("sy_updateperiod")).lower())
    times = _text(feed.get("sy_updatefrequency")) or "1"
    if period is None or not re.fullmatch(r"\d{1,5}", times, re.ASCII) or not int(times):
        return None
    return period / int(times)


def skipped(root: etree._Element | None, text: str) -> tuple[frozenset[int], frozenset[int]]:
    """Read the hours (UTC) and the days (Monday is 0) to leave out; from the text where there is no tree."""
    if root is None:
        listed = SKIP_HOURS.search(text), SKIP_DAYS.search(text)
        inside = [found.group(1) if found else "" for found in listed]
        return _hours(HOUR.findall(inside[0])), _days(DAY.findall(inside[1]))
    return _hours(_lists(root, "skiphours")), _days(_lists(root, "skipdays"))


def _lists(root: etree._Element, name: str) -> list[str]:
    """Give what the feed lists under one name, wherever in it the list stands."""
    feeds = [root, *(each for each in root if lower_name(each)[1] == "channel")]
    lists = (each for feed in feeds for each in feed if lower_name(each)[1] == name)
    return [text for each in lists if is_feeds(name_of(each)[0]) for text in _listed(each, name)]


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


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
