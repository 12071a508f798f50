"""JSON Feed 1.1, with what it has no word for in the extension `_aggregator` (docs/feeds.md)."""

from __future__ import annotations

import json
from typing import Final

from aggregator.model import Edition, EditionEntry
from aggregator.render import texts

JSON_NAME: Final = "feed.json"
JSON_TYPE: Final = "application/feed+json"
VERSION: Final = "https://jsonfeed.org/version/1.1"

Fields = dict[str, object]


def render(edition: Edition) -> bytes:
    """Write an edition as JSON Feed 1.1, in UTF-8."""
    feed: Fields = {
        "version": VERSION,
        "title": texts.feed_title(edition),
        "home_page_url": edition.url,
        "feed_url": edition.url + JSON_NAME,
        "description": texts.clean(edition.description),
        "language": texts.clean(edition.language),
        "authors": [{"name": texts.clean(edition.site_title), "url": edition.site_url}],
    }
    if hub := texts.web_url(edition.hub):
        feed["hubs"] = [{"type": "WebSub", "url": hub}]
    items = [_entry(entry) for entry in edition.entries]
    return (json.dumps({**_present(feed), "items": items}, ensure_ascii=False, indent=1) + "\n").encode()


def _entry(entry: EditionEntry) -> Fields:
    story, image = entry.story, texts.image_of(entry)
    tags = [place.name for place in entry.places] + list(story.article.categories)
    return _present(
        {
            "id": story.id,
            "url": texts.link_of(entry),
            "title": texts.title_of(entry),
            "content_html": texts.clean(entry.content_html),
            "summary": texts.clean(entry.summary),
            "image": texts.web_url(image.url) if image else None,
            "date_published": texts.published_of(entry).isoformat(),
            "date_modified": texts.updated_of(entry).isoformat(),
            "authors": [{"name": name} for name in texts.authors_of(entry)],
            "tags": [tag for tag in dict.fromkeys(texts.clean(tag).strip() for tag in tags) if tag],
            "language": texts.clean(story.article.language),
            "attachments": [
                _present({"url": file.url, "mime_type": file.type, "size_in_bytes": file.length})
                for file in texts.enclosures_of(entry)
            ],
            "_aggregator": _extension(entry),
        }
    )


def _extension(entry: EditionEntry) -> Fields:
    article, image = entry.story.article, texts.image_of(entry)
    caption = texts.caption_of(image) if image else ""
    return _present(
        {
            "source": _present(
                {
                    "title": texts.clean(entry.source.title or entry.source.id),
                    "url": texts.web_url(entry.source.link),
                    "feed_url": texts.web_url(entry.source.url),
                }
            ),
            "kicker": texts.clean(article.kicker or ""),
            "credits": [texts.clean(credit) for credit in article.credits],
            "editor": texts.clean(article.editor or ""),
            "image_caption": caption,
            "regions": [
                _present(
                    {
                        "code": place.code,
                        "name": texts.clean(place.name),
                        "scheme": place.scheme,
                        "point": list(place.point) if place.point else None,
                    }
                )
                for place in entry.places
            ],
            "copies": [{"title": title, "url": url} for title, url in texts.related_of(entry)],
        }
    )


def _present(fields: Fields) -> Fields:
    """Leave out what says nothing: None, and empty texts and lists."""
    return {key: value for key, value in fields.items() if value is not None and value not in ("", [], {})}
