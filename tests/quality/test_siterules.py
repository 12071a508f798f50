"""No shipped rule reads its pages worse than they are read without it, on the labelled pages of its sites."""

import gzip
from collections import defaultdict
from functools import cache

import pytest

from aggregator.config.siterules import in_force
from aggregator.core.extract import PageReading, read_page
from aggregator.errors import ExtractError
from aggregator.model import Entry, Page, RawEntry, SiteRule
from tests.quality.test_extraction import CORPUS, gold, scorer

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here"),
]
FIELDS = ("F1", "R_partial", "with", "without", "no_leak", "title", "auth", "day", "minute")
SLACK = 0.02  # of one field on all pages together: a rule may lose a paragraph where it wins a headline


def reading(case: dict, rules: tuple[SiteRule, ...]) -> PageReading | None:
    url = case["url"] or "https://page.example/1"
    entry = Entry(
        feed_id="f",
        key="1",
        position=1,
        guid=None,
        url=url,
        canonical_url=url,
        title="",
        hash="",
        raw=RawEntry(),
    )
    page = Page(url=url, content_type=None, body=gzip.decompress((CORPUS / case["html"]).read_bytes()))
    try:
        return read_page(entry, page, language="", timezone="UTC", rules=rules)
    except ExtractError:
        return None


def score(case: dict, found: PageReading | None) -> dict[str, float]:
    if found is None:
        return dict(scorer().score_page(case, {}))
    article = found.article
    date = article.published.isoformat() if article.published else None
    said = {"title": article.headline, "text": article.text, "author": list(article.byline), "date": date}
    return dict(scorer().score_page(case, said))


@cache
def compared() -> list[tuple[str, dict[str, float], dict[str, float]]]:
    """Each page that a rule was used on: the rule, its scores without it and with it."""
    rules = in_force(())
    found = []
    for case in gold():
        body = gzip.decompress((CORPUS / case["html"]).read_bytes())
        page = Page(url=case["url"] or "https://page.example/1", content_type=None, body=body)
        done = reading(case, rules.for_page(page))
        used = [use.rule for use in done.uses if use.is_used] if done else []
        if used:
            found.append((used[0], score(case, reading(case, ())), score(case, done)))
    return found


def test_the_rules_are_used_on_the_pages_that_they_are_for() -> None:
    assert len(compared()) >= 120
    assert len({rule for rule, _, _ in compared()}) >= 15


@pytest.mark.parametrize("field", FIELDS)
def test_pages_are_read_no_worse_with_the_rules_than_without(field: str) -> None:
    pairs = [(before[field], after.get(field, 0.0)) for _, before, after in compared() if field in before]
    before, after = (sum(values) / len(values) for values in zip(*pairs, strict=True))
    assert after >= before - SLACK, (before, after)


def test_the_rules_win_more_than_they_lose() -> None:
    totals: defaultdict[str, list[float]] = defaultdict(list)
    for _, before, after in compared():
        for field in before.keys() & set(FIELDS):
            totals[field].append(after.get(field, 0.0) - before[field])
    gains = {field: sum(values) / len(values) for field, values in totals.items()}
    assert sum(gains.values()) > 0.05, gains
    assert gains["title"] > 0, gains
