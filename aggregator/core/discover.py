"""Where a site has its feeds: what a page names, what it links to, and the places where feeds usually are.

The page is read tag by tag, in one pass and without a tree: neither depth, nor a tag with a million attributes,
nor a comment that never ends costs more than its length.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from aggregator.core import formats
from aggregator.core.formats import charset
from aggregator.core.text import clean, cut
from aggregator.core.urls import absolute
from aggregator.errors import NotAFeed

LONGEST: Final = 10_000_000  # bytes of a page that are looked at
MOST_TAGS: Final = 500_000  # a page of 1,018 captured ones has 23,000 at most
MOST_LINKS: Final = 50_000
MOST_CANDIDATES: Final = 50
MOST_ATTRIBUTES: Final = 100  # of one tag that are looked at
MOST_REDIRECT_SECONDS: Final = 30  # a page that reloads itself later than that stays where it is
URL_LONGEST: Final = 2000  # characters: what feeds.toml takes

FEED_TYPES: Final = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/x-rss+xml",
        "application/x-atom+xml",
        "application/rss",
        "application/atom",
        "text/rss+xml",
        "text/atom+xml",
        "text/rss",
        "text/atom",
    }
)
# Types of much else: of the API of WordPress (application/json), of sitemaps. The address has to look right too.
VAGUE_TYPES: Final = frozenset({"", "application/xml", "text/xml", "application/json"})

# A path, or a query, that feeds have: a word of its own in the last or the last but one part.
LOOKS_LIKE_A_FEED: Final = re.compile(
    r"/(?:feeds?|rss2?|atom|rdf)(?:[/.]|$)"
    r"|/[^/]*[._-](?:feed|rss2?|atom)(?:/|$)"
    r"|/[^/]*(?:feed|rss|atom|index)\.(?:xml|json|rdf)/?$"
    r"|\.(?:rss|atom|rdf)/?$"
    r"|^feeds?\.feedburner\.com/",
    re.IGNORECASE,
)
FEED_QUERY: Final = re.compile(
    r"(?:^|&)(?:feed=|format=(?:feed|rss|atom|xml)|type=(?:rss|atom)|output=rss)", re.IGNORECASE
)
FEED_WORDS: Final = re.compile(r"\b(?:rss|atom|xml feed|news ?feed|web ?feed|json feed)\b", re.IGNORECASE)
COMMENTS: Final = re.compile(
    r"/comments?/(?:feed|rss|default)|/feeds/(?:\d+/)?comments\b|comments?[-_.]?(?:feed|rss)|withcomments=1",
    re.IGNORECASE,
)
COMMENT_WORDS: Final = re.compile(
    r"\b(?:comments?|komentar|kommentare?|commentaires?|comentarios|comentários|yorumlar?|комментари\w*|коментар\w*)\b",
    re.IGNORECASE,
)
# What an `a` element leads to when it is about feeds rather than one: a reader's service.
READERS: Final = re.compile(
    r"^https?://(?:www\.)?(?:feedly|inoreader|netvibes|newsblur|bloglovin)\.com/", re.IGNORECASE
)

# Possessive throughout: no byte is read twice, whatever the page.
TOKEN: Final = re.compile(
    r"<(?:(?P<comment>!--)|(?P<name>[a-zA-Z][^\s/>]*+)"
    r"(?P<attributes>(?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]*+))*+))"
)
COMMENT_END: Final = re.compile(r"--!?>")
ATTRIBUTE: Final = re.compile(r"""([^\s"'/=<>]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]*+)))?""")
# Elements whose content is text, whatever it looks like.
_RAW: Final = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
RAW_ENDS: Final = {name: re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE) for name in _RAW}
TAG_END: Final = 400  # characters behind an `a` in which its words are looked for
TAGS: Final = re.compile(r"<[^<>]*>")
REFRESH: Final = re.compile(r"\s*(\d{1,3})(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address at which a feed may be."""

    url: str  # absolute, http(s), without fragment
    title: str = ""  # as the page calls it
    declared: bool = True  # by a link element; False: an ordinary link that looks like a feed's

    @property
    def is_of_comments(self) -> bool:
        """Whether it brings what readers say, not news."""
        return bool(COMMENTS.search(self.url) or COMMENT_WORDS.search(self.title))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """What a feed document says of itself, in short."""

    title: str = ""
    entries: int = 0
    language: str = ""
    link: str = ""  # of the site it belongs to


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a document turned out to be: a feed, or a page with what it names."""

    feed: FeedFacts | None = None
    candidates: tuple[Candidate, ...] = ()
    refresh: str | None = None  # where the page sends its readers at once
    reason: str = ""  # why it is no feed


def look(body: bytes, *, url: str, content_type: str | None) -> Look:
    """Read a document as a feed, else as a page; raises the other ParseErrors of a feed that cannot be read."""
    try:
        parsed = formats.parse(body, url=url, content_type=content_type)
    except NotAFeed as error:
        found = tuple(links(body, url=url, content_type=content_type))
        return Look(
            candidates=found, refresh=refresh(body, url=url, content_type=content_type), reason=str(error)
        )
    return Look(
        feed=FeedFacts(
            title=cut(parsed.title or "", 200),
            entries=len(parsed.entries),
            language=parsed.language or "",
            link=parsed.link or "",
        )
    )


def links(body: bytes, *, url: str, content_type: str | None) -> list[Candidate]:
    """Give the feeds that a page names in link elements, then links that look like feeds, each in its order.

    `url` is the page's own, after redirects. Feeds of comments come last of all.
    """
    declared: dict[str, Candidate] = {}
    weaker: dict[str, Candidate] = {}
    base: str | None = None
    tags = _tags(charset.decode(body[:LONGEST], content_type))
    for name, attributes, behind in islice(tags, MOST_LINKS):
        if name == "base":  # the first one counts (HTML, 4.2.3)
            base = base or absolute(attributes.get("href"), url)
        elif candidate := _candidate(name, attributes, behind, base or url):
            _keep(candidate, declared if candidate.declared else weaker)
    declared.pop(url, None)
    rest = [each for each in weaker.values() if each.url not in declared and each.url != url]
    return sorted([*declared.values(), *rest], key=lambda each: each.is_of_comments)


def _keep(candidate: Candidate, found: dict[str, Candidate]) -> None:
    if len(found) < MOST_CANDIDATES:
        found.setdefault(candidate.url, candidate)


def refresh(body: bytes, *, url: str, content_type: str | None) -> str | None:
    """Give where a page sends its readers at once: `<meta http-equiv="refresh" content="0; url=/id/">`."""
    head = charset.decode(body[:50_000], content_type)
    for name, attributes, _ in _tags(head, wanted=("meta", "body")):
        if name == "body":
            return None
        found = REFRESH.match(attributes.get("content", ""))
        if attributes.get("http-equiv", "").lower() == "refresh" and found:
            to = absolute(found.group(2), url)
            return to if int(found.group(1)) <= MOST_REDIRECT_SECONDS and to != url else None
    return None


def common_paths(url: str) -> list[str]:
    """Give the addresses where feeds usually are, likeliest first: of the page's folder, then of the whole site."""
    address = absolute(url, url)
    if address is None:
        return []
    scheme, _, rest = re.split(r"[?#]", address, maxsplit=1)[0].partition("://")
    host, _, path = rest.partition("/")
    folders = [part for part in path.split("/") if part]
    if folders and "." in folders[-1]:  # "index.php" and the like are no folder
        folders.pop()
    root = f"{scheme}://{host}/"
    inner = [f"{root}{'/'.join(folders)}/{name}" for name in IN_FOLDER] if folders else []
    return [*inner, *(root + name for name in AT_ROOT)]


# Measured on no list but what publishing software does: WordPress, static site generators, Blogger, Drupal.
IN_FOLDER: Final = ("feed", "rss", "rss.xml", "index.xml")
AT_ROOT: Final = (
    "feed",
    "rss",
    "rss.xml",
    "feed.xml",
    "atom.xml",
    "index.xml",
    "feeds/posts/default",
    "feed.json",
    "?feed=rss2",
    "feed/",
    "index.rdf",
)


def web_address(given: str) -> tuple[str, ...]:
    """Give the addresses that a person may mean, likeliest first: what has no scheme is tried with https, then http.

    `feed:` before an address, as browsers once wrote it, is dropped. What is no web address at all is given as it
    is, for whoever checks it to say so.
    """
    address = given.strip()
    if found := re.match(r"feed:(?://)?(?=https?://)", address, re.IGNORECASE):
        address = address[found.end() :]
    address = re.sub(r"^feed://", "http://", address, flags=re.IGNORECASE)
    address = re.sub(r"^(https?):(?!//)[/\\]*", r"\1://", address, flags=re.IGNORECASE)  # as browsers take it
    # A name and a password in front look like a scheme: "name:password@riaupos.example".
    is_named = re.match(r"(?!mailto:)[^\s/?#]*@", address, re.IGNORECASE)
    has_scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)", address) and not is_named
    if not address or has_scheme or re.search(r"\s", address):
        return (address,)
    address = address.lstrip("/")
    return (f"https://{address}", f"http://{address}")


def anonymous(text: str) -> str:
    """Give a text without what may be a name and a password in it: whatever a word with a colon has before an "@"."""
    return " ".join(map(_anonymous, text.split(" "))) if "@" in text else text


def _anonymous(word: str) -> str:
    head, at, tail = word.rpartition("@")
    rest = head.rpartition("://")[2]
    is_named = at and (":" in rest or ("://" in head and "/" not in rest))
    return f"…@{tail}" if is_named else word


def _candidate(name: str, attributes: dict[str, str], behind: str, base: str) -> Candidate | None:
    url = _feed_url(attributes.get("href"), base)
    if url is None:
        return None
    title = cut(clean(attributes.get("title", "")), 200)
    type_ = attributes.get("type", "").partition(";")[0].strip().lower()
    if name == "link":
        return Candidate(url=url, title=title) if _declares(attributes, type_, url) else None
    words = clean(html.unescape(TAGS.sub(" ", behind)))
    if READERS.match(url) or not (type_ in FEED_TYPES or _looks(url) or _says(attributes, words)):
        return None
    return Candidate(url=url, title=title or cut(words, 200), declared=False)


def _declares(attributes: dict[str, str], type_: str, url: str) -> bool:
    """Whether a link element names a feed (HTML, 4.6.6.1, and what pages write for it)."""
    rel = attributes.get("rel", "").lower().split()
    if "stylesheet" in rel or not {"alternate", "feed"} & set(rel):
        return False
    return type_ in FEED_TYPES or "feed" in rel or (type_ in VAGUE_TYPES and _looks(url))


def _looks(url: str) -> bool:
    address, _, query = url.partition("?")
    path = address.partition("://")[2]
    return bool(LOOKS_LIKE_A_FEED.search(path) or FEED_QUERY.search(query))


def _says(attributes: dict[str, str], words: str) -> bool:
    """Whether the words of a link, short as those of a link to a feed are, call it one."""
    said = f"{words} {attributes.get('title', '')} {attributes.get('aria-label', '')}"
    return len(words) <= 40 and bool(FEED_WORDS.search(said))


def _feed_url(href: str | None, base: str) -> str | None:
    given = (href or "").strip()
    if given.lower().startswith("feed:"):
        given = web_address(given)[0]
    if not given or given.startswith("#") or len(given) > URL_LONGEST:
        return None
    url = (absolute(given, base) or "").partition("#")[0]
    return url if url and len(url) <= URL_LONGEST else None


def _tags(
    text: str, wanted: tuple[str, ...] = ("link", "a", "base")
) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield the wanted tags with their attributes, and of an `a` what stands behind it, up to its end."""
    at = 0
    for _ in range(MOST_TAGS):
        found = TOKEN.search(text, at)
        if found is None:
            return
        at = found.end()
        if found["comment"]:
            at = _comment_end(text, at)
            continue
        name = found["name"].lower()
        if name in wanted:
            yield name, _attributes(found["attributes"]), _words_behind(text, at) if name == "a" else ""
        elif name in RAW_ENDS:
            end = RAW_ENDS[name].search(text, at)
            if end is None:
                return
            at = end.end()


def _comment_end(text: str, at: int) -> int:
    """Give where a comment ends; one that is never closed goes to the end (HTML, 13.2.5.43)."""
    if text.startswith((">", "->"), at):
        return at + 1
    found = COMMENT_END.search(text, at)
    return found.end() if found else len(text)


def _words_behind(text: str, at: int) -> str:
    behind = text[at : at + TAG_END]
    return behind.removeprefix(">").partition("</a")[0]


def _attributes(given: str) -> dict[str, str]:
    """Read the attributes of a tag, names in lower case; the first of a name counts, as in browsers."""
    found: dict[str, str] = {}
    for number, each in enumerate(ATTRIBUTE.finditer(given)):
        if number >= MOST_ATTRIBUTES:
            break
        found.setdefault(each[1].lower(), html.unescape(each[2] or each[3] or each[4] or ""))
    return found


__all__ = [
    "Candidate",
    "FeedFacts",
    "Look",
    "anonymous",
    "common_paths",
    "links",
    "look",
    "refresh",
    "web_address",
]
