"""Small things that every renderer needs: clean text, links that are safe, dates, and an entry's title."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from aggregator.model import Edition, EditionEntry, Enclosure, Image, SourceFeed

# Atom requires a date even of a feed that has no entry yet; a fixed one keeps its bytes the same for ever.
# Not 1970: the W3C's validator calls what is before 1990 implausible.
NO_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)
# The address space that ids of sections are made in: not from the site's URL, so that a move changes none.
SECTION_IDS: Final = UUID("5b0f4f0e-8a39-5d0c-9c57-0f6d3a1e7b42")
GENERATOR: Final = "aggregator"
# XML 1.0, section 2.2: what may stand in a document at all. One such character loses the whole of a feed.
# The controls of Latin-1 may, but are no text, and validators take them for text in a wrong charset.
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MEDIA_TYPE: Final = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}", re.ASCII)  # RFC 6838, 4.2
_TAG_START: Final = re.compile(r"<(?=[A-Za-z/!?])")
_TYPES: Final = {
    "avif": "image/avif",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "ogg": "audio/ogg",
    "pdf": "application/pdf",
    "png": "image/png",
    "webm": "video/webm",
    "webp": "image/webp",
}


def clean(text: str) -> str:
    """Take out what no XML document may hold; half a surrogate pair becomes U+FFFD."""
    return _ILLEGAL.sub("", _SURROGATE.sub("\ufffd", text))


def without_tags(text: str) -> str:
    """Write a `<` that HTML would read as a tag as `＜`: many readers take RSS texts for HTML."""
    return _TAG_START.sub("＜", clean(text))


def web_url(url: str | None) -> str | None:
    """Give back a link that is http or https, and None for every other."""
    if url is None or not url.lower().startswith(("http://", "https://")):
        return None
    return clean(url)


def link_of(entry: EditionEntry) -> str | None:
    """Where an entry leads: the article, else the page or the address of its feed."""
    story = entry.story
    choices = (story.url, story.lead.url, entry.source.link, entry.source.url)
    return next(filter(None, map(web_url, choices)), None)


def title_of(entry: EditionEntry) -> str:
    """What an entry is called: its headline, else the start of its summary, else the name of its feed."""
    headline = clean(entry.story.article.headline).strip()
    if headline:
        return headline
    words = clean(entry.summary).split()
    return " ".join(words[:12]) or clean(entry.source.title or entry.source.id)


def authors_of(entry: EditionEntry) -> list[str]:
    """Who wrote it: the byline, else the feed it is from."""
    byline = [clean(name).strip() for name in entry.story.article.byline]
    return [name for name in byline if name] or [clean(entry.source.title or entry.source.id)]


def moment(value: datetime) -> datetime:
    """Give a date in whole seconds with an offset that RFC 3339 can write (no seconds in it)."""
    offset = value.utcoffset() or timedelta()
    whole = value if offset.total_seconds() % 60 == 0 else value.astimezone(UTC)
    return whole.replace(microsecond=0)


def published_of(entry: EditionEntry) -> datetime:
    """When it was published, with the publisher's offset."""
    return moment(entry.story.published)


def updated_of(entry: EditionEntry) -> datetime:
    """When subscribers last saw it change, told in the publisher's offset."""
    return moment(entry.story.updated.astimezone(entry.story.published.tzinfo))


def edition_id(edition: Edition) -> str:
    """Give the id of a section's feed: of the site's title and the section's id, not of any address."""
    return uuid5(SECTION_IDS, clean(f"{edition.site_title}\n{edition.id}")).urn


def feed_id(feed: SourceFeed) -> str:
    """Give an id to an incoming feed whose address is no longer known."""
    return uuid5(SECTION_IDS, clean(feed.id)).urn


def feed_title(edition: Edition) -> str:
    """What a section's feed is called in a reader, beside all the other feeds there."""
    return clean(f"{edition.title} – {edition.site_title}")


def image_of(entry: EditionEntry) -> Image | None:
    """Give the lead image of an entry, if it has a usable address."""
    image = entry.image
    return image if image is not None and web_url(image.url) else None


def caption_of(image: Image) -> str:
    """What stands under an image: its caption, with the credit where the caption does not name it."""
    caption, credit = clean(image.caption or ""), clean(image.credit or "")
    if credit and credit not in caption:
        return f"{caption} ({credit})" if caption else credit
    return caption


def shows(html: str, url: str) -> bool:
    """Whether an image already stands in a content (as our sanitiser writes it)."""
    escaped = url.replace("&", "&amp;")
    return f'src="{escaped}"' in html or f'src="{url}"' in html


def enclosures_of(entry: EditionEntry) -> Iterator[Enclosure]:
    """Give the files that go with an entry, each once, with a type."""
    seen: set[str] = set()
    for enclosure in entry.story.enclosures:
        url = web_url(enclosure.url)
        if url is not None and url not in seen:
            seen.add(url)
            given = (enclosure.type or "").partition(";")[0].strip()
            kind = given if _MEDIA_TYPE.fullmatch(given) else type_of(url)
            yield Enclosure(url=url, type=kind, length=enclosure.length)


def related_of(entry: EditionEntry) -> Iterator[tuple[str, str]]:
    """Give title and link of the other copies whose link is usable."""
    for title, url in entry.related:
        link = web_url(url)
        if link is not None:
            yield clean(title) or link, link


def type_of(url: str) -> str:
    """Guess a media type from the end of an address; from a table of ours, for the same bytes everywhere."""
    name = url.partition("?")[0].rpartition("/")[2]
    return _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def to_root(edition: Edition) -> str:
    """Give the relative way from a section's folder to the root of the output."""
    return "../" * (edition.id.count("/") + 1)
