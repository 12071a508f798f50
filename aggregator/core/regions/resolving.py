"""Deciding which place each name means, and which names are no evidence at all."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Final

from aggregator.core.regions.folding import fold_text
from aggregator.core.regions.gazetteer import ENGLISH, Gazetteer
from aggregator.core.regions.matching import Match, Matches, without

_LONGEST_NAME: Final = 24
_PROSE: Final = frozenset({"headline", "caption", "text"})
_NEXT_NAME: Final = re.compile(r" (?P<name>[A-ZА-ЯÀ-Þ][a-zа-яß-ÿ'’]+)")
# A word with a capital that does not open its sentence: after a small letter or a comma.
_LAST_NAME: Final = re.compile(r"[a-zа-яß-ÿ,] (?P<name>[A-ZА-ЯÀ-Þ][a-zа-яß-ÿ]+) $")
_DIRECTIONS: Final = frozenset(
    {
        "North",
        "South",
        "East",
        "West",
        "Northern",
        "Southern",
        "Eastern",
        "Western",
        "Central",
        "Greater",
        "Inner",
    }
)
_APPOSITION: Final = frozenset({", ", " (", ",", "، ", "，"})


def resolve(matches: Matches, gazetteer: Gazetteer, *, language: str, based_in: str) -> list[Match]:
    """Return the matches that count, each with one code.

    In order: a place's name that is part of a person's is none; "Paris, Texas" is in Texas; a name of several
    places is the one whose country the article names otherwise, or the feed is based in, else the likeliest;
    a weak name counts only beside other evidence of its country.
    """
    found = _without_people(_apposed(matches, gazetteer), matches, gazetteer)
    home = gazetteer.country_of(based_in) if based_in else ""
    votes: Counter[str] = Counter()
    for match in found:
        if len(match.codes) == 1 and not match.weak:
            votes[gazetteer.country_of(match.codes[0])] += 1
    decided = [without(match, (_choose(match, votes, home, gazetteer),)) for match in found]

    def supported(match: Match) -> bool:
        country = gazetteer.country_of(match.codes[0])
        # English is spoken in too many places to speak for one of them.
        spoken = gazetteer.languages_of(country)[:1] == (language,) and language != ENGLISH
        return not match.weak or votes[country] > 0 or country == home or spoken

    return [match for match in decided if supported(match)]


def _without_people(found: Sequence[Match], matches: Matches, gazetteer: Gazetteer) -> list[Match]:
    """Leave out names that are part of longer ones; where a person bears one, the rest of it is weak."""
    starts = {match.at for match in found}
    ends = {match.at + len(match.text) for match in found}
    people = {match for match in found if _is_person(match, matches, gazetteer, starts)}
    whole = [match for match in found if match not in people and not _is_half(match, matches.text, ends)]
    return _weakened(whole, {match.text for match in people})


def _weakened(found: Sequence[Match], names: Set[str]) -> list[Match]:
    return [replace(match, weak=True) if match.text in names else match for match in found]


def _is_half(match: Match, text: str, ends: Set[int]) -> bool:
    """Whether a city or state is the second half of another name: Crans-Montana."""
    hyphen = match.at - 1
    if match.rule not in {"city", "subdivision"} or hyphen in ends or text[max(0, hyphen) : match.at] != "-":
        return False
    before = text[max(0, hyphen - _LONGEST_NAME) : hyphen]
    return before.rpartition(" ")[2][:1].isupper()


def _is_person(match: Match, matches: Matches, gazetteer: Gazetteer, starts: Set[int]) -> bool:
    """Whether a name that people bear stands beside another name: "Jordan Henderson", "Jack London"."""
    name = fold_text(match.text)
    given, surname = name in gazetteer.lexicons.given, name in gazetteer.lexicons.surnames
    if not (given or surname) or match.field not in _PROSE:
        return False
    if match.field == "headline" and not matches.small_words:
        return False  # in a headline that capitalises every word a capital says nothing
    behind = _NEXT_NAME.match(matches.text, match.at + len(match.text)) if given else None
    if behind is not None:
        return behind.start("name") not in starts
    ahead = _LAST_NAME.search(matches.text[max(0, match.at - _LONGEST_NAME) : match.at])
    return ahead is not None and ahead["name"] not in _DIRECTIONS


def _choose(match: Match, votes: Counter[str], home: str, gazetteer: Gazetteer) -> str:
    if len(match.codes) == 1:
        return match.codes[0]

    def weight(code: str) -> tuple[bool, int, int]:
        country = gazetteer.country_of(code)
        # Tbilisi speaks for Georgia the country; what speaks for the state is only what speaks for all of the US.
        return country == code and votes[code] > 0, votes[country], int(country == home)

    return max(match.codes, key=weight)


def _apposed(matches: Matches, gazetteer: Gazetteer) -> Sequence[Match]:
    """Give a city that is followed by a state ("Paris, Texas") that state's code."""
    found = list(matches.found)
    for number, (city, place) in enumerate(itertools.pairwise(found)):
        # Between a city and a country a comma may be that of a list: "in Moscow, Saudi Arabia and Almaty".
        if city.rule != "city" or place.rule != "subdivision" or city.field != place.field:
            continue
        gap = matches.text[city.at + len(city.text) : place.at]
        if gap in _APPOSITION and not _agree(city, place, gazetteer):
            found[number] = without(city, place.codes)
    return found


def _agree(city: Match, place: Match, gazetteer: Gazetteer) -> bool:
    countries = {gazetteer.country_of(code) for code in place.codes}
    return any(gazetteer.country_of(code) in countries for code in city.codes)
