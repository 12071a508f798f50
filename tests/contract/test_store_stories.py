from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.model import (
    Candidate,
    Copy,
    Membership,
    Page,
    ReadArticle,
    Role,
    StoryView,
    Verdict,
)
from aggregator.store import Store
from tests.contract.store_values import (
    DAY,
    HOUR,
    NOW,
    entry,
    feed,
    fill,
    mint,
    not_modified,
    only,
    outcome,
    read,
    read_all,
    region,
    rules,
)

Rows = Callable[[Store], dict[str, list[tuple[Any, ...]]]]
SHARED = "The same words stand in both papers, from the same wire."


@pytest.fixture(autouse=True)
def three_feeds(store: Store) -> None:
    store.sync_feeds([feed("a"), feed("b"), feed("c")], now=NOW)


def nowhere(view: StoryView) -> tuple[Membership, ...]:
    return ()


def by_feed(view: StoryView) -> tuple[Membership, ...]:
    """A section for the feed that leads."""
    return (Membership(section_id=view.lead_feed, because=f"feeds: {view.lead_feed}"),)


def save(store: Store, *articles: ReadArticle, **changed: Callable[..., Any]) -> list[str]:
    return store.save_articles(articles, rules(**changed), now=NOW)


def waiting_of(store: Store, name: str) -> Any:
    return next(each for each in store.waiting(now=NOW, limit=100) if each.entry.feed_id == name)


def two_copies(store: Store, **changed: Callable[..., Any]) -> None:
    """One story with a copy of feed a, the lead, and a shorter one of feed b."""
    store.save_polls([outcome("a", entry("a", 2)), outcome("b", entry("b", 1))], now=NOW)
    save(store, read(waiting_of(store, "a"), text=SHARED + " More.", text_hash=5), **changed)
    save(store, read(waiting_of(store, "b"), text=SHARED, text_hash=5), **changed)


def test_a_story_is_shown_with_all_that_its_lead_has(store: Store) -> None:
    given = entry("a", 1, content_html="<p>As the feed gave it</p>")
    store.save_polls([outcome("a", given)], now=NOW)
    page = Page(url=given.url or "", content_type="text/html", body=b"<html>")
    article = read(waiting_of(store, "a"), page=page)
    (story_id,) = save(store, article)
    story = only(store)
    assert story.id == story_id == mint("a", "key-1")
    assert story.url == "https://a.example/1"
    assert story.article == article.article
    assert story.regions == article.regions
    assert story.published == story.updated == given.published
    assert story.published.utcoffset() == story.updated.utcoffset() == timedelta(hours=7)
    assert story.first_seen == NOW
    assert story.sections == (Membership(section_id="all", because="no condition"),)
    assert story.enclosures == given.enclosures
    assert (story.given_html, story.given_summary) == ("<p>As the feed gave it</p>", given.summary)
    assert story.topic == story.id
    assert story.copies == (
        Copy(
            row=1,
            feed_id="a",
            guid="guid 1",
            url=given.url,
            published=given.published,
            first_seen=NOW,
            length=len(article.article.text),
            rule="first",
            score=1.0,
            lead=True,
            categories=("Internasional",),
        ),
    )


def test_saving_the_same_articles_twice_changes_nothing_that_is_seen(store: Store, rows: Rows) -> None:
    store.save_polls([outcome("a", entry("a", 1), entry("a", 2))], now=NOW)
    articles = [read(each, keys=(1, 2, 3)) for each in store.waiting(now=NOW, limit=10)]
    save(store, *articles)
    before, stories, revision = rows(store), list(store.stories()), store.revision()
    save(store, *articles)
    assert list(store.stories()) == stories
    assert store.revision() == revision
    after = rows(store)
    differing = {name for name in before if before[name] != after[name]}
    assert differing == {"article", "counter"}  # the sequence moves on
    assert [len(before[name]) for name in before] == [len(after[name]) for name in before]


def test_copies_of_two_feeds_are_one_story_with_the_reason(store: Store) -> None:
    two_copies(store)
    story = only(store)
    assert [(copy.feed_id, copy.rule, copy.score, copy.lead) for copy in story.copies] == [
        ("a", "first", 1.0, True),
        ("b", "same-text", 0.75, False),
    ]
    assert story.id == mint("a", "key-2")
    assert store.ledger() == {
        "accepted": 2, "published": 1, "duplicate": 1, "filtered": 0, "quarantined": 0, "held": 0, "waiting": 0,
    }  # fmt: skip


def found(store: Store, article: ReadArticle) -> list[Candidate]:
    """What an article is compared with."""
    seen: list[Candidate] = []

    def look(read: ReadArticle, candidates: Sequence[Candidate]) -> Verdict:
        seen.extend(candidates)
        raise LookupError

    with pytest.raises(LookupError):
        save(store, article, assign=look)
    return seen


def stored(store: Store, name: str, number: int, *, text: str = "", **values: Any) -> None:
    """One entry of a feed, read and in a story of its own."""
    published = values.pop("published", NOW - HOUR)
    item = entry(name, number, published=published)
    store.save_polls([outcome(name, item, at=NOW - number * timedelta(seconds=1))], now=NOW)
    article = read(waiting_of(store, name), text=text or f"Text {number} of {name}", **values)
    save(store, article, assign=lambda read, candidates: Verdict(rule="first"))


def new(store: Store, **values: Any) -> ReadArticle:
    store.save_polls([outcome("c", entry("c", 900, published=NOW))], now=NOW)
    return read(waiting_of(store, "c"), **values)


def test_a_candidate_says_what_it_is(store: Store) -> None:
    stored(store, "a", 1, text="Some text", keys=(1, 2, 3), text_hash=7)
    assert found(store, new(store, keys=(1, 2, 9), text_hash=8)) == [
        Candidate(
            row=1,
            story_id=mint("a", "key-1"),
            feed_id="a",
            key_in_feed="key-1",
            canonical_url="https://a.example/1",
            headline="Title 1 of a",
            text="Some text",
            text_hash=7,
            published=NOW - HOUR,
            shared_keys=2,
        )
    ]


def test_one_shared_key_is_not_enough(store: Store) -> None:
    stored(store, "a", 1, keys=(1, 2, 3))
    assert found(store, new(store, keys=(3, 4, 5))) == []


def test_candidates_come_the_most_shared_first_then_by_row_and_are_at_most_16(store: Store) -> None:
    for number in range(1, 21):
        stored(store, "a", number, keys=(1, 2, *([3] if number % 2 else ())))
    rows = [(each.shared_keys, each.row) for each in found(store, new(store, keys=(1, 2, 3)))]
    assert rows == [(3, row) for row in range(1, 20, 2)] + [(2, row) for row in range(2, 13, 2)]


def test_of_a_key_that_is_everywhere_the_newest_64_are_compared(store: Store) -> None:
    for number in range(1, 71):
        stored(store, "a", number, keys=(1, 2))
    assert min(each.row for each in found(store, new(store, keys=(1, 2)))) == 70 - 64 + 1


@pytest.mark.parametrize(("days", "expected"), [(13, 1), (15, 0)])
def test_text_is_compared_within_14_days(store: Store, days: int, expected: int) -> None:
    stored(store, "a", 1, published=NOW - days * DAY, text_hash=7, keys=(1, 2))
    assert len(found(store, new(store, text_hash=7, keys=(1, 2)))) == expected


def test_the_hash_of_a_text_too_short_to_mean_anything_finds_nothing(store: Store) -> None:
    stored(store, "a", 1, text_hash=0)
    assert found(store, new(store, text_hash=0)) == []


def test_the_same_address_is_found_however_old(store: Store) -> None:
    stored(store, "c", 1, published=NOW - 300 * DAY)
    assert len(found(store, new(store, canonical_url="https://c.example/1"))) == 1


def test_a_page_cannot_take_over_the_story_of_another_outlet(store: Store) -> None:
    stored(store, "a", 1)
    assert found(store, new(store, canonical_url="https://a.example/1")) == []


def test_nor_lie_in_wait_for_it(store: Store) -> None:
    stored(store, "c", 1, canonical_url="https://a.example/900")
    store.save_polls([outcome("a", entry("a", 900, published=NOW))], now=NOW)
    assert found(store, read(waiting_of(store, "a"))) == []
    assert only(store).url == "https://c.example/1"


def test_another_host_of_the_same_outlet_is_believed(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1, url="https://m.outlet.co.id/1"))], now=NOW)
    save(store, read(waiting_of(store, "a"), canonical_url="https://www.outlet.co.id/1"))
    assert only(store).url == "https://www.outlet.co.id/1"


def test_an_edited_article_keeps_its_story_and_takes_new_keys(store: Store, rows: Rows) -> None:
    stored(store, "a", 1, keys=(1, 2))
    before = only(store)
    store.save_polls([outcome("a", at=NOW + HOUR, updated=(entry("a", 1, text="Edited"),))], now=NOW)
    never = Verdict(rule="editor", story_id="urn:uuid:none")
    save(store, read(waiting_of(store, "a"), keys=(8, 9)), assign=lambda read, candidates: never)
    after = only(store)
    assert (after.id, after.copies[0].rule) == (before.id, "first")
    assert after.given_summary == "Edited"
    assert sorted(k for k, _ in rows(store)["story_key"]) == [8, 9]


def test_a_story_id_that_is_taken_gets_a_suffix(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1)))
    store.sync_feeds(
        [feed("old", url="https://a.example/rss"), feed("a", url="https://new.example/")], now=NOW
    )
    fill(
        store, outcome("a", entry("a", 1, text="Another story under the same key", url="https://x.example/"))
    )
    assert {each.id for each in store.stories()} == {mint("a", "key-1"), mint("a", "key-1#2")}


def test_a_fuller_copy_takes_the_lead_and_the_story_stays_where_it_was(store: Store) -> None:
    two_copies(store, select=by_feed)
    store.save_polls([outcome("b", at=NOW + HOUR, updated=(entry("b", 1, text="Longer now"),))], now=NOW)
    save(store, read(waiting_of(store, "b"), text=SHARED + " And much more of it."), select=by_feed)
    story = only(store)
    assert [(copy.feed_id, copy.lead) for copy in story.copies] == [("b", True), ("a", False)]
    assert [place.section_id for place in story.sections] == ["a", "b"]
    assert story.id == mint("a", "key-2")
    assert store.ledger()["duplicate"] == 1


def test_before_it_is_published_a_story_has_the_date_of_its_lead(store: Store) -> None:
    two_copies(store)
    assert only(store).published == NOW - 2 * HOUR
    store.save_polls([outcome("b", at=NOW + HOUR, updated=(entry("b", 1, text="Longer now"),))], now=NOW)
    save(store, read(waiting_of(store, "b"), text=SHARED + " And much more of it."))
    story = only(store)
    assert story.published == story.updated == NOW - HOUR


def test_once_published_the_date_never_changes_and_updated_moves_with_the_substance(store: Store) -> None:
    two_copies(store)
    store.freeze_published(now=NOW)
    before = only(store)
    store.save_polls([outcome("b", at=NOW + HOUR, updated=(entry("b", 1, text="Longer now"),))], now=NOW)
    late = NOW + 5 * HOUR
    store.save_articles(
        [read(waiting_of(store, "b"), text=SHARED + " And much more of it.")], rules(), now=late
    )
    after = only(store)
    assert (after.published, after.updated) == (before.published, late)
    assert after.updated.utcoffset() == after.published.utcoffset()
    store.freeze_published(now=late)
    assert only(store) == after


def test_a_change_without_substance_does_not_move_updated(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1)))
    store.freeze_published(now=NOW)
    before = only(store)
    store.save_polls([outcome("a", at=NOW + HOUR, updated=(entry("a", 1, hash="spaces"),))], now=NOW)
    read_all(store, now=NOW + HOUR)
    assert only(store).updated == before.updated


def test_only_stories_of_a_section_are_published(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1)), select=nowhere)
    store.freeze_published(now=NOW)
    assert store.ledger()["filtered"] == 1
    store.save_polls(
        [outcome("a", at=NOW + HOUR, updated=(entry("a", 1, published=NOW, hash="2"),))], now=NOW
    )
    read_all(store, select=nowhere)
    assert only(store).published == NOW


def test_the_revision_moves_only_with_what_may_be_seen(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1)), select=nowhere)
    before = store.revision()
    store.save_polls([outcome("a", at=NOW + HOUR, updated=(entry("a", 1, text="Edited"),))], now=NOW)
    read_all(store, select=nowhere)
    assert store.revision() == before
    fill(store, outcome("a", entry("a", 2), at=NOW + 2 * HOUR))
    assert store.revision() == before + 1
    store.freeze_published(now=NOW)
    store.save_polls([not_modified("a", at=NOW + 3 * HOUR)], now=NOW)
    assert store.revision() == before + 1
    store.save_polls([outcome("a", at=NOW + 4 * HOUR, updated=(entry("a", 2, hash="given anew"),))], now=NOW)
    read_all(store)
    assert store.revision() == before + 2


def test_what_a_rule_raises_comes_through_and_nothing_is_saved(store: Store, rows: Rows) -> None:
    store.save_polls([outcome("a", entry("a", 1), entry("a", 2))], now=NOW)
    before = rows(store)

    def fail_at_the_second(view: StoryView) -> tuple[Membership, ...]:
        if view.id == mint("a", "key-1"):
            raise ZeroDivisionError
        return ()

    with pytest.raises(ZeroDivisionError):
        read_all(store, select=fail_at_the_second)
    assert rows(store) == before


def test_selecting_anew_adds_and_takes_out_and_keeps_ids_and_dates(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1)), outcome("b", entry("b", 2)))
    store.freeze_published(now=NOW)
    before = {story.id: (story.published, story.updated) for story in store.stories()}
    assert store.reselect(rules(select=by_feed), now=NOW + DAY) == 2
    assert {story.id: (story.published, story.updated) for story in store.stories()} == before
    assert {story.lead.feed_id: story.sections[0].section_id for story in store.stories()} == {
        "a": "a",
        "b": "b",
    }
    assert store.section_counts().keys() == {"a", "b"}
    revision = store.revision()
    assert store.reselect(rules(select=by_feed), now=NOW + 2 * DAY) == 0
    assert store.revision() == revision
    # What left a section stays in its feed until it falls out of it.
    assert len(store.edition_stories("all", entries=50, span=None)) == 2


def test_a_story_that_comes_back_is_not_new(store: Store, rows: Rows) -> None:
    fill(store, outcome("a", entry("a", 1)))
    before = rows(store)["section_story"]
    store.reselect(rules(select=nowhere), now=NOW + DAY)
    assert only(store).sections == ()
    store.reselect(rules(), now=NOW + 2 * DAY)
    assert rows(store)["section_story"] == before
    assert store.ledger()["published"] == 1


def entered(store: Store, *hours: int) -> None:
    """One story of feed a for each hour, which entered then; the later ones are dated earlier."""
    for number, hour in enumerate(hours, start=1):
        at = NOW + hour * HOUR
        fill(store, outcome("a", entry("a", number, published=NOW - number * DAY), at=at), now=at)


@pytest.mark.parametrize(
    ("entries", "span", "most", "expected"),
    [
        (2, None, 300, [4, 5]),
        (1, 2, 300, [3, 4, 5]),
        (4, 1, 300, [2, 3, 4, 5]),
        (1, 100, 3, [3, 4, 5]),
        (9, None, 3, [1, 2, 3, 4, 5]),
    ],
)
def test_an_edition_has_the_newest_by_entry_sorted_by_date(
    store: Store, entries: int, span: int | None, most: int, expected: list[int]
) -> None:
    entered(store, 0, 8, 9, 10, 11)
    window = span * HOUR if span is not None else None
    found = store.edition_stories("all", entries=entries, span=window, most=most)
    assert [int(story.lead.guid[5:]) for story in found] == expected


def test_stories_of_one_date_are_ordered_by_id(store: Store) -> None:
    fill(store, outcome("a", *(entry("a", number, published=NOW) for number in range(1, 9))))
    ids = [story.id for story in store.edition_stories("all", entries=50, span=None)]
    assert ids == sorted(ids)
    assert [story.id for story in store.stories()] == ids


def test_an_unknown_section_is_empty(store: Store) -> None:
    assert store.edition_stories("nothing", entries=50, span=HOUR) == []
    assert store.section_counts() == {}


def test_a_section_says_how_many_stories_and_when_it_changed(store: Store) -> None:
    fill(store, outcome("a", entry("a", 1), entry("a", 2)))
    assert store.section_counts() == {"all": (2, NOW - HOUR)}


def test_stories_are_found_by_all_that_is_asked(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1)), outcome("b", entry("b", 2), at=NOW - DAY)], now=NOW)
    save(
        store,
        read(waiting_of(store, "a"), regions=(region("KZ"), region("ID-RI", Role.MENTION))),
        read(waiting_of(store, "b"), regions=(region("ID"),)),
        select=by_feed,
    )

    def keys(**asked: Any) -> list[str]:
        return [story.lead.feed_id for story in store.stories(**asked)]

    assert keys() == ["a", "b"]
    assert keys(section="b") == ["b"]
    assert keys(region="KZ") == ["a"]
    assert keys(region="ID") == ["b"]
    assert keys(region="ID_RI") == keys(region="%") == []
    assert keys(feed="a") == ["a"]
    assert keys(since=NOW) == ["a"]
    assert keys(since=NOW - DAY) == ["a", "b"]
    assert keys(section="a", region="ID") == []


def test_a_story_is_found_by_any_link_of_any_copy_or_its_id(store: Store) -> None:
    two_copies(store)
    story = only(store)
    for asked in (
        "https://a.example/2",
        "https://a.example/2?utm_source=rss",
        " https://b.example/1 ",
        story.id,
        story.id.removeprefix("urn:uuid:"),
        story.id.removeprefix("urn:uuid:")[:8].upper(),
    ):
        assert store.story_of(asked) == [story]
    for asked in ("https://a.example/3", story.id[9:16], "%%%%%%%%", "________", "urn:uuid:", ""):
        assert store.story_of(asked) == []


def test_the_ledger_adds_up(store: Store) -> None:
    two_copies(store)
    fill(store, outcome("c", entry("c", 1)), select=nowhere)
    store.save_polls(
        [
            outcome(
                "c",
                entry("c", 3),
                entry("c", 4),
                at=NOW + HOUR,
                held=frozenset({"key-3"}),
                quarantined=((entry("c", 5), "odd"),),
            )
        ],
        now=NOW,
    )
    assert store.ledger() == {
        "accepted": 6, "published": 1, "duplicate": 1, "filtered": 1, "quarantined": 1, "held": 1, "waiting": 1,
    }  # fmt: skip
    counted = [each.state for each in store.entries()]
    assert sorted(counted) == ["duplicate", "filtered", "held", "published", "quarantined", "waiting"]


def test_an_entry_that_is_no_longer_stored_is_passed_over(store: Store) -> None:
    store.save_polls([outcome("a", entry("a", 1))], now=NOW)
    ghost = read(replace(waiting_of(store, "a"), row=999))
    assert save(store, ghost) == []


def test_nothing_to_save_is_nothing(store: Store) -> None:
    assert save(store) == []
    store.save_polls([], now=NOW)
