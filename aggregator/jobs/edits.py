"""A feed that an editor wants: found, given an id, and written into feeds.toml."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.config import writing
from aggregator.config.ids import Ids, feed_id
from aggregator.config.writing import FeedsFile, NewFeed
from aggregator.core import discover
from aggregator.core.urls import alike
from aggregator.errors import AggregatorError
from aggregator.jobs.choices import untaken_of
from aggregator.jobs.discover import Edges, Found, find
from aggregator.model import Config, FeedSettings

Used = Callable[[str], bool]  # whether an id has a history from a feed that feeds.toml no longer names


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of a feed that was to be added."""

    there: FeedSettings | None = None  # it was there already; nothing was written
    found: Found | None = None  # None: nothing had to be asked
    id: str = ""
    text: str = ""  # what was written
    untaken: bool = False  # no section can take its stories


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
        id_ = self._wanted or Ids([feed.id for feed in config.feed], used=self._used).take(
            feed_id(self._found.title, self._found.url)
        )
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
