"""RSS, Atom and RDF through feedparser, which reads what no XML parser takes, and what is too odd for `direct`."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from lxml import etree

from aggregator.core.formats import extras, tree
from aggregator.core.formats.media import Media
from aggregator.core.formats.quirks import version_named
from aggregator.core.formats.reading import Body, Draft, Reading
from aggregator.core.text import clean
from aggregator.errors import ParseError
from aggregator.model import Image

Fields = Mapping[str, object]
_TEXTS: Final = (
    "id link published updated created author language feedburner_origlink pheedo_origlink ttl sy_updateperiod"
    " sy_updatefrequency icon rights"
)
TEXTS: Final = tuple(_TEXTS.split())
# What feedparser is known to raise on hostile input (measured); anything else is a fault of ours.
GIVES_UP: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def read_tree(root: etree._Element) -> Reading:
    """Read a well-formed document; the tree is changed. Raises ParseError."""
    pruned = tree.prune(root, version_named(root))
    version, feed, entries = _feedparser(pruned.data)
    if len(pruned.extras) != len(entries):
        return _flat(version, feed, entries)
    drafts = [_drafted(entry, is_entry=True) for entry in entries]
    for draft, own, about in zip(drafts, pruned.ids, pruned.abouts, strict=True):
        draft.id, draft.about = own or draft.id, about
    rows = list(zip(drafts, pruned.extras, strict=True))
    return Reading(version=version, feed=_drafted(feed, is_entry=False), entries=rows)


def read_text(text: str) -> Reading:
    """Read a repaired document that is still not well-formed; raises ParseError."""
    return _flat(*_feedparser(text.encode("utf-8", "replace")))


def _feedparser(data: bytes) -> tuple[str, Fields, list[Fields]]:
    import feedparser

    try:
        # Always a file object: feedparser opens a text or bytes that look like a path or a URL. No
        # content-location: with one it would turn a guid "17" into an address.
        result = feedparser.parse(
            io.BytesIO(data),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except GIVES_UP as error:
        raise ParseError(f"the document cannot be read as a feed ({type(error).__name__})") from error
    version = str(dict.get(result, "version") or "")
    return version, _plain(result.feed), [_plain(entry) for entry in result.entries]


def _drafted(given: Fields, *, is_entry: bool) -> Draft:
    """Give a draft with feedparser's fields in their places."""
    draft = Draft(is_entry=is_entry)
    for name in TEXTS:
        setattr(draft, name, _text(given.get(name)))
    draft.links = [
        {name: each for name, each in link.items() if isinstance(each, str)}
        for link in _dicts(given.get("links"))
    ]
    draft.tags = [
        (_text(each.get("term")), _text(each.get("scheme")), _text(each.get("label")))
        for each in _dicts(given.get("tags"))
    ]
    draft.authors = [_text(each.get("name")) for each in _dicts(given.get("authors"))]
    draft.title = _body(given, "title", "text/plain")
    draft.contents = [_detail(each, "text/html") for each in _dicts(given.get("content"))]
    # feedparser repeats the content as summary where there is none.
    detailed = isinstance(given.get("summary_detail"), dict)
    draft.summary = _body(given, "summary", "text/html") if detailed or not draft.contents else None
    return draft


def _body(given: Fields, name: str, kind: str) -> Body | None:
    detail, value = given.get(f"{name}_detail"), given.get(name)
    if isinstance(detail, dict):
        found = _detail(detail, "text/html")
        return found._replace(value=_text(value) or "") if name == "title" else found
    return Body(kind, None, "", value) if isinstance(value, str) else None


def _detail(given: Fields, kind: str) -> Body:
    return Body(
        str(given.get("type") or kind),
        _text(given.get("language")),
        _text(given.get("base")) or "",
        _text(given.get("value")) or "",
    )


def _plain(given: dict[str, object]) -> Fields:
    """Give plain mappings: feedparser's own stand one field in for another, with warnings."""
    return {name: _plain_value(value) for name, value in given.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, list):
        return [dict(each) if isinstance(each, dict) else each for each in value]
    return dict(value) if isinstance(value, dict) else value


def _flat(version: str, feed: Fields, entries: list[Fields]) -> Reading:
    rows = [
        (_drafted(entry, is_entry=True), replace(extras.of_fields(entry), media=_flattened(entry)))
        for entry in entries
    ]
    return Reading(version=version, feed=_drafted(feed, is_entry=False), entries=rows)


def _flattened(given: Fields) -> Media:
    """Take pictures as feedparser lists them, where the document could not be taken apart."""
    contents = [each for each in _dicts(given.get("media_content")) if _is_picture(each)]
    chosen = contents or _dicts(given.get("media_thumbnail"))[:1]
    credited = [_text(each.get("content")) for each in _dicts(given.get("media_credit"))]
    credit = clean(credited[0] or "") or None if len(credited) == 1 else None
    return Media(images=tuple(Image(url=_text(each.get("url")) or "", credit=credit) for each in chosen))


def _is_picture(content: Fields) -> bool:
    return content.get("medium") == "image" or str(content.get("type", "")).startswith("image/")


def _dicts(value: object) -> list[Fields]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
