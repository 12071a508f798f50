"""Five hundred origins that never answer beside five hundred that do: how much later the last good one is done.

    python bench/silent.py [--feeds 500]

Each origin has an address of its own in 127.0.0.0/8. Prints both times; a silent request gives up its place after
two seconds without a byte, so that 500 of them cost the good ones at most a few turns of 64 places.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from aggregator.cli.work import allow_files, services_for
from aggregator.jobs.poll import poll
from aggregator.jobs.services import Services, StoreThread
from aggregator.model import (
    Config,
    FeedRecord,
    FeedSettings,
    OutputSettings,
    PollingSettings,
    PollOutcome,
    SiteSettings,
)
from aggregator.store import open_store

PORT = 18_700
NOW = datetime(2022, 1, 8, tzinfo=UTC)
FEED = (
    b'<rss version="2.0"><channel><title>Kabar</title><link>http://kabar.example/</link>'
    b"<item><guid>1</guid><title>Satu</title></item></channel></rss>"
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: %d\r\n\r\n%s" % (
    len(FEED),
    FEED,
)


async def good(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with a feed."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER)
    await writer.drain()
    writer.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the connection, and say nothing until it is given up."""
    await reader.read()
    while not reader.at_eof():
        await reader.read(4096)
    writer.close()


def address(kind: int, number: int) -> str:
    """Give an address of its own to each origin."""
    return f"127.{kind}.{number // 250}.{number % 250 + 1}"


async def last_good(services: Services, records: list[FeedRecord]) -> float:
    """Poll these feeds together, and give the seconds until the last good one was stored."""
    began, last = time.monotonic(), 0.0

    def saved(record: FeedRecord, outcome: PollOutcome) -> None:
        nonlocal last
        if record.id.startswith("good"):
            assert outcome.problem is None, outcome.problem
            last = time.monotonic() - began

    await poll(records, services=services, now=NOW, insist=True, saved=saved)
    return last


async def measure(feeds: int, folder: Path) -> tuple[float, float]:
    """Give the time of the good ones alone, then beside the silent ones."""
    servers = [
        await asyncio.start_server(answer, address(kind, number), PORT)
        for kind, answer in ((41, good), (42, silent))
        for number in range(feeds)
    ]
    configured = [
        FeedSettings(
            id=f"{name}-{number}", url=f"http://{address(kind, number)}:{PORT}/rss", read_pages=False
        )
        for kind, name in ((42, "silent"), (41, "good"))
        for number in range(feeds)
    ]
    config = Config(
        site=SiteSettings(title="silent", url="http://127.0.0.1:8080/"),
        polling=PollingSettings(allow_networks=("127.0.0.0/8",)),
        output=OutputSettings(directory=folder / "output"),
        feed=tuple(configured),
    )
    allow_files(config)
    store, call = open_store(f"sqlite:{folder}/state.db", now=NOW), StoreThread()
    store.sync_feeds(config.feed, now=NOW)
    services = services_for(config, store, call)
    records = store.feed_records()
    alone = await last_good(services, [each for each in records if each.id.startswith("good")])
    # The silent ones come first, and take the places first.
    together = await last_good(services, sorted(records, key=lambda each: each.id.startswith("good")))
    await services.fetcher.close()
    await services.workers.close()
    for server in servers:
        server.close()
    call.close()
    store.close()
    return alone, together


def main() -> int:
    """Measure, and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--feeds", type=int, default=500)
    feeds = options.parse_args().feeds
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        alone, together = asyncio.run(measure(feeds, Path(folder)))
    print(
        f"last of {feeds} good feeds: {alone:.1f} s alone, {together:.1f} s beside {feeds} silent ones "
        f"({together - alone:+.1f} s)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
