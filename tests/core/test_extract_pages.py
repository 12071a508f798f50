"""Pages beside what should be read from them: a new case is two files in tests/pages and no code."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest

from aggregator.core.extract import article
from aggregator.model import Article, Entry, Page, RawEntry

PAGES = Path(__file__).resolve().parents[1] / "pages"
CASES = sorted(PAGES.glob("*.html"))


def entry_of(given: dict[str, object]) -> Entry:
    published = given.get("published")
    return Entry(
        feed_id="feed",
        key="1",
        position=1,
        guid=None,
        url=str(given["url"]),
        canonical_url=str(given["url"]),
        title=str(given["title"]),
        published=datetime.fromisoformat(str(published)) if published else None,
        day_only=bool(given.get("day_only")),
        hash="",
        raw=RawEntry(),
    )


def read(case: Path) -> tuple[Article, dict[str, object]]:
    said = json.loads(case.with_suffix(".json").read_text("utf-8"))
    given = said["given"]
    page = Page(url=given["url"], content_type=given.get("content_type"), body=case.read_bytes())
    return article(entry_of(given), page, language=given["language"], timezone=given["timezone"]), said


def as_json(found: Article) -> dict[str, object]:
    values = json.loads(json.dumps(asdict(found), default=lambda value: value.isoformat()))
    assert isinstance(values, dict)
    return values


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_page_gives_the_expected_article(case: Path) -> None:
    found, said = read(case)
    values = as_json(found)
    expected = said["expected"]
    assert isinstance(expected, dict)
    assert {name: values[name] for name in expected} == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_nothing_of_the_page_around_the_article_is_left_in_it(case: Path) -> None:
    found, said = read(case)
    absent = said["absent"]
    assert isinstance(absent, list)
    assert absent
    assert [line for line in absent if line in found.text or line in found.html] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_text_and_html_say_the_same(case: Path) -> None:
    from lxml import html

    found, _ = read(case)
    assert "".join(html.fromstring(f"<div>{found.html}</div>").itertext()).split() == found.text.split()


def test_there_is_a_case_for_each_kind_of_layout() -> None:
    assert len(CASES) >= 80
    assert all(case.with_suffix(".json").is_file() for case in CASES)
