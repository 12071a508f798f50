"""Jobs that meet: a tick and a round that a person asks for, a reload in between, an outcome that poisons others."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.jobs.poll import askable, poll
from aggregator.jobs.publish import PUBLISHED, publish
from aggregator.jobs.read import read_waiting
from aggregator.jobs.round import RoundOptions, run_round
from aggregator.jobs.services import Services
from aggregator.jobs.status import health
from aggregator.model import FeedSettings, SectionSettings
from tests.jobs.conftest import FEED, NOW, Web, configured, entry_xml, rss, services, store, web, with_config

__all__ = ["services", "store", "web"]  # fixtures
pytestmark = pytest.mark.anyio
FORCE = RoundOptions(force=True)
OTHER = FeedSettings(id="siak", url="https://siak.example/rss", language="id", read_pages=False)
SHORT = [entry_xml(number, f"Kabar {number}", "Ringkas saja.") for number in range(1, 4)]


async def test_two_that_publish_at_once_do_not_sweep_one_another_s_files(
    services: Services, web: Web
) -> None:
    web.answers[FEED.url] = rss(*SHORT)
    await poll(services.store.feed_records(), services=services, now=NOW)
    await read_waiting(services=services, now=NOW)
    both = await asyncio.gather(*(publish(services=services, now=NOW, force=True) for _ in range(4)))
    assert [each.failed for each in both] == [()] * 4
    assert sum(each.replaced for each in both) == max(each.replaced for each in both)


async def test_two_that_read_at_once_fetch_a_page_once(services: Services, web: Web) -> None:
    reading = with_config(
        services, configured(services.config.output.directory, replace(FEED, read_pages=True))
    )
    web.answers[FEED.url] = rss(*SHORT)
    await poll(reading.store.feed_records(), services=reading, now=NOW)
    await asyncio.gather(*(read_waiting(services=reading, now=NOW) for _ in range(3)))
    pages = [request.url for request in web.asked if request.url.rpartition("/")[2].isdigit()]
    assert sorted(pages) == sorted(set(pages))
    assert len(pages) == 3


async def test_a_feed_that_a_reload_took_away_holds_up_no_other(services: Services, web: Web) -> None:
    directory = services.config.output.directory
    before = with_config(services, configured(directory, FEED, OTHER))
    records = before.store.feed_records()
    after = with_config(services, configured(directory, FEED))
    web.answers[FEED.url] = rss(*SHORT)
    polled = await asyncio.wait_for(poll(records, services=after, now=NOW), 5)
    assert [each.feed_id for each in polled] == ["kampar"]


async def test_an_outcome_that_cannot_be_stored_fails_its_own_feed_alone(
    services: Services, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = with_config(services, configured(services.config.output.directory, FEED, OTHER))
    web.answers[FEED.url], web.answers[OTHER.url] = rss(*SHORT), rss(*SHORT)

    class Poisoned:
        """The store, which one outcome's bytes upset."""

        def __getattr__(self, name: str) -> Any:
            return getattr(services.store, name)

        def save_polls(self, outcomes: Any, *, now: Any) -> None:
            if any(outcome.feed_id == "kampar" and outcome.new for outcome in outcomes):
                raise OverflowError("an integer that no column takes")
            services.store.save_polls(outcomes, now=now)

    poisoned = replace(both, store=Poisoned())
    await asyncio.wait_for(poll(both.store.feed_records(), services=poisoned, now=NOW), 5)
    records = {record.id: record for record in services.store.feed_records()}
    assert records["kampar"].problem is not None
    assert "OverflowError" in records["kampar"].problem.message
    assert (records["siak"].problem, records["siak"].new) == (None, 3)


async def test_i5_a_feed_whose_poll_was_cut_off_is_not_asked_again_before_the_floor(
    services: Services,
) -> None:
    services.store.record_attempts(["kampar"], now=NOW)
    floor = services.config.polling.min_interval

    def asked(after: timedelta) -> list[str]:
        due = services.store.due(now=NOW + after, limit=10)
        return [record.id for record in askable(due, services=services, now=NOW + after)]

    assert asked(timedelta(0)) == []
    assert asked(floor - timedelta(seconds=1)) == []
    assert asked(floor) == ["kampar"]
    often = with_config(
        services, configured(services.config.output.directory, replace(FEED, interval=timedelta(seconds=1)))
    )
    due = often.store.due(now=NOW + timedelta(seconds=2), limit=10)
    assert askable(due, services=often, now=NOW + timedelta(seconds=2)) == due != []


async def test_of_10_a_folder_in_the_way_of_one_section_stops_no_other_and_is_told(
    services: Services, web: Web
) -> None:
    directory = services.config.output.directory
    sections = (SectionSettings(id="a", title="A"), SectionSettings(id="b", title="B"))
    two = with_config(services, configured(directory, sections=sections))
    web.answers[FEED.url] = rss(*SHORT)
    directory.mkdir(parents=True)
    (directory / "a").write_text("in the way", "utf-8")
    with pytest.raises(Exception, match="a symbolic link stands where a folder should be"):
        await run_round(FORCE, services=two, now=NOW)
    assert (directory / "b" / "rss.xml").is_file()
    assert (directory / "index.html").is_file()
    records = two.store.feed_records()
    assert health(two.config, two.store, records, now=NOW)[0] == "failed"
    (directory / "a").unlink()
    await publish(services=two, now=NOW)
    assert (directory / "a" / "rss.xml").is_file()
    assert health(two.config, two.store, records, now=NOW) == ("ok", [])


async def test_a_publication_that_was_cut_off_is_gone_over_by_the_next_one(
    services: Services, web: Web
) -> None:
    web.answers[FEED.url] = rss(*SHORT)
    await run_round(FORCE, services=services, now=NOW)
    assert services.store.note(PUBLISHED)
    left = services.config.output.directory / "semua" / ".aggregator-0123456789abcdef.tmp"
    left.write_bytes(b"half")
    services.store.put_note(PUBLISHED, "")  # as it is while files are being written
    assert (await publish(services=services, now=NOW)).replaced == 0
    assert not left.exists()
