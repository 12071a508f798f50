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
_CAPTION: Final = re.compile(r"caption|keterangan|(?:^|[\s_-])ket(?:$|[\s_-])|(?:photo|image|foto|img)[_-]?(?:desc|text|title|credit|info)")
_CREDIT: Final = re.compile(r"credit|copyright|fotograf|photographer|(?:photo|image|foto)[_-]?(?:by|source|sumber|author)")
_ELSEWHERE: Final = re.compile(
    r"related|terkait|popul|sidebar|share|author|avatar|comment|komentar|advert|(?:^|[\s_-])(?:ads?|iklan)(?:$|[\s_-])|"
    r"banner|widget|recommend|terkini|newsletter|promo|logo|social|menu|(?:^|[\s_-])nav"
)
_ELSEWHERE_TAGS: Final = frozenset({"aside", "nav", "footer", "form", "button"})
_NO_PHOTO: Final = re.compile(
    r"(?:^|[/_.-])(?:pixel|spacer|blank|1x1|transparent|logo|avatar|icons?|sprite|emoji|gravatar|loading|loader|placeholder|"
    r"ads?|advert|button|badge)(?:[/_.-]|$)|\.svg(?:$|\?)|feedburner|doubleclick|scorecardresearch|\.gif(?:$|\?)",
    re.IGNORECASE,
)
_LAZY: Final = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-original-src", "data-url", "data-image", "data-hi-res-src")
_ITALIC: Final = frozenset({"i", "em", "small", "figcaption"})


def find_images(plan: Outline, metadata: Metadata, *, base: str) -> tuple[Image, ...]:
    """Pictures between headline and end of text; the page's own preview picture where there is none."""
    images: dict[str, Image] = {}
    for index in range(_first(plan), min(plan.end + 1, len(plan.nodes))):
        element = plan.nodes[index]
        if element.tag != "img" or inside(element, _ELSEWHERE, _ELSEWHERE_TAGS) or _in_list_of_links(element):
            continue
        url = _address(element, base)
        if url and url not in images:
            caption, credit = _caption(plan, index)
            images[url] = Image(url=url, caption=caption, credit=credit)
        if len(images) >= MOST:
            break
    given = absolute(metadata.image, base)
    if not images and given and not _NO_PHOTO.search(given):
        caption, credit = _split(metadata.image_caption)
        images[given] = Image(url=given, caption=caption, credit=credit)
    return tuple(images.values())


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
    if any(re.fullmatch(r"\s*\d{1,2}(?:px)?\s*", element.get(side) or "") for side in ("width", "height")):
        return None  # pixels that count readers, icons, and faces beside names
    lazy = [element.get(name) for name in _LAZY] + [_largest(element.get("data-srcset"))]
    for candidate in (*lazy, element.get("src"), _largest(element.get("srcset"))):
        url = absolute(candidate, base)
        if url and not _NO_PHOTO.search(url.split("://", 1)[1].partition("/")[2]):
            return url
    return None


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
    captions = [node for node in figure.iter("figcaption")] or [n for n in figure.iter() if _CAPTION.search(names_of(n))]
    if not captions:
        return None, None
    credit = next((text_in(node) for node in figure.iter() if node not in captions and _CREDIT.search(names_of(node))), "")
    whole = text_in(captions[0])
    caption, named = _split(whole.replace(credit, "", 1) if credit and credit != whole else whole)
    return caption, (split_caption(credit)[1] or credit.strip(" ()[]|-–—") or None) if credit else named


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
    return caption or None, credit
