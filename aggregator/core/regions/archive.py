"""The shipped data file: sections of text, each compressed on its own and read when first asked for.

Layout: MAGIC, the length of the directory (4 bytes, big endian), the directory (zlib, JSON: section name to
offset and length from the end of the directory), then the sections (zlib, UTF-8).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Final, Self

MAGIC: Final = b"regions1"


class Archive:
    """Named texts in one file; a section is decompressed when it is read, and not kept here."""

    __slots__ = ("_data", "_directory", "_start")

    def __init__(self, data: bytes, directory: Mapping[str, tuple[int, int]], start: int) -> None:
        self._data = data
        self._directory = directory
        self._start = start

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Open the file's bytes; ValueError when they are not ours, or not whole."""
        head = len(MAGIC) + 4
        if not data.startswith(MAGIC) or len(data) < head:
            raise ValueError("not a regions file of this version")
        start = head + int.from_bytes(data[len(MAGIC) : head], "big")
        try:
            directory = json.loads(zlib.decompress(data[head:start]))
        except (zlib.error, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ValueError("the regions file is damaged") from error
        sections = {name: (int(offset), int(length)) for name, (offset, length) in directory.items()}
        if start + max((offset + length for offset, length in sections.values()), default=0) > len(data):
            raise ValueError("the regions file is cut short")
        return cls(data, sections, start)

    @staticmethod
    def to_bytes(sections: Mapping[str, str]) -> bytes:
        """Write sections as a file; the same sections give the same bytes."""
        directory: dict[str, tuple[int, int]] = {}
        body = bytearray()
        for name in sorted(sections):
            packed = zlib.compress(sections[name].encode(), 9)
            directory[name] = (len(body), len(packed))
            body += packed
        head = zlib.compress(json.dumps(directory, separators=(",", ":")).encode(), 9)
        return MAGIC + len(head).to_bytes(4, "big") + head + bytes(body)

    def __contains__(self, name: str) -> bool:
        return name in self._directory

    def lines(self, name: str) -> list[list[str]]:
        """Return a section's lines, each cut at its tabs; [] for a section that there is not."""
        if name not in self._directory:
            return []
        offset, length = self._directory[name]
        packed = self._data[self._start + offset : self._start + offset + length]
        return [line.split("\t") for line in zlib.decompress(packed).decode().split("\n") if line]
