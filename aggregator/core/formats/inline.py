"""What stands inside a feed's own elements: a text, or markup written as the text of HTML that it stands for."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from aggregator.core.formats.elements import KNOWN, Names
from aggregator.core.formats.quirks import LOWERED

XHTML: Final = "application/xhtml+xml"
QUOTED: Final = {'"': "&quot;"}
XML: Final = "http://www.w3.org/XML/1998/namespace"
FOREIGN: Final = frozenset({"svg", "math"})  # feedparser keeps their namespaces
STRANGERS: Final = frozenset({"item", "entry"})  # an entry inside a text is none, and no text either


def text_of(element: etree._Element) -> str:
    """Give the text of an element; of `<time datetime="…">` inside it, as Drupal writes dates, what that says."""
    if not len(element):
        text = element.text
        return text.strip() if text else ""
    said = next((each.get("datetime") for each in element.iter("{*}time") if each.get("datetime")), None)
    return (said or "".join(map(str, element.itertext()))).strip()


def markup_of(element: etree._Element, names: Names, *, unwrap: bool) -> str:
    """Give what stands inside an element as HTML: its text, escaped, and its elements without their prefixes.

    `unwrap` leaves out the `<div>` that Atom puts around XHTML (RFC 4287, 3.1.1.3).
    """
    pieces = [escape(element.text or "")]
    for child in element:
        _write(child, names, pieces)
        pieces.append(escape(child.tail or ""))
    if unwrap and _is_wrapped(element, names):
        pieces = pieces[2:-2]
    return "".join(pieces)


def is_odd(element: etree._Element, names: Names) -> bool:
    """Whether markup has something in it that feedparser would not leave as it is."""
    return any(
        names.key(each) in KNOWN or names.local(each) in FOREIGN or _is_qualified(each)
        for each in element.iterdescendants()
    )


def _is_qualified(element: etree._Element) -> bool:
    return any(str(name)[0] == "{" and not str(name).startswith(f"{{{XML}}}") for name in element.attrib)


def _is_wrapped(element: etree._Element, names: Names) -> bool:
    blank = not (element.text or "").strip()
    return (
        blank
        and len(element) == 1
        and names.local(element[0]) == "div"
        and not (element[0].tail or "").strip()
    )


def _write(element: etree._Element, names: Names, pieces: list[str]) -> None:
    local = names.local(element)
    if local in STRANGERS:
        return
    given = "".join(_attribute(str(name), str(value)) for name, value in element.items())
    pieces.append(f"<{local}{given}>")
    if element.text:
        pieces.append(escape(element.text))
    for child in element:
        _write(child, names, pieces)
        if child.tail:
            pieces.append(escape(child.tail))
    pieces.append(f"</{local}>")


def _attribute(name: str, value: str) -> str:
    namespace, _, local = name.rpartition("}")
    if namespace not in {"", f"{{{XML}"}:
        return ""  # xlink:href and the like: nothing in HTML
    local = local.lower()
    value = value.lower() if local in LOWERED else value
    return f' {"xml:" if namespace else ""}{local}="{escape(value, QUOTED)}"'
