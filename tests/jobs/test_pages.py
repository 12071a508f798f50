"""Pages: whose leave is asked, how often one is tried, and that no story waits for its page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from aggregator.errors import (
    FetchError,
    Refused,
    Rejected,
    StoreFull,
    TimedOut,
    ToldToWait,
    TooLarge,
)
from aggregator.jobs.hosts import HostWaits
from aggregator.jobs.pages import BEHIND_FEEDS
from aggregator.jobs.read import read_waiting
from aggregator.jobs.robots import Robots
from aggregator.jobs.round import RoundOptions, run_round
from aggregator.jobs.services import Services
from aggregator.model import Document, NotModified, Request, Story, Validators
from aggregator.store.schema import entry
from tests.fetching import fetching, polling
from tests.jobs.conftest import FEED, NOW, Web, configured, entry_xml, rss, with_config
from tests.origin import Origin, reply

pytestmark = pytest.mark.anyio
FORCE = RoundOptions(force=True)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
READ = replace(FEED, read_pages=True)
HOST = "kampar.example:443"
PAGE = "https://kampar.example/1"
ROBOTS = "https://kampar.example/robots.txt"
SENTENCE = "Ribuan warga Kazakhstan turun ke jalan di Almaty menolak kenaikan harga gas, kata kepolisian. "


def page(title: str = "Satu") -> bytes:
    text = f"<p>{SENTENCE * 3}</p>" * 3
    return f"<html><body><article><h1>{title}</h1>{text}</article></body></html>".encode()


@pytest.fixture
def reading(services: Services, web: Web) -> Services:
    """A feed of one entry whose page is to be read."""
    web.answers[READ.url] = rss(entry_xml(1, "Satu", "Ringkasan."))
    return with_config(services, configured(services.config.output.directory, READ))


def restarted(services: Services) -> Services:
    return replace(services, robots=Robots(), hosts=HostWaits())


async def at(services: Services, after: timedelta = timedelta()) -> None:
    await run_round(FORCE, services=services, now=NOW + after)


def asked(web: Web, url: str = PAGE) -> int:
    return sum(request.url == url for request in web.asked)


def stored(services: Services) -> Any:
    """The row of the only entry: tries, retry_at, page_error."""
    with services.store._read() as connection:
        return connection.execute(select(entry.c.tries, entry.c.retry_at, entry.c.page_error)).one()


def stories(services: Services) -> list[Story]:
    return list(services.store.stories())


def text_from(services: Services) -> str:
    [story] = stories(services)
    return story.article.text_from


def rejected(status: int, retry_after: timedelta | None = None, host: str | None = HOST) -> Rejected:
    again = NOW + retry_after if retry_after is not None else None
    return Rejected(PAGE, f"it answered {status}", http_status=status, retry_after=again, host=host)


async def test_a_page_is_asked_for_once_its_origin_lets_us(reading: Services, web: Web) -> None:
    web.answers[PAGE] = page()
    await at(reading)
    assert [request.url for request in web.asked] == [READ.url, ROBOTS, PAGE]
    assert text_from(reading) == "page"
    assert stored(reading) == (0, None, None)


async def test_a_feed_is_asked_for_without_its_robots_txt(services: Services, web: Web) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Satu", SENTENCE))
    web.answers[ROBOTS] = b"user-agent: *\ndisallow: /"
    await at(services)
    assert [request.url for request in web.asked] == [FEED.url]
    assert len(stories(services)) == 1


async def test_a_page_that_is_not_to_be_read_is_never_asked_for_not_even_by_force(
    reading: Services, web: Web
) -> None:
    web.answers |= {ROBOTS: b"user-agent: *\ndisallow: /1", PAGE: page()}
    for day in range(5):
        await at(reading, day * DAY)
    assert (asked(web), text_from(reading)) == (0, "feed")
    assert stored(reading) == (0, None, "its robots.txt does not let us read this page")
    # Its rules change: the page is read when the entry does.
    web.answers |= {ROBOTS: b"", READ.url: rss(entry_xml(1, "Satu!", "Ringkasan."))}
    await at(reading, 6 * DAY)
    assert (asked(web), text_from(reading)) == (1, "page")


async def test_the_origin_that_a_page_redirects_to_is_asked_too(reading: Services, web: Web) -> None:
    there = "https://lain.example/ruang/1"
    web.answers[PAGE] = Document(url=there, status=200, content_type="text/html", body=page())
    web.answers["https://lain.example/robots.txt"] = b"user-agent: aggregator\ndisallow: /ruang/"
    await at(reading)
    assert text_from(reading) == "feed"
    assert stored(reading) == (0, None, "its robots.txt does not let us read this page")


async def test_a_story_goes_out_at_once_while_its_page_waits_for_robots_txt_and_is_replaced_once(
    reading: Services, web: Web
) -> None:
    web.answers |= {ROBOTS: TimedOut(ROBOTS, "no whole answer within 60 s"), PAGE: page()}
    await at(reading)
    [story] = stories(reading)
    assert (asked(web), text_from(reading)) == (0, "feed")
    assert (reading.config.output.directory / "semua" / "feed.json").exists()
    reason = "its robots.txt cannot be had: no whole answer within 60 s"
    assert stored(reading) == (0, NOW + HOUR, reason)
    await at(reading, HOUR - timedelta(seconds=1))
    assert asked(web, ROBOTS) == 1
    for days in range(5):  # far more often than three times
        await at(restarted(reading), DAY * (1 + days))
        assert stored(reading).tries == 0
    web.answers[ROBOTS] = rejected(404)
    await at(reading, 10 * DAY)
    assert (asked(web), text_from(reading)) == (1, "page")
    assert [each.id for each in stories(reading)] == [story.id]
    assert stored(reading) == (0, None, None)
    for days in range(11, 14):
        await at(restarted(reading), days * DAY)
    assert asked(web) == 1


async def test_waiting_for_robots_txt_takes_no_try_away_from_the_page(reading: Services, web: Web) -> None:
    web.answers |= {ROBOTS: rejected(500), PAGE: TimedOut(PAGE, "no whole answer within 60 s")}
    await at(reading)
    web.answers[ROBOTS] = b""
    for day in range(1, 9):
        await at(reading, day * DAY)
        if day == 2:
            web.answers[ROBOTS] = rejected(503)
    assert asked(web) == 2
    web.answers[ROBOTS] = b""
    for day in range(9, 20):
        await at(reading, day * DAY)
    assert asked(web) == 3


async def test_a_page_that_waits_for_leave_is_given_up_in_the_end(reading: Services, web: Web) -> None:
    class Never(Robots):
        async def check(self, url: str, *, services: Services, now: Any) -> None:
            raise ToldToWait(url, "its robots.txt cannot be had: never", retry_after=now + DAY)

    services = replace(reading, robots=Never())
    for day in range(50):
        await at(services, day * DAY)
    tries, again, reason = stored(services)
    assert (tries, again, reason) == (0, None, "its robots.txt cannot be had: never")
    assert (asked(web), text_from(services)) == (0, "feed")


@pytest.mark.parametrize("behind", [timedelta(), -HOUR])
async def test_a_wait_that_is_over_already_makes_no_reading_without_end(
    reading: Services, web: Web, behind: timedelta
) -> None:
    web.answers[PAGE] = ToldToWait(PAGE, "x", http_status=429, retry_after=NOW + behind)
    await asyncio.wait_for(at(reading), 20)
    assert stored(reading).retry_at > NOW


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (rejected(404), 3),  # it may be on its way
        (rejected(403), 3),
        (rejected(500), 3),
        (TimedOut(PAGE, "no whole answer within 60 s"), 3),
        (rejected(410), 1),
        (Refused(PAGE, "it redirects to where we do not go"), 1),
        (TooLarge(PAGE, "it is larger than 10 MB"), 1),
    ],
    ids=["404", "403", "500", "time-out", "410", "refused", "too large"],
)
async def test_a_page_is_tried_three_times_unless_the_first_answer_is_final(
    reading: Services, web: Web, error: FetchError, times: int
) -> None:
    web.answers[PAGE] = error
    for day in range(8):
        await at(restarted(reading), day * DAY)
    assert asked(web) == times
    tries, again, reason = stored(reading)
    assert (again, reason) == (None, error.reason)
    assert tries <= 2


async def test_a_page_that_is_not_yet_there_is_read_when_it_is(reading: Services, web: Web) -> None:
    await at(reading)
    assert (text_from(reading), stored(reading).retry_at) == ("feed", NOW + HOUR)
    web.answers[PAGE] = page()
    await at(reading, HOUR)
    assert text_from(reading) == "page"


async def test_pm_22_the_retry_after_of_a_503_is_honoured_and_only_by_that_page(
    reading: Services, web: Web
) -> None:
    web.answers[PAGE] = rejected(503, retry_after=30 * HOUR)
    await at(reading)
    assert stored(reading) == (1, NOW + 30 * HOUR, "it answered 503")
    assert reading.hosts.until(PAGE, NOW) is None
    await at(reading, 29 * HOUR)
    assert asked(web) == 1
    await at(reading, 30 * HOUR)
    assert asked(web) == 2


async def test_pm_24_a_429_of_one_page_lets_the_others_of_its_host_wait(reading: Services, web: Web) -> None:
    web.answers[READ.url] = rss(*(entry_xml(n, f"Berita {n}", "Ringkasan.") for n in range(1, 6)))
    web.answers |= {f"https://kampar.example/{n}": rejected(429, retry_after=2 * HOUR) for n in range(1, 6)}
    await at(reading)
    pages = [request.url for request in web.asked if request.url not in (READ.url, ROBOTS)]
    assert len(pages) == 1
    assert len(stories(reading)) == 5
    with reading.store._read() as connection:
        rows = connection.execute(select(entry.c.tries, entry.c.retry_at)).all()
    assert sorted(rows) == [(0, NOW + 2 * HOUR + BEHIND_FEEDS)] * 4 + [(1, NOW + 2 * HOUR + BEHIND_FEEDS)]
    web.answers |= {f"https://kampar.example/{n}": page(f"Berita {n}") for n in range(1, 6)}
    await run_round(RoundOptions(feeds=("none",)), services=restarted(reading), now=NOW + HOUR)
    assert len([request for request in web.asked if request.url in pages]) == 1
    await at(reading, 2 * HOUR + BEHIND_FEEDS)
    assert {story.article.text_from for story in stories(reading)} == {"page"}


async def test_a_host_that_asked_for_peace_before_a_restart_is_asked_for_no_page(
    reading: Services, web: Web
) -> None:
    reading.store.put_host_wait(HOST, NOW + HOUR)
    web.answers[PAGE] = page()
    await read_waiting(services=reading, now=NOW)
    await at(reading)
    assert (asked(web), asked(web, ROBOTS)) == (0, 0)
    assert stored(reading) == (0, NOW + HOUR + BEHIND_FEEDS, "its host asked to be left alone for a while")
    await at(reading, HOUR + BEHIND_FEEDS)
    assert text_from(reading) == "page"


async def test_a_host_whose_rules_are_known_is_left_alone_too_after_a_restart(
    reading: Services, web: Web
) -> None:
    await at(reading)
    reading.store.put_host_wait(HOST, NOW + 5 * HOUR)
    await at(restarted(reading), 2 * HOUR)
    assert (asked(web), asked(web, ROBOTS)) == (1, 1)
    assert stored(reading).retry_at == NOW + 5 * HOUR + BEHIND_FEEDS


async def test_a_page_is_read_again_only_when_its_entry_changed(reading: Services, web: Web) -> None:
    web.answers[PAGE] = page()
    first = rss(entry_xml(1, "Satu", "Ringkasan."))
    other = rss(entry_xml(2, "Dua", SENTENCE * 9), entry_xml(1, "Satu", "Ringkasan."))
    edited = rss(entry_xml(1, "Satu diralat", "Ringkasan."))
    times = []
    documents = [
        first,
        first,
        NotModified(validators=Validators()),
        other,
        rss(),
        first,
        edited,
        edited,
        rss(entry_xml(1, "Satu diralat", "Ringkasan.", date="Sat, 08 Jan 2022 01:00:00 GMT")),
    ]
    for day, document in enumerate(documents):
        web.answers[READ.url] = document
        await at(restarted(reading), day * DAY)
        await at(reading, day * DAY + HOUR)
        times.append(asked(web))
    assert times == [1, 1, 1, 1, 1, 1, 2, 2, 3]


async def test_an_edit_gives_a_page_its_tries_back(reading: Services, web: Web) -> None:
    web.answers[PAGE] = rejected(500)
    for day in range(5):
        await at(reading, day * DAY)
    assert asked(web) == 3
    web.answers[READ.url] = rss(entry_xml(1, "Satu diralat", "Ringkasan."))
    for day in range(5, 10):
        await at(reading, day * DAY)
    assert asked(web) == 6


async def test_a_store_that_is_full_is_no_fault_of_the_page(reading: Services, web: Web) -> None:
    class Full(HostWaits):
        async def told(self, *_: Any, **__: Any) -> None:
            raise StoreFull("no space left")

    with pytest.raises(StoreFull):
        await at(replace(reading, hosts=Full()))
    assert stored(reading) == (0, None, None)
    await at(reading, HOUR)
    assert len(stories(reading)) == 1


class Silent(Web):
    """Answers for feeds only; all else never comes."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__()
        self.answers = answers
        self.under_way = 0
        self.begun = asyncio.Event()

    async def fetch(self, request: Request, **more: Any) -> Document | NotModified:
        if request.url == READ.url:
            return await super().fetch(request, **more)
        self.under_way += 1
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)  # as a connection that has to be closed
            self.under_way -= 1
        raise AssertionError


async def test_a_reading_that_is_cancelled_leaves_nothing(reading: Services, web: Web) -> None:
    entries = [entry_xml(n, f"Berita {n}", "Ringkasan.") for n in range(1, 9)]
    silent = Silent({READ.url: rss(*entries)})
    others = asyncio.all_tasks()
    task = asyncio.create_task(at(replace(reading, fetcher=silent)))
    await silent.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert silent.under_way == 0
    assert asyncio.all_tasks() == others
    assert stories(reading) == []
    assert reading.store.waiting_count(now=NOW) == 8
    web.answers = {READ.url: rss(*entries)}
    await at(reading)
    assert len(stories(reading)) == 8


# On real sockets.


@pytest.fixture
async def sockets(services: Services) -> AsyncIterator[tuple[Origin, Services]]:
    """A feed and its pages on an origin of our own, two of a host at once, a twentieth of a second apart."""
    with Origin() as origin:
        feed = replace(READ, url=origin.url("/rss"))
        services = with_config(services, configured(services.config.output.directory, feed))
        settings = polling(per_host=2, host_delay=timedelta(seconds=0.05))
        async with fetching(settings) as fetcher:
            yield origin, replace(services, fetcher=fetcher)


def _feed(origin: Origin, count: int) -> bytes:
    entries = (entry_xml(n, f"Berita {n}", "Ringkasan.") for n in range(1, count + 1))
    return rss(*entries).replace(b"https://kampar.example/", origin.url("/").encode())


async def test_pages_are_paced_as_feeds_are_and_40_of_one_host_ask_for_one_robots_txt(
    sockets: tuple[Origin, Services],
) -> None:
    origin, services = sockets
    origin.answer("/rss", reply(body=_feed(origin, 40)))
    origin.answer("/robots.txt", (0.1, reply(body=b"user-agent: *\ndisallow: /7")))
    for number in range(1, 41):
        origin.answer(f"/{number}", (0.06, reply(body=page(f"Berita {number}"))))
    await at(services)
    seen = origin.seen()
    assert [request.target for request in seen[:2]] == ["/rss", "/robots.txt"]
    assert sorted(request.target for request in seen[2:]) == sorted(f"/{n}" for n in range(1, 41) if n != 7)
    assert max(request.open for request in seen) == 2
    # A busy machine may hold one request up and the next one not: over all of them the delay shows.
    assert seen[-1].at - seen[0].at >= 0.045 * (len(seen) - 1)
    for request in seen:
        names = {name.lower() for name, _ in request.headers}
        assert names.isdisjoint({b"cookie", b"referer", b"cache-control", b"pragma", b"if-none-match"})
    by = [story.article.text_from for story in stories(services)]
    assert (len(by), by.count("feed")) == (40, 1)


async def test_pm_24_a_429_stops_the_pages_that_wait_for_their_turn(sockets: tuple[Origin, Services]) -> None:
    origin, services = sockets
    origin.answer("/rss", reply(body=_feed(origin, 20)))
    for number in range(1, 21):
        answer = reply(body=page(f"Berita {number}")) if number in (1, 10, 11) else reply(429)
        origin.answer(f"/{number}", answer)
    await at(services)
    pages = [request.target for request in origin.seen() if request.target not in ("/rss", "/robots.txt")]
    assert pages[:4] == ["/1", "/10", "/11", "/12"]
    assert len(pages) <= 5  # one may have been under way beside it
    assert len(stories(services)) == 20
    before = len(origin.seen())
    await read_waiting(services=restarted(services), now=NOW + HOUR / 2)
    assert len(origin.seen()) == before


@pytest.mark.parametrize(
    "robots", [(9.0,), (reply(500),), (reply(302, headers={"Location": "//10.0.0.1/"}),)]
)
async def test_no_story_waits_for_a_robots_txt_whatever_it_is(
    sockets: tuple[Origin, Services], robots: Any
) -> None:
    origin, services = sockets
    origin.answer("/rss", reply(body=_feed(origin, 5)))
    origin.answer("/robots.txt", robots)
    await at(services)
    assert len(stories(services)) == 5
    assert len(origin.seen("/robots.txt")) == 1
    assert (services.config.output.directory / "semua" / "atom.xml").exists()
