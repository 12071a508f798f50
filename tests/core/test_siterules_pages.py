"""Every shipped rule with a page of its markup: a new rule is a TOML file and two files in tests/sites, and no code."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from aggregator.config.siterules import in_force, rule_faults, shipped
from aggregator.core.extract import PageReading, read_page
from aggregator.model import RULE_FIELDS, Entry, Page, RawEntry, SiteRule

PAGES = Path(__file__).resolve().parents[1] / "sites"
FILES = Path(__file__).resolve().parents[2] / "aggregator" / "sites"
RULES = shipped()


def case_of(rule: SiteRule) -> dict[str, Any]:
    case: dict[str, Any] = json.loads((PAGES / f"{rule.name}.json").read_text("utf-8"))
    return case


def read(rule: SiteRule, *, url: str = "") -> PageReading:
    given = case_of(rule)["given"]
    address = url or given["url"]
    page = Page(url=address, content_type=None, body=(PAGES / f"{rule.name}.html").read_bytes())
    entry = Entry(
        feed_id="feed",
        key="1",
        position=1,
        guid=None,
        url=address,
        canonical_url=address,
        title=given["title"],
        hash="",
        raw=RawEntry(),
    )
    rules = in_force(()).for_page(page)
    return read_page(entry, page, language=given["language"], timezone=given["timezone"], rules=rules)


def each_rule(values: tuple[SiteRule, ...] = RULES) -> Any:
    return pytest.mark.parametrize("rule", values, ids=[rule.name for rule in values])


@each_rule()
def test_a_shipped_rule_has_no_fault(rule: SiteRule) -> None:
    assert rule_faults(rule.name, (FILES / f"{rule.name}.toml").read_text("utf-8")) == []


@each_rule()
def test_the_page_of_a_rule_gives_the_expected_article(rule: SiteRule) -> None:
    values = json.loads(json.dumps(asdict(read(rule).article), default=lambda value: value.isoformat()))
    expected = case_of(rule)["expected"]
    assert {name: values[name] for name in expected} == expected


@each_rule()
def test_it_is_that_rule_which_reads_its_page_and_finds_every_field(rule: SiteRule) -> None:
    (use,) = read(rule).uses
    missing = case_of(rule)["not_on_the_page"]
    asked = [name for name in RULE_FIELDS if rule.selectors(name)]
    assert (use.rule, use.is_used, use.note) == (rule.name, True, "")
    assert [name for name, _ in use.matched] == [name for name in asked if name not in missing]
    assert sorted(use.missed) == missing


@each_rule()
def test_nothing_around_the_article_is_left_in_it(rule: SiteRule) -> None:
    found = read(rule).article
    absent = case_of(rule)["absent"]
    assert absent
    assert [line for line in absent if line in found.text or line in found.html] == []


@each_rule(tuple(rule for rule in RULES if not rule.hosts))
def test_a_rule_that_knows_markup_works_on_any_host(rule: SiteRule) -> None:
    (use,) = read(rule, url="http://127.0.0.1:8000/page/1").uses
    assert use.rule == rule.name


def test_every_page_belongs_to_a_rule() -> None:
    names = {rule.name for rule in RULES}
    assert {path.stem for path in PAGES.iterdir()} == names
    assert len(names) >= 14
