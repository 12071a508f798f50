"""From an edition to bytes: one pure function a format, and a table of them.

A format is a module with a function of one signature and a line in `RENDERERS`. No story can keep the others from
their subscribers: `edition_files` leaves out one that cannot be written, and names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from aggregator.model import Edition, EditionEntry
from aggregator.render import html, jsonfeed, opml, syndication


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """One format of a section."""

    filename: str  # in the section's folder
    media_type: str
    render: Callable[[Edition], bytes]


RENDERERS: Final[Mapping[str, Renderer]] = {
    "rss": Renderer(filename=syndication.RSS_NAME, media_type=syndication.RSS_TYPE, render=syndication.rss),
    "atom": Renderer(
        filename=syndication.ATOM_NAME, media_type=syndication.ATOM_TYPE, render=syndication.atom
    ),
    "json": Renderer(filename=jsonfeed.JSON_NAME, media_type=jsonfeed.JSON_TYPE, render=jsonfeed.render),
    "html": Renderer(filename=html.HTML_NAME, media_type=html.HTML_TYPE, render=html.render),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionFiles:
    """A section, written in each of its formats."""

    files: Mapping[str, bytes]  # by path under the output directory
    skipped: tuple[tuple[str, str], ...] = ()  # id of each story that cannot be written, and why


def edition_files(edition: Edition, renderers: Mapping[str, Renderer] = RENDERERS) -> EditionFiles:
    """Write an edition in all its formats; a story that any of them cannot write is left out of every one.

    Raises what a renderer raises where no single story is to blame.
    """
    used = [renderers[key] for key in edition.formats if key in renderers]
    try:
        return EditionFiles(files=_written(edition, used))
    except _errors():
        faults = {
            entry.story.id: fault for entry in edition.entries if (fault := _fault(edition, entry, used))
        }
        sound = tuple(entry for entry in edition.entries if entry.story.id not in faults)
        # Where no story can be written it is not the stories; and a feed that had some is never emptied.
        if not faults or not sound:
            raise
        written = _written(replace(edition, entries=sound), used)
        return EditionFiles(files=written, skipped=tuple(faults.items()))


def _written(edition: Edition, renderers: list[Renderer]) -> dict[str, bytes]:
    return {f"{edition.id}/{renderer.filename}": renderer.render(edition) for renderer in renderers}


def _fault(edition: Edition, entry: EditionEntry, renderers: list[Renderer]) -> str:
    """Say what is wrong with one entry, tried alone; "" where nothing is."""
    try:
        _written(replace(edition, entries=(entry,)), renderers)
    except _errors() as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _errors() -> tuple[type[Exception], ...]:
    """List what writing odd values may raise, of Python and of the libraries that write."""
    from jinja2 import TemplateError
    from lxml.etree import LxmlError

    return (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, LxmlError, TemplateError)


__all__ = [
    "RENDERERS",
    "EditionFiles",
    "Renderer",
    "edition_files",
    "html",
    "jsonfeed",
    "opml",
    "syndication",
]
