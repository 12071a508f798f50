"""XML as it comes, made into XML that a parser can take: what many feeds get wrong, and what none may do."""

from __future__ import annotations

import html.entities
import re
from typing import Final

from aggregator.core.text import legal
from aggregator.errors import ParseError, TooExpensive, TruncatedFeed

DECLARATION: Final = re.compile(r"<\?xml\s[^>]{0,400}\?>", re.IGNORECASE)
DOCTYPE: Final = re.compile(r"<!DOCTYPE\b[^\[>]*(?:\[(.*?)\]\s*)?>", re.IGNORECASE | re.DOTALL)
ENTITY: Final = re.compile(r"<!ENTITY\b", re.IGNORECASE)
ROOT: Final = re.compile(r"<([A-Za-z_][\w.\-]*(?::[\w.\-]+)?)")
CDATA: Final = re.compile(r"(<!\[CDATA\[.*?\]\]>|<!--.*?-->)", re.DOTALL)
REFERENCE: Final = re.compile(r"&(?:#(\d{1,10}|[xX][0-9A-Fa-f]{1,8});|([A-Za-z][A-Za-z0-9]{1,31});|)")
PAIR: Final = re.compile(r"&#(?:x([dD][89abAB][0-9A-Fa-f]{2})|(5[56]\d{3}));&#(?:x([dD][c-fC-F][0-9A-Fa-f]{2})|(5[67]\d{3}));")
LONG_TAG: Final = re.compile(r"<[A-Za-z][^<>]{65536}")
NAMES: Final = re.compile(r"(<(?:[\w\-]+:)?(?:author|creator|managingEditor|webMaster|name|email|publisher)\b[^<>]*>)([^<]{1025,})")
XML_NAMES: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
BLANKS: Final = " \t\r\n\f\v\0\ufeff\u00a0\u200b"
COMMENTS_MOST: Final = 5000
ATTRIBUTES_MOST: Final = 500
FRONT: Final = 16_384  # characters in which a declaration is looked for


def repair(text: str) -> str:
    """Cut what stands before the root, drop declaration and DOCTYPE, replace illegal and undefined characters.

    Raises ParseError where the document declares entities of its own: nothing but an attack does.
    """
    given = _from_declaration(legal(text).strip(BLANKS))
    given = DECLARATION.sub("", given, count=1).lstrip(BLANKS) if given[:5].lower() == "<?xml" else given
    given = _without_doctype(given)
    _refuse_bombs(given)
    given = NAMES.sub(lambda found: found.group(1) + found.group(2)[:1024], given)
    parts = CDATA.split(given)
    parts[::2] = [_references(part) for part in parts[::2]]
    return "".join(parts)


def refuse_truncated(text: str) -> None:
    """Raise TruncatedFeed when the root element of a repaired, not well-formed document is never closed."""
    root = ROOT.search(CDATA.sub("", text[:FRONT]))
    if root is None:
        return
    end = text.lower().rfind(f"</{root.group(1).lower()}")
    opened, closed = text.rfind("<![CDATA[", 0, max(end, 0)), text.rfind("]]>", 0, max(end, 0))
    if end < 0 or opened > closed:
        raise TruncatedFeed("the document ends in the middle: its last element is not closed")


def _from_declaration(text: str) -> str:
    """Cut notices that a script printed before the declaration."""
    start = text.find("<?xml", 0, FRONT)
    return text[start:] if start > 0 else text


def _without_doctype(text: str) -> str:
    found = DOCTYPE.search(text[: 4 * FRONT]) or (DOCTYPE.search(text) if "<!DOCTYPE" in text[:FRONT] else None)
    if found is None:
        if ENTITY.search(text[:FRONT]) and "<![CDATA[" not in text[:FRONT]:
            raise ParseError("the document declares entities of its own, which no feed needs")
        return text
    if found.group(1) and ENTITY.search(found.group()):
        raise ParseError("the document declares entities of its own, which no feed needs")
    return text[: found.start()] + text[found.end() :]


def _refuse_bombs(text: str) -> None:
    """Raise TooExpensive for shapes that cost a parser seconds and that no publisher writes."""
    if text.count("<!--") > COMMENTS_MOST:
        raise TooExpensive("the document has thousands of comments")
    if any(found.group().count("=") > ATTRIBUTES_MOST for found in LONG_TAG.finditer(text)):
        raise TooExpensive("an element of the document has hundreds of attributes")


def _references(text: str) -> str:
    if "]]>" in text:
        text = text.replace("]]>", "]]&gt;")
    if "&" not in text:
        return text
    return REFERENCE.sub(_character, PAIR.sub(_paired, text))


def _paired(found: re.Match[str]) -> str:
    high = int(found.group(1), 16) if found.group(1) else int(found.group(2))
    low = int(found.group(3), 16) if found.group(3) else int(found.group(4))
    if not (0xD800 <= high <= 0xDBFF and 0xDC00 <= low <= 0xDFFF):
        return found.group()
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _character(found: re.Match[str]) -> str:
    number, name = found.groups()
    if number:
        return _numbered(found.group(), int(number[1:], 16) if number[0] in "xX" else int(number))
    if not name:
        return "&amp;"  # an ampersand that begins no reference
    if name in XML_NAMES:
        return found.group()
    character = html.entities.html5.get(f"{name};")
    return character if character is not None and character not in "<&" else f"&amp;{name};"


def _numbered(reference: str, code: int) -> str:
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return "\ufffd"
    return reference if legal(chr(code)) else ""
