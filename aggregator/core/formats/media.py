"""Media RSS: the pictures of an entry with their captions and credits, and its other files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def read_media(
    entry: etree._Element, children: Mapping[str, Sequence[etree._Element]], names: Names
) -> Media:
    """Read the pictures and files of an entry; a group is one picture in several sizes: the largest counts.

    `children` are those of the entry in Media RSS, by their names.
    """
    own = _Family(names, entry, children)
    groups = own.all(entry, "group")
    contents = [*own.all(entry, "content"), *(each for group in groups for each in own.largest(group))]
    images = [own.image(each) for each in contents if _is_picture(each)]
    shown = images or own.thumbnail((entry, *groups, *contents))
    unique = {image.url: image for image in reversed(shown) if image.url}
    return Media(images=tuple(reversed(unique.values())), enclosures=_files(contents))


def _files(contents: Iterable[etree._Element]) -> tuple[Enclosure, ...]:
    files = (_file(each) for each in contents if not _is_picture(each))
    return tuple(file for file in files if file.url and file.type)


class _Family:
    """The elements of Media RSS in one entry, each list of children looked up once."""

    def __init__(
        self, names: Names, entry: etree._Element, children: Mapping[str, Sequence[etree._Element]]
    ) -> None:
        self.names = names
        self.entry = entry
        self._children: dict[etree._Element, Mapping[str, Sequence[etree._Element]]] = {entry: children}

    def all(self, element: etree._Element, local: str) -> Sequence[etree._Element]:
        """Give the children of that name, of Media RSS."""
        children = self._children.get(element)
        if children is None:
            children = self._children[element] = self._look(element)
        return children.get(f"media_{local}", ())

    def _look(self, element: etree._Element) -> Mapping[str, Sequence[etree._Element]]:
        found: dict[str, list[etree._Element]] = {}
        for child in element:
            key = self.names.key(child)
            if key.startswith("media_"):
                found.setdefault(key, []).append(child)
        return found

    def thumbnail(self, places: Iterable[etree._Element]) -> list[Image]:
        """Give the first thumbnail."""
        return [self.image(each) for place in places for each in self.all(place, "thumbnail")][:1]

    def largest(self, group: etree._Element) -> list[etree._Element]:
        """Give the largest picture of a group, and all that is no picture."""
        contents = self.all(group, "content")
        pictures = sorted((each for each in contents if _is_picture(each)), key=_width)
        return [*pictures[-1:], *(each for each in contents if not _is_picture(each))]

    def image(self, content: etree._Element) -> Image:
        """Give a picture with what is said of it, or of all around it."""
        near = [content] if len(content) else []
        parent = content.getparent()
        while parent is not None and parent is not self.entry:
            near.append(parent)
            parent = parent.getparent()
        return Image(
            url=content.get("url") or (content.text or "").strip(),
            caption=self._nearest([*near, self.entry], "description") or self._nearest(near, "title"),
            credit=self._nearest([*near, self.entry], "credit"),
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
    size = size_of(content.get("fileSize", ""))
    return Enclosure(url=content.get("url", ""), type=content.get("type") or None, length=size)


def size_of(text: str) -> int | None:
    """Read a number of bytes; 0 is written where nobody knows it (RSS 2.0 profile)."""
    size = text.strip()
    return (int(size) or None) if size.isascii() and size.isdigit() and len(size) < 19 else None
