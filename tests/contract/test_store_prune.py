from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from aggregator.model import Membership, Page, ReadArticle, StoryView, Verdict
from aggregator.store import Store
from aggregator.store.sql import MOST_AT_ONCE
from tests.contract.store_values import (
    DAY,
    HOUR,
    NOW,
    entry,
    feed,
    fill,
    hashes,
    not_modified,
    only,
    outcome,
    read,
    read_all,
    rules,
    stands,
)

Rows = Callable[[Store], dict[str, list[tuple[Any, ...]]]]
KEEP = 10 * DAY


@pytest.fixture(autouse=True)
def two_feeds(store: Store) -> None:
    store.sync_feeds([feed("a"), feed("b")], now=NOW)


def nowhere(view: StoryView) -> tuple[Membership, ...]:
    return ()


def prune(store: Store, after: timedelta, *, keep_pages: timedelta = DAY) -> None:
    store.prune(now=NOW + after, keep=KEEP, keep_pages=keep_pages)


def gone_from_its_feed(store: Store, **changed: Callable[..., Any]) -> None:
    """An entry that was read, and is in its feed no longer; the feed goes on answering."""
    fill(store, outcome("a", entry("a", 1)), **changed)
    fill(store, outcome("a", entry("a", 2), at=NOW + HOUR), **changed)
    store.save_polls([not_modified("a", at=NOW + 400 * DAY)], now=NOW)


def test_texts_go_when_their_time_is_over_and_the_story_stays(store: Store, rows: Rows) -> None:
    gone_from_its_feed(store, select=nowhere)
    prune(store, KEEP + DAY)
    story = next(each for each in store.stories() if each.lead.guid == "guid 1")
    assert (story.article.text, story.article.html, story.given_html) == ("", "", "")
    assert story.article.headline == "Title 1 of a"
    assert len(rows(store)["entry_version"]) == 1
    assert store.ledger()["accepted"] == 2


def test_an_entry_that_its_feed_still_lists_keeps_its_texts_though_nothing_ever_changes(store: Store) -> None:
    gone_from_its_feed(store, select=nowhere)
    prune(store, KEEP + DAY)
    story = next(each for each in store.stories() if each.lead.guid == "guid 2")
    assert story.article.text
    assert story.given_html


def test_what_is_kept_counts_from_when_an_entry_was_last_seen_not_from_its_date(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1, published=NOW - 3000 * DAY)), select=nowhere)
    prune(store, DAY)
    assert only(store).article.text


def test_an_entry_is_seen_with_every_304_until_it_leaves_the_feed(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1)), select=nowhere)
    store.save_polls([not_modified("a", at=NOW + 100 * DAY)], now=NOW)
    store.save_polls([outcome("a", at=NOW + 101 * DAY)], now=NOW)
    prune(store, 100 * DAY + KEEP - HOUR)
    assert only(store).article.text
    prune(store, 101 * DAY + KEEP)
    assert not only(store).article.text


def test_what_subscribers_can_still_see_keeps_its_texts(store: Store) -> None:
    gone_from_its_feed(store)
    before, revision = store.edition_stories("all", entries=50, span=None), store.revision()
    prune(store, 5 * KEEP)
    assert store.edition_stories("all", entries=50, span=None) == before
    assert store.revision() == revision


def test_st_14_a_pruned_entry_that_its_feed_lists_again_is_not_posted_again(store: Store) -> None:
    gone_from_its_feed(store, select=nowhere)
    prune(store, 9 * KEEP)
    assert hashes(store, "a", ["key-1"]) == {"key-1": entry("a", 1).hash}
    back = NOW + 9 * KEEP
    store.save_polls([outcome("a", at=back, unchanged=stands(entry("a", 1)))], now=back)
    assert store.waiting_count(now=back) == 0
    assert store.ledger()["accepted"] == 2


def test_a_pruned_entry_that_was_edited_keeps_its_story(store: Store) -> None:
    gone_from_its_feed(store, select=nowhere)
    before = {story.id for story in store.stories()}
    prune(store, 9 * KEEP)
    back = NOW + 9 * KEEP
    fill(store, outcome("a", at=back, updated=(entry("a", 1, text="Edited"),)), now=back, select=nowhere)
    assert {story.id for story in store.stories()} == before


def test_keys_go_after_ten_times_as_long(store: Store, rows: Rows) -> None:
    gone_from_its_feed(store, select=nowhere)
    prune(store, 10 * KEEP - DAY)
    prune(store, 10 * KEEP)
    assert store.ledger()["accepted"] == 2
    prune(store, 10 * KEEP + DAY)
    assert store.ledger()["accepted"] == 1
    assert hashes(store, "a", ["key-1", "key-2"]).keys() == {"key-2"}
    assert len(rows(store)["story"]) == 1


def test_a_story_is_kept_whole_as_long_as_one_of_its_copies_is(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1)), outcome("b", entry("b", 1))], now=NOW)
    together = [
        read(each, text="One text for both of them", text_hash=3) for each in store.waiting(now=NOW, limit=9)
    ]
    store.save_articles(together, rules(select=nowhere), now=NOW)
    store.save_polls([outcome("a", at=NOW + HOUR), not_modified("b", at=NOW + 300 * DAY)], now=NOW)
    prune(store, KEEP + DAY)
    prune(store, 11 * KEEP)
    assert len(only(store).copies) == 2


def test_reselecting_passes_over_stories_without_texts(store: Store) -> None:
    gone_from_its_feed(store, select=nowhere)
    prune(store, KEEP + DAY)
    assert store.reselect(rules(), now=NOW) == 1


def test_pages_and_requests_go_first(store: Store, rows: Rows) -> None:
    store.save_polls([outcome("a", entry("a", 1))], now=NOW)
    (waiting,) = store.waiting(now=NOW, limit=1)
    page = Page(url="https://a.example/1", content_type="text/html", body=b"<html>" * 1000)
    for _ in range(2):
        store.save_articles([read(waiting, page=page)], rules(), now=NOW)
    assert len(rows(store)["page"]) == 1
    prune(store, 8 * DAY, keep_pages=9 * DAY)
    assert (len(rows(store)["page"]), len(rows(store)["request"])) == (1, 0)
    prune(store, 8 * DAY, keep_pages=7 * DAY)
    assert len(rows(store)["page"]) == 0
    assert only(store).article.text


@pytest.mark.parametrize("days", [11, 200])
def test_what_waits_or_is_held_is_never_let_go(store: Store, days: int) -> None:
    store.save_polls([outcome("a", entry("a", 1), entry("a", 2), held=frozenset({"key-2"}))], now=NOW)
    store.save_polls([outcome("a", at=NOW + HOUR)], now=NOW)
    prune(store, days * DAY)
    assert store.ledger()["accepted"] == 2
    assert [each.entry.summary for each in store.entries()] == [entry("a", 1).summary, entry("a", 2).summary]
    read_all(store)
    assert store.ledger()["published"] == 1


def test_pruning_twice_changes_nothing(store: Store, rows: Rows) -> None:
    gone_from_its_feed(store, select=nowhere)
    prune(store, KEEP + DAY)
    before = rows(store)
    prune(store, KEEP + DAY)
    assert rows(store) == before


def test_a_fresh_copy_leads_a_story_whose_texts_are_gone(store: Store) -> None:
    gone_from_its_feed(store, select=nowhere)
    old = next(each.id for each in store.stories() if each.lead.guid == "guid 1")
    prune(store, KEEP + DAY)
    late = NOW + KEEP + DAY
    store.save_polls([outcome("b", entry("b", 1), at=late)], now=late)
    joins = Verdict(rule="same-url", story_id=old)
    read_all(store, now=late, assign=lambda article, candidates: joins)
    story = next(each for each in store.stories() if each.id == old)
    assert story.lead.feed_id == "b"
    assert story.article.text


def test_copies_of_one_story_that_are_forgotten_in_several_pieces_go_all_the_same(
    store: Store, rows: Rows
) -> None:
    many = MOST_AT_ONCE + 1
    first = [entry("a", number) for number in range(many)]
    fill(store, outcome("a", *first), assign=joined_to_the_first(), select=nowhere)
    store.save_polls([outcome("a", entry("a", many), at=NOW + HOUR)], now=NOW + HOUR)
    prune(store, KEEP + DAY)
    prune(store, 10 * KEEP + 2 * DAY)
    assert [row[2] for row in rows(store)["entry"]] == [f"key-{many}"]
    assert rows(store)["story"] == []


def joined_to_the_first() -> Callable[..., Verdict]:
    """Every article after the first is a copy of its story; the last one leads it."""
    founded: list[str] = []

    def assign(article: ReadArticle, _: object) -> Verdict:
        story = rules().mint("a", article.waiting.entry.key)
        founded.append(story)
        return Verdict(rule="first") if len(founded) == 1 else Verdict(rule="same-url", story_id=founded[0])

    return assign
