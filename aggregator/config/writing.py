"""Writing into feeds.toml: blocks are added at its end, and every byte that stands there stays."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregator.config import saving
from aggregator.config.keys import KINDS
from aggregator.config.kinds import Wrong
from aggregator.config.load import LARGEST_FILE, contents, decode, loads
from aggregator.config.names import Places
from aggregator.config.syntax import parse
from aggregator.core.toml import toml_string
from aggregator.errors import AggregatorError
from aggregator.model import Config

WIDTH: Final = 100  # characters of a line with ids
MOST_TRIES: Final = 20  # while somebody else saves the file


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFeed:
    """A feed to be written."""

    id: str
    url: str
    title: str = ""  # "": what the feed says


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSection:
    """A section of chosen feeds to be written."""

    id: str
    title: str
    feeds: tuple[str, ...]  # ids


def feed_block(feed: NewFeed) -> str:
    """Write a `[[feed]]`."""
    title = f"title = {toml_string(feed.title)}\n" if feed.title else ""
    return f"[[feed]]\nid    = {toml_string(feed.id)}\nurl   = {toml_string(feed.url)}\n{title}"


def section_block(section: NewSection) -> str:
    """Write a `[[section]]` that takes what these feeds bring; without feeds, it takes everything."""
    head = f"[[section]]\nid      = {toml_string(section.id)}\ntitle   = {toml_string(section.title)}\n"
    lines = "".join(f"  {each},\n" for each in conditions(section.feeds))
    return f"{head}include = [\n{lines}]\n" if lines else head


def conditions(feeds: Sequence[str]) -> list[str]:
    """Write the conditions that take these feeds; each stands on a line of its own."""
    found: list[str] = []
    line = ""
    for each in map(toml_string, feeds):
        if line and len(line) + len(each) > WIDTH:
            found.append(f"{{ feeds = [{line}] }}")
            line = ""
        line = f"{line}, {each}" if line else each
    return [*found, f"{{ feeds = [{line}] }}"] if line else found


def fault_of_url(url: str) -> str | None:
    """Say what is wrong with a feed's URL, as `check` would; None: nothing. A password in it is not repeated."""
    return _fault("feed.url", url)


def fault_of_feed_id(id_: str) -> str | None:
    """Say what is wrong with a feed's id, as `check` would; None: nothing."""
    return _fault("feed.id", id_)


def _fault(key: str, value: str) -> str | None:
    try:
        KINDS[key].read(value, _Nowhere())
    except Wrong as wrong:
        return str(wrong)
    return None


class _Nowhere:
    """The rest of a file, for kinds that do not look at it."""

    folder = Path()

    def region(self, name: str) -> str:
        return name

    def feeds(self, pattern: str) -> str:
        return pattern

    def section(self, section_id: str) -> str:
        return section_id


Blocks = Callable[[Config], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsFile:
    """A feeds.toml that can be added to."""

    path: Path
    gazetteer: Places
    environment: Mapping[str, str]

    def append(self, blocks: Blocks) -> str:
        """Add blocks at the end of the file, so that it has no fault afterwards; gives what was added.

        `blocks` is asked for them with the configuration as the file has it; when that changes meanwhile, once
        more. No blocks: nothing is written. Raises ConfigError with the faults of the file, or of what it would
        become, and AggregatorError where it cannot be written; then every byte of it is as before.
        """
        for _ in range(MOST_TRIES):
            state, text, wanted = self._wanted(blocks)
            if not wanted or saving.append(state, fitted(text, wanted).encode(), name=str(self.path)):
                return wanted
        raise AggregatorError(
            f"{self.path}: somebody else saves it again and again; nothing was written, try again"
        )

    def preview(self, blocks: Blocks) -> str:
        """Give what `append` would add, and write nothing; raises the same errors of the file."""
        return self._wanted(blocks)[2]

    def _wanted(self, blocks: Blocks) -> tuple[saving.State, str, str]:
        """Read the file, and give it with the blocks that it can take."""
        state = saving.state_of(self.path, contents(self.path))
        text = decode(state.data, file=str(self.path))
        wanted = "\n".join(blocks(self._loaded(text, "")))
        if wanted:
            addition = fitted(text, wanted)
            self._refuse_lists(text, addition)
            if len(state.data) + len(addition.encode()) > LARGEST_FILE:
                raise AggregatorError(
                    f"{self.path}: it would be larger than {LARGEST_FILE:,} bytes; nothing was written"
                )
            self._loaded(text + addition, " (with what would be added; nothing was written)")
        return state, text, wanted

    def _loaded(self, text: str, note: str) -> Config:
        return loads(
            text,
            file=f"{self.path}{note}",
            folder=self.path.absolute().parent,
            gazetteer=self.gazetteer,
            environment=self.environment,
        )

    def _refuse_lists(self, text: str, addition: str) -> None:
        """Refuse where feeds or sections are written as one list or one table, to which nothing can be appended."""
        try:
            tomllib.loads(text + addition)
        except tomllib.TOMLDecodeError:
            source, raw = parse(text, file=str(self.path))
            names = [name for name in ("feed", "section") if name in raw and f"[[{name}]]" in addition]
            places = {name: source.place((name,), at_key=True)[0] for name in names if _is_closed(text, name)}
            told = "; ".join(
                f"{self.path}:{line}: {name}s stand here in one list or under [{name}]"
                for name, line in places.items()
            )
            what = told or f"{self.path}: nothing can be added at its end"
            raise AggregatorError(
                f"{what}; write each as a block of its own under [[…]] with two brackets, then call the command "
                "again; nothing was written"
            ) from None


def fitted(text: str, wanted: str) -> str:
    """Give what to add to a text: with its line ends, from a new line on, after a blank one."""
    end = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    if text and not text.endswith("\n"):
        before = end * 2
    elif not text or text.endswith(("\n\n", "\n\r\n")):
        before = ""
    else:
        before = end
    return before + wanted.replace("\n", end)


def _is_closed(text: str, name: str) -> bool:
    """Whether no `[[name]]` can follow a text."""
    try:
        tomllib.loads(f"{text}\n[[{name}]]\n")
    except tomllib.TOMLDecodeError:
        return True
    return False
