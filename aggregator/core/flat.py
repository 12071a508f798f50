"""HTML read into a tree of bounded depth, and HTML that is made harmless to parsers that follow HTML5.

Such a parser looks through all open elements at each tag, and opens again in every paragraph what was left open of
`<b>` and its like: 20,000 open elements cost it four seconds (measured), and 400 of the others make text a hundred
times as long. libxml2 does neither, and stops at 256 elements.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lxml import etree
    from lxml.html import HTMLParser

LONGEST: Final = 4 * 2**20  # characters of HTML that are looked at; a whole feed may have 10 MB
FEW_TAGS: Final = 100  # so many cannot cost anything, however they are put together
TAG: Final = re.compile(r"<[^<>]*>?")
TOO_DEEP: Final = "ERR_RESOURCE_LIMIT"  # what libxml2 calls it
# A piece of HTML is no document: what ends one, or begins it anew, would take the rest out of its body.
DOCUMENT: Final = re.compile(r"</?(?:html|head|body|frameset)\b[^<>]*>", re.IGNORECASE)
_SILENT: Final = (
    "applet audio button canvas iframe map math noembed noframes noscript object option plaintext script"
    " select style svg template textarea title video xmp"
)
# Elements whose text is no text of an article, and whose content browsers read by rules of their own.
SILENT: Final = frozenset(_SILENT.split())


def tree_of(html: str) -> etree._Element | None:
    """Read a piece of HTML into a tree, under a `<body>` with an `<hr>` before it; None: it is too deep."""
    from lxml import etree
    from lxml.html import document_fromstring

    parser = _parser()
    # The <hr> keeps libxml2 from putting bare text into a paragraph.
    document = f"<html><body><hr>{DOCUMENT.sub(' ', html[:LONGEST])}</body></html>"
    try:
        root = document_fromstring(document.encode("utf-8", "replace"), parser=parser)
    except etree.XMLSyntaxError:
        return None
    if any(error.type_name == TOO_DEEP for error in parser.error_log):
        return None
    return root.find("body")


@cache
def _parser() -> HTMLParser:
    from lxml.html import HTMLParser

    return HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8")


def flatten(html: str) -> str:
    """Give the HTML as it is where it is short, put in order where it is long, and without tags where it is deep.

    What is put in order has lost comments and what is in SILENT.
    """
    given = html[:LONGEST]
    if given.count("<") <= FEW_TAGS:
        return given
    body = tree_of(given)
    return TAG.sub(" ", given) if body is None else written(body)


def written(body: etree._Element) -> str:
    """Write what is under a `<body>` but for the first element."""
    from lxml import etree

    etree.strip_elements(body, *SILENT, with_tail=False)
    first, *others = body
    pieces = [escape(first.tail or "", quote=False)]
    pieces += [etree.tostring(each, method="html", encoding="unicode") for each in others]
    return "".join(pieces)
