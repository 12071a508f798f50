"""What an entry is, and when it is the same one: ids, dates, emptiness, floods (robustness, FS).

In every case several polls follow one another, and what counts is what subscribers see: the ids of the stories and
the files. That no story is published under a second date, and none leaves the ledger, is checked after every round.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any, Final

import pytest

from aggregator.cli import guards
from aggregator.cli.context import Context
from aggregator.errors import AggregatorError
from aggregator.model import StoredEntry
from tests.daemon.program import text_of
from tests.jobs.conftest import rss
from tests.origin import Origin, reply
from tests.robustness.conftest import NOW, Desk, feed_at, headline_of, news

pytestmark = pytest.mark.anyio
SITE: Final = "https://kampar.example"
FIRST: Final = datetime(2022, 1, 7, 22, 6, tzinfo=UTC)
TRUNCATIONS: Final = 200
END: Final = " tamat"  # the last word of every text: what is published without it was cut


@dataclass(frozen=True, kw_only=True)
class Told:
    """One entry as a feed tells it; `None`: the element is not there."""

    number: int
    guid: str | None = ""  # "": one that is its own
    link: str | None = ""  # "": a page of its own
    title: str | None = ""  # "": a headline of its own
    text: str | None = ""  # "": a text of its own
    date: str | None = ""  # "": a time of its own, the higher the number the later

    def given(self, name: str) -> str | None:
        own = {
            "guid": f"{SITE}/?p={1000 + self.number}",
            "link": f"{SITE}/berita/{1000 + self.number}/kabar",
            "title": headline_of(self.number),
            "text": text_of(f"berita {self.number}", 30) + END,
            "date": format_datetime(FIRST + timedelta(minutes=self.number)),
        }
        said: str | None = getattr(self, name)
        return own[name] if said == "" else said

    def element(self) -> str:
        names = {"guid": "guid", "link": "link", "title": "title", "text": "description", "date": "pubDate"}
        found = [
            f"<{element}>{escape(said)}</{element}>"
            for name, element in names.items()
            if (said := self.given(name)) is not None
        ]
        return f"<item>{''.join(found)}</item>"


def told(*numbers: int, **said: Any) -> list[Told]:
    return [Told(number=number, **said) for number in numbers]


def document(entries: Sequence[Told]) -> bytes:
    return rss(*(each.element() for each in entries))


def atom(entries: Sequence[Told]) -> bytes:
    elements = [
        f"<entry><id>{escape(each.given('guid') or '')}</id><title>{escape(each.given('title') or '')}</title>"
        f"<link href='{escape(each.given('link') or '')}'/>"
        f"<updated>{(FIRST + timedelta(minutes=each.number)).isoformat()}</updated>"
        f"<summary>{escape(each.given('text') or '')}</summary></entry>"
        for each in entries
    ]
    return (
        "<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom'>"
        f"<title>Kabar Kampar</title><id>{SITE}/</id><updated>{FIRST.isoformat()}</updated>{''.join(elements)}</feed>"
    ).encode()


async def polls(desk: Desk, origin: Origin, *documents: bytes) -> None:
    """Poll once for each of these documents, each time when the feed is due."""
    for body in documents:
        origin.answer("/feed", reply(200, body))
        await desk.at_next_due()


def stored(desk: Desk) -> list[StoredEntry]:
    """What `entries` lists of the feed."""
    return list(desk.store.entries(feed="kampar"))


def dates(desk: Desk) -> dict[str, str]:
    """When each story was published, by its headline, in UTC."""
    return {
        each["title"]: datetime.fromisoformat(each["date_published"]).astimezone(UTC).isoformat()
        for each in desk.entries()
    }


# -- the same document, an empty one, one that is none


@pytest.mark.parametrize("make", [document, atom], ids=["rss", "atom"])
async def test_fs_01_a_feed_polled_ten_times_unchanged_moves_no_file_and_makes_no_story(
    desk: Desk, origin: Origin, make: Callable[[Sequence[Told]], bytes]
) -> None:
    await polls(desk, origin, make(told(1, 2, 3)))
    files, ids = desk.files(), desk.ids()
    assert len(ids) == 3
    await polls(desk, origin, *[make(told(1, 2, 3))] * 9)
    assert (desk.files(), desk.ids()) == (files, ids)
    assert len(origin.seen("/feed")) == 10
    assert desk.ledger()["accepted"] == 3


async def test_fs_01_a_feed_whose_bytes_alone_differ_moves_no_file_and_makes_no_story(
    desk: Desk, origin: Origin
) -> None:
    def written(at: int) -> bytes:
        body = document(told(1, 2, 3))
        when = format_datetime(NOW + timedelta(hours=at))
        return body.replace(
            b"<item>", f"<lastBuildDate>{when}</lastBuildDate><!-- {at} --><item>".encode(), 1
        )

    await polls(desk, origin, written(0))
    files = desk.files()
    await polls(desk, origin, *map(written, range(1, 10)))
    assert desk.files() == files
    assert desk.feed()["entries"] == {"new": 0, "updated": 0, "unchanged": 3, "quarantined": 0}
    assert desk.ledger()["accepted"] == 3


@pytest.mark.parametrize("times", [1, 4])
async def test_fs_02_a_feed_that_is_emptied_and_refilled_posts_nothing_again(
    desk: Desk, origin: Origin, times: int
) -> None:
    full = document(told(1, 2, 3))
    await polls(desk, origin, full)
    files, ids = desk.files(), desk.ids()
    await polls(desk, origin, *[rss()] * times)
    assert (desk.feed()["state"], desk.feed()["error"]) == ("ok", None)
    assert desk.files() == files
    await polls(desk, origin, full)
    assert (desk.files(), desk.ids()) == (files, ids)
    assert desk.ledger()["accepted"] == 3
    await polls(desk, origin, document(told(1, 2, 3, 4)))
    assert desk.ids() == {**ids, headline_of(4): desk.ids()[headline_of(4)]}


PAGE: Final = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1>{1}</body></html>"
NO_FEEDS: Final = {
    "login": PAGE.format("Sign in to the network", "<form action='/login'><input name='user'></form>"),
    "challenge": PAGE.format("Just a moment...", "<script src='/cdn-cgi/challenge-platform/x.js'></script>"),
    "parked": PAGE.format("kampar.example is for sale", "<a href='https://sale.example/'>Buy it</a>"),
    "json-error": '{"error": {"code": 503, "message": "upstream"}}',
    "json-list": '["upstream", 503]',
    "text": "Service unavailable, try later.",
    "feed-in-a-page": PAGE.format("Kabar", escape(document(told(9)).decode())),
    "pdf": "%PDF-1.4\n%\u00e2\u00e3\n1 0 obj",
}


@pytest.mark.parametrize("body", NO_FEEDS.values(), ids=NO_FEEDS.keys())
async def test_fs_03_a_page_in_place_of_a_feed_is_told_and_costs_neither_stories_nor_validators(
    desk: Desk, origin: Origin, body: str
) -> None:
    whole = reply(200, document(told(1, 2)), {"ETag": '"whole"'})
    pages = [
        reply(200, body.encode(), {"ETag": '"page"', "Content-Type": kind})
        for kind in ("text/html; charset=utf-8", "application/rss+xml")
    ]
    origin.answer("/feed", whole, *pages, reply(304))
    await desk.at_next_due()
    files = desk.files()
    for failures in (1, 2):
        await desk.at_next_due()
        assert (desk.feed()["state"], desk.feed()["error"]["kind"]) == ("failing", "not-a-feed")
        assert (desk.feed()["failures"], desk.feed()["http_status"]) == (failures, 200)
    await desk.at_next_due()
    assert desk.feed()["state"] == "ok"
    assert [seen.header("if-none-match") for seen in origin.seen("/feed")] == [None, *[b'"whole"'] * 3]
    assert desk.files() == files
    assert desk.ledger()["accepted"] == 2


# -- documents that end in the middle


@pytest.mark.parametrize("make", [document, atom], ids=["rss", "atom"])
async def test_fs_05_a_document_cut_at_any_byte_publishes_no_cut_text_and_takes_nothing_away(
    desk: Desk, origin: Origin, make: Callable[[Sequence[Told]], bytes]
) -> None:
    before = told(1, 2, 3)
    longer = [replace(each, text=f"{text_of(f'lebih {each.number}', 30)}{END}") for each in before]
    after = [*told(5, 4), *longer]
    texts = {each.given("text") for each in (*before, *after)}
    whole = make(after)
    origin.answer("/feed", reply(200, make(before), {"ETag": '"whole"'}))
    await desk.at_next_due()
    ids = desk.ids()
    # Seeded, so that every run is the same; the ends of the document are always among them.
    chance = random.Random(5)
    offsets = sorted({1, len(whole) - 1, *chance.sample(range(1, len(whole)), TRUNCATIONS - 2)})
    for offset in offsets:
        origin.answer("/feed", reply(200, whole[:offset], {"ETag": f'"cut-{offset}"'}))
        desk.now += timedelta(hours=1)
        await desk.round(force=True)
        assert {each.entry.summary for each in stored(desk)} <= texts, offset
        assert ids.items() <= desk.ids().items(), offset
        assert all(END in each["content_html"] for each in desk.entries()), offset
    sent = {seen.header("if-none-match") for seen in origin.seen("/feed")[1:]}
    assert sent <= {b'"whole"', None}, sent  # None: the whole request of every seventh day
    assert len(origin.seen("/feed")) == 1 + len(offsets)
    origin.answer("/feed", reply(200, whole))
    await desk.at_next_due()
    assert {each.entry.summary for each in stored(desk)} == {each.given("text") for each in after}
    assert len(desk.ids()) == 5
    assert ids.items() <= desk.ids().items()
    assert desk.ledger()["accepted"] == 5


# -- ids that change, are shared, or are not there


def _renumbered(each: Told) -> Told:
    return replace(each, guid=f"urn:uuid:00000000-0000-4000-8000-{each.number:012}")


def _to_tls(each: Told) -> Told:
    guid, link = each.given("guid") or "", each.given("link") or ""
    return replace(each, guid=guid.replace("https:", "http:"), link=link.replace("https:", "http:"))


def _to_slugs(each: Told) -> Told:
    slug = f"{SITE}/2022/01/07/kabar-{text_of(f'siput {each.number}', 2).split()[-1]}/"
    return replace(each, guid=slug, link=slug)


def _from_query(each: Told) -> Told:
    return replace(each, guid=each.given("guid"), link=each.given("guid"))


def _tracked(each: Told) -> Told:
    link = f"{each.given('link')}?utm_source=rss&utm_medium=feed&utm_campaign={each.number}"
    return replace(each, guid=link, link=link)


def _to_another_host(each: Told) -> Told:
    moved = (each.given("link") or "").replace(SITE, "https://www.kabar-kampar.example")
    return replace(each, guid=moved, link=moved)


def _without_guid(each: Told) -> Told:
    return replace(each, guid=None)


def _in_capitals(each: Told) -> Told:
    return replace(each, guid=(each.given("guid") or "").replace("kampar", "KAMPAR"))


STORMS: Final[dict[str, Callable[[Told], Told]]] = {
    "new ids": _renumbered,
    "another scheme": _to_tls,
    "numbers to slugs": _to_slugs,
    "links become ids": _from_query,
    "tracking in both": _tracked,
    "another host": _to_another_host,
    "ids are dropped": _without_guid,
    "capitals in ids": _in_capitals,
}


@pytest.mark.parametrize("dated", [True, False], ids=["dated", "undated"])
@pytest.mark.parametrize("storm", STORMS.values(), ids=STORMS.keys())
async def test_fs_06_a_storm_of_guids_makes_no_new_story(
    desk: Desk, origin: Origin, storm: Callable[[Told], Told], dated: bool
) -> None:
    before = told(*range(1, 21), date="" if dated else None)
    await polls(desk, origin, document(before), document(before))
    ids = desk.ids()
    assert len(ids) == 20
    after = [storm(each) for each in before]
    await polls(desk, origin, document(after))
    assert desk.ids() == ids
    assert desk.feed()["entries"]["new"] == 0
    # What follows is as quiet as ever: the storm again, news on top, and the way back.
    files = desk.files()
    await polls(desk, origin, document(after))
    assert desk.files() == files
    news_on_top = storm(Told(number=21, date="" if dated else None))
    await polls(desk, origin, document([news_on_top, *after[:-1]]))
    assert ids.items() <= desk.ids().items()
    assert len(desk.ids()) == 21
    await polls(desk, origin, document(before))
    assert ids.items() <= desk.ids().items()
    assert desk.ledger()["accepted"] == 21
    assert {each.state for each in stored(desk)} == {"published"}


async def test_fs_06_a_storm_that_comes_with_news_adds_the_news_alone(desk: Desk, origin: Origin) -> None:
    before = told(*range(1, 11))
    await polls(desk, origin, document(before))
    ids = desk.ids()
    fresh = told(*range(11, 16))
    await polls(desk, origin, document([*fresh, *map(_to_slugs, before[3:])]))
    assert ids.items() <= desk.ids().items()
    assert len(desk.ids()) == 15
    assert desk.feed()["entries"]["new"] == 5


async def test_fs_06_a_storm_in_a_new_format_makes_no_new_story(desk: Desk, origin: Origin) -> None:
    await polls(desk, origin, document(told(1, 2, 3, 4)))
    ids = desk.ids()
    await polls(desk, origin, atom([_renumbered(each) for each in told(1, 2, 3, 4)]))
    assert desk.ids() == ids
    await polls(desk, origin, document(told(1, 2, 3, 4)))
    assert desk.ids() == ids
    assert desk.ledger()["accepted"] == 4


@pytest.mark.parametrize(
    "guid", ["kampar", f"{SITE}/", "0", " "], ids=["a name", "the site", "zero", "blank"]
)
async def test_fs_09_entries_that_share_one_guid_are_each_a_story(
    desk: Desk, origin: Origin, guid: str
) -> None:
    await polls(desk, origin, document(told(3, 2, 1, guid=guid)))
    ids = desk.ids()
    assert len(ids) == 3
    for numbers in ([4, 3, 2, 1], [5, 4, 3], [3, 5, 4], [1, 2, 3, 4, 5]):
        await polls(desk, origin, document(told(*numbers, guid=guid)))
        assert ids.items() <= desk.ids().items()
        ids = desk.ids()
    assert len(set(ids.values())) == 5
    assert desk.ledger()["accepted"] == 5


@pytest.mark.parametrize("linked", [True, False], ids=["with links", "without links"])
async def test_fs_09_ids_that_are_places_are_each_a_story_wherever_they_stand(
    desk: Desk, origin: Origin, linked: bool
) -> None:
    def placed(*numbers: int) -> bytes:
        each = zip(numbers, range(1, len(numbers) + 1), strict=True)
        link = "" if linked else None
        return document([Told(number=number, guid=str(place), link=link) for number, place in each])

    known: dict[str, str] = {}
    for newest in range(5, 12):
        await polls(desk, origin, placed(*range(newest, newest - 5, -1)))
        assert known.items() <= desk.ids().items()
        known = desk.ids()
    assert len(set(known.values())) == len(known) == 11
    assert desk.ledger()["accepted"] == 11


BARE: Final[dict[str, dict[str, None]]] = {
    "no guid": {"guid": None},
    "no guid, no link": {"guid": None, "link": None},
    "only a title": {"guid": None, "link": None, "text": None, "date": None},
    "only a text": {"guid": None, "link": None, "title": None, "date": None},
    "only a text and a date": {"guid": None, "link": None, "title": None},
}


@pytest.mark.parametrize("missing", BARE.values(), ids=BARE.keys())
async def test_fs_10_an_entry_without_guid_or_link_is_known_again_by_what_it_says(
    desk: Desk, origin: Origin, missing: dict[str, None]
) -> None:
    def these(*numbers: int) -> bytes:
        return document(told(*numbers, **missing))

    await polls(desk, origin, these(1, 2, 3))
    ids = {each["id"] for each in desk.entries()}
    assert len(ids) == 3
    files = desk.files()
    await polls(desk, origin, these(1, 2, 3), these(3, 1, 2))
    assert {name: each[2] for name, each in desk.files().items()} == {
        name: each[2] for name, each in files.items()
    }
    await polls(desk, origin, these(4, 3, 2), these(1, 4))
    after = {each["id"] for each in desk.entries()}
    assert ids < after
    assert len(after) == desk.ledger()["accepted"] == 4


# -- edits


async def test_fs_12_an_edit_keeps_id_and_date_and_moves_updated(desk: Desk, origin: Origin) -> None:
    first = Told(number=1, title="Bupati resmikan jembatan barru di Kampar")
    await polls(desk, origin, document([first]))
    [before] = desk.entries()
    fixed = replace(first, title="Bupati resmikan jembatan baru di Kampar")
    await polls(desk, origin, document([fixed]))
    [titled] = desk.entries()
    longer = replace(fixed, text=f"{text_of('berita 1', 30)} {text_of('tambahan', 20)}{END}")
    await polls(desk, origin, document([longer]))
    [after] = desk.entries()
    assert before["id"] == titled["id"] == after["id"]
    assert before["date_published"] == titled["date_published"] == after["date_published"]
    moments = [datetime.fromisoformat(each["date_modified"]) for each in (before, titled, after)]
    assert moments == sorted(set(moments))
    assert (titled["title"], after["title"]) == (fixed.title, fixed.title)
    assert text_of("tambahan", 20) in after["content_html"]
    files = desk.files()
    await polls(desk, origin, document([longer]))
    assert desk.files() == files
    assert desk.ledger()["accepted"] == 1


async def test_fs_12_what_changes_for_machines_alone_does_not_move_updated(
    desk: Desk, origin: Origin
) -> None:
    await polls(desk, origin, document(told(1)))
    [before] = desk.entries()
    tracked = f"{Told(number=1).given('link')}?utm_source=feed"
    await polls(desk, origin, document(told(1, link=tracked)))
    [after] = desk.entries()
    assert (after["id"], after["date_modified"]) == (before["id"], before["date_modified"])
    assert after["url"] == before["url"]


# -- dates

ZONES: Final = {
    "Sat, 08 Jan 2022 05:06:00 WIB": "2022-01-07T22:06:00+00:00",
    "Sat, 08 Jan 2022 06:06:00 WITA": "2022-01-07T22:06:00+00:00",
    "Sat, 08 Jan 2022 07:06:00 WIT": "2022-01-07T22:06:00+00:00",
    "Sabtu, 08 Januari 2022 - 05:06 WIB": "2022-01-07T22:06:00+00:00",
    "Sabtu, 8 Januari 2022 06:06 WITA": "2022-01-07T22:06:00+00:00",
    "Sabtu, 08 Jan 2022 07:06 WIT": "2022-01-07T22:06:00+00:00",
    "Sat, 08 Jan 2022 05:06:00 +0700": "2022-01-07T22:06:00+00:00",
}


@pytest.mark.parametrize(("written", "meant"), ZONES.items(), ids=ZONES.keys())
async def test_fs_16_indonesian_zones_mean_what_they_mean_in_indonesia(
    desk: Desk, origin: Origin, written: str, meant: str
) -> None:
    await polls(desk, origin, *[document(told(1, date=written))] * 3)
    assert dates(desk) == {headline_of(1): meant}
    assert [each.entry.published and each.entry.published.isoformat() for each in stored(desk)] != [None]


@pytest.mark.parametrize(
    "shown",
    [
        "Sabtu, 08 Januari 2022 - 05:06 WIB",
        "Sabtu, 08 Januari 2022 06:06 WITA",
        "Sabtu, 8 Jan 2022 - 07:06 WIT",
    ],
)
@pytest.mark.parametrize("given", [None, "Sat, 08 Jan 2022"], ids=["undated", "a day only"])
async def test_fs_16_the_date_that_a_page_shows_counts_where_the_feed_gives_none(
    desk: Desk, origin: Origin, shown: str, given: str | None
) -> None:
    paragraphs = "".join(f"<p>{text_of(f'alinea {number}', 50)}</p>" for number in range(4))
    page = (
        f"<!DOCTYPE html><html lang='id'><head><title>{headline_of(1)}</title></head><body><article>"
        f"<h1>{headline_of(1)}</h1><span class='date'>{shown}</span>{paragraphs}</article></body></html>"
    )
    link = origin.answer("/1.html", reply(200, page.encode(), {"Content-Type": "text/html; charset=utf-8"}))
    await desk.configure(feed_at(origin.url("/feed"), read_pages=True))
    await polls(desk, origin, *[document(told(1, link=link, text="Ringkas saja.", date=given))] * 3)
    assert dates(desk) == {headline_of(1): "2022-01-07T22:06:00+00:00"}
    assert len(origin.seen("/1.html")) == 1


# What is written, and the date that is believed; None: none, so that the time it was first seen counts.
ODD_DATES: Final[dict[str, str | None]] = {
    " ": None,
    "entah kapan": None,
    "kemarin sore": "2022-01-06T17:00:00+00:00",  # that day in the zone of the site
    "0000-00-00T00:00:00Z": None,
    "0000-01-01T00:00:00Z": None,
    "Sat, 01 Jan 0000 00:00:00 GMT": None,
    "9999-12-31T23:59:59Z": None,
    "9999-12-31T23:59:59-14:00": None,
    "10000-01-01T00:00:00Z": None,
    "-0001-01-01T00:00:00Z": None,
    "0001-01-01T00:00:00+14:00": None,
    "-1": None,
    str(2**63): None,
    "9223372036854775808000": None,
    "Fri, 07 Jan 2022 22:06:00 +99:99": "2022-01-07T15:06:00+00:00",  # no such zone: the site's
    "2022-02-30T10:00:00Z": None,
    "Wed, 30 Feb 2022 10:00:00 GMT": None,
    "1970-01-01T00:00:00Z": None,
    "2022-01-07T24:00:00Z": "2022-01-08T00:00:00+00:00",
    "2016-12-31T23:59:60Z": "2016-12-31T23:59:59+00:00",
    "Fri, 07 Jan 2022 22:06:60 GMT": "2022-01-07T22:06:59+00:00",
    "07/01/2022 22:06": "2022-01-07T15:06:00+00:00",
    "\u0660\u0661/\u0660\u0661/\u0662\u0660\u0662\u0662": "2021-12-31T17:00:00+00:00",  # Arabic digits
    "2" * 5000: None,
    "Fri, 07 Jan 2022 22:06:00 GMT" + " " * 3000: "2022-01-07T22:06:00+00:00",
}


async def test_fs_17_a_date_that_is_none_costs_no_entry_and_is_first_seen_time(
    desk: Desk, origin: Origin
) -> None:
    given = [Told(number=number, date=date) for number, date in enumerate(ODD_DATES, start=1)]
    await polls(desk, origin, *[document(given)] * 3)
    seen = desk.store.feed_records()[0].added_at + timedelta(seconds=1)
    found = dates(desk)
    assert len(found) == desk.ledger()["accepted"] == len(ODD_DATES)
    for each, meant in zip(given, ODD_DATES.values(), strict=True):
        # A day alone or a date that is read otherwise than written would be seen here.
        assert found[headline_of(each.number)] == (meant or seen.isoformat()), each.date
    assert desk.feed()["entries"]["quarantined"] == 0


async def test_fs_17_a_date_that_is_mended_later_does_not_publish_again(desk: Desk, origin: Origin) -> None:
    await polls(desk, origin, document(told(1, date="2022-02-30T10:00:00Z")))
    before = dates(desk)
    ids = desk.ids()
    await polls(desk, origin, document(told(1)), document(told(1, date="10000-01-01T00:00:00Z")))
    assert (dates(desk), desk.ids()) == (before, ids)


@pytest.mark.parametrize("days", [3, 3650])
async def test_fs_18_an_entry_dated_ahead_is_published_once_under_the_time_it_was_seen(
    desk: Desk, origin: Origin, days: int
) -> None:
    claimed = NOW + timedelta(days=days)
    ahead = Told(number=9, date=format_datetime(claimed))
    await polls(desk, origin, document([ahead, *told(1, 2)]))
    seen = desk.now
    assert datetime.fromisoformat(dates(desk)[headline_of(9)]) == seen
    assert "dates-ahead" in desk.warnings()
    [kept] = [each.entry.published for each in stored(desk) if each.entry.title == headline_of(9)]
    assert kept == claimed.replace(microsecond=0)
    ids = desk.ids()
    later = desk.now + timedelta(hours=2)
    desk.now = later
    await polls(desk, origin, document([ahead, Told(number=3, date=format_datetime(later)), *told(1, 2)]))
    assert desk.headlines()[:2] == [headline_of(3), headline_of(9)]
    # When the claimed date comes, nothing happens: in neither order of news and time.
    desk.now = max(desk.now, claimed + timedelta(hours=1)) if days == 3 else desk.now
    files = desk.files()
    await polls(desk, origin, document([ahead, Told(number=3, date=format_datetime(later)), *told(1, 2)]))
    assert desk.files() == files
    assert ids.items() <= desk.ids().items()
    assert desk.ledger()["accepted"] == 4


# -- deletions, links


async def test_fs_21_an_entry_that_its_feed_no_longer_lists_stays(desk: Desk, origin: Origin) -> None:
    await polls(desk, origin, document(told(3, 2, 1)))
    files, ids = desk.files(), desk.ids()
    await polls(desk, origin, document(told(3)), document(told(3)))
    assert (desk.files(), desk.ids()) == (files, ids)
    await polls(desk, origin, document(told(3, 2, 1)))
    assert (desk.files(), desk.ids()) == (files, ids)


async def test_fs_21_a_deleted_entry_is_not_deleted_here_unless_an_editor_wants_that(
    desk: Desk, origin: Origin
) -> None:
    await polls(desk, origin, atom(told(2, 1)))
    files = desk.files()
    tombstone = (
        f'<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="{Told(number=1).given("guid")}" '
        f'when="2022-01-08T04:00:00Z"/></feed>'
    )
    await polls(desk, origin, *[atom(told(2)).replace(b"</feed>", tombstone.encode())] * 2)
    assert desk.feed()["state"] == "ok"
    assert desk.files() == files
    assert desk.ledger()["accepted"] == 2


async def test_fs_21_a_page_that_is_gone_costs_no_story(desk: Desk, origin: Origin) -> None:
    link = origin.answer("/1.html", reply(410))
    await desk.configure(feed_at(origin.url("/feed"), read_pages=True))
    one = document(told(1, link=link, text="Ringkas saja."))
    await polls(desk, origin, *[one] * 4)
    assert desk.headlines() == [headline_of(1)]
    assert desk.feed()["state"] == "ok"
    assert len(origin.seen("/1.html")) == 1


BASED: Final = """<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom' {0}><title>Kabar</title><id>urn:k</id>
<updated>2022-01-07T22:06:00Z</updated><link href='{1}'/><entry {2}><id>urn:k:1</id><title>{3}</title>
<link href='{4}'/><updated>2022-01-07T22:06:00Z</updated><summary>{5}</summary></entry></feed>"""
LINKS: Final = {
    "xml:base of the feed": (f"xml:base='{SITE}/a/'", "", "berita/1", f"{SITE}/a/berita/1"),
    "xml:base of the entry": ("", f"xml:base='{SITE}/b/'", "berita/1", f"{SITE}/b/berita/1"),
    "one base in another": (f"xml:base='{SITE}/a/'", "xml:base='c/'", "berita/1", f"{SITE}/a/c/berita/1"),
    "no scheme": (f"xml:base='{SITE}/'", "", "//lain.example/1", "https://lain.example/1"),
    "from the root": (f"xml:base='{SITE}/a/b'", "", "/1", f"{SITE}/1"),
    "tracking": ("", "", f"{SITE}/1?id=7&amp;utm_source=rss&amp;fbclid=x", f"{SITE}/1?id=7"),
}


@pytest.mark.parametrize(("feed", "entry", "link", "meant"), LINKS.values(), ids=LINKS.keys())
async def test_fs_23_a_link_is_made_absolute_by_the_base_that_holds_for_it(
    desk: Desk, origin: Origin, feed: str, entry: str, link: str, meant: str
) -> None:
    body = BASED.format(feed, f"{SITE}/", entry, headline_of(1), link, text_of("berita 1", 30))
    await polls(desk, origin, *[body.encode()] * 2)
    [found] = desk.entries()
    assert found["url"] == meant
    assert desk.ledger()["accepted"] == 1


async def test_fs_23_without_any_base_a_link_is_read_against_the_address_of_the_feed(
    desk: Desk, origin: Origin
) -> None:
    body = BASED.format("", "/", "", headline_of(1), "berita/1", text_of("berita 1", 30))
    await polls(desk, origin, body.encode())
    [found] = desk.entries()
    assert found["url"] == origin.url("/berita/1")


async def test_fs_23_feedburner_s_original_link_is_the_link(desk: Desk, origin: Origin) -> None:
    link = f"{SITE}/berita/1?utm_source=feedburner&amp;utm_medium=feed"
    element = Told(number=1, link="https://feedproxy.example/~r/kampar/~3/abc/").element()
    element = element.replace("</item>", f"<feedburner:origLink>{link}</feedburner:origLink></item>")
    body = rss(element).replace(
        b"<rss ", b"<rss xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0' "
    )
    await polls(desk, origin, *[body] * 2)
    assert [each["url"] for each in desk.entries()] == [f"{SITE}/berita/1"]


async def test_fs_23_links_that_differ_by_what_trackers_add_are_one_story(desk: Desk, origin: Origin) -> None:
    two = feed_at(origin.url("/lain"), "lain")
    await desk.configure(*desk.config.feed, two)
    given = [replace(each, guid=None) for each in told(1, 2, 3)]
    origin.answer("/lain", reply(200, document(list(map(_tracked, told(1, 2, 3))))))
    await polls(desk, origin, document(given))
    ids = desk.ids()
    assert len(ids) == 3
    await polls(desk, origin, document([replace(_tracked(each), guid=None) for each in given]))
    assert desk.ids() == ids
    ledger = desk.ledger()
    assert (ledger["accepted"], ledger["published"], ledger["duplicate"]) == (6, 3, 3)


# -- floods


def backdated(*numbers: int) -> list[Told]:
    return [
        Told(number=number, date=format_datetime(FIRST - timedelta(days=30, minutes=number)))
        for number in numbers
    ]


@pytest.fixture
async def flooded(desk: Desk, origin: Origin) -> Desk:
    """A newsroom whose feed has just brought 60 entries from last month."""
    await desk.configure(output=replace(desk.config.output, entries=100, span=None))
    await polls(desk, origin, document(told(1, 2)))
    await polls(desk, origin, document([*told(1, 2), *backdated(*range(100, 160))]))
    return desk


def context_of(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Context:
    """The command line of the newsroom, as an operator calls it beside no daemon."""
    path = desk.folder / "feeds.toml"
    feeds = "".join(f'[[feed]]\nid = "{each.id}"\nurl = "{each.url}"\n' for each in desk.config.feed)
    path.write_text(
        f'[site]\ntitle = "Meja"\nurl = "https://meja.example/"\n{feeds}[[section]]\nid = "semua"\ntitle = "Semua"\n',
        "utf-8",
    )
    monkeypatch.setattr(Context, "now", property(lambda _: desk.now))
    return Context(path=path)


async def test_a_flood_is_held_beyond_its_limit_and_let_through_by_release(
    flooded: Desk, origin: Origin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = flooded.ledger()
    assert (ledger["accepted"], ledger["held"], ledger["published"]) == (62, 10, 52)
    assert "10 entries are held" in flooded.warnings()["flood"]
    assert flooded.status()["health"] == "degraded"
    assert any("10 entries are held" in reason for reason in flooded.status()["reasons"])
    # What is held is the oldest, and an edit of it or another poll does not let it through.
    held = {each.entry.title for each in stored(flooded) if each.state == "held"}
    assert held == {headline_of(number) for number in range(150, 160)}
    edited = [replace(each, text=f"{text_of('disunting', 20)}{END}") for each in backdated(155)]
    await polls(flooded, origin, document([*told(1, 2), *backdated(*range(100, 155)), *edited]))
    assert flooded.ledger()["held"] == 10
    ids = flooded.ids()

    assert guards.release(context_of(flooded, monkeypatch), "kampar") == 0
    said = capsys.readouterr().out
    assert all(headline_of(number) in said for number in range(150, 160))
    assert "10 entries were held, and let through now" in said
    assert "once` goes on with it" in said
    await flooded.later(minutes=1)
    ledger = flooded.ledger()
    assert (ledger["accepted"], ledger["held"], ledger["published"]) == (62, 0, 62)
    assert ids.items() <= flooded.ids().items()
    assert "flood" not in flooded.warnings()
    assert (flooded.status()["health"], flooded.status()["reasons"]) == ("ok", [])
    assert text_of("disunting", 20) in str(flooded.entries())
    assert guards.release(context_of(flooded, monkeypatch), "kampar") == 0
    assert "nothing of it is held" in capsys.readouterr().out


async def test_a_flood_that_comes_in_parts_is_not_let_through_by_what_stands_already(
    flooded: Desk, origin: Origin
) -> None:
    more = backdated(*range(200, 270))
    await polls(flooded, origin, document([*told(1, 2), *backdated(*range(100, 160)), *more]))
    ledger = flooded.ledger()
    assert (ledger["accepted"], ledger["held"]) == (132, 30)


async def test_news_passes_however_much_it_is_and_an_undated_flood_does_not(
    desk: Desk, origin: Origin
) -> None:
    await polls(desk, origin, document(told(1)))
    fresh = [
        Told(number=number, date=format_datetime(desk.now + timedelta(seconds=number)))
        for number in range(2, 122)
    ]
    await polls(desk, origin, document(fresh))
    assert (desk.ledger()["held"], desk.ledger()["accepted"]) == (0, 121)
    undated = told(*range(200, 280), date=None)
    await polls(desk, origin, document([*undated, *fresh]))
    assert (desk.ledger()["held"], desk.ledger()["accepted"]) == (30, 201)
    in_order = {each.entry.title for each in stored(desk) if each.state == "held"}
    assert in_order == {headline_of(number) for number in range(250, 280)}


@pytest.mark.parametrize("date", ["Thu, 07 Jan 2032 22:06:00 GMT", "9999-12-31T23:59:59Z"])
async def test_a_flood_dated_years_ahead_is_a_flood(desk: Desk, origin: Origin, date: str) -> None:
    await polls(desk, origin, document(told(1)))
    await polls(desk, origin, document([*told(*range(200, 280), date=date), *told(1)]))
    assert (desk.ledger()["held"], desk.ledger()["accepted"]) == (30, 81)


async def test_with_flood_limit_0_nothing_is_held(desk: Desk, origin: Origin) -> None:
    await desk.configure(polling=replace(desk.config.polling, flood_limit=0))
    await polls(desk, origin, document(told(1)), document([*told(1), *backdated(*range(100, 300))]))
    assert (desk.ledger()["held"], desk.ledger()["published"]) == (0, 201)


async def test_the_first_document_of_a_feed_is_never_held(desk: Desk, origin: Origin) -> None:
    await polls(desk, origin, document(backdated(*range(100, 260))))
    assert (desk.ledger()["held"], desk.ledger()["accepted"]) == (0, 160)


async def test_the_first_document_after_failures_is_never_held(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", reply(500))
    await desk.at_next_due()
    await desk.at_next_due()
    await polls(desk, origin, document(backdated(*range(100, 260))))
    assert (desk.ledger()["held"], desk.ledger()["accepted"]) == (0, 160)


async def test_a_story_that_another_feed_carries_is_published_though_one_feed_floods(
    flooded: Desk, origin: Origin
) -> None:
    [carried] = backdated(157)
    two = feed_at(origin.url("/lain"), "lain")
    origin.answer("/lain", reply(200, document([carried])))
    await flooded.configure(*flooded.config.feed, two)
    await flooded.at_next_due("lain")
    assert headline_of(157) in flooded.headlines()
    assert flooded.ledger()["held"] == 10
    flooded.store.release("kampar", [each.entry.key for each in flooded.store.held("kampar")])
    await flooded.later(minutes=1)
    assert len(flooded.ids()) == len(flooded.headlines()) == 62
    assert flooded.ledger()["duplicate"] == 1


async def test_release_asks_a_gone_feed_again(
    desk: Desk, origin: Origin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    origin.answer("/feed", reply(200, news(1)), reply(410), reply(200, news(1, 2)))
    await desk.at_next_due()
    await desk.at_next_due()
    assert desk.feed()["state"] == "gone"
    await desk.later(days=40)
    assert len(origin.seen("/feed")) == 2
    assert guards.release(context_of(desk, monkeypatch), "kampar") == 0
    assert "it was gone (410), and is asked again" in capsys.readouterr().out
    await desk.later(minutes=1)
    assert len(origin.seen("/feed")) == 3
    assert (desk.feed()["state"], desk.status()["health"]) == ("ok", "ok")
    assert set(desk.headlines()) == {headline_of(1), headline_of(2)}


async def test_release_of_a_feed_that_is_gone_still_ends_gone_again(
    desk: Desk, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.answer("/feed", reply(410))
    await desk.at_next_due()
    assert guards.release(context_of(desk, monkeypatch), "kampar") == 0
    await desk.later(minutes=1)
    await desk.later(days=2)
    assert len(origin.seen("/feed")) == 2
    assert desk.feed()["state"] == "gone"


async def test_release_of_an_unknown_name_is_told_and_names_what_there_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AggregatorError, match="kampa: no such feed or section; there are: kampar"):
        guards.release(context_of(desk, monkeypatch), "kampa")


async def test_what_a_removed_feed_has_held_can_be_let_through_still(
    flooded: Desk, origin: Origin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await flooded.configure(feed_at(origin.url("/lain"), "lain"))
    origin.answer("/lain", reply(200, news(1)))
    await flooded.at_next_due("lain")
    assert flooded.status()["health"] == "degraded"
    assert guards.release(context_of(flooded, monkeypatch), "kampar") == 0
    assert "10 entries were held, and let through now" in capsys.readouterr().out
    await flooded.later(minutes=1)
    assert flooded.ledger()["held"] == 0
    assert flooded.status()["health"] == "ok"


# -- new stories that look like old ones


RECORDS: Final = ("tag:kampar.example,2022:0f3a6c11-5d0a-4cde", "tag:kampar.example,2022:99bb77cc-5d0a-4cde")
LATER: Final = (format_datetime(FIRST), format_datetime(FIRST + timedelta(hours=1)))
BULLETINS: Final[dict[str, dict[str, tuple[str | None, str | None]]]] = {  # what both days say
    "without titles": {"title": (None, None)},
    "on one day": {"date": ("2022-01-08", "2022-01-08")},
    "under one title": {"title": ("Cuaca Aceh", "Cuaca Aceh")},
    "under titles that are alike": {"title": ("Cuaca Aceh hari ini: hujan", "Cuaca Aceh hari ini: cerah")},
    "on the front page at one time": {
        "title": ("Terkini", "Terkini"),
        "link": (f"{SITE}/", f"{SITE}/"),
        "date": (LATER[0], LATER[0]),
    },
    "under one id, without titles": {
        "title": (None, None),
        "guid": (RECORDS[0], RECORDS[0]),
        "link": (f"{SITE}/a", f"{SITE}/b"),
    },
}


@pytest.mark.parametrize("kind", BULLETINS)
async def test_a_new_story_never_overwrites_the_one_that_stood_in_its_place(
    desk: Desk, origin: Origin, kind: str
) -> None:
    both = {"guid": RECORDS, "link": (f"{SITE}/cuaca",) * 2, "date": LATER, **BULLETINS[kind]}
    one, two = (
        Told(number=number, **{name: said[number - 1] for name, said in both.items()}) for number in (1, 2)
    )
    await polls(desk, origin, document([one]))
    ids = {each["id"] for each in desk.entries()}
    await polls(desk, origin, document([two]), document([two]), document([one]), document([two]))
    assert {each.entry.summary for each in stored(desk)} == {one.given("text"), two.given("text")}
    assert desk.ledger()["accepted"] == 2
    assert ids <= {each["id"] for each in desk.entries()}


async def test_columns_under_yesterday_s_titles_are_stories_of_today(desk: Desk, origin: Origin) -> None:
    columns = ("Cuaca hari ini", "Harga emas", "Kurs rupiah")
    days = [
        [
            Told(number=10 * day + at, title=title, guid=f"{RECORDS[0]}-{day}-{at}", date=None)
            for at, title in enumerate(columns)
        ]
        for day in (1, 2)
    ]
    await polls(desk, origin, document(days[0]))
    ids = {each["id"] for each in desk.entries()}
    await polls(desk, origin, document(days[1]), document(days[1]))
    assert len({each["id"] for each in desk.entries()} | ids) == len(desk.entries()) == 6
    texts = {told.given("text") for day in days for told in day}
    assert {each.entry.summary for each in stored(desk)} == texts
