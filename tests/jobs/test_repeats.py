"""What an outlet repeats under its stories is left out of them, on the whole way from feed to story."""

from __future__ import annotations

from html import escape

import pytest

from aggregator.core.repeats import ARTICLES
from aggregator.jobs.round import RoundOptions, run_round
from aggregator.jobs.services import Services
from aggregator.model import Story
from tests.daemon.program import text_of
from tests.jobs.conftest import FEED, NOW, Web, entry_xml, rss

pytestmark = pytest.mark.anyio
FORCE = RoundOptions(force=True)
PLEA = "Redaksi di Ottawa, Kanada, mengucapkan banyak syukur kepada pembaca yang setia menemani kami."
COUNT = 14


def body(number: int) -> str:
    first, second = (text_of(f"berita {number} {part}", 40) for part in ("awal", "akhir"))
    return escape(f"<p>{first}</p><p>{PLEA}</p><p>{second} Warga Kazakhstan menunggu.</p>")


async def published(services: Services, web: Web) -> list[Story]:
    """Stories in the order in which they were read."""
    entries = [
        entry_xml(n, text_of(f"judul {n}", 5), body(n), f"Fri, 07 Jan 2022 {n:02}:06:00 GMT")
        for n in range(COUNT)
    ]
    web.answers[FEED.url] = rss(*entries)
    await run_round(FORCE, services=services, now=NOW)
    return sorted(services.store.stories(), key=lambda story: story.published)


async def test_a_plea_under_every_story_is_gone_from_text_markup_and_places(
    services: Services, web: Web
) -> None:
    found = await published(services, web)
    early, late = found[:ARTICLES], found[ARTICLES:]
    assert len(late) == COUNT - ARTICLES
    for story in early:
        assert PLEA in story.article.text
        assert story.article.left_out == ()
        assert "CA" in {region.code for region in story.regions}
    for story in late:
        assert PLEA not in story.article.text
        assert "Ottawa" not in story.article.html
        [gone] = story.article.left_out
        assert gone.text == PLEA
        assert gone.because.startswith("it stood in ")
        assert "CA" not in {region.code for region in story.regions}
        assert "KZ" in {region.code for region in story.regions}
    for story in found:
        spans = [each for region in story.regions for each in region.evidence if each.field == "text"]
        assert spans
        assert all(story.article.text[each.start : each.end] == each.text for each in spans)


async def test_what_is_out_already_stays_as_it_is(services: Services, web: Web) -> None:
    before = {story.id: (story.article.text, story.updated) for story in await published(services, web)}
    entries = [entry_xml(n, text_of(f"judul {n}", 5), body(n)) for n in range(COUNT, COUNT + 5)]
    web.answers[FEED.url] = rss(*entries)
    await run_round(FORCE, services=services, now=NOW.replace(hour=9))
    after = {story.id: (story.article.text, story.updated) for story in services.store.stories()}
    assert {each: after[each] for each in before} == before
