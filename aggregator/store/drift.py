"""How well the rules of sites fit the pages of each feed: hits and misses, counted as pages are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, tuple_

from aggregator.model import ReadArticle, RuleStanding, RuleUse
from aggregator.store.schema import feed, rule_standing
from aggregator.store.sql import chunks

MOST_COUNTED = 200  # pages; beyond that older ones count for half, so that a rate is of these months

_Key = tuple[str, str, str]  # feed, rule, field


def count_uses(connection: Connection, read: Sequence[ReadArticle], *, now: datetime) -> None:
    """Count what the rules found on these pages, in their order."""
    pages = [each for each in read if each.page is not None]
    rows = _rows(connection, {each.waiting.entry.feed_id for each in pages})
    if not rows:
        return
    tally = _Tally(list(_standings(connection, list(rows.values()))), now)
    for each in pages:
        tally.add(each.waiting.entry.feed_id, each.rules)
    _write(connection, [each for each in tally.changed.values() if each.feed_id in rows], rows, now)


class _Tally:
    """What is counted of some feeds, and what changes of it."""

    def __init__(self, known: Sequence[RuleStanding], now: datetime) -> None:
        self.known = {(each.feed_id, each.rule, each.field): each for each in known}
        self.changed: dict[_Key, RuleStanding] = {}
        self.now = now

    def add(self, name: str, uses: Sequence[RuleUse]) -> None:
        """Count one page."""
        for use, field, hit in _events(name, uses, self.known):
            key = (name, use.rule, field)
            before = self.known.get(key)
            if before is None or before.digest != use.digest:
                before = _fresh(name, use, field)
            self.changed[key] = self.known[key] = _counted(before, hit=hit, now=self.now)


def _events(
    name: str, uses: Sequence[RuleUse], known: dict[_Key, RuleStanding]
) -> Iterator[tuple[RuleUse, str, bool]]:
    """Give each field of each rule, and whether it found something.

    Of a page that no rule was for, the rules that the pages of this feed were read by have missed their body.
    """
    for use in uses:
        yield from ((use, field, True) for field, _ in use.matched)
        yield from ((use, field, False) for field in use.missed)
    if uses:
        return
    for (feed_id, rule, field), standing in list(known.items()):
        if feed_id == name and field == "body" and standing.hits:
            yield RuleUse(rule=rule, digest=standing.digest, is_used=False), field, False


def _fresh(name: str, use: RuleUse, field: str) -> RuleStanding:
    return RuleStanding(
        feed_id=name,
        rule=use.rule,
        digest=use.digest,
        field=field,
        hits=0,
        misses=0,
        missed_in_row=0,
        missing_since=None,
    )


def _counted(before: RuleStanding, *, hit: bool, now: datetime) -> RuleStanding:
    if before.hits + before.misses - before.missed_in_row >= MOST_COUNTED:
        earlier = before.misses - before.missed_in_row
        before = replace(before, hits=before.hits // 2, misses=earlier // 2 + before.missed_in_row)
    if hit:
        return replace(before, hits=before.hits + 1, missed_in_row=0, missing_since=None)
    return replace(
        before,
        misses=before.misses + 1,
        missed_in_row=before.missed_in_row + 1,
        missing_since=before.missing_since or now,
    )


def _rows(connection: Connection, names: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in chunks(sorted(names)):
        statement = select(feed.c.name, feed.c.id).where(feed.c.name.in_(some), feed.c.active)
        found |= {row.name: row.id for row in connection.execute(statement)}
    return found


def _standings(connection: Connection, feeds: Sequence[int] | None = None) -> Iterator[RuleStanding]:
    statement = (
        select(rule_standing, feed.c.name)
        .join_from(rule_standing, feed, feed.c.id == rule_standing.c.feed)
        .where(feed.c.active)
        .order_by(feed.c.name, rule_standing.c.rule, rule_standing.c.field)
    )
    if feeds is not None:
        statement = statement.where(rule_standing.c.feed.in_(feeds))
    for row in connection.execute(statement):
        yield RuleStanding(
            feed_id=row.name,
            rule=row.rule,
            digest=row.digest,
            field=row.field,
            hits=row.hits,
            misses=row.misses,
            missed_in_row=row.missed_in_row,
            missing_since=row.missing_since,
        )


def standings(connection: Connection) -> list[RuleStanding]:
    """Give how every field of every rule stands with every configured feed, by feed, rule and field."""
    return list(_standings(connection))


def _write(
    connection: Connection, changed: Sequence[RuleStanding], rows: dict[str, int], now: datetime
) -> None:
    key = tuple_(rule_standing.c.feed, rule_standing.c.rule, rule_standing.c.field)
    for some in chunks(changed, 100):
        keys = [(rows[each.feed_id], each.rule, each.field) for each in some]
        connection.execute(delete(rule_standing).where(key.in_(keys)))
        connection.execute(
            insert(rule_standing),
            [
                {
                    "feed": rows[each.feed_id],
                    "rule": each.rule,
                    "field": each.field,
                    "digest": each.digest,
                    "hits": each.hits,
                    "misses": each.misses,
                    "missed_in_row": each.missed_in_row,
                    "missing_since": each.missing_since,
                    "seen_at": now,
                }
                for each in some
            ],
        )


def prune(connection: Connection, before: datetime) -> None:
    """Forget what was counted last before then: no page of that feed is read by that rule any more."""
    connection.execute(delete(rule_standing).where(rule_standing.c.seen_at < before))
