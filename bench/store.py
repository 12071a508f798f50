"""What the store costs, in milliseconds of CPU: a 304, a document of 30 entries, an article.

Run it as `python bench/store.py [DATABASE-URL]`; without a URL it makes a SQLite database in a folder of its own.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from aggregator.core.stories import assign, choose_lead, fingerprint, mint, substance
from aggregator.model import (
    Article,
    Entry,
    FeedSettings,
    Membership,
    NextPoll,
    ParsedFeed,
    PollOutcome,
    RawEntry,
    ReadArticle,
    StoryRules,
    Validators,
)
from aggregator.store import Store, open_store

NOW = datetime(2022, 1, 8, 12, tzinfo=UTC)
FEEDS = 256
ENTRIES = 30
BATCH = 64
ARTICLES = 2048


@contextmanager
def measured(what: str, count: int) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what:32} {cpu * 1000 / count:8.3f} ms CPU {wall * 1000 / count:8.3f} ms wall  each of {count}")


def text_of(number: int) -> str:
    """A text of 200 words; every second one is a shorter copy of the one before it."""
    words = [f"{(number // 2 * 7919 + at * 104729) % 999983:x}" for at in range(200)]
    return " ".join(words[: 200 - number % 2 * 20])


def entry_of(feed: str, number: int, position: int) -> Entry:
    text = text_of(number)
    return Entry(
        feed_id=feed,
        key=f"{feed}.example/{number}",
        position=position,
        guid=f"https://{feed}.example/?p={number}",
        url=f"https://{feed}.example/{number}",
        canonical_url=f"https://{feed}.example/{number}",
        title=f"Kabar nomor {number}",
        published=NOW - timedelta(minutes=number),
        summary=text,
        summary_html=f"<p>{text}</p>",
        hash=f"{number:016x}",
        raw=RawEntry(id=f"https://{feed}.example/?p={number}", summary=text),
    )


def outcome_of(feed: str, at: datetime, entries: Sequence[Entry] = ()) -> PollOutcome:
    return PollOutcome(
        feed_id=feed,
        at=at,
        next=NextPoll(at=at + timedelta(hours=1), reason="interval", interval=timedelta(hours=1)),
        http_status=200 if entries else 304,
        not_modified=not entries,
        validators=Validators(etag=b'"x"') if entries else None,
        feed=ParsedFeed(title=feed) if entries else None,
        new=tuple(entries),
    )


def polls(store: Store, feeds: Sequence[str]) -> None:
    documents = [
        outcome_of(feed, NOW, [entry_of(feed, index * ENTRIES + at, at + 1) for at in range(ENTRIES)])
        for index, feed in enumerate(feeds)
    ]
    with measured("document of 30 new entries", len(feeds)):
        for start in range(0, len(feeds), BATCH):
            store.save_polls(documents[start : start + BATCH], now=NOW)
    for again in range(1, 4):
        at = NOW + timedelta(hours=again)
        unchanged = [outcome_of(feed, at) for feed in feeds]
        with measured("304, in batches of 64", len(feeds)):
            for start in range(0, len(feeds), BATCH):
                store.save_polls(unchanged[start : start + BATCH], now=at)
    with measured("attempts, in batches of 64", len(feeds)):
        for start in range(0, len(feeds), BATCH):
            store.record_attempts(feeds[start : start + BATCH], now=NOW)
    at = NOW + timedelta(hours=5)
    with measured("document of 30 known entries", len(feeds)):
        for start in range(0, len(feeds), BATCH):
            again_read = [outcome_of(each.feed_id, at, each.new) for each in documents[start : start + BATCH]]
            store.save_polls(again_read, now=at)


def articles(store: Store) -> None:
    rules = StoryRules(
        assign=assign,
        lead=choose_lead({}),
        mint=mint,
        substance=substance,
        select=lambda view: (Membership(section_id="all", because="no condition"),),
    )
    done = 0
    while done < ARTICLES:
        with measured("waiting, 64 at once", BATCH) if done == 0 else measured_silently():
            waiting = store.waiting(now=NOW, limit=512)
        read = []
        for each in waiting:
            article = Article(
                headline=each.entry.title,
                text=each.entry.summary,
                html=each.entry.summary_html,
                canonical_url=each.entry.canonical_url,
            )
            found = fingerprint(article)
            read.append(
                ReadArticle(
                    waiting=each, article=article, regions=(), fingerprint=found, published=each.effective
                )
            )
        with measured("article, in batches of 64", len(read)):
            for start in range(0, len(read), BATCH):
                store.save_articles(read[start : start + BATCH], rules, now=NOW)
        done += len(read)


@contextmanager
def measured_silently() -> Iterator[None]:
    yield


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:{folder}/bench.db"
        with measured("a new database", 1):
            store = open_store(url, now=NOW)
        feeds = [f"feed{number}" for number in range(FEEDS)]
        configured = [FeedSettings(id=feed, url=f"https://{feed}.example/rss") for feed in feeds]
        with measured("a new feed", FEEDS):
            store.sync_feeds(configured, now=NOW)
        with measured("a known feed", FEEDS):
            store.sync_feeds(configured, now=NOW)
        polls(store, feeds)
        articles(store)
        store.freeze_published(now=NOW)
        with measured("an edition of 300 stories", 1):
            found = store.edition_stories("all", entries=50, span=timedelta(hours=48))
        print(len(found), "stories in the edition;", store.ledger())
        store.close()


if __name__ == "__main__":
    main()
