"""Media RSS: the pictures of an entry with their captions and credits, and its other files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from aggregator.core.formats.elements import Names
from aggregator.core.formats.markup import line
from aggregator.model import Enclosure, Image

PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif")


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What Media RSS says of one entry; addresses as given, not yet absolute."""

    images: tuple[Image, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()


def read_media(entry: etree._Element, names: Names) -> Media:
    """Read the pictures and files of an entry; a group is one picture in several sizes: the largest counts."""
    own = _Family(names)
    groups = own.all(entry, "group")
    contents = [*own.all(entry, "content"), *(each for group in groups for each in own.largest(group))]
    images = [own.image(each, entry) for each in contents if _is_picture(each)]
    shown = images or own.thumbnail(entry, (entry, *groups, *contents))
    unique = {image.url: image for image in reversed(shown) if image.url}
    return Media(images=tuple(reversed(unique.values())), enclosures=_files(contents))


def _files(contents: Iterable[etree._Element]) -> tuple[Enclosure, ...]:
    files = (_file(each) for each in contents if not _is_picture(each))
    return tuple(file for file in files if file.url and file.type)


class _Family:
    """The elements of Media RSS in one entry, each list of children looked up once."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._children: dict[etree._Element, dict[str, list[etree._Element]]] = {}

    def all(self, element: etree._Element, local: str) -> list[etree._Element]:
        """Give the children of that name, of Media RSS."""
        children = self._children.get(element)
        if children is None:
            children = self._children[element] = {}
            for child in element:
                key = self.names.key(child)
                if key.startswith("media_"):
                    children.setdefault(key, []).append(child)
        return children.get(f"media_{local}", [])

    def thumbnail(self, entry: etree._Element, places: Iterable[etree._Element]) -> list[Image]:
        """Give the first thumbnail."""
        return [self.image(each, entry) for place in places for each in self.all(place, "thumbnail")][:1]

    def largest(self, group: etree._Element) -> list[etree._Element]:
        """Give the largest picture of a group, and all that is no picture."""
        contents = self.all(group, "content")
        pictures = sorted((each for each in contents if _is_picture(each)), key=_width)
        return [*pictures[-1:], *(each for each in contents if not _is_picture(each))]

    def image(self, content: etree._Element, entry: etree._Element) -> Image:
        """Give a picture with what is said of it, or of all around it."""
        near = [content]
        while near[-1] is not entry and (parent := near[-1].getparent()) is not None:
            near.append(parent)
        return Image(
            url=content.get("url") or (content.text or "").strip(),
            caption=self._nearest(near, "description") or self._nearest(near[:-1], "title"),
            credit=self._nearest(near, "credit"),
        )

    def _nearest(self, elements: list[etree._Element], local: str) -> str | None:
        """Read the first element of that name on the way from the picture up to its entry."""
        for element in elements:
            for found in self.all(element, local):
                text = line(found.text or "" if not len(found) else "".join(map(str, found.itertext())))
                if text:
                    return text
        return None


def _is_picture(content: etree._Element) -> bool:
    medium, kind = content.get("medium"), content.get("type")
    if medium or kind:
        return medium == "image" or (kind or "").startswith("image/")
    return content.get("url", "").partition("?")[0].lower().endswith(PICTURES)


def _width(content: etree._Element) -> int:
    given = content.get("width", "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0


def _file(content: etree._Element) -> Enclosure:
    size = content.get("fileSize", "")
    length = int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None
    return Enclosure(url=content.get("url", ""), type=content.get("type") or None, length=length)
