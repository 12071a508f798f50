"""What the jobs work with: the ports to the world, and the values in force."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from hashlib import blake2b
from typing import Any, Final, ParamSpec, Protocol, TypeVar

from aggregator.core import regions
from aggregator.core.outage import Connection
from aggregator.core.regions import Gazetteer
from aggregator.core.sections import Selector
from aggregator.core.siterules.rules import SiteRules
from aggregator.core.stories import assign, choose_lead, fingerprint, mint, substance
from aggregator.core.urls import registrable_domain
from aggregator.jobs.costly import CostlyPages
from aggregator.jobs.hosts import HostWaits, target_of
from aggregator.jobs.robots import Robots
from aggregator.model import (
    Article,
    Config,
    Document,
    Edition,
    FeedRecord,
    FeedSettings,
    NotModified,
    Polled,
    PollOutcome,
    ReadArticle,
    Region,
    Request,
    StoryRules,
)
from aggregator.publish import Output
from aggregator.store import Store

P = ParamSpec("P")
T = TypeVar("T")


class Fetch(Protocol):
    """The port to the web."""

    async def fetch(
        self,
        request: Request,
        *,
        now: datetime,
        permit: Callable[[str], Awaitable[None]] | None = None,
        check: Callable[[str], None] | None = None,
    ) -> Document | NotModified:
        """Get one document, whole; raises a FetchError.

        Of every address on the way, `permit` is awaited before it has its turn, and `check` called when it has
        it; both refuse by raising a FetchError.
        """
        ...

    def handling(self) -> AbstractAsyncContextManager[None]:
        """Keep a place while a document is handled, so that no more are received than can be handled."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class Work(Protocol):
    """The port to processes that can be killed."""

    async def run(self, function: Callable[..., T], /, *args: Any, seconds: float, **kwargs: Any) -> T:
        """Call a function elsewhere; raises TooExpensive when it takes too long."""
        ...

    async def close(self) -> None:
        """End every process."""
        ...


class Report(Protocol):
    """Who is told of progress; a person at a terminal, as a rule."""

    def started(self, feeds: int) -> None:
        """So many feeds will be asked."""
        ...

    def polled(self, outcome: PollOutcome, record: FeedRecord) -> None:
        """One feed has answered, or failed."""
        ...

    def reading(self, done: int, waiting: int) -> None:
        """So many entries are read, and so many still wait."""
        ...

    def asked(self, polled: Sequence[Polled]) -> None:
        """All of them have answered, or failed."""
        ...

    def published(self, edition: Edition, files: int) -> None:
        """A section's files were looked at, and so many replaced."""
        ...


class Silent:
    """Tells nobody."""

    def started(self, feeds: int) -> None:
        """Say nothing."""

    def polled(self, outcome: PollOutcome, record: FeedRecord) -> None:
        """Say nothing."""

    def reading(self, done: int, waiting: int) -> None:
        """Say nothing."""

    def asked(self, polled: Sequence[Polled]) -> None:
        """Say nothing."""

    def published(self, edition: Edition, files: int) -> None:
        """Say nothing."""


class StoreThread:
    """Runs the store's methods in one thread of their own, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def __call__(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call one method of the store and give what it gives."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(method, *args, **kwargs))

    def later(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call one method of the store when its turn comes, for nobody to wait for."""
        self._pool.submit(partial(method, *args, **kwargs))

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(wait=True)


@dataclass(frozen=True, slots=True)
class Turns:
    """What is done by one at a time, whoever asks: a tick of the daemon, or a round that a person wants."""

    reading: asyncio.Lock = field(default_factory=asyncio.Lock)  # else a page would be fetched twice
    publishing: asyncio.Lock = field(
        default_factory=asyncio.Lock
    )  # else one would sweep what the other writes


@dataclass(slots=True)
class Network:
    """Whether we reach anything at all; it outlives a change of feeds.toml."""

    connection: Connection = field(default_factory=Connection)


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything a job needs; replaced as a whole when feeds.toml changes."""

    config: Config
    gazetteer: Gazetteer
    store: Store
    call: StoreThread
    fetcher: Fetch
    workers: Work
    output: Output
    report: Report = field(default_factory=Silent)
    site_rules: SiteRules = field(default_factory=SiteRules)  # how the pages of sites are read
    # These are carried over when the rest is replaced (CARRIED).
    turns: Turns = field(default_factory=Turns)
    network: Network = field(default_factory=Network)
    hosts: HostWaits = field(default_factory=HostWaits)
    robots: Robots = field(default_factory=Robots)
    costly: CostlyPages = field(default_factory=CostlyPages)

    @cached_property
    def config_digest(self) -> str:
        """A text that changes with anything in feeds.toml."""
        return blake2b(repr(self.config).encode("utf-8", "replace"), digest_size=12).hexdigest()

    @cached_property
    def feeds(self) -> dict[str, FeedSettings]:
        """The configured feeds by id."""
        return {feed.id: feed for feed in self.config.feed}

    @cached_property
    def sites(self) -> dict[str, str]:
        """The registrable domain of every configured feed, by its id; an address is its own."""
        return {feed.id: registrable_domain(feed.url) for feed in self.config.feed}

    @cached_property
    def _host_counts(self) -> Counter[str]:
        targets = (target_of(feed.url) for feed in self.config.feed)
        return Counter(target.line for target in targets if target is not None)

    def host_count(self, url: str) -> int:
        """How many configured feeds are on the host of a URL."""
        target = target_of(url)
        return self._host_counts[target.line] if target is not None else 0

    @cached_property
    def site_count(self) -> int:
        """How many different sites are configured."""
        return len(set(self.sites.values()))


# What outlives a change of feeds.toml.
CARRIED: Final = ("turns", "network", "hosts", "robots", "costly")


def regions_of(
    article: Article, feed: FeedSettings | None, config: Config, gazetteer: Gazetteer
) -> tuple[Region, ...]:
    """Tag an article; `feed` is where it is from, None when that is no longer configured."""
    language = article.language or config.site.language
    return regions.tag(article, gazetteer, language=language, based_in=feed.based_in if feed else "")


def story_rules(config: Config, gazetteer: Gazetteer) -> StoryRules:
    """Give the decisions of this configuration, for the store to ask inside its transaction."""
    feeds = {feed.id: feed for feed in config.feed}

    def without(read: ReadArticle, left_out: Mapping[int, str]) -> ReadArticle:
        from aggregator.core.extract import notices

        article = notices.without(read.article, left_out)
        if article is read.article:
            return read
        found = regions_of(article, feeds.get(read.waiting.entry.feed_id), config, gazetteer)
        return replace(read, article=article, regions=found, fingerprint=fingerprint(article))

    return StoryRules(
        assign=assign,
        lead=choose_lead({feed.id: feed.priority for feed in config.feed}),
        select=Selector(config, gazetteer),
        mint=mint,
        substance=substance,
        without=without,
    )
