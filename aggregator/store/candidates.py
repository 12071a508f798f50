"""Which stored articles a new one is compared with."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Select, and_, bindparam, func, select, union_all

from aggregator.core.urls import same_site
from aggregator.model import Candidate, ReadArticle
from aggregator.store.schema import Utc, article, entry, feed, membership, story_key

WINDOW: Final = timedelta(days=14)  # between effective dates
POSTINGS: Final = 64  # of one key, the newest: more say only that the words are common
FEWEST_SHARED: Final = 2
MOST: Final = 16

_COLUMNS: Final = (
    article.c.entry,
    membership.c.story,
    feed.c.name,
    entry.c.key,
    article.c.canonical_url,
    article.c.headline,
    article.c.text,
    article.c.text_hash,
    article.c.published,
)
_JOINED: Final = (
    article.join(entry, entry.c.id == article.c.entry)
    .join(feed, feed.c.id == entry.c.feed)
    .join(membership, membership.c.entry == article.c.entry)
)
# Not BETWEEN: PostgreSQL does not take the collation that goes with the bounds there.
_IN_WINDOW: Final = and_(
    article.c.published_utc >= bindparam("since", type_=Utc),
    article.c.published_utc <= bindparam("until", type_=Utc),
)


def own_address(read: ReadArticle) -> str | None:
    """Give the article's canonical address, where it may stand for this entry.

    A page names any address it likes as its canonical one: only one of the registrable domain that the feed
    itself linked to is believed, or a page could take over another outlet's story.
    """
    canonical, linked = read.article.canonical_url, read.waiting.entry.url
    if not canonical or not linked:
        return None
    return canonical if same_site(canonical, linked) else None


def find(connection: Connection, read: ReadArticle, address: str | None) -> list[Candidate]:
    """Give the articles that share keys, the most first, and those with the same address or text.

    Text and keys reach as far as the window; an address is the same however old.
    """
    values = {
        "own": read.waiting.row,
        "since": read.published - WINDOW,
        "until": read.published + WINDOW,
    }
    found: dict[int, Candidate] = {}
    keys = sorted(set(read.fingerprint.keys))
    if len(keys) >= FEWEST_SHARED:
        shared = {f"k{number}": key for number, key in enumerate(keys)}
        for row in connection.execute(_sharing(len(keys)), values | shared):
            found[row.entry] = _candidate(row, row.shared)
    if address is not None or read.fingerprint.text_hash:
        same = {"address": address, "text_hash": read.fingerprint.text_hash}
        for row in connection.execute(_SAME, values | same):
            found.setdefault(row.entry, _candidate(row, 0))
    return sorted(found.values(), key=lambda each: (-each.shared_keys, each.row))


def _newest(statement: Select[Any]) -> Select[Any]:
    """Cut to the newest, in a form that both engines take within a union."""
    return select(statement.order_by(statement.selected_columns[0].desc()).limit(MOST).subquery())


_SAME: Final = (
    select(*_COLUMNS)
    .select_from(_JOINED)
    .where(
        article.c.entry.in_(
            union_all(
                _newest(select(article.c.entry).where(article.c.canonical_url == bindparam("address"))),
                _newest(
                    select(article.c.entry).where(
                        article.c.text_hash == bindparam("text_hash"), article.c.text_hash != 0, _IN_WINDOW
                    )
                ),
            )
        ),
        article.c.entry != bindparam("own"),
    )
)


@lru_cache(maxsize=64)
def _sharing(keys: int) -> Select[Any]:
    """Give the statement for so many keys; a fingerprint has a bounded number of them."""
    postings = union_all(
        *(
            select(
                select(story_key.c.entry)
                .where(story_key.c.k == bindparam(f"k{number}", type_=BigInteger))
                .order_by(story_key.c.entry.desc())
                .limit(POSTINGS)
                .subquery()
            )
            for number in range(keys)
        )
    ).subquery()
    shared = func.count().label("shared")
    counted = (
        select(postings.c.entry, shared)
        .where(postings.c.entry != bindparam("own"))
        .group_by(postings.c.entry)
        .having(shared >= FEWEST_SHARED)
        .subquery()
    )
    return (
        select(*_COLUMNS, counted.c.shared)
        .select_from(_JOINED.join(counted, counted.c.entry == article.c.entry))
        .where(_IN_WINDOW)
        .order_by(counted.c.shared.desc(), article.c.entry)
        .limit(MOST)
    )


def _candidate(row: Any, shared: int) -> Candidate:
    return Candidate(
        row=row.entry,
        story_id=row.story,
        feed_id=row.name,
        key_in_feed=row.key,
        canonical_url=row.canonical_url,
        headline=row.headline,
        text=row.text or "",
        text_hash=row.text_hash,
        published=row.published,
        shared_keys=shared,
    )
