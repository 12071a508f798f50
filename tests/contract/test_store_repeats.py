"""What outlets repeat is counted in the order of saving, the same on both engines and in batches of any size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from aggregator.core.extract.notices import without
from aggregator.core.repeats import ARTICLES, WINDOW, paragraphs_of
from aggregator.model import ReadArticle, Verdict
from aggregator.store import Store
from aggregator.store.repeats import SWEPT
from aggregator.store.schema import outlet, paragraph
from tests.contract.store_values import HOUR, NOW, entry, feed, outcome, read, rules

SECOND = timedelta(seconds=1)
PLEA = "Follow us wherever you are, so that no story of ours escapes you."


def trimmed(one: ReadArticle, left_out: Mapping[int, str]) -> ReadArticle:
    return replace(one, article=without(one.article, left_out))


def body(number: int) -> str:
    own = f"Place number {number} saw what none of the other {number + 7} places has seen. It is told at length."
    return f"{own}\n\n{PLEA}"


def publish(
    store: Store, first: int, last: int, *, batch: int = 1000, name: str = "kabar", **given: Any
) -> None:
    """Poll and read entries that all end with the same plea, in batches of this size."""
    at = NOW + first * SECOND  # an outcome of one moment is saved once
    store.save_polls([outcome(name, *(entry(name, n) for n in range(first, last)), at=at)], now=NOW)
    waiting = store.waiting(now=NOW, limit=10_000)
    articles = []
    for each in waiting:
        number = int(each.entry.key.removeprefix("key-"))
        found = read(each, text=body(number), headline=f"Headline {number}")
        found = replace(found, paragraphs=paragraphs_of(found.article), **given)
        articles.append(found)
    for start in range(0, len(articles), batch):
        store.save_articles(articles[start : start + batch], rules(without=trimmed, assign=alone), now=NOW)


def alone(*_: object) -> Verdict:
    return Verdict(rule="first")


def texts(store: Store, **asked: Any) -> dict[str, str]:
    return {story.article.headline: story.article.text for story in store.stories(**asked)}


def test_what_comes_again_in_every_article_is_left_out_from_the_ninth_on(store: Store) -> None:
    store.sync_feeds([feed("kabar")], now=NOW)
    publish(store, 1, 21)
    found = list(store.stories())
    assert sum(PLEA in story.article.text for story in found) == ARTICLES
    reasons = {each.because for story in found for each in story.article.left_out}
    assert "it stood in 8 of the 8 articles of its outlet before this one" in reasons
    assert {each.text for story in found for each in story.article.left_out} == {PLEA}


def test_the_size_of_the_batches_makes_no_difference(store: Store) -> None:
    sizes = {"satu": 1, "tiga": 3, "banyak": 64}
    store.sync_feeds([feed(name) for name in sizes], now=NOW)
    results = []
    for name, size in sizes.items():
        publish(store, 1, 41, batch=size, name=name)
        with store._read() as connection:
            rows = connection.execute(
                select(paragraph.c.hash, paragraph.c.first, paragraph.c.last, paragraph.c.articles)
                .join(outlet, outlet.c.id == paragraph.c.outlet)
                .where(outlet.c.name == f"{name}.example")
                .order_by(paragraph.c.hash)
            ).all()
        results.append((texts(store, feed=name), rows))
    assert results[0] == results[1] == results[2]
    assert len(results[0][0]) == 40
    assert len(results[0][1]) == 41


def test_an_entry_that_is_read_again_is_not_counted_again(store: Store) -> None:
    store.sync_feeds([feed("kabar")], now=NOW)
    publish(store, 1, 6)
    with store._read() as connection:
        before = connection.execute(select(outlet.c.articles)).scalars().all()
    edited = tuple(entry("kabar", n, text=f"Edited {n}") for n in range(1, 6))
    store.save_polls([outcome("kabar", updated=edited, at=NOW + HOUR)], now=NOW + HOUR)
    again = [
        replace(found, paragraphs=paragraphs_of(found.article))
        for each in store.waiting(now=NOW + HOUR, limit=100)
        for found in [read(each, text=body(int(each.entry.key.removeprefix("key-"))))]
    ]
    assert len(again) == 5
    store.save_articles(again, rules(without=trimmed, assign=alone), now=NOW)
    with store._read() as connection:
        assert connection.execute(select(outlet.c.articles)).scalars().all() == before == [5]


def test_outlets_are_counted_apart(store: Store) -> None:
    store.sync_feeds([feed("kabar"), feed("warta")], now=NOW)
    publish(store, 1, 8)
    publish(store, 1, 8, name="warta")
    assert all(PLEA in text for text in texts(store).values())


def test_an_outlet_keeps_a_bounded_number_of_rows_and_a_plea_that_goes_on_is_not_forgotten(
    store: Store,
) -> None:
    store.sync_feeds([feed("kabar")], now=NOW)
    last = WINDOW + 2 * SWEPT + 1
    publish(store, 1, last, batch=64)
    with store._read() as connection:
        rows = connection.scalars(select(func.count()).select_from(paragraph)).one()
    assert WINDOW < rows <= WINDOW + 2 * SWEPT
    assert sum(PLEA in text for text in texts(store).values()) == ARTICLES


def test_a_plea_that_is_forgotten_and_comes_again_begins_anew(store: Store) -> None:
    store.sync_feeds([feed("kabar")], now=NOW)
    publish(store, 1, 1 + ARTICLES)
    # Others in between, of one paragraph each; the sweep comes in the batch in which the plea does.
    others = (entry("kabar", n) for n in range(1000, 1001 + WINDOW))
    store.save_polls([outcome("kabar", *others, at=NOW + 1000 * SECOND)], now=NOW)
    waiting = store.waiting(now=NOW, limit=1000)
    store.save_articles([read(each) for each in waiting], rules(without=trimmed, assign=alone), now=NOW)
    publish(store, 5000, 5000 + ARTICLES + SWEPT)
    found = texts(store)
    late = [found[f"Headline {n}"] for n in range(5000, 5000 + ARTICLES + SWEPT)]
    # The store gives them newest first: the highest numbers are the oldest.
    assert [PLEA in text for text in late[::-1]] == [True] * ARTICLES + [False] * SWEPT


def test_an_outlet_of_which_nothing_comes_any_more_is_forgotten(store: Store) -> None:
    store.sync_feeds([feed("kabar")], now=NOW)
    publish(store, 1, 4)
    store.prune(now=NOW + timedelta(days=100), keep=timedelta(days=90), keep_pages=timedelta(days=30))
    with store._read() as connection:
        assert connection.scalar(select(func.count()).select_from(outlet)) == 0
        assert connection.scalar(select(func.count()).select_from(paragraph)) == 0
