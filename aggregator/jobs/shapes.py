"""Stories and entries as JSON: the shapes of the contract, section 5."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.core.regions import Gazetteer
from aggregator.model import Copy, Region, StoredEntry, Story

Shape = dict[str, Any]


def story(value: Story, gazetteer: Gazetteer, language: str) -> Shape:
    """Give one line of `stories --json`."""
    article = value.article
    return {
        "id": value.id,
        "url": value.url,
        "headline": article.headline,
        "kicker": article.kicker,
        "byline": list(article.byline),
        "editor": article.editor,
        "credits": list(article.credits),
        "dateline": article.dateline,
        "language": article.language,
        "published": time(value.published),
        "updated": time(value.updated),
        "first_seen": time(value.first_seen),
        "summary": article.summary,
        "text": article.text,
        "text_from": article.text_from,
        "html": article.html,
        "images": [
            {"url": each.url, "caption": each.caption, "credit": each.credit} for each in article.images
        ],
        "categories": list(article.categories),
        "regions": regions(value.regions, gazetteer, language),
        "sections": [{"id": each.section_id, "because": each.because} for each in value.sections],
        "copies": [_copy(each) for each in value.copies],
        "topic": value.topic or value.id,
    }


def entry(value: StoredEntry, gazetteer: Gazetteer, language: str) -> Shape:
    """Give one line of `entries --json`."""
    given = value.entry
    return {
        "feed": given.feed_id,
        "position": value.position,
        "entry": given.guid,
        "url": given.url,
        "title": given.title,
        "authors": list(given.authors),
        "published": time(given.published),
        "updated": time(given.updated),
        "summary": given.summary,
        "content": given.content_html,
        "categories": list(given.categories),
        "enclosures": [
            {"url": each.url, "type": each.type, "length": each.length} for each in given.enclosures
        ],
        "language": given.language,
        "state": value.state,
        "story": value.story_id,
        "regions": regions(value.regions, gazetteer, language),
    }


def regions(found: Sequence[Region], gazetteer: Gazetteer, language: str) -> list[Shape]:
    """Give regions with their names in a language, and the words that say so."""
    return [
        {
            "code": region.code,
            "name": gazetteer.name(region.code, language),
            "role": region.role.value,
            "score": round(region.score, 3),
            "rule": region.rule,
            "evidence": [
                {
                    "field": each.field,
                    "start": each.start,
                    "end": each.end,
                    "text": each.text,
                    "rule": each.rule,
                }
                for each in region.evidence
            ],
        }
        for region in found
    ]


def time(value: datetime | None) -> str | None:
    """Write a time in RFC 3339 with its own offset, UTC as `Z`."""
    if value is None:
        return None
    # Zones before about 1932 have seconds in their offset, which RFC 3339 cannot write.
    offset = value.utcoffset() or timedelta()
    written = value.astimezone(UTC) if offset.total_seconds() % 60 else value
    return written.isoformat().replace("+00:00", "Z")


def _copy(copy: Copy) -> Shape:
    return {
        "feed": copy.feed_id,
        "entry": copy.guid,
        "url": copy.url,
        "published": time(copy.published),
        "lead": copy.lead,
        "because": {"rule": copy.rule, "score": copy.score},
    }
