"""Notices that outlets repeat, counted on articles of 245 outlets with notices and background put in by hand."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from aggregator.core import repeats
from aggregator.core.repeats import counted, hash_of, paragraphs_of, repeated
from aggregator.model import Article, Repeat

ARTICLES = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "dedup" / "wire.jsonl"
FLOOR = 2060  # paragraphs left out of 2,484 articles; may only rise
FORMS = {
    "template"
}  # the kind of articles that are one form filled in: what stands in these alone belongs to it
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not ARTICLES.is_file(), reason="the corpus is not here"),
]


def left_out() -> list[tuple[str, int, str]]:
    """Outlet, hash and text of every paragraph that is left out, and what it stands in: a pair for each time."""
    rows = [json.loads(line) for line in ARTICLES.read_text("utf-8").strip().split("\n")]
    known: defaultdict[str, dict[int, Repeat]] = defaultdict(dict)
    numbers: defaultdict[str, int] = defaultdict(int)
    found = []
    for row in sorted(rows, key=lambda row: (row["published"] or "", row["id"])):
        outlet, lines = row["outlet"], [line.strip() for line in (row["text"] or "").split("\n")]
        numbers[outlet] += 1
        text = "\n\n".join(filter(None, lines))
        paragraphs = paragraphs_of(Article(headline=row["title"], text=text))
        out = repeated(paragraphs, known[outlet], number=numbers[outlet])
        known[outlet] |= counted(paragraphs, known[outlet], out, number=numbers[outlet])
        found += [(outlet, hash_of(line), line) for line in dict.fromkeys(lines) if hash_of(line) in out]
    return found


def kinds() -> dict[tuple[str, int], set[str]]:
    """In articles of which kinds each paragraph of an outlet stands."""
    found: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for line in ARTICLES.read_text("utf-8").strip().split("\n"):
        row = json.loads(line)
        for paragraph in (row["text"] or "").split("\n"):
            found[row["outlet"], hash_of(paragraph.strip())].add(row["kind"].partition("-")[0])
    return found


def test_notices_are_left_out_and_nothing_that_belongs_to_a_story() -> None:
    found, standing = left_out(), kinds()
    wrong = {text[:80] for outlet, digest, text in found if standing[outlet, digest] == FORMS}
    print(len(found), sorted(wrong))
    assert wrong == set()
    assert len(found) >= FLOOR


def test_half_as_many_articles_would_be_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is where it is for a reason."""
    monkeypatch.setattr(repeats, "ARTICLES", 4)
    found, standing = left_out(), kinds()
    assert any(standing[outlet, digest] == FORMS for outlet, digest, _ in found)
