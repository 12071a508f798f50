from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aggregator.model import Enclosure, Entry, RawEntry
from aggregator.store import Store, open_reader
from tests.contract.store_values import (
    DAY,
    HOUR,
    NOW,
    entry,
    feed,
    fill,
    hashes,
    not_modified,
    outcome,
    read,
    read_all,
    rules,
    stands,
)

Rows = Callable[[Store], dict[str, list[tuple[Any, ...]]]]


@pytest.fixture(autouse=True)
def two_feeds(store: Store) -> None:
    store.sync_feeds([feed("a"), feed("b")], now=NOW)


def states(store: Store, name: str = "a") -> list[tuple[int | None, str, str]]:
    return [(each.position, each.entry.key, each.state) for each in store.entries(feed=name)]


def test_an_entry_comes_back_as_it_went_in(store: Store) -> None:
    given = entry("a", 1, content_html="<p>Isi \U0001f4f0 berita</p>", updated=NOW, day_only=True)
    store.save_polls([outcome("a", given)], now=NOW)
    (waiting,) = store.waiting(now=NOW, limit=10)
    assert replace(waiting.entry, position=1) == given
    assert waiting.first_seen == NOW
    assert waiting.effective == given.published
    assert waiting.effective.utcoffset() == given.published.utcoffset()
    assert [each.entry for each in store.entries(feed="a")] == [given]


def test_an_entry_with_nothing_but_a_key_comes_back_too(store: Store) -> None:
    bare = Entry(
        feed_id="a",
        key="k",
        position=1,
        guid=None,
        url=None,
        canonical_url=None,
        title="",
        hash="h",
        raw=RawEntry(),
    )
    store.save_polls([outcome("a", bare)], now=NOW)
    assert [each.entry for each in store.entries()] == [bare]
    assert store.waiting(now=NOW, limit=1)[0].effective == NOW


@pytest.mark.parametrize(
    "text", ["nul \0 inside", "half \ud800 a pair", "\x01\x08", "'; DROP TABLE entry; --", "%_\\"]
)
def test_text_that_an_engine_refuses_is_made_storable(store: Store, text: str) -> None:
    odd = entry("a", 1, title=text, guid=text, key=text, text=text, url=None, hash=text)
    store.save_polls([outcome("a", odd)], now=NOW)
    assert list(hashes(store, "a", [text])) == [text]
    store.save_polls([outcome("a", odd, at=NOW + HOUR)], now=NOW)
    assert store.ledger()["accepted"] == 1
    (waiting,) = store.waiting(now=NOW, limit=10)
    assert waiting.entry.summary == text
    store.save_articles([read(waiting, headline=text, text=text)], rules(), now=NOW)
    (story,) = store.stories()
    assert story.article.headline.isprintable() or story.article.headline


def test_saving_the_same_outcomes_twice_changes_nothing(store: Store, rows: Rows) -> None:
    polls = [
        outcome("a", entry("a", 1), entry("a", 2)),
        outcome("b", entry("b", 1), held=frozenset({"key-1"})),
    ]
    store.save_polls(polls, now=NOW)
    before = rows(store)
    store.save_polls(polls, now=NOW + HOUR)
    assert rows(store) == before


def test_what_is_new_is_decided_by_what_is_stored(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1))], now=NOW)
    read_all(store)
    late = outcome(
        "a", entry("a", 1), at=NOW + HOUR, updated=(entry("a", 2),), unchanged=stands(entry("a", 3))
    )
    store.save_polls([late], now=NOW + HOUR)
    # What is told to be stored already, and is not, stands nowhere; the next document that differs brings it.
    assert states(store) == [(1, "key-1", "published"), (2, "key-2", "waiting")]
    assert [each.entry.key for each in store.waiting(now=NOW, limit=10)] == ["key-2"]


def test_known_hashes_are_those_of_this_feed_only(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1)), outcome("b", entry("b", 2))], now=NOW)
    asked = [f"key-{number}" for number in range(1200)]
    assert hashes(store, "a", asked) == {"key-1": entry("a", 1).hash}
    assert hashes(store, "nobody", asked) == {}


def test_an_edited_entry_waits_again_and_its_versions_are_kept(store: Store, rows: Rows) -> None:
    fill(store, outcome("a", entry("a", 1)))
    assert store.waiting_count(now=NOW) == 0
    edited = entry("a", 1, text="Corrected.")
    store.save_polls([outcome("a", at=NOW + HOUR, updated=(edited,))], now=NOW + HOUR)
    (waiting,) = store.waiting(now=NOW, limit=10)
    assert waiting.entry.summary == "Corrected."
    assert waiting.entry.raw == edited.raw
    assert waiting.first_seen == NOW
    assert len(rows(store)["entry_version"]) == 2
    assert states(store) == [(1, "key-1", "waiting")]


def test_an_edit_that_comes_while_its_entry_is_read_is_not_lost(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1))], now=NOW)
    (in_hand,) = store.waiting(now=NOW, limit=10)
    store.save_polls([outcome("a", at=NOW + HOUR, updated=(entry("a", 1, text="Later"),))], now=NOW)
    store.save_articles([read(in_hand)], rules(), now=NOW)
    (still,) = store.waiting(now=NOW, limit=10)
    assert still.entry.summary == "Later"
    read_all(store)
    assert store.waiting_count(now=NOW) == 0


def test_held_entries_are_not_read_not_even_when_edited(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1), entry("a", 2), held=frozenset({"key-2"}))], now=NOW)
    store.save_polls([outcome("a", at=NOW + HOUR, updated=(entry("a", 2, text="edit"),))], now=NOW)
    assert [each.entry.key for each in store.waiting(now=NOW, limit=10)] == ["key-1"]
    assert store.ledger() == {
        "accepted": 2, "published": 0, "duplicate": 0, "filtered": 0, "quarantined": 0, "held": 1, "waiting": 1,
    }  # fmt: skip


def test_quarantined_entries_are_kept_with_their_reason_and_tried_again_when_edited(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1), quarantined=((entry("a", 2), "a date of 9 KB"),))], now=NOW)
    (waiting,) = store.waiting(now=NOW, limit=10)
    store.quarantine(waiting.row, "a fault of this program: ValueError", now=NOW)
    assert [each.reason for each in store.entries(feed="a")] == [
        "a fault of this program: ValueError",
        "a date of 9 KB",
    ]
    assert store.ledger()["quarantined"] == 2
    store.save_polls([outcome("a", at=NOW + HOUR, updated=(entry("a", 1, text="mended"),))], now=NOW)
    assert store.waiting_count(now=NOW) == 1


def test_waiting_entries_come_by_effective_date_feed_and_key_in_code_point_order(store: Store) -> None:
    keys = ["b", "B", "a", "A", "\u00e9", "z", "-", "10", "9"]
    same = [entry("a", 1, key=key, position=at, published=NOW - DAY) for at, key in enumerate(keys, start=1)]
    first = entry("b", 50, published=NOW - 2 * DAY)
    beside = entry("b", 1, published=NOW - DAY)
    store.save_polls([outcome("a", *same), outcome("b", beside, first)], now=NOW)
    found = [(each.entry.feed_id, each.entry.key) for each in store.waiting(now=NOW, limit=100)]
    assert found == [("b", "key-50"), *(("a", key) for key in sorted(keys)), ("b", "key-1")]
    assert len(store.waiting(now=NOW, limit=3)) == 3


def test_a_date_ahead_of_us_gives_way_to_the_time_of_first_sight(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1, published=NOW + DAY))], now=NOW)
    (waiting,) = store.waiting(now=NOW, limit=1)
    assert waiting.effective == NOW
    assert waiting.entry.published == NOW + DAY


def test_a_page_that_could_not_be_had_is_tried_again_when_its_time_comes(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1))], now=NOW)
    (waiting,) = store.waiting(now=NOW, limit=1)
    again = read(replace(waiting, page_error="timeout", tries=1), retry_page_at=NOW + HOUR)
    for _ in range(2):
        store.save_articles([again], rules(), now=NOW)
    assert store.waiting(now=NOW, limit=1) == []
    (retried,) = store.waiting(now=NOW + HOUR, limit=1)
    assert (retried.tries, retried.page_error) == (1, "timeout")
    assert store.waiting_count(now=NOW + HOUR) == 1
    store.save_articles([read(retried)], rules(), now=NOW + HOUR)
    assert store.waiting_count(now=NOW + DAY) == 0


def test_the_last_document_comes_in_its_order_with_repeats_then_the_older_entries(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1), entry("a", 2), entry("a", 3))], now=NOW)
    shown = outcome(
        "a",
        entry("a", 9, position=1),
        at=NOW + HOUR,
        unchanged=stands(entry("a", 2, position=2)),
        repeats=stands(entry("a", 9, position=3)),
    )
    store.save_polls([shown], now=NOW + HOUR)
    assert states(store) == [
        (1, "key-9", "waiting"),
        (2, "key-2", "waiting"),
        (3, "key-9", "waiting"),
        (None, "key-1", "waiting"),
        (None, "key-3", "waiting"),
    ]
    store.save_polls([not_modified("a", at=NOW + 2 * HOUR)], now=NOW)
    assert [position for position, _, _ in states(store)] == [1, 2, 3, None, None]
    store.save_polls([outcome("a", at=NOW + 3 * HOUR)], now=NOW)
    assert [position for position, _, _ in states(store)] == [None] * 4


def test_the_regions_of_an_entry_are_those_of_its_own_text(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1)))
    (found,) = store.entries(feed="a")
    assert [(each.code, each.evidence[0].text) for each in found.regions] == [("KZ", "Title")]
    assert found.story_id == next(store.stories()).id


def test_a_big_document_is_saved_whole(store: Store) -> None:
    store.save_polls([outcome("a", *(entry("a", number) for number in range(1, 1501)))], now=NOW)
    assert store.waiting_count(now=NOW) == 1500
    assert len(list(store.entries(feed="a"))) == 1500


def test_a_reader_sees_what_a_writer_committed(store: Store, url: str) -> None:
    reader = open_reader(url)
    store.save_polls([outcome("a", entry("a", 1))], now=NOW)
    assert reader.ledger()["waiting"] == 1
    reader.close()


def test_what_stands_in_the_last_document_is_known_by_its_key_and_hash(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1), entry("a", 2)))
    late = outcome("a", entry("a", 3, position=1), at=NOW + HOUR, unchanged=stands(entry("a", 2)))
    store.save_polls([late], now=NOW + HOUR)
    assert store.listed_hashes("a") == {f"key-{number}": entry("a", number).hash for number in (2, 3)}
    assert store.listed_hashes("nobody") == {}


def test_an_entry_is_known_by_its_place_its_key_or_its_address(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1), entry("a", 2)), outcome("b", entry("b", 1)))
    store.save_polls([outcome("a", entry("a", 3, position=1), at=NOW + HOUR)], now=NOW + HOUR)
    address = entry("a", 2).canonical_url
    assert address is not None
    found = {each.key: each for each in store.known("a", keys=["key-1"], urls=[address])}
    assert found.keys() == {"key-1", "key-2", "key-3"}
    assert [found[f"key-{number}"].listed for number in (1, 2, 3)] == [False, False, True]
    one = found["key-1"]
    assert (one.title, one.guid, one.canonical_url) == ("Title 1 of a", "guid 1", entry("a", 1).canonical_url)
    assert one.published == one.effective == entry("a", 1).published
    assert [each.key for each in store.known("a", keys=(), urls=())] == ["key-3"]


def test_feeds_with_entries_are_named_also_when_they_are_configured_no_more(store: Store) -> None:
    assert store.feeds_with_entries() == frozenset()
    store.save_polls([outcome("a", entry("a", 1), entry("a", 2))], now=NOW)
    store.sync_feeds([feed("b")], now=NOW)
    assert store.feeds_with_entries() == {"a"}


def test_what_is_held_is_shown_and_let_through(store: Store) -> None:
    many = [entry("a", number) for number in range(1, 4)]
    fill(store, outcome("a", *many, held=frozenset({"key-1", "key-3"})), outcome("b", entry("b", 1)))
    assert [each.entry.key for each in store.held("a")] == ["key-1", "key-3"]
    assert store.held_counts() == {"a": 2}
    store.release("a", ["key-1", "key-2"])
    assert [each.entry.key for each in store.held("a")] == ["key-3"], "what was not shown stays held"
    store.release("a", ["key-3"])
    assert (store.held("a"), store.held_counts()) == ([], {})
    assert [each.entry.key for each in store.waiting(now=NOW, limit=9) if each.entry.feed_id == "a"]
    assert store.ledger()["held"] == 0


def test_an_edit_that_nobody_reads_makes_no_work_and_shows_in_the_files(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1), entry("a", 2)))
    revision = store.revision()
    silent = replace(entry("a", 1), hash="other", enclosures=(Enclosure(url="https://a.example/new.mp3"),))
    spoken = replace(entry("a", 2), hash="other", title="Another title")
    store.save_polls([outcome("a", at=NOW + HOUR, updated=(silent, spoken))], now=NOW + HOUR)
    assert [each.entry.key for each in store.waiting(now=NOW + HOUR, limit=9)] == ["key-2"]
    assert store.revision() > revision
    stored = {each.entry.key: each.entry for each in store.entries(feed="a")}
    assert stored["key-1"].enclosures == silent.enclosures
    assert stored["key-1"].hash == "other"


def test_a_page_that_is_to_be_tried_again_is_so_after_an_edit_that_nobody_reads(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1))], now=NOW)
    (waiting,) = store.waiting(now=NOW, limit=1)
    again = read(replace(waiting, page_error="timeout", tries=1), retry_page_at=NOW + 2 * HOUR)
    store.save_articles([again], rules(), now=NOW)
    silent = replace(entry("a", 1), hash="other", enclosures=())
    store.save_polls([outcome("a", at=NOW + HOUR, updated=(silent,))], now=NOW + HOUR)
    assert store.waiting(now=NOW + HOUR, limit=1) == []
    (retried,) = store.waiting(now=NOW + 2 * HOUR, limit=1)
    assert (retried.tries, retried.page_error) == (1, "timeout")


def test_what_came_while_the_clock_was_ahead_keeps_no_later_story_below_the_fold(store: Store) -> None:
    ahead = NOW + 400 * DAY
    fill(store, outcome("a", entry("a", 1), at=ahead), now=ahead)
    (section,) = next(store.stories()).sections
    fill(store, outcome("a", entry("a", 2), at=NOW), now=NOW)
    found = store.edition_stories(section.section_id, entries=2, span=None)
    assert {each.copies[0].guid for each in found} == {"guid 1", "guid 2"}
    fill(store, outcome("a", entry("a", 3), entry("a", 4), at=NOW + HOUR), now=NOW + HOUR)
    newest = store.edition_stories(section.section_id, entries=3, span=None)
    assert len({each.copies[0].guid for each in newest} & {"guid 2", "guid 3", "guid 4"}) >= 2
