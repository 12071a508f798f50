"""What a feed claims of its entries, made sense of: in which language they are, and when they were published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aggregator.core.dates import ParsedDate, month_first, parse_date
from aggregator.core.language import choose, spoken_in
from aggregator.core.urls import host_of
from aggregator.model import FeedSettings, ParsedFeed, RawEntry

SUMMARY: Final = 300  # characters of an entry that its feed's language is told by
_MARKUP: Final = re.compile(r"<[^>]{0,2000}>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """How the entries of one document are to be read."""

    settings: FeedSettings
    timezone: str  # IANA, of dates that name no zone
    declared: str  # the feed's language as it says; "": it does not
    spoken: str  # ... as its entries show it
    month_first: bool | None  # of 01/08/2022; None: its language says
    now: datetime | None  # when the document came; None: what is told from now is no date


def claims_of(
    feed: ParsedFeed,
    settings: FeedSettings,
    *,
    timezone: str,
    now: datetime | None,
    sample: Sequence[RawEntry],
) -> Claims:
    """Look at a document as a whole; `sample` are the entries that are to be read."""
    declared = feed.language or ""
    spoken = settings.language
    if not spoken and sample:
        host = host_of(feed.link or settings.url)
        spoken = spoken_in(declared, _texts(sample), host=host)
    told = (text for raw in sample for text in (raw.published, raw.updated) if text)
    return Claims(
        settings=settings,
        timezone=timezone,
        declared=declared,
        spoken=spoken,
        month_first=month_first(told, today=now.date() if now else None),
        now=now,
    )


def _texts(sample: Sequence[RawEntry]) -> Iterator[str]:
    for raw in sample:
        told = f"{raw.title or ''}. {(raw.summary or raw.content or '')[: 3 * SUMMARY]}"
        yield _MARKUP.sub(" ", told)[:SUMMARY]


def language_of(raw: RawEntry, text: str, claims: Claims) -> str:
    """Give the language of an entry: the editor's word, else what is declared and not belied, else what it shows."""
    if claims.settings.language:
        return claims.settings.language
    # Where the texts of the feed together belie it, none of them is asked again.
    declared = raw.language or (claims.declared if claims.declared == claims.spoken else "")
    return choose(declared, text, feed=claims.spoken)


def dates_of(raw: RawEntry, language: str, claims: Claims) -> tuple[ParsedDate | None, ParsedDate | None]:
    """Read both dates; RSS 1.0 and many Atom feeds give one only, which then is when it was published."""

    def read(text: str | None) -> ParsedDate | None:
        return parse_date(
            text or "",
            language=language or claims.spoken,
            timezone=claims.timezone,
            timezone_wins=claims.settings.timezone_wins,
            now=claims.now,
            month_first=claims.month_first,
        )

    updated = read(raw.updated)
    return (read(raw.published) if raw.published else updated), updated
