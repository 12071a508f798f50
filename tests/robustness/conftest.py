"""A newsroom as it runs, with an origin of our own on the other side; what is looked at is what anyone can see.

    async def test_pm_05_…(desk, origin):
        origin.answer("/feed", reply(200, news(1), {"ETag": '"a"'}), reply(304))
        await desk.round()                  # what is due now, as `aggregator once` does
        await desk.at_next_due()            # later, when the feed is due again
        assert origin.seen("/feed")[1].header("if-none-match") == b'"a"'
        assert desk.feed()["state"] == "ok"  # of `status --json`

Only the clock and the processes are not real: the time is the test's, and work is done in this process. After
every case the invariants are checked of everything that the case left behind (`Desk.check`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from lxml import etree

from aggregator.fetch import Fetcher
from aggregator.fetch.names import Lookup
from aggregator.jobs.places import packaged_gazetteer
from aggregator.jobs.round import RoundOptions, RoundResult, run_round
from aggregator.jobs.services import Services, StoreThread, Work
from aggregator.jobs.status import status
from aggregator.model import ByteSize, Config, FeedRecord, FeedSettings, PollingSettings
from aggregator.publish import Output
from aggregator.store import Store, open_store
from tests.daemon.program import Snapshot, snapshot, text_of
from tests.fetching import AGENT
from tests.jobs.conftest import Here, configured, entry_xml, rss
from tests.origin import Origin, Seen

NOW: Final = datetime(2022, 1, 8, 3, 0, tzinfo=UTC)
ATOM: Final = "{http://www.w3.org/2005/Atom}"
NEVER_SENT: Final = ("cookie", "referer", "cache-control", "pragma", "from", "dnt")
MOVED: Final = timedelta(seconds=1)


def news(*numbers: int, title: str = "Kabar Kampar", words: int = 40) -> bytes:
    """A feed with these entries, each a story of its own, every time the same."""
    return rss(*(entry(number, words=words) for number in numbers), title=title)


def entry(number: int, *, headline: str = "", words: int = 40, date: str = "") -> str:
    """One entry of `news`: the element."""
    dated = {"date": date} if date else {}
    return entry_xml(number, headline or headline_of(number), text_of(f"berita {number}", words), **dated)


def headline_of(number: int) -> str:
    """The headline of an entry of `news`."""
    # Words of its own, else one would be taken for a copy of another.
    return f"Kabar {number}: {text_of(f'judul {number}', 5).removeprefix('Warga Kazakhstan: ')}"


def settings(**changed: Any) -> PollingSettings:
    """Loopback allowed, no delay between requests of one host, little time and small documents."""
    values: dict[str, Any] = {
        "timeout": timedelta(seconds=2),
        "max_body": ByteSize(300_000),
        "host_delay": timedelta(0),
        "allow_networks": ("127.0.0.0/8",),
    }
    return PollingSettings(**{**values, **changed})


@dataclass
class Desk:
    """One newsroom: `now` is its clock, and the test moves it."""

    folder: Path
    config: Config
    now: datetime = NOW
    secrets: dict[str, str] = field(default_factory=dict)
    lookup: Lookup | None = None
    workers: Work = field(default_factory=Here)
    origins: list[Origin] = field(default_factory=list)
    _full: set[str] = field(default_factory=set)  # feeds that have had an entry
    _dates: dict[str, str] = field(default_factory=dict)  # id of a story -> its date as published
    _accepted: int = 0
    _latest: datetime = NOW  # the clock may be set back; what was published by then stays

    # -- what a newsroom does

    def open(self) -> None:
        """Start: as a process does that knows only what is in the store."""
        self.store: Store = open_store(f"sqlite:{self.folder}/state/aggregator.db", now=self.now)
        self.call = StoreThread()
        self.services = self._services()
        self.store.sync_feeds(self.config.feed, now=self.now)

    async def close(self) -> None:
        """Stop."""
        await self.services.fetcher.close()
        await self.services.workers.close()
        self.call.close()
        self.store.close()

    async def restart(self) -> None:
        """Stop and start: nothing is left but the store and the files."""
        await self.close()
        self.open()

    async def configure(
        self, *feeds: FeedSettings, polling: PollingSettings | None = None, **more: Any
    ) -> None:
        """Have another feeds.toml from now on, after a restart; without `feeds` those stay."""
        self.config = replace(
            self.config, feed=feeds or self.config.feed, polling=polling or self.config.polling, **more
        )
        await self.restart()

    async def round(self, *, force: bool = False, feeds: tuple[str, ...] = ()) -> RoundResult:
        """Do one round now, as `aggregator once` does."""
        result = await run_round(RoundOptions(force=force, feeds=feeds), services=self.services, now=self.now)
        self._look()
        return result

    async def later(self, **by: float) -> RoundResult:
        """Let time pass, then do a round."""
        self.now += timedelta(**by)
        return await self.round()

    async def at_next_due(self, name: str = "kampar") -> RoundResult:
        """Do a round when a feed is due next: at the next whole second, since dates are told to the second."""
        self.now = max(self.now, (self.record(name).next_due + MOVED).replace(microsecond=0))
        return await self.round()

    async def until(self, moment: datetime, *, every: timedelta = timedelta(minutes=5)) -> None:
        """Do a round now and again until then, as the daemon does when something is due."""
        while self.now + every <= moment:
            self.now += every
            await self.round()

    # -- what can be seen from outside

    def status(self) -> dict[str, Any]:
        """What `status --json` says, as JSON carries it."""
        told = status(self.config, self.store, now=self.now)
        return json.loads(json.dumps(told, allow_nan=False))

    def feed(self, name: str = "kampar") -> dict[str, Any]:
        """One feed of the status."""
        [found] = [each for each in self.status()["feeds"] if each["id"] == name]
        return found

    def warnings(self, name: str = "kampar") -> dict[str, str]:
        """The warnings of a feed in the status, by kind."""
        return {each["kind"]: each["message"] for each in self.feed(name)["warnings"]}

    def due_in(self, name: str = "kampar") -> timedelta:
        """How long from now until a feed is asked again, by the status."""
        return datetime.fromisoformat(self.feed(name)["next_due"]) - self.now

    def headlines(self, section: str = "semua") -> list[str]:
        """The headlines of a section's feed as subscribers see them, newest first; []: there is no file."""
        return [each["title"] for each in self.entries(section)]

    def ids(self, section: str = "semua") -> dict[str, str]:
        """The ids of a section's feed, by headline."""
        return {each["title"]: each["id"] for each in self.entries(section)}

    def entries(self, section: str = "semua") -> list[dict[str, Any]]:
        """The entries of a section's feed.json."""
        file = self.config.output.directory / section / "feed.json"
        return json.loads(file.read_bytes())["items"] if file.exists() else []

    def files(self) -> Snapshot:
        """Every outgoing file with inode, time of change and bytes."""
        return snapshot(self.config.output.directory)

    def ledger(self) -> dict[str, int]:
        """The ledger of the status."""
        return self.status()["ledger"]

    def record(self, name: str = "kampar") -> FeedRecord:
        """What the store knows of a feed: only to find the moment when it is due."""
        [found] = [record for record in self.store.feed_records() if record.id == name]
        return found

    # -- what holds after every case

    def check(self) -> None:
        """Check the invariants (robustness C) of all that the case left behind."""
        self._look()
        check_ledger(self.ledger())
        for each in self.status()["feeds"]:
            check_feed(each)
        for origin in self.origins:
            for seen in origin.seen():
                check_request(seen)

    def _look(self) -> None:
        """Look at every outgoing file as a subscriber would."""
        self._latest = max(self._latest, self.now)
        for section in self.config.section:
            ids = {
                name: read(self.config.output.directory / section.id / name)
                for name, read in READERS.items()
                if (self.config.output.directory / section.id / name).exists()
            }
            for name, found in ids.items():
                place = f"{section.id}/{name}"
                assert len(found) == len(set(found)), f"{place}: two entries with one id"  # I3
                assert found or place not in self._full, f"{place} was emptied"  # I2
                self._full |= {place} if found else set()
            assert len({frozenset(found) for found in ids.values()}) <= 1, f"{section.id}: {ids}"
            self._check_dates(section.id)
        for page in self.config.output.directory.rglob("*.html"):
            assert page.read_bytes().rstrip().endswith(b"</html>"), f"{page} is cut"
        accepted = self.store.ledger()["accepted"]
        assert accepted >= self._accepted, "what was accepted is lost"  # I1
        self._accepted = accepted

    def _check_dates(self, section: str) -> None:
        for each in self.entries(section):
            published = datetime.fromisoformat(each["date_published"])
            known = self._dates.setdefault(each["id"], each["date_published"])
            assert known == each["date_published"], f"{each['id']} was published again"
            assert published <= self._latest, f"{each['id']} is dated ahead"

    def _services(self) -> Services:
        looking = {"lookup": self.lookup} if self.lookup is not None else {}
        return Services(
            config=self.config,
            gazetteer=packaged_gazetteer(),
            store=self.store,
            call=self.call,
            fetcher=Fetcher(self.config.polling, user_agent=AGENT, secrets=self.secrets.get, **looking),
            workers=self.workers,
            output=Output(self.config.output.directory),
        )


def check_ledger(ledger: Mapping[str, int]) -> None:
    """OB-03: what was accepted is the sum of what became of it."""
    parts = {name: count for name, count in ledger.items() if name != "accepted"}
    assert set(parts) == {"published", "duplicate", "filtered", "quarantined", "held", "waiting"}
    assert ledger["accepted"] == sum(parts.values()), ledger


def check_feed(told: Mapping[str, Any]) -> None:
    """I8: a feed that fails says why, and when it is asked again; only one that is gone or paused is not asked."""
    assert (told["error"] is None) == (told["failures"] == 0), told
    if told["state"] == "failing":
        assert all(told["error"].values()), told
    if told["state"] not in ("gone", "paused"):
        assert all((told["next_due"], told["next_due_reason"])), told


def check_request(seen: Seen) -> None:
    """I5: nothing is sent that tells who reads, or that keeps a cache from answering."""
    assert seen.method == "GET", seen
    for name in NEVER_SENT:
        assert seen.header(name) is None, seen


def _rss_ids(file: Path) -> list[str]:
    return [found.findtext("guid") or "" for found in _root(file).iter("item")]


def _atom_ids(file: Path) -> list[str]:
    return [found.findtext(f"{ATOM}id") or "" for found in _root(file).iter(f"{ATOM}entry")]


def _json_ids(file: Path) -> list[str]:
    return [found["id"] for found in json.loads(file.read_bytes())["items"]]


def _root(file: Path) -> etree._Element:
    return etree.fromstring(file.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))


READERS: Final[dict[str, Callable[[Path], list[str]]]] = {
    "rss.xml": _rss_ids,
    "atom.xml": _atom_ids,
    "feed.json": _json_ids,
}


@pytest.fixture
def origin() -> Iterator[Origin]:
    """An origin on loopback."""
    with Origin() as origin:
        yield origin


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with nothing in it yet: to make one takes longer than most cases do."""
    folder = tmp_path_factory.mktemp("empty") / "state"
    open_store(f"sqlite:{folder}/aggregator.db", now=NOW).close()
    return folder


@pytest.fixture
async def desk(tmp_path: Path, origin: Origin, empty_store: Path) -> AsyncIterator[Desk]:
    """A newsroom with one feed, `kampar`, at `/feed` of the origin, and one section with everything."""
    feed = FeedSettings(id="kampar", url=origin.url("/feed"), language="id", read_pages=False)
    config = replace(configured(tmp_path / "output", feed), polling=settings())
    config = replace(config, output=replace(config.output, formats=("rss", "atom", "json")))
    shutil.copytree(empty_store, tmp_path / "state")
    desk = Desk(tmp_path, config, origins=[origin])
    desk.open()
    try:
        yield desk
        desk.check()
    finally:
        await desk.close()


def feed_at(url: str, name: str = "kampar", **more: Any) -> FeedSettings:
    """A feed in Indonesian whose pages are not read."""
    return FeedSettings(id=name, url=url, **{"language": "id", "read_pages": False, **more})
