"""Values to what a column holds, and back: JSON of every field that differs from its default."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any, Final, cast

from aggregator.model import (
    Article,
    Category,
    Enclosure,
    Entry,
    Evidence,
    FeedWarning,
    Image,
    LeftOut,
    Link,
    Point,
    RawEntry,
    Region,
    Role,
    Source,
)

# zlib's fastest level: texts shrink to a third for a few microseconds, and facts are seldom read again.
_LEVEL: Final = 1
_ENTRY_COLUMNS: Final = frozenset({"feed_id", "key", "position", "hash", "raw"})
_ENTRY_TEXTS: Final = frozenset({"summary", "summary_html", "content_html"})
_ARTICLE_COLUMNS: Final = frozenset({"headline", "text", "html"})


def _many(one: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda values: tuple(one(value) for value in values)


_ENTRY: Final[Mapping[str, Callable[[Any], Any]]] = {
    "authors": tuple,
    "categories": tuple,
    "published": datetime.fromisoformat,
    "updated": datetime.fromisoformat,
    "enclosures": _many(lambda value: Enclosure(**value)),
    "images": _many(lambda value: Image(**value)),
}
_RAW: Final[Mapping[str, Callable[[Any], Any]]] = {
    "authors": tuple,
    "categories": _many(lambda value: Category(**value)),
    "enclosures": _many(lambda value: Enclosure(**value)),
    "images": _many(lambda value: Image(**value)),
    "links": _many(lambda value: Link(**value)),
    "source": lambda value: Source(**value),
    "point": lambda value: Point(**value),
}
_ARTICLE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "byline": tuple,
    "credits": tuple,
    "categories": tuple,
    "published": datetime.fromisoformat,
    "images": _many(lambda value: Image(**value)),
    "left_out": _many(lambda value: LeftOut(**value)),
}


@cache
def _defaults(kind: Hashable) -> tuple[tuple[str, Any], ...]:
    return tuple((each.name, each.default) for each in fields(cast("Any", kind)))


def _plain(value: Any) -> Any:
    """Give what `json` does not know of itself."""
    if isinstance(value, datetime):
        return value.isoformat()
    return _fields(value, frozenset())


def _fields(value: object, but: frozenset[str]) -> dict[str, Any]:
    return {
        name: given
        for name, default in _defaults(cast("Hashable", type(value)))
        if name not in but and (given := getattr(value, name)) != default
    }


def to_json(value: Any) -> str:
    """Write a value, its dataclasses and datetimes, as JSON that reads well in a database shell."""
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _read(values: dict[str, Any], readers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    for name, reader in readers.items():
        if values.get(name) is not None:
            values[name] = reader(values[name])
    return values


def pack(value: Any) -> bytes:
    """Compress a value's JSON; lone surrogates of an origin survive."""
    return zlib.compress(to_json(value).encode("utf-8", "surrogatepass"), _LEVEL)


def unpack(data: bytes) -> dict[str, Any]:
    """Undo `pack`."""
    values: dict[str, Any] = json.loads(zlib.decompress(data).decode("utf-8", "surrogatepass"))
    return values


def compress(body: bytes) -> bytes:
    """Compress a page's bytes."""
    return zlib.compress(body, _LEVEL)


def entry_fields(entry: Entry) -> str:
    """Give what was normalised, without the texts."""
    return to_json(_fields(entry, _ENTRY_COLUMNS | _ENTRY_TEXTS))


def entry_body(entry: Entry) -> bytes:
    """Give the texts of an entry, compressed."""
    return pack({name: given for name in sorted(_ENTRY_TEXTS) if (given := getattr(entry, name))})


def entry_raw(entry: Entry) -> bytes:
    """Give the element as delivered, compressed."""
    return pack(_fields(entry.raw, frozenset()))


def entry_from(row: Any, *, position: int | None = None) -> Entry:
    """Read an entry from a row with the columns name, key, hash, fields, body and raw.

    What has been pruned is empty: its texts and the element as delivered.
    """
    values = json.loads(row.fields)
    if row.body is not None:
        values.update(unpack(row.body))
    raw = RawEntry(**_read(unpack(row.raw), _RAW)) if row.raw is not None else RawEntry()
    return Entry(
        feed_id=row.name,
        key=row.key,
        position=position or 0,
        hash=row.hash,
        raw=raw,
        **_with_required(_read(values, _ENTRY)),
    )


def _with_required(values: dict[str, Any]) -> dict[str, Any]:
    """Put in what has no default of its own but may be missing."""
    return {"guid": None, "url": None, "canonical_url": None, "title": "", **values}


def article_fields(article: Article) -> str:
    """Give an article without its headline, text and HTML."""
    return to_json(_fields(article, _ARTICLE_COLUMNS))


def article_from(row: Any) -> Article:
    """Read an article from a row with the columns headline, article_fields, text and html."""
    values = _read(json.loads(row.article_fields), _ARTICLE)
    return Article(headline=row.headline, text=row.text or "", html=row.html or "", **values)


def regions_from(text: str) -> tuple[Region, ...]:
    """Read regions with their evidence."""
    return tuple(
        Region(
            code=each["code"],
            role=Role(each["role"]),
            score=each["score"],
            rule=each["rule"],
            evidence=tuple(Evidence(**one) for one in each.get("evidence", ())),
        )
        for each in json.loads(text)
    )


def strings_from(text: str) -> tuple[str, ...]:
    """Read a list of texts."""
    return tuple(json.loads(text))


def warnings_from(text: str) -> tuple[FeedWarning, ...]:
    """Read a feed's warnings."""
    return tuple(FeedWarning(**each) for each in json.loads(text))


def fields_read(text: str) -> dict[str, Any]:
    """Read of the column fields what an article is made of: neither enclosures nor when the entry was updated."""
    values: dict[str, Any] = json.loads(text)
    return {name: value for name, value in values.items() if name not in ("guid", "enclosures", "updated")}


def title_and_date(text: str) -> tuple[str, datetime | None]:
    """Read an entry's title and its claimed date from the column fields."""
    values = json.loads(text)
    published = values.get("published")
    return values.get("title", ""), datetime.fromisoformat(published) if published else None


def given_of(row: Any) -> tuple[str, str, tuple[Enclosure, ...]]:
    """Read what a feed itself gave, from a row with the columns fields and body.

    Its summary as plain text, its content or else its summary as HTML, and its enclosures.
    """
    texts = unpack(row.body) if row.body is not None else {}
    enclosures = tuple(Enclosure(**each) for each in json.loads(row.fields).get("enclosures", ()))
    html = texts.get("content_html") or texts.get("summary_html") or ""
    return texts.get("summary", ""), html, enclosures
