"""How often the language of a text is told rightly, on the corpus, with floors that may only rise."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from aggregator.core.entries import read_feed
from aggregator.core.language import choose, detect
from aggregator.core.language.alike import are_alike
from aggregator.core.language.names import primary
from aggregator.errors import ParseError
from aggregator.model import FeedSettings, SiteSettings

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
FLOORS = json.loads((Path(__file__).parent / "floors.json").read_text("utf-8"))
URL = "https://asal.example/feed"
BEGINNING = 150  # characters: a headline and half a sentence
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here"),
]


def lines(name: str) -> Iterator[dict[str, str]]:
    for line in (CORPUS / name).read_text("utf-8").splitlines():
        yield json.loads(line)


def articles() -> list[tuple[str, str]]:
    found = ((each.get("lang"), each.get("text")) for each in lines("articles/gold.jsonl"))
    return [(language, text) for language, text in found if language and text]


def documents() -> list[tuple[str, str]]:
    return [(each["lang"], f"{each['title']}\n{each['text']}") for each in lines("dedup/xling.jsonl")]


def score(name: str, texts: Iterable[tuple[str, str]]) -> None:
    """Hold the share that is right, taking what is alike for one and for two, and that which is wrong, to a floor."""
    right: Counter[str] = Counter()
    scored: Counter[str] = Counter()
    alike, wrong = 0, Counter[tuple[str, str]]()
    for language, text in texts:
        found = detect(text)
        scored[language] += 1
        right[language] += primary(found) == primary(language)
        alike += bool(found) and are_alike(found, language)
        wrong[language, found] += bool(found) and primary(found) != primary(language)
    total = scored.total()
    by_language = {each: f"{right[each]}/{count}" for each, count in scored.most_common()}
    shares = {
        "right": right.total() / total,
        "right or alike": alike / total,
        "not wrong": 1 - wrong.total() / total,
    }
    print(f"language:{name} { ({each: round(share, 4) for each, share in shares.items()}) } {by_language}")
    print({pair: count for pair, count in wrong.most_common(12) if count})
    floors = FLOORS[f"language:{name}"]
    assert {each for each, floor in floors.items() if shares[each] < floor} == set()


def test_the_language_of_an_article_is_told_by_its_text() -> None:
    score("articles", articles())


def test_the_language_of_a_document_is_told_by_its_text() -> None:
    score("documents", documents())


def test_the_language_is_told_by_the_beginning_of_a_text() -> None:
    score("beginnings", [(language, text[:BEGINNING]) for language, text in (*articles(), *documents())])


def test_a_false_declaration_is_seen_and_a_true_one_is_kept() -> None:
    kept = belied = scored = false = 0
    for language, text in (*articles(), *documents()):
        kept += choose(language, text) == language
        scored += 1
        if language != "en":
            false += 1
            belied += are_alike(choose("en-US", text), language)
    print(f"language:declared kept {kept}/{scored}, seen through {belied}/{false}")
    assert kept / scored >= FLOORS["language:declared"]["kept"]
    assert belied / false >= FLOORS["language:declared"]["seen through"]


def test_the_stories_of_a_feed_are_in_its_language() -> None:
    """The reference is another program's guess on the whole feed: what differs is printed, to be looked at."""
    right = scored = 0
    for each in lines("feeds/manifest.jsonl"):
        if each["class"] != "real" or not each["language"]:
            continue
        body = (CORPUS / "feeds" / each["path"]).read_bytes()
        feed, site = FeedSettings(id="f", url=URL), SiteSettings(title="x")
        try:
            found = read_feed(body, url=URL, content_type=None, feed=feed, site=site)
        except ParseError:
            continue
        told = Counter(primary(entry.language) for entry in found.entries)
        if not told:
            continue
        most = told.most_common(1)[0][0]
        scored += 1
        if most and are_alike(most, each["language"]):
            right += 1
        else:
            print(f"{each['path']}: {dict(told)}, not {each['language']} ({each.get('declared_language')})")
    print(f"language:feeds {right}/{scored}")
    assert right / scored >= FLOORS["language:feeds"]["right or alike"]
