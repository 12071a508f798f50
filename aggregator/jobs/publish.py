"""The third job: a section's stories become files, each replaced only when its bytes differ."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aggregator import __version__
from aggregator.core import editions, sections
from aggregator.errors import OutputError, StoreError
from aggregator.fetch import user_agent
from aggregator.jobs.services import Services, story_rules
from aggregator.model import (
    Config,
    Edition,
    FeedRecord,
    FeedSettings,
    SectionSettings,
    SiteEdition,
    SourceFeed,
    Story,
)
from aggregator.observe import log
from aggregator.render import RENDERERS, edition_files, html, opml

PUBLISHED = "published"  # the note that says what the files were made of; "" while they are being written
OUTPUT_ERROR = "output-error"  # the note that says why files could not be written; "" when they could
SECTIONS_FAILED = "sections-failed"  # the note with the sections that keep their files, and why, as JSON
SELECTED = "selected"  # the note that says by which conditions stories were selected


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What became of the files."""

    replaced: int = 0
    failed: tuple[tuple[str, str], ...] = ()  # section, why its files stay as they were


async def reselect_when_changed(*, services: Services, now: datetime) -> None:
    """Select every story again when the conditions of sections are others than those it was selected by."""
    digest = sections.digest_of(services.config)
    if await _note(services, SELECTED) == digest:
        return
    rules = story_rules(services.config, services.gazetteer)
    await services.call(services.store.reselect, rules, now=now)
    await services.call(services.store.put_note, SELECTED, digest)


async def publish(*, services: Services, now: datetime, force: bool = False) -> Published:
    """Write what differs; a section that fails keeps its files and stops no other.

    Raises OutputError when the directory itself cannot be written.
    """
    async with services.turns.publishing:
        if not force and await _up_to_date(services):
            return Published()
        try:
            published = await _publish(services, now)
        except OutputError as error:
            await _remember(services, OUTPUT_ERROR, str(error))
            raise
        await _remember(services, OUTPUT_ERROR, "")
        return published


async def _up_to_date(services: Services) -> bool:
    whole = await asyncio.to_thread(_whole, services)
    return (
        whole
        and await _made_of(services) == await _note(services, PUBLISHED)
        and not await _note(services, OUTPUT_ERROR)
    )


async def _publish(services: Services, now: datetime) -> Published:
    await services.call(services.store.freeze_published, now=now)
    made_of = await _made_of(services)
    await asyncio.to_thread(services.output.prepare)
    # A run that is killed from here on leaves this note, and the next one goes over every file and sweeps.
    await _remember(services, PUBLISHED, "")
    sources = await _sources(services)
    made = await _sections(sources, services)
    # With a section missing, the pages that list all of them stay as they were, if they are there.
    if not made.failed or not (services.config.output.directory / "feeds.opml").is_file():
        made.replaced += await asyncio.to_thread(_site, tuple(made.editions), sources, services)
    await asyncio.to_thread(services.output.sweep)
    if made.unwritable is not None:
        raise made.unwritable
    await _remember(services, SECTIONS_FAILED, json.dumps(made.failed) if made.failed else "")
    await _remember(services, PUBLISHED, "" if made.failed else made_of)
    return Published(replaced=made.replaced, failed=tuple(made.failed.items()))


@dataclass(slots=True)
class _Made:
    """What became of the sections."""

    replaced: int = 0
    editions: list[Edition] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # section -> why its files stay as they were
    unwritable: OutputError | None = None  # the first one


async def _sections(sources: Mapping[str, SourceFeed], services: Services) -> _Made:
    made = _Made()
    known = json.loads(await _note(services, SECTIONS_FAILED) or "{}")
    for section in services.config.section:
        try:
            edition, files = await _section(section, sources, services)
        except StoreError:
            raise
        except OutputError as error:  # the folder of this one may be at fault, or all of the directory
            made.failed[section.id] = str(error)
            made.unwritable = made.unwritable or error
        except Exception as error:  # noqa: BLE001 - the job boundary: one section's bug stops no other section
            made.failed[section.id] = reason = f"a fault of this program: {type(error).__name__}"
            if known.get(section.id) != reason:
                log.exception("section not published", section=section.id)
        else:
            made.replaced += files
            made.editions.append(edition)
    return made


async def _section(
    section: SectionSettings, sources: Mapping[str, SourceFeed], services: Services
) -> tuple[Edition, int]:
    output = services.config.output
    found = await services.call(
        services.store.edition_stories,
        section.id,
        entries=section.entries or output.entries,
        span=output.span,
    )
    edition, replaced = await asyncio.to_thread(_edition, section, found, sources, services)
    services.report.published(edition, replaced)
    return edition, replaced


def _edition(
    section: SectionSettings, found: Sequence[Story], sources: Mapping[str, SourceFeed], services: Services
) -> tuple[Edition, int]:
    """Make the edition and its files; 300 stories take longer than the loop may stand still."""
    edition = editions.build(
        section, found, config=services.config, gazetteer=services.gazetteer, feeds=sources
    )
    return edition, _files(edition, section, services)


def _files(edition: Edition, section: SectionSettings, services: Services) -> int:
    made = edition_files(edition)
    for story, why in made.skipped:
        log.error("story left out", section=edition.id, story=story, reason=why)
    folders = (edition.id, *section.formerly)  # subscribers never learn that a section was renamed
    return sum(
        services.output.write(f"{folder}/{path.partition('/')[2]}", data)
        for folder in folders
        for path, data in made.files.items()
    )


def _site(made: tuple[Edition, ...], sources: Mapping[str, SourceFeed], services: Services) -> int:
    config = services.config
    site = SiteEdition(
        title=config.site.title,
        description=config.site.description,
        url=config.site.url,
        language=config.site.language,
        timezone=config.site.timezone,
        contact=config.site.contact,
        user_agent=user_agent(config.site, __version__),
        editions=made,
        feeds=tuple(sources[feed.id] for feed in config.feed),
    )
    pages: dict[str, bytes] = {"feeds.opml": opml.render(site), **html.assets(site)}
    if "html" in config.output.formats:
        pages |= {"index.html": html.index(site), "sources/index.html": html.sources(site)}
    return sum(services.output.write(path, data) for path, data in pages.items())


async def _sources(services: Services) -> dict[str, SourceFeed]:
    records = {record.id: record for record in await services.call(services.store.feed_records)}
    return {feed.id: _source(feed, records.get(feed.id), services.config) for feed in services.config.feed}


async def _made_of(services: Services) -> str:
    """Name everything that the files are made of: equal names mean equal bytes."""
    revision = await services.call(services.store.revision)
    return f"{revision} {__version__} {services.config_digest}"


async def _note(services: Services, key: str) -> str | None:
    return await services.call(services.store.note, key)


async def _remember(services: Services, key: str, value: str) -> None:
    """Write a note, unless it says that already: a transaction that changes nothing still costs one."""
    if (await _note(services, key) or "") != value:
        await services.call(services.store.put_note, key, value)


def _source(feed: FeedSettings, record: FeedRecord | None, config: Config) -> SourceFeed:
    """Give an incoming feed as outgoing ones cite it: what the editor calls it, else what it calls itself."""
    return SourceFeed(
        id=feed.id,
        title=feed.title or (record.title if record and record.title else feed.id),
        url=feed.url,
        link=record.link if record else None,
        language=feed.language or (record.language if record and record.language else ""),
        interval_minutes=_minutes(feed, config),
        republish=config.republish_of(feed.id).value,
    )


def _minutes(feed: FeedSettings, config: Config) -> int:
    """Give the interval that is meant: the one that follows from answers would move the pages at every poll."""
    return round((feed.interval or config.polling.first_interval).total_seconds() / 60)


def _whole(services: Services) -> bool:
    """Say whether every file that we would write is there."""
    return all(
        (services.config.output.directory / path).is_file() for path in expected_files(services.config)
    )


def expected_files(config: Config) -> list[str]:
    """List the files of every section, and those of the site, by their paths in the output directory."""
    of_sections = [
        f"{folder}/{RENDERERS[name].filename}"
        for section in config.section
        for folder in (section.id, *section.formerly)
        for name in config.output.formats
    ]
    pages = ["index.html", "sources/index.html"] if "html" in config.output.formats else []
    return ["feeds.opml", *pages, *of_sections]
