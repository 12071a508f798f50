"""OPML: lists of feeds as other readers give and take them (opml.org, 1.0, 1.1 and 2.0), in folders.

Nothing is fetched and nothing is run: an outline that asks for it is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
MOST_FOLDERS: Final = 1000  # that are taken over; nobody reads more sections
MOST_CATEGORIES: Final = 20  # of one feed
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

INCLUDED: Final = "a link to another list"
LINKED: Final = "a link that is no feed's"
PAGE: Final = "a page without the address of a feed"
NOTHING: Final = "an empty folder or a remark"
# What is no feed though it may have a `url` (OPML 2.0, "Inclusion").
LINKS: Final = {"include": INCLUDED, "link": LINKED}


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
    repeated: tuple[str, ...] = ()  # addresses that stand in the list again, in no further folder
    refused: tuple[Refusal, ...] = ()
    skipped: tuple[Refusal, ...] = ()  # they are no feeds
    damaged: bool = False  # it is not well-formed: what follows the damage may be missing
    folders: tuple[str, ...] = ()  # those with feeds in them, in the order of the list
    beyond: int = 0  # more folders with feeds, which are in the folder around them instead, or in none


@dataclass(frozen=True, slots=True)
class _Raw:
    """An outline as it stands in the list."""

    attributes: Mapping[str, str]  # names in lower case
    folder: _Folder | None  # the one that it is in
    live: bool  # False: it is commented out
    is_leaf: bool  # nothing stands in it


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder, named by its path."""

    title: str
    depth: int
    around: _Folder | None


class _Folders:
    """The folders that are taken over: the first ones with feeds in them. Capital and small letters are the same."""

    def __init__(self) -> None:
        self.taken: dict[str, str] = {}  # title in any case -> the one that came first
        self.beyond: set[str] = set()

    def take(self, folder: _Folder | None) -> str:
        """Give the folder that stands for this one: itself, or where there are too many the next one around it."""
        wanted = folder
        while folder is not None:
            if folder.title.casefold() in self.taken or len(self.taken) < MOST_FOLDERS:
                break
            folder = folder.around
        if wanted is not None and wanted is not folder:
            self.beyond.add(wanted.title)
        return self.taken.setdefault(folder.title.casefold(), folder.title) if folder else ""


@dataclass(slots=True)
class _Reading:
    """What is gathered of a list."""

    found: dict[str, Outline] = field(default_factory=dict)  # by what is alike of their addresses
    inside: dict[str, dict[str, None]] = field(default_factory=dict)
    folders: _Folders = field(default_factory=_Folders)
    repeated: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    skipped: list[Refusal] = field(default_factory=list)

    def take(self, outline: _Raw, number: int) -> None:
        """Take one outline in; `number` is its place in the list, which stands for a title."""
        attributes = outline.attributes
        address = _address(attributes)
        refusal = _skipped(outline) if address is None else _refused(address, attributes)
        if address is not None and not outline.live:
            refusal = COMMENTED
        if refusal:
            kept = self.skipped if address is None else self.refused
            kept.append(Refusal(title=_title(attributes) or f"outline {number}", reason=refusal))
        elif address is not None:
            self._feed(web_address(address)[0], outline)

    def _feed(self, url: str, outline: _Raw) -> None:
        attributes, key = outline.attributes, alike(url)
        around = [outline.folder] if outline.folder else _categories(attributes.get("category", ""))
        folders = dict.fromkeys(filter(None, map(self.folders.take, around)))
        inside = self.inside.setdefault(key, {})
        if key in self.found and folders.keys() <= inside.keys():
            self.repeated.append(url)
        inside.update(folders)
        link = attributes.get("htmlurl", "")
        self.found.setdefault(key, Outline(url=url, title=_title(attributes), link=link))


def read(data: bytes) -> Outlines:
    """Read a list of feeds; raises NotAFeed or another ParseError when it is none, or is not whole.

    A folder within a folder is a folder of its own, named by its path. An outline outside of any folder is in
    those that its `category` names.
    """
    if len(data) > LONGEST:
        raise ParseError(f"the file has {len(data):,} bytes; the most is {LONGEST:,}")
    body, damaged = _body(data)
    reading = _Reading()
    for number, outline in enumerate(_outlines(body), start=1):
        reading.take(outline, number)
    return Outlines(
        feeds=tuple(replace(feed, folders=tuple(reading.inside[key])) for key, feed in reading.found.items()),
        folders=tuple(reading.folders.taken.values()),
        beyond=len(reading.folders.beyond),
        repeated=tuple(reading.repeated),
        refused=tuple(reading.refused),
        skipped=tuple(reading.skipped),
        damaged=damaged,
    )


def write(title: str, feeds: Sequence[Outline]) -> bytes:
    """Write a list of feeds as OPML 2.0, in UTF-8: first those in no folder, then each folder.

    A feed in several folders stands in each. The same feeds give the same bytes.
    """
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = clean(title)
    body = etree.SubElement(root, "body")
    inside: dict[str, list[Outline]] = {}
    for feed in feeds:
        for folder in feed.folders:
            inside.setdefault(folder, []).append(feed)
        if not feed.folders:
            etree.SubElement(body, "outline", _attributes(feed))
    for folder, members in inside.items():
        name = clean(folder)
        element = etree.SubElement(body, "outline", {"text": name, "title": name})
        for feed in members:
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


def _outlines(body: etree._Element) -> Iterator[_Raw]:
    """Yield every outline in the order of the list."""
    waiting: list[tuple[etree._Element, _Folder | None, bool]] = [
        (each, None, True) for each in reversed(body)
    ]
    for _ in range(MOST_OUTLINES):
        if not waiting:
            return
        element, folder, live = waiting.pop()
        if _local(element) == "outline":
            attributes = _attributes_of(element)
            live = live and attributes.get("iscomment", "").lower() != "true"
            yield _Raw(attributes, folder, live, is_leaf=len(element) == 0)
            inner = _inner(attributes, folder) if len(element) else None
            waiting += [(each, inner, live) for each in reversed(element)]
    if waiting:
        raise ParseError(f"the list has more than {MOST_OUTLINES:,} outlines; split it into several files")


def _attributes_of(element: etree._Element) -> dict[str, str]:
    return {str(name).rpartition("}")[2].lower(): str(value).strip() for name, value in element.items()}


def _inner(attributes: Mapping[str, str], around: _Folder | None) -> _Folder | None:
    """Give the folder around what stands in an outline: one that is a feed is no folder."""
    name = _folder(attributes) if _address(attributes) is None else ""
    return _within(around, name) if name else around


def _within(around: _Folder | None, name: str) -> _Folder:
    """Give the folder of a name within another one; the deepest one stands for what would be deeper."""
    if around is None:
        return _Folder(name, 1, None)
    if around.depth >= DEEPEST:
        return around
    return _Folder(cut(f"{around.title}{PATH_SEPARATOR}{name}", TITLE), around.depth + 1, around)


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


def _skipped(outline: _Raw) -> str:
    """Say what an outline without the address of a feed is; "": a folder with something in it."""
    attributes = outline.attributes
    if reason := LINKS.get(attributes.get("type", "").lower()):
        return reason
    if not outline.is_leaf:
        return ""
    return PAGE if attributes.get("htmlurl") or attributes.get("url") else NOTHING


def _title(attributes: Mapping[str, str]) -> str:
    """Give the name of a feed; "" where what stands for it is only an address."""
    for name in (attributes.get("title"), attributes.get("text")):
        if name and name not in (attributes.get("xmlurl"), attributes.get("url")) and not UNNAMED.match(name):
            return _shown(name)
    return ""


def _folder(attributes: Mapping[str, str]) -> str:
    return _shown(next(filter(None, (attributes.get("text"), attributes.get("title"))), ""))


def _shown(text: str) -> str:
    """Give a text fit to be shown and kept: on one line, bounded, without a name or a password."""
    return cut(clean(anonymous(text[:5000])), TITLE)


def _categories(given: str) -> list[_Folder]:
    """Read `category="/Dunia/Asia,olahraga"` (OPML 2.0): folders by their path, and plain words."""
    found: list[_Folder] = []
    for each in given[:5000].split(",")[:MOST_CATEGORIES]:
        folder: _Folder | None = None
        for part in filter(None, map(_shown, each.split("/")[: DEEPEST + 1])):
            folder = _within(folder, part)
        if folder is not None:
            found.append(folder)
    return found
