"""Entries: a document read and normalised, compared with what is known, and the date that counts."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from aggregator.core import formats
from aggregator.core.dates import ParsedDate, parse_date
from aggregator.core.formats.limits import TITLE, URL
from aggregator.core.language import detect
from aggregator.core.sanitize import sanitize
from aggregator.core.text import clean, cut, plain
from aggregator.core.urls import canonical_url
from aggregator.model import Entry, FeedSettings, NormalizedFeed, ParsedFeed, RawEntry, SiteSettings

SLACK: Final = timedelta(minutes=5)  # a clock that runs ahead by this much is believed
OLDEST: Final = datetime(1990, 1, 1, tzinfo=UTC)  # before the first page there was no feed
KEY_LONGEST: Final = 512  # characters: what is longer is known by its digest
LEFT_OVER: Final = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,7}|#x[0-9a-f]{2,6}|[a-z]{2,8});", re.IGNORECASE
)
ESCAPED_TAG: Final = re.compile(
    r"&lt;/?(?:p|br|div|a|img|strong|b|em|i|span|ul|li|h[1-6]|figure)\b", re.IGNORECASE
)
UNHANDLED: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class _EmptyError(Exception):
    """An element with nothing in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """The entries of a document beside what was known of them; each key once."""

    new: tuple[Entry, ...] = ()
    updated: tuple[Entry, ...] = ()
    unchanged: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """What one entry has to know of the others and of its feed."""

    base: str
    feed: ParsedFeed
    settings: FeedSettings
    timezone: str
    distrusted: frozenset[str]  # ids that stand for several entries
    shared_links: frozenset[str]  # links that do
    stamped: bool  # all entries say the same `updated`: it tells when the file was written


def read_feed(
    body: bytes, *, url: str, content_type: str | None, feed: FeedSettings, site: SiteSettings
) -> NormalizedFeed:
    """Parse a document and normalise its entries; raises the ParseError kinds of `formats.parse`.

    An entry that cannot be handled is quarantined with the reason, and the others are unharmed; an element with
    nothing in it is no entry.
    """
    parsed = formats.parse(body, url=url, content_type=content_type)
    document = _document(parsed, url, feed, site)
    entries: list[Entry] = []
    quarantined: list[tuple[Entry, str]] = []
    empty = 0
    for position, raw in enumerate(parsed.entries, start=1):
        try:
            entries.append(_normalize(raw, position, document))
        except _EmptyError:
            empty += 1
        except UNHANDLED as error:
            reason = clean(str(error))[:200] or type(error).__name__
            quarantined.append((_bare(raw, position, feed.id), reason))
    return NormalizedFeed(
        feed=replace(parsed, entries=()),
        entries=tuple(entries),
        quarantined=tuple(quarantined),
        empty=empty,
    )


def _bare(raw: RawEntry, position: int, feed_id: str) -> Entry:
    """Keep the facts of an entry that cannot be handled, under a name of its own."""
    digest = _digest(repr(raw))
    title = clean(raw.title or "")[:TITLE]
    return Entry(
        feed_id=feed_id,
        key=f"quarantined:{digest}",
        position=position,
        guid=(raw.id or "")[:URL] or None,
        url=None,
        canonical_url=None,
        title=title,
        hash=digest,
        raw=raw,
    )


def diff(entries: Sequence[Entry], known: Mapping[str, str]) -> Diff:
    """Tell new, updated and unchanged entries by key and hash; a key repeated in one document counts once."""
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.key, entry)
    return Diff(
        new=tuple(entry for key, entry in first.items() if key not in known),
        updated=tuple(entry for key, entry in first.items() if key in known and known[key] != entry.hash),
        unchanged=tuple(entry for key, entry in first.items() if known.get(key) == entry.hash),
    )


def effective(published: datetime | None, *, first_seen: datetime) -> datetime:
    """Give the date that counts: the claimed one, unless there is none, it is ahead of us, or before 1990."""
    if published is None or published > first_seen + SLACK or published < OLDEST:
        return first_seen
    return published


def _document(parsed: ParsedFeed, url: str, feed: FeedSettings, site: SiteSettings) -> _Document:
    return _Document(
        base=parsed.link or url,
        feed=parsed,
        settings=feed,
        timezone=feed.timezone or site.timezone,
        distrusted=_distrusted(parsed.entries),
        shared_links=_ambiguous((_link_key(raw), _content_key(raw)) for raw in parsed.entries),
        stamped=len(parsed.entries) > 1 and len({raw.updated for raw in parsed.entries}) == 1,
    )


def _distrusted(entries: Sequence[RawEntry]) -> frozenset[str]:
    if _is_positional(entries):
        return frozenset(raw.id for raw in entries if raw.id)
    return _ambiguous((raw.id, _link_key(raw) or _content_key(raw)) for raw in entries)


def _ambiguous(named: Iterable[tuple[str | None, str]]) -> frozenset[str]:
    """Give the names that stand for more than one thing."""
    things: dict[str, set[str]] = defaultdict(set)
    for name, thing in named:
        if name:
            things[name].add(thing)
    return frozenset(name for name, told in things.items() if len(told) > 1)


def _is_positional(entries: Sequence[RawEntry]) -> bool:
    """Whether the ids merely count: 1, 2, 3 … stand for other stories tomorrow (seen in Indonesian feeds)."""
    ids = [raw.id or "" for raw in entries]
    if not ids or not all(given.isascii() and given.isdigit() and len(given) < 5 for given in ids):
        return False
    numbers = [int(given) for given in ids]
    counted = list(range(min(numbers), min(numbers) + len(numbers)))
    return min(numbers) in (0, 1) and sorted(numbers) == counted


def _normalize(raw: RawEntry, position: int, document: _Document) -> Entry:
    title, summary_html, content_html = (
        _title(raw),
        _html(raw.summary, raw, document),
        _html(raw.content, raw, document),
    )
    summary = plain(summary_html)
    text = summary or plain(content_html)
    _refuse(raw, title or text)
    language = _language(raw, document, f"{title}\n\n{text[:2000]}")
    published, updated = _dates(raw, language, document)
    return Entry(
        feed_id=document.settings.id,
        key=_key(raw, document),
        position=position,
        guid=raw.id,
        url=raw.link,
        canonical_url=canonical_url(raw.link) if raw.link else None,
        title=title,
        authors=raw.authors,
        published=published.value if published else None,
        updated=updated.value if updated else None,
        day_only=bool(published and published.day_only),
        summary=summary,
        summary_html=summary_html,
        content_html=content_html or None,
        categories=tuple(dict.fromkeys(category.text for category in raw.categories)),
        enclosures=raw.enclosures,
        images=raw.images,
        language=language,
        hash=_hash(raw, stamped=document.stamped),
        raw=raw,
    )


def _refuse(raw: RawEntry, told: str) -> None:
    """Raise _EmptyError for an entry that nobody could read, ValueError for a link nobody should follow."""
    if len(raw.link or "") > URL:
        raise ValueError(f"its link is longer than {URL} characters")
    if not any((told, raw.link, raw.images, raw.enclosures)):
        raise _EmptyError


def _title(raw: RawEntry) -> str:
    """Give the plain text of a title; what is still an entity after that was encoded twice, and is undone."""
    text = clean(plain(raw.title or ""))
    if LEFT_OVER.search(text):
        text = clean(html.unescape(text))
    return cut(text, TITLE)


def _html(given: str | None, raw: RawEntry, document: _Document) -> str:
    """Sanitise; HTML that came with its own tags escaped, as some CMS of local papers write it, is undone."""
    text = given or ""
    if "<" not in text and ESCAPED_TAG.search(text):
        text = html.unescape(text)
    return sanitize(text, base=raw.link or document.base)


def _language(raw: RawEntry, document: _Document, text: str) -> str:
    """Ask the editor first, then the entry, then its feed, then the text itself."""
    return document.settings.language or raw.language or document.feed.language or detect(text)


def _dates(raw: RawEntry, language: str, document: _Document) -> tuple[ParsedDate | None, ParsedDate | None]:
    """Read both dates; RSS 1.0 and many Atom feeds give one only, which then is when it was published."""

    def read(text: str | None) -> ParsedDate | None:
        wins = document.settings.timezone_wins
        return parse_date(text or "", language=language, timezone=document.timezone, timezone_wins=wins)

    updated = read(raw.updated)
    return (read(raw.published) if raw.published else updated), updated


def _key(raw: RawEntry, document: _Document) -> str:
    """Name the entry by its id, its link or its content: the first that stands for nothing else here."""
    if raw.id and raw.id not in document.distrusted:
        return _bounded(_without_scheme(raw.id))
    link = _link_key(raw)
    return _bounded(link) if link and link not in document.shared_links else _content_key(raw)


def _link_key(raw: RawEntry) -> str | None:
    return _without_scheme(canonical_url(raw.link)) if raw.link else None


def _without_scheme(name: str) -> str:
    """Drop http: and https:, so that a site's move to TLS makes no new entries."""
    return re.sub(r"^https?:(?=//)", "", name.strip(), flags=re.IGNORECASE)


def _bounded(key: str) -> str:
    return key if len(key) <= KEY_LONGEST else f"sha256:{_digest(key)}"


def _content_key(raw: RawEntry) -> str:
    told = (
        raw.title or raw.summary or raw.content or "",
        raw.title and raw.link,
        not raw.title and raw.published,
    )
    return f"sha256:{_digest(json.dumps([clean(plain(told[0])), *told[1:]], ensure_ascii=False))}"


def _hash(raw: RawEntry, *, stamped: bool) -> str:
    """Digest what was delivered. What only says when the file was written is no part of it, nor what trackers add."""
    told = asdict(replace(raw, updated=None if stamped else raw.updated))
    told["link"] = canonical_url(raw.link) if raw.link else None
    told["enclosures"] = [file.url.split("?")[0] for file in raw.enclosures]
    told["images"] = [image.url.split("?")[0] for image in raw.images]
    return _digest(json.dumps(told, ensure_ascii=False, sort_keys=True))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
