"""Which feeds a section chooses by their ids."""

from __future__ import annotations

from collections.abc import Iterable

from aggregator.config.names import fits
from aggregator.model import Condition, SectionSettings


class Choice:
    """The feeds that conditions name, quick to ask."""

    def __init__(self, lines: Iterable[Condition]) -> None:
        patterns = {each for line in lines for each in line.feeds}
        self._ids = frozenset(each for each in patterns if "*" not in each)
        self._globs = tuple(each for each in patterns if "*" in each)

    def __contains__(self, feed: str) -> bool:
        return feed in self._ids or any(fits(each, feed) for each in self._globs)


def untaken_of(sections: Iterable[SectionSettings], feeds: Iterable[str]) -> int:
    """Count the feeds of which no section may take any story, whatever is in it."""
    lines = [line for section in sections for line in section.include or (Condition(),)]
    if not all(line.feeds for line in lines):
        return 0
    chosen = Choice(lines)
    return sum(1 for each in feeds if each not in chosen)


def chooses_feeds(line: Condition) -> bool:
    """Whether a condition looks at nothing but the feed."""
    return bool(line.feeds) and line == Condition(feeds=line.feeds)
