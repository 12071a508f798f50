"""What speaks for and against two deliveries being one entry: ids, links, titles and dates."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from aggregator.core.names import id_name, link_name, name_all
from aggregator.core.text import fold, words
from aggregator.core.urls import canonical_url
from aggregator.model import Entry, KnownEntry

ALIKE: Final = 0.6  # of the words of the shorter title stand in the other
SHORT_ID: Final = 16  # characters; what is longer is a hash, a UUID, a tag or an address
RECORD_DIGITS: Final = 4
_ADDRESS: Final = re.compile(r"(?i)(?:https?:)?//[^/?#]*([^#]*)(#.*)?", re.DOTALL)
_PLACE: Final = re.compile(r"#[^0-9]{0,9}[0-9]{1,3}")
_NUMBER: Final = re.compile(r"[0-9]+")
_LONG_NUMBER: Final = re.compile(r"[0-9]{5,}")
_DAY: Final = re.compile(r"(?:19|20)[0-9]{4}(?:[0-9]{2})?")
_MIDNIGHT: Final = timedelta()
_FORMS: Final[tuple[Callable[[datetime], str], ...]] = (  # of a date in feeds, without its zone
    lambda date: format_datetime(date)[:-6],
    lambda date: date.isoformat()[:19],
    lambda date: date.isoformat(" ")[:19],
)


def place_of(link: str | None) -> str | None:
    """Give path and query of a link, which a move to another host or scheme leaves alone; None: the site itself."""
    found = _ADDRESS.match(link or "")
    return found.group(1) if found and found.group(1) not in ("", "/") else None


@lru_cache(maxsize=4096)
def is_weak(given: str) -> bool:
    """Whether an id may be a place in a list, or the name of a list: "3", "item-3", "ekonomi", "…/rss#3".

    Such an id alone does not say that an entry is the one that had it before. Ids of records have more digits.
    """
    found = _ADDRESS.fullmatch(given)
    if found is not None:
        return place_of(given) is None or bool(_PLACE.fullmatch(found.group(2) or ""))
    return len(given) < SHORT_ID and not any(len(n) >= RECORD_DIGITS for n in _NUMBER.findall(given))


def is_alike(one: str, other: str) -> bool:
    """Whether a title may be an edit of the other: most words the same, and no other numbers."""
    numbers, others = set(_NUMBER.findall(one)), set(_NUMBER.findall(other))
    if numbers and others and not numbers & others:
        return False  # "Gold price, 3 January" and "Gold price, 4 January" are two stories
    ours, theirs = _words(one), _words(other)
    fewest = min(len(ours), len(theirs))
    return bool(fewest) and len(ours & theirs) / fewest >= ALIKE


@lru_cache(maxsize=1024)
def _words(title: str) -> frozenset[str]:
    return frozenset(words(fold(title)))


def moment(published: datetime | None) -> datetime | None:
    """Give a claimed date that has a time of day: two stories of one day seldom share it. None: none, or midnight.

    A date without a time is read as midnight where it was written; others write it as midnight in Greenwich.
    """
    if published is None:
        return None
    since = timedelta(hours=published.hour, minutes=published.minute, seconds=published.second)
    in_greenwich = (since - (published.utcoffset() or _MIDNIGHT)) % timedelta(days=1)
    return None if _MIDNIGHT in (since, in_greenwich) else published


def has_new_id(entry: Entry, known: KnownEntry) -> bool:
    """Whether the publisher says that this is another entry: by an id that can be trusted and was not the other's."""
    if not entry.guid or is_weak(entry.guid):
        return False
    return known.guid is None or id_name(entry.guid) != id_name(known.guid)


def hash_under(entry: Entry, link: str) -> str:
    """Hash what an entry delivered as it would be under another link."""
    stamped = name_all([entry.raw])[0].hash != entry.hash  # `updated` is the file's own time, and not hashed
    raw = replace(entry.raw, link=link, updated=None if stamped else entry.raw.updated)
    return name_all([raw])[0].hash


def says_the_same(entry: Entry, known: KnownEntry) -> bool:
    """Whether all that was delivered is the same but for the link and the date, down to the last byte.

    Only a hash is stored: so the entry is hashed again as it would be under the link and the date of the other.
    Where one of these did change, a text must have stayed: that two titles are equal says little.
    """
    raw = entry.raw
    moved = link_name(entry.canonical_url or "") != link_name(known.canonical_url or "")
    if (moved or entry.published != known.published) and not (raw.summary or raw.content):
        return False
    dates = {raw.published, _redated(raw.published, entry.published, known.published)}
    updates = {raw.updated, None}  # None: as in `hash_under`
    forms = [
        replace(raw, link=known.canonical_url, published=date, updated=at) for date in dates for at in updates
    ]
    return any(name_all([form])[0].hash == known.hash for form in forms)


def _redated(given: str | None, date: datetime | None, other: datetime | None) -> str | None:
    """Write another date the way that one is written; as it is where we do not know the way."""
    if given and date and other and date.utcoffset() == other.utcoffset():
        for form in _FORMS:
            if form(date) in given:
                return given.replace(form(date), form(other))
    return given


def names_link(entry: Entry) -> bool:
    """Whether the id is the link with something added: "…/news/17#2" is the second version of "…/news/17"."""
    if not entry.guid or not entry.canonical_url:
        return False
    return id_name(canonical_url(entry.guid)) == link_name(entry.canonical_url)


def is_edit(entry: Entry, known: KnownEntry) -> bool:
    """Whether what has a stored entry's id, yet another link, is an edit of it and no other story.

    An editor who changes a headline may change the link with it (WordPress), and a site may move: one of them
    differs then, or the date stays, or the number of the record; an id that is the address, too, is of the page
    itself. When nothing stays but the id, the id was given to another story; that neither has a title is nothing
    that stays. A weak id counts for little: title and time must agree.
    """
    alike = is_alike(entry.title, known.title)
    dated = moment(entry.published)
    at_once = dated is not None and dated == known.published
    if entry.guid is None or is_weak(entry.guid):
        return alike and at_once
    linked = entry.canonical_url and known.canonical_url
    return alike or at_once or not linked or names_link(entry) or _is_one_record(entry, known)


def _is_one_record(entry: Entry, known: KnownEntry) -> bool:
    """Whether both links lead to one place on whatever host, or hold the same number."""
    place, before = place_of(entry.canonical_url), place_of(known.canonical_url)
    return place is not None and before is not None and (place == before or _shares_number(place, before))


def shares_number(entry: Entry, known: KnownEntry) -> bool:
    """Whether both links hold a number that may be one of a record, wherever they lead."""
    return _shares_number(place_of(entry.canonical_url) or "", place_of(known.canonical_url) or "")


def _shares_number(place: str, other: str) -> bool:
    """Whether two links hold a number that a database may have counted; a date is none."""
    numbers, others = set(_LONG_NUMBER.findall(place)), set(_LONG_NUMBER.findall(other))
    return any(not _DAY.fullmatch(number) for number in numbers & others)
