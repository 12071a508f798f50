"""XML as it comes, made into XML that a parser can take: what many feeds get wrong, and what none may do."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Mapping
from typing import Final

from aggregator.core.formats import entities
from aggregator.core.formats.limits import ENTRIES_UNTIDY, TAGS_UNTIDY
from aggregator.core.formats.limits import NAME as NAME_LONGEST
from aggregator.core.text import legal
from aggregator.errors import TooExpensive, TruncatedFeed

DECLARATION: Final = re.compile(r"<\?xml\s[^>]{0,400}\?>", re.IGNORECASE)
DOCTYPE: Final = re.compile(r"<!DOCTYPE\b[^\[>]*(?:\[(.*?)\]\s*)?>", re.IGNORECASE | re.DOTALL)
DECLARED: Final = re.compile(b"<![dD]")
ROOT: Final = re.compile(r"<([A-Za-z_][\w.\-]*(?::[\w.\-]+)?)")
ROOT_BYTES: Final = re.compile(ROOT.pattern.encode())
# An ampersand, with what it begins; what XML itself names, or may number, is not looked at.
REFERENCE: Final = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#(?:3[2-9]|[4-9]\d|[1-9]\d{2,3}|[1-4]\d{4}));)(?:#(\d{1,10}|[xX][0-9A-Fa-f]{1,8});|([A-Za-z][A-Za-z0-9]{1,31});|)"
)
PAIR: Final = re.compile(
    r"&#(?:x([dD][89abAB][0-9A-Fa-f]{2})|(5[56]\d{3}));&#(?:x([dD][c-fC-F][0-9A-Fa-f]{2})|(5[67]\d{3}));"
)
LONG: Final = 65_536  # characters: a shorter tag cannot hold too many attributes
LONG_TAG: Final = re.compile(f"<[A-Za-z][^<>]{{{LONG}}}")
LONG_TAG_BYTES: Final = re.compile(LONG_TAG.pattern.encode())
# feedparser looks for an address in a name: that takes the square of its length.
NAMES: Final = re.compile(
    r"(<(?:[\w\-]+:)?(?:author|creator|managingEditor|webMaster|name|email|publisher)\b[^<>]*>)"
    rf"([^<]{{{NAME_LONGEST + 1},}})"
)
ENTRY: Final = re.compile(r"<(?:[\w\-]+:)?(?:item|entry)[\s/>]", re.IGNORECASE)
SECTION: Final = "<![CDATA["
ENDS: Final = {"<![CDATA[": "]]>", "<!--": "-->"}
BLANKS: Final = " \t\r\n\f\v\0\ufeff\u00a0\u200b"
COMMENTS_MOST: Final = 5000
UNCLOSED_MOST: Final = 50
ATTRIBUTES_MOST: Final = 500
FRONT: Final = 16_384  # characters in which a declaration is looked for


def repair(text: str) -> str:
    """Cut what stands before the root, drop declaration and DOCTYPE, replace illegal and undefined characters.

    Raises ParseError where the document declares entities that are more than short texts: nothing but an attack does.
    """
    given = _from_declaration(legal(text).strip(BLANKS))
    given = DECLARATION.sub("", given, count=1).lstrip(BLANKS) if given[:5].lower() == "<?xml" else given
    given, declared = _without_doctype(_without_comments(given))
    if _may_have_long_tag(given.encode("utf-8", "replace")) and _has_long_tag(given):
        raise TooExpensive("an element of the document has hundreds of attributes")
    parts = sections(given)
    _unnest(parts)
    markup = entities.expanded(parts[::2], declared)
    parts[::2] = [_references(NAMES.sub(_shortened, part)) for part in markup]
    return "".join(parts)


def _has_long_tag(text: str) -> bool:
    return any(found.group().count("=") > ATTRIBUTES_MOST for found in LONG_TAG.finditer(text))


def is_tidy(data: bytes) -> bool:
    """Whether a document in UTF-8 may be tried as it stands: without a DOCTYPE, and without a shape that only costs."""
    if ROOT_BYTES.search(data, 0, FRONT) is None or DECLARED.search(data, 0, FRONT):
        return False
    return not _may_have_long_tag(data) or LONG_TAG_BYTES.search(data) is None


def _may_have_long_tag(data: bytes) -> bool:
    """Whether so much stands anywhere without a `>`: found by leaps, where a pattern would try every tag."""
    at = 0
    while len(data) - at > LONG:
        end = data.rfind(b">", at, at + LONG)
        if end < 0:
            return True
        at = end + 1
    return False


def sections(text: str) -> list[str]:
    """Split into markup and, at odd places, CDATA sections and comments; one that never ends is markup.

    With `find`, in one pass: a pattern would look for each missing end through the whole document.
    """
    parts: list[str] = []
    start = at = 0
    while (at := text.find("<!", at)) >= 0:
        mark = next((mark for mark in ENDS if text.startswith(mark, at)), None)
        if mark is None:
            at += 2
            continue
        end = text.find(ENDS[mark], at + len(mark))
        if end < 0:
            break
        end += len(ENDS[mark])
        parts += [text[start:at], text[at:end]]
        start = at = end
    return [*parts, text[start:]]


def refuse_truncated(text: str) -> None:
    """Raise TruncatedFeed when the root element of a repaired, not well-formed document is never closed."""
    root = ROOT.search("".join(sections(text[:FRONT])[::2]))
    if root is None:
        return
    end = text.lower().rfind(f"</{root.group(1).lower()}")
    opened, closed = text.rfind("<![CDATA[", 0, max(end, 0)), text.rfind("]]>", 0, max(end, 0))
    if end < 0 or opened > closed:
        raise TruncatedFeed("the document ends in the middle: its last element is not closed")


def _unnest(parts: list[str]) -> None:
    """Undo sections inside sections, which XML has not: the inner marks go, the text stays."""
    for place in range(1, len(parts), 2):
        inner = parts[place].count(SECTION) - 1 if parts[place].startswith(SECTION) else 0
        if inner > 0:
            parts[place] = SECTION + parts[place].replace(SECTION, "")
            parts[place + 1] = parts[place + 1].replace("]]>", "", inner)


def few(text: str) -> str:
    """Give a document that is not well-formed with its first entries only.

    Raises TooExpensive where it has more tags, or what looks like one, than feedparser can go through in time.
    """
    for number, found in enumerate(ENTRY.finditer(text)):
        if number == ENTRIES_UNTIDY:
            text = text[: found.start()]
            break
    if text.count("<") > TAGS_UNTIDY and sum(part.count("<") for part in sections(text)[::2]) > TAGS_UNTIDY:
        raise TooExpensive(f"the document is not well-formed, and has more than {TAGS_UNTIDY:,} tags")
    return text


def _without_comments(text: str) -> str:
    parts = sections(text)
    if (
        sum(part.startswith("<!--") for part in parts[1::2]) > COMMENTS_MOST
        or parts[-1].count("<!--") > UNCLOSED_MOST
    ):
        raise TooExpensive("the document has thousands of comments")
    return "".join(part for part in parts if not part.startswith("<!--"))


def _from_declaration(text: str) -> str:
    """Cut notices that a script printed before the declaration."""
    start = text.find("<?xml", 0, FRONT)
    return text[start:] if start > 0 else text


def _without_doctype(text: str) -> tuple[str, Mapping[str, str]]:
    """Cut the DOCTYPE; give the rest, and the entities that it declares."""
    root = ROOT.search(text)
    start = text[: root.start() if root else FRONT].lower().find("<!doctype")
    if start < 0:
        return text, {}
    found = DOCTYPE.match(text, start)
    declared = entities.declared(found.group(1) or "" if found else text[start:FRONT])
    return (text[: found.start()] + text[found.end() :], declared) if found else (text, {})


def _shortened(found: re.Match[str]) -> str:
    return found.group(1) + found.group(2)[:NAME_LONGEST]


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
    character = html.entities.html5.get(f"{name};")
    return character if character is not None and character not in "<&" else f"&amp;{name};"


def _numbered(reference: str, code: int) -> str:
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return "\ufffd"
    return reference if legal(chr(code)) else ""
