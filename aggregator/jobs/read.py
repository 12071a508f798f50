"""The second job: read an entry, clean it, tag it, and find the story it belongs to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aggregator.core import repeats, stories
from aggregator.core.effective import effective
from aggregator.errors import AggregatorError, StoreError, ToldToWait
from aggregator.jobs.pages import fetch_page, next_try
from aggregator.jobs.services import Services, regions_of, story_rules
from aggregator.model import (
    Article,
    FeedSettings,
    Page,
    ReadArticle,
    StoryRules,
    WaitingEntry,
)
from aggregator.observe import log

if TYPE_CHECKING:
    from aggregator.core.extract import PageReading

AT_ONCE: Final = 256  # entries in hand; what they wait for are pages of many hosts
MOST_SAVED_AT_ONCE: Final = 64
EXTRACT_SECONDS: Final = 10.0


async def read_waiting(*, services: Services, now: datetime, most: int | None = None) -> int:
    """Read what waits, and say how much it was.

    Entries are saved strictly in the order in which the store gives them (effective date, feed, key), so that
    the same entries make the same stories whatever their pages take.
    """
    async with services.turns.reading:
        return await _read_waiting(services, now, most)


async def _read_waiting(services: Services, now: datetime, most: int | None) -> int:
    rules = story_rules(services.config, services.gazetteer)
    done = 0
    while most is None or done < most:
        waiting = await services.call(services.store.waiting, now=now, limit=AT_ONCE)
        if not waiting:
            break
        total = done + await services.call(services.store.waiting_count, now=now)
        done += await _read_all(waiting, rules, services, now, told=(done, total))
    return done


async def _read_all(
    waiting: Sequence[WaitingEntry],
    rules: StoryRules,
    services: Services,
    now: datetime,
    *,
    told: tuple[int, int],
) -> int:
    tasks = deque(asyncio.create_task(_read_or_quarantine(each, services, now)) for each in waiting)
    done, total = told
    try:
        while tasks:
            await asyncio.wait([tasks[0]])
            ready = [tasks.popleft()]
            while tasks and tasks[0].done() and len(ready) < MOST_SAVED_AT_ONCE:
                ready.append(tasks.popleft())
            batch = [each for task in ready if (each := task.result()) is not None]
            await _save(batch, rules, services, now)
            done += len(ready)
            services.report.reading(done, max(total - done, 0))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # what they held is given back before we go
    return len(waiting)


async def _read_or_quarantine(waiting: WaitingEntry, services: Services, now: datetime) -> ReadArticle | None:
    try:
        return await read(waiting, services=services, now=now)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - the job boundary: one poisoned entry holds up no other
        await _quarantine(waiting, error, services, now)
        return None


async def _quarantine(waiting: WaitingEntry, error: Exception, services: Services, now: datetime) -> None:
    log.error("entry quarantined", feed=waiting.entry.feed_id, key=waiting.entry.key, exc_info=error)
    reason = f"a fault of this program: {type(error).__name__}"
    await services.call(services.store.quarantine, waiting.row, reason, now=now)


async def read(waiting: WaitingEntry, *, services: Services, now: datetime) -> ReadArticle:
    """Make the article of one entry, of its page or of the feed's own text; nothing is saved.

    A page that cannot be had, or not yet be asked for, does not hold its story: it goes out with the feed's
    text, and a later attempt (three at most) may replace that.
    """
    from aggregator.core import extract

    feed = services.feeds.get(waiting.entry.feed_id)
    timezone = (feed.timezone if feed else "") or services.config.site.timezone
    wanted = feed is not None and feed.read_pages and not extract.is_full_text(waiting.entry)
    page, reading, retry = None, None, None
    waiting = replace(waiting, page_error=None)
    if wanted and waiting.entry.page_url:
        try:
            page, reading = await _from_page(waiting, waiting.entry.page_url, timezone, services, now)
        except StoreError:
            raise
        except AggregatorError as error:
            retry = next_try(waiting, error, now=now)
            waiting = _told(waiting, error, retry)
            log.debug(
                "page not read", feed=waiting.entry.feed_id, url=waiting.entry.page_url, reason=str(error)
            )
    if reading is None:
        article = extract.article(waiting.entry, None, language=waiting.entry.language, timezone=timezone)
        reading = extract.PageReading(article=article)
    read_article = _tagged(waiting, reading.article, page, retry, feed, services)
    return replace(read_article, rules=reading.uses)


async def _from_page(
    waiting: WaitingEntry, url: str, timezone: str, services: Services, now: datetime
) -> tuple[Page, PageReading | None]:
    """Fetch and read a page; raises the FetchError kinds, ExtractError or TooExpensive.

    What a library stumbles over is logged as the fault that it is, and the feed's own text serves.
    """
    from aggregator.core import extract

    services.costly.check(waiting.entry.feed_id, url, now)
    page = await fetch_page(url, services=services, now=now)
    try:
        async with services.costly.turn(waiting.entry.feed_id, url, now), services.fetcher.handling():
            reading = await services.workers.run(
                extract.read_page,
                waiting.entry,
                page,
                language=waiting.entry.language,
                timezone=timezone,
                rules=services.site_rules.for_page(page),
                seconds=EXTRACT_SECONDS,
            )
    except AggregatorError:
        raise
    except Exception as error:  # noqa: BLE001 - the job boundary: a page that breaks a library costs only itself
        log.error("page not read", feed=waiting.entry.feed_id, url=url, exc_info=error)
        return page, None
    return page, reading


def _told(waiting: WaitingEntry, error: AggregatorError, retry: datetime | None) -> WaitingEntry:
    """Keep why there is no page, and count the try where another is to follow; one that was not made is none."""
    made = retry is not None and not isinstance(error, ToldToWait)
    return replace(waiting, page_error=str(error), tries=waiting.tries + made)


def _tagged(
    waiting: WaitingEntry,
    article: Article,
    page: Page | None,
    retry: datetime | None,
    feed: FeedSettings | None,
    services: Services,
) -> ReadArticle:
    return ReadArticle(
        waiting=waiting,
        article=article,
        regions=regions_of(article, feed, services.config, services.gazetteer),
        fingerprint=stories.fingerprint(article),
        published=effective(article.published, first_seen=waiting.first_seen, link=waiting.entry.url),
        page=page,
        retry_page_at=retry,
        outlet=repeats.outlet_of(waiting.entry, page),
        paragraphs=repeats.paragraphs_of(article),
    )


async def _save(batch: Sequence[ReadArticle], rules: StoryRules, services: Services, now: datetime) -> None:
    if not batch:
        return
    try:
        await services.call(services.store.save_articles, batch, rules, now=now)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - the job boundary: one poisoned entry holds up no other
        if len(batch) == 1:
            await _quarantine(batch[0].waiting, error, services, now)
            return
        for each in batch:
            await _save([each], rules, services, now)
