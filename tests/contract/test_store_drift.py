"""What is counted of site rules, on both engines."""

from datetime import timedelta

import pytest

from aggregator.model import Page, RuleStanding, RuleUse
from aggregator.store import Store
from tests.contract.store_values import NOW, entry, feed, outcome, read, rules

HOUR = timedelta(hours=1)
PAGE = Page(url="https://a.example/1", content_type="text/html", body=b"<html>")


def use(*matched: str, missed: tuple[str, ...] = (), rule: str = "paper", digest: str = "one") -> RuleUse:
    return RuleUse(
        rule=rule, digest=digest, matched=tuple((each, f".{each}") for each in matched), missed=missed
    )


class Papers:
    """A feed whose pages are read one by one, an hour apart."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.number = 0
        self.now = NOW
        store.sync_feeds([feed("a"), feed("b")], now=NOW)

    def page(self, *uses: RuleUse, name: str = "a", page: Page | None = PAGE) -> None:
        self.number += 1
        self.now += HOUR
        self.store.save_polls([outcome(name, entry(name, self.number), at=self.now)], now=self.now)
        (waiting,) = self.store.waiting(now=self.now, limit=10)
        found = read(waiting, rules=uses) if page is None else read(waiting, rules=uses, page=page)
        self.store.save_articles([found], rules(), now=self.now)

    def standing(self, field: str, rule: str = "paper", name: str = "a") -> RuleStanding | None:
        every = {(each.feed_id, each.rule, each.field): each for each in self.store.rule_standings()}
        return every.get((name, rule, field))

    def counts(self, field: str, rule: str = "paper", name: str = "a") -> tuple[int, int, int]:
        found = self.standing(field, rule, name)
        assert found is not None
        return found.hits, found.misses, found.missed_in_row


@pytest.fixture
def papers(store: Store) -> Papers:
    return Papers(store)


def test_hits_and_misses_of_each_field_are_counted_by_feed(papers: Papers) -> None:
    papers.page(use("body", "headline"))
    papers.page(use("body", missed=("headline",)))
    papers.page(use("body"), name="b")
    assert papers.counts("body") == (2, 0, 0)
    assert papers.counts("headline") == (1, 1, 1)
    assert papers.counts("body", name="b") == (1, 0, 0)
    assert papers.standing("kicker") is None


def test_a_row_of_misses_is_known_by_its_beginning_and_ended_by_a_hit(papers: Papers) -> None:
    papers.page(use("body"))
    papers.page(use(missed=("body",)))
    begun = papers.now
    papers.page(use(missed=("body",)))
    found = papers.standing("body")
    assert found is not None
    assert found.missing_since == begun
    assert papers.counts("body") == (1, 2, 2)
    papers.page(use("body"))
    found = papers.standing("body")
    assert found is not None
    assert found.missing_since is None
    assert papers.counts("body") == (2, 2, 0)


def test_a_rule_that_was_edited_begins_anew(papers: Papers) -> None:
    for _ in range(3):
        papers.page(use(missed=("body",)))
    papers.page(use("body", digest="two"))
    assert papers.counts("body") == (1, 0, 0)


def test_a_page_that_no_rule_is_for_is_a_miss_of_the_rules_that_its_feed_was_read_by(papers: Papers) -> None:
    papers.page(use("body", "headline"))
    papers.page()
    assert papers.counts("body") == (1, 1, 1)
    assert papers.counts("headline") == (1, 0, 0)
    papers.page(use("body", rule="other"))
    assert papers.counts("body") == (1, 1, 1), "a page that another rule read says nothing of this one"


def test_an_entry_without_a_page_counts_nothing(papers: Papers) -> None:
    papers.page(use("body"))
    papers.page(page=None)
    assert papers.counts("body") == (1, 0, 0)


def test_several_pages_saved_together_count_one_by_one(papers: Papers, store: Store) -> None:
    entries = [entry("a", number) for number in range(1, 8)]
    store.save_polls([outcome("a", *entries)], now=NOW)
    uses = [use("body")] * 3 + [use(missed=("body",))] * 4
    waiting = store.waiting(now=NOW, limit=10)
    batch = [read(each, rules=(done,), page=PAGE) for each, done in zip(waiting, uses, strict=True)]
    store.save_articles(batch, rules(), now=NOW)
    assert papers.counts("body") == (3, 4, 4)


def test_old_pages_weigh_less_than_new_ones(papers: Papers, store: Store) -> None:
    entries = [entry("a", number) for number in range(1, 451)]
    store.save_polls([outcome("a", *entries)], now=NOW)
    waiting = store.waiting(now=NOW, limit=1000)
    store.save_articles([read(each, rules=(use("body"),), page=PAGE) for each in waiting], rules(), now=NOW)
    hits, misses, in_row = papers.counts("body")
    assert 100 <= hits <= 201
    assert (misses, in_row) == (0, 0)


def test_a_feed_that_is_no_longer_configured_is_not_told_of(papers: Papers, store: Store) -> None:
    papers.page(use("body"))
    store.sync_feeds([feed("b")], now=NOW)
    assert store.rule_standings() == []


def test_a_renamed_feed_keeps_what_was_counted(papers: Papers, store: Store) -> None:
    papers.page(use("body"))
    store.sync_feeds([feed("c", url=feed("a").url), feed("b")], now=NOW)
    assert papers.counts("body", name="c") == (1, 0, 0)


def test_what_was_counted_long_ago_is_forgotten(papers: Papers, store: Store) -> None:
    papers.page(use("body"))
    store.prune(now=papers.now + timedelta(days=40), keep=timedelta(days=30), keep_pages=timedelta(days=30))
    assert store.rule_standings() == []
