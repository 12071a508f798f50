"""feedparser's ways with attributes, addresses and texts, which a reader beside it has to share."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urljoin

from lxml import etree

from aggregator.core.formats.elements import PREFIXES, Names

ATOM: Final = "http://www.w3.org/2005/Atom"
RSS_VERSIONS: Final = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
ATOM_VERSIONS: Final = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
# Attributes that something here looks at: one of these names in a namespace of its own would be taken for it.
_WATCHED: Final = (
    "about base lang href url uri rel type term scheme domain label text src mode length ispermalink version"
    " lastmod"
)
WATCHED: Final = frozenset(_WATCHED.split())
SCOPING: Final = frozenset({"xml:lang", "lang", "xml:base", "base"})
LOWERED: Final = frozenset({"rel", "type"})
SLASHES: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)/*")
CLOSING: Final = re.compile(r"</(\w+)>")
REFERENCE: Final = re.compile(r"&#?\w+;")
TAG: Final = re.compile(r"</?(\w+)")
ENTITY: Final = re.compile(r"&(\w+);")
# Code points of windows-1252 that were written as if they were Unicode's.
EXTENSIONS: Final = re.compile("[\x80-\x9f]")
EXTENSIONS_UTF8: Final = re.compile(rb"\xc2[\x80-\x9f]")  # the same, found ten times as fast
# Elements of HTML, old and new: a text with any other tag in it is no HTML.
_HTML: Final = (
    "a abbr acronym address area article aside audio b big blockquote br button canvas caption center cite"
    " code col colgroup command datagrid datalist dd del details dfn dialog dir div dl dt em event-source"
    " fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 header hr i img input ins kbd keygen"
    " label legend li m map menu meter multicol nav nextid noscript ol optgroup option output p pre progress"
    " q s samp section select small sound source spacer span strike strong sub sup table tbody td textarea"
    " tfoot th thead time tr tt u ul var video"
)
HTML: Final = frozenset(_HTML.split())


class Unusual(Exception):
    """Something that is left to feedparser."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an element has from those around it."""

    base: str = ""  # xml:base, absolute; "": none
    language: str | None = None  # xml:lang, as given

    @property
    def tag(self) -> str | None:
        """The language with hyphens, as feedparser writes it of a text."""
        return self.language.replace("_", "-") if self.language else None


def attributes(element: etree._Element) -> dict[str, str]:
    """Give the attributes by their names in lower case, "xml:base" and "rdf:about" with their prefixes."""
    items: list[tuple[str, str]] = element.items()  # type: ignore[assignment]
    if not items:
        return {}
    given: dict[str, str] = {}
    for name, value in items:
        key = _key(name)
        given[key] = value.lower() if key in LOWERED else value
    return given


@lru_cache(maxsize=1024)
def _key(name: str) -> str:
    return _qualified(name) if name[0] == "{" else name.lower()


def _qualified(name: str) -> str:
    namespace, _, local = name[1:].lower().rpartition("}")
    prefix = PREFIXES.get(namespace, "")
    if prefix in {"xml", "rdf"}:
        return f"{prefix}:{local}"
    if local in WATCHED:
        raise Unusual
    return name


def scoped(outer: Scope, given: Mapping[str, str]) -> Scope:
    """Give the scope inside an element with these attributes; `base` and `lang` count without "xml:", too."""
    if SCOPING.isdisjoint(given):
        return outer
    language = given.get("xml:lang", given.get("lang", outer.language))
    base = given.get("xml:base", given.get("base"))
    if base:
        base = resolved(base, outer.base)
        if not base.lower().startswith(("http://", "https://")):
            raise Unusual
    return Scope(base or outer.base, language or None)


def resolved(link: str, base: str) -> str:
    """Join a link and a base; "" where that cannot be done."""
    if ":///" in link:
        link = SLASHES.sub(r"\1", link)
    if not base:
        return link
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


def mended(text: str) -> str:
    """Undo UTF-8 that was read as Latin-1 and encoded again, and give windows-1252 its own characters."""
    if text.isascii():
        return text
    text = _decoded_again(text)
    return EXTENSIONS.sub(_extended, text) if EXTENSIONS_UTF8.search(text.encode()) else text


def _decoded_again(text: str) -> str:
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text


def _extended(found: re.Match[str]) -> str:
    return found.group().encode("latin-1").decode("cp1252", "ignore") or found.group()


def looks_like_html(text: str) -> bool:
    """Whether what is called plain text is HTML: it has an end tag or an entity, and nothing but HTML's own."""
    if "<" not in text and "&" not in text:
        return False
    if not (CLOSING.search(text) or REFERENCE.search(text)):
        return False
    if any(tag.lower() not in HTML for tag in TAG.findall(text)):
        return False
    return all(name in html.entities.entitydefs for name in ENTITY.findall(text))


def version_of(root: etree._Element, kind: str) -> str:
    """Name the version of a feed by the namespaces and the number that its root declares; Unusual for another root."""
    declared = _declared(root)
    version = attributes(root).get("version", "")
    if kind == "rss":
        if declared.startswith("rss"):
            return declared
        return RSS_VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")
    if kind == "feed":
        return declared or ATOM_VERSIONS.get(version, "atom")
    if kind != "rdf_rdf" or (not declared and next(root.iter(f"{{{ATOM}}}*"), None) is not None):
        raise Unusual  # a version that feedparser would find on its way
    return declared


def version_named(root: etree._Element) -> str:
    """Name the version of a feed; "" where nothing here can."""
    try:
        return version_of(root, Names(root).key(root))
    except Unusual:
        return ""


def _declared(root: etree._Element) -> str:
    for prefix, namespace in root.nsmap.items():
        lowered = namespace.lower()
        if prefix is None and lowered == "http://my.netscape.com/rdf/simple/0.9/":
            return "rss090"
        if lowered == "http://purl.org/rss/1.0/":
            return "rss10"
        if lowered == ATOM.lower():
            return "atom10"
    return ""
