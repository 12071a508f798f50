"""A day in a few minutes: the daemon's jobs, driven minute by minute against the feed farm on real sockets.

    python bench/day.py [--feeds 200] [--hours 24] [--keep DIR]

Of the feeds 2 % fail, some answer slowly, redirect, throttle or give no validators; the farm publishes every half
hour. Prints what the farm and the store saw of our manners, whether every reachable feed is current at the end, and
how memory and open files went; the exit code is 1 when a rule was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

from aggregator.cli.work import services_for
from aggregator.core.formats import parse
from aggregator.daemon.configuration import loaded
from aggregator.errors import AggregatorError
from aggregator.jobs.places import packaged_gazetteer
from aggregator.jobs.poll import askable, poll
from aggregator.jobs.publish import publish
from aggregator.jobs.read import read_waiting
from aggregator.jobs.services import Services, StoreThread
from aggregator.store import Store, open_store

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT.parent / "shared" / "tools"
START = datetime(2022, 1, 8, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROUND_MINUTES = 30
# At the end nothing is published: who was turned away once in every round, and keeps its Retry-After, comes up by then.
NIGHT = 1 / 3
FLOOR = timedelta(minutes=15)
RETRY_AFTER = timedelta(minutes=20)
TROUBLE = [
    *("--error", "0.02", "--slow", "0.02", "--slow-latency", "const:300", "--redirect", "0.05"),
    *("--throttle", "0.03", "--throttle-times", "1", "--retry-after", str(int(RETRY_AFTER.total_seconds()))),
    *("--no-validators", "0.1", "--cosmetic", "0.05", "--latency", "lognormal:5,0.6", "--changed", "0.1"),
]


@dataclass(slots=True)
class Farm:
    """The farm, and what it says of itself."""

    base: str

    def ask(self, path: str) -> Any:
        """Ask one of its control paths."""
        with urllib.request.urlopen(self.base + path, timeout=30) as answer:
            return json.loads(answer.read())


@dataclass(slots=True)
class Seen:
    """How the process did, hour by hour."""

    megabytes: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def note(self) -> None:
        """Look at this process."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.megabytes.append(pages * resource.getpagesize() / 1e6)
        self.files.append(len(os.listdir("/proc/self/fd")))


@contextmanager
def farm(options: argparse.Namespace, work: Path) -> Iterator[Farm]:
    """Run the farm while this lasts."""
    command = [
        *(sys.executable, str(TOOLS / "feedfarm.py"), "--feeds", str(options.feeds), "--entries", "20"),
        *("--epoch", START.isoformat(), "--round-minutes", str(ROUND_MINUTES), "--port", str(options.port)),
        *("--hosts", "40", "--no-articles", "--write-urls", str(work / "urls.txt"), *TROUBLE),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield Farm(f"http://127.0.0.1:{options.port}")
    finally:
        process.terminate()
        process.wait()


def write_config(work: Path) -> Path:
    """Write feeds.toml: what a newsroom has by default, but for the loopback and the delay on the real clock."""
    feeds = [
        f'\n[[feed]]\nid = "f{number}"\nurl = "{url}"\nread_pages = false\n'
        for number, url in enumerate((work / "urls.txt").read_text("utf-8").split(), start=1)
    ]
    path = work / "feeds.toml"
    path.write_text(
        '[site]\ntitle = "A day"\nurl = "http://127.0.0.1:8080/"\ncontact = "day@kabar.example"\n'
        '[polling]\nhost_delay = "0s"\ntimeout = "2s"\nallow_networks = ["127.0.0.0/8"]\n'
        '[server]\nlisten = ""\n[[section]]\nid = "all"\ntitle = "All"\n' + "".join(feeds),
        "utf-8",
    )
    return path


async def drive(services: Services, source: Farm, hours: int) -> Seen:
    """Let the day pass: what is due is asked at every minute, then read and published, as the daemon does."""
    seen = Seen()
    for minute in range(hours * 60):
        now = START + minute * MINUTE
        if minute and minute % ROUND_MINUTES == 0 and minute < hours * 60 * (1 - NIGHT):
            await asyncio.to_thread(source.ask, "/__advance")
        due = await services.call(services.store.due, now=now, limit=100_000)
        ready = askable(due, services=services, now=now)
        if ready:
            await poll(ready, services=services, now=now)
            await read_waiting(services=services, now=now)
            await publish(services=services, now=now)
        if minute % 60 == 59:
            seen.note()
            print(
                f"  hour {minute // 60 + 1:2}: {seen.megabytes[-1]:.0f} MB, {seen.files[-1]} files",
                file=sys.stderr,
            )
    return seen


def gaps(database: Path) -> tuple[timedelta, int, int]:
    """Give the shortest time between two requests for one feed, and how often a Retry-After was not kept."""
    rows = (
        sqlite3.connect(database).execute("SELECT feed, at, status FROM request ORDER BY feed, at").fetchall()
    )
    shortest, broken = timedelta.max, 0
    for (feed, at, status), (other, later, _) in itertools.pairwise(rows):
        if feed != other:
            continue
        gap = datetime.fromisoformat(later) - datetime.fromisoformat(at)
        shortest = min(shortest, gap)
        broken += status == 429 and gap < RETRY_AFTER
    return shortest, broken, len(rows)


def behind(store: Store) -> tuple[int, list[str]]:
    """Count the feeds whose origin answers with a feed, and give those that list an entry which is not stored."""
    reachable, late = 0, []
    for record in store.feed_records():
        listed = listed_by(record.url)
        reachable += listed is not None
        missing = (listed or set()) - {each.entry.guid for each in store.entries(feed=record.id)}
        if missing:
            late.append(f"{record.id}: {len(missing)} entries behind ({record.next_due_reason})")
    return reachable, late


def listed_by(url: str) -> set[str | None] | None:
    """Give the ids that a feed lists now; None: its origin fails."""
    for _ in range(2):  # one that throttles gives in
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                body, kind = answer.read(), answer.headers.get("Content-Type")
            return {entry.id for entry in parse(body, url=url, content_type=kind).entries if entry.id}
        except (OSError, HTTPException, AggregatorError):
            continue
    return None


def report(source: Farm, store: Store, database: Path, seen: Seen) -> int:
    """Print the figures, and count the rules that were broken."""
    stats = source.ask("/__stats")
    shortest, broken, requests = gaps(database)
    reachable, late = behind(store)
    ledger = store.ledger()
    even = ledger["accepted"] == sum(count for name, count in ledger.items() if name != "accepted")
    hours = len(seen.megabytes)
    growth = seen.megabytes[-1] - seen.megabytes[hours // 2] if hours > 1 else 0.0
    faults = {
        f"shortest time between two requests for a feed: {shortest}": shortest < FLOOR,
        f"requests before a Retry-After was over: {broken}": broken > 0,
        f"feeds that answer: {reachable}, of them behind: {len(late)}": bool(late) or not reachable,
        f"memory: {seen.megabytes[0]:.0f} MB after an hour, {seen.megabytes[-1]:.0f} MB at the end "
        f"({growth:+.0f} in the second half)": growth > 30,
        f"open files: {seen.files[hours // 2]} at half time, {seen.files[-1]} at the end": (
            seen.files[-1] > seen.files[hours // 2] + 20
        ),
        f"ledger: {ledger}": not even,
    }
    print(f"{requests} requests; the farm says: {json.dumps(_brief(stats))}")
    for fact, is_fault in faults.items():
        print(f"{'BROKEN' if is_fault else 'ok':>6}  {fact}")
    for each in late:
        print(f"        {each}")
    return sum(faults.values())


def _brief(stats: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stats.items() if not isinstance(value, dict | list)}


def main() -> int:
    """Run a day."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--feeds", type=int, default=200)
    options.add_argument("--hours", type=int, default=24)
    options.add_argument("--port", type=int, default=18900)
    chosen = options.parse_args()
    if not (TOOLS / "feedfarm.py").is_file():
        print("bench/day.py: the feed farm is not here (../shared/tools); nothing was measured")
        return 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, farm(chosen, Path(folder)) as source:
        work = Path(folder)
        config = loaded(write_config(work), gazetteer=packaged_gazetteer(), environment={}).config
        store, call = open_store(config.storage.database, now=START), StoreThread()

        async def day() -> Seen:
            services = services_for(config, store, call)
            store.sync_feeds(config.feed, now=START)
            try:
                return await drive(services, source, chosen.hours)
            finally:
                await services.fetcher.close()
                await services.workers.close()

        seen = asyncio.run(day())
        faults = report(source, store, work / "state" / "aggregator.db", seen)
        call.close()
        store.close()
    print(f"{chosen.hours} hours of {chosen.feeds} feeds in {time.monotonic() - began:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
