"""Seventy-five days of feeds whose ids are places in a list, through the real jobs: each link is one story."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.core.entries import read_feed
from aggregator.core.urls import canonical_url
from aggregator.jobs.places import packaged_gazetteer
from aggregator.jobs.round import RoundOptions, RoundResult, run_round
from aggregator.jobs.services import Services, StoreThread
from aggregator.model import FeedSettings, PollingSettings
from aggregator.publish import Output
from aggregator.store import open_store
from tests.jobs.conftest import Here, Web, configured

SEQUENCES = Path(__file__).resolve().parents[3] / "shared/corpus/feeds/sequences"
LINKS = {"tempo.co-cekfakta": 112, "tempo.co-ekonomi": 675, "tempo.co-hukum": 675, "tempo.co-wawancara": 59}
# One article of cekfakta was retouched and moved to another address, with the number of its record.
RETOUCHED = re.compile(r"/cekfakta/menyesatkan-mencium-kucing-.*-2124482$")
FORCE = RoundOptions(force=True)

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.corpus,
    pytest.mark.skipif(not SEQUENCES.is_dir(), reason="the corpus is not here"),
]


def states(name: str) -> list[tuple[str, bytes]]:
    """Give the day and the bytes of every state of a feed."""
    return [(path.stem, path.read_bytes()) for path in sorted((SEQUENCES / name).iterdir())]


@dataclass(slots=True)
class Days:
    """One feed, asked once a day."""

    feed: FeedSettings
    services: Services
    web: Web
    delivered: dict[str, list[str]] = field(default_factory=dict)  # titles by link, each once, in their order
    results: list[RoundResult] = field(default_factory=list)

    async def pass_by(self, name: str) -> None:
        """Ask for every state of the feed on its day."""
        for day, body in states(name):
            now = datetime.strptime(day, "%Y-%m-%dT%H%M").replace(tzinfo=UTC)
            self.web.answers[self.feed.url] = body
            self._read(body)
            self.results.append(await run_round(FORCE, services=self.services, now=now))

    def _read(self, body: bytes) -> None:
        site = self.services.config.site
        found = read_feed(body, url=self.feed.url, content_type=None, feed=self.feed, site=site)
        for entry in found.entries:
            titles = self.delivered.setdefault(entry.canonical_url or "", [])
            titles += [entry.title] if entry.title not in titles else []


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    feed = FeedSettings(id="tempo", url="https://tempo.example/rss", language="id", read_pages=False)
    config = replace(configured(tmp_path / "output", feed), polling=PollingSettings(flood_limit=0))
    start = datetime(2026, 3, 9, tzinfo=UTC)
    store = open_store(f"sqlite:{tmp_path}/state/aggregator.db", now=start)
    store.sync_feeds(config.feed, now=start)
    call, web = StoreThread(), Web()
    yield Days(
        feed=feed,
        web=web,
        services=Services(
            config=config,
            gazetteer=packaged_gazetteer(),
            store=store,
            call=call,
            fetcher=web,
            workers=Here(),
            output=Output(config.output.directory),
        ),
    )
    call.close()
    store.close()


@pytest.mark.parametrize("name", LINKS)
async def test_each_link_is_one_story(days: Days, name: str) -> None:
    await days.pass_by(name)
    assert sum(result.failed for result in days.results) == 0
    links = set(days.delivered)
    assert len(links) == LINKS[name]
    stories = list(days.services.store.stories())
    copies = Counter(canonical_url(copy.url or "") for story in stories for copy in story.copies)
    assert copies == Counter(links)
    several = [
        {canonical_url(copy.url or "") for copy in story.copies} for story in stories if len(story.copies) > 1
    ]
    assert all(RETOUCHED.search(link) for together in several for link in together)
    assert len(stories) == LINKS[name] - len(several)
    assert sum(result.new for result in days.results) == LINKS[name]
    retitled = sum(len(titles) - 1 for titles in days.delivered.values())
    assert sum(result.updated for result in days.results) <= retitled + 1


async def test_a_link_with_two_titles_is_one_story_under_the_later_one(days: Days) -> None:
    await days.pass_by("tempo.co-wawancara")
    retitled = {link: titles for link, titles in days.delivered.items() if len(titles) > 1}
    [(link, titles)] = retitled.items()
    [story] = [story for story in days.services.store.stories() if canonical_url(story.url or "") == link]
    assert (len(titles), story.article.headline) == (2, titles[-1])
