"""How well copies of one story are found on the labelled set beside the project; the floor may only rise."""

import importlib.util
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from aggregator.core import stories
from aggregator.core.urls import canonical_url
from aggregator.jobs.services import story_rules
from aggregator.model import (
    Article,
    Config,
    Entry,
    FeedSettings,
    NextPoll,
    ParsedFeed,
    PollOutcome,
    RawEntry,
    ReadArticle,
    SiteSettings,
    WaitingEntry,
)
from aggregator.store import Store, open_store

SHARED = Path(__file__).resolve().parents[3] / "shared"
WIRE = SHARED / "corpus" / "dedup" / "wire.jsonl"
FLOORS = json.loads((Path(__file__).parent / "floors.json").read_text("utf-8"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_dedup", SHARED / "tools" / "score_dedup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entry_of(document: dict[str, Any], feed: str) -> Entry:
    return Entry(
        feed_id=feed,
        key=document["id"],
        position=1,
        guid=document["guid"],
        url=document["url"],
        canonical_url=canonical_url(document["url"]),
        title=document["title"],
        published=datetime.fromisoformat(document["published"]),
        hash=document["id"],
        raw=RawEntry(),
    )


def read_of(waiting: WaitingEntry, document: dict[str, Any]) -> ReadArticle:
    entry = waiting.entry
    article = Article(headline=entry.title, text=document["text"], canonical_url=entry.canonical_url)
    return ReadArticle(
        waiting=waiting,
        article=article,
        regions=(),
        fingerprint=stories.fingerprint(article),
        published=entry.published or NOW,
    )


def partition(store: Store, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the documents through the store, each outlet a feed, and give the story of each."""
    outlets = sorted({document["outlet"] for document in documents})
    names = {outlet: f"f{number}" for number, outlet in enumerate(outlets)}
    feeds = [FeedSettings(id=name, url=f"https://{name}.example/rss") for name in names.values()]
    store.sync_feeds(feeds, now=NOW)
    hour = timedelta(hours=1)
    for outlet, name in names.items():
        new = tuple(entry_of(each, name) for each in documents if each["outlet"] == outlet)
        following = NextPoll(at=NOW + hour, reason="interval", interval=hour)
        store.save_polls(
            [PollOutcome(feed_id=name, at=NOW, next=following, feed=ParsedFeed(), new=new)], now=NOW
        )
    by_id = {document["id"]: document for document in documents}
    rules = story_rules(Config(site=SiteSettings(title="x"), feed=tuple(feeds)), None)  # type: ignore[arg-type]
    while waiting := store.waiting(now=NOW, limit=64):
        store.save_articles([read_of(each, by_id[each.entry.key]) for each in waiting], rules, now=NOW)
    found = store.entries()
    return [{"id": each.entry.key, "duplicate_group": each.story_id, "event_cluster": None} for each in found]


@pytest.mark.corpus
@pytest.mark.skipif(not WIRE.is_file(), reason="the corpus is not here")
def test_copies_are_found_as_well_as_before(tmp_path: Path) -> None:
    documents = [json.loads(line) for line in WIRE.read_text("utf-8").split("\n") if line]
    store = open_store(f"sqlite:{tmp_path}/aggregator.db", now=NOW)
    predicted = {each["id"]: each["duplicate_group"] for each in partition(store, documents)}
    store.close()
    gold = {each["id"]: each["duplicate_group"] for each in documents if each["duplicate_group"] is not None}
    right, wrong, missed = scorer().pairwise(gold, predicted, list(gold))
    precision, recall, f1 = scorer().prf(right, wrong, missed)
    print(f"wire: precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f}")
    assert f1 >= FLOORS["stories:wire"]["F1"]
