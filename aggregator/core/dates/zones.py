"""Names of time zones as feeds and papers write them, and the offsets they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

# Hours east of Greenwich. Where a name means several zones, the one that feeds mean: BST is British, IST Indian,
# CST and EST American (RFC 822 says so).
_HOURS: Final = (
    "z 0 ut 0 utc 0 gmt 0 tu 0 tuc 0 wet 0 west 1 bst 1 cet 1 mez 1 met 1 cest 2 mesz 2 mest 2 eet 2 eest 3 oesz 3"
    " hec 1 hce 2 msd 4 trt 3 tsi 3"
    " samt 4 yekt 5 omst 6 novt 7 krat 7 irkt 8 yakt 9 vlat 10 magt 11 pett 12"
    " wib 7 wita 8 wit 9 myt 8 sgt 8 ict 7 pht 8 phst 8 hkt 8 jst 9 kst 9 ist 5.5 npt 5.75 bdt 6 pkt 5 mmt 6.5"
    " irst 3.5 irdt 4.5 aft 4.5 gst 4 azt 4 get 4 uzt 5 tjt 5 tmt 5 kgt 6 ulat 8 idt 3 eat 3 cat 2 sast 2 wat 1"
    " est -5 edt -4 cst -6 cdt -5 mst -7 mdt -6 pst -8 pdt -7 ast -4 adt -3 nst -3.5 ndt -2.5 akst -9 akdt -8 hst -10"
    " brt -3 brst -2 art -3 clt -4 clst -3 cot -5 pet -5 ect -5 bot -4 vet -4 uyt -3"
    " aest 10 aedt 11 acst 9.5 acdt 10.5 awst 8 nzst 12 nzdt 13 chst 10"
)
OFFSETS: Final[Mapping[str, timedelta]] = {
    name: timedelta(hours=float(hours))
    for name, hours in zip(_HOURS.split()[::2], _HOURS.split()[1::2], strict=True)
}
# Names that mean another offset in another year or season.
PLACES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("msk", "мск", "мск времени", "моск времени", "москве", "московскому времени"), "Europe/Moscow"
    ),
    "киеву": "Europe/Kyiv",
    "астане": "Asia/Almaty",
    "алматы": "Asia/Almaty",
}
ENGLISH: Final[Mapping[str, str]] = {
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
    "eastern": "America/New_York",
    "pacific": "America/Los_Angeles",
}
# Names that mean another zone in a language, in hours.
BY_LANGUAGE: Final[Mapping[str, Mapping[str, float]]] = {
    "zh": {"cst": 8},
    "he": {"ist": 2},
    "bn": {"bst": 6},
    "ar": {"ast": 3},
    "fil": {"pst": 8},
    "hy": {"amt": 4},
}
# Words of a language as well: they are zones in capitals only.
_WORDS: Final = "art cat pet eat wet est ist ast met get east west hec bot clt cot ect tu et ct mt pt"
WORDS: Final = frozenset(_WORDS.split())
FARTHEST: Final = timedelta(hours=15)
_BEFORE: Final = r"[\s(\[,\-|/.]*(?:(?:uhr|waktu|hrs|hours|น|по|h)\b\.?[\s(]*)?"
_NUMBER: Final = re.compile(
    rf"{_BEFORE}(?:(?:utc|gmt|ut)\s*)?"
    r"(?:(?P<sign>[+\-])(?P<hours>\d{1,2})(?:[:.]?(?P<minutes>\d{2}))?(?![\d:])"
    r"|(?P<apart>[+\-])\s(?P<far>\d{2}):?(?P<off>\d{2})(?=\)|$))"
)
_BARE: Final = re.compile(r"\s(0\d|1[0-4])(00|15|30|45)$")  # the sign was lost, or was a plus in an address
_NAME: Final = re.compile(rf"{_BEFORE}(?P<name>[^\W\d_]+(?: времени)?)(?![^\W\d_])")
_PLACE: Final = re.compile(r"[\s(\[]*(?:[+\-]\d{2}:?\d{2}\s?\[)?(?P<place>[a-z]+/[a-z_]+(?:/[a-z_]+)?)")


@dataclass(frozen=True, slots=True)
class Asking:
    """What a zone is read by."""

    moment: datetime  # local and naive
    asked: tzinfo  # the zone that holds where none is written: it knows its own name best
    language: str = ""  # primary subtag
    capitals: str = ""  # the text before folding


def find_zone(text: str, asking: Asking) -> tuple[tzinfo, int] | None:
    """Read the zone that a folded text begins with, after a time, and where it ends; None: none that can be."""
    number = _NUMBER.match(text)
    if number:
        return _told(_numeric(number, text), number)
    bare = _BARE.match(text)
    if bare:
        return timezone(timedelta(hours=int(bare[1]), minutes=int(bare[2]))), bare.end()
    place = _PLACE.match(text)
    if place:
        return _told(zone_of(place["place"].title()), place)
    name = _NAME.match(text)
    if name and name["name"] == "z" and not _ends(text, name.end()) and "Z" not in asking.capitals:
        return None  # "z" is a word in Polish and Czech
    return _told(_named(name["name"], asking), name) if name else None


def _told(zone: tzinfo | None, found: re.Match[str]) -> tuple[tzinfo, int] | None:
    return None if zone is None else (zone, found.end())


def _numeric(found: re.Match[str], text: str) -> tzinfo | None:
    if found["apart"]:
        return _signed(found["apart"], int(found["far"]), int(found["off"]))
    hours, minutes = found["hours"], found["minutes"]
    if minutes is None and found["sign"] == "-" and not _ends(text, found.end()):
        return None  # "05:06 -8 …" is a dash
    return _signed(found["sign"], int(hours), int(minutes or 0))


def _ends(text: str, place: int) -> bool:
    return text[place:].lstrip(" ")[:1] in ("", ")", "]", "(", ",")


def _signed(sign: str, hours: int, minutes: int) -> tzinfo | None:
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > FARTHEST:
        return None
    return timezone(offset if sign == "+" else -offset)


def _named(name: str, asking: Asking) -> tzinfo | None:
    if name in WORDS and name.upper() not in asking.capitals:
        return None
    own = asking.asked.tzname(asking.moment)
    if own is not None and own.lower() == name:
        return asking.asked
    place = PLACES.get(name) or (ENGLISH.get(name) if asking.language == "en" else None)
    if place:
        return zone_of(place)
    hours = BY_LANGUAGE.get(asking.language, {}).get(name)
    offset = OFFSETS.get(name) if hours is None else timedelta(hours=hours)
    return None if offset is None else timezone(offset)


@lru_cache(maxsize=512)
def zone_of(name: str) -> tzinfo | None:
    """Give the zone of an IANA name; None when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
