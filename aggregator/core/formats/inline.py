"""Markup inside a feed's own elements, written as the text of HTML that it stands for."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from aggregator.core.formats.elements import KNOWN, Names
from aggregator.core.formats.quirks import LOWERED, Unusual

XHTML: Final = "application/xhtml+xml"
QUOTED: Final = {'"': "&quot;"}
# feedparser keeps the namespaces of the first two; what is named like an entry and is none is taken out for it.
FOREIGN: Final = frozenset({"svg", "math", "item", "entry"})


def inline(element: etree._Element, kind: str, names: Names, *, unwrap: bool) -> str:
    """Give the text of an element; of XHTML, the markup of its children too.

    `unwrap` leaves out the `<div>` that Atom puts around XHTML (RFC 4287, 3.1.1.3).
    """
    if kind != XHTML:
        if len(element):
            raise Unusual
        return element.text or ""
    pieces = [escape(element.text or "")]
    for child in element:
        _write(child, names, pieces)
        pieces.append(escape(child.tail or ""))
    if unwrap and _is_wrapped(element, names):
        pieces = pieces[2:-2]
    return "".join(pieces)


def _is_wrapped(element: etree._Element, names: Names) -> bool:
    blank = not (element.text or "").strip()
    return (
        blank
        and len(element) == 1
        and _local(element[0], names) == "div"
        and not (element[0].tail or "").strip()
    )


def _write(element: etree._Element, names: Names, pieces: list[str]) -> None:
    local = _local(element, names)
    given = "".join(_attribute(str(name), str(value)) for name, value in element.items())
    pieces.append(f"<{local}{given}>")
    if element.text:
        pieces.append(escape(element.text))
    for child in element:
        _write(child, names, pieces)
        if child.tail:
            pieces.append(escape(child.tail))
    pieces.append(f"</{local}>")


def _local(element: etree._Element, names: Names) -> str:
    local = names.local(element)
    if names.key(element) in KNOWN or local in FOREIGN:
        raise Unusual
    return local


def _attribute(name: str, value: str) -> str:
    namespace, _, local = name.lower().rpartition("}")
    if namespace not in {"", "{http://www.w3.org/xml/1998/namespace"}:
        raise Unusual
    value = value.lower() if local in LOWERED else value
    return f' {"xml:" if namespace else ""}{local}="{escape(value, QUOTED)}"'
