"""Pages that end their reader: what a feed of them costs, and that no other feed waits for it (TL-14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.errors import ToldToWait, TooExpensive
from aggregator.jobs.costly import CostlyPages
from aggregator.jobs.round import RoundOptions, run_round
from aggregator.jobs.services import Services
from tests.jobs.conftest import FEED, NOW, Here, Web, configured, entry_xml, rss, with_config
from tests.jobs.test_pages import page

pytestmark = pytest.mark.anyio
FORCE = RoundOptions(force=True)
DAY = timedelta(days=1)
COSTLY = replace(FEED, id="mahal", url="https://mahal.example/rss", read_pages=True)
PLAIN = replace(FEED, read_pages=True)


class Deadly(Here):
    """Reading ends the child where the page says so."""

    def __init__(self) -> None:
        self.runs = 0

    async def run(self, function: Any, /, *args: Any, seconds: float, **kwargs: Any) -> Any:
        if len(args) > 1 and b"bom" in args[1].body:
            self.runs += 1
            raise TooExpensive("reading it took longer than 10 s")
        return await super().run(function, *args, seconds=seconds, **kwargs)


def costly(services: Services, web: Web, *, pages: int) -> tuple[Services, Deadly]:
    """Two feeds: every page of one ends its reader, those of the other are good."""
    workers = Deadly()
    config = configured(services.config.output.directory, COSTLY, PLAIN)
    entries = [entry_xml(n, f"Bom {n}").replace("kampar", "mahal") for n in range(pages)]
    web.answers[COSTLY.url] = rss(*entries)
    web.answers[PLAIN.url] = rss(entry_xml(1, "Satu", "Ringkasan."))
    web.answers["https://kampar.example/1"] = page()
    for number in range(pages):
        web.answers[f"https://mahal.example/{number}"] = page(f"bom {number}")
    return replace(with_config(services, config), workers=workers), workers


async def test_tl_14_a_feed_of_pages_that_end_their_reader_costs_three_of_them_a_day(
    services: Services, web: Web
) -> None:
    services, workers = costly(services, web, pages=40)
    await run_round(FORCE, services=services, now=NOW)
    assert workers.runs == 3
    texts = {
        story.copies[0].feed_id: story.article.text_from for story in services.store.stories(feed="kampar")
    }
    assert texts == {"kampar": "page"}
    assert services.store.ledger()["accepted"] == 41
    assert services.store.ledger()["waiting"] == 0
    await run_round(FORCE, services=services, now=NOW + DAY)
    assert workers.runs == 4


async def test_tl_14_a_page_that_can_be_read_lets_the_others_be_read_again(
    services: Services, web: Web
) -> None:
    services, workers = costly(services, web, pages=4)
    await run_round(FORCE, services=services, now=NOW)
    for number in range(4):
        web.answers[f"https://mahal.example/{number}"] = page(f"Bom yang dijinakkan {number}").replace(
            b"bom", b"x"
        )
    await run_round(FORCE, services=services, now=NOW + 2 * DAY)
    assert workers.runs == 3
    assert {story.article.text_from for story in services.store.stories()} == {"page"}


async def test_a_strike_is_counted_for_its_feed_and_forgiven_by_a_good_page() -> None:
    pages = CostlyPages()

    async def read(feed: str, *, good: bool) -> None:
        async with pages.turn(feed, "https://kabar.example/1", NOW):
            if not good:
                raise TooExpensive("reading it took longer than 10 s")

    for _ in range(2):
        with pytest.raises(TooExpensive):
            await read("a", good=False)
    await read("a", good=True)
    for _ in range(3):
        with pytest.raises(TooExpensive):
            await read("a", good=False)
    await read("b", good=True)
    with pytest.raises(ToldToWait, match=r"^reading the last 3 pages of its feed took too much") as told:
        await read("a", good=True)
    assert told.value.retry_after == NOW + DAY
