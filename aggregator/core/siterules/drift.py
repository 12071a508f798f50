"""When a rule no longer fits a feed's pages: a row of misses that its earlier pages do not explain."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from aggregator.core.siterules.rules import SiteRules
from aggregator.model import FeedWarning, RuleStanding, SiteRule

LEAST: Final = 5  # misses in a row; fewer may be pages of another kind: a gallery, a film
CHANCE: Final = 0.001  # how likely such a row may be by chance, at the rate of the pages before it
EXPECTED: Final = (
    "body",
    "headline",
)  # what every page has: never found, its selector is wrong from the start


def drifts(standings: Iterable[RuleStanding], rules: SiteRules) -> dict[str, list[FeedWarning]]:
    """Give a warning for each rule in force that stopped matching, by feed; they come sorted by feed and rule."""
    found: dict[str, list[FeedWarning]] = {}
    for (feed_id, name), of_rule in groupby(standings, key=lambda each: (each.feed_id, each.rule)):
        rule = rules.named(name)
        missing = [each for each in of_rule if rule is not None and is_drifting(each, rule)]
        if rule is not None and missing:
            found.setdefault(feed_id, []).append(_warning(rule, missing))
    return found


def is_drifting(standing: RuleStanding, rule: SiteRule) -> bool:
    """Whether one field of a rule has stopped matching."""
    if standing.digest != rule.digest or standing.missed_in_row < LEAST:
        return False
    if not standing.hits:
        return bool(rule.hosts) and standing.field in EXPECTED
    before = standing.hits + standing.misses - standing.missed_in_row
    rate = standing.hits / before
    return bool((1 - rate) ** standing.missed_in_row < CHANCE)


def _warning(rule: SiteRule, missing: list[RuleStanding]) -> FeedWarning:
    worst = max(missing, key=lambda each: each.missed_in_row)
    fields = ", ".join(each.field for each in missing)
    since = f" since {worst.missing_since:%Y-%m-%d}" if worst.missing_since else ""
    earlier = "it did before" if worst.hits else "it never did"
    whose = "comes with the program" if rule.shipped else f"sites/{rule.name}.toml"
    return FeedWarning(
        kind="drift",
        message=(
            f'the site rule "{rule.name}" ({whose}) found no {fields} on the last {worst.missed_in_row} pages{since}; '
            f"{earlier}. The stories go out as read without it. `aggregator try URL`, with the address of a page, "
            "shows which selector missed"
        ),
    )
