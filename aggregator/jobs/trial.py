"""What would come of a page, a feed or a text, shown to an editor; nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, cast

from aggregator.core import extract, regions, stories
from aggregator.core.effective import effective
from aggregator.core.entries import read_feed
from aggregator.core.extract.provenance import Explained, explain_page
from aggregator.core.language import detect
from aggregator.core.sections import Selector
from aggregator.core.urls import host_of, same_site
from aggregator.errors import AggregatorError, ExtractError, FetchError, ParseError
from aggregator.fetch import FEED_ACCEPT
from aggregator.jobs.pages import fetch_page
from aggregator.jobs.services import Services
from aggregator.model import (
    Article,
    Document,
    Entry,
    FeedSettings,
    Membership,
    NormalizedFeed,
    Page,
    RawEntry,
    ReadArticle,
    Region,
    Request,
    RobotsFile,
    RuleUse,
    SiteRule,
    StoryView,
    Verdict,
    WaitingEntry,
)
from aggregator.store import Store

SECONDS: Final = 20.0
FEED_TYPES: Final = ("xml", "json", "rss")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One article as it would be stored, and where it would go."""

    entry: Entry
    article: Article
    regions: tuple[Region, ...]
    sections: tuple[Membership, ...]
    published: datetime
    feed_id: str = ""  # "": it is of no feed that is configured
    verdict: Verdict | None = None  # None: there is no store to compare with
    twin: str = ""  # headline of the stored article that it says the same as
    sources: dict[str, str] = field(default_factory=dict)
    uses: tuple[RuleUse, ...] = ()
    rules: dict[str, SiteRule] = field(default_factory=dict)  # those that were for the page, by name
    page_error: str = ""  # why the page was not read


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTrial:
    """A feed as it is now."""

    url: str
    normalized: NormalizedFeed
    trials: tuple[Trial, ...]


class Unwritten:
    """A store that is read and never written: what would be kept is kept in memory."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._robots: dict[str, RobotsFile] = {}

    def robots(self, origin: str) -> RobotsFile | None:
        """Give what an origin answered last."""
        return self._robots.get(origin) or (self._store.robots(origin) if self._store else None)

    def put_robots(self, origin: str, file: RobotsFile) -> None:
        """Keep it while the command runs."""
        self._robots[origin] = file

    def host_waits(self, *, now: datetime) -> dict[str, datetime]:
        """Give the hosts that asked to be left alone."""
        return self._store.host_waits(now=now) if self._store else {}

    def put_host_wait(self, host: str, until: datetime) -> None:
        """Forget it: the next poll hears of it itself."""

    def as_store(self) -> Store:
        """Give it as what jobs take: they call nothing else of it here."""
        return cast("Store", self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a trial works with."""

    services: Services
    store: Store | None  # None: there is none yet
    now: datetime

    def feed_of(self, url: str) -> FeedSettings | None:
        """Give the one feed that such a page would come from: of its host, else of its domain."""
        feeds = self.services.config.feed
        of_host = [feed for feed in feeds if host_of(feed.url) == host_of(url)]
        found = of_host or [feed for feed in feeds if same_site(feed.url, url)]
        return found[0] if len(found) == 1 else None

    def timezone(self, feed: FeedSettings | None) -> str:
        """Give the zone of dates that name none."""
        return (feed.timezone if feed else "") or self.services.config.site.timezone


async def try_url(url: str, bench: Bench, *, feed: FeedSettings | None = None) -> Trial | FeedTrial:
    """Fetch an address and read it, as a feed where it is one, else as a page.

    Raises a FetchError, or ExtractError for a page without an article.
    """
    named = next((each for each in bench.services.config.feed if each.url == url), None)
    if named is not None:
        return await try_feed(named, bench)
    page = await fetch_page(url, services=bench.services, now=bench.now)
    if _may_be_feed(page):
        unnamed = feed or FeedSettings(id="try", url=url)
        try:
            return await _feed_trial(page.url, page.body, page.content_type, unnamed, bench)
        except ParseError:
            pass
    feed = feed or bench.feed_of(url)
    entry = _entry(url, feed)
    return await _page_trial(entry, page, feed, bench)


def _may_be_feed(page: Page) -> bool:
    kind = (page.content_type or "").partition(";")[0].lower()
    head = page.body[:500].lstrip().lower()
    is_page = "html" in kind or head.startswith((b"<!doctype html", b"<html"))
    return not is_page and (
        any(each in kind for each in FEED_TYPES) or head.startswith((b"<?xml", b"<rss", b"<feed"))
    )


def _entry(url: str, feed: FeedSettings | None) -> Entry:
    return Entry(
        feed_id=feed.id if feed else "",
        key=url,
        position=1,
        guid=None,
        url=url,
        canonical_url=url,
        title="",
        language=feed.language or "" if feed else "",
        hash="",
        raw=RawEntry(link=url),
    )


async def try_feed(feed: FeedSettings, bench: Bench) -> FeedTrial:
    """Ask a configured feed, and read the newest of its pages too; raises a FetchError or a ParseError."""
    request = Request(url=feed.url, accept=FEED_ACCEPT, own_port=True, credential=feed.credential or "")
    answer = await bench.services.fetcher.fetch(request, now=bench.now)
    if not isinstance(answer, Document):
        raise FetchError(feed.url, "the origin says that nothing changed, though it was not asked that")
    return await _feed_trial(answer.url, answer.body, answer.content_type, feed, bench)


async def _feed_trial(
    url: str, body: bytes, content_type: str | None, feed: FeedSettings, bench: Bench
) -> FeedTrial:
    normalized: NormalizedFeed = await bench.services.workers.run(
        read_feed,
        body,
        url=url,
        content_type=content_type,
        feed=feed,
        site=bench.services.config.site,
        known={},
        seconds=SECONDS,
    )
    trials = [_of_feed(entry, feed, bench) for entry in normalized.entries]
    if trials and feed.read_pages and not extract.is_full_text(normalized.entries[0]):
        trials[0] = await _with_page(trials[0], feed, bench)
    return FeedTrial(url=url, normalized=normalized, trials=tuple(trials))


def _of_feed(entry: Entry, feed: FeedSettings, bench: Bench) -> Trial:
    article = extract.article(entry, None, language=entry.language, timezone=bench.timezone(feed))
    return _placed(entry, article, feed, bench)


async def _with_page(trial: Trial, feed: FeedSettings, bench: Bench) -> Trial:
    """Read an entry's page too; one that cannot be had is told of."""
    if trial.entry.url is None:
        return trial
    try:
        page = await fetch_page(trial.entry.url, services=bench.services, now=bench.now)
        return await _page_trial(trial.entry, page, feed, bench)
    except AggregatorError as error:
        return replace(trial, page_error=str(error))


async def _page_trial(entry: Entry, page: Page, feed: FeedSettings | None, bench: Bench) -> Trial:
    rules = bench.services.site_rules.for_page(page)
    explained: Explained = await bench.services.workers.run(
        explain_page,
        entry,
        page,
        language=entry.language,
        timezone=bench.timezone(feed),
        rules=rules,
        seconds=SECONDS,
    )
    reading = explained.reading
    return _placed(
        entry,
        reading.article,
        feed,
        bench,
        uses=reading.uses,
        rules={rule.name: rule for rule in rules},
        sources=dict(explained.sources),
    )


def try_text(text: str, bench: Bench, *, language: str = "", based_in: str = "", title: str = "") -> Trial:
    """Read a text, its first line as the headline where it is short and another follows; raises ExtractError."""
    if not text.strip() and not title:
        raise ExtractError("there is no text to try")
    first, _, rest = text.strip().partition("\n")
    if not title and rest.strip() and len(first) <= 200:
        title, text = first.strip(), rest.strip()
    article = Article(headline=title, text=text.strip(), language=language or detect(f"{title}\n{text}"))
    entry = Entry(
        feed_id="",
        key="",
        position=1,
        guid=None,
        url=None,
        canonical_url=None,
        title=title,
        hash="",
        raw=RawEntry(),
    )
    return _placed(entry, article, None, bench, based_in=based_in)


def tagged(line: dict[str, Any], bench: Bench) -> tuple[str, tuple[Region, ...]]:
    """Language and regions of one line that a program wrote: id, title, text, language, based_in."""
    title, text = str(line.get("title") or ""), str(line.get("text") or "")
    language = str(line.get("language") or "") or detect(f"{title}\n{text}")
    article = Article(headline=title, text=text, language=language)
    spoken = language or bench.services.config.site.language
    based_in = str(line.get("based_in") or "")
    return language, regions.tag(article, bench.services.gazetteer, language=spoken, based_in=based_in)


def _placed(
    entry: Entry,
    article: Article,
    feed: FeedSettings | None,
    bench: Bench,
    *,
    based_in: str = "",
    **shown: Any,
) -> Trial:
    """Find its places, its story and its sections."""
    services = bench.services
    language = article.language or services.config.site.language
    where = based_in or (feed.based_in if feed else "")
    found = regions.tag(article, services.gazetteer, language=language, based_in=where)
    waiting = WaitingEntry(row=0, entry=entry, first_seen=bench.now, effective=bench.now)
    read = ReadArticle(
        waiting=waiting,
        article=article,
        regions=found,
        fingerprint=stories.fingerprint(article),
        published=effective(article.published, first_seen=bench.now, link=entry.url),
    )
    verdict, twin = _compared(read, bench.store)
    feeds = (feed.id,) if feed else ()
    view = StoryView(
        id="",
        article=article,
        regions=found,
        lead_feed=feed.id if feed else "",
        feeds=feeds,
        categories=article.categories,
    )
    return Trial(
        entry=entry,
        article=article,
        regions=found,
        sections=Selector(services.config, services.gazetteer)(view),
        published=read.published,
        feed_id=feed.id if feed else "",
        verdict=verdict,
        twin=twin,
        **shown,
    )


def _compared(read: ReadArticle, store: Store | None) -> tuple[Verdict | None, str]:
    """Say which stored story it would join, and the headline that it was compared with."""
    if store is None:
        return None, ""
    candidates = store.candidates(read)
    verdict = stories.assign(read, candidates)
    return verdict, next((each.headline for each in candidates if each.row == verdict.partner), "")
