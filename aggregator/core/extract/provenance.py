"""From where on a page each field of an article was read, for `try`: what on the page says the same, best first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from lxml import etree

from aggregator.core.dates import parse_date
from aggregator.core.extract.article import PageReading, read_page
from aggregator.core.extract.outline import text_in
from aggregator.core.extract.tree import parse_page
from aggregator.core.text import fold
from aggregator.model import Article, Entry, Page, SiteRule

MOST_PLACES: Final = 400
LONGEST: Final = 2_000  # characters of one place that are looked at
_SHOWN: Final = ("h1", "h2", "title", "time", "figcaption")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An article out of a page, and where each field that it has comes from, in words."""

    reading: PageReading
    sources: Mapping[str, str]


def explain_page(
    entry: Entry, page: Page, *, language: str, timezone: str, rules: Sequence[SiteRule] = ()
) -> Explained:
    """Read a page as `read_page` does, and say where what it found stands; raises ExtractError."""
    reading = read_page(entry, page, language=language, timezone=timezone, rules=rules)
    places = list(_places(parse_page(page)))
    by_rule = {
        field: f'site rule "{use.rule}": {selector}'
        for use in reading.uses
        if use.is_used
        for field, selector in use.matched
    }
    sources: dict[str, str] = {}
    for field, values in _values(reading.article).items():
        if field in by_rule:
            sources[field] = by_rule[field]
        elif values:
            sources[field] = _where(values, places, _of_feed(entry, field))
    if date := reading.article.published:
        sources["date"] = by_rule.get("date") or _when(
            date, entry, places, language=language, timezone=timezone
        )
    if reading.article.text:
        sources["body"] = by_rule.get("body", "the page's text, found without a rule")
    return Explained(reading=reading, sources=sources)


def _values(found: Article) -> dict[str, tuple[str, ...]]:
    """What to look for on the page, by field."""
    lead = found.images[0] if found.images else None
    return {
        "headline": _some(found.headline),
        "kicker": _some(found.kicker),
        "byline": found.byline,
        "caption": _some(lead.caption if lead else None),
        "credits": found.credits,
        "editor": _some(found.editor),
        "image": _some(lead.url if lead else None),
        "categories": found.categories,
        "canonical_url": _some(found.canonical_url),
    }


def _some(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _of_feed(entry: Entry, field: str) -> tuple[str, ...]:
    given: dict[str, tuple[str, ...]] = {
        "headline": _some(entry.title),
        "byline": entry.authors,
        "categories": entry.categories,
        "image": tuple(image.url for image in entry.images),
    }
    return given.get(field, ())


def _where(values: Sequence[str], places: Sequence[tuple[str, str]], in_feed: Sequence[str]) -> str:
    if values and all(value in in_feed for value in values):
        return "the feed"
    wanted = [fold(value) for value in values]
    for name, text in places:
        if all(value in text for value in wanted):
            return name
    return "the page's text"


def _when(
    date: datetime, entry: Entry, places: Sequence[tuple[str, str]], *, language: str, timezone: str
) -> str:
    if entry.published == date:
        return "the feed"
    for name, text in places:
        short = text if len(text) <= 100 else ""
        said = parse_date(short, language=language, timezone=timezone) if short else None
        if (said and said.value == date) or f"{date:%Y-%m-%dt%H:%M}" in text:
            return name
    return "a date in the page's text"


def _places(tree: etree._Element) -> Iterator[tuple[str, str]]:
    """Where a page says things of itself, with what it says folded; the most trustworthy first."""
    for places in (_scripts(tree), _metas(tree), _links(tree), _elements(tree)):
        yield from islice(places, MOST_PLACES)


def _scripts(tree: etree._Element) -> Iterator[tuple[str, str]]:
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or ""):
            yield "JSON-LD", fold(_unescaped(script.text or ""))


def _metas(tree: etree._Element) -> Iterator[tuple[str, str]]:
    for meta in tree.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop")
        if name:
            yield f"meta {name}", fold((meta.get("content") or "")[:LONGEST])


def _links(tree: etree._Element) -> Iterator[tuple[str, str]]:
    for link in tree.iter("link"):
        if link.get("rel") == "canonical":
            yield "link rel=canonical", fold(link.get("href") or "")


def _elements(tree: etree._Element) -> Iterator[tuple[str, str]]:
    for element in tree.iter(etree.Element):
        if element.get("itemprop") or element.tag in _SHOWN:
            value = element.get("datetime") or element.get("content") or ""
            yield _named(element), fold(f"{value} {text_in(element)}")


def _named(element: etree._Element) -> str:
    prop = element.get("itemprop")
    return f"itemprop {prop}" if prop else f"the page's {element.tag} element"


def _unescaped(text: str) -> str:
    r"""A script's text with `\u…` and `\/` undone, as far as a comparison needs it."""
    import json

    try:
        return json.dumps(json.loads(text, strict=False), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text[: 50 * LONGEST]
