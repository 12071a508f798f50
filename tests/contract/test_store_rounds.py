from __future__ import annotations

import pytest

from aggregator.errors import StoreError
from aggregator.store import Store, holder, open_reader, open_store, try_lock
from tests.contract.store_values import DAY, HOUR, NOW, feed


def test_the_last_good_configuration_is_kept(store: Store) -> None:
    assert store.last_config() is None
    store.save_config("[site]\ntitle = 'Satu'", now=NOW)
    store.save_config("[site]\ntitle = 'Dua'", now=NOW)
    store.save_config("[site]\ntitle = 'Dua'", now=NOW)
    assert store.last_config() == "[site]\ntitle = 'Dua'"


def test_notes_are_overwritten(store: Store) -> None:
    assert store.note("heartbeat") is None
    store.put_note("heartbeat", "one")
    store.put_note("heartbeat", "two")
    assert store.note("heartbeat") == "two"


def test_a_round_is_asked_answered_and_read_by_another_process(store: Store, url: str) -> None:
    asking = open_store(url, now=NOW)
    first = asking.ask_round('{"force": true}', now=NOW)
    second = asking.ask_round("{}", now=NOW)
    assert store.open_rounds() == [(first, '{"force": true}'), (second, "{}")]
    store.tell_round(first, "3 of 9 feeds")
    assert asking.round_state(first) == ("3 of 9 feeds", None)
    store.finish_round(first, "done", now=NOW)
    store.finish_round(first, "done twice", now=NOW)
    assert asking.round_state(first) == ("3 of 9 feeds", "done")
    assert store.open_rounds() == [(second, "{}")]
    asking.close()


def test_a_round_that_nobody_asked_for_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match="no round 7"):
        store.round_state(7)


def test_old_rounds_are_let_go_and_open_ones_are_not(store: Store) -> None:
    done, still_open = store.ask_round("{}", now=NOW), store.ask_round("{}", now=NOW)
    store.finish_round(done, "done", now=NOW)
    store.prune(now=NOW + 30 * DAY, keep=400 * DAY, keep_pages=30 * DAY)
    assert store.open_rounds() == [(still_open, "{}")]
    with pytest.raises(StoreError):
        store.round_state(done)


def test_a_reader_writes_nothing(store: Store, url: str) -> None:
    reader = open_reader(url)
    with pytest.raises(StoreError, match="reading only"):
        reader.put_note("key", "value")
    reader.close()


def test_opening_again_changes_nothing(store: Store, url: str) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    open_store(url, now=NOW + HOUR).close()
    assert [each.id for each in store.feed_records()] == ["a"]


def test_one_process_at_a_time_holds_the_lock_and_its_role_can_be_read(store: Store, url: str) -> None:
    assert holder(url) is None
    lock = try_lock(url, "daemon 1234")
    assert lock is not None
    assert holder(url) == "daemon 1234"
    assert try_lock(url, "once 99") is None
    assert holder(url) == "daemon 1234"
    lock.release()
    lock.release()
    assert holder(url) is None
    second = try_lock(url, "once 99")
    assert second is not None
    assert holder(url) == "once 99"
    second.release()


def test_the_lock_does_not_hinder_the_store(store: Store, url: str) -> None:
    lock = try_lock(url, "daemon 1234")
    assert lock is not None
    store.put_note("key", "value")
    assert store.note("key") == "value"
    lock.release()
