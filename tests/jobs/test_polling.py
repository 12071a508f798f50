"""What polls decide beyond one feed: outages, documents that end their reader, feeds that have died."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from aggregator.errors import NotAFeed, Rejected, StoreBusy, TimedOut, TooExpensive, Unreachable
from aggregator.jobs.housekeeping import look_for_dead
from aggregator.jobs.round import RoundOptions, run_round
from aggregator.jobs.services import Services
from aggregator.jobs.status import status
from aggregator.model import FeedRecord, FeedSettings, Strikes
from tests.jobs.conftest import FEED, NOW, Here, Web, configured, entry_xml, rss, with_config

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SITES = [FeedSettings(id=f"f{n}", url=f"https://kabar{n}.example/rss", read_pages=False) for n in range(6)]


@pytest.fixture
def six(services: Services, web: Web) -> Services:
    for feed in SITES:
        web.answers[feed.url] = rss(entry_xml(1, f"Kabar {feed.id}", f"Ringkasan {feed.id}."))
    return with_config(services, configured(services.config.output.directory, *SITES))


def cut_off(web: Web, feeds: Sequence[FeedSettings]) -> None:
    for number, feed in enumerate(feeds):
        error = Unreachable if number % 2 else TimedOut
        web.answers[feed.url] = error(feed.url, "nobody answers")


def records(services: Services) -> dict[str, FeedRecord]:
    return {record.id: record for record in services.store.feed_records()}


async def due(services: Services, now: datetime) -> None:
    await run_round(RoundOptions(), services=services, now=now)


async def test_when_everything_fails_at_once_no_feed_is_blamed(six: Services, web: Web) -> None:
    await due(six, NOW)
    good = dict(web.answers)
    cut_off(web, SITES)
    now = NOW
    for _ in range(12):
        now += 80 * MINUTE
        await due(six, now)
    for record in records(six).values():
        assert (record.next_due_reason, record.failures) == ("outage", 1)
        assert now < record.next_due <= now + 67 * MINUTE
    told = status(six.config, six.store, now=now)
    assert told["health"] != "ok"
    assert any("everything fails at once since" in reason for reason in told["reasons"])
    assert {feed["state"] for feed in told["feeds"]} == {"failing"}
    web.answers |= {SITES[0].url: good[SITES[0].url]}
    now = records(six)["f0"].next_due
    await run_round(RoundOptions(feeds=("f0",)), services=six, now=now)
    back = [record.next_due for record in records(six).values() if record.id != "f0"]
    assert all(now <= at <= now + 16 * MINUTE for at in back)
    assert len(set(back)) == len(back), "they come back one by one"
    web.answers |= good
    await due(six, now + 16 * MINUTE)
    assert status(six.config, six.store, now=now + 16 * MINUTE)["health"] == "ok"


async def test_feeds_that_fail_while_others_answer_are_no_outage(six: Services, web: Web) -> None:
    await due(six, NOW)
    cut_off(web, SITES[:4])
    now = NOW
    for _ in range(4):
        now = max(record.next_due for record in records(six).values())
        await due(six, now)
    found = records(six)
    assert [found[f"f{n}"].failures for n in range(4)] == [4] * 4
    assert {found[f"f{n}"].next_due_reason for n in range(4)} == {"backoff"}


async def test_one_site_with_many_feeds_is_never_an_outage(services: Services, web: Web) -> None:
    feeds = [FeedSettings(id=f"a{n}", url=f"https://a{n}.kabar.example/rss") for n in range(5)]
    one = with_config(services, configured(services.config.output.directory, *feeds))
    cut_off(web, feeds)
    await due(one, NOW)
    assert {record.next_due_reason for record in records(one).values()} == {"backoff"}


class Deadly(Here):
    """Reading ends the child, as long as the document says so."""

    def __init__(self) -> None:
        self.runs = 0

    async def run(self, function: Any, /, *args: Any, seconds: float, **kwargs: Any) -> Any:
        self.runs += 1
        if b"bom" in args[0]:
            raise TooExpensive("reading it took more than 20 s")
        return await super().run(function, *args, seconds=seconds, **kwargs)


async def test_tl_13_a_document_that_ended_its_reader_twice_is_read_again_only_when_its_bytes_change(
    services: Services, web: Web
) -> None:
    workers = Deadly()
    services = replace(services, workers=workers)
    web.answers[FEED.url] = rss(entry_xml(1, "bom"))
    force = RoundOptions(force=True)
    for number in range(5):
        await run_round(force, services=services, now=NOW + number * DAY)
    record = records(services)[FEED.id]
    assert workers.runs == 2
    assert len(web.asked) == 5, "the feed goes on being asked"
    assert record.problem is not None
    assert record.problem.kind == "too-expensive"
    assert "when its bytes change" in record.problem.message
    web.answers[FEED.url] = rss(entry_xml(1, "bom"), entry_xml(2, "dua"))
    await run_round(force, services=services, now=NOW + 6 * DAY)
    assert workers.runs == 3
    web.answers[FEED.url] = rss(entry_xml(2, "dua"))
    await run_round(force, services=services, now=NOW + 7 * DAY)
    record = records(services)[FEED.id]
    assert (record.problem, record.strikes.count, record.new) == (None, 0, 1)


async def test_tl_13_a_feed_whose_documents_end_their_reader_one_after_another_is_read_once_a_day(
    services: Services, web: Web
) -> None:
    workers = Deadly()
    services = replace(services, workers=workers)
    force = RoundOptions(force=True)
    for number in range(24):  # one byte differs each time, an hour apart
        web.answers[FEED.url] = rss(entry_xml(number, f"bom {number}"))
        await run_round(force, services=services, now=NOW + timedelta(hours=number))
    assert workers.runs == 3
    record = records(services)[FEED.id]
    assert (record.strikes.in_row, record.failures) == (3, 24)
    assert record.problem is not None
    assert record.problem.message == (
        "reading its last 3 documents took too much; one a day is tried until one can be read"
    )
    for number in range(24, 72):
        web.answers[FEED.url] = rss(entry_xml(number, f"bom {number}"))
        await run_round(force, services=services, now=NOW + timedelta(hours=number))
    assert workers.runs == 5
    web.answers[FEED.url] = rss(entry_xml(99, "baik"))
    await run_round(force, services=services, now=NOW + timedelta(hours=74, minutes=1))
    record = records(services)[FEED.id]
    assert (record.problem, record.strikes, record.new) == (None, Strikes(), 1)


async def test_tl_13_strikes_outlive_a_clock_that_is_set_back_and_do_not_hold_for_ever(
    services: Services, web: Web
) -> None:
    workers = Deadly()
    services = replace(services, workers=workers)
    force = RoundOptions(force=True)
    for number in range(3):
        web.answers[FEED.url] = rss(entry_xml(number, f"bom {number}"))
        await run_round(force, services=services, now=NOW + 400 * DAY)
    web.answers[FEED.url] = rss(entry_xml(9, "baik"))
    await run_round(force, services=services, now=NOW + 400 * DAY - timedelta(hours=2))
    assert workers.runs == 3
    await run_round(force, services=services, now=NOW)  # the clock had run ahead
    assert workers.runs == 4
    assert records(services)[FEED.id].problem is None


async def test_the_site_of_a_dead_feed_is_asked_for_another_once_a_week(services: Services, web: Web) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Satu", "Ringkasan."))
    await due(services, NOW)
    web.answers[FEED.url] = Rejected(FEED.url, "it answered 404 Not Found", http_status=404)
    new = "https://kampar.example/berita/feed"
    web.answers["https://kampar.example/"] = (
        b"<html><head><link rel='alternate' type='application/rss+xml' href='/berita/feed'></head></html>"
    )
    web.answers[new] = rss(entry_xml(1, "Satu", "Ringkasan."))
    await run_round(RoundOptions(force=True), services=services, now=NOW + DAY)
    assert await look_for_dead(services=services, now=NOW + 2 * DAY) == 0, "it has failed for a day only"
    assert await look_for_dead(services=services, now=NOW + 9 * DAY) == 1
    asked = len(web.asked)
    assert await look_for_dead(services=services, now=NOW + 15 * DAY) == 0
    assert len(web.asked) == asked, "once a week"
    [feed] = status(services.config, services.store, now=NOW + 9 * DAY)["feeds"]
    [warning] = [each for each in feed["warnings"] if each["kind"] == "feed-found"]
    assert new in warning["message"]
    web.answers[FEED.url] = rss(entry_xml(2, "Dua", "Ringkasan."))
    await run_round(RoundOptions(force=True), services=services, now=NOW + 16 * DAY)
    [feed] = status(services.config, services.store, now=NOW + 16 * DAY)["feeds"]
    assert [each["kind"] for each in feed["warnings"]] == []


async def test_a_feed_that_became_a_page_is_not_gone(services: Services, web: Web) -> None:
    web.answers[FEED.url] = b"<!doctype html><title>Masuk</title><p>Silakan masuk.</p>"
    await due(services, NOW)
    record = records(services)[FEED.id]
    assert record.problem is not None
    assert record.problem.kind == NotAFeed.kind
    assert not record.gone
    assert record.next_due > NOW


async def test_feeds_that_are_merely_dead_are_no_outage_for_longer_than_a_day(
    six: Services, web: Web
) -> None:
    cut_off(web, SITES[:5])
    now = NOW
    while now < NOW + 4 * DAY:
        await due(six, now)
        now += 15 * MINUTE
    counts = six.store.request_counts(since=now - DAY)
    assert all(counts[feed.id][0] <= 5 for feed in SITES[:5]), counts
    assert counts["f5"][0] >= 12
    assert {records(six)[feed.id].next_due_reason for feed in SITES[:5]} == {"backoff"}


async def test_a_store_that_fails_in_the_middle_is_not_a_feed_s_failure(
    services: Services, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Satu", "Ringkasan."))

    def busy(*_: Any, **__: Any) -> Any:
        raise StoreBusy("another process holds it")

    with monkeypatch.context() as patched:
        patched.setattr(services.store, "known", busy)
        with pytest.raises(StoreBusy):
            await due(services, NOW)
    record = records(services)[FEED.id]
    assert (record.problem, record.failures) == (None, 0)
    await due(services, NOW + HOUR)
    assert records(services)[FEED.id].new == 1


async def test_a_host_that_hangs_costs_its_pages_one_time_out(services: Services, web: Web) -> None:
    reading = with_config(
        services, configured(services.config.output.directory, replace(FEED, read_pages=True))
    )
    web.answers[FEED.url] = rss(*(entry_xml(n, f"Berita {n}", f"Ringkasan {n}.") for n in range(1, 9)))
    web.answers |= {
        f"https://kampar.example/{n}": TimedOut(f"https://kampar.example/{n}", "no whole answer within 60 s")
        for n in range(1, 9)
    }
    await due(reading, NOW)
    assert len([each for each in web.asked if each.url.rpartition("/")[2].isdigit()]) == 1
    assert reading.store.ledger()["published"] == 8, "every story went out with the feed's text"
