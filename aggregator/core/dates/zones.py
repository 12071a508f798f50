"""Names of time zones as feeds and papers write them, and the offsets they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

# Hours east of Greenwich. Where a name means several zones, the one that feeds mean: BST is British, IST Indian,
# CST and EST American (RFC 822 says so).
_HOURS: Final = (
    "z 0 ut 0 utc 0 gmt 0 wet 0 west 1 bst 1 cet 1 mez 1 cest 2 mesz 2 eet 2 eest 3 oesz 3 msk 3 мск 3 msd 4 trt 3"
    " samt 4 yekt 5 omst 6 novt 7 krat 7 irkt 8 yakt 9 vlat 10 magt 11 pett 12"
    " wib 7 wita 8 wit 9 myt 8 sgt 8 ict 7 pht 8 phst 8 hkt 8 jst 9 kst 9 ist 5.5 npt 5.75 bdt 6 pkt 5 mmt 6.5"
    " irst 3.5 gst 4 azt 4 uzt 5 tjt 5 tmt 5 kgt 6 ulat 8 eat 3 cat 2 sast 2 wat 1"
    " est -5 edt -4 cst -6 cdt -5 mst -7 mdt -6 pst -8 pdt -7 ast -4 adt -3 nst -3.5 ndt -2.5 akst -9 akdt -8 hst -10"
    " brt -3 art -3 clt -4 clst -3 cot -5 pet -5 vet -4"
    " aest 10 aedt 11 acst 9.5 acdt 10.5 awst 8 nzst 12 nzdt 13"
)
OFFSETS: Final[Mapping[str, timedelta]] = {
    name: timedelta(hours=float(hours))
    for name, hours in zip(_HOURS.split()[::2], _HOURS.split()[1::2], strict=True)
}
FARTHEST: Final = timedelta(hours=15)
NUMERIC: Final = re.compile(r"[\s(,]*(?:(?:utc|gmt|ut)\s*)?([+\-−–])\s*(\d{1,2})(?::(\d{2})|(\d{2})?)(?!\d)")
# "GMT+0700 (WIB)" is told by its number; the name alone counts where there is none.
NAMED: Final = re.compile(r"[\s(,\-–|/]*([^\W\d_]{1,5})\b")


def find_offset(text: str) -> timedelta | None:
    """Read the zone that a casefolded text begins with, after a time; None: none, or none that can be."""
    number = NUMERIC.match(text)
    if number:
        return _numeric(number)
    three = re.match(r"[\s(]*([+\-−])(\d)(\d{2})(?!\d)", text)
    if three:
        return _signed(three.group(1), int(three.group(2)), int(three.group(3)))
    name = NAMED.match(text)
    return OFFSETS.get(name.group(1)) if name else None


def _numeric(found: re.Match[str]) -> timedelta | None:
    sign, hours, minutes, packed = found.groups()
    return _signed(sign, int(hours), int(minutes or packed or 0))


def _signed(sign: str, hours: int, minutes: int) -> timedelta | None:
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > FARTHEST:
        return None
    return offset if sign == "+" else -offset
