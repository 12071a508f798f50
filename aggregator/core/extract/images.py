"""Pictures of an article, by address only: the lead first, each with its caption and credit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lxml import etree

from aggregator.core.extract.lines import split_caption, strip_caption_label
from aggregator.core.extract.metadata import Metadata
from aggregator.core.extract.outline import Outline, inside, names_of, text_in
from aggregator.core.text import clean, plain
from aggregator.core.urls import absolute
from aggregator.model import Image

MOST: Final = 10
LONGEST_CAPTION: Final = 400
_CAPTION: Final = re.compile(
    r"caption|keterangan|(?:^|[\s_-])ket(?:$|[\s_-])|(?:photo|image|foto|img)[_-]?(?:desc|text|title|credit|info)"
)
_CREDIT: Final = re.compile(
    r"credit|copyright|fotograf|photographer|(?:photo|image|foto)[_-]?(?:by|source|sumber|author)"
)
_ELSEWHERE: Final = re.compile(
    r"related|terkait|popul|sidebar|share|author|avatar|comment|komentar|advert|(?:^|[\s_-])(?:ads?|iklan)(?:$|[\s_-])|"
    r"banner|widget|recommend|terkini|newsletter|promo|logo|social|menu|(?:^|[\s_-])nav"
)
_PICTURES: Final = frozenset({"img", "amp-img"})
_ELSEWHERE_TAGS: Final = frozenset({"aside", "nav", "footer", "form", "button"})
_NO_PHOTO: Final = re.compile(
    r"(?:^|[/_.-])(?:pixel|spacer|blank|1x1|transparent|logo|avatar|icons?|sprite|emoji|gravatar|loading|loader|placeholder|"
    r"ads?|advert|button|badge)(?:[/_.-]|$)|\.svg(?:$|\?)|feedburner|doubleclick|scorecardresearch|\.gif(?:$|\?)",
    re.IGNORECASE,
)
_LAZY: Final = (
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-lazy",
    "data-original-src",
    "data-url",
    "data-image",
    "data-hi-res-src",
)
_PICTURE: Final = re.compile(
    r"\.(?:jpe?g|png|webp|avif)$", re.IGNORECASE
)  # a link to the picture in full size
_TINY: Final = re.compile(r"\s*\d{1,2}(?:px)?\s*")
_ITALIC: Final = frozenset({"i", "em", "small", "figcaption"})


def find_images(plan: Outline, metadata: Metadata, *, base: str) -> tuple[Image, ...]:
    """Pictures between headline and end of text; the page's own preview picture where there is none."""
    images: dict[str, Image] = {}
    for index in range(_first(plan), min(plan.end + 1, len(plan.nodes))):
        url = _address(plan.nodes[index], base) if _is_of_article(plan.nodes[index]) else None
        if url and url not in images:
            caption, credit = _caption(plan, index)
            images[url] = Image(url=url, caption=caption, credit=credit)
    return tuple(images.values())[:MOST] or _preview(metadata, base)


def _is_of_article(element: etree._Element) -> bool:
    return (
        element.tag in _PICTURES
        and not inside(element, _ELSEWHERE, _ELSEWHERE_TAGS)
        and not _in_list_of_links(element)
    )


def _preview(metadata: Metadata, base: str) -> tuple[Image, ...]:
    url = absolute(metadata.image, base)
    if not url or not _is_photo(url):
        return ()
    caption, credit = _split(metadata.image_caption)
    return (Image(url=url, caption=caption, credit=credit),)


def _is_photo(url: str) -> bool:
    return not _NO_PHOTO.search(url.split("://", 1)[1].partition("/")[2])


def _first(plan: Outline) -> int:
    """Where to look from: a lead picture may stand above the headline, within the same container."""
    if plan.headline is None:
        return max(0, plan.start - 12)
    parent = plan.nodes[plan.headline].getparent()
    while parent is not None and parent.tag in ("header", "hgroup"):
        parent = parent.getparent()
    if parent is not None and parent.tag in ("article", "main", "section"):
        return plan.nodes.index(parent)
    return plan.headline


def _address(element: etree._Element, base: str) -> str | None:
    if any(_TINY.fullmatch(element.get(side) or "") for side in ("width", "height")):
        return None  # pixels that count readers, icons, and faces beside names
    urls = (absolute(candidate, base) for candidate in _candidates(element))
    return next((url for url in urls if url and _is_photo(url)), None)


def _candidates(element: etree._Element) -> Iterator[str | None]:
    """Addresses of a picture, the largest first; what a script would put in later before what stands there now."""
    target = next((link.get("href") for link in element.iterancestors("a")), None)
    yield target if _PICTURE.search(target or "") else None
    yield _largest(element.get("data-srcset"))
    yield from (element.get(name) for name in _LAZY)
    yield _largest(element.get("srcset"))
    yield element.get("src")


def _largest(srcset: str | None) -> str | None:
    """The widest candidate of a srcset (HTML, 4.8.4.2.1)."""
    found = re.findall(r"(\S+?)(?:\s+([\d.]+)[wx])?\s*(?:,\s|,$|$)", srcset or "")
    return max(found, key=lambda pair: float(pair[1] or 1))[0] if found else None


def _in_list_of_links(element: etree._Element) -> bool:
    link = next((above for above in element.iterancestors("a")), None)
    return link is not None and next(link.iterancestors("li"), None) is not None and bool(text_in(link))


def _caption(plan: Outline, index: int) -> tuple[str | None, str | None]:
    element = plan.nodes[index]
    figure = next(element.iterancestors("figure"), None)
    if figure is not None:
        return _figure_caption(figure)
    for text in _following(plan, index):
        return _split(text)
    return _split(element.get("data-caption") or "")


def _figure_caption(figure: etree._Element) -> tuple[str | None, str | None]:
    captions = list(figure.iter("figcaption")) or _named(figure, _CAPTION)
    if not captions:
        return None, None
    whole = text_in(captions[0])
    credit = next((text_in(node) for node in _named(figure, _CREDIT) if node not in captions), "")
    if credit in ("", whole):
        return _split(whole)
    caption, _ = _split(whole.replace(credit, "", 1))
    return caption, _clean_credit(split_caption(credit)[1] or credit)


def _named(figure: etree._Element, pattern: re.Pattern[str]) -> list[etree._Element]:
    return [node for node in figure.iter() if pattern.search(names_of(node))]


def _clean_credit(credit: str) -> str | None:
    credit = re.sub(
        r"^(?:©|image copyright|credit\W*|(?:foto|photo|image|bild)\s*:)\s*",
        "",
        credit.strip(),
        flags=re.IGNORECASE,
    )
    credit = credit.strip(" []|-–—.:")
    if credit.count("(") != credit.count(")"):
        credit = credit.strip("()")
    return credit or None


def _following(plan: Outline, index: int) -> Iterator[str]:
    """Lines right behind a picture that are its caption: named so, labelled so, or all in italics."""
    for node in plan.nodes[index + 1 : index + 9]:
        if node.tag in ("img", "h1", "h2", "script", "ul"):
            return
        if node.tag == "br":
            continue
        text = text_in(node)
        if len(text) > LONGEST_CAPTION:
            return
        named = bool(_CAPTION.search(names_of(node))) or strip_caption_label(text) is not None
        if text and (named or (node.tag in _ITALIC and _is_whole_line(node, text))):
            yield text
            return


def _is_whole_line(node: etree._Element, text: str) -> bool:
    """Whether an element in italics is all that its paragraph says."""
    parent = node.getparent()
    while parent is not None and parent.tag in ("b", "strong", "span", "font", "center", "a"):
        parent = parent.getparent()
    if parent is None:
        return False
    tail = (node.tail or "").strip()
    return not tail and (text_in(parent) == text or (parent.tag != "p" and node.getprevious() is not None))


def _split(text: str) -> tuple[str | None, str | None]:
    text = clean(plain(text).replace("\n", " ")) if "<" in text else clean(text)
    if not text or len(text) > LONGEST_CAPTION:
        return None, None
    caption, credit = split_caption(text)
    return caption.strip(" |–—-") or None, _clean_credit(credit) if credit else None
