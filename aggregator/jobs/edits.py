"""What commands write into feeds.toml for an editor: a feed that was found, or a list of feeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aggregator.config import writing
from aggregator.config.ids import Ids, feed_id, section_id
from aggregator.config.names import fits
from aggregator.config.writing import FeedsFile, NewFeed, NewSection
from aggregator.core import discover, outlines
from aggregator.core.outlines import Outline, Outlines, Refusal
from aggregator.core.urls import absolute, alike
from aggregator.errors import AggregatorError
from aggregator.jobs.discover import Edges, Found, find
from aggregator.model import Condition, Config, FeedRecord, FeedSettings, SectionSettings
from aggregator.observe import counted

Used = Callable[[str], bool]  # whether an id has a history from a feed that feeds.toml no longer names
MOST_NAMED: Final = 5  # of what was refused, by name, in one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of a feed that was to be added."""

    there: FeedSettings | None = None  # it was there already; nothing was written
    found: Found | None = None  # None: nothing had to be asked
    id: str = ""
    text: str = ""  # what was written
    untaken: bool = False  # no section can take its stories


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """A section that is there already, and lacks feeds of the folder that has its name."""

    id: str
    feeds: tuple[str, ...]  # ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a list of feeds brings into feeds.toml."""

    feeds: tuple[NewFeed, ...] = ()
    sections: tuple[NewSection, ...] = ()
    there: int = 0
    repeated: int = 0
    refused: tuple[Refusal, ...] = ()
    lacking: tuple[Lacking, ...] = ()
    untaken: int = 0  # new feeds whose stories no section can take
    damaged: bool = False


class _Choice:
    """The feeds that conditions name, quick to ask."""

    def __init__(self, lines: Iterable[Condition]) -> None:
        patterns = {each for line in lines for each in line.feeds}
        self._ids = frozenset(each for each in patterns if "*" not in each)
        self._globs = tuple(each for each in patterns if "*" in each)

    def __contains__(self, feed: str) -> bool:
        return feed in self._ids or any(fits(each, feed) for each in self._globs)


class _Adding:
    """The block of a feed, made when the file is read."""

    def __init__(self, found: Found, wanted: str, used: Used) -> None:
        self._found = found
        self._wanted = wanted
        self._used = used
        self.added = Added(found=found)

    def __call__(self, config: Config) -> Sequence[str]:
        if there := known(config, self._found.url):
            self.added = Added(there=there, found=self._found)
            return ()
        id_ = self._wanted or _ids(config, self._used).take(feed_id(self._found.title, self._found.url))
        _refuse_taken(config, self._wanted)
        block = writing.feed_block(NewFeed(id=id_, url=self._found.url))
        untaken = untaken_of(config.section, [id_]) > 0
        self.added = Added(found=self._found, id=id_, text=block, untaken=untaken)
        return (block,)


async def add(
    url: str,
    *,
    wanted: str = "",
    file: FeedsFile,
    edges: Edges,
    used: Used,
    now: datetime,
    tell: Callable[[str], None] = lambda _: None,
) -> Added:
    """Find the feed that is meant by an address, and append it to feeds.toml under an id of its own, or `wanted`.

    One that is there already is not asked for and not written again. Raises AggregatorError, and ConfigError for a
    file with faults.
    """
    config = edges.config
    if wanted and (fault := writing.fault_of_feed_id(wanted)):
        raise AggregatorError(f"--id {fault}")
    for address in discover.web_address(url):
        if there := known(config, address):
            return Added(there=there)
    _refuse_taken(config, wanted)
    adding = _Adding(await find(url, services=edges, now=now, tell=tell), wanted, used)
    file.append(adding)
    return adding.added


def known(config: Config, url: str) -> FeedSettings | None:
    """Give the feed that has this address, be it with another scheme, www. or a slash at its end."""
    wanted = alike(url)
    return next((feed for feed in config.feed if alike(feed.url) == wanted), None)


def _refuse_taken(config: Config, wanted: str) -> None:
    if any(feed.id == wanted for feed in config.feed):
        raise AggregatorError(f"--id {wanted}: another feed has this id; choose one of its own")


def _ids(config: Config, used: Used) -> Ids:
    return Ids([feed.id for feed in config.feed], used=used)


class _Importing:
    """The blocks of a list of feeds, made when the file is read."""

    def __init__(self, listed: Outlines, used: Used) -> None:
        self._listed = listed
        self._used = used
        self.imported = Imported()

    def __call__(self, config: Config) -> Sequence[str]:
        self.imported = merged(config, self._listed, self._used)
        feeds = map(writing.feed_block, self.imported.feeds)
        return [*feeds, *map(writing.section_block, self.imported.sections)]


def take_in(data: bytes, *, file: FeedsFile, used: Used, dry_run: bool) -> Imported:
    """Append the feeds and folders of an OPML file to feeds.toml; with `dry_run`, only say what it would be.

    Nothing is asked of the web. Raises ParseError for what is no OPML, and the errors of `FeedsFile`.
    """
    importing = _Importing(outlines.read(data), used)
    (file.preview if dry_run else file.append)(importing)
    return importing.imported


def merged(config: Config, listed: Outlines, used: Used) -> Imported:
    """Decide what a list adds to a configuration: feeds that are not there, and sections for its folders."""
    there = {alike(feed.url): feed.id for feed in config.feed}
    ids = _ids(config, used)
    feeds: dict[str, NewFeed] = {}
    inside: dict[str, list[str]] = {folder: [] for folder in listed.folders}
    refused = list(listed.refused)
    for outline in listed.feeds:
        key = alike(outline.url)
        if writing.fault_of_url(outline.url):
            refused.append(Refusal(title=outline.title or "a feed", reason="an address that cannot be used"))
            continue
        if key not in there:
            id_ = ids.take(feed_id(outline.title, outline.url))
            feeds[id_] = NewFeed(id=id_, url=outline.url, title=outline.title)
        for folder in outline.folders:
            inside[folder].append(there.get(key) or next(reversed(feeds)))
    sections, lacking = _sections(config, inside)
    every = [*config.section, *map(_as_settings, sections)]
    return Imported(
        feeds=tuple(feeds.values()),
        sections=sections,
        there=len(listed.feeds) - len(feeds) - (len(refused) - len(listed.refused)),
        repeated=listed.repeated,
        refused=tuple(refused),
        lacking=lacking,
        untaken=untaken_of(every, feeds),
        damaged=listed.damaged,
    )


def _sections(
    config: Config, inside: Mapping[str, Sequence[str]]
) -> tuple[tuple[NewSection, ...], tuple[Lacking, ...]]:
    """Turn folders into sections; one that is there already stays, and what it lacks is told."""
    ids = Ids([each for section in config.section for each in (section.id, *section.formerly)])
    by_name = {section.title.casefold(): section for section in config.section}
    by_name |= {section.id: section for section in config.section}
    new: list[NewSection] = []
    lacking: list[Lacking] = []
    for folder, feeds in inside.items():
        if not feeds:
            continue
        section = by_name.get(folder.casefold()) or by_name.get(section_id(folder))
        if section is None:
            new.append(NewSection(id=ids.take(section_id(folder)), title=folder, feeds=tuple(feeds)))
        elif missing := _missing(section, feeds):
            lacking.append(Lacking(id=section.id, feeds=missing))
    return tuple(new), tuple(lacking)


def _missing(section: SectionSettings, feeds: Sequence[str]) -> tuple[str, ...]:
    """Give the feeds of which a section does not take every story because of where it comes from."""
    chosen = _Choice(line for line in section.include if chooses_feeds(line))
    return tuple(each for each in feeds if section.include and each not in chosen)


def _as_settings(section: NewSection) -> SectionSettings:
    return SectionSettings(id=section.id, title=section.title, include=(Condition(feeds=section.feeds),))


def untaken_of(sections: Iterable[SectionSettings], feeds: Iterable[str]) -> int:
    """Count the feeds of which no section may take any story, whatever is in it."""
    lines = [line for section in sections for line in section.include or (Condition(),)]
    if not all(line.feeds for line in lines):
        return 0
    chosen = _Choice(lines)
    return sum(1 for each in feeds if each not in chosen)


def chooses_feeds(line: Condition) -> bool:
    """Whether a condition looks at nothing but the feed."""
    return bool(line.feeds) and line == Condition(feeds=line.feeds)


def sums(imported: Imported, *, dry_run: bool) -> str:
    """Say in one line what came of a list of feeds."""
    feeds, sections = len(imported.feeds), len(imported.sections)
    verb = "would import" if dry_run else "imported"
    parts = [
        f"{verb} {counted(feeds, 'feed')}" + (f" and {counted(sections, 'section')}" if sections else "")
    ]
    if imported.there:
        parts.append(f"{imported.there} {'was' if imported.there == 1 else 'were'} there already")
    if imported.repeated:
        parts.append(f"{imported.repeated} stood in the list more than once")
    if imported.refused:
        told = [f'"{each.title}" ({each.reason})' for each in imported.refused[:MOST_NAMED]]
        more = len(imported.refused) - len(told)
        told += [f"and {more} more (above)"] if more else []
        parts.append(f"{len(imported.refused)} refused: {', '.join(told)}")
    return "; ".join(parts)


def notes(imported: Imported) -> Iterator[str]:
    """Say what is left to an editor after a list of feeds was taken in."""
    for each in imported.refused[MOST_NAMED:]:
        yield f'"{each.title}" is refused ({each.reason})'
    if imported.damaged:
        yield "the list is not well-formed; it was read as far as it goes, and feeds behind the damage may be missing"
    for section in imported.lacking:
        lines = ", ".join(writing.conditions(section.feeds))
        feeds = counted(len(section.feeds), "feed")
        yield (
            f'section "{section.id}" is there already and stays as it is; to have it take {feeds} more of the folder, '
            f"put into its include: {lines}"
        )
    if imported.untaken:
        one = imported.untaken == 1
        told = (
            "1 new feed is in no section; add it"
            if one
            else f"{imported.untaken} new feeds are in no section; add them"
        )
        yield f"{told} to the include of one, or write a section that takes everything"


def export(config: Config, records: Sequence[FeedRecord] = ()) -> bytes:
    """Write the incoming feeds as OPML 2.0; sections that choose their feeds by name are its folders.

    Titles and sites are the editor's, else what the feeds said of themselves; without records, ids stand for them.
    """
    said = {record.id: record for record in records}
    folders: dict[str, list[Condition]] = {}
    for section in config.section:
        if section.include and all(chooses_feeds(line) for line in section.include):
            folders.setdefault(section.title, []).extend(section.include)
    chosen = {title: _Choice(lines) for title, lines in folders.items()}
    feeds = [_outline(feed, said.get(feed.id), chosen) for feed in config.feed]
    return outlines.write(config.site.title, feeds)


def _outline(feed: FeedSettings, said: FeedRecord | None, chosen: Mapping[str, _Choice]) -> Outline:
    title, link = (said.title, said.link) if said else (None, None)
    return Outline(
        url=feed.url,
        title=feed.title or title or feed.id,
        link=absolute(link, feed.url) or "",
        folders=tuple(name for name, ids in chosen.items() if feed.id in ids),
    )
