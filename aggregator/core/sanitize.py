"""HTML that is fit to be passed on: a list of what is allowed, everything else goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Final

from aggregator.core.flat import SILENT, TAG, flatten, tree_of, written
from aggregator.core.text import legal
from aggregator.core.trackers import hides, hides_picture, is_beacon, is_tiny
from aggregator.core.urls import absolute

_TAGS: Final = (
    "a abbr b blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption figure h1"
    " h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub sup table tbody td"
    " tfoot th thead time tr u ul var"
)
TAGS: Final = frozenset(_TAGS.split())
ATTRIBUTES: Final = {
    "*": {"dir", "lang"},
    "a": {"href", "hreflang", "title"},
    "abbr": {"title"},
    "blockquote": {"cite"},
    "col": {"span"},
    "del": {"cite", "datetime"},
    "img": {"alt", "height", "src", "title", "width"},
    "ins": {"cite", "datetime"},
    "ol": {"start"},
    "q": {"cite"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
ADDRESSES: Final = frozenset({"href", "src", "cite"})
# Read to find what is not shown, and never passed on.
HIDING: Final = frozenset({"style", "hidden"})
MARK: Final = re.compile(r' (?:style|hidden)="hidden"')
IMAGE: Final = re.compile(r'<img((?:\s+[a-z-]+="[^"]*")*)\s*/?>')
ATTRIBUTE: Final = re.compile(r'\s+([a-z-]+)="([^"]*)"')
MAIL: Final = re.compile(r"(?i)^mailto:[^\x00-\x20<>\"\x7f]+$")
LINK: Final = re.compile(r'(<a [^<>]*\bhref="[^<>]*)>')
# A parser drops one line end after it: without them, reading what was written changes nothing.
PRE_START: Final = re.compile(r"(<pre(?: [^<>]*)?>)\n+")


def sanitize(html: str, *, base: str) -> str:
    """Keep the allowed elements and attributes, links absolute (http, https, mailto), all of it balanced.

    What its publisher does not show goes: elements that are hidden, and pictures that are there to be counted.
    Cleaning twice changes nothing.
    """
    if not html.strip():
        return ""
    given = flatten(legal(html))
    body = IMAGE.sub(_shown, _cleaned(given, base, marked=True))
    if MARK.search(body):
        body = _without_hidden(body, base)
    body = LINK.sub(r'\1 rel="noopener noreferrer">', PRE_START.sub(r"\1", body))
    return legal(body).strip()


def _cleaned(html: str, base: str, *, marked: bool) -> str:
    import nh3

    allowed = {tag: set(names) for tag, names in ATTRIBUTES.items()}
    if marked:
        allowed["*"] |= HIDING
    return nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(SILENT),
        attributes=allowed,
        generic_attribute_prefixes=None,
        attribute_filter=_keeper(base),
        url_schemes={"http", "https", "mailto"},
        link_rel=None,  # it would stand where the publisher's own stood
    )


def _keeper(base: str) -> Callable[[str, str, str], str | None]:
    """Give what decides on every attribute that is allowed: its value, or None to drop it."""

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if attribute in HIDING:
            is_hidden = attribute == "hidden" or (hides_picture if tag == "img" else hides)(value)
            return "hidden" if is_hidden else None
        if attribute not in ADDRESSES:
            return value
        return _address(value, base, mail=tag == "a")

    return keep


def _address(value: str, base: str, *, mail: bool) -> str | None:
    given = value.strip()
    if given[:7].lower() == "mailto:":
        return given if mail and MAIL.match(given) else None
    return absolute(given, base)


def _shown(found: re.Match[str]) -> str:
    """Drop a picture without an address, and one that nobody is meant to see."""
    given = {name: unescape(value) for name, value in ATTRIBUTE.findall(found.group(1))}
    if not given.get("src") or HIDING & given.keys() or is_beacon(given["src"]):
        return ""
    return "" if is_tiny(given.get("width", ""), given.get("height", "")) else found.group()


def _without_hidden(body: str, base: str) -> str:
    """Take out of cleaned HTML what is marked as hidden, unless nothing would be left of it."""
    tree = tree_of(body)
    hidden = [] if tree is None else [each for each in tree.iter() if HIDING & set(each.keys())]
    for element in hidden:
        element.tag = "template"  # which is not written
    left = "" if tree is None else _cleaned(written(tree), base, marked=False)
    if "<img" in left or TAG.sub("", left).strip():
        return left
    return _cleaned(body, base, marked=False)
