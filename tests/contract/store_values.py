"""Invented feeds, entries and articles for the tests of the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from hashlib import blake2b
from typing import Any

from aggregator.model import (
    Article,
    Candidate,
    Category,
    Copy,
    Enclosure,
    Entry,
    Evidence,
    FeedSettings,
    Fingerprint,
    Image,
    Membership,
    NextPoll,
    Paragraph,
    ParsedFeed,
    PollOutcome,
    RawEntry,
    ReadArticle,
    Region,
    Role,
    Standing,
    StoryRules,
    StoryView,
    Validators,
    Verdict,
    WaitingEntry,
)
from aggregator.store import Store

NOW = datetime(2022, 1, 8, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WIB = timezone(timedelta(hours=7))


def feed(name: str, **values: Any) -> FeedSettings:
    return FeedSettings(id=name, url=values.pop("url", f"https://{name}.example/rss"), **values)


def entry(name: str, number: int, *, text: str = "", **values: Any) -> Entry:
    """One entry, with something in every field that it can have."""
    url = values.pop("url", f"https://{name}.example/{number}?utm_source=rss")
    text = text or f"{name} tells what happened at place number {number}."
    values.setdefault("published", (NOW - number * HOUR).astimezone(WIB))
    return Entry(
        feed_id=name,
        key=values.pop("key", f"key-{number}"),
        position=values.pop("position", number),
        guid=values.pop("guid", f"guid {number}"),
        url=url,
        canonical_url=values.pop("canonical_url", url.partition("?")[0] if url else None),
        title=values.pop("title", f"Title {number} of {name}"),
        authors=("Budi Santoso", "A. Nother"),
        summary=text,
        summary_html=f"<p>{text}</p>",
        categories=("Internasional",),
        enclosures=(Enclosure(url=f"https://{name}.example/{number}.mp3", type="audio/mpeg", length=3),),
        images=(Image(url=f"https://{name}.example/{number}.jpg", caption="A caption"),),
        language="id",
        hash=values.pop("hash", "") or blake2b(f"{number} {text}".encode(), digest_size=8).hexdigest(),
        raw=RawEntry(
            id=f"guid {number}",
            link=url,
            title=f"Title {number} of {name}",
            summary=text,
            categories=(Category(term="intl", label="Internasional"),),
        ),
        **values,
    )


def outcome(name: str, *new: Entry, at: datetime = NOW, **values: Any) -> PollOutcome:
    """A poll that brought a document."""
    values.setdefault("feed", ParsedFeed(title=f"Feed {name}", link=f"https://{name}.example/"))
    values.setdefault("validators", Validators(etag=b'"one"', last_modified=b"Sat, 08 Jan 2022 05:06:00 GMT"))
    values.setdefault("body_hash", b"body one")
    return PollOutcome(
        feed_id=name,
        at=at,
        next=NextPoll(at=at + HOUR, reason="interval", interval=HOUR),
        http_status=values.pop("http_status", 200),
        new=new,
        **values,
    )


def hashes(store: Store, name: str, keys: Sequence[str]) -> dict[str, str]:
    """What a feed has delivered before of these keys, and with which hash."""
    found = store.known(name, keys=keys, urls=())
    return {each.key: each.hash for each in found if each.key in keys}


def stands(*entries: Entry) -> tuple[Standing, ...]:
    """The same entries, as elements of a document that are stored already."""
    return tuple(Standing(key=each.key, position=each.position) for each in entries)


def not_modified(name: str, *, at: datetime) -> PollOutcome:
    """A poll that was answered with 304."""
    return outcome(
        name, at=at, http_status=304, not_modified=True, feed=None, validators=None, body_hash=None
    )


def read(waiting: WaitingEntry, *, text: str = "", keys: Sequence[int] = (), **values: Any) -> ReadArticle:
    """A waiting entry, read; without a text each has one of its own."""
    text = text or f"{waiting.entry.summary} And the article says more of it."
    found = Article(
        headline=values.pop("headline", waiting.entry.title),
        kicker="KABAR",
        byline=waiting.entry.authors,
        credits=("AFP", "Reuters"),
        language="id",
        published=waiting.entry.published,
        summary=waiting.entry.summary,
        text=text,
        html=f"<p>{text}</p>",
        text_from="page" if "page" in values else "feed",
        images=waiting.entry.images,
        categories=values.pop("categories", waiting.entry.categories),
        canonical_url=values.pop("canonical_url", waiting.entry.canonical_url),
    )
    hashed = int.from_bytes(
        blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True
    )
    return ReadArticle(
        waiting=waiting,
        article=found,
        regions=values.pop("regions", (region("KZ"),)),
        fingerprint=Fingerprint(text_hash=values.pop("text_hash", hashed), keys=tuple(keys)),
        published=values.pop("published", waiting.effective),
        outlet=values.pop("outlet", f"{waiting.entry.feed_id}.example"),
        paragraphs=values.pop("paragraphs", (Paragraph(hash=hashed, length=len(text)),)),
        **values,
    )


def region(code: str, role: Role = Role.FOCUS) -> Region:
    evidence = Evidence(field="headline", start=0, end=5, text="Title", rule="name")
    return Region(code=code, role=role, score=0.9, rule="name", evidence=(evidence,))


def everything(view: StoryView) -> tuple[Membership, ...]:
    return (Membership(section_id="all", because="no condition"),)


def first_candidate(article: ReadArticle, candidates: Sequence[Candidate]) -> Verdict:
    """Join the first candidate there is."""
    if not candidates:
        return Verdict(rule="first")
    found = candidates[0]
    rule = "same-url" if found.canonical_url == article.article.canonical_url else "same-text"
    return Verdict(rule=rule, score=0.75, story_id=found.story_id, partner=found.row, compared="in the test")


def longest(copies: Sequence[Copy]) -> Copy:
    return min(copies, key=lambda copy: (-copy.length, copy.row))


def mint(name: str, key: str) -> str:
    digest = blake2b(f"{name} {key}".encode(), digest_size=16).hexdigest()
    return f"urn:uuid:{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def rules(**changed: Callable[..., Any]) -> StoryRules:
    usual: dict[str, Callable[..., Any]] = {
        "assign": first_candidate,
        "lead": longest,
        "select": everything,
        "mint": mint,
        "substance": lambda article: article.headline + article.text,
    }
    return StoryRules(**(usual | changed))


def fill(store: Store, *outcomes: PollOutcome, now: datetime = NOW, **changed: Callable[..., Any]) -> None:
    """Poll and read everything."""
    store.save_polls(outcomes, now=now)
    read_all(store, now=now, **changed)


def read_all(store: Store, *, now: datetime = NOW, **changed: Callable[..., Any]) -> list[str]:
    waiting = store.waiting(now=now, limit=1000)
    return store.save_articles([read(each) for each in waiting], rules(**changed), now=now)


def only(store: Store, **asked: Any) -> Any:
    """The one story that there is."""
    (story,) = store.stories(**asked)
    return story
