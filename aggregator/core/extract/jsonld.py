"""JSON-LD of a page (schema.org): its nodes, graphs, lists and references, whole or mended, within bounds."""

from __future__ import annotations

import html
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from lxml import etree

MAX_SCRIPTS: Final = 20
MAX_JSON: Final = 400_000  # characters of one script
MAX_NODES: Final = 3_000
MAX_PIECES: Final = 20  # documents that stand one behind the other in one script
_ARTICLE: Final = re.compile(r"(?:Article|BlogPosting|Report|Review|LiveBlogPosting)$")
_NESTED: Final = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "hasPart")
_NAMED: Final = re.compile(r"\S")
_WRAPPED: Final = re.compile(
    r"^\s*(?:/\*\s*)?(?://\s*)?(?:<!\[CDATA\[|<!--)(?:\s*\*/)?|(?:/\*\s*)?(?://\s*)?(?:\]\]>|-->)(?:\s*\*/)?\s*;?\s*$"
)
_TRAILING_COMMA: Final = re.compile(r",(?=\s*[}\]])")
_STRING: Final = r'"((?:[^"\\\n]|\\.){0,2000})"'
_SALVAGED: Final = re.compile(
    rf'"(headline|datePublished|dateCreated|dateModified|articleSection|description)"\s*:\s*{_STRING}'
)
_SALVAGED_AUTHOR: Final = re.compile(
    rf'"author"\s*:\s*(?:\[\s*)?(?:\{{[^{{}}]{{0,2000}}?"name"\s*:\s*)?{_STRING}'
)
_SALVAGED_TYPE: Final = re.compile(r'"@type"\s*:\s*(?:\[\s*)?"([^"\n]{1,80})"')

Json = Mapping[str, object]


class Graph:
    """The nodes of all scripts of a page, and which of them have an id."""

    def __init__(self, tree: etree._Element) -> None:
        self.nodes = list(_nodes(tree))
        self._known = {str(node["@id"]): node for node in self.nodes if node.get("@id") and len(node) > 1}

    def article(self) -> Json:
        """The node of the article: of several the one that says most; {} when there is none."""
        fitting = (node for node in self.nodes if any(_ARTICLE.search(kind) for kind in kinds(node)))
        return max(fitting, key=len, default={})

    def resolved(self, value: object) -> object:
        """A value, or what it refers to by `@id` alone; of a list each."""
        if isinstance(value, list):
            return [self._one(each) for each in value[:20]]
        return self._one(value)

    def _one(self, value: object) -> object:
        if isinstance(value, dict) and "name" not in value and "url" not in value:
            return self._known.get(str(value.get("@id")), value)
        return value


def kinds(node: Json) -> list[str]:
    """The types of a node, as written."""
    given = node.get("@type")
    return [kind for kind in (given if isinstance(given, list) else [given]) if isinstance(kind, str)]


def _nodes(tree: etree._Element) -> Iterator[Json]:
    waiting = deque(piece for text in islice(_scripts(tree), MAX_SCRIPTS) for piece in loads(text))
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


def loads(text: str) -> list[object]:
    """The documents of one script: mostly one; of broken ones the fields that can be told, [] when there are none.

    Systems that paste JSON together leave a comma too many, put two documents behind one another, or a quotation
    mark into a string: the first two are mended, of the last the fields that are whole are read.
    """
    text = _WRAPPED.sub("", text)
    if len(text) > MAX_JSON:
        return []
    for given in (text, _TRAILING_COMMA.sub("", text)):
        try:
            return list(_documents(given))
        except (ValueError, RecursionError):
            continue
    return _salvaged(text)


def _documents(text: str) -> Iterator[object]:
    decoder = json.JSONDecoder(strict=False)
    at = 0
    for _ in range(MAX_PIECES):
        rest = re.compile(r"[\s;,]*").match(text, at)
        at = rest.end() if rest else at
        if at >= len(text):
            return
        found, at = decoder.raw_decode(text, at)
        yield found


def _salvaged(text: str) -> list[object]:
    kind = _SALVAGED_TYPE.search(text)
    if kind is None:
        return []
    node: dict[str, object] = {"@type": kind[1]}
    for found in islice(_SALVAGED.finditer(text), 50):
        node.setdefault(found[1], _unquoted(found[2]))
    author = _SALVAGED_AUTHOR.search(text)
    if author:
        node["author"] = _unquoted(author[1])
    return [node]


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def field(value: object, key: str) -> object:
    """A field of a node, or of the first of a list of them."""
    if isinstance(value, list) and value:
        value = value[0]
    return value.get(key) if isinstance(value, dict) else None


def text(value: object) -> str:
    """A string of a node, or the first of a list of them; "" for anything else."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name")
    if isinstance(value, list) and value:
        value = value[0]
    return html.unescape(value).strip() if isinstance(value, str) and _NAMED.search(value) else ""


def address(value: object) -> str:
    """The address of a picture: of a node, a string or the first of a list of them."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("url") or value.get("contentUrl") or value.get("@id")
    if isinstance(value, list) and value:
        value = value[0]
    return value.strip() if isinstance(value, str) else ""
