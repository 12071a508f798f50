"""Finding a feed: for an editor who names a site, and for a feed whose address has died.

Few requests, through the same fetcher as the polls, so that a feed that is found here can be polled as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import ada_url

from aggregator.config import writing
from aggregator.core import advice, discover
from aggregator.core.counts import counted
from aggregator.core.discover import Candidate, FeedFacts, Look
from aggregator.core.urls import alike, same_site
from aggregator.errors import (
    AggregatorError,
    FetchError,
    ParseError,
    Refused,
    TimedOut,
    TlsFailed,
    ToldToWait,
    Unreachable,
)
from aggregator.fetch import FEED_ACCEPT
from aggregator.jobs.services import Fetch, Services, Work
from aggregator.model import Config, FeedRecord, FeedSettings, FeedWarning, NotModified, Request

MOST_REQUESTS: Final = 12
MOST_LINKS: Final = 6  # of one page that are asked; the usual places are asked with what is left
MOST_OTHERS: Final = 20
LOOK_SECONDS: Final = 20.0
# After these a host is not asked again in one search: it does not answer, or does not want to be asked.
ENOUGH: Final = (Unreachable, TlsFailed, TimedOut, ToldToWait, Refused)
MOVED: Final = "it leads to another address for good"

FIRST_RETRY: Final = timedelta(hours=1)  # for a host that wants to be left alone and does not say how long

May = Callable[[Candidate], bool]
Permit = Callable[[str], Awaitable[None]]


class Edges(Protocol):
    """What a search works with; `Services` has it all."""

    @property
    def config(self) -> Config:
        """The configuration in force."""

    @property
    def fetcher(self) -> Fetch:
        """The port to the web."""

    @property
    def workers(self) -> Work:
        """The port to processes that can be killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feed that was asked and could be read."""

    url: str  # to be written into feeds.toml: as asked, or where permanent redirects lead from there
    title: str = ""
    entries: int = 0
    language: str = ""
    link: str = ""  # of the site it belongs to, as it says
    others: tuple[Candidate, ...] = ()  # what else the page names as feeds; not asked
    how: str = ""  # where its address is from; "": it is the one that was meant
    instead: str = ""  # of which address, and why; "": it is the one that was meant


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A document that came, and what it turned out to be."""

    url: str  # after redirects
    lasting: str  # the address to keep
    look: Look


@dataclass(slots=True)
class _Search:
    """The requests of one search."""

    edges: Edges
    now: datetime
    home: str  # the address that an editor wrote: its port is allowed
    tell: Callable[[str], None] = lambda _: None
    permit: Permit | None = None  # asked of every address on the way; raises a FetchError
    failed: Callable[[FetchError], Awaitable[None]] | None = None  # hears of every one that could not be had
    left: int = MOST_REQUESTS
    asked: dict[str, str] = field(default_factory=dict)  # address -> why it is no feed; "": it is one
    dead: set[str] = field(default_factory=set)  # origins
    failure: FetchError | None = None  # why the address that is meant could not be had; of two, the last one

    async def ask(self, url: str) -> _Answer | None:
        """Ask one address, once; None: nothing that can be read came, or it may not be asked any more."""
        if url in self.asked or self.left <= 0 or _origin(url) in self.dead:
            return None
        self.left -= 1
        self.tell(url)
        request = Request(url=url, accept=FEED_ACCEPT, own_port=True, home=self.home)
        try:
            document = await self.edges.fetcher.fetch(request, now=self.now, permit=self.permit)
            if isinstance(document, NotModified):  # nobody asked conditionally
                self.asked[url] = "it answered 304 though nothing was sent to compare with"
                return None
            async with self.edges.fetcher.handling():
                look = await self.edges.workers.run(
                    discover.look,
                    document.body,
                    url=document.url,
                    content_type=document.content_type,
                    seconds=LOOK_SECONDS,
                )
        except FetchError as error:
            await self._failed(url, error)
            return None
        except ParseError as error:
            self.asked[url] = str(error)
            return None
        self.asked[url] = look.reason
        return _Answer(url=document.url, lasting=document.moved_to or url, look=look)

    def is_dead(self, url: str) -> bool:
        """Whether nothing more is to be had from the host of an address."""
        return _origin(url) in self.dead

    async def _failed(self, url: str, error: FetchError) -> None:
        if url == self.home:
            self.failure = error
        self.asked[url] = error.reason
        if isinstance(error, ENOUGH) or error.http_status in advice.LEAVE_ALONE:
            self.dead.add(_origin(url))
        if self.failed is not None:
            await self.failed(error)


async def find(
    url: str, *, services: Edges, now: datetime, tell: Callable[[str], None] = lambda _: None
) -> Found:
    """Find the feed that a person means by an address: that address, or what its page names, or the usual places.

    An address without a scheme will do. A feed on another site is taken only where the page names it in a link
    element. `tell` hears each address before it is asked. Raises AggregatorError: what was tried, what to do.
    """
    addresses = discover.web_address(url)
    if fault := writing.fault_of_url(addresses[0]):
        raise AggregatorError(discover.anonymous(f"the address {fault}"))
    search = _Search(edges=services, now=now, home=addresses[0], tell=tell)
    page = await _first(search, addresses)
    base = page.url if page else search.home

    def may(candidate: Candidate) -> bool:
        return candidate.declared or same_site(candidate.url, base)

    found = await _from(search, page, may)
    meant = {address: search.asked[address] for address in addresses if address in search.asked}
    if found is None:
        raise AggregatorError(_nothing(search, meant))
    moved = "" if found.url in meant else f"{search.home}: {MOVED}"
    return replace(found, instead=_told(meant) or moved)


async def _first(search: _Search, addresses: Iterable[str]) -> _Answer | None:
    """Ask for what is meant: the first of these addresses whose host answers at all."""
    for address in addresses:
        search.home = address
        answer = await search.ask(address)
        if answer is not None or not search.is_dead(address):
            return answer
    return None


async def suggest(
    record: FeedRecord, feed: FeedSettings, *, services: Services, now: datetime
) -> FeedWarning | None:
    """Look for the new address of a feed that has died; None: nothing was found that is surely on its site.

    Asks the site that the feed named, or that its address is on. Never the dead address, nor one that is
    configured already. No editor named the pages, so that robots.txt holds for them, as do waits that hosts
    asked for.
    """
    sites = [url for url in (feed.url, record.link) if url and writing.fault_of_url(url) is None]
    taken = {alike(url) for url in (feed.url, record.url, record.move.adopted or "")}
    taken |= {alike(each.url) for each in services.config.feed}

    def may(candidate: Candidate) -> bool:
        own = any(same_site(candidate.url, site) for site in sites)
        return own and alike(candidate.url) not in taken and not candidate.is_of_comments

    async def permit(url: str) -> None:
        services.hosts.check(url, now)
        await services.robots.check(url, services=services, now=now)

    async def failed(error: FetchError) -> None:
        await services.hosts.told(error, default=now + FIRST_RETRY, services=services, now=now)

    await services.hosts.load(services=services, now=now)
    search = _Search(edges=services, now=now, home=feed.url, permit=permit, failed=failed)
    search.asked[feed.url] = "it is the feed that has died"
    found = await _from(search, await search.ask(_start(record, feed)), may)
    if found is None or not found.entries:
        return None
    return advice.feed_found(found.url, found.title)


def _start(record: FeedRecord, feed: FeedSettings) -> str:
    """Give the site that a feed named, unless it named itself or nothing that can be asked; else its origin."""
    link = record.link or ""
    is_site = writing.fault_of_url(link) is None and alike(link) != alike(feed.url)
    return link if is_site else f"{_origin(feed.url)}/"


async def _from(search: _Search, page: _Answer | None, may: May) -> Found | None:
    """Go on from the first answer: itself, what it names, the usual places of its site. None: no feed there.

    A feed without entries counts only when there is no other.
    """
    page = await _refreshed(search, page)
    if page and page.look.feed and may(Candidate(url=page.lasting)):
        return _found(page.lasting, page.look.feed)
    links = list(filter(may, page.look.candidates)) if page else []
    places = _places(page.url if page else search.home)
    empty: Found | None = None
    for candidate in [*links[:MOST_LINKS], *filter(may, places)]:
        found = await _tried(search, candidate, may, links)
        if found and found.entries:
            return found
        empty = empty or found
    return empty


def _places(url: str) -> list[Candidate]:
    return [Candidate(url=place, declared=False) for place in discover.common_paths(url)]


async def _refreshed(search: _Search, page: _Answer | None) -> _Answer | None:
    """Follow a page that sends its readers to another one of its site, which names the feeds, once."""
    if page is None or page.look.feed or page.look.candidates or not page.look.refresh:
        return page
    if not same_site(page.look.refresh, page.url):
        return page
    return await search.ask(page.look.refresh) or page


async def _tried(search: _Search, candidate: Candidate, may: May, links: list[Candidate]) -> Found | None:
    """Ask a candidate: a feed, or a page that lists the feeds of the site, of which the first one counts."""
    how = _how(candidate, links)
    answer = await _led(search, candidate, may)
    if answer is not None and answer.look.feed is None:
        links = list(filter(may, answer.look.candidates))
        answer = await _led(search, links[0], may) if links else None
    if answer is None or answer.look.feed is None or writing.fault_of_url(answer.lasting):
        return None
    others = [each for each in links if each.url not in search.asked]
    return _found(answer.lasting, answer.look.feed, others=others, how=how)


def _how(candidate: Candidate, links: list[Candidate]) -> str:
    """Say where the address of a feed is from."""
    if candidate.declared:
        return "the page names another address"
    return "the page links to another address" if candidate in links else "where sites usually have a feed"


async def _led(search: _Search, candidate: Candidate, may: May) -> _Answer | None:
    """Ask a candidate; its redirects lead to no place that could not have been asked."""
    answer = await search.ask(candidate.url)
    return answer if answer is not None and may(replace(candidate, url=answer.url)) else None


def _found(url: str, facts: FeedFacts, *, others: Iterable[Candidate] = (), how: str = "") -> Found:
    known = {alike(url)}
    rest = [each for each in others if alike(each.url) not in known and not each.is_of_comments]
    return Found(
        url=url.partition("#")[0],
        title=facts.title,
        entries=facts.entries,
        language=facts.language,
        link=facts.link,
        others=tuple(rest[:MOST_OTHERS]),
        how=how,
    )


def _told(reasons: Mapping[str, str]) -> str:
    """Say of addresses why each is no feed; "": they are."""
    urls: dict[str, list[str]] = {}
    for url, why in reasons.items():
        if why:
            urls.setdefault(why, []).append(url)
    return "; ".join(f"{' and '.join(same)}: {why}" for why, same in urls.items())


def _nothing(search: _Search, meant: Mapping[str, str]) -> str:
    """Say in one line what was tried, and what to do."""
    failed, is_dead = search.failure, search.is_dead(search.home)
    if failed is not None and (is_dead or failed.http_status == advice.UNAUTHORIZED):
        return f"{_told(meant)}; {advice.after_failure(failed)}"
    if is_dead:
        return f"{_told(search.asked)}; try again later"
    *before, (url, why) = meant.items()
    earlier = f"{_told(dict(before))}; " if before else ""
    more = len(search.asked) - len(meant)
    tried = f", and nothing at {counted(more, 'other address')} of the site" if more else ""
    return (
        f"{earlier}{url}: no feed found there ({why}){tried}; look on the site for a link called RSS, Atom or Feed, "
        "and give the address behind it"
    )


def _origin(url: str) -> str:
    try:
        return str(ada_url.URL(url).origin)
    except ValueError:
        return url
