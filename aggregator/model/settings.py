"""What an editor can say in feeds.toml, as frozen values: a class a table, a field a key (contract, 1).

A `timedelta` is written as a duration ("15m"), a `ByteSize` as a size ("10MB"), a tuple also as one value.
Regions are codes here: `config.load` has resolved the names that editors write.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, NewType

ByteSize = NewType("ByteSize", int)
MEGABYTE: Final = 1_000_000


class Republish(StrEnum):
    """How much of a story subscribers get."""

    AS_GIVEN = "as-given"  # no more than the feed itself gives
    FULL = "full"
    SUMMARY = "summary"
    HEADLINE = "headline"


class Deletions(StrEnum):
    """Whether a feed's own `at:deleted-entry` withdraws a story."""

    IGNORE = "ignore"
    HONOUR = "honour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One line of `include` or `exclude`: every key that is given must fit, by any of its values."""

    feeds: tuple[str, ...] = ()  # ids, `*` allowed; any copy
    regions: tuple[str, ...] = ()  # codes; focus regions, members included
    mentions: tuple[str, ...] = ()  # codes; regions merely mentioned count too
    categories: tuple[str, ...] = ()  # the publisher's labels, any case; any copy
    languages: tuple[str, ...] = ()  # BCP 47
    headline: tuple[str, ...] = ()  # whole words or phrases in headline or kicker, `*` at either end
    words: tuple[str, ...] = ()  # the same, in headline, kicker or text


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """The desk that publishes."""

    title: str
    description: str = ""
    url: str = ""  # ends in "/"; "" only before config.load put the server's address in its place
    language: str = "en"
    timezone: str = "UTC"
    contact: str = ""
    exclude: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollingSettings:
    """How origins are asked."""

    first_interval: timedelta = timedelta(minutes=60)
    min_interval: timedelta = timedelta(minutes=15)
    max_interval: timedelta = timedelta(hours=24)
    timeout: timedelta = timedelta(seconds=60)  # whole document, connect to last byte
    max_body: ByteSize = ByteSize(10 * MEGABYTE)  # after decompression
    concurrency: int = 64
    per_host: int = 1
    host_delay: timedelta = timedelta(seconds=1)
    flood_limit: int = 50
    proxy: str = ""
    allow_networks: tuple[str, ...] = ()
    never_fetch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """Where what came in is kept, and for how long."""

    database: str = "sqlite:state/aggregator.db"
    keep: timedelta = timedelta(days=400)
    keep_pages: timedelta = timedelta(days=30)
    max_size: ByteSize | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSettings:
    """What is written for subscribers."""

    directory: Path = Path("output")
    formats: tuple[str, ...] = ("rss", "atom", "json", "html")
    entries: int = 50
    span: timedelta | None = timedelta(hours=48)  # None ("" in the file): a plain count
    backfill: timedelta | None = timedelta(hours=48)  # None ("" in the file): everything
    republish: Republish = Republish.AS_GIVEN
    regions: bool = False
    reasons: bool = False
    hub: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """The built-in web server."""

    listen: str = "127.0.0.1:8080"  # "": off


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What the log says, and how."""

    level: str = "info"  # debug | info | warning | error
    format: str = "text"  # text | json


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """One incoming feed."""

    id: str
    url: str
    title: str = ""  # "": what the feed says
    language: str = ""  # "": what the feed says, else detected
    timezone: str = ""  # "": the site's
    timezone_wins: bool = False
    based_in: str = ""  # a region code
    priority: int = 0
    read_pages: bool = True
    republish: Republish | None = None  # None: that of [output]
    interval: timedelta | None = None  # None: adapts
    deletions: Deletions = Deletions.IGNORE
    exclude: tuple[Condition, ...] = ()
    credential: str = ""
    paused: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionSettings:
    """An editor's own region, or what an editor adds to a known one."""

    id: str
    name: str = ""
    members: tuple[str, ...] = ()  # codes, editors' regions included
    names: tuple[str, ...] = ()
    not_names: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSettings:
    """One outgoing feed."""

    id: str
    title: str
    description: str = ""
    language: str = ""  # "": the site's
    include: tuple[Condition, ...] = ()  # (): everything
    exclude: tuple[Condition, ...] = ()
    entries: int | None = None  # None: that of [output]
    formerly: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A test that travels with the configuration."""

    url: str
    sections: tuple[str, ...] = ()
    not_sections: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()  # codes
    not_regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole of feeds.toml, checked and resolved."""

    site: SiteSettings
    polling: PollingSettings = field(default_factory=PollingSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    output: OutputSettings = field(default_factory=OutputSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    log: LogSettings = field(default_factory=LogSettings)
    feed: tuple[FeedSettings, ...] = ()
    region: tuple[RegionSettings, ...] = ()
    section: tuple[SectionSettings, ...] = ()
    expect: tuple[Expectation, ...] = ()

    def republish_of(self, feed_id: str) -> Republish:
        """How much of a story led by this feed subscribers get; the default where it is not configured."""
        given = next((feed.republish for feed in self.feed if feed.id == feed_id), None)
        return given or self.output.republish
