"""What a document costs to be read, told by the clock of the processor (robustness, TL-13 and TL-14).

Here the work is done as the daemon does it: in the pool's own children, with the budgets that it has.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from aggregator import workers
from aggregator.jobs import answers, read
from aggregator.model import ByteSize
from aggregator.workers import Workers
from tests.daemon.program import text_of
from tests.fetch import burdens
from tests.jobs.conftest import entry_xml, rss
from tests.origin import Origin, reply
from tests.robustness.conftest import Desk, feed_at, headline_of, news, settings

pytestmark = pytest.mark.anyio
MUCH = 9_000_000  # bytes
LARGE = settings(max_body=ByteSize(12_000_000), timeout=timedelta(seconds=20))
QUICK = 9.0  # seconds on a busy machine; the work itself takes less than three
ENTRY = "<item><guid>{n}</guid><title>Berita {n}</title></item>"


def around(inside: str) -> bytes:
    return rss(entry_xml(1, headline_of(1), text_of("berita 1", 40)), inside)


def filled(piece: str) -> str:
    """As many of these as make nine megabytes."""
    return piece * (MUCH // len(piece))


BOMBS = {
    "a legal document of ten megabytes": lambda: around(
        "".join(
            f"<item><guid>{n}</guid><title>b {n}</title><description>{'teks ' * 38}</description></item>"
            for n in range(35_000)
        )
    ),
    "fifty thousand entries": lambda: around("".join(ENTRY.format(n=n) for n in range(50_000))),
    "a million empty entries": lambda: around(filled("<item/>")),
    "entries that are not closed": lambda: around(filled("<item><title>x")),
    "entries of a document that is not well-formed": lambda: around(
        "".join(ENTRY.format(n=n) for n in range(150_000)) + "<b>"
    ),
    "brackets": lambda: around(filled("<")),
    "nothing but brackets": lambda: b"<" * MUCH,
    "ampersands": lambda: around(filled("&")),
    "comments that are not closed": lambda: around("<!--" * 50_000),
    "comments": lambda: around("<!-- x -->" * 50_000),
    "attributes of one element": lambda: around(
        "<item " + " ".join(f'a{n}="1"' for n in range(200_000)) + "><title>x</title></item>"
    ),
    "attributes of many elements": lambda: around(
        ("<item " + " ".join(f'a{n}="1"' for n in range(400)) + "/>") * 2_000
    ),
    "an address of 100 KB": lambda: around(f"<item><author>{'a.' * 50_000}</author><title>x</title></item>"),
    "long addresses": lambda: around(
        "".join(
            f"<item><guid>{n}</guid><author>{'a.' * 500}@{'b.' * 500}</author></item>" for n in range(4_000)
        )
    ),
    "elements that are not closed, in every text": lambda: around(
        "".join(
            f"<item><guid>{n}</guid><title>b {n}</title><description>"
            + "".join(f"&lt;b title={k}&gt;&lt;p&gt;" for k in range(145))
            + "</description></item>"
            for n in range(2_000)
        )
    ),
    "divisions behind a comment": lambda: around(
        "".join(
            f"<item><guid>{n}</guid><title>b {n}</title><description>"
            + "&lt;div&gt;&lt;!-- &lt;/div&gt; --&gt;" * 1_000
            + "</description></item>"
            for n in range(200)
        )
    ),
    "empty objects of JSON": lambda: (
        b'{"version":"https://jsonfeed.org/version/1.1","title":"x","items":['
        + b",".join([b"{}"] * 2_000_000)
        + b"]}"
    ),
}


class Timed:
    """The daemon's own pool, and how long the calls took that were made."""

    def __init__(self) -> None:
        self.pool = Workers(2)
        self.longest = 0.0

    async def run(self, function: Callable[..., Any], /, *args: Any, seconds: float, **kwargs: Any) -> Any:
        before = time.monotonic()
        try:
            return await self.pool.run(function, *args, seconds=seconds, **kwargs)
        finally:
            self.longest = max(self.longest, time.monotonic() - before)

    async def close(self) -> None:
        """Leave it open for what comes after: its fixture closes it."""


@pytest.fixture
async def timed() -> AsyncIterator[Timed]:
    timed = Timed()
    yield timed
    await timed.pool.close()


@pytest.fixture
async def pool(timed: Timed) -> Workers:
    return timed.pool


async def bombed(desk: Desk, origin: Origin, timed: Timed, body: bytes) -> None:
    """Ask a feed with this document beside a good one."""
    with Origin("127.0.0.2") as other:
        desk.origins.append(other)
        other.answer("/feed", reply(200, news(900)))
        origin.answer("/feed", reply(200, body))
        desk.workers = timed
        feeds = (feed_at(origin.url("/feed")), feed_at(other.url("/feed"), "lain"))
        await desk.configure(*feeds, polling=LARGE)
        await desk.round()
        assert desk.feed("lain")["state"] == "ok"
        assert desk.feed("lain")["entries"]["new"] == 1


@pytest.mark.parametrize("name", BOMBS)
async def test_tl_13_what_only_costs_is_read_or_refused_long_before_its_budget_ends(
    desk: Desk, origin: Origin, timed: Timed, name: str
) -> None:
    await bombed(desk, origin, timed, BOMBS[name]())
    told = desk.feed()
    assert 0 < timed.longest < QUICK, told
    assert told["state"] == "ok" or told["error"]["kind"] in (
        "too-expensive",
        "truncated",
        "not-a-feed",
        "parse",
    )
    if told["error"] and told["error"]["kind"] == "too-expensive":
        assert not told["error"]["message"].startswith("reading it"), "it was killed"


async def test_tl_13_the_first_three_thousand_entries_of_a_document_are_read(
    desk: Desk, origin: Origin, timed: Timed
) -> None:
    await bombed(desk, origin, timed, rss(*(ENTRY.format(n=n) for n in range(5_000))))
    assert desk.ledger()["accepted"] == 3_001  # with that of the other feed


async def test_tl_13_14_a_document_that_takes_its_child_all_its_time_is_killed_while_others_are_read(
    pool: Workers,
) -> None:
    """The budgets are those that the jobs give; only the work is one that never ends."""
    assert answers.PARSE_SECONDS == read.EXTRACT_SECONDS == 10
    assert (workers.CPU_SECONDS, workers.MEMORY) == (20, 512 * 2**20)
    before = time.monotonic()
    endless = asyncio.create_task(pool.run(burdens.endless_in_c, seconds=1))
    others = [await pool.run(burdens.double, n, seconds=5) for n in range(50)]
    assert others == [2 * n for n in range(50)]
    assert not endless.done()
    outcome = (await asyncio.gather(endless, return_exceptions=True))[0]
    assert str(outcome) == "reading it took longer than 1 s"
    assert time.monotonic() - before < 6
    assert await pool.run(burdens.double, 4, seconds=5) == 8


async def test_tl_13_the_processor_time_of_a_child_is_bounded_by_the_kernel_as_well(pool: Workers) -> None:
    """Where the daemon is stopped (a debugger, a frozen machine) nobody looks at the clock."""
    used, most = await pool.run(burdens.cpu_limit, seconds=5)
    assert used < most <= used + workers.CPU_SECONDS + 2


PARAGRAPH = "<p>" + "Warga desa itu berkata bahwa banjir datang tiap tahun. " * 8 + "</p>"
PAGES = {
    "divisions": "<div>" * 100_000 + PARAGRAPH,
    "paragraphs": filled("<p>")[:5_000_000],
    "comments": "<!--" * 50_000,
    "spans": "<span>" * 300_000,
    "brackets": "<" * 4_900_000,
    "one paragraph": "<p>" + "kata " * 950_000,
    "tables": "<table><tr><td>" * 60_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(200_000)) + ">",
    "links": "".join(f"<a href='/{n}'>{n}</a> " for n in range(150_000)),
    "left open": "".join(f"<b title={n}>" for n in range(300)) + "<p>x" * 100_000,
    "structured data": "<script type='application/ld+json'>" + "[" * 3_000_000 + "</script>",
    "breaks": PARAGRAPH + "<br>" * 1_000_000,
}


@pytest.mark.parametrize("name", PAGES)
async def test_tl_14_a_page_that_only_costs_is_done_with_in_its_budget_and_its_story_goes_out(
    desk: Desk, origin: Origin, timed: Timed, name: str
) -> None:
    markup = (
        f"<html><body><article><h1>{headline_of(1)}</h1>{PARAGRAPH * 3}{PAGES[name]}</article></body></html>"
    )
    origin.answer("/1", reply(200, markup.encode(), {"Content-Type": "text/html"}))
    body = rss(
        entry_xml(1, headline_of(1), "Ringkasan.").replace("https://kampar.example/1", origin.url("/1"))
    )
    origin.answer("/feed", reply(200, body))
    desk.workers = timed
    await desk.configure(feed_at(origin.url("/feed"), read_pages=True), polling=LARGE)
    await desk.round()
    assert 0 < timed.longest < read.EXTRACT_SECONDS + 5
    assert desk.headlines() == [headline_of(1)]
