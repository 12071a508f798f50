"""What comes in: documents, feeds as parsed, entries as published, pages, and how a poll went."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a conditional request sends back: opaque bytes, as the origin gave them (RFC 9110, 8.8)."""

    etag: bytes | None = None
    last_modified: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """What the origin said of how long its answer holds."""

    max_age: timedelta | None = None  # Cache-Control max-age less Age, else Expires less Date; None: silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One document to be had."""

    url: str
    accept: str = "*/*"
    validators: Validators = field(default_factory=Validators)
    own_port: bool = False  # the port of `home` was written by an editor and is allowed
    credential: str = ""  # name of the secret, never its value
    # The address that an editor wrote, where `url` is one that it led to: the port and the credential are those
    # of `home`, and a credential goes nowhere else. "": `url` itself.
    home: str = ""
    max_body: int | None = (
        None  # bytes after decompression; it never widens polling.max_body. None: that alone
    )
    cut: bool = (
        False  # what goes beyond `max_body` is left away, and no error; beyond polling.max_body it is one
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The bytes of an answer, whole and decoded."""

    url: str  # after redirects
    status: int
    content_type: str | None  # the header's value; None: not given
    body: bytes
    validators: Validators = field(default_factory=Validators)
    freshness: Freshness = field(default_factory=Freshness)
    moved_to: str | None = None  # where a chain of nothing but 301 and 308 led


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The origin said 304."""

    validators: Validators  # those that were asked with
    freshness: Freshness = field(default_factory=Freshness)
    moved_to: str | None = None  # where a chain of nothing but 301 and 308 led
    # It names another ETag than the one asked with: what it says cannot be so, and the next request is whole.
    contradicted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """What an origin answered when it was asked for its robots.txt (RFC 9309)."""

    status: int | None  # None: no answer came
    body: bytes  # at most 500 KiB; b"" unless the status is 200
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A publisher's label."""

    term: str
    label: str | None = None
    scheme: str | None = None

    @property
    def text(self) -> str:
        """What a person reads."""
        return self.label or self.term


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that goes with an entry."""

    url: str
    type: str | None = None
    length: int | None = None  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture, by address only: we never copy it."""

    url: str
    caption: str | None = None
    credit: str | None = None  # "REUTERS/DAILY MAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Another document that an entry points to, and what it is to the entry (RFC 8288, 3.3)."""

    rel: str  # related | via | replies | license …; in lower case where it is a registered name
    url: str  # absolute, http(s)
    type: str | None = None
    title: str | None = None
    language: str | None = None  # hreflang


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The feed that an entry was taken from, as atom:source and RSS `<source>` tell it."""

    title: str | None = None  # plain text
    url: str | None = None  # the site, or what else the feed is the alternate of
    feed: str | None = None  # the feed's own address
    id: str | None = None  # atom:id of the feed, exactly as given


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where an entry says that it belongs: WGS 84, in degrees (GeoRSS)."""

    latitude: float
    longitude: float
    name: str | None = None  # georss:featureName


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """One element of a feed as the feed delivered it: a fact, from which all else can be derived again."""

    id: str | None = None  # atom:id, RSS guid or JSON Feed id, exactly as given; None: the feed gave none
    link: str | None = None  # made absolute; None: none, or none that is http(s)
    title: str | None = None  # as given, may hold markup or entities
    authors: tuple[str, ...] = ()
    published: str | None = None  # the text of the date, as given
    updated: str | None = None
    summary: str | None = None  # HTML as given, links made absolute
    content: str | None = None  # HTML as given, links made absolute
    categories: tuple[Category, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    images: tuple[Image, ...] = ()  # Media RSS, JSON Feed image, itunes:image, `<image>`
    language: str | None = None
    original: str | None = None  # the page that a counting `link` leads to (feedburner:origLink); absolute
    links: tuple[Link, ...] = ()  # all but `link`, enclosures and those for machines
    source: Source | None = None  # where the entry was taken from
    rights: str | None = None  # plain text
    license: str | None = None  # an address, absolute
    point: Point | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed document, read."""

    title: str | None = None  # plain text
    link: str | None = None
    icon: str | None = None  # atom:icon, else its logo, RSS image, itunes:image; JSON Feed favicon, icon
    rights: str | None = None  # plain text: of the feed, and of an entry that says nothing else
    license: str | None = None  # an address, absolute; likewise
    language: str | None = None
    hub: str | None = None
    self_link: str | None = None
    ttl: timedelta | None = None  # RSS ttl, or sy:updatePeriod over sy:updateFrequency
    skip_hours: frozenset[int] = frozenset()  # 0-23, GMT
    skip_days: frozenset[int] = frozenset()  # Monday is 0, GMT
    entries: tuple[RawEntry, ...] = ()  # in the order of the document, repeats included


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One element of a feed, normalised: clean text, absolute links, dates with the claimed offset."""

    feed_id: str  # as configured; never the URL, which may change
    key: str  # what it is known by in its feed: guid, canonical URL or content, whichever is trustworthy
    position: int  # from 1, in its document
    guid: str | None  # exactly as the feed gave it; None: it gave none
    url: str | None  # absolute, http(s), as given; None: none
    canonical_url: str | None
    title: str  # plain text; "": none
    authors: tuple[str, ...] = ()
    published: datetime | None = None  # aware, with the claimed offset; None: none that can be read
    updated: datetime | None = None
    day_only: bool = False  # `published` names a day and no time
    summary: str = ""  # plain text
    summary_html: str = ""  # sanitised
    content_html: str | None = None  # sanitised; None: the feed gave no content beside its summary
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    images: tuple[Image, ...] = ()
    language: str = ""  # BCP 47; "": neither the editor nor the feed says
    hash: str  # of what the feed delivered: equal hashes mean nothing to do
    raw: RawEntry

    @property
    def page_url(self) -> str | None:
        """Where the page is: behind a link that only counts, the one that it leads to."""
        return self.raw.original or self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An element of a document that is stored already, with the same bytes."""

    key: str
    position: int  # from 1, in its document


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """What tells a stored entry from others of its feed."""

    key: str
    hash: str
    guid: str | None
    canonical_url: str | None
    title: str
    published: datetime | None  # as claimed
    effective: datetime  # the date that counts
    listed: bool = False  # it stands in the feed's last document


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizedFeed:
    """A feed document ready to be compared with what is stored."""

    feed: ParsedFeed  # its `entries` is empty: they are below
    entries: tuple[Entry, ...]  # those that are not told to be known already, with the same bytes
    unchanged: tuple[Standing, ...] = ()  # the others
    quarantined: tuple[
        tuple[Entry, str], ...
    ] = ()  # bare of all but the facts, and why it could not be handled
    empty: int = 0  # how many of the quarantined show nothing that a reader could see


class FeedState(StrEnum):
    """How a feed is doing (contract, section 4)."""

    NEW = "new"
    OK = "ok"
    FAILING = "failing"
    GONE = "gone"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedWarning:
    """Something an editor should know of a feed."""

    kind: str  # moved | stale | flood | dates-ahead | …
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why the last poll failed."""

    kind: str  # error.kind of the contract, section 4
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often a feed publishes, as its documents have shown."""

    gap: timedelta | None = None  # typical time between two entries; None: not known
    listed: int = 0  # entries in its last document
    # The newest sign that it publishes: the newest date of an entry that can be believed, or when a poll after
    # the first one brought something new. None: no sign.
    published: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where a feed's permanent redirects lead."""

    to: str | None = None  # None: it has not moved
    since: datetime | None = None  # when `to` was first led to by a document that parsed
    adopted: str | None = None  # the address that is asked in place of the configured one


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikes:
    """Documents of a feed whose reading had to be ended."""

    body: bytes | None = None  # hash of the last of them
    count: int = 0  # how often that one was
    in_row: int = 0  # how many of them came one after another, whatever their bytes
    at: datetime | None = None  # when the last of them was


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRecord:
    """What the store knows of one feed."""

    id: str  # as configured
    url: str
    title: str | None = None  # the feed's own
    language: str | None = None  # the feed's own
    link: str | None = None  # the feed's own: the site it belongs to
    validators: Validators = field(default_factory=Validators)
    body_hash: bytes | None = None
    gone: bool = False
    added_at: datetime
    last_attempt: datetime | None = None
    last_success: datetime | None = None
    last_changed: datetime | None = None  # when the body last differed
    failing_since: datetime | None = None
    failures: int = 0  # in a row
    problem: Problem | None = None
    http_status: int | None = None
    next_due: datetime
    next_due_reason: str = "first"
    interval: timedelta | None = None  # the one in force; None: not polled yet
    polls: int = 0  # that succeeded, ever
    whole_at: datetime | None = None  # when a document last came without being asked for conditionally
    rhythm: Rhythm = field(default_factory=Rhythm)
    move: Move = field(default_factory=Move)
    strikes: Strikes = field(default_factory=Strikes)
    suggested_at: datetime | None = None  # when another address was last looked for
    ttl: timedelta | None = None  # as the last document that was parsed said; likewise the next two
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    warnings: tuple[FeedWarning, ...] = ()
    new: int = 0  # entries of the last poll
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    loss: float = 0.0  # share of the entries since the poll before that were probably missed


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPoll:
    """When a feed is asked again, and which rule said so."""

    at: datetime
    reason: str  # next_due_reason of the contract, section 4
    interval: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOutcome:
    """All that one poll brought: saved in one transaction."""

    feed_id: str
    url: str = ""  # as configured when it was asked: nothing is said of another address; "": whatever it is
    at: datetime
    next: NextPoll
    http_status: int | None = None
    problem: Problem | None = None  # None: it succeeded
    gone: bool = False
    not_modified: bool = False
    validators: Validators | None = None  # None: keep the stored pair
    body_hash: bytes | None = None  # None: keep the stored one
    whole: bool = False  # a document came without being asked for conditionally
    outage: bool = False  # it failed as everything does: nothing is held against the feed
    rhythm: Rhythm | None = None  # None: keep the stored one; likewise the next two
    move: Move | None = None
    strikes: Strikes | None = None
    feed: ParsedFeed | None = None  # None: nothing was parsed
    new: tuple[Entry, ...] = ()
    updated: tuple[Entry, ...] = ()
    unchanged: tuple[Standing, ...] = ()
    loss: float | None = None  # None: this poll says nothing of it
    repeats: tuple[Standing, ...] = ()  # further elements of the document with a key that is in one of these
    quarantined: tuple[tuple[Entry, str], ...] = ()  # new ones that could not be handled, and why
    held: frozenset[str] = frozenset()  # keys of new entries that a guard holds
    warnings: tuple[FeedWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What is left of a poll when its entries are stored: a round of thousands of feeds holds no texts."""

    feed_id: str
    problem: Problem | None = None
    new: int = 0
    updated: int = 0
