"""What origins let us read: asked for once, remembered for a day, and what a hostile robots.txt brings about."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.errors import (
    BadEncoding,
    FetchError,
    Refused,
    Rejected,
    TimedOut,
    TlsFailed,
    ToldToWait,
    TooLarge,
    Truncated,
    Unreachable,
)
from aggregator.jobs import robots
from aggregator.jobs.hosts import HostWaits
from aggregator.jobs.robots import Robots
from aggregator.jobs.services import Services
from aggregator.model import Document, NotModified, Request, RobotsFile, Validators
from tests.fetching import fetching
from tests.jobs.conftest import NOW, Here, Web
from tests.origin import CLOSE, Answer, Origin, reply

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SITE = "https://kampar.example"
FILE = f"{SITE}/robots.txt"
ORIGIN = f"{SITE}:443"
CLOSED = b"User-agent: *\nDisallow: /tertutup/\n"


async def check(services: Services, url: str, after: timedelta = timedelta()) -> None:
    await services.robots.check(url, services=services, now=NOW + after)


async def verdict(services: Services, url: str, after: timedelta = timedelta()) -> str:
    try:
        await check(services, url, after)
    except Refused:
        return "refused"
    except ToldToWait:
        return "waits"
    return "allowed"


def asked(web: Web) -> int:
    """How often the robots.txt was asked for."""
    return sum(request.url.endswith("/robots.txt") for request in web.asked)


def restarted(services: Services) -> Services:
    return replace(services, robots=Robots(), hosts=HostWaits())


def status(number: int, retry_after: timedelta | None = None) -> Rejected:
    again = NOW + retry_after if retry_after is not None else None
    reason = f"it answered {number}"
    return Rejected(FILE, reason, http_status=number, retry_after=again, host="kampar.example:443")


async def test_what_is_not_to_be_read_is_refused_in_plain_words(services: Services, web: Web) -> None:
    web.answers[FILE] = CLOSED
    await check(services, f"{SITE}/berita/1")
    with pytest.raises(Refused, match=r"its robots\.txt does not let us read this page") as caught:
        await check(services, "https://nama:sandi@kampar.example/tertutup/1")
    assert "sandi" not in caught.value.url


async def test_the_query_counts_too(services: Services, web: Web) -> None:
    web.answers[FILE] = b"user-agent: aggregator\ndisallow: /*?cetak="
    assert await verdict(services, f"{SITE}/1?cetak=1") == "refused"
    assert await verdict(services, f"{SITE}/1?id=1#?cetak=") == "allowed"


async def test_every_origin_has_its_own(services: Services, web: Web) -> None:
    web.answers[FILE] = b"user-agent: *\ndisallow: /"
    assert await verdict(services, f"{SITE}/1") == "refused"
    for other in ("http://kampar.example", "https://kampar.example:8443", "https://www.kampar.example"):
        assert await verdict(services, f"{other}/1") == "allowed"
    assert [request.url for request in web.asked] == [
        FILE,
        "http://kampar.example/robots.txt",
        "https://kampar.example:8443/robots.txt",
        "https://www.kampar.example/robots.txt",
    ]


async def test_a_robots_txt_is_asked_for_bare(services: Services, web: Web) -> None:
    await check(services, "https://nama:sandi@kampar.example:443/x?y=1#z")
    [request] = web.asked
    assert request == Request(url=FILE, accept=request.accept, max_body=512 * 1024, cut=True)
    assert request.accept.startswith("text/plain")


@pytest.mark.parametrize("url", ["", "kampar.example/1", "ftp://kampar.example/1", "javascript:1", "http://"])
async def test_what_is_never_fetched_is_left_to_the_fetcher(services: Services, web: Web, url: str) -> None:
    assert await verdict(services, url) == "allowed"
    assert web.asked == []


@pytest.mark.parametrize("number", [204, 301, 304, 400, 401, 403, 404, 408, 410, 451, 499])
async def test_an_origin_without_one_forbids_nothing(services: Services, web: Web, number: int) -> None:
    web.answers[FILE] = status(number)
    assert await verdict(services, f"{SITE}/1") == "allowed"


@pytest.mark.parametrize(
    "error",
    [
        Rejected(FILE, "its redirects go round in a circle"),
        Refused(FILE, "it redirects more than 10 times"),
        Refused(FILE, "it redirects to where we do not go: 10.0.0.1 is no public address"),
    ],
    ids=["circle", "too many", "private"],
)
async def test_one_whose_redirects_lead_nowhere_is_none_and_looked_for_again_soon(
    services: Services, web: Web, error: FetchError
) -> None:
    web.answers[FILE] = error
    assert await verdict(services, f"{SITE}/tertutup/1") == "allowed"
    web.answers[FILE] = CLOSED
    assert await verdict(restarted(services), f"{SITE}/tertutup/1", HOUR / 2) == "allowed"
    assert await verdict(services, f"{SITE}/tertutup/1", HOUR) == "refused"
    assert asked(web) == 2


UNDEFINED: list[Any] = [
    status(500),
    status(503),
    status(599),
    status(600),
    Unreachable(FILE, "the name kampar.example is not known"),
    TimedOut(FILE, "no whole answer within 60 s"),
    TlsFailed(FILE, "its certificate has run out"),
    TooLarge(FILE, "it is larger than 10 MB"),
    BadEncoding(FILE, "x"),
    Truncated(FILE, "the answer breaks off before its end"),
    NotModified(validators=Validators()),
]


@pytest.mark.parametrize("answer", UNDEFINED, ids=lambda each: type(each).__name__)
async def test_one_that_cannot_be_had_forbids_everything_for_the_time_being(
    services: Services, web: Web, answer: Any
) -> None:
    web.answers[FILE] = answer
    with pytest.raises(ToldToWait, match=r"its robots\.txt cannot be had: ") as caught:
        await check(services, f"{SITE}/1")
    assert caught.value.retry_after == NOW + HOUR
    assert caught.value.http_status is None
    assert await verdict(services, f"{SITE}/2", HOUR / 2) == "waits"
    assert asked(web) == 1
    web.answers[FILE] = CLOSED
    assert await verdict(services, f"{SITE}/1", HOUR) == "allowed"
    assert await verdict(services, f"{SITE}/tertutup/1", HOUR) == "refused"
    assert asked(web) == 2


async def test_one_that_was_had_and_cannot_be_had_any_more_forbids_everything_too(
    services: Services, web: Web
) -> None:
    web.answers[FILE] = CLOSED
    assert await verdict(services, f"{SITE}/1") == "allowed"
    web.answers[FILE] = status(503)
    assert await verdict(services, f"{SITE}/1", DAY) == "waits"


async def test_a_retry_after_of_a_503_is_honoured(services: Services, web: Web) -> None:
    web.answers[FILE] = status(503, retry_after=5 * HOUR)
    with pytest.raises(ToldToWait) as caught:
        await check(services, f"{SITE}/1")
    assert caught.value.retry_after == NOW + 5 * HOUR
    assert await verdict(services, f"{SITE}/1", 4 * HOUR) == "waits"
    assert asked(web) == 1
    assert services.store.host_waits(now=NOW) == {}


async def test_after_30_days_of_that_it_counts_as_absent_and_is_still_looked_for(
    services: Services, web: Web
) -> None:
    web.answers[FILE] = status(500)
    verdicts = {}
    for hour in range(24 * 70):
        if hour % 100 == 99:  # over restarts, and what housekeeping forgets
            services = restarted(services)
            now = NOW + hour * HOUR
            services.store.prune(now=now, keep=400 * DAY, keep_pages=30 * DAY)
        verdicts[hour] = await verdict(services, f"{SITE}/1", hour * HOUR)
    assert {verdicts[hour] for hour in range(24 * 30)} == {"waits"}
    assert {verdicts[hour] for hour in range(24 * 31, 24 * 70)} == {"allowed"}
    # Doubling from an hour to a day, and once more at every restart.
    assert asked(web) <= 70 + 10 + 24 * 70 // 100
    web.answers[FILE] = CLOSED
    assert await verdict(services, f"{SITE}/tertutup/1", 71 * DAY) == "refused"


async def test_one_that_could_be_had_between_starts_the_30_days_again(services: Services, web: Web) -> None:
    web.answers[FILE] = status(500)
    assert await verdict(services, f"{SITE}/1") == "waits"
    web.answers[FILE] = CLOSED
    assert await verdict(services, f"{SITE}/1", 29 * DAY) == "allowed"
    web.answers[FILE] = status(500)
    assert await verdict(services, f"{SITE}/1", 31 * DAY) == "waits"
    assert await verdict(services, f"{SITE}/1", 60 * DAY) == "waits"


async def test_a_429_makes_its_host_wait_and_says_nothing_of_the_rules(services: Services, web: Web) -> None:
    web.answers[FILE] = status(429, retry_after=2 * HOUR)
    with pytest.raises(ToldToWait) as caught:
        await check(services, f"{SITE}/1")
    assert caught.value.retry_after == NOW + 2 * HOUR
    assert services.hosts.until(f"{SITE}/rss", NOW) == NOW + 2 * HOUR
    assert await verdict(restarted(services), f"{SITE}/1", HOUR) == "waits"
    assert asked(web) == 1
    assert services.store.robots(ORIGIN) is None
    web.answers[FILE] = CLOSED
    assert await verdict(services, f"{SITE}/tertutup/1", 2 * HOUR) == "refused"


async def test_a_host_that_asked_to_be_left_alone_is_not_asked_for_its_rules(
    services: Services, web: Web
) -> None:
    error = status(429, retry_after=HOUR)
    await services.hosts.told(error, default=NOW, services=services, now=NOW)
    assert await verdict(restarted(services), f"{SITE}/1") == "waits"
    assert web.asked == []


async def test_an_answer_holds_for_a_day_over_restarts_and_no_longer(services: Services, web: Web) -> None:
    web.answers[FILE] = CLOSED
    for hour in range(24):
        assert await verdict(services, f"{SITE}/tertutup/{hour}", hour * HOUR) == "refused"
        services = restarted(services)
    assert asked(web) == 1
    web.answers[FILE] = b"user-agent: *\nallow: /"
    assert await verdict(services, f"{SITE}/tertutup/1", DAY) == "allowed"
    assert asked(web) == 2


async def test_an_absence_holds_for_a_day_too(services: Services, web: Web) -> None:
    for hour in range(24):
        assert await verdict(services, f"{SITE}/{hour}", hour * HOUR) == "allowed"
        services = restarted(services)
    assert asked(web) == 1


async def test_ck_01_a_clock_set_back_makes_no_answer_hold_longer(services: Services, web: Web) -> None:
    web.answers[FILE] = CLOSED
    await check(services, f"{SITE}/1", 365 * DAY)
    web.answers[FILE] = b"user-agent: *\ndisallow: /"
    assert await verdict(services, f"{SITE}/1") == "refused"
    assert await verdict(restarted(services), f"{SITE}/1", HOUR) == "refused"
    web.answers[FILE] = status(500)
    await verdict(services, f"{SITE}/1", 365 * DAY)
    assert await verdict(restarted(services), f"{SITE}/1", 31 * DAY) == "waits"
    assert await verdict(restarted(services), f"{SITE}/1", 61 * DAY) == "allowed"


async def test_only_500_kib_are_kept(services: Services, web: Web) -> None:
    web.answers[FILE] = CLOSED + b"# " + b"x" * 1_000_000 + b"\nUser-agent: aggregator\nDisallow: /\n"
    assert await verdict(services, f"{SITE}/1") == "allowed"
    assert await verdict(services, f"{SITE}/tertutup/1") == "refused"
    kept = services.store.robots(ORIGIN)
    assert kept is not None
    assert len(kept.body) <= 500 * 1024


async def test_a_large_one_is_read_where_it_holds_up_nobody(services: Services, web: Web) -> None:
    called: list[Any] = []

    class Counted(Here):
        async def run(self, function: Any, /, *args: Any, seconds: float, **kwargs: Any) -> Any:
            called.append(function)
            return await super().run(function, *args, seconds=seconds, **kwargs)

    services = replace(services, workers=Counted())
    web.answers[FILE] = CLOSED
    assert await verdict(services, f"{SITE}/tertutup/1") == "refused"
    assert called == []
    other = "https://besar.example"
    web.answers[f"{other}/robots.txt"] = CLOSED + b"allow: /*a*b*c\n" * 5000
    assert await verdict(services, f"{other}/tertutup/1") == "refused"
    assert await verdict(services, f"{other}/1") == "allowed"
    assert len(called) == 2


async def test_memory_is_bounded_whatever_origins_send(services: Services, web: Web) -> None:
    for number in range(40):
        web.answers[f"https://b{number}.example/robots.txt"] = CLOSED + b"# " + b"x" * 100_000
        assert await verdict(services, f"https://b{number}.example/tertutup/1") == "refused"
    assert len(services.robots._known) <= 11
    assert services.robots._bytes == sum(len(each.file.body) for each in services.robots._known.values())
    assert services.robots._bytes <= robots.MOST_BYTES
    # What was let go is had from the store, not asked for again.
    assert await verdict(services, "https://b0.example/tertutup/1") == "refused"
    assert asked(web) == 40


async def test_the_origins_in_memory_are_counted(
    services: Services, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(robots, "MOST_ORIGINS", 5)
    assert await verdict(services, "https://s0.example/1") == "allowed"
    first = services.robots._known["https://s0.example:443"]
    for number in range(1, 9):
        assert await verdict(services, f"https://s{number}.example/1") == "allowed"
        assert await verdict(services, "https://s0.example/1") == "allowed"  # in use: never the one to go
    assert services.robots._known["https://s0.example:443"] is first
    assert set(services.robots._known) == {f"https://s{number}.example:443" for number in (0, 5, 6, 7, 8)}
    assert not services.robots._asking


class Slow(Web):
    """Answers when it is let to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def fetch(self, request: Request, **more: Any) -> Document | NotModified:
        self.asked.append(request)
        await self.gate.wait()
        self.asked.pop()
        return await super().fetch(request, **more)


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0.005)


async def test_forty_pages_of_one_origin_ask_once(services: Services) -> None:
    slow = Slow()
    slow.answers[FILE] = CLOSED
    services = replace(services, fetcher=slow)
    paths = [f"{SITE}/{'tertutup/' if number % 2 else ''}{number}" for number in range(40)]
    checks = [asyncio.create_task(verdict(services, path)) for path in paths]
    await _settled()
    assert asked(slow) == 1
    slow.gate.set()
    assert await asyncio.gather(*checks) == ["allowed", "refused"] * 20
    assert asked(slow) == 1


async def test_forty_pages_of_an_origin_that_fails_ask_once_too(services: Services) -> None:
    slow = Slow()
    slow.answers[FILE] = TimedOut(FILE, "no whole answer within 60 s")
    services = replace(services, fetcher=slow)
    checks = [asyncio.create_task(verdict(services, f"{SITE}/{number}")) for number in range(40)]
    await _settled()
    slow.gate.set()
    assert await asyncio.gather(*checks) == ["waits"] * 40
    assert asked(slow) == 1


async def test_a_check_that_is_cancelled_leaves_the_others_their_turn(services: Services) -> None:
    slow = Slow()
    slow.answers[FILE] = CLOSED
    services = replace(services, fetcher=slow)
    first, *others = (asyncio.create_task(verdict(services, f"{SITE}/{number}")) for number in range(5))
    await _settled()
    first.cancel()
    await _settled()
    assert first.cancelled()
    slow.gate.set()
    assert await asyncio.gather(*others) == ["allowed"] * 4
    assert asked(slow) == 2  # that of the first, which ended with it, and one for all the others


# On real sockets, with all that an origin may come up with.


@pytest.fixture
async def origin(services: Services) -> AsyncIterator[tuple[Origin, Services]]:
    with Origin() as origin:
        async with fetching() as fetcher:
            yield origin, replace(services, fetcher=fetcher)


RULES = b"User-agent: aggregator\nDisallow: /tertutup\n"
BOMB = gzip.compress(b"#" * 5_000_000)
HOSTILE: dict[str, tuple[Answer, str]] = {
    "ten megabytes": (reply(body=RULES + b"#" * 10_000_000), "waits"),
    "a bomb": (reply(body=BOMB, headers={"Content-Encoding": "gzip"}), "waits"),
    "no coding of ours": (reply(body=RULES, headers={"Content-Encoding": "zopfli"}), "waits"),
    "a drip": ((reply(body=RULES)[:-9], 9.0, CLOSE), "waits"),
    "silence": ((9.0, CLOSE), "waits"),
    "no HTTP": ((b"robots\r\n\r\n", CLOSE), "waits"),
    "nothing": ((CLOSE,), "waits"),
    "half of it": ((reply(body=RULES)[:-1], CLOSE), "waits"),
    "a part": (reply(206, RULES, {"Content-Range": "bytes 0-9/99"}), "waits"),
    "a page": (reply(body=b"<html><p>Disallow: /tertutup", headers={"Content-Type": "text/html"}), "allowed"),
    "a private address": (reply(302, headers={"Location": "http://10.0.0.1/robots.txt"}), "allowed"),
    "another scheme": (reply(302, headers={"Location": "file:///etc/passwd"}), "allowed"),
    "round in a circle": (reply(302, headers={"Location": "/robots.txt"}), "allowed"),
    "nowhere": (reply(302), "allowed"),
    "a cookie": (reply(body=RULES, headers={"Set-Cookie": "a=b; Path=/"}), "refused"),
    "gzip": (reply(body=gzip.compress(RULES), headers={"Content-Encoding": "gzip"}), "refused"),
    "any type": (reply(body=RULES, headers={"Content-Type": "image/png"}), "refused"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_a_hostile_robots_txt_harms_only_its_origin(origin: tuple[Origin, Services], case: str) -> None:
    there, services = origin
    answer, expected = HOSTILE[case]
    there.answer("/robots.txt", answer)
    assert await verdict(services, there.url("/tertutup")) == expected
    assert len(there.seen()) <= 1
    await verdict(services, there.url("/tertutup"), HOUR / 2)
    assert len(there.seen()) == 1
    assert all(request.header("cookie") is None for request in there.seen())


@pytest.mark.parametrize(("hops", "expected"), [(5, "refused"), (10, "refused"), (11, "allowed")])
async def test_redirects_are_followed_and_the_rules_are_those_of_the_first_origin(
    origin: tuple[Origin, Services], hops: int, expected: str
) -> None:
    there, services = origin
    with Origin("127.0.0.2") as elsewhere:
        there.answer("/robots.txt", reply(301, headers={"Location": elsewhere.url("/1")}))
        for hop in range(1, hops):
            elsewhere.answer(f"/{hop}", reply(302, headers={"Location": f"/{hop + 1}"}))
        elsewhere.answer(f"/{hops}", reply(body=RULES))
        assert await verdict(services, there.url("/tertutup")) == expected
        assert [request.target for request in there.seen()] == ["/robots.txt"]
        assert len(elsewhere.seen("/robots.txt")) == 0
        assert await verdict(services, elsewhere.url("/tertutup")) == "allowed"
        assert len(elsewhere.seen("/robots.txt")) == 1


async def test_a_429_of_another_site_on_the_way_leaves_no_host_waiting(
    origin: tuple[Origin, Services],
) -> None:
    there, services = origin
    with Origin("127.0.0.2") as elsewhere:
        there.answer("/robots.txt", reply(302, headers={"Location": elsewhere.url("/r")}))
        elsewhere.answer("/r", reply(429, headers={"Retry-After": "7200"}))
        assert await verdict(services, there.url("/1")) == "waits"
        assert services.hosts.until(there.url("/"), NOW) is None
        assert services.hosts.until(elsewhere.url("/"), NOW) is None, "nobody silences the host of another"


async def test_what_is_stored_is_what_came(origin: tuple[Origin, Services]) -> None:
    there, services = origin
    there.answer("/robots.txt", reply(body=RULES), reply(500))
    key = there.url("").rstrip("/")
    await verdict(services, there.url("/1"))
    assert services.store.robots(key) == RobotsFile(status=200, body=RULES, fetched_at=NOW)
    await verdict(services, there.url("/1"), DAY)
    assert services.store.robots(key) == RobotsFile(status=500, body=b"", fetched_at=NOW + DAY)
