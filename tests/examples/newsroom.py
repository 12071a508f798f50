"""Reads the example newsroom as a plain reader would: with the standard library, and none of our own parsers."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NEWSROOM = EXAMPLES / "newsroom"
ADDRESS = "127.0.0.1:8099"
ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = {
    "kabar-kampar": "kabar-kampar/rss.xml",
    "longitude-wire": "longitude-wire/atom.xml",
    "zarechny-kurier": "zarechny-kurier/rss.xml",
    "radio-ombak-bono": "radio-ombak-bono/rss.xml",
    "jalur-sutra": "jalur-sutra/feed.json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry, as far as these tests look at it."""

    title: str
    link: str
    text: str  # what the feed gives, without markup
    date: str | None


def module(name: str) -> ModuleType:
    """One of the scripts of examples/, loaded as `make demo` would."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        return loaded
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


def entries(feed: str) -> list[Told]:
    """What a feed tells, in its order."""
    path = NEWSROOM / FEEDS[feed]
    if path.suffix == ".json":
        return [
            Told(
                title=each["title"],
                link=each["url"],
                text=plain(each["content_html"]),
                date=each["date_published"],
            )
            for each in json.loads(path.read_text("utf-8"))["items"]
        ]
    root = ElementTree.fromstring(path.read_bytes())
    if root.tag == f"{ATOM}feed":
        return [_atom(each) for each in root.iter(f"{ATOM}entry")]
    return [_rss(each) for each in root.iter("item")]


def _atom(entry: ElementTree.Element) -> Told:
    content = entry.find(f"{ATOM}content")
    link = entry.find(f"{ATOM}link")
    assert content is not None
    assert link is not None
    return Told(
        title=entry.findtext(f"{ATOM}title", ""),
        link=link.get("href", ""),
        text=plain(" ".join(content.itertext())),
        date=entry.findtext(f"{ATOM}published"),
    )


def _rss(item: ElementTree.Element) -> Told:
    encoded = item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded")
    return Told(
        title=item.findtext("title", ""),
        link=item.findtext("link", ""),
        text=plain(encoded or item.findtext("description", "")),
        date=item.findtext("pubDate"),
    )


class _Page(HTMLParser):
    """The text and the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in {"href", "src"} and value]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def plain(html: str) -> str:
    """Markup out, blanks folded."""
    page = _Page()
    page.feed(html)
    return re.sub(r"\s+", " ", " ".join(page.text)).strip()


def links(html: str) -> list[str]:
    """Every href and src of a page."""
    page = _Page()
    page.feed(html)
    return page.links


def pages() -> list[Path]:
    """Every page of the newsroom."""
    return sorted(NEWSROOM.rglob("*.html"))


def page_text(path: Path) -> str:
    """A page in the charset that it declares."""
    body = path.read_bytes()
    found = re.search(rb"charset=[\"']?([a-z0-9-]+)", body)
    assert found is not None, path
    return body.decode(found[1].decode())


def shared(copy: str, original: str) -> float:
    """How much of the shorter text's three-word sequences stand in the other one."""
    one, other = (_sequences(text) for text in (copy, original))
    return len(one & other) / min(len(one), len(other))


def _sequences(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return set(zip(words, words[1:], words[2:], strict=False))
