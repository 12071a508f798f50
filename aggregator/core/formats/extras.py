"""What is read of entries and feeds beside feedparser's fields, from the tree, whoever reads the rest.

feedparser keeps nothing of a picture in `<image>`, takes the title of an `<source>` for that of its entry, and has
no place for most of this. Namespaces count by their URI, as everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from aggregator.core.formats.elements import Names, name_of
from aggregator.core.formats.markup import line
from aggregator.core.formats.media import Media, read_media
from aggregator.model import Point, Source

RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RIGHTS: Final = ("rights", "copyright", "dc_rights")
LICENSES: Final = ("cc_license", "creativecommons_license")
PLACES: Final = ("georss_point", "georss_where", "geo_point", "geo_lat")
PARTS: Final = ("geo_long", "georss_featurename")
PICTURES: Final = ("image", "itunes_image")
# Elements of an entry that are looked at here, besides Media RSS.
KEYS: Final = frozenset({"source", *RIGHTS, *LICENSES, *PLACES, *PARTS, *PICTURES})
NUMBERS: Final = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{0,20})?)[\s,]+([+-]?\d{1,3}(?:\.\d{0,20})?)\s*")
LONGEST: Final = 2048  # characters of what is no text of a story


NO_MEDIA: Final = Media()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What an entry says besides; addresses as given, not yet absolute."""

    media: Media = NO_MEDIA
    pictures: tuple[str, ...] = ()  # addresses: of `<image>` and itunes:image
    source: Source | None = None
    rights: str | None = None
    license: str | None = None
    point: Point | None = None


NOTHING: Final = Extras()


def places(keys: Sequence[str], native: Sequence[bool]) -> tuple[tuple[str, int], ...]:
    """Give name and place of the children of an entry that count here: the first of each name."""
    found: dict[str, int] = {}
    for place, key in enumerate(keys):
        if counts(key, native[place]):
            found.setdefault(key, place)
    return tuple(found.items())


def counts(key: str, native: bool) -> bool:
    """Whether a child of an entry is looked at here."""
    return key in KEYS and ("_" in key or native)


def of_entry(
    entry: etree._Element,
    found: Mapping[str, etree._Element],
    media: Mapping[str, Sequence[etree._Element]],
    names: Names,
) -> Extras:
    """Read what an entry has besides, from the children that `places` tells, and those of Media RSS by name."""
    pictures = read_media(entry, media, names) if media else NO_MEDIA
    if not found:
        return Extras(media=pictures)
    return Extras(
        media=pictures,
        pictures=tuple(filter(None, (picture_of(found[key]) for key in PICTURES if key in found))),
        source=_source(found["source"], names) if "source" in found else None,
        rights=rights_of(found),
        license=license_of(found),
        point=_point(found, names),
    )


def of_fields(given: Mapping[str, object]) -> Extras:
    """Take from feedparser's fields what they have, where the document could not be taken apart."""
    source = given.get("source")
    where = given.get("where")
    links = [each for each in _dicts(given.get("links")) if each.get("rel") == "license"]
    return Extras(
        source=_flat_source(source) if isinstance(source, dict) else None,
        rights=_line(given.get("rights")),
        license=next((str(each["href"]) for each in links if each.get("href")), None),
        point=_flat_point(where) if isinstance(where, dict) else None,
    )


def line_in(element: etree._Element) -> str:
    """Give all text of an element as one line."""
    return " ".join("".join(map(str, element.itertext())).split())[:LONGEST]


def picture_of(element: etree._Element) -> str | None:
    """Give an address in an attribute, in `<url>`, or in the text itself."""
    attribute = element.get("href") or element.get("url") or element.get(f"{RDF}resource")
    if attribute:
        return attribute.strip()
    inner = next((child for child in element if name_of(child)[1].lower() == "url"), None)
    found = line_in(inner if inner is not None else element)
    return found if found and " " not in found else None


def rights_of(found: Mapping[str, etree._Element]) -> str | None:
    """Give what is said of the rights, as plain text."""
    given = (_line(line_in(found[key])) for key in RIGHTS if key in found)
    return next(filter(None, given), None)


def license_of(found: Mapping[str, etree._Element]) -> str | None:
    """Give the address of the licence, as RSS 1.0 and RSS 2.0 write it."""
    chosen = next((found[key] for key in LICENSES if key in found), None)
    if chosen is None:
        return None
    return (chosen.get(f"{RDF}resource") or line_in(chosen)) or None


def _source(element: etree._Element, names: Names) -> Source | None:
    """Read atom:source with its own elements, or the `<source url="…">` of RSS: the url is the feed's address."""
    own = {names.key(child): child for child in reversed(element)}
    links = [child for child in element if names.key(child) == "link"]
    given = own.get("id", own.get("guid"))
    title = line_in(own["title"]) if "title" in own else element.text
    found = Source(
        title=_line(title),
        url=_link(links, "alternate") or _written(links),
        feed=_link(links, "self") or element.get("url") or None,
        id=_line(given.text) if given is not None else None,
    )
    return found if found != Source() else None


def _written(links: Sequence[etree._Element]) -> str | None:
    return next((line_in(link) for link in links if not link.get("href")), None)


def _link(links: Sequence[etree._Element], rel: str) -> str | None:
    hrefs = (each.get("href") for each in links if each.get("rel", "alternate").lower() == rel)
    return next(filter(None, hrefs), None)


def _point(found: Mapping[str, etree._Element], names: Names) -> Point | None:
    """Read GeoRSS, simple or with GML inside, or the latitude and longitude of the W3C's vocabulary."""
    chosen = next((found[key] for key in PLACES if key in found), None)
    if chosen is None:
        return None
    pair = _pair(line_in(chosen))
    if pair is None:
        inner = {**found, **{names.key(child): child for child in chosen}}
        pair = _pair(" ".join(line_in(inner[key]) for key in ("geo_lat", "geo_long") if key in inner))
    name = found.get("georss_featurename")
    return _placed(pair, _line(line_in(name)) if name is not None else None)


def _pair(text: str) -> tuple[float, float] | None:
    numbers = NUMBERS.fullmatch(text)
    return (float(numbers.group(1)), float(numbers.group(2))) if numbers else None


def _placed(pair: tuple[float, float] | None, name: str | None) -> Point | None:
    """Give the point; one that is not on the Earth, or that nobody filled in, is none."""
    if pair is None or pair == (0.0, 0.0) or abs(pair[0]) > 90 or abs(pair[1]) > 180:
        return None
    return Point(latitude=pair[0], longitude=pair[1], name=name)


def _flat_source(given: Mapping[str, object]) -> Source | None:
    found = Source(
        title=_line(given.get("title") or given.get("value")),
        url=_line(given.get("link")),
        feed=_line(given.get("href") or given.get("url")),
        id=_line(given.get("id")),
    )
    return found if found != Source() else None


def _flat_point(where: Mapping[str, object]) -> Point | None:
    given = where.get("coordinates")
    if where.get("type") != "Point" or not isinstance(given, tuple) or len(given) < 2:
        return None
    return _placed((float(given[1]), float(given[0])), None)  # feedparser puts the longitude first


def _line(value: object) -> str | None:
    return line(value)[:LONGEST] or None if isinstance(value, str) else None


def _dicts(value: object) -> list[Mapping[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
