"""Entries: a document read, and what is not known of it normalised."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from aggregator.core import formats
from aggregator.core.claims import Claims, claims_of, dates_of, language_of
from aggregator.core.formats.limits import TITLE, URL
from aggregator.core.names import Named, digest, name_all
from aggregator.core.sanitize import sanitize
from aggregator.core.text import clean, cut, plain
from aggregator.core.urls import canonical_url
from aggregator.model import (
    Entry,
    FeedSettings,
    NormalizedFeed,
    ParsedFeed,
    RawEntry,
    SiteSettings,
    Standing,
)

LEFT_OVER: Final = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,7}|#x[0-9a-f]{2,6}|[a-z]{2,8});", re.IGNORECASE
)
ESCAPED_TAG: Final = re.compile(
    r"&lt;/?(?:p|br|div|a|img|strong|b|em|i|span|ul|li|h[1-6]|figure)\b", re.IGNORECASE
)
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
UNSEEN: Final = "it has no title, link, text, picture or file: nothing that a reader could see"
UNHANDLED: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """What one entry has to know of its feed."""

    base: str
    feed: ParsedFeed
    settings: FeedSettings
    claims: Claims


def read_feed(
    body: bytes,
    *,
    url: str,
    content_type: str | None,
    feed: FeedSettings,
    site: SiteSettings,
    known: Mapping[str, str] = NOTHING,
    now: datetime | None = None,
) -> NormalizedFeed:
    """Parse a document and normalise its entries; raises the ParseError kinds of `formats.parse`.

    `known` gives key and hash of what stood in the feed's last document: what comes again with the same bytes is
    not normalised. `now` is when the document came, by which "2 jam lalu" is read. An entry that cannot be handled is
    quarantined with the reason, and the others are unharmed; so is one in which nobody would see anything.
    """
    parsed = formats.parse(body, url=url, content_type=content_type)
    names = name_all(parsed.entries)
    standing = _standing(names, known)
    listed = list(enumerate(zip(parsed.entries, names, strict=True), start=1))
    fresh = [(position, raw, named) for position, (raw, named) in listed if named.key not in standing]
    zone, sample = feed.timezone or site.timezone, [raw for _, raw, _ in fresh]
    claims = claims_of(parsed, feed, timezone=zone, now=now, sample=sample)
    document = _Document(base=parsed.link or url, feed=parsed, settings=feed, claims=claims)
    entries, quarantined, empty = _normalize_all(fresh, document)
    return NormalizedFeed(
        feed=replace(parsed, entries=()),
        entries=entries,
        unchanged=tuple(
            Standing(key=standing[named.key], position=position)
            for position, (_, named) in listed
            if named.key in standing
        ),
        quarantined=quarantined,
        empty=empty,
    )


def _normalize_all(
    fresh: Sequence[tuple[int, RawEntry, Named]], document: _Document
) -> tuple[tuple[Entry, ...], tuple[tuple[Entry, str], ...], int]:
    """Give the entries, those that are set aside with the reason, and how many of these show nothing."""
    entries: list[Entry] = []
    quarantined: list[tuple[Entry, str]] = []
    empty = 0
    for position, raw, named in fresh:
        try:
            entry = _normalize(raw, named, position, document)
        except UNHANDLED as error:
            reason = clean(str(error))[:200] or type(error).__name__
            quarantined.append((_bare(raw, position, document.settings.id), reason))
            continue
        if _is_seen(entry):
            entries.append(entry)
        else:
            quarantined.append((entry, UNSEEN))
            empty += 1
    return tuple(entries), tuple(quarantined), empty


def _standing(names: Sequence[Named], known: Mapping[str, str]) -> dict[str, str]:
    """Give the stored key of every key in the document that comes with the bytes stored.

    Of a key that is repeated the first element counts. What is stored under another key is found by its bytes:
    its id was another one then, or belongs to another story as well.
    """
    first: dict[str, str] = {}
    for named in names:
        first.setdefault(named.key, named.hash)
    found = {key: key for key, told in first.items() if known.get(key) == told}
    others: dict[str, list[str]] = defaultdict(list)
    for key in sorted(known.keys() - found.keys(), reverse=True):
        others[known[key]].append(key)
    for key, told in first.items():
        if key not in found and others.get(told):
            found[key] = others[told].pop()
    return found


def _bare(raw: RawEntry, position: int, feed_id: str) -> Entry:
    """Keep the facts of an entry that cannot be handled, under a name of its own."""
    told = digest(repr(raw))
    title = clean(raw.title or "")[:TITLE]
    return Entry(
        feed_id=feed_id,
        key=f"quarantined:{told}",
        position=position,
        guid=(raw.id or "")[:URL] or None,
        url=None,
        canonical_url=None,
        title=title,
        hash=told,
        raw=raw,
    )


def _normalize(raw: RawEntry, named: Named, position: int, document: _Document) -> Entry:
    title, summary_html, content_html = (
        _title(raw),
        _html(raw.summary, raw, document),
        _html(raw.content, raw, document),
    )
    summary = plain(summary_html)
    text = summary or plain(content_html)
    page = _page(raw)
    language = language_of(raw, f"{title}\n\n{text[:2000]}", document.claims)
    published, updated = dates_of(raw, language, document.claims)
    return Entry(
        feed_id=document.settings.id,
        key=named.key,
        position=position,
        guid=raw.id,
        url=raw.link,
        canonical_url=canonical_url(page) if page else None,
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
        hash=named.hash,
        raw=raw,
    )


def _page(raw: RawEntry) -> str | None:
    """Give the page of an entry, behind a link that only counts; ValueError for one that nobody should follow."""
    if max(len(raw.link or ""), len(raw.original or "")) > URL:
        raise ValueError(f"its link is longer than {URL} characters")
    return raw.original or raw.link


def _is_seen(entry: Entry) -> bool:
    """Whether a reader of the entry would see anything; one that is nothing but an author or a date says nothing."""
    if entry.title or entry.url or entry.images or entry.enclosures:
        return True
    return bool(entry.summary) or any(
        "<img" in text or plain(text) for text in (entry.summary_html, entry.content_html or "")
    )


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
    return sanitize(text, base=raw.original or raw.link or document.base)
