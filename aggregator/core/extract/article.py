"""One article out of an entry and its page: what the feed says stands, the page fills what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final

from lxml import etree, html

from aggregator.core.extract import confirm, labels
from aggregator.core.extract.blocks import Block, blocks_of, html_of, text_of
from aggregator.core.extract.body import find_body, relink
from aggregator.core.extract.bylines import best_byline, is_person, signed
from aggregator.core.extract.dated import published_on_page
from aggregator.core.extract.furniture import is_wall
from aggregator.core.extract.headlines import headline_of, without_site
from aggregator.core.extract.images import find_images
from aggregator.core.extract.masthead import Masthead, read_masthead
from aggregator.core.extract.metadata import Metadata, declared_language, read_metadata
from aggregator.core.extract.outline import Outline, outline, text_in
from aggregator.core.extract.refine import Refined, refine
from aggregator.core.extract.site import SiteReading, find_site, with_site
from aggregator.core.extract.standfirst import find_standfirst
from aggregator.core.extract.tree import parse_page
from aggregator.core.formats import limits
from aggregator.core.language import choose, detect
from aggregator.core.sanitize import sanitize
from aggregator.core.text import clean, cut, fold, plain
from aggregator.core.urls import absolute, canonical_url, same_site
from aggregator.errors import ExtractError
from aggregator.model import Article, Entry, Image, Page, RuleUse, SiteRule

FULL_TEXT: Final = 500  # plain characters
SHORTEST: Final = 80  # characters of text; less is no article
SUMMARY: Final = 300
MOST_LINKS: Final = 1_000
UNSEEN: Final = ("script", "style", "svg", "link")
_DOTS: Final = re.compile(r"(?:…|\.\.\.+|\[\s*(?:…|\.{2,}|&hellip;)\s*\]|\(\s*(?:…|\.{2,})\s*\))\W*$")
_GOES_ON: Final = re.compile(
    rf"(?:^|\W)(?:{'|'.join(map(re.escape, labels.merged(labels.GOES_ON)))})\s*[\W_]*$", re.IGNORECASE
)
_APPEARED_FIRST: Final = re.compile(
    r"\n+\s*(?:the post|la entrada|der beitrag|artikel|l'article|запись) .{3,300}$", re.IGNORECASE
)
_GATE: Final = re.compile(
    r"captcha|just a moment|attention required|checking your browser|verify (?:that )?you are (?:a )?human|"
    r"are you a robot|access denied|unusual traffic|enable javascript and cookies|ddos protection|request blocked",
    re.IGNORECASE,
)


def is_full_text(entry: Entry) -> bool:
    """Whether the feed gives the whole text: at least 500 plain characters that are not cut short."""
    text = plain(entry.content_html or "")
    if len(text) < FULL_TEXT:
        return False
    ending = _APPEARED_FIRST.sub("", text)[-60:]
    last = ending.rsplit("\n", 1)[-1]
    return not (_DOTS.search(ending) or _GOES_ON.search(last if len(last) < 50 else ending[-30:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """An article out of a page, and what each site rule that was tried did there."""

    article: Article
    uses: tuple[RuleUse, ...] = ()


def article(
    entry: Entry, page: Page | None, *, language: str, timezone: str, rules: Sequence[SiteRule] = ()
) -> Article:
    """The cleaned record of an entry; with a page, of both. Fetches nothing.

    `language` (BCP 47, "" when unknown) and `timezone` (IANA) are the feed's; `rules` are those that may be for
    the page, in their order. Raises ExtractError when the page holds no article; the caller then asks again
    without it.
    """
    if page is None:
        return _from_feed(entry, language=language)
    return read_page(entry, page, language=language, timezone=timezone, rules=rules).article


def read_page(
    entry: Entry, page: Page, *, language: str, timezone: str, rules: Sequence[SiteRule] = ()
) -> PageReading:
    """The article of an entry and its page, by the first rule that fits it; raises ExtractError."""
    tree = parse_page(page)
    _refuse_other_pages(entry, page, tree)
    spoken = language or entry.language or declared_language(tree)
    site, uses = find_site(rules, tree, language=spoken, timezone=timezone)
    found = _from_page(entry, page, tree, language=language, timezone=timezone, site=site)
    return PageReading(article=_bounded(with_site(found, site, dated=_is_dated(entry))), uses=uses)


def _bounded(found: Article) -> Article:
    """Hold a page to what a feed is held to; raises ExtractError for a text longer than any article's."""
    if len(found.text) > limits.CONTENT:
        raise ExtractError(f"its text is longer than {limits.CONTENT:,} characters")
    return replace(
        found,
        headline=cut(found.headline, limits.TITLE),
        kicker=cut(found.kicker, limits.NAME) if found.kicker else None,
        byline=tuple(cut(name, limits.NAME) for name in found.byline[: limits.AUTHORS]),
        categories=tuple(cut(name, limits.NAME) for name in found.categories[: limits.CATEGORIES]),
    )


def _from_feed(entry: Entry, *, language: str) -> Article:
    given = entry.content_html or entry.summary_html
    base = entry.url or ""
    root = _fragment(given)
    refined = refine(blocks_of(root, images=True), known=(entry.title,))
    text = text_of(refined.blocks)
    nodes = tuple(root.iter(etree.Element))
    found = find_images(Outline(nodes=nodes, headline=None, start=0, end=len(nodes)), Metadata(), base=base)
    return Article(
        headline=entry.title,
        byline=refined.marks.byline or entry.authors,
        editor=refined.marks.editor,
        credits=refined.marks.credits,
        dateline=refined.dateline,
        language=language or entry.language or detect(f"{entry.title}\n{text}"),
        published=entry.published,
        summary=_summary(entry, text),
        text=text,
        html=sanitize(html_of(refined.blocks), base=base) if refined.changed else given,
        text_from="feed",
        images=_entry_images(entry) or found,
        categories=entry.categories,
        canonical_url=entry.canonical_url,
    )


def _fragment(given: str) -> html.HtmlElement:
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8")
    return html.document_fromstring(f"<div>{given}</div>".encode("utf-8", "replace"), parser=parser)


def _entry_images(entry: Entry) -> tuple[Image, ...]:
    pictures = (Image(url=file.url) for file in entry.enclosures if (file.type or "").startswith("image/"))
    return entry.images or tuple(pictures)


def _from_page(
    entry: Entry,
    page: Page,
    tree: html.HtmlElement,
    *,
    language: str,
    timezone: str,
    site: SiteReading,
) -> Article:
    metadata = read_metadata(tree)
    etree.strip_elements(tree, *UNSEEN, with_tail=False)  # half of a page; each step beyond would copy it
    given = list(site.blocks)
    blocks = given or _body(tree, metadata)
    titles = (entry.title, site.headline, metadata.title, *metadata.titles, _title(tree))
    plan = outline(tree, blocks, titles)
    blocks = [*find_standfirst(plan, blocks, metadata.descriptions), *blocks]
    told = language or entry.language
    spoken = told or metadata.language  # what dates are read by
    masthead = read_masthead(plan, titles, language=spoken, timezone=timezone, dated=_is_dated(entry))
    base = _base(tree, page)
    images = find_images(plan, metadata, base=base)
    linked = relink(blocks, islice(_anchors(plan), MOST_LINKS))
    told_lines = (*_told_elsewhere(titles, masthead, images), *site.told)
    refined = refine(linked, known=told_lines, of_page=True)
    refined, byline = _signed(refined, entry, metadata, masthead)
    text = text_of(refined.blocks)
    if len(text) < SHORTEST:
        raise ExtractError("the page holds no article")
    if is_wall(text):
        raise ExtractError("the page shows only a request for consent or for a subscription")
    return Article(
        headline=_headline(entry, masthead, metadata, titles[-1]),
        kicker=masthead.kicker,
        byline=byline,
        editor=refined.marks.editor,
        credits=refined.marks.credits,
        dateline=refined.dateline,
        language=told or choose(metadata.language, text),
        published=_published(entry, page, plan, metadata, masthead, language=spoken, timezone=timezone),
        summary=_summary(entry, text),
        text=text,
        html=sanitize(html_of(refined.blocks), base=base),
        text_from="page",
        images=_with_caption(images or _entry_images(entry), refined),
        categories=_categories(entry, metadata, masthead),
        canonical_url=_canonical(entry, page, metadata),
    )


def _signed(
    refined: Refined, entry: Entry, metadata: Metadata, masthead: Masthead
) -> tuple[Refined, tuple[str, ...]]:
    """The text and who wrote it; a name that stands alone in it is read where nothing else names a person."""
    said = (refined.marks.byline, metadata.authors, masthead.byline, entry.authors, metadata.organisations)
    byline = best_byline(said, masthead.byline, site=metadata.site_name)
    if not any(map(is_person, byline)):
        names, blocks = signed(refined.blocks)
        return replace(refined, blocks=blocks), names or byline
    return refined, byline


def _summary(entry: Entry, text: str) -> str:
    return entry.summary or cut(" ".join(text.split()), SUMMARY)


def _categories(entry: Entry, metadata: Metadata, masthead: Masthead) -> tuple[str, ...]:
    section = clean(metadata.section) or masthead.section
    return entry.categories or ((section,) if section else ())


def _anchors(plan: Outline) -> Iterator[tuple[str, str]]:
    for element in plan.nodes[plan.start : plan.end + 1]:
        address = element.get("href") if element.tag == "a" else None
        if address and len(words := text_in(element, 200)) > 1:
            yield words, address


def _refuse_other_pages(entry: Entry, page: Page, tree: etree._Element) -> None:
    """Raise ExtractError for what stands where an article should: a gate, a log-in, the front page."""
    path = page.url.split("://", 1)[-1].partition("/")[2]
    asked = (entry.url or page.url).split("://", 1)[-1].partition("/")[2]
    if asked.strip("/") and not path.strip("/"):
        raise ExtractError("the link leads to the site's front page")
    text = text_in(tree)
    if not text:
        raise ExtractError("the page shows no text without scripts")
    if len(text) < 2000 and _GATE.search(f"{_title(tree)} {text}"):
        raise ExtractError("the page asks whether a person reads it (captcha)")
    if len(text) < 1000 and any(field.get("type") == "password" for field in tree.iter("input")):
        raise ExtractError("the page asks for a log-in")


def _base(tree: etree._Element, page: Page) -> str:
    """What relative addresses of the page are relative to (HTML, 4.2.3)."""
    given = next((element.get("href") for element in tree.iter("base") if element.get("href")), None)
    return (absolute(given, page.url) if given and len(given) <= limits.URL else None) or page.url


def _title(tree: etree._Element) -> str:
    element = next(tree.iter("title"), None)
    return " ".join((element.text or "").split()) if element is not None else ""


def _body(tree: html.HtmlElement, metadata: Metadata) -> list[Block]:
    """The running text as it is found, held against the page's own copy of it; that copy where nothing is found."""
    found = find_body(tree)
    if 2 * sum(len(block.text) for block in found) < len(metadata.body):
        return _blocks_of_text(metadata.body) or found
    return confirm.hold(found, tree, metadata.body)


def _blocks_of_text(text: str) -> list[Block]:
    """Paragraphs of JSON-LD's articleBody, for pages that show their text by script only."""
    return blocks_of(_fragment(text.replace("\n", "<br>"))) if len(text) >= SHORTEST else []


def _told_elsewhere(titles: Sequence[str], masthead: Masthead, images: Sequence[Image]) -> list[str]:
    kicker = masthead.kicker or ""
    lines = [*titles, *map(without_site, titles), masthead.headline, kicker, masthead.section]
    lines += [
        f"{kicker} {masthead.headline}",
        f"{kicker}: {masthead.headline}",
        f"{masthead.headline} {kicker}",
    ]
    for image in images:
        caption, credit = image.caption or "", image.credit or ""
        lines += [caption, credit, f"{caption} {credit}", f"{caption} ({credit})", f"{caption} [{credit}]"]
    return lines


def _headline(entry: Entry, masthead: Masthead, metadata: Metadata, title: str) -> str:
    """The feed's title, unless it is missing or cut short: then the page's."""
    on_page = headline_of(metadata, masthead.headline, title)
    if not entry.title:
        return clean(on_page)
    given, other = fold(entry.title), fold(on_page)
    cut_short = bool(_DOTS.search(entry.title)) or (other.startswith(given) and other != given)
    stem = _DOTS.sub("", given).strip()
    return (
        clean(on_page)
        if cut_short and other.startswith(stem[:20]) and len(other) >= len(stem)
        else entry.title
    )


def _published(
    entry: Entry,
    page: Page,
    plan: Outline,
    metadata: Metadata,
    masthead: Masthead,
    *,
    language: str,
    timezone: str,
) -> datetime | None:
    """The feed's date; where it gave none, or a day only, the page's with its time."""
    if _is_dated(entry):
        return entry.published
    addresses = (metadata.canonical, metadata.og_url, page.url, entry.url or "")
    found = published_on_page(
        plan,
        metadata,
        masthead.published,
        addresses,
        title=metadata.title,
        language=language,
        timezone=timezone,
    )
    if found is None or (found.day_only and entry.published):
        return entry.published
    return found.value


def _is_dated(entry: Entry) -> bool:
    return entry.published is not None and not entry.day_only


def _with_caption(images: tuple[Image, ...], refined: Refined) -> tuple[Image, ...]:
    if not images or images[0].caption or not refined.caption:
        return images
    lead = Image(url=images[0].url, caption=refined.caption, credit=images[0].credit or refined.marks.photo)
    return (lead, *images[1:])


def _canonical(entry: Entry, page: Page, metadata: Metadata) -> str | None:
    """The page's own canonical link, believed within the registrable domain of the entry only."""
    own = entry.url or page.url
    for given in (metadata.canonical, metadata.og_url, page.url):
        url = absolute(given, page.url) if len(given) <= limits.URL else None
        if url and same_site(url, own) and url.split("://", 1)[1].partition("/")[2].strip("/"):
            return canonical_url(url)
    return entry.canonical_url
