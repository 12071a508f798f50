"""Which entries of a document are stored already, though their ids changed or stand for other stories now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, TypeVar

from aggregator.core.likeness import (
    has_new_id,
    hash_under,
    is_alike,
    is_edit,
    is_weak,
    moment,
    names_link,
    place_of,
    says_the_same,
    shares_number,
)
from aggregator.core.names import content_name, id_name, link_name
from aggregator.core.text import fold
from aggregator.model import Entry, KnownEntry, Standing

NEW: Final = "new"
UPDATED: Final = "updated"
UNCHANGED: Final = "unchanged"
REPEAT: Final = "repeat"
FEWEST_DATED: Final = 2  # entries that change id and link together, before title and time are believed
FEWEST_UNDATED: Final = 3  # ... before a title without a time is, with the same text or the same number


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The elements of a document beside what is stored; each is in exactly one of these, in its order."""

    new: tuple[Entry, ...] = ()
    updated: tuple[Entry, ...] = ()  # under the key that is stored
    unchanged: tuple[Standing, ...] = ()
    repeats: tuple[Standing, ...] = ()  # further elements with a key that is in one of these


def wanted(entries: Iterable[Entry]) -> tuple[set[str], set[str]]:
    """Give the keys and the canonical addresses under which these entries may be stored."""
    keys: set[str] = set()
    urls: set[str] = set()
    for entry in entries:
        keys |= {entry.key, content_name(entry.raw), _bytes_name(entry)}
        if entry.guid:
            keys.add(id_name(entry.guid))
        if entry.canonical_url:
            keys.add(link_name(entry.canonical_url))
            urls |= {entry.canonical_url, _other_scheme(entry.canonical_url)}
    return keys, urls


def settle(entries: Sequence[Entry], unchanged: Sequence[Standing], known: Sequence[KnownEntry]) -> Settled:
    """Say of every element of a document whether it is new, an edit, stored already, or a repeat.

    `entries` and `unchanged` come from one document; `known` is what stood in the feed's last document, and
    whatever else of the feed has a key or an address of `wanted(entries)`. Whatever is decided here, the same
    document is unchanged when it comes again: by then it is found by its bytes.
    """
    stood = {each.key: each for each in reversed(unchanged)}  # of each key the first
    desk = _Desk(entries, stood.keys(), known)
    desk.match()
    desk.name_new()
    told: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        told[desk.verdict(entry)].append(_under(desk.key_of(entry), entry))
    again = [each for each in unchanged if each.position != stood[each.key].position]
    return Settled(
        new=tuple(told[NEW]),
        updated=tuple(told[UPDATED]),
        unchanged=_in_order([*stood.values(), *map(_place, told[UNCHANGED])]),
        repeats=_in_order([*again, *map(_place, told[REPEAT])]),
    )


def _place(entry: Entry) -> Standing:
    return Standing(key=entry.key, position=entry.position)


def _in_order(places: Iterable[Standing]) -> tuple[Standing, ...]:
    return tuple(sorted(places, key=lambda each: each.position))


def _under(key: str, entry: Entry) -> Entry:
    return entry if entry.key == key else replace(entry, key=key)


def _bytes_name(entry: Entry) -> str:
    return f"sha256:{entry.hash}"


def _other_scheme(url: str) -> str:
    scheme, _, rest = url.partition(":")
    return f"{'http' if scheme == 'https' else 'https'}:{rest}"


class _Several(Enum):
    """What a rule does when several stored entries, or several of the document, agree in its facts."""

    NOTHING = auto()  # it cannot tell which is which, and decides nothing
    ANY = auto()  # they agree in all that counts, so that it does not matter
    LATEST = auto()  # an edit is of the one that had the name last


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One way to know a stored entry again: by the same facts, and by what else must be so."""

    of_entry: Callable[[Entry], Hashable]  # None: it has no such facts; likewise the next
    of_known: Callable[[KnownEntry], Hashable]
    fits: Callable[[Entry, KnownEntry], bool] = lambda _entry, _known: True
    several: _Several = _Several.NOTHING


class _Desk:
    """One document laid beside what is stored: what of either has not found its fellow yet."""

    def __init__(
        self, entries: Sequence[Entry], claimed: Collection[str], known: Sequence[KnownEntry]
    ) -> None:
        self.first = {entry.key: entry for entry in reversed(entries)}  # of each key the first
        self.waiting = {entry.key: self.first[entry.key] for entry in entries}  # in the document's order
        self.taken = {*claimed, *(each.key for each in known)}
        by_age = sorted(known, key=lambda each: (each.effective, each.key))
        self.free = {each.key: each for each in by_age if each.key not in claimed}
        standing = [each for each in known if each.key in claimed]
        self.vague = _vague([*entries, *standing]) | _vague(known)
        self.found: dict[str, KnownEntry] = {}
        self.fresh: dict[str, str] = {}
        self.placed = {each.hash: each.key for each in standing}

    def match(self) -> None:
        """Find the stored entry of every key of the document that has one; what is surest is decided first."""
        for rule in self._rules():
            self._take(self._pairs(rule))
        # Where id and link changed together, a title is little: "Weather" comes every day, and an article that is
        # published again at another address may be meant to. It counts when most of what stood in the last
        # document went at once and came back under the same titles: so a whole site moves. Columns that stand in
        # a feed every day do so, too, and have no dates perhaps: then it is the text that must have stayed.
        for rule, fewest in ((_BY_MOMENT, FEWEST_DATED), (_BY_TITLE, FEWEST_UNDATED)):
            storm = self._pairs(rule)
            vanished = sum(each.listed for each in self.free.values())
            if len(storm) >= fewest and 2 * len(storm) >= vanished:
                self._take(storm)

    def name_new(self) -> None:
        """Name every new entry: by its own key, else its link, content or bytes, where another story has that.

        What has all of that taken says what another element of the document says: it is no entry of its own.
        """
        own_first = sorted(self.waiting.values(), key=lambda one: one.key in self.taken)
        for entry in own_first:
            key = next((name for name in self._names(entry) if name not in self.taken), None)
            if key is not None:
                self.fresh[entry.key] = key
                self.taken.add(key)
                self.placed.setdefault(entry.hash, key)

    def key_of(self, entry: Entry) -> str:
        """Give the key under which an element of the document is stored, or will be."""
        stored = self.found.get(entry.key)
        if stored is not None:
            return stored.key
        first = self.first[entry.key]
        return self.fresh.get(entry.key) or self.placed.get(first.hash) or _bytes_name(first)

    def verdict(self, entry: Entry) -> str:
        """Say what an element of the document is."""
        stored = self.found.get(entry.key)
        if entry is not self.first[entry.key] or (stored is None and entry.key not in self.fresh):
            return REPEAT
        if stored is None:
            return NEW
        return UNCHANGED if stored.hash == entry.hash else UPDATED

    def _names(self, entry: Entry) -> Iterator[str]:
        yield entry.key
        if self._link(entry.canonical_url) is not None:
            yield link_name(entry.canonical_url or "")
        yield content_name(entry.raw)
        if entry.hash not in self.placed:
            yield _bytes_name(entry)

    def _link(self, url: str | None) -> str | None:
        """Name a link that tells one story from others: no site's front page, and none that several share."""
        if not url or place_of(url) is None:
            return None
        name = link_name(url)
        return name if name not in self.vague else None

    def _pairs(self, rule: _Rule) -> list[tuple[Entry, KnownEntry]]:
        if not self.waiting or not self.free:
            return []
        entries = _by(self.waiting.values(), rule.of_entry)
        stored = _by(self.free.values(), rule.of_known)
        pairs: list[tuple[Entry, KnownEntry]] = []
        for facts in entries.keys() & stored.keys():
            ours, theirs = entries[facts], stored[facts]
            if rule.several is _Several.LATEST:
                theirs = theirs[-1:]
            if rule.several is _Several.ANY or len(ours) == len(theirs) == 1:
                pairs += zip(ours, theirs, strict=False)
        return [pair for pair in pairs if rule.fits(*pair)]

    def _take(self, pairs: Iterable[tuple[Entry, KnownEntry]]) -> None:
        for entry, stored in pairs:
            self.found[entry.key] = stored
            self.placed.setdefault(entry.hash, stored.key)
            del self.waiting[entry.key], self.free[stored.key]

    def _rules(self) -> Iterator[_Rule]:
        """Give the ways to know an entry again, the surest first."""
        yield _Rule(of_entry=lambda one: (one.key, one.hash), of_known=lambda one: (one.key, one.hash))
        # The same bytes under another id: a storm, or an id that is a place. See `names` on what is hashed.
        yield _Rule(of_entry=lambda one: one.hash, of_known=lambda one: one.hash, several=_Several.ANY)
        yield _Rule(of_entry=lambda one: one.key, of_known=lambda one: one.key, fits=self._keeps_its_key)
        yield from self._by_link()
        yield _Rule(of_entry=lambda one: one.key, of_known=lambda one: one.key, fits=is_edit)
        yield _BY_ID
        yield _WITHOUT_LINK
        yield _Rule(
            of_entry=lambda one: content_name(one.raw),
            of_known=lambda one: one.key,
            fits=lambda entry, stored: not has_new_id(entry, stored),
            several=_Several.ANY,
        )
        yield _Rule(of_entry=_bytes_name, of_known=lambda one: one.key, several=_Several.ANY)

    def _by_link(self) -> Iterator[_Rule]:
        """Know an entry by its link, though its id is new or belongs to another story.

        A link alone is not enough: of two entries with one link each may be a story (bulletins that are always at
        one address). Title and link stay so from day to day: the time has to, or all that was delivered. That
        neither has a title is no agreement; nor is a day, which is no time.
        """
        # The site moved to TLS, and its ids changed, too.
        yield _Rule(of_entry=_hash_before_tls, of_known=lambda one: one.hash, several=_Several.ANY)
        yield _Rule(
            of_entry=lambda one: _all(
                self._link(one.canonical_url), _title(one.title), moment(one.published)
            ),
            of_known=lambda one: _all(
                self._link(one.canonical_url), _title(one.title), moment(one.published)
            ),
        )
        yield _Rule(
            of_entry=lambda one: _all(self._link(one.canonical_url), _title(one.title)),
            of_known=lambda one: _all(self._link(one.canonical_url), _title(one.title)),
            fits=_may_be_one,
        )
        # A site that moved to another host.
        yield _Rule(
            of_entry=lambda one: _all(place_of(self._link(one.canonical_url)), _title(one.title)),
            of_known=lambda one: _all(place_of(self._link(one.canonical_url)), _title(one.title)),
            fits=_is_one,
        )
        yield _Rule(
            of_entry=lambda one: _all(self._link(one.canonical_url), moment(one.published)),
            of_known=lambda one: _all(self._link(one.canonical_url), moment(one.published)),
        )
        yield _Rule(
            of_entry=lambda one: self._link(one.canonical_url),
            of_known=lambda one: self._link(one.canonical_url),
            fits=_is_edited,
        )

    def _keeps_its_key(self, entry: Entry, stored: KnownEntry) -> bool:
        """Whether the key alone says so: a link, a content, or an id that can be trusted with what came.

        An entry may say anything new under its own id and link (a live blog does every minute).
        """
        link = self._link(entry.canonical_url)
        if entry.guid is None or entry.key != id_name(entry.guid):
            # By its link, though that is the front page's or one of several stories: by its title, then.
            at_no_page = link is None and entry.key == _bare(entry.canonical_url)
            return not at_no_page or is_alike(entry.title, stored.title)
        if link is not None and link == self._link(stored.canonical_url):
            return True
        return not is_weak(entry.guid) and is_edit(entry, stored)


Told = TypeVar("Told")


def _by(told: Iterable[Told], facts_of: Callable[[Told], Hashable]) -> dict[Hashable, list[Told]]:
    """Group by facts; what has none is in no group."""
    groups: dict[Hashable, list[Told]] = defaultdict(list)
    for each in told:
        groups[facts_of(each)].append(each)
    groups.pop(None, None)
    return groups


def _vague(told: Iterable[Entry | KnownEntry]) -> set[str]:
    """Give the links that several entries share under several titles."""
    titles: dict[str, set[str]] = defaultdict(set)
    for each in told:
        if each.canonical_url:
            titles[link_name(each.canonical_url)].add(_title(each.title) or each.key)
    return {link for link, those in titles.items() if len(those) > 1}


def _all(*facts: Hashable) -> Hashable:
    """Give the facts together; None when one of them is missing."""
    return None if None in facts else facts


def _bare(url: str | None) -> str | None:
    return link_name(url) if url else None


def _title(title: str) -> str | None:
    return fold(title) or None


def _record_id(given: str | None) -> str | None:
    return id_name(given) if given and not is_weak(given) else None


def _hash_before_tls(entry: Entry) -> str | None:
    return hash_under(entry, _other_scheme(entry.canonical_url)) if entry.canonical_url else None


def _is_one(entry: Entry, stored: KnownEntry) -> bool:
    """Whether what has the same title, and a link that says so, is the same entry: by time, text or number."""
    if says_the_same(entry, stored):
        return True
    if entry.published is None or stored.published is None:
        return shares_number(entry, stored)
    if entry.published != stored.published:
        return False
    return moment(entry.published) is not None or shares_number(entry, stored)


def _may_be_one(entry: Entry, stored: KnownEntry) -> bool:
    """Whether what has the same title and link is the same entry: no new id says that it is another one."""
    return not has_new_id(entry, stored) or _is_one(entry, stored)


def _is_edited(entry: Entry, stored: KnownEntry) -> bool:
    """Whether what has the same link, and an edited title, is the same entry.

    Its id is new, too, at the first edit after a storm that left its bytes alone: then the number counts.
    """
    if names_link(entry):
        return True
    one = entry.published == stored.published and shares_number(entry, stored)
    return is_alike(entry.title, stored.title) and (one or not has_new_id(entry, stored))


def _is_moved(entry: Entry, stored: KnownEntry) -> bool:
    """Whether what has the same title, and no more than a day for a date, is the same entry at another link."""
    return says_the_same(entry, stored) or shares_number(entry, stored)


# What was given an id after another story had it, or came under several ids, is known by the last one. An id that
# may be a place says nothing here: a story at the place of another one is seldom its edit.
_BY_ID: Final = _Rule(
    of_entry=lambda one: one.key if one.key == _record_id(one.guid) else None,
    of_known=lambda one: _record_id(one.guid),
    fits=is_edit,
    several=_Several.LATEST,
)
# What has no link is known by title and time, when its id changed.
_WITHOUT_LINK: Final = _Rule(
    of_entry=lambda one: None if one.url else _all(_title(one.title), moment(one.published)),
    of_known=lambda one: None if one.canonical_url else _all(_title(one.title), moment(one.published)),
)
# Id and link changed together: only what went from the document in this very poll may have come back.
_BY_MOMENT: Final = _Rule(
    of_entry=lambda one: _all(_title(one.title), moment(one.published)),
    of_known=lambda one: _all(_title(one.title), moment(one.published)) if one.listed else None,
)
_BY_TITLE: Final = _Rule(
    of_entry=lambda one: (one.published, _title(one.title)) if one.title else None,
    of_known=lambda one: (one.published, _title(one.title)) if one.listed and one.title else None,
    fits=_is_moved,
)
