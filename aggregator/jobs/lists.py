"""Lists of feeds (OPML), taken into feeds.toml and handed on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.config import writing
from aggregator.config.ids import Ids, feed_id, section_id, whole_section_id
from aggregator.config.writing import FeedsFile, NewFeed, NewSection
from aggregator.core import outlines
from aggregator.core.counts import counted
from aggregator.core.outlines import Outline, Outlines, Refusal
from aggregator.core.urls import absolute, alike
from aggregator.jobs.choices import Choice, chooses_feeds, untaken_of
from aggregator.jobs.edits import Used
from aggregator.model import Condition, Config, FeedRecord, FeedSettings, SectionSettings

MOST_NAMED: Final = 5  # of what was refused, by name, in one line
MOST_TOLD: Final = 100  # of what was refused, in a line of its own


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
    there: tuple[tuple[str, str], ...] = ()  # addresses that are there already, with the id of each
    repeated: tuple[str, ...] = ()  # addresses
    refused: tuple[Refusal, ...] = ()
    skipped: tuple[Refusal, ...] = ()
    lacking: tuple[Lacking, ...] = ()
    untaken: int = 0  # new feeds whose stories no section can take
    beyond: int = 0  # folders that were too many
    damaged: bool = False


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
    known = {alike(feed.url): feed.id for feed in config.feed}
    ids = Ids([feed.id for feed in config.feed], used=used)
    feeds: list[NewFeed] = []
    there: list[tuple[str, str]] = []
    inside: dict[str, list[str]] = {folder: [] for folder in listed.folders}
    refused = list(listed.refused)
    for outline in listed.feeds:
        id_ = known.get(alike(outline.url))
        if id_ is not None:
            there.append((outline.url, id_))
        elif fault := writing.fault_of_url(outline.url):
            refused.append(Refusal(title=outline.title or "a feed", reason=fault.partition(";")[0]))
            continue
        else:
            id_ = ids.take(feed_id(outline.title, outline.url))
            feeds.append(NewFeed(id=id_, url=outline.url, title=outline.title))
        for folder in outline.folders:
            inside[folder].append(id_)
    sections, lacking = _sections(config, inside)
    every = [*config.section, *map(_as_settings, sections)]
    return Imported(
        feeds=tuple(feeds),
        sections=sections,
        there=tuple(there),
        repeated=listed.repeated,
        refused=tuple(refused),
        skipped=listed.skipped,
        lacking=lacking,
        untaken=untaken_of(every, (feed.id for feed in feeds)),
        beyond=listed.beyond,
        damaged=listed.damaged,
    )


def _sections(
    config: Config, inside: Mapping[str, Sequence[str]]
) -> tuple[tuple[NewSection, ...], tuple[Lacking, ...]]:
    """Turn folders into sections; one that is there already stays, and what it lacks is told."""
    ids = Ids([each for section in config.section for each in (section.id, *section.formerly)])
    by_title = {
        section.title.casefold(): section for section in reversed(config.section)
    }  # the first one counts
    by_id = {section.id: section for section in config.section}
    new: list[NewSection] = []
    lacking: list[Lacking] = []
    for folder, feeds in inside.items():
        if not feeds:
            continue
        # An id that leaves letters of the folder's name out may be that of quite another section.
        section = by_title.get(folder.casefold()) or by_id.get(whole_section_id(folder))
        if section is None:
            new.append(NewSection(id=ids.take(section_id(folder)), title=folder, feeds=tuple(feeds)))
        elif missing := _missing(section, feeds):
            lacking.append(Lacking(id=section.id, feeds=missing))
    return tuple(new), tuple(lacking)


def _missing(section: SectionSettings, feeds: Sequence[str]) -> tuple[str, ...]:
    """Give the feeds of which a section does not take every story because of where it comes from."""
    chosen = Choice(line for line in section.include if chooses_feeds(line))
    return tuple(each for each in feeds if section.include and each not in chosen)


def _as_settings(section: NewSection) -> SectionSettings:
    return SectionSettings(id=section.id, title=section.title, include=(Condition(feeds=section.feeds),))


def plan(imported: Imported) -> Iterator[str]:
    """Say of everything in a list, a line each, what would become of it."""
    new = [*(feed.id for feed in imported.feeds), *(section.id for section in imported.sections)]
    width = max(map(len, new), default=0)
    for feed in imported.feeds:
        yield f"feed      {feed.id:<{width}}  {feed.url}" + (f"  ({feed.title})" if feed.title else "")
    for section in imported.sections:
        yield f"section   {section.id:<{width}}  {section.title}: {_first_of(section.feeds)}"
    for url, id_ in imported.there:
        yield f"there     {url} is there already, as {id_}"
    yield from (f"repeated  {url}" for url in imported.repeated)
    for word, left in (("refused", imported.refused), ("skipped", imported.skipped)):
        yield from (f'{word}   "{each.title}": {each.reason}' for each in left)


def _first_of(feeds: Sequence[str]) -> str:
    more = len(feeds) - MOST_NAMED
    return ", ".join(feeds[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def sums(imported: Imported, *, dry_run: bool) -> str:
    """Say in one line what came of a list of feeds."""
    sections = f" and {counted(len(imported.sections), 'section')}" if imported.sections else ""
    verb = "would import" if dry_run else "imported"
    parts = [f"{verb} {counted(len(imported.feeds), 'feed')}{sections}"]
    if there := len(imported.there):
        parts.append(f"{there} {'was' if there == 1 else 'were'} there already")
    if imported.repeated:
        parts.append(f"{len(imported.repeated)} stood in the list more than once")
    if imported.refused:
        parts.append(f"{len(imported.refused)} refused: {_named(imported.refused)}")
    if imported.skipped:
        reasons = Counter(each.reason for each in imported.skipped)
        told = ", ".join(f"{reason} ({number})" for reason, number in reasons.items())
        parts.append(f"{len(imported.skipped)} skipped: {told}")
    return "; ".join(parts)


def _named(refused: Sequence[Refusal]) -> str:
    told = [f'"{each.title}" ({each.reason})' for each in refused[:MOST_NAMED]]
    more = len(refused) - len(told)
    return ", ".join([*told, f"and {more} more (above)"] if more else told)


def notes(imported: Imported) -> Iterator[str]:
    """Say what is left to an editor after a list of feeds was taken in."""
    yield from _not_taken(imported)
    for section in imported.lacking:
        lines = ", ".join(writing.conditions(section.feeds))
        feeds = counted(len(section.feeds), "feed")
        yield (
            f'section "{section.id}" is there already and stays as it is; to have it take {feeds} more of the folder, '
            f"put into its include: {lines}"
        )
    if imported.untaken:
        feeds = counted(imported.untaken, "new feed", "is")
        them = "it" if imported.untaken == 1 else "them"
        yield (
            f"{feeds} in no section; add {them} to the include of one, or write a section that takes everything"
        )


def _not_taken(imported: Imported) -> Iterator[str]:
    for each in imported.refused[MOST_NAMED : MOST_NAMED + MOST_TOLD]:
        yield f'"{each.title}" is refused ({each.reason})'
    if (more := len(imported.refused) - MOST_NAMED - MOST_TOLD) > 0:
        yield f"{more} more are refused; --dry-run lists them all"
    if imported.beyond:
        folders = counted(imported.beyond, "more folder", "has")
        yield (
            f"{folders} feeds than the {outlines.MOST_FOLDERS} that become sections; what is in such a folder went "
            "to the one around it, or into no section"
        )
    if imported.damaged:
        yield (
            "the list is not well-formed, or nested without end; it was read as far as it goes, and feeds behind "
            "the damage may be missing"
        )


def export(config: Config, records: Sequence[FeedRecord] = ()) -> bytes:
    """Write the incoming feeds as OPML 2.0; sections that choose their feeds by name are its folders.

    Titles and sites are the editor's, else what the feeds said of themselves; without records, ids stand for them.
    """
    said = {record.id: record for record in records}
    folders: dict[str, list[Condition]] = {}
    for section in config.section:
        if section.include and all(chooses_feeds(line) for line in section.include):
            folders.setdefault(section.title, []).extend(section.include)
    chosen = {title: Choice(lines) for title, lines in folders.items()}
    feeds = [_outline(feed, said.get(feed.id), chosen) for feed in config.feed]
    return outlines.write(config.site.title, feeds)


def _outline(feed: FeedSettings, said: FeedRecord | None, chosen: Mapping[str, Choice]) -> Outline:
    title, link = (said.title, said.link) if said else (None, None)
    return Outline(
        url=feed.url,
        title=feed.title or title or feed.id,
        link=absolute(link, feed.url) or "",
        folders=tuple(name for name, ids in chosen.items() if feed.id in ids),
    )
