"""When a rule counts as one that no longer fits."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.core.siterules.drift import drifts, is_drifting
from aggregator.core.siterules.rules import SiteRules
from aggregator.model import RuleStanding, SiteRule

SINCE = datetime(2022, 1, 8, tzinfo=UTC)
OWN = SiteRule(name="riau", digest="d", hosts=("riau.example",), body=(".isi",), kicker=(".k",))
MARKUP = SiteRule(name="wordpress", digest="d", shipped=True, detect=(".post",), body=(".entry",))


def standing(
    field: str = "body", *, hits: int, earlier: int = 0, in_row: int, rule: str = "riau"
) -> RuleStanding:
    return RuleStanding(
        feed_id="riau",
        rule=rule,
        digest="d",
        field=field,
        hits=hits,
        misses=earlier + in_row,
        missed_in_row=in_row,
        missing_since=SINCE if in_row else None,
    )


CASES = {
    "it always fitted, and five pages miss": (standing(hits=40, in_row=5), True),
    "four misses may be a gallery": (standing(hits=40, in_row=4), False),
    "half of the pages have a kicker": (standing("kicker", hits=20, earlier=20, in_row=9), False),
    "half of the pages had a kicker, and ten have none": (
        standing("kicker", hits=20, earlier=20, in_row=10),
        True,
    ),
    "a kicker is rare": (standing("kicker", hits=2, earlier=98, in_row=60), False),
    "the body was never found": (standing(hits=0, in_row=5), True),
    "a kicker was never found": (standing("kicker", hits=0, in_row=500), False),
    "the last page fitted": (standing(hits=3, earlier=500, in_row=0), False),
}


@pytest.mark.parametrize("case", CASES)
def test_a_rule_drifts_when_chance_does_not_explain_its_misses(case: str) -> None:
    given, expected = CASES[case]
    assert is_drifting(given, OWN) is expected


def test_what_was_counted_of_another_version_of_the_rule_says_nothing() -> None:
    assert not is_drifting(replace(standing(hits=40, in_row=50), digest="old"), OWN)


def test_a_rule_for_many_sites_that_never_fitted_a_feed_is_no_drift_of_it() -> None:
    assert not is_drifting(standing(hits=0, in_row=50, rule="wordpress"), MARKUP)
    assert is_drifting(standing(hits=9, in_row=50, rule="wordpress"), MARKUP)


def test_the_warning_names_rule_fields_pages_and_what_to_do() -> None:
    rules = SiteRules(own=(OWN,), shipped=(MARKUP,))
    given = [standing(hits=40, in_row=7), standing("kicker", hits=40, in_row=6)]
    (warning,) = drifts(given, rules)["riau"]
    assert warning.kind == "drift"
    for words in ("riau.toml", "body, kicker", "7 pages", "2022-01-08", "aggregator try"):
        assert words in warning.message


def test_a_rule_that_is_gone_is_not_told_of() -> None:
    assert drifts([standing(hits=40, in_row=7)], SiteRules()) == {}
