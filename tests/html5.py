"""What a browser would make of a piece of HTML, told by html5ever: the parser of a browser (Servo), through nh3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import nh3

_TAGS = (
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body"
    " br button canvas caption center cite code col colgroup command content data datalist dd del details dfn dialog"
    " dir div dl dt element em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head"
    " header hgroup hr html i iframe image img input ins isindex kbd keygen label legend li link listing main map mark"
    " marquee math menu menuitem meta meter nav nobr noembed noframes noscript object ol optgroup option output p param"
    " picture plaintext portal pre progress q rb rp rt rtc ruby s samp script search section select shadow slot small"
    " source spacer span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time"
    " title tr track tt u ul var video wbr xmp animate animatemotion animatetransform circle defs desc ellipse"
    " foreignobject g image line mpath path polygon polyline rect set stop switch symbol text textpath tspan use view"
    " annotation annotation-xml maction merror mfrac mglyph mi mmultiscripts mn mo mover mpadded mphantom mroot mrow ms"
    " mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover semantics"
)
# What is allowed in what we pass on; all else would be a surprise.
_ELEMENTS = (
    "a abbr b blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6"
    " hr i img ins kbd li mark ol p pre q s samp small span strong sub sup table tbody td tfoot th thead time tr u ul"
    " var"
)
ELEMENTS = frozenset(_ELEMENTS.split())
_ATTRIBUTES = (
    "alt cite colspan datetime dir height href hreflang lang rel rowspan scope span src start title width"
)
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
ADDRESSES = frozenset(("href", "src", "cite"))


class _Reader(HTMLParser):
    """Reads what html5ever wrote: there, every tag and every value stands as it is meant."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str], tuple[str, ...]]] = []
        self.open: list[str] = []
        self.text: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}, tuple(self.open)))
        if tag not in ("br", "hr", "img", "col", "input", "meta", "link", "base", "embed", "source", "area"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.text.append((data, tuple(self.open)))


def _read(markup: str) -> _Reader:
    everything = nh3.clean(
        markup,
        tags=set(_TAGS.split()),
        clean_content_tags=set(),
        attributes={"*": set()},
        generic_attribute_prefixes={""},
        url_schemes={"http", "https", "mailto", "javascript", "vbscript", "data", "file", "about", "blob"},
        link_rel=None,
        strip_comments=False,
    )
    reader = _Reader()
    reader.feed(everything)
    reader.close()
    return reader


def elements(markup: str) -> list[tuple[str, dict[str, str]]]:
    """Every element, with its attributes, in the order of the document."""
    return [(tag, attributes) for tag, attributes, _ in _read(markup).found]


def inside(markup: str, tag: str) -> list[tuple[str, ...]]:
    """What every element of this name stands in, from the outermost on."""
    return [around for name, _, around in _read(markup).found if name == tag]


def dangers(markup: str) -> list[str]:
    """What is in it that runs, loads, sends, lies about itself, or is none of what we allow."""
    return [*_unwanted(markup)]


def _unwanted(markup: str) -> Iterator[str]:
    for tag, attributes in elements(markup):
        if tag not in ELEMENTS:
            yield tag
        for name, value in attributes.items():
            if name not in ATTRIBUTES:
                yield f"{tag} {name}"
            # Browsers look past blanks and controls in an address (WHATWG URL, 4.4).
            address = re.sub(r"[\x00-\x20]", "", value).lower()
            schemes = ("http://", "https://", "mailto:")[: 3 if name == "href" else 2]
            if name in ADDRESSES and not address.startswith(schemes):
                yield f"{tag} {name}={value}"
            if name in ADDRESSES and re.search(r"[\x00-\x1f]", value):
                yield f"{tag} {name} with a line end"
            if name == "href" and re.match(r"https?://[^/?#]*@", address):
                yield f"{tag} {name} with a password"


def swallows(markup: str) -> bool:
    """Whether what stands after it would become a part of it, or fall out of what it stands in."""
    reader = _read(f"<section>{markup}<aside>berikut</aside></section>")
    after = [inside for tag, _, inside in reader.found if tag == "aside"]
    return after != [("section",)] or ("berikut", ("section", "aside")) not in reader.text
