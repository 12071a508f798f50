from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from aggregator.model import (
    FeedRecord,
    FeedWarning,
    Move,
    NextPoll,
    ParsedFeed,
    PollOutcome,
    Problem,
    Rhythm,
    RobotsFile,
    Strikes,
    Validators,
)
from aggregator.store import Store
from tests.contract.store_values import DAY, HOUR, NOW, entry, feed, fill, hashes, not_modified, only, outcome

DECIDED: Final[dict[str, Any]] = {
    "whole": True,
    "rhythm": Rhythm(gap=HOUR, listed=20, published=NOW - HOUR),
    "move": Move(to="https://b.example/rss", since=NOW - DAY, adopted="https://c.example/rss"),
    "strikes": Strikes(body=b"body", count=1),
}


def record(store: Store, name: str) -> FeedRecord:
    return next(each for each in store.feed_records() if each.id == name)


def failure(name: str, *, at: object = NOW, **values: object) -> PollOutcome:
    return outcome(
        name,
        feed=None,
        validators=None,
        body_hash=None,
        problem=Problem(kind="timeout", message="no answer within 60 s"),
        at=at,
        http_status=None,
        **values,
    )


def test_a_new_feed_is_due_at_once(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    (found,) = store.due(now=NOW, limit=10)
    assert found == FeedRecord(id="a", url="https://a.example/rss", added_at=NOW, next_due=NOW)


def test_syncing_again_changes_nothing(store: Store) -> None:
    store.sync_feeds([feed("a"), feed("b")], now=NOW)
    before = store.feed_records(), store.revision()
    store.sync_feeds([feed("a"), feed("b")], now=NOW + DAY)
    assert (store.feed_records(), store.revision()) == before


def test_a_known_url_under_a_new_id_is_a_rename_and_history_follows(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    fill(store, outcome("a", entry("a", 1)))
    store.sync_feeds([feed("b", url="https://a.example/rss")], now=NOW + DAY)
    found = record(store, "b")
    assert [each.id for each in store.feed_records()] == ["b"]
    assert found.validators.etag == b'"one"'
    assert found.added_at == NOW
    assert hashes(store, "b", ["key-1"]) == {"key-1": entry("a", 1).hash}
    assert only(store).lead.feed_id == "b"


def test_a_new_url_under_a_known_id_is_a_move_and_forgets_the_validators_only(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    fill(store, outcome("a", entry("a", 1)))
    store.sync_feeds([feed("a", url="https://new.example/feed")], now=NOW + HOUR)
    found = record(store, "a")
    assert found.url == "https://new.example/feed"
    assert found.validators == Validators()
    assert found.body_hash is None
    assert found.next_due == NOW + HOUR
    assert hashes(store, "a", ["key-1"]) == {"key-1": entry("a", 1).hash}


def test_two_feeds_that_exchange_their_ids_keep_their_own_history(store: Store) -> None:
    store.sync_feeds([feed("a"), feed("b")], now=NOW)
    fill(store, outcome("a", entry("a", 1)))
    store.sync_feeds(
        [feed("b", url="https://a.example/rss"), feed("a", url="https://b.example/rss")], now=NOW
    )
    assert hashes(store, "b", ["key-1"])
    assert not hashes(store, "a", ["key-1"])


def test_an_id_given_to_another_feed_while_its_url_goes_on_under_a_new_one(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    fill(store, outcome("a", entry("a", 1)))
    store.sync_feeds(
        [feed("a", url="https://other.example/"), feed("old-a", url="https://a.example/rss")], now=NOW
    )
    assert hashes(store, "old-a", ["key-1"])
    assert not hashes(store, "a", ["key-1"])
    assert record(store, "a").added_at == NOW


def test_a_feed_taken_out_keeps_its_stories_and_has_its_history_back_when_it_returns(store: Store) -> None:
    store.sync_feeds([feed("a"), feed("b")], now=NOW)
    fill(store, outcome("a", entry("a", 1)))
    story = only(store).id
    store.sync_feeds([feed("b")], now=NOW)
    assert [each.id for each in store.feed_records()] == ["b"]
    assert [each.id for each in store.due(now=NOW + DAY, limit=10)] == ["b"]
    assert only(store).id == story
    store.sync_feeds([feed("b"), feed("a")], now=NOW + DAY)
    fill(store, outcome("a", entry("a", 1), at=NOW + DAY), now=NOW + DAY)
    assert only(store).id == story
    assert store.ledger()["accepted"] == 1


def test_due_feeds_come_the_longest_waiting_first_and_without_the_gone_ones(store: Store) -> None:
    store.sync_feeds([feed("a"), feed("b"), feed("c"), feed("d")], now=NOW)
    store.save_polls(
        [
            outcome("a", at=NOW),
            outcome("b", at=NOW - HOUR),
            replace(failure("c", gone=True), http_status=410),
        ],
        now=NOW,
    )
    assert [each.id for each in store.due(now=NOW + HOUR, limit=10)] == ["b", "d", "a"]
    assert [each.id for each in store.due(now=NOW, limit=1)] == ["b"]
    assert record(store, "c").gone


def test_a_feed_that_was_asked_after_now_is_due_since_the_clock_was_set_back(store: Store) -> None:
    store.sync_feeds([feed("a"), feed("b")], now=NOW)
    store.save_polls([outcome("a", at=NOW + DAY), outcome("b", at=NOW)], now=NOW + DAY)
    assert [each.id for each in store.due(now=NOW + HOUR / 2, limit=10)] == ["a"]


def test_a_feed_that_moves_is_asked_at_once_however_lately_its_old_address_was(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    store.record_attempts(["a"], now=NOW)
    store.sync_feeds([feed("a", url="https://new.example/feed")], now=NOW)
    assert record(store, "a").last_attempt is None


def test_attempts_are_kept_before_the_answer(store: Store) -> None:
    store.sync_feeds([feed("a"), feed("b")], now=NOW)
    store.record_attempts(["a"], now=NOW + HOUR)
    assert record(store, "a").last_attempt == NOW + HOUR
    assert record(store, "b").last_attempt is None
    store.record_attempts([], now=NOW)


def test_a_success_keeps_all_that_the_document_said(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    parsed = ParsedFeed(
        title="Kabar \0 A",
        link="https://a.example/",
        language="id",
        ttl=timedelta(minutes=90),
        skip_hours=frozenset({1, 2}),
        skip_days=frozenset({6}),
    )
    warning = FeedWarning(kind="dates-ahead", message="3 entries are dated ahead")
    store.save_polls(
        [outcome("a", entry("a", 1), feed=parsed, warnings=(warning,), **DECIDED)],
        now=NOW,
    )
    assert record(store, "a") == FeedRecord(
        id="a",
        url="https://a.example/rss",
        title="Kabar \ufffd A",
        link="https://a.example/",
        language="id",
        validators=Validators(etag=b'"one"', last_modified=b"Sat, 08 Jan 2022 05:06:00 GMT"),
        body_hash=b"body one",
        added_at=NOW,
        last_attempt=NOW,
        last_success=NOW,
        last_changed=NOW,
        http_status=200,
        next_due=NOW + HOUR,
        next_due_reason="interval",
        interval=HOUR,
        polls=1,
        whole_at=NOW,
        rhythm=DECIDED["rhythm"],
        move=DECIDED["move"],
        strikes=DECIDED["strikes"],
        ttl=timedelta(minutes=90),
        skip_hours=frozenset({1, 2}),
        skip_days=frozenset({6}),
        warnings=(warning,),
        new=1,
    )


def test_a_304_moves_the_schedule_and_leaves_what_is_known_of_the_document(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    store.save_polls([outcome("a", entry("a", 1), **DECIDED)], now=NOW)
    before, revision = record(store, "a"), store.revision()
    store.save_polls([not_modified("a", at=NOW + HOUR)], now=NOW + HOUR)
    assert record(store, "a") == replace(
        before,
        last_attempt=NOW + HOUR,
        last_success=NOW + HOUR,
        http_status=304,
        next_due=NOW + 2 * HOUR,
        polls=2,
        new=0,
    )
    assert store.revision() == revision
    assert [each.position for each in store.entries(feed="a")] == [1]


def test_validators_are_replaced_as_a_pair(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    store.save_polls([outcome("a", entry("a", 1))], now=NOW)
    store.save_polls([outcome("a", at=NOW + HOUR, validators=Validators(etag=b'"two"'))], now=NOW)
    assert record(store, "a").validators == Validators(etag=b'"two"')


def test_failures_are_counted_once_each_and_end_with_a_success(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    store.save_polls([outcome("a", entry("a", 1))], now=NOW)
    for hours in (1, 2):
        store.save_polls([failure("a", at=NOW + hours * HOUR)], now=NOW)
        store.save_polls([failure("a", at=NOW + hours * HOUR)], now=NOW)
    found = record(store, "a")
    assert found.failures == 2
    assert found.failing_since == NOW + HOUR
    assert found.problem == Problem(kind="timeout", message="no answer within 60 s")
    assert found.validators.etag == b'"one"'
    assert found.last_success == NOW
    store.save_polls([not_modified("a", at=NOW + 3 * HOUR)], now=NOW)
    found = record(store, "a")
    assert (found.failures, found.failing_since, found.problem) == (0, None, None)


def test_a_gone_feed_stays_gone_until_it_answers(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    store.save_polls([failure("a", gone=True)], now=NOW)
    store.save_polls([failure("a", at=NOW + HOUR)], now=NOW)
    assert record(store, "a").gone
    store.save_polls([outcome("a", at=NOW + DAY)], now=NOW)
    assert not record(store, "a").gone


def test_what_a_poll_decides_for_the_next_ones_stays_until_one_decides_anew(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    store.save_polls([outcome("a", entry("a", 1), **DECIDED)], now=NOW)
    store.save_polls([failure("a", at=NOW + HOUR)], now=NOW)
    found = record(store, "a")
    assert (found.rhythm, found.move, found.strikes) == tuple(
        DECIDED[name] for name in ("rhythm", "move", "strikes")
    )
    anew = {"rhythm": Rhythm(), "move": Move(), "strikes": Strikes()}
    store.save_polls([outcome("a", at=NOW + 2 * HOUR, **anew)], now=NOW)
    found = record(store, "a")
    assert {name: getattr(found, name) for name in anew} == anew
    assert (found.polls, found.whole_at) == (2, NOW)


def test_an_outage_is_not_counted_against_a_feed(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    for hours in range(1, 4):
        store.save_polls([failure("a", at=NOW + hours * HOUR, outage=True)], now=NOW)
    assert record(store, "a").failures == 1
    store.save_polls([failure("a", at=NOW + 4 * HOUR)], now=NOW)
    assert record(store, "a").failures == 2


def test_polls_are_moved_and_failures_forgiven(store: Store) -> None:
    store.sync_feeds([feed("a"), feed("b")], now=NOW)
    store.save_polls([failure(name, at=NOW + hours * HOUR) for name in "ab" for hours in range(3)], now=NOW)
    store.reschedule({"a": NextPoll(at=NOW + DAY, reason="retry-after", interval=HOUR)})
    store.reschedule({"b": NextPoll(at=NOW + DAY, reason="outage", interval=HOUR)}, forgive=True)
    store.reschedule({})
    a, b = record(store, "a"), record(store, "b")
    assert (a.next_due, a.next_due_reason, a.failures) == (NOW + DAY, "retry-after", 3)
    assert (b.next_due, b.next_due_reason, b.failures) == (NOW + DAY, "outage", 1)


def test_a_gone_feed_can_be_asked_again(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    store.record_attempts(["a"], now=NOW)
    store.save_polls([failure("a", gone=True)], now=NOW)
    assert store.ask_again("a", now=NOW + HOUR)
    assert not store.ask_again("a", now=NOW + HOUR)
    assert not store.ask_again("nobody", now=NOW)
    found = record(store, "a")
    assert (found.gone, found.next_due, found.last_attempt) == (False, NOW + HOUR, None)
    assert [each.id for each in store.due(now=NOW + HOUR, limit=9)] == ["a"]
    store.save_polls([failure("a", at=NOW + HOUR)], now=NOW)
    assert not record(store, "a").gone


def test_another_address_that_was_found_is_told_until_the_feed_answers(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    found = FeedWarning(kind="feed-found", message='url = "https://a.example/atom"')
    store.save_polls([failure("a")], now=NOW)
    store.put_suggestion("a", found, now=NOW + HOUR)
    assert (record(store, "a").warnings, record(store, "a").suggested_at) == ((found,), NOW + HOUR)
    store.put_suggestion("a", None, now=NOW + DAY)
    assert (record(store, "a").warnings, record(store, "a").suggested_at) == ((), NOW + DAY)
    store.put_suggestion("a", found, now=NOW + 2 * DAY)
    store.save_polls([outcome("a", at=NOW + 3 * DAY)], now=NOW)
    assert record(store, "a").warnings == ()


def test_hosts_are_left_alone_as_long_as_they_asked(store: Store) -> None:
    store.put_host_wait("a.example:443", NOW + HOUR)
    store.put_host_wait("a.example:443", NOW + 2 * HOUR)
    store.put_host_wait("b.example:80", NOW + HOUR)
    assert store.host_waits(now=NOW) == {
        "a.example:443": NOW + 2 * HOUR,
        "b.example:80": NOW + HOUR,
    }
    assert store.host_waits(now=NOW + HOUR).keys() == {"a.example:443"}
    store.prune(now=NOW + HOUR, keep=DAY, keep_pages=DAY)
    assert store.host_waits(now=NOW).keys() == {"a.example:443"}


def test_robots_txt_is_kept_as_it_was_answered(store: Store) -> None:
    origin = "https://a.example:443"
    assert store.robots(origin) is None
    for file in (
        RobotsFile(status=200, body=b"User-agent: *\nDisallow: /\xff\0", fetched_at=NOW),
        RobotsFile(status=None, body=b"", fetched_at=NOW + HOUR),
    ):
        store.put_robots(origin, file)
        assert store.robots(origin) == file
    store.prune(now=NOW + 30 * DAY, keep=DAY, keep_pages=DAY)
    assert store.robots(origin) is not None
    store.prune(now=NOW + 32 * DAY, keep=DAY, keep_pages=DAY)
    assert store.robots(origin) is None


def test_two_outcomes_of_one_feed_in_one_batch_are_saved_in_their_order(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    store.save_polls([failure("a", at=NOW), failure("a", at=NOW + HOUR)], now=NOW)
    assert record(store, "a").failures == 2
    assert store.request_counts(since=NOW) == {"a": (2, 0)}


def test_an_outcome_of_a_feed_that_was_never_configured_is_passed_over(store: Store) -> None:
    store.save_polls([outcome("nobody", entry("nobody", 1))], now=NOW)
    assert store.ledger()["accepted"] == 0


def test_an_outcome_of_a_feed_that_was_taken_out_meanwhile_is_kept(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    store.sync_feeds([feed("b")], now=NOW)
    store.save_polls([outcome("a", entry("a", 1))], now=NOW)
    assert store.ledger()["waiting"] == 1


def test_requests_are_counted_and_the_304s_among_them(store: Store) -> None:
    store.sync_feeds([feed("a"), feed("b")], now=NOW)
    for hours in range(4):
        at = NOW + hours * HOUR
        store.save_polls([not_modified("a", at=at), failure("b", at=at)], now=at)
    assert store.request_counts(since=NOW) == {"a": (4, 4), "b": (4, 0)}
    assert store.request_counts(since=NOW + 2 * HOUR) == {"a": (2, 2), "b": (2, 0)}
    assert store.request_counts(since=NOW + DAY) == {}


def test_a_feed_that_changes_its_title_moves_the_revision(store: Store) -> None:
    store.sync_feeds([feed("a")], now=NOW)
    store.save_polls([outcome("a")], now=NOW)
    before = store.revision()
    store.save_polls([outcome("a", at=NOW + HOUR)], now=NOW)
    assert store.revision() == before
    store.save_polls([outcome("a", at=NOW + 2 * HOUR, feed=ParsedFeed(title="Another name"))], now=NOW)
    assert store.revision() == before + 1


def test_what_the_old_address_answered_says_nothing_of_the_one_that_an_editor_wrote_meanwhile(
    store: Store,
) -> None:
    old = feed("a")
    store.sync_feeds([old], now=NOW)
    store.save_polls([outcome("a", entry("a", 1), url=old.url)], now=NOW)
    store.sync_feeds([replace(old, url="https://new.example/rss")], now=NOW + HOUR)
    before = record(store, "a")
    late = failure("a", at=NOW + HOUR, gone=True, url=old.url)
    store.save_polls([late], now=NOW + HOUR)
    assert record(store, "a") == before
    assert [each.id for each in store.due(now=NOW + HOUR, limit=9)] == ["a"]
    store.save_polls([outcome("a", url="https://new.example/rss", at=NOW + HOUR)], now=NOW + HOUR)
    assert record(store, "a").polls == 2
