"""Which entries are stored already: ids that change, repeat, count, or are missing (robustness, FS)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from aggregator.core.likeness import is_alike, is_weak
from tests.core.shelf import Shelf, Told, counts

DATE = "Sat, 08 Jan 2022 0{}:06:00 +0700"
TITLES = (
    "Kazakhstan rusuh, puluhan demonstran tewas",
    "Panen bawang di Brebes melimpah",
    "Timnas menang tipis atas Thailand",
    "Gubernur resmikan jembatan Siak",
    "Harga cabai turun di pasar induk",
)
STORIES = tuple(
    Told(
        title=title,
        link=f"https://kabar.example/berita/{number}",
        guid=f"https://kabar.example/?p={number}",
        date=DATE.format(number),
        text=f"Isi berita nomor {number}.",
    )
    for number, title in enumerate(TITLES, start=1)
)
Change = Callable[[int, Told], Told]


def stable(shelf: Shelf, told: Sequence[Told], times: int = 10) -> None:
    """The same document again and again is nothing new, whatever was decided when it first came."""
    keys = dict(shelf.listed)
    for _ in range(times):
        new, updated, *_ = counts(shelf.poll(*told))
        assert (new, updated) == (0, 0)
        assert shelf.listed == keys


def polled(first: Sequence[Told], second: Sequence[Told]) -> tuple[int, int, int, int]:
    shelf = Shelf()
    assert counts(shelf.poll(*first))[0] == len(first)
    found = counts(shelf.poll(*second))
    stable(shelf, second)
    keys = dict(shelf.listed)
    shelf.poll()
    assert counts(shelf.poll(*second))[:2] == (0, 0)
    assert shelf.listed == keys
    stable(shelf, second)
    return found


def test_fs_01_ten_polls_of_one_document_bring_nothing() -> None:
    shelf = Shelf()
    assert counts(shelf.poll(*STORIES)) == (5, 0, 0, 0)
    stable(shelf, STORIES)


def test_fs_02_what_comes_back_after_an_empty_document_is_unchanged() -> None:
    shelf = Shelf()
    shelf.poll(*STORIES)
    assert counts(shelf.poll()) == (0, 0, 0, 0)
    assert counts(shelf.poll(*STORIES)) == (0, 0, 5, 0)


def bytes_alike(number: int, told: Told) -> Told:
    return replace(told, guid=f"urn:uuid:{number:032x}")


STORMS: dict[str, tuple[Change, int]] = {  # and how many are edits: their bytes differ
    "other ids": (bytes_alike, 0),
    "no ids any more": (lambda _, told: replace(told, guid=""), 0),
    "numbers for ids": (lambda number, told: replace(told, guid=str(900 - number)), 0),
    "https": (
        lambda _, told: replace(
            told, link=told.link.replace("https", "http"), guid=told.guid.replace("https", "http")
        ),
        5,
    ),
    "other ids and https": (
        lambda number, told: replace(bytes_alike(number, told), link=told.link.replace("https", "http")),
        5,
    ),
    "a slug for an id": (
        lambda number, told: replace(told, guid=f"https://kabar.example/judul-{number}/"),
        0,
    ),
    "slugs for links, too": (
        lambda number, told: replace(
            told, guid=f"https://kabar.example/judul-{number}/", link=f"https://kabar.example/judul-{number}/"
        ),
        5,
    ),
    "another host": (
        lambda _, told: replace(
            told, link=told.link.replace("kabar", "berita"), guid=told.guid.replace("kabar", "berita")
        ),
        5,
    ),
    "links and ids under another path, without dates": (
        lambda number, told: replace(
            told, guid=f"baru-{number}-baru-baru", link=f"https://kabar.example/arsip/{number}", date=""
        ),
        5,
    ),
    "other ids, every date now": (
        lambda number, told: replace(bytes_alike(number, told), date=DATE.format(9)),
        5,
    ),
    "other ids, titles edited": (
        lambda number, told: replace(bytes_alike(number, told), title=told.title + ", kata polisi"),
        5,
    ),
    "other ids, titles rewritten, dates kept": (
        lambda number, told: replace(bytes_alike(number, told), title=f"Serba baru {number}"),
        5,
    ),
    "a version in the id": (
        lambda number, told: replace(
            told, guid=f"{told.link}#2", title=f"Serba baru {number}", date=DATE.format(9)
        ),
        5,
    ),
}


@pytest.mark.parametrize("kind", STORMS)
def test_fs_06_a_guid_storm_makes_no_new_entry(kind: str) -> None:
    change, edits = STORMS[kind]
    before = STORIES
    if "without dates" in kind:
        before = tuple(replace(told, date="") for told in STORIES)
    after = [change(number, told) for number, told in enumerate(before)]
    assert polled(before, after) == (0, edits, 5 - edits, 0)


def test_fs_06_a_storm_keeps_keys_and_news_among_it_is_news() -> None:
    shelf = Shelf()
    shelf.poll(*STORIES[1:])
    keys = dict(shelf.listed)
    after = [bytes_alike(number, told) for number, told in enumerate(STORIES[:4])]
    found = shelf.poll(*after)
    assert counts(found) == (1, 0, 3, 0)
    assert [entry.title for entry in found.new] == [STORIES[0].title]
    assert [shelf.listed[position] for position in (2, 3, 4)] == [keys[position] for position in (1, 2, 3)]
    stable(shelf, after)


def test_fs_06_what_was_gone_comes_back_under_another_id_and_scheme() -> None:
    shelf = Shelf()
    shelf.poll(*STORIES)
    shelf.poll()
    after = [
        replace(bytes_alike(number, told), link=told.link.replace("https", "http"))
        for number, told in enumerate(STORIES)
    ]
    assert counts(shelf.poll(*after)) == (0, 5, 0, 0)
    assert len(shelf.entries) == 5


def test_fs_06_after_a_storm_an_edit_is_one_of_the_old_entry() -> None:
    shelf = Shelf()
    shelf.poll(*STORIES)
    storm = [bytes_alike(number, told) for number, told in enumerate(STORIES)]
    shelf.poll(*storm)
    edited = [replace(told, text=told.text + " Diperbarui.") for told in storm]
    assert counts(shelf.poll(*edited)) == (0, 5, 0, 0)
    moved = [replace(told, link=told.link + "-pindah", title=told.title + " lagi") for told in edited]
    assert counts(shelf.poll(*moved)) == (0, 5, 0, 0)
    assert len(shelf.entries) == 5


def test_fs_09_one_id_for_all_keeps_every_story() -> None:
    same = [replace(told, guid="sama") for told in STORIES]
    assert polled(same, list(reversed(same))) == (0, 0, 5, 0)
    shelf = Shelf()
    for told in same:  # one element a document: nothing in it says that the id is shared
        assert counts(shelf.poll(told)) == (1, 0, 0, 0)
        stable(shelf, [told])
    assert sorted(entry.title for entry in shelf.entries.values()) == sorted(TITLES)
    assert counts(shelf.poll(*same)) == (0, 0, 5, 0)
    for told in same:
        assert counts(shelf.poll(told)) == (0, 0, 1, 0)


def test_fs_09_short_news_that_share_id_and_page_are_each_a_story() -> None:
    page = "https://kabar.example/singkat"
    same = [replace(told, guid=page, link=page) for told in STORIES]
    assert polled(same, list(reversed(same))) == (0, 0, 5, 0)
    shelf = Shelf()
    shelf.poll(*same)
    mended = [replace(same[0], text="Isi yang sudah diperbaiki."), *same[1:]]
    assert counts(shelf.poll(*mended)) == (0, 1, 4, 0)
    assert counts(shelf.poll(replace(STORIES[0], title="Longsor di Sibolga", guid=page, link=page), *mended))[
        :2
    ] == (1, 0)
    assert len(shelf.entries) == 6


@pytest.mark.parametrize(
    "guid", ["https://kabar.example/", "https://kabar.example/rss", "tag:kabar.example,2022:terbaru"]
)
def test_fs_09_an_id_used_again_for_another_story_loses_none(guid: str) -> None:
    shelf = Shelf()
    for told in STORIES:
        assert counts(shelf.poll(replace(told, guid=guid))) == (1, 0, 0, 0)
        stable(shelf, [replace(told, guid=guid)])
    assert len(shelf.entries) == 5
    edited = replace(STORIES[4], guid=guid, title=STORIES[4].title + ", kata pedagang", text="Lebih panjang.")
    assert counts(shelf.poll(edited)) == (0, 1, 0, 0)
    assert len(shelf.entries) == 5


@pytest.mark.parametrize("only", ["title", "text"])
def test_fs_10_neither_id_nor_link(only: str) -> None:
    bare = [Told(**{only: getattr(told, only)}) for told in STORIES]
    assert polled(bare, bare) == (0, 0, 5, 0)
    assert polled(bare, [bare[3], Told(title="Baru sama sekali"), bare[0]]) == (1, 0, 2, 0)


def test_fs_10_without_a_link_a_new_id_and_a_new_body_are_told_by_title_and_time() -> None:
    before = [replace(told, link="", guid=f"tag:kabar.example,2022:{at}") for at, told in enumerate(STORIES)]
    after = [replace(told, guid=f"{told.guid}0", text="Lebih panjang.") for told in before]
    for count in (1, 5):
        shelf = Shelf()
        shelf.poll(*before[:count])
        assert counts(shelf.poll(*after[:count])) == (0, count, 0, 0)
        stable(shelf, after[:count])


@pytest.mark.parametrize(
    "edit",
    [
        {"title": "Judul yang lain sama sekali"},
        {"text": "Lebih panjang dan lain."},
        {"link": "https://kabar.example/berita/kazakhstan-rusuh"},
        {"title": "Judul lain sama sekali", "link": "https://kabar.example/judul-lain-sama-sekali"},
        {"title": "Judul lain sama sekali", "link": "https://lain.example/berita/1", "date": DATE.format(9)},
        {"title": TITLES[0] + ", kata polisi", "link": "https://kabar.example/lain", "date": DATE.format(9)},
        {"title": "Judul lain sama sekali", "link": "", "date": DATE.format(9)},
        {"title": "Serba baru", "date": DATE.format(9), "text": "Menit ke-90: gol."},
    ],
    ids=["title", "text", "link", "slug follows", "site moved", "redated", "link gone", "live blog"],
)
def test_fs_12_an_edit_is_one_entry(edit: dict[str, str]) -> None:
    assert polled(STORIES, [replace(STORIES[0], **edit), *STORIES[1:]]) == (0, 1, 4, 0)


def test_fs_12_a_slug_that_keeps_its_number_is_the_same_record() -> None:
    link = "https://kabar.example/2022/01/08/2124482/{}"
    before = replace(STORIES[0], link=link.format("kazakhstan-rusuh"))
    after = replace(before, link=link.format("lain"), title="Lain sama sekali", date=DATE.format(9))
    assert polled([before], [after]) == (0, 1, 0, 0)
    day = "https://kabar.example/20220108/{}"  # a date is no number of a record
    other = replace(after, link=day.format("lain"))
    assert polled([replace(before, link=day.format("kazakhstan"))], [other]) == (1, 0, 0, 0)


def test_fs_23_what_a_tracker_adds_is_no_new_link() -> None:
    tracked = [
        replace(told, guid="", link=told.link + "?utm_source=rss&amp;utm_medium=feed") for told in STORIES
    ]
    assert polled(tracked, [replace(told, guid="") for told in STORIES]) == (0, 0, 5, 0)


POSITIONS: dict[str, Callable[[int], str]] = {
    "1, 2, 3": str,
    "with a gap": lambda place: str(place if place < 3 else place + 1),
    "item-3": lambda place: f"item-{place}",
    "rows of a table": lambda place: f"baris {place * 7}",
    "in an address": lambda place: f"https://kabar.example/rss#{place}",
    "sections": lambda place: ("utama", "ekonomi", "olahraga", "hukum")[place - 1],
}


@pytest.mark.parametrize("kind", POSITIONS)
@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("linked", [True, False])
def test_ids_that_are_places_lose_no_story(kind: str, *, dated: bool, linked: bool) -> None:
    shelf = Shelf()
    stories = [
        replace(told, date=told.date if dated else "", link=told.link if linked else "") for told in STORIES
    ]
    new = 0
    for newest in range(len(stories)):
        listed = stories[max(0, newest - 3) : newest + 1][::-1]
        told = [replace(each, guid=POSITIONS[kind](place)) for place, each in enumerate(listed, start=1)]
        found = counts(shelf.poll(*told))
        new += found[0]
        assert found == (1, 0, len(told) - 1, 0)
        stable(shelf, told, times=2)
    assert new == len(shelf.entries) == len(stories)


def test_an_id_that_is_a_place_and_an_edit_in_place_is_an_edit() -> None:
    told = [replace(each, guid=f"baris {at * 7}") for at, each in enumerate(STORIES)]
    edited = replace(told[0], title=told[0].title + " lagi", link="https://kabar.example/berita/1-lagi")
    assert polled(told, [edited, *told[1:]]) == (0, 1, 4, 0)


def test_two_entries_with_one_link_and_two_titles_are_two() -> None:
    told = [replace(each, link="https://kabar.example/bursa") for each in STORIES]
    assert polled(told, [replace(each, guid="") for each in told]) == (0, 0, 5, 0)


@pytest.mark.parametrize("link", ["https://kabar.example/", "https://kabar.example/bursa"])
def test_bulletins_at_one_address_are_one_a_day(link: str) -> None:
    shelf = Shelf()
    for day in (3, 4, 5):
        told = Told(
            title=f"Harga emas {day} Januari",
            link=link,
            guid=f"tag:kabar.example,2022:emas-{day}",
            date=f"Sat, 0{day} Jan 2022 09:00:00 +0700",
        )
        assert counts(shelf.poll(told)) == (1, 0, 0, 0)
        stable(shelf, [told])


def test_a_front_page_is_the_link_of_no_story() -> None:
    shelf = Shelf()
    for day, weather in ((3, "cerah"), (4, "berawan"), (5, "hujan")):
        told = Told(
            title=f"Cuaca Pekanbaru {weather}",
            link="https://kabar.example/",
            guid=f"tag:kabar.example,2022:cuaca-{day}",
            date=f"Sat, 0{day} Jan 2022 09:00:00 +0700",
        )
        assert counts(shelf.poll(told)) == (1, 0, 0, 0)
        stable(shelf, [told])


def test_one_title_every_day_is_one_story_a_day() -> None:
    shelf = Shelf()
    for day in (3, 4, 5):
        told = Told(
            title="Jadwal salat hari ini",
            link=f"https://kabar.example/jadwal-{day}",
            guid=f"tag:kabar.example,2022:jadwal-{day}",
        )
        assert counts(shelf.poll(told)) == (1, 0, 0, 0)
        stable(shelf, [told])


AT = "https://kabar.example/cuaca"
FRIDAY, SATURDAY = "Fri, 07 Jan 2022 20:00:00 GMT", "Sat, 08 Jan 2022 02:30:00 GMT"
RECORDS = ("tag:kabar.example,2022:0f3a6c11-5d0a-4cde", "tag:kabar.example,2022:99bb77cc-5d0a-4cde")
QUAKE = Told(title="Gempa di Aceh", link=AT, guid=RECORDS[0], date=FRIDAY, text="Gempa kuat pagi ini.")
FLOOD = Told(title="Banjir di Medan", link=AT, guid=RECORDS[1], date=SATURDAY, text="Ratusan mengungsi.")
NEWS: dict[str, dict[str, tuple[str, str]]] = {  # what both say in place of what stands above
    "without titles": {"title": ("", "")},
    "without titles, dates or times": {"title": ("", ""), "date": ("2022-01-08", "2022-01-08")},
    "on one day": {"date": ("2022-01-08", "2022-01-08")},
    "at midnight in Greenwich": {"date": ("Sat, 08 Jan 2022 07:00:00 +0700",) * 2},
    "under one title": {"title": ("Cuaca Aceh", "Cuaca Aceh")},
    "under one title on one day": {"title": ("Cuaca Aceh", "Cuaca Aceh"), "date": ("2022-01-08",) * 2},
    "under one title, undated": {"title": ("Cuaca Aceh", "Cuaca Aceh"), "date": ("", "")},
    "under one title without a text": {"title": ("Cuaca Aceh", "Cuaca Aceh"), "text": ("", "")},
    "under titles that are alike": {"title": ("Cuaca hari ini: hujan", "Cuaca hari ini: cerah")},
    "under titles that are alike, undated": {
        "title": ("Cuaca hari ini: hujan", "Cuaca hari ini: cerah"),
        "date": ("", ""),
    },
    "at a numbered address": {
        "title": ("Cuaca Aceh", "Cuaca Aceh"),
        "link": ("https://kabar.example/halaman/123456",) * 2,
    },
    "on the front page, at one time": {
        "title": ("Terkini", "Terkini"),
        "link": ("https://kabar.example/", "https://kabar.example/"),
        "date": (FRIDAY, FRIDAY),
    },
    "on the front page of another scheme": {
        "title": ("Terkini", "Terkini"),
        "link": ("http://kabar.example/", "https://kabar.example/"),
        "date": (FRIDAY, FRIDAY),
    },
    "at an address of one path on another host": {
        "title": ("Cuaca Aceh", "Cuaca Aceh"),
        "link": (AT, "https://aceh.kabar.example/cuaca"),
    },
    "under one id, without titles": {
        "title": ("", ""),
        "guid": (RECORDS[0], RECORDS[0]),
        "link": (f"{AT}/a", f"{AT}/b"),
    },
    "under one id, without titles and dates": {
        "title": ("", ""),
        "date": ("", ""),
        "guid": (RECORDS[0], RECORDS[0]),
        "link": (f"{AT}/a", f"{AT}/b"),
    },
    "in one place, undated": {
        "title": ("Cuaca hari ini", "Cuaca hari ini"),
        "date": ("", ""),
        "guid": ("item-1", "item-1"),
        "link": (f"{AT}/a", f"{AT}/b"),
    },
    "without ids, on the front page": {"guid": ("", ""), "link": ("https://kabar.example/",) * 2},
}


@pytest.mark.parametrize("kind", NEWS)
def test_what_a_new_story_shares_with_one_before_makes_it_no_edit_of_it(kind: str) -> None:
    one, two = (
        replace(told, **{name: said[at] for name, said in NEWS[kind].items()})
        for at, told in enumerate((QUAKE, FLOOD))
    )
    assert polled([one], [two]) == (1, 0, 0, 0)
    assert polled([two], [one]) == (1, 0, 0, 0)
    shelf = Shelf()
    for told in (one, two, one, two):
        shelf.poll(told)
    assert {entry.summary for entry in shelf.entries.values()} == {one.text, two.text}
    assert len(shelf.entries) == 2


@pytest.mark.parametrize("days", [("", ""), ("2022-01-07", "2022-01-08"), (FRIDAY, SATURDAY)])
@pytest.mark.parametrize("links", ["links of their own", "links that stay"])
@pytest.mark.parametrize("told_in", ["texts", "pages alone"])
def test_columns_that_stand_in_a_feed_every_day_are_no_storm(
    days: tuple[str, str], links: str, told_in: str
) -> None:
    columns = ("Cuaca hari ini", "Harga emas", "Kurs rupiah", "Jadwal salat")
    old, new = (
        [
            Told(
                title=title,
                link=f"https://kabar.example/kolom/{at + 10 * day if 'own' in links else at}",
                guid=f"{RECORDS[day]}-{at}",
                date=days[day],
                text=f"{title} di Aceh, nomor {day}." if told_in == "texts" else "",
            )
            for at, title in enumerate(columns)
        ]
        for day in (0, 1)
    )
    if links == "links that stay" and told_in == "pages alone" and days == ("", ""):
        assert polled(old, new) == (0, 0, 4, 0)  # to the byte what was delivered before
    else:
        assert polled(old, new) == (4, 0, 0, 0)


@pytest.mark.parametrize(
    ("edit", "same"),
    [
        ({}, True),
        ({"link": "http://kabar.example/cuaca"}, True),
        ({"date": SATURDAY}, True),
        ({"date": SATURDAY, "link": "https://lain.example/cuaca"}, True),
        ({"date": SATURDAY, "text": "Lain."}, False),
        ({"date": "Sat, 08 Jan 2022 09:30:00 +0700"}, False),  # written in another way: in doubt they are two
        ({"text": "Lain."}, True),
        ({"title": "Lain sama sekali", "text": "Lain."}, True),
        ({"title": "Lain sama sekali", "date": SATURDAY}, False),
        ({"guid": f"{AT}#2", "title": "Lain sama sekali", "date": SATURDAY, "text": "Lain."}, True),
    ],
)
@pytest.mark.parametrize("form", ["as it is", "to the second", "with a blank"])
def test_under_a_new_id_what_has_one_link_is_an_edit_when_its_time_or_its_text_stayed(
    edit: dict[str, str], form: str, *, same: bool
) -> None:
    written = {
        "as it is": {},
        "to the second": {FRIDAY: "2022-01-07T20:00:00Z", SATURDAY: "2022-01-08T02:30:00Z"},
        "with a blank": {FRIDAY: "2022-01-07 20:00:00+00:00", SATURDAY: "2022-01-08 02:30:00+00:00"},
    }[form]
    after = replace(QUAKE, **{"guid": RECORDS[1], **edit})
    one, two = (replace(told, date=written.get(told.date, told.date)) for told in (QUAKE, after))
    new, updated, unchanged, _ = polled([one], [two])
    assert (new, updated + unchanged) == ((0, 1) if same else (1, 0))


@pytest.mark.parametrize(
    ("link", "same"),
    [("https://kabar.example/berita/2124482/cuaca", True), (AT, False), (f"{AT}/20220108", False)],
)
def test_one_title_without_a_date_and_the_number_of_one_record_are_one_entry(
    link: str, *, same: bool
) -> None:
    one = replace(QUAKE, link=link, date="")
    two = replace(one, guid=RECORDS[1], text="Lain.")
    assert polled([one], [two]) == ((0, 1, 0, 0) if same else (1, 0, 0, 0))


@pytest.mark.parametrize("date", ["", FRIDAY])
def test_fs_06_the_first_edit_after_a_storm_that_left_the_bytes_alone_is_one(date: str) -> None:
    one = replace(QUAKE, link="https://kabar.example/berita/2124482/gempa", date=date)
    storm = replace(one, guid=RECORDS[1])
    shelf = Shelf()
    shelf.poll(one)
    assert counts(shelf.poll(storm)) == (0, 0, 1, 0)
    assert counts(shelf.poll(replace(storm, title=one.title + " lagi", text="Lain."))) == (0, 1, 0, 0)
    assert len(shelf.entries) == 1


def test_a_live_blog_under_one_id_and_link_is_one_entry() -> None:
    shelf = Shelf()
    for told in (QUAKE, replace(FLOOD, guid=QUAKE.guid), replace(FLOOD, guid=QUAKE.guid, title="")):
        shelf.poll(told)
    assert len(shelf.entries) == 1


def test_a_key_repeated_in_a_document_counts_once() -> None:
    twice = [STORIES[0], replace(STORIES[0], text="Lain."), STORIES[1], STORIES[1]]
    shelf = Shelf()
    assert counts(shelf.poll(*twice)) == (2, 0, 0, 2)
    assert shelf.listed == {
        1: "//kabar.example/?p=1",
        2: "//kabar.example/?p=1",
        3: "//kabar.example/?p=2",
        4: "//kabar.example/?p=2",
    }
    stable(shelf, twice)


def test_what_finds_every_name_taken_is_a_repeat() -> None:
    shelf = Shelf()
    shelf.poll(replace(STORIES[0], guid="a"))
    told = [replace(STORIES[1], guid="a"), replace(STORIES[1], guid="b"), replace(STORIES[1], guid="b")]
    shelf.poll(*told)
    stable(shelf, told)
    assert len(shelf.entries) == 3


def test_what_repeats_a_repeat_is_one_of_the_same_entry() -> None:
    shelf = Shelf()
    shelf.poll(Told(guid="a", text="Isi yang lain."))
    front = Told(title=TITLES[0], link="https://kabar.example/")
    told = [front, replace(front, guid="a"), replace(front, guid="a", title="")]
    assert counts(shelf.poll(*told)) == (1, 0, 0, 2)
    assert len(set(shelf.listed.values())) == 1
    stable(shelf, told)


def test_what_finds_every_name_taken_by_another_story_is_known_by_its_bytes() -> None:
    front = "https://kabar.example/"
    shelf = Shelf()
    shelf.poll(Told(link=front, guid="1"), Told(title=TITLES[0], link=front))
    told = [
        Told(title=TITLES[0], link=front, guid=RECORDS[0], text="Isi."),
        Told(title=TITLES[0], link=front, guid="1", text="Isi yang lain."),
    ]
    shelf.poll(*told)
    assert {"Isi.", "Isi yang lain."} <= {entry.summary for entry in shelf.entries.values()}
    stable(shelf, told)


def test_an_entry_takes_the_newest_of_several_that_had_its_id() -> None:
    guid = "tag:kabar.example,2022:terbaru"
    shelf = Shelf()
    for told in STORIES[:3]:
        shelf.poll(replace(told, guid=guid))
    moved = replace(STORIES[2], guid=guid, link="https://kabar.example/timnas", title=TITLES[2] + ", 1-0")
    found = shelf.poll(moved)
    assert counts(found) == (0, 1, 0, 0)
    assert found.updated[0].key == "//kabar.example/berita/3"


@pytest.mark.parametrize(
    ("given", "weak"),
    [
        ("1", True),
        ("999", True),
        ("item-3", True),
        ("ekonomi", True),
        ("https://kabar.example/", True),
        ("https://kabar.example/rss#3", True),
        ("https://kabar.example#item-12", True),
        ("2124482", False),
        ("post-2124", False),
        ("https://kabar.example/?p=3", False),
        ("https://kabar.example/ekonomi/harga-cabai", False),
        ("https://kabar.example/berita/1#berita", False),
        ("tag:kabar.example,2022:3", False),
        ("5f0c1e9b6cd1e8f1a2b3c4d5e6f70819", False),
        ("gempa-di-cianjur-guncang", False),
    ],
)
def test_an_id_that_may_be_a_place_is_weak(given: str, *, weak: bool) -> None:
    assert is_weak(given) is weak


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Tiga orang terluka", "Lima orang terluka", True),
        ("Banjir di Riau", "BANJIR di Riau meluas", True),
        ("Harga emas 3 Januari", "Harga emas 4 Januari", False),
        ("Gempa M 5,1 guncang Garut", "Gempa M 5,1 guncang Garut, warga berlarian", True),
        ("Panen bawang", "Timnas menang", False),
        ("", "Timnas menang", False),
        ("", "", False),
    ],
)
def test_titles_are_alike_when_one_may_be_an_edit_of_the_other(one: str, other: str, *, alike: bool) -> None:
    assert is_alike(one, other) is alike
    assert is_alike(other, one) is alike
