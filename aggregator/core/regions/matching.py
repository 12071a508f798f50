"""Finding names in the fields of an article: what stands where, and which places it may mean."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aggregator.core.regions.folding import fold_text, is_word
from aggregator.core.regions.gazetteer import ENGLISH, Gazetteer
from aggregator.core.regions.lexicon import Hit, Lexicon
from aggregator.model import Article

# U+2029 ends a field: it folds to a blank, and no name may reach across it.
_END_OF_FIELD: Final = "\u2029"
_DOUBTED: Final = frozenset({"city", "subdivision"})  # rules of names that may be common words
# Of what an origin sends, code points of a text (the longest live blogs have fewer) and of any other field; and
# how many captions and categories.
_LONGEST_TEXT: Final = 100_000
_LONGEST_FIELD: Final = 2_000
_MOST_LABELS: Final = 50
# "JAKARTA, MEJA KABAR -", "ALMATY (Reuters) –", "LONDON:" before the first sentence.
_LONGEST_DATELINE: Final = 60
_DATELINE: Final = re.compile(r"[^\n]{2,60}?(?:\([^)\n]{2,30}\))?\s*(?:[-–—:]|\) )\s?")
_LONGEST_ABBREVIATION_IN_CAPITALS: Final = 2
# Longer than the prepositions that stay small in capitalised headlines.
_SMALL_WORD: Final = re.compile(r"\b[a-zа-яß-ÿ]{5,}")
_HEADLINE: Final = 300  # code points in which capitals are looked at
_SHORTEST_LEAD: Final = 80
_LONGEST_LEAD: Final = 600


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
    position: (
        str  # the field, but "lead" in the first paragraph and "dateline" in a dateline that opens the text
    )
    at: int  # offset in the whole of the article, for what stands next to what


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Every name of an article, in order, with what is needed to weigh them."""

    found: tuple[Match, ...]
    text: str  # all fields, one after the other, the headline first
    small_words: bool  # the headline has words in small letters, as a sentence has


@dataclass(frozen=True, slots=True)
class _Search:
    lexicon: Lexicon
    fallback: bool = False  # not the story's language: its names count only beside others


def find_matches(article: Article, gazetteer: Gazetteer, *, language: str, based_in: str = "") -> Matches:
    """Return the longest names that do not overlap, in the order they stand in the article.

    `language` is a primary subtag that the gazetteer knows, or "".
    """
    fields = [
        (name, text[: _LONGEST_TEXT if name == "text" else _LONGEST_FIELD])
        for name, text in _fields(article)
        if text
    ]
    whole = _END_OF_FIELD.join(text for _, text in fields)
    padded = f" {fold_text(whole)} "
    hits = _without_words(
        [
            (hit, search.fallback)
            for search in _searches(gazetteer, language, based_in)
            for hit in search.lexicon.hits(whole, padded)
        ],
        whole,
        gazetteer.lexicons.stops(language),
    )
    sentence = _SMALL_WORD.search(article.headline[:_HEADLINE]) is not None
    return Matches(found=tuple(_placed(_longest(hits), fields)), text=whole, small_words=sentence)


def _without_words(
    hits: Sequence[tuple[Hit, bool]], text: str, stops: frozenset[str]
) -> list[tuple[Hit, bool]]:
    """Leave out the cities and states whose name is but a word in this language, or in this article."""
    plain: dict[str, bool] = {}
    kept = []
    for pair in hits:
        hit = pair[0]
        if hit.term.rule not in _DOUBTED:
            kept.append(pair)
            continue
        word = fold_text(text[hit.start : hit.end])
        if word not in plain:
            plain[word] = word in stops or (hit.term.name[0].isupper() and _is_written_small(word, text))
        if not plain[word]:
            kept.append(pair)
    return kept


def _fields(article: Article) -> Iterator[tuple[str, str]]:
    yield "headline", article.headline
    yield "kicker", article.kicker or ""
    yield "dateline", article.dateline or ""
    yield "text", article.text
    for image in article.images[:_MOST_LABELS]:
        yield "caption", image.caption or ""
    for category in article.categories[:_MOST_LABELS]:
        yield "category", category


def _searches(gazetteer: Gazetteer, language: str, based_in: str) -> list[_Search]:
    """List the lexicons for a story: its language first, then English and those of the feed's place."""
    lexicons = gazetteer.lexicons
    others = [
        other
        for other in dict.fromkeys((ENGLISH, *gazetteer.languages_of(based_in)))
        if lexicons.knows(other)
    ]
    searches = [_Search(gazetteer.own_lexicon(language))]
    if language:
        searches.append(_Search(lexicons.of_language(language)))
    searches += [
        _Search(lexicons.of_language(other), fallback=bool(language)) for other in others if other != language
    ]
    tongues = [language] if language else others
    scripts = dict.fromkeys(script for tongue in tongues for script in lexicons.scripts(tongue))
    return searches + [_Search(lexicons.of_cities(script)) for script in scripts]


def _is_written_small(word: str, text: str) -> bool:
    """Whether a word stands somewhere in the text in small letters: there it is no name."""
    if " " in word or not word.isalpha():
        return False
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not is_word(text[start - 1 : start] or " ") and not is_word(text[end : end + 1] or " "):
            return True
        start = text.find(word, end)
    return False


def _longest(hits: Sequence[tuple[Hit, bool]]) -> Iterator[tuple[Hit, bool]]:
    """Yield, from left to right, the longest hits; of equally long ones the codes are put together.

    What an editor ruled out ("not") takes its codes away from whatever lies inside it.
    """
    end = 0
    bars: list[Hit] = []
    group: list[tuple[Hit, bool]] = []
    for pair in sorted(hits, key=lambda pair: (pair[0].start, pair[0].term.rule != "not", -pair[0].end)):
        hit = pair[0]
        if hit.term.rule == "not":
            bars = [bar for bar in bars if bar.end > hit.start] + [hit]
        elif group and (hit.start, hit.end) == (group[0][0].start, group[0][0].end):
            group.append(pair)
        elif hit.start >= end:
            yield from _merged(group, bars)
            group, end = [pair], hit.end
    yield from _merged(group, bars)


def _merged(group: Sequence[tuple[Hit, bool]], bars: Sequence[Hit]) -> Iterator[tuple[Hit, bool]]:
    """Yield one hit for a span, with the codes of all readings; nothing when an editor barred them all."""
    if not group:
        return
    # A name is a country's or a state's before it is a city's: "Luxembourg", "Singapore", "New York".
    readings = [pair for pair in group if pair[0].term.rule != "city"] or list(group)
    first, fallback = readings[0]
    barred = _barred(first, bars)
    codes = tuple(dict.fromkeys(code for hit, _ in readings for code in hit.term.codes if code not in barred))
    if codes:
        yield first._replace(term=first.term._replace(codes=codes)), fallback


def _barred(hit: Hit, bars: Sequence[Hit]) -> set[str]:
    """Return the codes that an editor ruled out where a hit stands."""
    around = [bar for bar in bars if bar.start <= hit.start and hit.end <= bar.end]
    return {code for bar in around for code in bar.term.codes}


def _placed(hits: Iterator[tuple[Hit, bool]], fields: Sequence[tuple[str, str]]) -> Iterator[Match]:
    """Yield hits as matches, each in its field."""
    ends = list(itertools.accumulate(len(text) + 1 for _, text in fields))
    number = 0
    for hit, fallback in hits:
        while hit.start >= ends[number]:
            number += 1
        name, text = fields[number]
        offset = ends[number] - len(text) - 1
        start, end = hit.start - offset, hit.end - offset
        if hit.term.exact and end - start <= _LONGEST_ABBREVIATION_IN_CAPITALS and not _has_small(text):
            continue
        yield Match(
            field=name,
            start=start,
            end=end,
            text=text[start:end],
            codes=hit.term.codes,
            rule=hit.term.rule,
            weak=hit.term.weak or (fallback and hit.term.rule != "subdivision"),
            position=_position_in_text(text, start, end) if name == "text" else name,
            at=hit.start,
        )


def _position_in_text(text: str, start: int, end: int) -> str:
    if end <= _LONGEST_DATELINE and _is_dateline(text, start, end):
        return "dateline"
    return "lead" if start < _LONGEST_LEAD and start < _lead_end(text) else "text"


def _has_small(text: str) -> bool:
    """Whether a field has small letters, so that its capitals say something."""
    return not text[:_HEADLINE].isupper()


def _is_dateline(text: str, start: int, end: int) -> bool:
    """Whether these are capitals in a dateline that opens the text."""
    opening = _DATELINE.match(text)
    return opening is not None and end <= opening.end() and text[start:end].isupper()


def _lead_end(text: str) -> int:
    """Return where the first paragraph ends; a text without paragraphs has its first 400 characters."""
    end = text.find("\n\n", 0, _LONGEST_LEAD)
    return min(end if end >= _SHORTEST_LEAD else max(end, 400), _LONGEST_LEAD)


def without(match: Match, codes: tuple[str, ...]) -> Match:
    """Return the match with these codes left."""
    return replace(match, codes=codes)
