"""What drafts come to: the facts of an entry, of what was read of it by whichever reader."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from aggregator.core.formats.extras import NOTHING, Extras
from aggregator.core.formats.markup import absolute_links, from_plain, line
from aggregator.core.formats.media import size_of
from aggregator.core.formats.reading import Body, Draft
from aggregator.core.language import tag
from aggregator.core.urls import absolute
from aggregator.model import Category, Enclosure, Image, Link, RawEntry, Source

HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
BRACKETS: Final = re.compile(r"[<(]\s*[>)]")
MAILTO: Final = re.compile(r"(?i)^mailto:\s*")
REGISTERED: Final = (
    "http://www.iana.org/assignments/relation/"  # before a name, the long form of it (RFC 4287, 4.2.7.2)
)
# Relations that stand for the entry itself, or that only programs follow.
FOR_MACHINES: Final = frozenset(
    {"self", "enclosure", "edit", "edit-media", "hub", "next", "previous", "first", "last"}
)
ADDRESS: Final = re.compile(r"[^\s@<>()]{1,64}@[^\s@<>()]{1,255}")

Attributes = Mapping[str, str]


def entry(draft: Draft, extras: Extras, base: str, authors: tuple[str, ...]) -> RawEntry:
    """Give the facts of one entry; `authors` are those of its feed, if it shares them."""
    links = draft.links
    enclosures = _enclosures(links, extras, base)
    summary, content = _bodies(draft, base)
    return RawEntry(
        id=draft.id or None,
        link=link_of(draft, base),
        title=title_of(draft),
        authors=authors_of(draft) or authors,
        published=draft.published or draft.created or None,
        updated=draft.updated or None,
        summary=summary,
        content=content,
        categories=_categories(draft),
        enclosures=enclosures,
        images=_images(extras, enclosures, base),
        language=_language_of(draft),
        original=_original(draft, base),
        links=_others(links, base),
        source=_source(extras.source, base) if extras.source else None,
        rights=extras.rights,
        license=license_of(extras.license, links, base),
        point=extras.point,
    )


def link_of(draft: Draft, base: str) -> str | None:
    """Choose the page: an alternate that is HTML, any alternate, then the guid."""
    own = [link for link in draft.links if link.get("rel", "alternate") == "alternate"]
    if len(own) > 1:
        own.sort(key=lambda link: link.get("type", "text/html") not in HTML_TYPES)
    for each in own:
        found = resolved(_text(each.get("href")), base)
        if found:
            return found
    return _told_link(draft, base)


def _told_link(draft: Draft, base: str) -> str | None:
    link = draft.link or draft.about or None
    if link == (draft.id or None) and not _is_web(link or ""):
        return None  # a guid that claims to be a link, and is none
    return resolved(link, base)


def title_of(draft: Draft) -> str | None:
    """Give a title as HTML: what its type says is plain text is escaped."""
    title = draft.title
    value = title.value.strip() if title else ""
    if title and ("&" in value or "<" in value or ">" in value) and title.kind not in HTML_TYPES:
        return html.escape(value, quote=False)
    return value or None


def authors_of(draft: Draft) -> tuple[str, ...]:
    """Name the authors; addresses are dropped, and an author who is nothing but one is none."""
    if not draft.authors:
        return ()
    # feedparser cuts names while it looks for an address; of one alone, this is the text as given
    names = draft.authors if len(draft.authors) > 1 else [draft.author]
    found = [_author(name) for name in names if name]
    return tuple(dict.fromkeys([name for name in found if name]))


def license_of(given: str | None, links: Sequence[Attributes], base: str) -> str | None:
    """Give the licence as RSS says it, or as a link of Atom (RFC 4946)."""
    return resolved(given, base) or (related(links, "license", base) if len(links) > 1 else None)


def related(links: Sequence[Attributes], rel: str, base: str) -> str | None:
    """Give the first link of that relation."""
    hrefs = (resolved(_text(link.get("href")), base) for link in links if link.get("rel") == rel)
    return next((href for href in hrefs if href), None)


def label(value: str | None) -> str | None:
    """Read HTML as one line of plain text; None for nothing."""
    return (line(value.strip()) or None) if value else None


def language(value: str | None) -> str | None:
    """Give a language as BCP 47 writes it; None for what is none."""
    return _tag(value.strip()) if value else None


def resolved(link: str | None, base: str) -> str | None:
    """Make a link absolute; one that is needs no base, and reading the base costs as much as reading the link."""
    if link is None:
        return None
    return absolute(link, "" if link.startswith(("http://", "https://")) else base)


def _original(draft: Draft, base: str) -> str | None:
    return resolved(draft.feedburner_origlink or draft.pheedo_origlink or None, base)


def _images(extras: Extras, enclosures: tuple[Enclosure, ...], base: str) -> tuple[Image, ...]:
    """Give the pictures of Media RSS; else the enclosures that are; else those of podcasts and of some CMS."""
    if extras is NOTHING:
        return _pictures(enclosures)
    found = tuple(image for raw in extras.media.images if (image := _absolute_image(raw, base)))
    found = found or _pictures(enclosures)
    if found or not extras.pictures:
        return found
    urls = [url for given in extras.pictures if (url := resolved(given, base))]
    return tuple([Image(url=url) for url in dict.fromkeys(urls)])


def _pictures(enclosures: tuple[Enclosure, ...]) -> tuple[Image, ...]:
    return tuple([Image(url=file.url) for file in enclosures if (file.type or "").startswith("image/")])


def _others(links: Sequence[Attributes], base: str) -> tuple[Link, ...]:
    """Give the links that say more than where the page is."""
    if len(links) < 2:
        return ()
    found = []
    for each in links:
        rel = (_text(each.get("rel")) or "alternate").removeprefix(REGISTERED)
        url = None if rel in FOR_MACHINES else resolved(_text(each.get("href")), base)
        if url is None or (rel == "alternate" and "hreflang" not in each):
            continue
        kind = _text(each.get("type"))
        found.append(
            Link(
                rel=rel,
                url=url,
                type=None if kind == "text/html" else kind,  # feedparser says that of all that give none
                title=label(each.get("title")),
                language=language(each.get("hreflang")),
            )
        )
    return tuple(dict.fromkeys(found))


def _source(given: Source, base: str) -> Source:
    return replace(given, url=resolved(given.url, base), feed=resolved(given.feed, base))


def _bodies(draft: Draft, base: str) -> tuple[str | None, str | None]:
    """Give summary and content as HTML; of several contents the longest."""
    summary = _html(draft.summary, base) if draft.summary else None
    if not draft.contents:
        return summary, None
    bodies = [body for each in draft.contents if (body := _html(each, base))]
    content = max(bodies, key=len, default=None)
    return summary, content if content != summary else None


def _html(body: Body, base: str) -> str | None:
    value = body.value.strip() or None
    if value is None or body.kind not in HTML_TYPES:
        return from_plain(value)
    if "<" not in value:
        return value
    return absolute_links(value, (absolute(body.base, base) or base) if body.base else base)


@lru_cache(maxsize=256)
def _author(text: str) -> str:
    """Read the name in "redaksi@kabar.example (Budi)", "Budi <redaksi@kabar.example>" or "Budi"."""
    if "@" in text or "<" in text or "(" in text:
        text = BRACKETS.sub(" ", ADDRESS.sub(" ", text))
    name = MAILTO.sub("", line(text.strip()))
    return (name[1:-1] if name[:1] == "(" and name[-1:] == ")" else name).strip("<>[],; ")


def _categories(draft: Draft) -> tuple[Category, ...]:
    if not draft.tags:
        return ()
    found = [_category(*tag) for tag in draft.tags]
    return tuple(dict.fromkeys([category for category in found if category]))


@lru_cache(maxsize=4096)
def _category(term: str | None, scheme: str | None, given: str | None) -> Category | None:
    """Make a label of what was written; the entries of a feed share most of them."""
    shown = label(given)
    name = label(term) or shown
    return Category(term=name, label=shown, scheme=_text(scheme)) if name else None


def _enclosures(links: Sequence[Attributes], extras: Extras, base: str) -> tuple[Enclosure, ...]:
    found: dict[str, Enclosure] = {}
    for each in links:
        if each.get("rel") == "enclosure":
            size = size_of(each.get("length") or "")
            raw = Enclosure(url=each.get("href") or "", type=_text(each.get("type")), length=size)
            _add_file(raw, base, found)
    for raw in extras.media.enclosures:
        _add_file(raw, base, found)
    return tuple(found.values())


def _add_file(raw: Enclosure, base: str, found: dict[str, Enclosure]) -> None:
    """Add a file, the first of its address; feedparser says text/html of every link that gives no type."""
    url = resolved(raw.url, base)
    if url:
        kind = None if raw.type == "text/html" else raw.type
        found.setdefault(url, Enclosure(url=url, type=kind, length=raw.length))


def _is_web(link: str) -> bool:
    return link[:8].lower().startswith(("http://", "https://"))


def _absolute_image(raw: Image, base: str) -> Image | None:
    found = resolved(raw.url, base)
    return Image(url=found, caption=raw.caption, credit=raw.credit) if found else None


def _language_of(draft: Draft) -> str | None:
    """Read the language of an entry: its own, else that of the first of its texts that says one."""
    if draft.language and (found := language(draft.language)):
        return found
    for body in (draft.title, draft.summary, *draft.contents):
        if body is not None and body.language and (found := language(body.language)):
            return found
    return None


@lru_cache(maxsize=256)
def _tag(name: str) -> str | None:
    return tag(name) or None


def _text(value: str | None) -> str | None:
    return value.strip() or None if value else None
