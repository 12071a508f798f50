"""HTML that is fit to be passed on: a list of what is allowed, everything else goes."""

from __future__ import annotations

import re
from typing import Final

from aggregator.core.text import flatten, legal
from aggregator.core.urls import absolute

_TAGS: Final = (
    "a abbr b blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption figure h1"
    " h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub sup table tbody td"
    " tfoot th thead time tr u ul var"
)
TAGS: Final = frozenset(_TAGS.split())
# Elements whose text is no text of an article either.
_SILENT: Final = (
    "applet audio button canvas embed form frameset head iframe input map math noembed noframes noscript"
    " object option plaintext script select style svg template textarea title video xmp"
)
SILENT: Final = frozenset(_SILENT.split())
ATTRIBUTES: Final = {
    "*": {"dir", "lang"},
    "a": {"href", "hreflang", "title"},
    "abbr": {"title"},
    "blockquote": {"cite"},
    "col": {"span"},
    "del": {"cite", "datetime"},
    "img": {"alt", "height", "src", "style", "title", "width"},
    "ins": {"cite", "datetime"},
    "ol": {"start"},
    "q": {"cite"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
ADDRESSES: Final = frozenset({"href", "src", "cite"})
HIDDEN: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
TAG: Final = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"]*")*)\s*/?>')
ATTRIBUTE: Final = re.compile(r'\s+([a-z-]+)="([^"]*)"')
PIXEL: Final = re.compile(r"^\s*0*[01](?:\.\d+)?\s*(?:px)?\s*$")


def sanitize(html: str, *, base: str) -> str:
    """Keep the allowed elements and attributes, links absolute (http, https, mailto), all of it balanced.

    Pictures of one pixel, and hidden ones, are trackers and go. Cleaning twice changes nothing.
    """
    if not html.strip():
        return ""
    import nh3

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "style":
            return "hidden" if HIDDEN.search(value) else None
        if attribute not in ADDRESSES:
            return value
        return _address(value, base, mail=tag == "a")

    body = nh3.clean(
        flatten(legal(html)),
        tags=set(TAGS),
        clean_content_tags=set(SILENT),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return legal(TAG.sub(_shown, body)).strip()


def _address(value: str, base: str, *, mail: bool) -> str | None:
    given = value.strip()
    if mail and given[:7].lower() == "mailto:" and "\n" not in given:
        return given
    return absolute(given, base)


def _shown(found: re.Match[str]) -> str:
    """Drop a picture without address, of one pixel, or hidden."""
    if found.group(2) != "img":
        return found.group()
    given = dict(ATTRIBUTE.findall(found.group(3)))
    tiny = all(PIXEL.match(given.get(side, "")) for side in ("width", "height"))
    return "" if not given.get("src") or tiny or "style" in given else found.group()
