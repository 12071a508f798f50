"""Finding names in the fields of an article: what stands where, and which places it may mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aggregator.core.regions.folding import fold_text, is_word
from aggregator.core.regions.gazetteer import ENGLISH, Gazetteer, primary
from aggregator.core.regions.lexicon import Hit, Lexicon
from aggregator.model import Article

# U+2029 ends a field: it folds to a blank, and no name may reach across it.
_END_OF_FIELD: Final = "\u2029"
# "JAKARTA, MEJA KABAR -", "ALMATY (Reuters) –", "LONDON:" before the first sentence.
_LONGEST_DATELINE: Final = 60
_DATELINE: Final = re.compile(r"[^\n]{2,60}?(?:\([^)\n]{2,30}\))?\s*(?:[-–—:]|\) )\s?")
_LONGEST_ABBREVIATION_IN_CAPITALS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A name in a field. Offsets count code points of that field."""

    field: str  # headline | kicker | dateline | caption | text | category
    start: int
    end: int
    text: str
    codes: tuple[str, ...]  # likeliest first
    rule: str
    weak: bool  # counts only beside other evidence of its country
    position: str  # the field, but "lead" in the first paragraph and "dateline" in a dateline that opens the text
    at: int  # offset in the whole of the article, for what stands next to what


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Every name of an article, in order, with what is needed to weigh them."""

    found: tuple[Match, ...]
    text: str  # all fields, one after the other, the headline first
    headline_end: int


@dataclass(frozen=True, slots=True)
class _Search:
    lexicon: Lexicon
    fallback: bool = False  # not the story's language: its names count only beside others


def find_matches(article: Article, gazetteer: Gazetteer, *, language: str, based_in: str = "") -> Matches:
    """Return the longest names that do not overlap, in the order they stand in the article."""
    fields = [(name, text) for name, text in _fields(article) if text]
    whole = _END_OF_FIELD.join(text for _, text in fields)
    padded = f" {fold_text(whole)} "
    hits = [
        (hit, search.fallback)
        for search in _searches(gazetteer, language, based_in)
        for hit in search.lexicon.hits(whole, padded)
    ]
    stops = gazetteer.lexicons.stops(primary(language))
    kept = [pair for pair in hits if pair[0].term.rule != "city" or not _is_stopped(pair[0], whole, padded, stops)]
    return Matches(
        found=tuple(_placed(_longest(kept), fields)), text=whole, headline_end=len(article.headline)
    )


def _fields(article: Article) -> Iterator[tuple[str, str]]:
    yield "headline", article.headline
    yield "kicker", article.kicker or ""
    yield "dateline", article.dateline or ""
    yield "text", article.text
    for image in article.images:
        yield "caption", image.caption or ""
    for category in article.categories:
        yield "category", category


def _searches(gazetteer: Gazetteer, language: str, based_in: str) -> list[_Search]:
    """List the lexicons for a story: its language first, then English and those of the feed's place."""
    lexicons = gazetteer.lexicons
    spoken = primary(language)
    others = dict.fromkeys((ENGLISH, *gazetteer.languages_of(based_in)))
    known = lexicons.knows(spoken)
    searches = [_Search(gazetteer.own_lexicon(spoken))]
    if known:
        searches.append(_Search(lexicons.of_language(spoken)))
    searches += [
        _Search(lexicons.of_language(other), fallback=known)
        for other in others
        if other != spoken and lexicons.knows(other)
    ]
    scripts = dict.fromkeys(script for tongue in (spoken, *others) for script in lexicons.scripts(tongue))
    if known:
        scripts = dict.fromkeys(lexicons.scripts(spoken))
    return searches + [_Search(lexicons.of_cities(script)) for script in scripts]


def _is_stopped(hit: Hit, text: str, padded: str, stops: frozenset[str]) -> bool:
    """Whether a city's name is but a word here: listed as one, or written small elsewhere in the article."""
    folded = padded[hit.start + 1 : hit.end + 1]
    if folded in stops:
        return True
    if " " in folded or not folded.isalpha() or not hit.term.name[0].isupper():
        return False
    small = text.find(folded)
    while small >= 0:
        after = small + len(folded)
        if not is_word(text[small - 1 : small] or " ") and not is_word(text[after : after + 1] or " "):
            return True
        small = text.find(folded, after)
    return False


def _longest(hits: Sequence[tuple[Hit, bool]]) -> Iterator[tuple[Hit, bool]]:
    """Yield, from left to right, the longest hits; of equally long ones the codes are put together.

    What an editor ruled out ("not") takes its codes away from whatever lies inside it.
    """
    barred = [hit for hit, _ in hits if hit.term.rule == "not"]
    named = sorted(
        (pair for pair in hits if pair[0].term.rule != "not"),
        key=lambda pair: (pair[0].start, -pair[0].end),
    )
    end = 0
    group: list[tuple[Hit, bool]] = []
    for pair in named:
        hit = pair[0]
        if group and (hit.start, hit.end) == (group[0][0].start, group[0][0].end):
            group.append(pair)
        elif hit.start >= end:
            yield from _merged(group, barred)
            group, end = [pair], hit.end
    yield from _merged(group, barred)


def _merged(group: Sequence[tuple[Hit, bool]], barred: Sequence[Hit]) -> Iterator[tuple[Hit, bool]]:
    """Yield one hit for a span, with the codes of all readings; nothing when an editor barred them all."""
    if not group:
        return
    # A name is a country's or a state's before it is a city's: "Luxembourg", "Singapore", "New York".
    readings = [pair for pair in group if pair[0].term.rule != "city"] or list(group)
    first, fallback = readings[0]
    codes = dict.fromkeys(code for hit, _ in readings for code in hit.term.codes)
    for bar in barred:
        if bar.start <= first.start and first.end <= bar.end:
            for code in bar.term.codes:
                codes.pop(code, None)
    if codes:
        yield first._replace(term=first.term._replace(codes=tuple(codes))), fallback


def _placed(hits: Iterator[tuple[Hit, bool]], fields: Sequence[tuple[str, str]]) -> Iterator[Match]:
    """Yield hits as matches, each in its field."""
    starts = [0]
    for _, text in fields:
        starts.append(starts[-1] + len(text) + 1)
    number = 0
    for hit, fallback in hits:
        while hit.start >= starts[number + 1]:
            number += 1
        name, text = fields[number]
        start, end = hit.start - starts[number], hit.end - starts[number]
        if hit.term.exact and end - start <= _LONGEST_ABBREVIATION_IN_CAPITALS and text.isupper():
            continue
        yield Match(
            field=name,
            start=start,
            end=end,
            text=text[start:end],
            codes=hit.term.codes,
            rule=hit.term.rule,
            weak=hit.term.weak or (fallback and hit.term.rule != "subdivision"),
            position=_position(name, text, start, end),
            at=hit.start,
        )


def _position(field: str, text: str, start: int, end: int) -> str:
    if field != "text":
        return field
    opening = _DATELINE.match(text) if end <= _LONGEST_DATELINE else None
    if opening is not None and end <= opening.end() and text[start:end].isupper():
        return "dateline"
    return "lead" if start < _lead_end(text) else "text"


def _lead_end(text: str) -> int:
    """Return where the first paragraph ends; a text without paragraphs has its first 400 characters."""
    end = text.find("\n\n")
    return min(end if end >= 80 else max(end, 400), 600)


def without(match: Match, codes: tuple[str, ...]) -> Match:
    """Return the match with these codes left."""
    return replace(match, codes=codes)
