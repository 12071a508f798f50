"""OPML: lists of feeds as other readers give and take them (opml.org, 1.0, 1.1 and 2.0), in folders.

Nothing is fetched and nothing is run: an outline that asks for it is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from aggregator.core.discover import anonymous, web_address
from aggregator.core.formats import charset, repair, sniff
from aggregator.core.text import clean, cut
from aggregator.core.urls import alike
from aggregator.errors import NotAFeed, ParseError

if TYPE_CHECKING:
    from lxml import etree

LONGEST: Final = 16_000_000  # bytes
MOST_OUTLINES: Final = 100_000
DEEPEST: Final = 32  # folders within folders; what lies deeper counts as in the deepest
TITLE: Final = 200  # characters: what feeds.toml takes
PATH_SEPARATOR: Final = " / "  # between a folder and the one within it, in the title of a section
UNNAMED: Final = re.compile(r"[a-z][a-z0-9+.-]*:(?://|\S)|[|/~]", re.IGNORECASE)  # an address, or a command
FEED_TYPES: Final = frozenset({"rss", "rss1", "rss2", "atom", "pie", "feed", "rdf"})

PROGRAM: Final = "a command, which is never run"
FILE: Final = "a file of the machine, not a web address"
NAMED: Final = (
    "a name or a password in its address; write the [[feed]] by hand without it, and with credential"
)
ANOTHER: Final = "no web address: only http and https can be fetched"
COMMENTED: Final = "commented out"
TOO_LONG: Final = "too long an address"
EMPTY: Final = "no address"
LONGEST_URL: Final = 2000  # characters: what feeds.toml takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list."""

    url: str
    title: str = ""  # "": the list gives none
    link: str = ""  # of its site
    folders: tuple[str, ...] = ()  # titles of all that it is in; (): none


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An outline that is not taken over."""

    title: str  # fit to be shown: without secrets
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlines:
    """A list of feeds."""

    feeds: tuple[Outline, ...] = ()  # each address once, in the order of the list
    repeated: int = 0  # outlines with the address of an earlier one, in no further folder
    refused: tuple[Refusal, ...] = ()
    damaged: bool = False  # it is not well-formed: what follows the damage may be missing
    folders: tuple[str, ...] = ()  # those with feeds in them, in the order of the list


def read(data: bytes) -> Outlines:
    """Read a list of feeds; raises NotAFeed or another ParseError when it is none, or is not whole.

    A folder within a folder is a folder of its own, named by its path. An outline outside of any folder is in
    those that its `category` names.
    """
    if len(data) > LONGEST:
        raise ParseError(f"the file has {len(data):,} bytes; the most is {LONGEST:,}")
    body, damaged = _body(data)
    found: dict[str, Outline] = {}
    refused: list[Refusal] = []
    seen: dict[str, None] = {}
    repeated = 0
    for number, (attributes, path, live) in enumerate(_outlines(body), start=1):
        address = _address(attributes)
        if address is None:
            continue
        title = _title(attributes)
        if reason := _refused(address, attributes) if live else COMMENTED:
            refused.append(Refusal(title=title or f"outline {number}", reason=reason))
            continue
        folders = (_path(path),) if path else _categories(attributes.get("category", ""))
        url = web_address(address)[0]
        new = Outline(url=url, title=title, link=attributes.get("htmlurl", ""), folders=folders)
        seen.update(dict.fromkeys(folders))
        key = alike(url)
        joined = _joined(found.get(key), new)
        repeated += joined == found.get(key)
        found[key] = joined
    return Outlines(
        feeds=tuple(found.values()),
        folders=tuple(seen),
        repeated=repeated,
        refused=tuple(refused),
        damaged=damaged,
    )


def _joined(earlier: Outline | None, new: Outline) -> Outline:
    """Give one feed of two outlines with its address: as the earlier one has it, in the folders of both."""
    folders = tuple(dict.fromkeys((*(earlier.folders if earlier else ()), *new.folders)))
    return replace(earlier or new, folders=folders)


def write(title: str, feeds: Sequence[Outline]) -> bytes:
    """Write a list of feeds as OPML 2.0, in UTF-8: first those in no folder, then each folder.

    A feed in several folders stands in each. The same feeds give the same bytes.
    """
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = clean(title)
    body = etree.SubElement(root, "body")
    for feed in feeds:
        if not feed.folders:
            etree.SubElement(body, "outline", _attributes(feed))
    for folder in dict.fromkeys(folder for feed in feeds for folder in feed.folders):
        name = clean(folder)
        element = etree.SubElement(body, "outline", {"text": name, "title": name})
        for feed in feeds:
            if folder in feed.folders:
                etree.SubElement(element, "outline", _attributes(feed))
    written: bytes = etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return written


def _attributes(feed: Outline) -> dict[str, str]:
    title = clean(feed.title) or clean(feed.url)
    attributes = {"text": title, "title": title, "type": "rss", "xmlUrl": clean(feed.url)}
    return {**attributes, "htmlUrl": clean(feed.link)} if feed.link else attributes


def _body(data: bytes) -> tuple[etree._Element, bool]:
    """Give the body of the list, and whether it is damaged: then it is read as far as it goes."""
    from lxml import etree

    sniff.refuse_binary(data)
    text = charset.decode(data, None)
    if not re.search(r"<(?:[\w.-]+:)?opml[\s>]", text[:100_000], re.IGNORECASE):
        raise NotAFeed("it is no OPML: there is no <opml> in it")
    whole = repair.repair(text).encode("utf-8", "replace")
    damaged = False
    try:
        parsed = etree.fromstring(whole, _parser(recover=False))
    except etree.XMLSyntaxError:
        damaged = True
        parsed = etree.fromstring(whole, _parser(recover=True))
    if parsed is None or _local(parsed) != "opml":
        raise NotAFeed("it is no OPML: its outermost element is another")
    body = next((each for each in parsed if _local(each) == "body"), None)
    if body is None:
        raise NotAFeed("it is no whole OPML: there is no <body> in it")
    return body, damaged


def _parser(*, recover: bool) -> etree.XMLParser:
    from lxml import etree

    return etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,  # repaired before: without entities and within LONGEST, nothing multiplies
    )


def _outlines(body: etree._Element) -> Iterator[tuple[dict[str, str], tuple[str, ...], bool]]:
    """Yield every outline with its attributes (names in lower case), the folders around it, and whether it counts."""
    waiting: list[tuple[etree._Element, tuple[str, ...], bool]] = [
        (each, (), True) for each in reversed(body)
    ]
    for _ in range(MOST_OUTLINES):
        if not waiting:
            return
        element, path, live = waiting.pop()
        if _local(element) == "outline":
            attributes = _attributes_of(element)
            live = live and attributes.get("iscomment", "").lower() != "true"
            yield attributes, path, live
            inner = _inner(attributes, path)
            waiting += [(each, inner, live) for each in reversed(element)]
    if waiting:
        raise ParseError(f"the list has more than {MOST_OUTLINES:,} outlines; split it into several files")


def _attributes_of(element: etree._Element) -> dict[str, str]:
    return {str(name).rpartition("}")[2].lower(): str(value).strip() for name, value in element.items()}


def _inner(attributes: Mapping[str, str], path: tuple[str, ...]) -> tuple[str, ...]:
    """Give the folders around what stands in an outline: one that is a feed is no folder."""
    name = _folder(attributes)
    is_folder = name and len(path) < DEEPEST and _address(attributes) is None
    return (*path, name) if is_folder else path


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _address(attributes: Mapping[str, str]) -> str | None:
    """Give the address of a feed as it is written; None: the outline is none."""
    if "xmlurl" in attributes:
        return attributes["xmlurl"]
    if "filtercmd" in attributes or attributes.get("type", "").lower() in FEED_TYPES:
        return attributes.get("url", "")
    return None


def _refused(address: str, attributes: Mapping[str, str]) -> str:
    """Say why an outline is not taken over; "": it is."""
    kind = address.lstrip()[:20].lower()
    if kind.startswith(("|", "exec:", "filter:", "query:", "`", "$(")) or attributes.get("filtercmd"):
        return PROGRAM
    if kind.startswith(("file:", "/", "~", ".", "\\")):
        return FILE
    if not address:
        return EMPTY
    if len(address) > LONGEST_URL:
        return TOO_LONG
    url = web_address(address)[0]
    authority = re.split(r"[/?#\\]", url.partition("://")[2], maxsplit=1)[0]
    if "@" in authority:
        return NAMED
    return "" if re.match(r"https?://[^\s/?#]", url, re.IGNORECASE) else ANOTHER


def _title(attributes: Mapping[str, str]) -> str:
    """Give the name of a feed; "" where what stands for it is only an address."""
    for name in (attributes.get("title"), attributes.get("text")):
        if name and name not in (attributes.get("xmlurl"), attributes.get("url")) and not UNNAMED.match(name):
            return _shown(name)
    return ""


def _folder(attributes: Mapping[str, str]) -> str:
    return _shown(next(filter(None, (attributes.get("text"), attributes.get("title"))), ""))


def _path(folders: Sequence[str]) -> str:
    return cut(PATH_SEPARATOR.join(folders), TITLE)


def _shown(text: str) -> str:
    """Give a text fit to be shown and kept: on one line, bounded, without a name or a password."""
    return cut(clean(anonymous(text[:5000])), TITLE)


def _categories(given: str) -> tuple[str, ...]:
    """Read `category="/Dunia/Asia,olahraga"` (OPML 2.0): folders by their path, and plain words."""
    paths = ([part.strip() for part in each.split("/") if part.strip()] for each in given[:5000].split(","))
    return tuple(_path([_shown(part) for part in path[:DEEPEST]]) for path in paths if path)
