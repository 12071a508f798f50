"""What an entry is known by in its feed, and a digest of what it delivered: from the raw entries alone."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.core.text import clean, plain
from aggregator.core.urls import canonical_url
from aggregator.model import RawEntry

KEY_LONGEST: Final = 512  # characters: what is longer is known by its digest
_SCHEME: Final = re.compile(r"https?:(?=//)", re.IGNORECASE)
_COUNTED: Final = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What one entry is known by in its document."""

    key: str  # its id, link or content: the first that stands for nothing else in the document
    hash: str  # of what was delivered


def name_all(entries: Sequence[RawEntry]) -> list[Named]:
    """Name every entry of a document, in its order; equal keys are one entry, listed again."""
    pages = [raw.original or raw.link for raw in entries]
    addresses = [canonical_url(page) if page else None for page in pages]
    links = [_without_scheme(address) if address else None for address in addresses]
    distrusted = _distrusted(entries, links)
    shared = _ambiguous(links, entries, links=None)
    # All entries say the same `updated`: it tells when the file was written.
    stamped = len(entries) > 1 and len({raw.updated for raw in entries}) == 1
    return [
        Named(key=_key(raw, link, distrusted, shared), hash=_delivered(raw, address, stamped))
        for raw, address, link in zip(entries, addresses, links, strict=True)
    ]


def _key(raw: RawEntry, link: str | None, distrusted: frozenset[str], shared: frozenset[str]) -> str:
    if raw.id and raw.id not in distrusted:
        return id_name(raw.id)
    return _bounded(link) if link and link not in shared else content_name(raw)


def id_name(given: str) -> str:
    """Name an entry by its id; a site's move to TLS makes no new name."""
    return _bounded(_without_scheme(given))


def link_name(address: str) -> str:
    """Name an entry by its canonical address."""
    return _bounded(_without_scheme(address))


def content_name(raw: RawEntry) -> str:
    """Name an entry by what it says: its title and link, else its text and date, else its link.

    One that says nothing is named by its files, authors and labels: not by a date, which may be that of the poll.
    """
    text = clean(plain(raw.title or raw.summary or raw.content or ""))
    if not (text or raw.link):
        return _name_of_parts(raw)
    link = raw.link if raw.title or not text else raw.title
    told = [text, link, not raw.title and raw.published]
    return f"sha256:{digest(json.dumps(told, ensure_ascii=False))}"


def _name_of_parts(raw: RawEntry) -> str:
    files = [file.url for file in raw.enclosures] + [image.url for image in raw.images]
    labels = [category.text for category in raw.categories]
    return f"sha256:{digest(json.dumps([files, raw.authors, labels], ensure_ascii=False))}"


def digest(text: str) -> str:
    """Hash a text; a lone surrogate is no reason to fail."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _distrusted(entries: Sequence[RawEntry], links: Sequence[str | None]) -> frozenset[str]:
    """Give the ids that stand for several entries, or for whatever is in their place."""
    ids = [raw.id for raw in entries]
    if _is_positional(ids):
        return frozenset(given for given in ids if given)
    return _ambiguous(ids, entries, links=links)


def _ambiguous(
    names: Sequence[str | None], entries: Sequence[RawEntry], *, links: Sequence[str | None] | None
) -> frozenset[str]:
    """Give the names that stand for more than one thing: another link, or without one another content."""
    named: dict[str, list[int]] = defaultdict(list)
    for at, name in enumerate(names):
        if name:
            named[name].append(at)

    def is_one(places: Sequence[int]) -> bool:
        things = {(links[at] if links else None) or content_name(entries[at]) for at in places}
        return len(things) == 1 and not _are_stories([entries[at] for at in places])

    return frozenset(name for name, places in named.items() if len(places) > 1 and not is_one(places))


def _are_stories(entries: Sequence[RawEntry]) -> bool:
    """Whether entries at one address are several stories: each has its title and its date, as short news has."""
    titles = {clean(plain(raw.title or "")).casefold() for raw in entries} - {""}
    dates = {raw.published for raw in entries} - {None}
    return len(titles) > 1 and len(dates) > 1


def _is_positional(ids: Sequence[str | None]) -> bool:
    """Whether the ids merely count: 1, 2, 3 … stand for other stories tomorrow (seen in Indonesian feeds).

    Ids that count in another way ("item-3", numbers with a gap) may be those of records: what they stand for
    is seen when they come again (`identity`).
    """
    if not ids or not all(given and _COUNTED.fullmatch(given) for given in ids):
        return False
    numbers = sorted(int(given) for given in ids if given)
    return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _without_scheme(name: str) -> str:
    """Drop http: and https:, so that a site's move to TLS makes no new entries."""
    return _SCHEME.sub("", name.strip(), count=1) if name.strip()[:4].lower() == "http" else name.strip()


def _bounded(key: str) -> str:
    return key if len(key) <= KEY_LONGEST else f"sha256:{digest(key)}"


def _delivered(raw: RawEntry, address: str | None, stamped: bool) -> str:
    """Digest what was delivered.

    What only says when the file was written is no part of it, nor what trackers add, nor the id: an id names
    what was delivered. With it every entry of a feed whose ids are places would be an edit every day, and its
    page asked for again; without it what comes back under a new id is found by what it says.
    """
    told = {
        "id": None,
        "link": address,
        "title": raw.title,
        "authors": raw.authors,
        "published": raw.published,
        "updated": None if stamped else raw.updated,
        "summary": raw.summary,
        "content": raw.content,
        "categories": [
            {"term": each.term, "label": each.label, "scheme": each.scheme} for each in raw.categories
        ],
        "enclosures": [file.url.split("?")[0] for file in raw.enclosures],
        "images": [image.url.split("?")[0] for image in raw.images],
        "language": raw.language,
    }
    return digest(json.dumps(told, ensure_ascii=False, sort_keys=True))
