"""What only one of the engines can show, or both beside one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aggregator.core.stories import assign, choose_lead, fingerprint, mint, substance
from aggregator.errors import StoreBusy, StoreError
from aggregator.model import Article, Membership, ReadArticle, StoryRules, WaitingEntry
from aggregator.store import Store, open_reader, open_store
from tests.contract.store_values import HOUR, NOW, entry, feed, outcome

RULES = StoryRules(
    assign=assign,
    lead=choose_lead({"c": 1}),
    mint=mint,
    substance=substance,
    select=lambda view: tuple(
        Membership(section_id=name, because="feeds") for name in sorted(set(view.feeds))
    ),
)


def some_text(number: int) -> str:
    """One of a few texts, cut differently, with words of its own at the end."""
    words = [blake2b(f"{number % 7} {at}".encode(), digest_size=3).hexdigest() for at in range(80)]
    return " ".join([*words[number % 5 : 80 - number % 11], f"end{number}"])


def as_read(waiting: WaitingEntry) -> ReadArticle:
    article = Article(headline=waiting.entry.title, text=waiting.entry.summary, language="id")
    return ReadArticle(
        waiting=waiting,
        article=article,
        regions=(),
        fingerprint=fingerprint(article),
        published=waiting.effective,
    )


def played(url: str, *, batch: int) -> tuple[Any, ...]:
    """All that a store shows after the same polls, read in batches of this size."""
    store = open_store(url, now=NOW)
    store.sync_feeds([feed(name) for name in "abc"], now=NOW)
    for at, name in enumerate("abc"):
        entries = [entry(name, number, text=some_text(number * 3 + at)) for number in range(1, 41)]
        store.save_polls([outcome(name, *entries, at=NOW + at * timedelta(minutes=1))], now=NOW)
    waiting: Sequence[WaitingEntry] = store.waiting(now=NOW, limit=1000)
    for start in range(0, len(waiting), batch):
        store.save_articles([as_read(each) for each in waiting[start : start + batch]], RULES, now=NOW)
    store.freeze_published(now=NOW)
    edited = [entry("b", number, text=some_text(number)) for number in range(1, 20)]
    store.save_polls([outcome("b", at=NOW + HOUR, updated=tuple(edited))], now=NOW)
    store.save_articles([as_read(each) for each in store.waiting(now=NOW, limit=99)], RULES, now=NOW + HOUR)
    shown = (
        list(store.stories()),
        list(store.entries()),
        store.ledger(),
        [store.edition_stories(name, entries=20, span=HOUR) for name in "abc"],
        store.section_counts(),
    )
    store.close()
    return shown


def test_the_same_articles_make_the_same_stories_on_both_engines_in_batches_of_any_size(
    empty_postgresql: str, tmp_path: Path
) -> None:
    stories, *rest = played(f"sqlite:{tmp_path}/one.db", batch=64)
    assert 7 <= len(stories) < 60
    assert any(len(story.copies) > 3 for story in stories)
    assert played(f"sqlite:{tmp_path}/two.db", batch=7) == (stories, *rest)
    assert played(empty_postgresql, batch=1) == (stories, *rest)


@pytest.fixture
def impatient(url: str) -> Iterator[Store]:
    """A store that waits for nobody."""
    store = open_store(url, now=NOW, busy=timedelta(milliseconds=50))
    yield store
    store.close()


def test_a_writer_that_is_held_up_says_so_and_goes_on_when_it_can(store: Store, impatient: Store) -> None:
    with store._write():
        with pytest.raises(StoreBusy, match="another process") as raised:
            impatient.put_note("key", "value")
        assert "\n" not in str(raised.value)
        assert impatient.note("key") is None  # readers are not held up
    impatient.put_note("key", "value")
    assert store.note("key") == "value"


def test_a_step_that_fails_leaves_the_store_as_it_was(store: Store) -> None:
    def write_and_fail() -> None:
        with store._write() as connection:
            connection.exec_driver_sql("INSERT INTO note (key, value) VALUES ('a', 'b')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert store.note("a") is None


def test_a_list_that_is_being_read_does_not_hold_up_the_writer(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    store.save_polls([outcome("a", *(entry("a", number) for number in range(1, 400)))], now=NOW)
    listing = store.entries()
    next(listing)
    store.put_note("key", "value")
    assert len(list(listing)) == 398


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql://editor:opensesame@/news?host={tmp_path}"
    for opened in (lambda: open_store(url, now=NOW), lambda: open_reader(url)):
        with pytest.raises(StoreError, match="cannot be reached") as raised:
            opened()
        assert "opensesame" not in str(raised.value)
        assert "\n" not in str(raised.value)


def test_a_database_that_is_not_there_is_told_with_what_makes_it(postgresql_server: str) -> None:
    with pytest.raises(StoreError, match="createdb"):
        open_store(postgresql_server.replace("/postgres?", "/nothing?"), now=NOW)


def test_a_server_that_was_restarted_is_asked_again(empty_postgresql: str) -> None:
    store = open_store(empty_postgresql, now=NOW)
    store.put_note("key", "value")
    with psycopg.connect(empty_postgresql, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    store.put_note("key", "again")
    assert store.note("key") == "again"
    store.close()


def test_a_user_who_may_not_write_is_told(empty_postgresql: str, postgresql_server: str) -> None:
    open_store(empty_postgresql, now=NOW).close()
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(
            "DO $$ BEGIN CREATE ROLE onlooker LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
        )
    with psycopg.connect(empty_postgresql, autocommit=True) as connection:
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO onlooker")
    url = empty_postgresql.replace("//postgres:@", "//onlooker@")
    reader = open_reader(url)
    assert reader.ledger()["accepted"] == 0
    reader.close()
    store = open_store(url, now=NOW)
    with pytest.raises(StoreError, match="may not write"):
        store.put_note("key", "value")
    store.close()
