"""A year on: whatever editors do to feeds.toml, feeds keep their history, and nothing is posted twice (contract, 1).

Every case works through months: each month the feeds bring news, what is due is asked, and what was kept long enough
is let go. Whoever reads the outgoing feed all that time must never see a story under a second id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Final

import pytest

from aggregator.model import FeedSettings
from aggregator.store import open_store
from tests.daemon.program import Snapshot, text_of
from tests.jobs.conftest import rss
from tests.origin import Origin, reply
from tests.robustness.conftest import NOW, Desk, feed_at, headline_of

pytestmark = pytest.mark.anyio
MONTH: Final = timedelta(days=30)
LISTED: Final = 6  # entries in a feed's document
MONTHLY: Final = 2  # new ones a month


@dataclass
class Paper:
    """A publisher with a feed: what it has put out, and how it names that."""

    name: str
    first: int  # numbers of its stories
    site: str = ""
    scheme: str = "https"
    ids: str = "{number}"  # both papers below count alike: 1, 2, 3
    told: list[tuple[int, datetime]] = field(default_factory=list)
    lists: list[tuple[int, datetime]] | None = None  # None: its newest

    def put_out(self, now: datetime, count: int = MONTHLY) -> None:
        """Put out so many stories a day or more ago."""
        for _ in range(count):
            number = self.first + len(self.told)
            self.told.append((number, now - timedelta(hours=1, minutes=number % 50)))

    def elements(self) -> list[tuple[datetime, str]]:
        """What its feed lists now, newest first."""
        listed = self.told[-LISTED:] if self.lists is None else self.lists
        return [(date, self._element(number, date)) for number, date in reversed(listed)]

    def _element(self, number: int, date: datetime) -> str:
        link = f"{self.scheme}://{self.site or self.name}.example/berita/{number}/kabar"
        guid = self.ids.format(number=number - self.first + 1000, link=link)
        return (
            f"<item><guid isPermaLink='false'>{escape(guid)}</guid><link>{link}</link>"
            f"<title>{headline_of(number)}</title><description>{text_of(f'berita {number}', 30)}</description>"
            f"<pubDate>{format_datetime(date)}</pubDate></item>"
        )


@dataclass
class Year:
    """A newsroom over the months, with somebody who reads along."""

    desk: Desk
    origin: Origin
    papers: dict[str, Paper]
    at: dict[str, tuple[str, ...]]  # path -> the papers whose stories stand in the feed there
    seen: dict[str, str] = field(default_factory=dict)  # headline -> id

    async def round(self) -> None:
        """Ask what is due, publish, and read along."""
        for path, names in self.at.items():
            elements = sorted((each for name in names for each in self.papers[name].elements()), reverse=True)
            self.origin.answer(path, reply(200, rss(*(element for _, element in elements))))
        await self.desk.round()
        for headline, story in self.desk.ids().items():
            assert self.seen.setdefault(headline, story) == story, f"{headline} was posted again"
        assert len(set(self.seen.values())) == len(self.seen)
        ledger = self.desk.ledger()
        assert ledger["published"] == len(self.seen)
        assert ledger["held"] == ledger["quarantined"] == ledger["waiting"] == 0

    async def months(self, count: int, *, silent: Iterable[str] = ()) -> None:
        """Let months pass, with news in every paper but the silent ones, and housekeeping."""
        for _ in range(count):
            self.desk.now += MONTH
            for paper in self.papers.values():
                if paper.name not in silent:
                    paper.put_out(self.desk.now)
            await self.round()
            await self.tidy()

    async def tidy(self) -> None:
        """Let go of what was kept long enough, as the daemon has by the end of a month."""
        storage = self.desk.config.storage
        self.desk.store.prune(now=self.desk.now, keep=storage.keep, keep_pages=storage.keep_pages)

    async def edit(self, feeds: Mapping[str, str], **changed: FeedSettings) -> None:
        """Save another feeds.toml: ids with the paths of their addresses."""
        settings = [feed_at(self.origin.url(path), name) for name, path in feeds.items()]
        await self.desk.configure(*(changed.get(each.id, each) for each in settings))

    async def quiet(self) -> None:
        """Do a round that brings nothing, and see that no section's file moves."""
        before = self.sections()
        self.desk.now += timedelta(days=1)
        await self.round()
        assert self.sections() == before

    def sections(self) -> Snapshot:
        folder = str(self.desk.config.output.directory / "semua")
        return {name: each for name, each in self.desk.files().items() if name.startswith(folder)}

    def accepted(self) -> int:
        return self.desk.ledger()["accepted"]

    def put_out(self) -> int:
        """How many stories there are in the world."""
        return sum(len(paper.told) for paper in self.papers.values())


@pytest.fixture
async def year(tmp_path: Path, desk: Desk, origin: Origin) -> AsyncIterator[Year]:
    """Two papers that have been read for two months, whose ids are alike; nothing ever falls out of the section."""
    papers = {"riau": Paper("riau", 100), "siak": Paper("siak", 500)}
    at: dict[str, tuple[str, ...]] = {"/riau": ("riau",), "/siak": ("siak",)}
    found = Year(desk, origin, papers, at)
    desk.config = replace(desk.config, output=replace(desk.config.output, entries=300, span=None))
    await found.edit({"riau": "/riau", "siak": "/siak"})
    for paper in papers.values():
        paper.put_out(desk.now, LISTED)
    await found.round()
    await found.months(2)
    assert len(found.seen) == found.put_out() == 20
    yield found
    # Every story was seen under one id, however long ago; the last rounds brought nothing more.
    await found.quiet()
    assert found.put_out() == len(found.seen)


async def test_a_known_address_under_a_new_id_is_a_rename(year: Year) -> None:
    before, accepted = year.sections(), year.accepted()
    record = year.desk.record("riau")
    await year.edit({"riaupos": "/riau", "siak": "/siak"})
    after = year.desk.record("riaupos")
    assert replace(after, id="riau") == record
    await year.round()
    assert year.accepted() == accepted
    assert year.sections() == before
    await year.months(3)
    # And back again, by way of a third name.
    await year.edit({"riau-online": "/riau", "siak": "/siak"})
    await year.edit({"riau": "/riau", "siak": "/siak"})
    await year.months(1)
    assert year.accepted() == year.put_out()


@pytest.mark.parametrize("change", ["nothing", "ids", "host", "host and ids"])
async def test_a_new_address_under_a_known_id_is_a_move(year: Year, change: str) -> None:
    riau, accepted = year.papers["riau"], year.accepted()
    if "ids" in change:
        riau.ids = "urn:riau:{number}"
    if "host" in change:
        riau.site = "www.riau-baru"
    year.at["/pindah"] = year.at.pop("/riau")
    year.origin.answer("/riau", reply(404))
    await year.edit({"riau": "/pindah", "siak": "/siak"})
    assert year.desk.feed("riau")["failures"] == 0
    await year.round()
    assert len(year.origin.seen("/pindah")) == 1  # at once
    assert year.origin.seen("/pindah")[0].header("if-none-match") is None
    assert year.accepted() == accepted
    await year.months(3)
    assert year.accepted() == year.put_out()
    assert year.desk.feed("riau")["state"] == "ok"


async def test_two_feeds_that_exchange_their_names_keep_their_histories(year: Year) -> None:
    before, accepted = year.sections(), year.accepted()
    for names in ({"riau": "/siak", "siak": "/riau"}, {"riau": "/riau", "siak": "/siak"}):
        asked = len(year.origin.seen())
        await year.edit(names)
        await year.round()
        assert len(year.origin.seen()) == asked  # nobody is asked again for that
        assert year.accepted() == accepted
        assert year.sections() == before
        await year.months(2)  # with ids of stories that the other paper has, too
        before, accepted = year.sections(), year.accepted()
    await year.edit({"riau": "/siak", "siak": "/riau"})
    await year.months(2)
    assert year.accepted() == year.put_out()


@pytest.mark.parametrize(
    ("kept", "path"),
    [("riau", "/riau"), ("riau", "/siak"), ("riau", "/semua"), ("kepri", "/riau"), ("kepri", "/semua")],
)
async def test_two_feeds_that_become_one_post_nothing_again(year: Year, kept: str, path: str) -> None:
    year.at = {path: ("riau", "siak")}
    # One document can hold an id but once.
    for paper in year.papers.values():
        paper.ids = paper.name + "-{number}"
    await year.edit({kept: path})
    await year.round()
    await year.months(3)
    # What the feed that went had brought is there twice by now, and a copy of it is no story.
    ledger = year.desk.ledger()
    assert ledger["accepted"] - ledger["duplicate"] == year.put_out()
    assert ledger["duplicate"] <= 2 * LISTED


async def test_a_feed_that_becomes_two_posts_nothing_again(year: Year) -> None:
    year.at = {"/riau": ("riau",), "/siak": ("siak", "riau")}
    year.papers["riau"].ids = "riau-{number}"
    await year.months(2)
    year.at = {"/riau": ("riau",), "/siak": ("siak",), "/lagi": ("riau",)}
    await year.edit({"riau": "/riau", "siak": "/siak", "lagi": "/lagi"})
    await year.months(2)


@pytest.mark.parametrize("months", [3, 14])
@pytest.mark.parametrize("back", ["as it was", "under another id", "at another address", "as another feed"])
async def test_a_feed_that_is_removed_and_added_again_goes_on_where_it_was(
    year: Year, months: int, back: str
) -> None:
    await year.edit({"siak": "/siak"})
    asked, seen = len(year.origin.seen("/riau")), dict(year.seen)
    await year.months(months, silent=("riau",))
    assert len(year.origin.seen("/riau")) == asked
    assert seen.items() <= year.desk.ids().items()  # what it had brought stays
    name = "riaupos" if back in ("under another id", "as another feed") else "riau"
    path = "/pindah" if back in ("at another address", "as another feed") else "/riau"
    year.at[path] = year.at.pop("/riau")
    await year.edit({"siak": "/siak", name: path})
    await year.round()
    assert len(year.origin.seen(path)) == (asked + 1 if path == "/riau" else 1)
    if back != "as another feed":
        assert year.desk.feed(name)["entries"]["new"] == 0
    await year.months(2)
    assert year.desk.ledger()["duplicate"] == (LISTED if back == "as another feed" else 0)


async def test_a_feed_that_is_paused_for_a_year_goes_on_where_it_was(year: Year) -> None:
    feeds = {"riau": "/riau", "siak": "/siak"}
    await year.edit(feeds, riau=feed_at(year.origin.url("/riau"), "riau", paused=True))
    asked = len(year.origin.seen("/riau"))
    await year.months(14, silent=("riau",))
    assert year.desk.feed("riau")["state"] == "paused"
    assert len(year.origin.seen("/riau")) == asked
    await year.edit(feeds)
    accepted = year.accepted()
    await year.round()
    assert len(year.origin.seen("/riau")) == asked + 1
    assert year.accepted() == accepted
    await year.months(2)
    assert year.desk.feed("riau")["state"] == "ok"


@pytest.mark.parametrize("ids", ["{number}", "{link}"], ids=["numbers", "links"])
async def test_a_paper_that_moves_to_tls_posts_nothing_again(year: Year, ids: str) -> None:
    riau = year.papers["riau"]
    riau.scheme, riau.ids = "http", ids
    await year.months(3)
    accepted = year.accepted()
    riau.scheme = "https"
    year.desk.now += timedelta(days=1)
    await year.round()
    assert year.accepted() == accepted
    await year.months(3)
    riau.scheme = "http"  # the certificate has expired
    await year.months(1)
    assert year.accepted() == year.put_out()


async def test_a_paper_that_was_silent_for_years_does_not_post_its_old_news_again(year: Year) -> None:
    await year.months(16, silent=("riau",))
    year.papers["riau"].put_out(year.desk.now, 1)
    year.desk.now += timedelta(days=2)
    await year.round()
    assert year.accepted() == year.put_out()


async def test_what_a_feed_lists_again_after_a_year_is_not_posted_again(year: Year) -> None:
    await year.months(16)
    riau, accepted = year.papers["riau"], year.accepted()
    riau.lists = [*riau.told[:3], *riau.told[-3:]]
    year.desk.now += timedelta(days=2)
    await year.round()
    assert len(year.origin.seen("/riau")) == 20
    assert year.accepted() == accepted


BACK: Final = {
    "as it was": ("riau", "/riau"),
    "under another id": ("riaupos", "/riau"),
    "at another address": ("riau", "/pindah"),
    "as another feed": ("riaupos", "/pindah"),
}


@pytest.mark.parametrize(("name", "path"), BACK.values(), ids=BACK.keys())
async def test_what_was_let_go_is_known_still(desk: Desk, origin: Origin, name: str, path: str) -> None:
    # The newest 300 stories of a section keep their texts, however old: so there have to be more.
    riau, ramai = Paper("riau", 100), Paper("ramai", 1000)
    riau.put_out(desk.now, LISTED)
    ramai.put_out(desk.now, 310)
    ramai.lists = ramai.told
    for at, paper in (("/riau", riau), ("/pindah", riau), ("/ramai", ramai)):
        origin.answer(at, reply(200, rss(*(element for _, element in paper.elements()))))
    await desk.configure(feed_at(origin.url("/riau"), "riau"))
    await desk.round()
    ids = desk.ids()
    assert len(ids) == LISTED
    await desk.configure(feed_at(origin.url("/ramai"), "ramai"))
    desk.now += timedelta(days=1)
    await desk.round()
    for _ in range(15):
        desk.now += MONTH
        await desk.round()
        desk.store.prune(
            now=desk.now, keep=desk.config.storage.keep, keep_pages=desk.config.storage.keep_pages
        )
    kept = {story.article.headline: story for story in desk.store.stories()}
    assert {headline: kept[headline].id for headline in ids} == ids
    assert not any(kept[headline].article.text for headline in ids)  # their texts are gone
    files, ledger = desk.files(), desk.ledger()
    await desk.configure(feed_at(origin.url("/ramai"), "ramai"), feed_at(origin.url(path), name))
    await desk.round()
    after = {story.article.headline: story.id for story in desk.store.stories()}
    assert {headline: after[headline] for headline in ids} == ids
    assert len(after) == len(kept) == ledger["published"]
    assert not ids.keys() & set(desk.headlines())
    section = str(desk.config.output.directory / "semua")
    assert {at: each for at, each in desk.files().items() if at.startswith(section)} == {
        at: each for at, each in files.items() if at.startswith(section)
    }
    assert desk.ledger()["duplicate"] == (LISTED if (name, path) == BACK["as another feed"] else 0)


ADDRESSES: Final = {
    "the same": ("https://riau.example/rss", "https://riau.example/rss"),
    "a last slash": ("https://riau.example/rss", "https://riau.example/rss/"),
    "none any more": ("https://riau.example/rss/", "https://riau.example/rss"),
    "another scheme": ("http://riau.example/rss", "https://riau.example/rss"),
    "scheme and slash": ("http://riau.example/rss/", "https://riau.example/rss"),
    "capitals in the host": ("https://riau.example/rss", "https://Riau.example/rss"),
    "the usual port": ("https://riau.example/rss", "https://riau.example:443/rss"),
    "the usual name in front": ("https://riau.example/rss", "https://www.riau.example/rss"),
    "the site itself": ("https://riau.example/", "https://riau.example"),
}
OTHERS: Final = {
    "another path": ("https://riau.example/rss", "https://riau.example/rss/2"),
    "another host": ("https://riau.example/rss", "https://news.riau.example/rss"),
    "another query": ("https://riau.example/?id=1", "https://riau.example/?id=2"),
    "another port": ("https://riau.example/rss", "https://riau.example:8443/rss"),
    "capitals in the path": ("https://riau.example/rss", "https://riau.example/RSS"),
}


@pytest.mark.parametrize(
    ("before", "after", "is_known"),
    [(*pair, True) for pair in ADDRESSES.values()] + [(*pair, False) for pair in OTHERS.values()],
    ids=[*ADDRESSES, *OTHERS],
)
def test_an_address_that_is_written_a_little_otherwise_is_a_known_one(
    tmp_path: Path, before: str, after: str, is_known: bool
) -> None:
    store = open_store(f"sqlite:{tmp_path}/aggregator.db", now=NOW)
    try:
        store.sync_feeds([feed_at(before, "lama"), feed_at("https://siak.example/", "siak")], now=NOW)
        later = NOW + MONTH
        store.sync_feeds([feed_at("https://siak.example/", "siak"), feed_at(after, "baru")], now=later)
        records = {record.id: record for record in store.feed_records()}
        assert records.keys() == {"siak", "baru"}
        assert records["siak"].added_at == NOW
        assert records["baru"].url == after
        assert records["baru"].added_at == (NOW if is_known else later)
    finally:
        store.close()


def test_what_fits_better_goes_before_what_is_written_a_little_otherwise(tmp_path: Path) -> None:
    store = open_store(f"sqlite:{tmp_path}/aggregator.db", now=NOW)
    try:
        store.sync_feeds([feed_at("http://x.example/", "lama")], now=NOW)
        store.sync_feeds(
            [feed_at("http://x.example/", "lama"), feed_at("https://x.example/", "aman")], now=NOW + MONTH
        )
        store.sync_feeds(
            [feed_at("https://x.example/", "b"), feed_at("http://x.example/", "a")], now=NOW + 2 * MONTH
        )
        assert {record.id: record.added_at for record in store.feed_records()} == {"a": NOW, "b": NOW + MONTH}
    finally:
        store.close()
