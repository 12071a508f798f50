"""Saving what was read: the article, the story it belongs to, and the sections that take the story.

Everything is decided inside the write transaction, one article after the other in the order given: replayed in
the order of `article.sequence`, the same stories come out, on either engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from aggregator.model import Candidate, ReadArticle, RuleStanding, StoryRules, Verdict
from aggregator.store import candidates, codec, copies, drift, repeats
from aggregator.store.schema import article, entry, feed, membership, page, story_key
from aggregator.store.settling import found, settle
from aggregator.store.sql import advance, chunks, count, insert_unknown

_ARTICLE: Final = insert(article)
_KEY: Final = insert(story_key)
_MEMBER: Final = insert(membership)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What came of a batch."""

    stories: list[str]  # touched, in order, each once
    visible: bool  # something that an output may show changed


def save(connection: Connection, read: Sequence[ReadArticle], rules: StoryRules, *, now: datetime) -> Saved:
    """Save articles in the order given; an entry that is no longer stored is passed over."""
    saver = _Saver(connection, read, rules, now)
    for each in read:
        if each.waiting.row in saver.known:
            saver.save(each)
    saver.finish()
    return Saved(stories=list(dict.fromkeys(saver.touched)), visible=saver.visible)


def candidates_of(connection: Connection, read: ReadArticle) -> list[Candidate]:
    """Give the stored articles that one is compared with when it is saved."""
    return candidates.find(connection, read, candidates.own_address(read))


def rule_standings(connection: Connection) -> list[RuleStanding]:
    """Give how well the rules have fitted that articles were read by."""
    return drift.standings(connection)


def _known(connection: Connection, read: Sequence[ReadArticle]) -> dict[int, Any]:
    """Load what is stored of these entries: how they stand, their story, their article."""
    found: dict[int, Any] = {}
    for some in chunks([each.waiting.row for each in read]):
        statement = (
            select(
                entry.c.id, entry.c.key, entry.c.guid, entry.c.url, entry.c.first_seen, feed.c.name,
                membership.c.story, article.c.entry.label("article"), article.c.published,
                article.c.version, *copies.ARTICLE,
            )
            .join_from(entry, feed, feed.c.id == entry.c.feed)
            .outerjoin(membership, membership.c.entry == entry.c.id)
            .outerjoin(article, article.c.entry == entry.c.id)
            .where(entry.c.id.in_(some))
        )  # fmt: skip
        found |= {row.id: row for row in connection.execute(statement)}
    return found


_READ: Final = (
    update(entry)
    .where(
        entry.c.id == bindparam("row"),
        entry.c.hash == bindparam("read_hash"),
        or_(entry.c.state == "waiting", entry.c.state == "read"),
    )
    .values(
        state="read",
        reason="",
        tries=bindparam("read_tries"),
        retry_at=bindparam("read_again", type_=entry.c.retry_at.type),
        page_error=bindparam("read_error", type_=entry.c.page_error.type),
    )
)


class _Saver:
    """One batch under way."""

    def __init__(
        self, connection: Connection, batch: Sequence[ReadArticle], rules: StoryRules, now: datetime
    ) -> None:
        known = _known(connection, batch)
        self.connection = connection
        self.rules = rules
        self.now = now
        self.known = known
        self.story_of = {row.id: row.story for row in known.values() if row.story is not None}
        self.content = {row.id: _stored_content(row) for row in known.values() if row.article is not None}
        self.repeats = repeats.Repeats(connection, batch)
        self.sequence = self.begun = count(connection, "sequence")
        self.touched: list[str] = []
        self.visible = False
        self.done: list[ReadArticle] = []

    def save(self, read: ReadArticle) -> None:
        """Save one article and bring its story up to date."""
        row = read.waiting.row
        if left_out := self.repeats.take(read, again=row in self.content):
            read = self.rules.without(read, left_out)
        address = candidates.own_address(read)
        story_id = self.story_of.get(row)
        if story_id is not None:
            changed = self._write(read, address)
            self._settle(story_id, read, changed=changed)
        else:
            verdict = self.rules.assign(read, candidates.find(self.connection, read, address))
            self._write(read, address)
            story_id = self._join(read, verdict)
        self.story_of[row] = story_id
        self.touched.append(story_id)
        self.done.append(read)

    def _join(self, read: ReadArticle, verdict: Verdict) -> str:
        """Put an entry into the story that the verdict names, or into one of its own."""
        if verdict.story_id is not None:
            self._put(read, verdict, verdict.story_id)
            self._settle(verdict.story_id, read, changed=True)
            return verdict.story_id
        known = self.known[read.waiting.row]
        story_id, placed = found(self.connection, read, known, self.rules, now=self.now)
        self._put(read, verdict, story_id)
        self.visible = self.visible or placed
        return story_id

    def _settle(self, story_id: str, read: ReadArticle, *, changed: bool) -> None:
        seen = settle(self.connection, story_id, read, self.rules, changed=changed, now=self.now)
        self.visible = self.visible or seen

    def _put(self, read: ReadArticle, verdict: Verdict, story_id: str) -> None:
        values = {
            "entry": read.waiting.row,
            "story": story_id,
            "rule": verdict.rule,
            "score": verdict.score,
            "partner": verdict.partner,
            "compared": verdict.compared,
            "decided_at": self.now,
        }
        self.connection.execute(_MEMBER, values)

    def _write(self, read: ReadArticle, address: str | None) -> bool:
        """Write the article with its keys, and say whether it differs from the one before."""
        row = read.waiting.row
        values = _article_values(read, address)
        self.sequence += 1
        content = _content(values)
        before = self.content.get(row)
        self.content[row] = content
        if before is None:
            new = {"entry": row, "sequence": self.sequence}
            self.connection.execute(_ARTICLE, {**values, **new})
        else:
            known = update(article).where(article.c.entry == row)
            self.connection.execute(known.values(sequence=self.sequence, **values))
            self.connection.execute(delete(story_key).where(story_key.c.entry == row))
        if keys := sorted(set(read.fingerprint.keys)):
            self.connection.execute(_KEY, [{"k": key, "entry": row} for key in keys])
        return content != before

    def finish(self) -> None:
        """Write what nothing in the batch depended on."""
        pages = [_page_values(read, self.now) for read in self.done if read.page is not None]
        insert_unknown(self.connection, page, pages)
        self.repeats.write(now=self.now)
        drift.count_uses(self.connection, self.done, now=self.now)
        if self.done:
            self.connection.execute(_READ, [_read_values(read) for read in self.done])
        advance(self.connection, "sequence", self.sequence - self.begun)


def _article_values(read: ReadArticle, address: str | None) -> dict[str, Any]:
    found = read.article
    return {
        "version": read.waiting.entry.hash,
        "headline": found.headline,
        "fields": codec.article_fields(found),
        "text": found.text,
        "html": found.html,
        "length": len(found.text),
        "regions": codec.to_json(read.regions),
        "categories": codec.to_json(found.categories),
        "text_hash": read.fingerprint.text_hash,
        "published": read.published,
        "published_utc": read.published,
        "canonical_url": address,
    }


def _content(values: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give what makes one version of an article differ from another."""
    names = ("version", "headline", "fields", "text", "html", "regions", "published")
    return tuple(values[name] for name in names)


def _stored_content(row: Any) -> tuple[Any, ...]:
    return row.version, row.headline, row.article_fields, row.text, row.html, row.regions, row.published


def _page_values(read: ReadArticle, now: datetime) -> dict[str, Any]:
    assert read.page is not None
    return {
        "entry": read.waiting.row,
        "hash": blake2b(read.page.body, digest_size=16).digest(),
        "url": read.page.url,
        "content_type": read.page.content_type,
        "body": codec.compress(read.page.body),
        "fetched_at": now,
    }


def _read_values(read: ReadArticle) -> dict[str, Any]:
    """Say how an entry stands once it is read; one that was edited meanwhile goes on waiting."""
    return {
        "row": read.waiting.row,
        "read_hash": read.waiting.entry.hash,
        "read_tries": read.waiting.tries,
        "read_again": read.retry_page_at,
        "read_error": read.waiting.page_error,
    }
