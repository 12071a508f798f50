"""Who wrote an article, as the page shows it: beside the headline, else behind the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from lxml import etree

from aggregator.core.extract import labels
from aggregator.core.extract.blocks import Block
from aggregator.core.extract.lines import Marks, read_byline, read_marks
from aggregator.core.extract.outline import Outline, inside, names_of, text_in
from aggregator.core.extract.people import people
from aggregator.core.text import clean, fold

INTO: Final = 100  # elements of the text's beginning that are looked at: a picture may come before the byline
BEHIND: Final = 60  # elements behind the text that are looked at
OPENING: Final = 3  # blocks of a text in which a name may stand alone
MOST_MORE: Final = 5  # names that a page may show beyond those it says
LONGEST: Final = 160  # characters of a line that names people
MOST_WORDS: Final = 6
_NAMED: Final = re.compile(
    r"(?:^|[\s_-])(?:author|byline|by-line|penulis|reporter|wartawan|autor|auteur|autore|yazar|muhabir|writer|redacteur|"
    r"contributor|skribent|journalist|kirjoittaja|forfatter|szerzo)s?(?:[\s_-]*(?:name|link|title|info|item|list|names|text|line))?\d?(?:$|[\s_-])"
)
_ADDRESS: Final = re.compile(
    r"/(?:authors?|autor(?:es|en)?|auteurs?|penulis|contributors?|profiles?|profil|staff|reporters?|journalists?|people|by|"
    r"redaktion|writers?|yazar(?:lar)?|wartawan|editor|columnists?|team)/[^/?#]+",
    re.IGNORECASE,
)
_NOT: Final = re.compile(
    r"comment|komentar|related|terkait|popul|share|avatar|(?:author|byline)[\s_-]*(?:bio|desc|photo|image|img|pic|social|more)|"
    r"recommend|sidebar|newsletter|caption|figure|(?:photo|image|img|foto)[\s_-]*credit"
)
_NOT_TAGS: Final = frozenset(("aside", "nav", "figure", "figcaption", "form", "footer", "button"))
_WHOLE: Final = frozenset(("body", "main", "article", "section", "table", "form"))
_SENTENCE_ENDS: Final = ".!?:;,…"
_DESK: Final = re.compile(
    r"\b(?:nachrichten|news|newsroom|redaktion|redaksi|redacci[oó]n|r[eé]daction|редакция|staff|desk|team|online|press|agenc\w+|"
    r"agentur|editors?|\w*redakteur\w*|\w+\.(?:com|org|net|de|id|ru|co)|times|post|daily|media|magazine|zeitung|radio|tv|web|welle|journal|wire|bureau|reporters)\b",
    re.IGNORECASE,
)
_NOT_NAMES: Final = re.compile(
    r"\b(?:ago|min(?:ute)?s?|read|more|articles?|stories|posts?|view|see|all|follow|subscribe|login|published|updated|share|menu|"
    r"about|contact|page|profile|kommentar\w*|diterbitkan|dibaca|views?|uhr)\b|\?|!",
    re.IGNORECASE,
)


def shown_byline(plan: Outline, near: Sequence[etree._Element]) -> tuple[str, ...]:
    """Names beside the headline, the nearest first; where there are none, behind the text; () when none is shown."""
    inside_text = plan.nodes[plan.start : min(plan.start + INTO, plan.end)]
    behind = plan.nodes[plan.end + 1 : plan.end + BEHIND]
    return _first(near) or _first(filter(_is_marked, inside_text)) or _first(filter(_is_marked, behind))


def _first(elements: Iterable[etree._Element]) -> tuple[str, ...]:
    """The names of the first line that says "By" and no more; else of what is marked; else of a line with a date."""
    marked: list[tuple[str, ...]] = []
    dated: tuple[str, ...] = ()
    for element in elements:
        text = text_in(element, LONGEST + 1)
        if not 0 < len(text) <= LONGEST:
            continue
        found = read_byline(text) or (read_marks(text) or Marks()).byline
        if found and not any(map(str.isdigit, text)):
            return people(found) or found
        dated = dated or people(found)
        marked += filter(None, [_names(element, text)])
    return next(filter(_is_full, marked), dated or next(iter(marked), ()))


def _is_full(names: Sequence[str]) -> bool:
    return any(" " in name or not name.isascii() for name in names)


def _names(element: etree._Element, text: str) -> tuple[str, ...]:
    if element.tag in _WHOLE or not _is_marked(element) or inside(element, _NOT, _NOT_TAGS, most=4):
        return ()
    links = [text_in(link, LONGEST) for link in element.iter("a") if _ADDRESS.search(link.get("href") or "")]
    names = people(links or _children(element) or [text])
    return names if all(map(_is_name, names)) else ()


def _children(element: etree._Element) -> list[str]:
    """Names that stand one to an element, with nothing between them."""
    leaves = [child for child in element.iter("span", "a", "li", "b", "strong") if not len(child)]
    texts = [text_in(leaf, LONGEST) for leaf in leaves]
    return texts if len(texts) > 1 and all(" " in text and _is_name(text) for text in texts) else []


def _is_marked(element: etree._Element) -> bool:
    if element.get("rel") == "author" or _NAMED.search(names_of(element)):
        return True
    return element.tag == "a" and bool(_ADDRESS.search(element.get("href") or ""))


def _is_name(text: str) -> bool:
    words = text.split()
    if not 1 <= len(words) <= MOST_WORDS or _NOT_NAMES.search(text) or text[:1] in "#@+&" or ":" in text:
        return False
    return text[:1].isupper() or text[:1].upper() == text[:1].lower() or len(words) == 1


def best_byline(
    candidates: Sequence[tuple[str, ...]], shown: tuple[str, ...], *, site: str
) -> tuple[str, ...]:
    """The first that names people in full; else the first that names anybody ("Redaksi", the paper itself).

    Where the page shows all of these and more (`shown`), it says only who sent the text in.
    """
    given = [tuple(filter(None, map(clean, names))) for names in candidates if any(names)]
    desks = labels.DESKS | {fold(site)}
    persons = [names for names in given if not desks.issuperset(map(fold, names))]
    best = next(filter(_names_person, persons), ()) or next(iter((*persons, *given)), ())
    return shown if _is_fuller(shown, best) else best


def _names_person(names: Sequence[str]) -> bool:
    return any(map(is_person, names))


def _is_fuller(shown: Sequence[str], best: Sequence[str]) -> bool:
    """Whether the page shows all of these people and a few more."""
    if len(shown) > MOST_MORE or not set(map(fold, best)) < set(map(fold, shown)):
        return False
    return all(is_person(name) and _is_name(name) for name in shown)


def is_person(name: str) -> bool:
    """Whether a name is a person's in full: not a handle ("d.kuckelkorn"), a desk, an agency or a paper."""
    if _DESK.search(name) or name in labels.AGENCIES:
        return False
    return " " in name or (not (name.isascii() and name.isalnum()) and name[:1].upper() == name[:1].lower())


def signed(blocks: Sequence[Block]) -> tuple[tuple[str, ...], tuple[Block, ...]]:
    """Names that stand alone in bold before or behind a text, and the text without them."""
    if len(blocks) > OPENING:
        for place in (*range(OPENING), len(blocks) - 1):
            names = people([blocks[place].text]) if _is_signature(blocks[place]) else ()
            if names and all(is_person(name) and _is_name(name) for name in names):
                return names, (*blocks[:place], *blocks[place + 1 :])
    return (), tuple(blocks)


def _is_signature(block: Block) -> bool:
    words = re.findall(r"[^\W\d_]+", block.text)
    bold = block.markup.startswith(("<strong>", "<b>", "<em><strong>")) and block.markup.count("<strong>") < 3
    if not (bold and block.kind == "p" and 2 <= len(words) <= 8) or block.text[-1] in _SENTENCE_ENDS:
        return False
    return all(word[0].isupper() or fold(word) in ("de", "van", "von", "bin", "al", "da") for word in words)
