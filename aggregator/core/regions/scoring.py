"""Weighing what was found: what an article is about, what it merely names, and what contains that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import exp, log2
from typing import Final

from aggregator.core.regions.gazetteer import Gazetteer
from aggregator.core.regions.matching import Match, find_matches
from aggregator.core.regions.resolving import resolve
from aggregator.model import Article, Evidence, Region, Role

_WEIGHTS: Final = {"headline": 4.0, "kicker": 4.0, "category": 2.0, "lead": 2.0, "text": 1.0}
_GROUP: Final = 0.5  # "Asia" beside "Kazakhstan" says little
_FOCUS_SHARE: Final = 0.55  # of the best score
_MOST_FOCUS: Final = 3
_MOST_EVIDENCE: Final = 12
_CONTAINING: Final = 0.9  # of the score of what it contains, a step
_SURE: Final = 4.0  # the score that counts as 1 - 1/e

#: Rules from the strongest to the weakest; a region carries the strongest of its evidence.
RULES: Final = ("name", "stem", "abbreviation", "subdivision", "city", "category", "caption", "dateline")


def tag(article: Article, gazetteer: Gazetteer, *, language: str, based_in: str = "") -> tuple[Region, ...]:
    """Return the regions of an article: focus first, best first, each with the words that name it.

    `based_in` is where the feed's paper is: it settles names of several places, and stands in when the
    article names none. What contains a region is listed too, with rule "member".
    """
    spoken = gazetteer.spoken(language)
    matches = find_matches(article, gazetteer, language=spoken, based_in=based_in)
    named = defaultdict(list)
    for match in resolve(matches, gazetteer, language=spoken, based_in=based_in):
        named[match.codes[0]].append(match)
    if not named:
        return _based_in(based_in, gazetteer)
    own = {code: _weight(found, gazetteer.kind(code)) for code, found in named.items()}
    total = _with_subdivisions(own, gazetteer)
    focus = _focus(own, total, gazetteer)
    regions = [_region(code, found, total[code], code in focus) for code, found in named.items()]
    return _ordered([*regions, *_members(regions, total, focus, gazetteer)])


def _based_in(code: str, gazetteer: Gazetteer) -> tuple[Region, ...]:
    """Return the feed's own place as the focus; () when none is configured."""
    if not code or not gazetteer.is_code(code):
        return ()
    home = Region(code=code, role=Role.FOCUS, score=0.5, rule="based_in")
    return _ordered([home, *_members([home], {}, set(), gazetteer)])


def _weight(found: Sequence[Match], kind: str) -> float:
    """Weigh a place by where it is named and how often; each further mention in one position adds less."""
    counts: dict[str, int] = defaultdict(int)
    for match in found:
        counts[match.position] += 1
    weight = sum(_WEIGHTS.get(position, 1.0) * log2(1 + count) for position, count in counts.items())
    return weight * (_GROUP if kind == "group" else 1.0)


def _with_subdivisions(own: Mapping[str, float], gazetteer: Gazetteer) -> dict[str, float]:
    """Add the weight of subdivisions to their countries, named or not."""
    total = dict(own)
    for code, weight in own.items():
        country = gazetteer.country_of(code)
        if country != code:
            total[country] = total.get(country, 0.0) + weight
    return total


def _focus(own: Mapping[str, float], total: Mapping[str, float], gazetteer: Gazetteer) -> set[str]:
    """Return the codes in focus: the best place and those near it, at most three, and subdivisions alike."""
    places = sorted(
        (code for code in total if gazetteer.country_of(code) == code), key=lambda code: -total[code]
    )
    least = _FOCUS_SHARE * total[places[0]]
    best = {code for code in places[:_MOST_FOCUS] if total[code] >= least}
    parts = sorted(
        (code for code in own if gazetteer.country_of(code) != code and gazetteer.country_of(code) in best),
        key=lambda code: -own[code],
    )
    return best | {code for code in parts[:_MOST_FOCUS] if own[code] >= least}


def _region(code: str, found: Sequence[Match], weight: float, focus: bool) -> Region:
    evidence = tuple(
        Evidence(field=match.field, start=match.start, end=match.end, text=match.text, rule=_rule(match))
        for match in found[:_MOST_EVIDENCE]
    )
    return Region(
        code=code,
        role=Role.FOCUS if focus else Role.MENTION,
        score=_score(weight),
        rule=min((piece.rule for piece in evidence), key=RULES.index),
        evidence=evidence,
    )


def _rule(match: Match) -> str:
    """Return a match's rule; where a weaker field holds it, that is the rule."""
    return match.position if match.position in {"category", "caption", "dateline"} else match.rule


def _score(weight: float) -> float:
    return round(1 - exp(-weight / _SURE), 3)


def _members(
    regions: Sequence[Region], total: Mapping[str, float], focus: set[str], gazetteer: Gazetteer
) -> Iterator[Region]:
    """Yield what contains the regions and is not named itself, as strong as its best member."""
    named = {region.code for region in regions}
    best: dict[str, Region] = {}
    for region in regions:
        score = region.score
        for code in gazetteer.containing(region.code):
            score = round(score * _CONTAINING, 3)
            if code in named:
                continue
            own = _score(total[code]) if code in total else score
            role = Role.FOCUS if code in focus else region.role
            member = Region(code=code, role=role, score=own, rule="member")
            known = best.get(code)
            if known is None or _rank(member) < _rank(known):
                best[code] = member
    yield from best.values()


def _ordered(regions: Sequence[Region]) -> tuple[Region, ...]:
    """Order regions: focus first, best first; of equals, the one that the article names first."""
    return tuple(sorted(regions, key=_rank))


def _rank(region: Region) -> tuple[bool, float, bool]:
    return region.role is not Role.FOCUS, -region.score, region.rule == "member"
