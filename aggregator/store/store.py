"""The port that the jobs know: what is kept, by what is asked of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine

from aggregator.errors import StoreError, StoreUnwritable
from aggregator.model import (
    Candidate,
    FeedRecord,
    FeedSettings,
    FeedWarning,
    KnownEntry,
    NextPoll,
    PollOutcome,
    ReadArticle,
    RobotsFile,
    RuleStanding,
    StoredEntry,
    Story,
    StoryRules,
    WaitingEntry,
)
from aggregator.store import articles, entries, feeds, hosts, placing, polls, prune, rounds, stories, versions
from aggregator.store.engine import BUSY, migrator, reader, writer
from aggregator.store.failures import told
from aggregator.store.place import Place, place_of, prepare
from aggregator.store.schema import REVISION
from aggregator.store.sql import advance, count


def open_store(url: str, *, now: datetime, busy: timedelta = BUSY) -> Store:
    """Open a database for reading and writing, make it where there is none, and bring it up to date.

    `busy` is how long a step waits for another process before it is a StoreBusy. Raises the StoreError
    kinds; a database that cannot be used is left as it is.
    """
    place = place_of(url)
    if place.path is not None:
        prepare(place.path)
    store = Store(place, writer(place, busy=busy), reader(place, busy=busy), busy=busy)
    with ExitStack() as unless_good:
        unless_good.callback(store.close)
        store.bring_up_to_date()
        unless_good.pop_all()
    return store


def open_reader(url: str, *, busy: timedelta = BUSY) -> Store:
    """Open a database that is there, for reading only; another process may be writing it."""
    place = place_of(url)
    with told(str(place)):
        if place.path is not None and not place.path.exists():
            raise StoreError(f"no database yet at {place}; `aggregator once` makes it")
        if place.path is not None and place.path.is_dir():
            raise StoreUnwritable(f"{place}: it is a folder; name a file in it")
    store = Store(place, None, reader(place, busy=busy), busy=busy)
    with ExitStack() as unless_good:
        unless_good.callback(store.close)
        store.check_version()
        unless_good.pop_all()
    return store


class Store:
    """All that the aggregator keeps. Every writing method is one transaction: all of it is kept, or none.

    Methods raise the StoreError kinds, each with one line that says what, where, and what to do.
    One thread writes; readers are other processes, or other stores.
    """

    def __init__(self, place: Place, writing: Engine | None, reading: Engine, *, busy: timedelta) -> None:
        self._place = place
        self._writer = writing
        self._reader = reading
        self._busy = busy

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        if self._writer is None:
            raise StoreError(f"{self._place}: it was opened for reading only")
        with told(str(self._place), self._place.password), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with told(str(self._place), self._place.password), self._reader.begin() as connection:
            yield connection

    @property
    def file(self) -> Path | None:
        """The database's file; None where it is on a server."""
        return self._place.path

    def bring_up_to_date(self) -> None:
        """Make or migrate the tables, where they are not of this version.

        It looks before it writes: what is no database of ours is not touched.
        """
        stored = self._stored()
        if stored is None:
            with self._at_place(), self._write() as connection:
                if versions.stored_revision(connection) is None:  # nobody made them meanwhile
                    versions.create(connection)
        elif stored != REVISION:
            self._migrate()
        else:
            with self._write():  # a store that cannot be written is told now, not at the first poll
                pass

    def _migrate(self) -> None:
        with self._at_place(), told(str(self._place), self._place.password):
            engine = migrator(self._place, busy=self._busy)
            try:
                versions.migrate(engine)
            finally:
                engine.dispose()

    def check_version(self) -> None:
        """Raise a StoreError unless the stored tables are of this version."""
        stored = self._stored()
        with self._at_place():
            if stored is None:
                raise StoreError(f"no database yet at {self._place}; `aggregator once` makes it")
            if stored != REVISION:
                versions.refuse(stored)

    def _stored(self) -> str | None:
        with self._at_place(), self._read() as connection:
            return versions.stored_revision(connection)

    @contextmanager
    def _at_place(self) -> Iterator[None]:
        """Name the place in an error that does not."""
        try:
            yield
        except StoreError as error:
            if str(self._place) in str(error):
                raise
            raise type(error)(f"{self._place}: {error}") from error

    def close(self) -> None:
        """Let go of every connection."""
        for engine in (self._reader, self._writer):
            if engine is not None:
                engine.dispose()

    def save_config(self, text: str, *, now: datetime) -> None:
        """Keep the text of a configuration that passed its checks."""
        with self._write() as connection:
            rounds.save_config(connection, text, now=now)

    def last_config(self) -> str | None:
        """Give the last good configuration; None: there was none."""
        with self._read() as connection:
            return rounds.last_config(connection)

    def note(self, key: str) -> str | None:
        """Give a small fact that was put here; None: it never was."""
        with self._read() as connection:
            return rounds.read_note(connection, key)

    def put_note(self, key: str, value: str) -> None:
        """Keep a small fact under a key, over the one before."""
        with self._write() as connection:
            rounds.put_note(connection, key, value)

    def sync_feeds(self, configured: Sequence[FeedSettings], *, now: datetime) -> None:
        """Make the configured feeds known: add, rename (known URL), move (known id), retire what is not named."""
        with self._write() as connection:
            if feeds.sync(connection, configured, now=now):
                advance(connection, "revision")

    def feed_records(self) -> list[FeedRecord]:
        """Give what is known of every configured feed, by id."""
        with self._read() as connection:
            return feeds.records(connection)

    def due(self, *, now: datetime, limit: int) -> list[FeedRecord]:
        """Give the configured feeds, not gone, whose time has come or is unknown; the longest waiting first."""
        with self._read() as connection:
            return feeds.due(connection, now=now, limit=limit)

    def record_attempts(self, feed_ids: Sequence[str], *, now: datetime) -> None:
        """Note, before the requests go out, that these feeds are asked."""
        with self._write() as connection:
            feeds.record_attempts(connection, feed_ids, now=now)

    def listed_hashes(self, feed_id: str) -> dict[str, str]:
        """Give key and hash of what stands in this feed's last document."""
        with self._read() as connection:
            return entries.listed_hashes(connection, feed_id)

    def known(self, feed_id: str, *, keys: Collection[str], urls: Collection[str]) -> list[KnownEntry]:
        """Give what stands in this feed's last document, and what else of it has one of these keys or addresses."""
        with self._read() as connection:
            return entries.known(connection, feed_id, keys=keys, urls=urls)

    def reschedule(self, nexts: Mapping[str, NextPoll], *, forgive: bool = False) -> None:
        """Move the next polls of these feeds; `forgive` takes back that failures were counted against them."""
        with self._write() as connection:
            feeds.reschedule(connection, nexts, forgive=forgive)

    def ask_again(self, feed_id: str, *, now: datetime) -> bool:
        """Let a feed that is gone be asked again, at once; False: it was not gone."""
        with self._write() as connection:
            return feeds.ask_again(connection, feed_id, now=now)

    def put_suggestion(self, feed_id: str, suggestion: FeedWarning | None, *, now: datetime) -> None:
        """Keep that another address was looked for, and the one that was found."""
        with self._write() as connection:
            feeds.put_suggestion(connection, feed_id, suggestion, now=now)

    def held(self, feed_id: str) -> list[StoredEntry]:
        """Give what a guard holds of this feed, newest first."""
        with self._read() as connection:
            return entries.held(connection, feed_id)

    def held_counts(self) -> dict[str, int]:
        """Count what is held, by feed."""
        with self._read() as connection:
            return entries.held_counts(connection)

    def release(self, feed_id: str, keys: Collection[str]) -> None:
        """Let these entries of this feed be read, those of them that are held."""
        with self._write() as connection:
            entries.release(connection, feed_id, keys)

    def host_waits(self, *, now: datetime) -> dict[str, datetime]:
        """Give the hosts (`name:port`) that asked to be left alone beyond now."""
        with self._read() as connection:
            return hosts.waits(connection, now=now)

    def put_host_wait(self, host: str, until: datetime) -> None:
        """Keep until when a host wants to be left alone."""
        with self._write() as connection:
            hosts.put_wait(connection, host, until)

    def robots(self, origin: str) -> RobotsFile | None:
        """Give what an origin answered last when it was asked for its robots.txt; None: it was not asked."""
        with self._read() as connection:
            return hosts.robots_of(connection, origin)

    def put_robots(self, origin: str, file: RobotsFile) -> None:
        """Keep what an origin answered when it was asked for its robots.txt."""
        with self._write() as connection:
            hosts.put_robots(connection, origin, file)

    def save_polls(self, outcomes: Sequence[PollOutcome], *, now: datetime) -> None:
        """Save what these polls brought, entries and all, in one transaction; saving it again changes nothing."""
        with self._write() as connection:
            if polls.save(connection, outcomes):
                advance(connection, "revision")

    def waiting(self, *, now: datetime, limit: int) -> list[WaitingEntry]:
        """Give what is to be read, by effective date, feed and key; also what may have its page now."""
        with self._read() as connection:
            return entries.waiting(connection, now=now, limit=limit)

    def waiting_count(self, *, now: datetime) -> int:
        """Count what `waiting` would give without a limit."""
        with self._read() as connection:
            return entries.waiting_count(connection, now=now)

    def save_articles(self, read: Sequence[ReadArticle], rules: StoryRules, *, now: datetime) -> list[str]:
        """Save articles in the order given, with the stories and sections that the rules give them.

        Gives the ids of the stories touched. What a rule raises comes through, and nothing is saved.
        """
        with self._write() as connection:
            saved = articles.save(connection, read, rules, now=now)
            if saved.visible:
                advance(connection, "revision")
        return saved.stories

    def rule_standings(self) -> list[RuleStanding]:
        """Give how every field of every site rule has fitted the pages of every configured feed."""
        with self._read() as connection:
            return articles.rule_standings(connection)

    def candidates(self, read: ReadArticle) -> list[Candidate]:
        """Give the stored articles that this one may be the same story as, as `save_articles` would compare it."""
        with self._read() as connection:
            return articles.candidates_of(connection, read)

    def quarantine(self, row: int, reason: str, *, now: datetime) -> None:
        """Set an entry aside that could not be handled; nothing of it is lost, and an edit is tried again."""
        with self._write() as connection:
            entries.quarantine(connection, row, reason)

    def reselect(self, rules: StoryRules, *, now: datetime) -> int:
        """Select every story that has its texts anew, and say how many changed; ids and dates stay."""
        with self._write() as connection:
            changed = placing.reselect(connection, rules, now=now)
            if changed:
                advance(connection, "revision")
        return changed

    def freeze_published(self, *, now: datetime) -> None:
        """Fix for ever the date of every story that is in a section and has none."""
        with self._write() as connection:
            placing.freeze(connection)

    def edition_stories(
        self, section_id: str, *, entries: int, span: timedelta | None, most: int = 300
    ) -> list[Story]:
        """Give what a section's feed holds, sorted by date, newest first, then id.

        The newest `entries` by the time they entered the section, and all that entered within `span` before
        the newest did, up to `most`.
        """
        with self._read() as connection:
            return stories.of_section(connection, section_id, entries=entries, span=span, most=most)

    def section_counts(self) -> dict[str, tuple[int, datetime | None]]:
        """Give for every section how many stories are in it, and when the newest change of one was."""
        with self._read() as connection:
            return stories.section_counts(connection)

    def stories(
        self,
        *,
        section: str | None = None,
        region: str | None = None,
        feed: str | None = None,
        since: datetime | None = None,
    ) -> Iterator[Story]:
        """Give the stories that fit all that is asked, newest first; `since` is compared with first_seen."""
        with self._read() as connection:
            yield from stories.find(connection, section=section, region=region, name=feed, since=since)

    def story_of(self, link_or_id: str) -> list[Story]:
        """Give the stories that a person may mean by a link of a copy, an id, or its first 8 letters or more."""
        with self._read() as connection:
            return stories.of_link(connection, link_or_id)

    def entries(self, *, feed: str | None = None) -> Iterator[StoredEntry]:
        """Give a feed's last document in its order, repeats included, then its older entries, newest first."""
        with self._read() as connection:
            yield from entries.stored(connection, name=feed)

    def feeds_with_entries(self) -> frozenset[str]:
        """Name the feeds, configured or not, of which entries are stored."""
        with self._read() as connection:
            return entries.feeds_with_any(connection)

    def ledger(self) -> dict[str, int]:
        """Count every entry ever accepted by what became of it; `accepted` is the sum."""
        with self._read() as connection:
            return entries.ledger(connection)

    def request_counts(self, *, since: datetime) -> dict[str, tuple[int, int]]:
        """Give for every feed the requests since then, and how many of them were answered with 304."""
        with self._read() as connection:
            return feeds.request_counts(connection, since=since)

    def revision(self) -> int:
        """Give a number that moves with everything that may change an output."""
        with self._read() as connection:
            return count(connection, "revision")

    def ask_round(self, options: str, *, now: datetime) -> int:
        """Ask the daemon for a round, and give its number."""
        with self._write() as connection:
            return rounds.ask(connection, options, now=now)

    def open_rounds(self) -> list[tuple[int, str]]:
        """Give the rounds asked for and not finished, with their options."""
        with self._read() as connection:
            return rounds.open_rounds(connection)

    def tell_round(self, number: int, progress: str) -> None:
        """Say how far a round is."""
        with self._write() as connection:
            rounds.tell(connection, number, progress)

    def finish_round(self, number: int, result: str, *, now: datetime) -> None:
        """Close a round with what came of it."""
        with self._write() as connection:
            rounds.finish(connection, number, result, now=now)

    def round_state(self, number: int) -> tuple[str, str | None]:
        """Give a round's progress, and its result once it is finished."""
        with self._read() as connection:
            return rounds.state(connection, number)

    def prune(self, *, now: datetime, keep: timedelta, keep_pages: timedelta) -> None:
        """Let texts and pages go that were kept long enough; keys of what was seen stay ten times as long."""
        with self._write() as connection:
            prune.prune(connection, now=now, keep=keep, keep_pages=keep_pages)
