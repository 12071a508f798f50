"""What a page says of itself in its head: JSON-LD (schema.org), OpenGraph, microdata, `rel=canonical`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from lxml import etree

from aggregator.core.extract import jsonld
from aggregator.core.extract.people import people

_NEWS: Final = re.compile(r"(?:NewsArticle|LiveBlogPosting)$")
_DATES: Final = (
    "article:published_time", "datepublished", "og:article:published_time", "og:published_time", "parsely-pub-date",
    "sailthru.date", "pubdate", "publishdate", "publish-date", "publish_date", "published_at", "article.published",
    "publication_date", "date", "article_date_original", "originalpublicationdate", "dc.date.issued", "dc.date",
    "dcterms.issued", "dcterms.created", "dcterms.date", "cxenseparse:recs:publishtime", "og:pubdate", "cdate",
    "vr:published_time", "bt:pubdate", "content_create_date", "weibo:article:create_at",
)  # fmt: skip
_CHANGED: Final = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "lastmod",
    "last-modified",
)
_AUTHORS: Final = (
    "author", "article:author", "byl", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator",
    "cxenseparse:author", "article:author_name", "og:article:author", "citation_author", "authors", "penulis",
    "reporter", "dc.author",
)  # fmt: skip
_NOTHING: Final = frozenset(("null", "none", "undefined", "false", "true", "n/a", "-", "article"))
MAX_PROPERTIES: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The page's own word, unchecked: links as given, dates as text."""

    headline: str = ""  # of a NewsArticle: the newsroom's own; "" where the page has none
    title: str = ""  # any title that is made for others, say to share the page
    titles: tuple[str, ...] = ()  # all of them
    authors: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()  # authors that are no people
    published: tuple[str, ...] = ()  # candidates, the most trustworthy first
    changed: tuple[str, ...] = ()  # when it was last changed, where it says no more
    section: str = ""
    image: str = ""
    image_caption: str = ""
    description: str = ""
    descriptions: tuple[str, ...] = ()  # all that it says of what it is about
    site_name: str = ""
    body: str = ""  # articleBody, plain
    canonical: str = ""
    og_url: str = ""
    language: str = ""  # BCP 47, lower case
    kind: str = ""  # og:type


def read_metadata(tree: etree._Element) -> Metadata:
    """Collect what the page says of itself; no field is believed before the caller checked it."""
    graph = jsonld.Graph(tree)
    node = graph.article()
    meta = _meta(tree)
    props = _properties(tree)
    author = graph.resolved(node.get("author"))
    image = graph.resolved(node.get("image"))
    headline = jsonld.text(node.get("headline"))
    about = (
        meta.get("og:description", ""),
        meta.get("description", ""),
        jsonld.text(node.get("description")),
        meta.get("twitter:description", ""),
        _said(props.get("description", [])),
    )
    titles = (
        headline,
        meta.get("og:title", ""),
        _said(props.get("headline", [])),
        meta.get("twitter:title", ""),
    )
    return Metadata(
        headline=headline if any(map(_NEWS.search, jsonld.kinds(node))) else "",
        title=next(filter(None, titles), ""),
        titles=tuple(dict.fromkeys(filter(None, titles))),
        authors=_authors(author, graph.resolved(node.get("creator")), meta, props),
        organisations=_names(author, organisations=True),
        published=tuple(filter(None, _dates(node, meta, props))),
        changed=tuple(filter(None, _changes(node, meta, props))),
        section=jsonld.text(node.get("articleSection"))
        or meta.get("article:section", "")
        or _said(props.get("articlesection", [])),
        image=jsonld.address(image) or meta.get("og:image", "") or meta.get("twitter:image", ""),
        image_caption=jsonld.text(jsonld.field(image, "caption")),
        description=next(filter(None, about), ""),
        descriptions=tuple(dict.fromkeys(filter(None, about))),
        site_name=meta.get("og:site_name", "")
        or jsonld.text(jsonld.field(graph.resolved(node.get("publisher")), "name")),
        body=jsonld.text(node.get("articleBody")),
        canonical=_link(tree, "canonical"),
        og_url=meta.get("og:url", ""),
        language=_language(tree, meta),
        kind=meta.get("og:type", ""),
    )


def _dates(
    node: jsonld.Json, meta: Mapping[str, str], props: Mapping[str, list[etree._Element]]
) -> Iterator[str]:
    yield jsonld.text(node.get("datePublished"))
    for name in _DATES:
        yield meta.get(name, "")
    for element in props.get("datepublished", [])[:5]:
        yield element.get("content") or element.get("datetime") or _inside(element)
    yield jsonld.text(node.get("dateCreated"))
    yield jsonld.text(node.get("uploadDate"))


def _changes(
    node: jsonld.Json, meta: Mapping[str, str], props: Mapping[str, list[etree._Element]]
) -> Iterator[str]:
    yield jsonld.text(node.get("dateModified"))
    for name in _CHANGED:
        yield meta.get(name, "")
    for element in props.get("datemodified", [])[:3]:
        yield element.get("content") or element.get("datetime") or _inside(element)


def _authors(
    author: object,
    creator: object,
    meta: Mapping[str, str],
    props: Mapping[str, list[etree._Element]],
) -> tuple[str, ...]:
    for given in (_names(author), _names(creator), _property_authors(props.get("author", []))):
        if given:
            return given
    for name in _AUTHORS:
        given = people([meta.get(name, "")])
        if given and given[0].lower() not in _NOTHING:
            return given
    return ()


def _names(value: object, *, organisations: bool = False) -> tuple[str, ...]:
    names: list[str] = []
    for entry in (value if isinstance(value, list) else [value])[:20]:
        is_organisation = "Organi" in str(jsonld.field(entry, "@type") or "")
        if is_organisation is not organisations:
            continue
        name = jsonld.field(entry, "name") if isinstance(entry, dict) else entry
        names += map(jsonld.text, name if isinstance(name, list) else [name])
    return tuple(name for name in people(names) if name.lower() not in _NOTHING)


def _property_authors(elements: list[etree._Element]) -> tuple[str, ...]:
    """Names out of microdata; those of readers who comment, and of other stories, are no authors of this one."""
    names: list[str] = []
    for element in elements[:10]:
        if _of_comment(element):
            continue
        inner = next((sub for sub in element.iter() if sub.get("itemprop") == "name"), element)
        name = jsonld.text(inner.get("content") or _inside(inner))
        if name and len(name) < 80 and not name.startswith(("(", "[")):
            names.append(name)
    return people(names)


def _of_comment(element: etree._Element) -> bool:
    kinds = (above.get("itemtype") or "" for above in element.iterancestors())
    kind = next(filter(None, kinds), "")
    return kind.rstrip("/").endswith(("Comment", "UserComments", "ImageObject", "ItemList"))


def _properties(tree: etree._Element) -> dict[str, list[etree._Element]]:
    """The elements with microdata, by property in lower case."""
    found: dict[str, list[etree._Element]] = {}
    marked = (element for element in tree.iter(etree.Element) if element.get("itemprop"))
    for element in islice(marked, MAX_PROPERTIES):
        for name in (element.get("itemprop") or "").lower().split()[:4]:
            found.setdefault(name, []).append(element)
    return found


def _said(elements: list[etree._Element]) -> str:
    for element in elements[:1]:
        return jsonld.text(element.get("content") or _inside(element)[:600])
    return ""


def _inside(element: etree._Element) -> str:
    return " ".join("".join(map(str, element.itertext())).split())[:2000]


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


def declared_language(tree: etree._Element) -> str:
    """The language that a page says it is in, as `Metadata.language` has it; "" when it says none."""
    return _language(tree, _meta(tree))


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
