"""A feed's stored entries in a dict, and documents laid beside them as a poll does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aggregator.core.effective import effective
from aggregator.core.entries import read_feed
from aggregator.core.identity import Settled, settle, wanted
from aggregator.model import Entry, FeedSettings, KnownEntry, SiteSettings, Standing

FEED = FeedSettings(id="kabar", url="https://kabar.example/rss", language="id")
SITE = SiteSettings(title="Meja Kabar", timezone="Asia/Jakarta")
START = datetime(2022, 1, 8, 6, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One element as its publisher wrote it."""

    title: str = ""
    link: str = ""
    guid: str = ""
    date: str = ""
    text: str = ""

    def xml(self) -> str:
        """Write it as RSS."""
        parts = (
            ("title", self.title),
            ("link", self.link),
            ("guid", self.guid),
            ("pubDate", self.date),
            ("description", self.text),
        )
        return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in parts if value) + "</item>"


def document(*told: Told) -> bytes:
    """Write a feed."""
    elements = "".join(each.xml() for each in told)
    channel = f"<channel><title>Kabar</title><link>https://kabar.example/</link>{elements}</channel>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0">{channel}</rss>'.encode()


@dataclass(slots=True)
class Shelf:
    """What is stored of one feed; every poll is an hour after the one before."""

    now: datetime = START
    entries: dict[str, Entry] = field(default_factory=dict)
    dates: dict[str, datetime] = field(default_factory=dict)
    listed: dict[int, str] = field(default_factory=dict)  # by position

    def poll(self, *told: Told) -> Settled:
        """Take in a document; every element of it must be in exactly one place."""
        return self.take(document(*told))

    def take(self, body: bytes) -> Settled:
        """Take in a document's bytes."""
        self.now += timedelta(hours=1)
        standing = {key: self.entries[key].hash for key in self.listed.values()}
        found = read_feed(body, url=FEED.url, content_type=None, feed=FEED, site=SITE, known=standing)
        settled = settle(found.entries, found.unchanged, self.known(found.entries))
        places = [each.position for each in found.entries] + [each.position for each in found.unchanged]
        counted: list[Entry | Standing] = [*settled.new, *settled.updated, *settled.unchanged]
        delivered = [*counted, *settled.repeats]
        assert sorted(each.position for each in delivered) == sorted(places)
        once = [each.key for each in counted]
        assert len(set(once)) == len(once)
        assert {each.key for each in settled.repeats} <= set(once)
        assert not {each.key for each in settled.new} & self.entries.keys()
        assert {each.key for each in settled.updated} <= self.entries.keys()
        for entry in (*settled.new, *settled.updated):
            self.dates.setdefault(entry.key, self.now)
            self.entries[entry.key] = entry
        self.listed = {each.position: each.key for each in delivered}
        return settled

    def known(self, entries: tuple[Entry, ...]) -> list[KnownEntry]:
        """Give what the store gives: what stood in the last document, and what has a wanted key or address."""
        keys, urls = wanted(entries)
        standing = set(self.listed.values())
        return [
            KnownEntry(
                key=each.key,
                hash=each.hash,
                guid=each.guid,
                canonical_url=each.canonical_url,
                title=each.title,
                published=each.published,
                effective=effective(each.published, first_seen=self.dates[each.key]),
                listed=each.key in standing,
            )
            for each in self.entries.values()
            if each.key in standing or each.key in keys or each.canonical_url in urls
        ]


def counts(settled: Settled) -> tuple[int, int, int, int]:
    """Count new, updated, unchanged and repeats."""
    parts = (settled.new, settled.updated, settled.unchanged, settled.repeats)
    new, updated, unchanged, repeats = map(len, parts)
    return new, updated, unchanged, repeats
