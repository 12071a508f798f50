"""What is made of it: articles, regions with their evidence, stories with their copies, editions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aggregator.model.incoming import Enclosure, Entry, Image
from aggregator.model.sites import RuleUse


class Role(StrEnum):
    """Whether a story is about a region, or merely names it."""

    FOCUS = "focus"
    MENTION = "mention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Words that name a region. Offsets count Unicode code points in the field named."""

    field: str  # headline | kicker | dateline | caption | text | category
    start: int
    end: int
    text: str  # equals what stands there
    rule: str  # name | demonym | adjective | abbreviation | city | subdivision | seat | stem | …


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A place a story is about or names, and why we say so."""

    code: str  # ISO 3166-1, ISO 3166-2, UN M49, or the id of an editor's region
    role: Role
    score: float  # 0 to 1
    rule: str  # the strongest rule of the evidence, or member | based_in | editor
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A paragraph that was left out of an article, and why."""

    text: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The cleaned record of one entry and its page."""

    headline: str
    kicker: str | None = None
    byline: tuple[str, ...] = ()
    editor: str | None = None
    credits: tuple[str, ...] = ()  # wires and papers: "Sumber: AFP/Reuters" is ("AFP", "Reuters")
    dateline: str | None = None  # the place line: "ALMATY (Reuters)"
    language: str = ""  # BCP 47; "": not known
    published: datetime | None = None  # aware, with the publisher's offset; None: neither page nor feed says
    summary: str = ""  # plain text
    text: str = ""  # plain text, paragraphs separated by a blank line; no kicker, caption, credits or editor
    html: str = ""  # sanitised, of the same body
    text_from: str = "feed"  # page | feed
    images: tuple[Image, ...] = ()  # lead first
    categories: tuple[str, ...] = ()
    canonical_url: str | None = None  # rel=canonical within the registrable domain, else the entry's
    left_out: tuple[LeftOut, ...] = ()  # what the outlet repeats in its articles


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What an article's text is found and compared by."""

    text_hash: int  # signed 64 bit, of the normalised text; 0: too short to mean anything
    keys: tuple[int, ...] = ()  # signed 64 bit, a bounded selection of shingles; (): too short


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEntry:
    """An accepted entry that is still to be read."""

    row: int  # the store's id of the entry
    entry: Entry
    first_seen: datetime
    effective: datetime  # claimed, never in the future, else first seen
    tries: int = 0  # of its page
    page_error: str | None = None  # why its page could not be had; None: it was had, or is not wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as it was fetched."""

    url: str  # after redirects
    content_type: str | None
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of an article, as it is counted."""

    hash: int  # signed 64 bit, of the words in lower case
    length: int  # characters
    topical: bool = False  # it has a word of the headline


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """How often an outlet has repeated a paragraph. Its articles are numbered from 1, as they were saved."""

    first: int  # number of the article that it first stood in
    last: int
    articles: int  # different ones that it stood in


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadArticle:
    """One entry read: saved, with its story, in one transaction."""

    waiting: WaitingEntry
    article: Article
    regions: tuple[Region, ...]
    fingerprint: Fingerprint
    published: datetime  # effective, with the publisher's offset
    page: Page | None = None  # the fact behind it; None: the feed's own text served
    retry_page_at: datetime | None = None  # the page could not be had; when to try it again
    rules: tuple[RuleUse, ...] = ()  # what each site rule that was for the page did there
    outlet: str = ""  # whose paragraphs these are
    paragraphs: tuple[Paragraph, ...] = ()  # what is counted of the article; (): nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stored article that a new one may be the same story as."""

    row: int  # the store's id of its entry
    story_id: str
    feed_id: str
    key_in_feed: str
    canonical_url: str | None
    headline: str
    text: str
    text_hash: int
    published: datetime
    shared_keys: int  # of the fingerprint; 0: found by URL or text alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Which story an article belongs to, and why."""

    rule: str  # first | same-id | same-url | same-text | editor
    score: float = 1.0
    story_id: str | None = None  # None: it founds a story
    partner: int | None = None  # the entry it was compared with
    compared: str = ""  # in words, what was compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One article of a story, as far as choosing and showing copies needs it."""

    row: int
    feed_id: str
    guid: str | None
    url: str | None
    published: datetime
    first_seen: datetime
    length: int  # of the text, in code points
    rule: str
    score: float
    lead: bool = False
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A story's place in a section, and why."""

    section_id: str
    because: str  # "regions: Asia Tengah (KZ)"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """What sections decide on: the lead's article and where its copies come from."""

    id: str
    article: Article
    regions: tuple[Region, ...]
    lead_feed: str
    feeds: tuple[str, ...]  # of all copies
    categories: tuple[str, ...]  # of all copies


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story with all that is shown of it."""

    id: str  # urn:uuid:…
    url: str | None  # canonical link of the lead
    article: Article
    regions: tuple[Region, ...]
    published: datetime  # with the publisher's offset; never changes once published
    updated: datetime
    first_seen: datetime
    copies: tuple[Copy, ...]  # lead first, then by first seen
    sections: tuple[Membership, ...] = ()  # those it is in now
    enclosures: tuple[Enclosure, ...] = ()  # of the lead's entry
    given_html: str = ""  # what the lead's feed itself gave, sanitised: content, else summary
    given_summary: str = ""  # plain text of the feed's summary
    topic: str | None = None  # urn:uuid:… of the event; a story alone has its own id

    @property
    def lead(self) -> Copy:
        """The copy that stands for the story."""
        return self.copies[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceName:
    """A focus region as subscribers see it."""

    code: str
    name: str  # in the section's language
    scheme: str  # urn:iso:std:iso:3166 | urn:un:m49 | URL-of-site/regions/
    point: tuple[float, float] | None = None  # latitude, longitude


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFeed:
    """An incoming feed as outgoing ones cite it."""

    id: str
    title: str
    url: str
    link: str | None = None
    language: str = ""
    interval_minutes: int | None = None
    republish: str = "as-given"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionEntry:
    """One story in an edition, with everything that a renderer needs; nothing is looked up later."""

    story: Story
    content_html: str  # as `republish` allows, with the source line; never blank
    summary: str  # plain text, as `republish` allows
    image: Image | None  # only where `republish` allows
    places: tuple[PlaceName, ...]  # focus regions, best first
    source: SourceFeed
    related: tuple[tuple[str, str], ...] = ()  # title of the feed and link, of every other copy
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A section at one moment, ready to render. Holds no "now"."""

    id: str
    title: str
    description: str
    language: str
    site_title: str
    site_url: str  # ends in "/"
    timezone: str
    contact: str
    hub: str = ""
    reasons: bool = False
    updated: datetime | None  # of its newest change; None: it has no stories yet
    entries: tuple[EditionEntry, ...] = ()
    formats: tuple[str, ...] = ("rss", "atom", "json", "html")

    @property
    def url(self) -> str:
        """Where the section's folder is served; ends in "/"."""
        return f"{self.site_url}{self.id}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEdition:
    """All that the pages of the whole site show."""

    title: str
    description: str
    url: str
    language: str
    timezone: str
    contact: str
    user_agent: str
    editions: tuple[Edition, ...]
    feeds: tuple[SourceFeed, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry as the store has it, with what became of it."""

    entry: Entry
    position: int | None  # in its feed's last document; None: no longer there
    state: str  # published | duplicate | filtered | quarantined | held | waiting
    story_id: str | None
    first_seen: datetime
    regions: tuple[Region, ...] = ()  # as tagged on the entry's own text
    reason: str = ""  # why it is quarantined or held


def _whole(read: ReadArticle, _: Mapping[int, str]) -> ReadArticle:
    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRules:
    """The pure decisions that the store asks for inside its write transaction."""

    assign: Callable[[ReadArticle, Sequence[Candidate]], Verdict]
    lead: Callable[[Sequence[Copy]], Copy]
    select: Callable[[StoryView], tuple[Membership, ...]]
    mint: Callable[[str, str], str]  # feed id, key of its entry -> story id
    substance: Callable[[Article], str]  # a hash that moves only when subscribers would want to know
    # The article without the paragraphs with these hashes, each with the reason.
    without: Callable[[ReadArticle, Mapping[int, str]], ReadArticle] = _whole
