"""What a page says of itself in its head: JSON-LD (schema.org), OpenGraph, microdata, `rel=canonical`."""

from __future__ import annotations

import html
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from lxml import etree

MAX_SCRIPTS: Final = 20
MAX_JSON: Final = 400_000  # characters of one script
MAX_NODES: Final = 3_000
_ARTICLE: Final = re.compile(r"(Article|BlogPosting|Report|Review)$")
_BY: Final = re.compile(r"^(?:by|von|par|por|oleh)\s*:?\s+", re.IGNORECASE)
_AND: Final = re.compile(r"\s*[;|]\s*|\s+(?:and|und|et|dan|y|и|og|och|&)\s+", re.IGNORECASE)
_NO_NAME: Final = re.compile(r"://|^@|^\W*$|\d{3}|\S@\S|^https?")
_DATES: Final = (
    "article:published_time", "datepublished", "og:article:published_time", "og:published_time", "parsely-pub-date",
    "sailthru.date", "pubdate", "publishdate", "publish-date", "publish_date", "date", "dc.date.issued", "dc.date",
    "dcterms.created", "dcterms.date", "cxenseparse:recs:publishtime",
)  # fmt: skip
_NESTED: Final = ("@graph", "mainEntity", "itemListElement")
_NAMED: Final = re.compile(r"\S")

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The page's own word, unchecked: links as given, dates as text."""

    title: str = ""
    authors: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()  # authors that are no people
    published: tuple[str, ...] = ()  # candidates, the most trustworthy first
    section: str = ""
    image: str = ""
    image_caption: str = ""
    description: str = ""
    site_name: str = ""
    body: str = ""  # articleBody, plain
    canonical: str = ""
    og_url: str = ""
    language: str = ""  # BCP 47, lower case
    kind: str = ""  # og:type


def read_metadata(tree: etree._Element) -> Metadata:
    """Collect what the page says of itself; no field is believed before the caller checked it."""
    node = _article_node(tree)
    meta = _meta(tree)
    return Metadata(
        title=_text(node.get("headline")) or meta.get("og:title", "") or _itemprop(tree, "headline"),
        authors=_authors(node, meta, tree),
        organisations=_names(node.get("author"), organisations=True),
        published=tuple(filter(None, _dates(node, meta, tree))),
        section=_text(node.get("articleSection"))
        or meta.get("article:section", "")
        or _itemprop(tree, "articleSection"),
        image=_url(node.get("image")) or meta.get("og:image", "") or meta.get("twitter:image", ""),
        image_caption=_text(_field(node.get("image"), "caption")),
        description=meta.get("og:description", "")
        or meta.get("description", "")
        or _text(node.get("description")),
        site_name=meta.get("og:site_name", "") or _text(_field(node.get("publisher"), "name")),
        body=_text(node.get("articleBody")),
        canonical=_link(tree, "canonical"),
        og_url=meta.get("og:url", ""),
        language=_language(tree, meta),
        kind=meta.get("og:type", ""),
    )


def _dates(node: Json, meta: Mapping[str, str], tree: etree._Element) -> Iterator[str]:
    yield _text(node.get("datePublished"))
    for name in _DATES:
        yield meta.get(name, "")
    for element in tree.iter():
        if element.get("itemprop") == "datePublished":
            yield element.get("content") or element.get("datetime") or ""
    yield _text(node.get("dateCreated"))


def _authors(node: Json, meta: Mapping[str, str], tree: etree._Element) -> tuple[str, ...]:
    for given in (_names(node.get("author")), _names(node.get("creator")), _itemprop_authors(tree)):
        if given:
            return given
    for name in ("author", "article:author", "byl", "parsely-author", "sailthru.author", "dc.creator"):
        given = _people([meta.get(name, "")])
        if given:
            return given
    return ()


def _names(value: object, *, organisations: bool = False) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    names: list[str] = []
    for entry in values[:20]:
        is_organisation = "Organi" in str(_field(entry, "@type") or "")
        if is_organisation is organisations:
            names.append(_text(_field(entry, "name")) if isinstance(entry, dict) else _text(entry))
    return _people(names)


def _people(given: Iterable[str]) -> tuple[str, ...]:
    """Names, each once: "A and B" are two, an address or a handle is none, "(obe)" is no part of one."""
    names: dict[str, None] = {}
    for line in given:
        bare = _BY.sub("", re.sub(r"\s*\([^()]{1,20}\)$", "", line.strip()))
        pieces = (piece.strip(" ,;|") for piece in _AND.split(bare))
        names |= {name: None for name in pieces if len(name) > 1 and not _NO_NAME.search(name)}
    return tuple(names)[:12]


def _itemprop_authors(tree: etree._Element) -> tuple[str, ...]:
    names: list[str] = []
    for element in tree.iter():
        if element.get("itemprop") != "author":
            continue
        inner = next((sub for sub in element.iter() if sub.get("itemprop") == "name"), element)
        name = _text(inner.get("content") or " ".join("".join(map(str, inner.itertext())).split()))
        if name and len(name) < 80 and not name.startswith(("(", "[")):
            names.append(name)
    return _people(names[:10])


def _itemprop(tree: etree._Element, name: str) -> str:
    for element in tree.iter():
        if element.get("itemprop") == name:
            return _text(
                element.get("content") or " ".join("".join(map(str, element.itertext())).split())[:300]
            )
    return ""


def _meta(tree: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = (element.get("property") or element.get("name") or "").lower()
        content = " ".join((element.get("content") or element.get("value") or "").split())
        if name and content:
            found.setdefault(name, content[:4000])
    return found


def _link(tree: etree._Element, rel: str) -> str:
    for element in tree.iter("link"):
        if rel in (element.get("rel") or "").lower().split() and element.get("href"):
            return str(element.get("href")).strip()
    return ""


def _language(tree: etree._Element, meta: Mapping[str, str]) -> str:
    given = (
        tree.get("lang")
        or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
        or tree.get("xml:lang")
        or ""
    )
    given = given or meta.get("content-language", "") or meta.get("og:locale", "")
    match = re.match(r"[A-Za-z]{2,3}(?=$|[-_])", given.strip())
    return match[0].lower() if match else ""


def _article_node(tree: etree._Element) -> Json:
    best: Json = {}
    for node in _nodes(tree):
        kinds = node.get("@type")
        names = kinds if isinstance(kinds, list) else [kinds]
        fits = any(isinstance(name, str) and _ARTICLE.search(name) for name in names)
        if fits and len(node) > len(best):
            best = node
    return best


def _nodes(tree: etree._Element) -> Iterator[Json]:
    """Nodes of the page's JSON-LD, of its graphs and lists too; a bounded number of them."""
    waiting = deque(_loads(text) for text in islice(_scripts(tree), MAX_SCRIPTS))
    for _ in range(MAX_NODES):
        if not waiting:
            return
        node = waiting.popleft()
        if isinstance(node, list):
            waiting.extend(node[:200])
        elif isinstance(node, dict):
            yield node
            waiting.extend(node[key] for key in _NESTED if key in node)


def _scripts(tree: etree._Element) -> Iterator[str]:
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower():
            yield script.text or ""


def _loads(text: str) -> object:
    text = re.sub(r"^\s*(?:<!\[CDATA\[|<!--|//<!\[CDATA\[)|(?:\]\]>|-->|//\]\]>)\s*;?\s*$", "", text)
    if len(text) > MAX_JSON:
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _field(value: object, key: str) -> object:
    if isinstance(value, list) and value:
        value = value[0]
    return value.get(key) if isinstance(value, dict) else None


def _text(value: object) -> str:
    """A string of a JSON-LD node, or the first of a list of them."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name")
    return _unescape(value) if isinstance(value, str) else ""


def _unescape(text: str) -> str:

    return html.unescape(text).strip() if _NAMED.search(text) else ""


def _url(value: object) -> str:
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("url") or value.get("contentUrl") or value.get("@id")
    if isinstance(value, list) and value:
        value = value[0]
    return value.strip() if isinstance(value, str) else ""
