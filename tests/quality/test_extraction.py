"""How well pages are read on the labelled set beside the project; the floors may only rise.

`seed` counts the pages with exact gold that are read without any fault; `full` are the means, on every fourth page of
which the whole text is known, of token F1 (trafilatura 2.3.1 alone gives .963 on the same pages), and of headline,
byline, day and minute as the scorer beside the set counts them.
"""

import gzip
import importlib.util
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from aggregator.core.extract import article
from aggregator.errors import ExtractError
from aggregator.model import Article, Entry, Page, RawEntry

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
CORPUS = SHARED / "corpus" / "articles"
FLOORS = json.loads((Path(__file__).parent / "floors.json").read_text("utf-8"))

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here"),
]


@cache
def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "score_extraction", SHARED / "tools" / "score_extraction.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def gold() -> list[dict]:
    return [json.loads(line) for line in (CORPUS / "gold.jsonl").read_text("utf-8").splitlines()]


def read(page: dict, *, language: str = "", timezone: str = "UTC") -> Article | None:
    url = page["url"] or "https://page.example/1"
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
    body = gzip.decompress((CORPUS / page["html"]).read_bytes())
    found = Page(url=url, content_type=None, body=body)
    try:
        return article(entry, found, language=language, timezone=timezone)
    except ExtractError:
        return None


def line(text: str | None) -> str:
    """A text in one line; some gold captions hold markup that the page shows as text."""
    return " ".join(re.sub(r"<[^<>]+>", "", text or "").split())


def faults(page: dict, found: Article) -> list[str]:
    """Fields of a seed page that are not exactly as they should be."""
    given = page["source_line"] or ""
    label, _, value = given.partition(": ")
    credits_line = (
        [name for name in value.split("/") if name != "Berbagai Sumber"] if label == "Sumber" else []
    )
    lead = found.images[0].caption if found.images else ""
    fields = {
        "headline": (line(page["title"]), line(found.headline)),
        "kicker": (line(page["kicker"]), line(found.kicker)),
        "text": (line(page["text"]), line(found.text)),
        "caption": (line(page["caption"]), line(lead)),
        "date": (page["date"], found.published.isoformat() if found.published else None),
        "editor": ((page["editor_line"] or "").removeprefix("Editor: "), found.editor or ""),
        "credits": (credits_line, list(found.credits) if given else []),
        "byline": (page["author"], list(found.byline)) if label == "Laporan" else ("", ""),
        "left in": ([], [text for text in page["must_not"] if text in found.text or text in found.html]),
    }
    return [name for name, (want, have) in fields.items() if want != have]


def test_local_papers_are_read_without_fault() -> None:
    pages = [page for page in gold() if page["id"].startswith("seed-")]
    wrong: Counter[str] = Counter()
    whole = 0
    for page in pages:
        found = read(page, language="id", timezone="Asia/Jakarta")
        wrong.update(bad := faults(page, found) if found else ["article"])
        whole += not bad
    assert len(pages) >= 51
    assert whole / len(pages) >= FLOORS["extraction:seed"]["exact"], dict(wrong)


def test_pages_of_papers_everywhere_keep_their_floors() -> None:
    pages = [page for page in gold() if page["gold_type"] == "full" and page["text"]][::4]
    scores: dict[str, list[float]] = {}
    for page in pages:
        found = read(page, language=page["lang"])
        for name, score in scorer().score_page(page, prediction(found)).items():
            scores.setdefault(name, []).append(score)
    assert len(pages) >= 90
    means = {name: sum(given) / len(given) for name, given in scores.items()}
    floors = FLOORS["extraction:full"]
    assert {name: means[name] for name in floors if means[name] < floors[name]} == {}


def prediction(found: Article | None) -> dict[str, object]:
    """An article in the scorer's words."""
    if found is None:
        return {}
    published = found.published.isoformat() if found.published else None
    return {"text": found.text, "title": found.headline, "author": list(found.byline), "date": published}
