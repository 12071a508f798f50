"""The reader of trees beside feedparser on every feed of the corpus, and how right both together are."""

import importlib.util
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import pytest
from lxml import etree

from aggregator.core.entries import read_feed
from aggregator.core.formats import about, charset, direct, fallback, sniff, xmlfeed
from aggregator.errors import ParseError
from aggregator.model import FeedSettings, ParsedFeed, SiteSettings

SHARED = Path(__file__).resolve().parents[3] / "shared"
CORPUS = SHARED / "corpus" / "feeds"
URL = "https://asal.example/feed/rss.xml"
SEQUENCES_EACH = 10  # one day of ten: they differ little
BASE = "{http://www.w3.org/XML/1998/namespace}base"
# Of the whole reference; they may only rise.
FLOORS = {
    "parsed": 0.999,
    "count": 1.0,
    "feed_title": 0.996,
    "id": 0.9998,
    "link": 0.9995,
    "title": 0.9967,
    "published": 0.9988,
}
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here"),
]


def documents(folder: str) -> Iterator[tuple[str, etree._Element, str]]:
    """Give name, tree and text of each well-formed feed in XML."""
    paths = sorted(path for path in (CORPUS / folder).rglob("*") if path.is_file())
    chosen = [path for path in paths if not path.name.endswith(".expected.json")]
    for path in chosen[:: SEQUENCES_EACH if folder == "sequences" else 1]:
        try:
            text = charset.decode(path.read_bytes(), None)
            root, repaired = xmlfeed.grown(text) if sniff.kind_of(text) == "xml" else (None, "")
        except ParseError:
            continue
        if root is not None:
            yield path.relative_to(CORPUS).as_posix(), root, repaired


def differences(ours: ParsedFeed, theirs: ParsedFeed) -> list[str]:
    mine, other = asdict(ours), asdict(theirs)
    first, second = mine.pop("entries"), other.pop("entries")
    found = [f"{name}: {mine[name]!r}, not {other[name]!r}" for name in mine if mine[name] != other[name]]
    if len(first) != len(second):
        return [*found, f"{len(first)} entries, not {len(second)}"]
    for place, (entry, beside) in enumerate(zip(first, second, strict=True)):
        found += [
            f"entry {place}, {name}: {entry[name]!r:.300}, not {beside[name]!r:.300}"
            for name in entry
            if entry[name] != beside[name]
        ]
    return found


def is_excused(root: etree._Element) -> bool:
    """Whether feedparser is wrong by a known fault: an xml:base that outlives its element, where none is around it."""
    return root.get(BASE) is None and any(
        element.get(BASE) or element.get("base") for element in root.iterdescendants()
    )


@pytest.mark.parametrize(
    ("folder", "taken_least"), [("real", 0.99), ("wellformed", 0.97), ("illformed", 0.99), ("sequences", 1.0)]
)
def test_both_readers_agree_on_every_feed_that_both_can_read(folder: str, taken_least: float) -> None:
    taken: Counter[bool] = Counter()
    found: list[str] = []
    excused = 0
    for name, root, text in documents(folder):
        reading = direct.read(root)
        taken[reading is not None] += 1
        if reading is None:
            continue
        skipped = about.read(root, text)
        ours, may_differ = xmlfeed.judged(reading, URL, skipped), is_excused(root)
        differ = differences(ours, xmlfeed.judged(fallback.read_tree(root), URL, skipped))
        excused += bool(differ and may_differ)
        found += [] if may_differ else [f"{name}: {each}" for each in differ]
    print(f"{folder}: {taken[True]} read directly, {taken[False]} by feedparser, {excused} excused")
    print("\n".join(found))
    assert found == []
    assert excused <= 2
    assert taken[True] >= taken_least * taken.total() > 0


def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_parsing", SHARED / "tools" / "score_parsing.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def predicted(path: str) -> dict[str, object]:
    feed, site = FeedSettings(id="f", url=URL), SiteSettings(title="x")
    try:
        body = (CORPUS / path).read_bytes()
        found = read_feed(body, url=URL, content_type=None, feed=feed, site=site)
    except ParseError as error:
        return {"error": str(error), "entries": []}
    entries = sorted([*found.entries, *(entry for entry, _ in found.quarantined)], key=lambda e: e.position)
    return {
        "title": found.feed.title,
        "entries": [
            {
                "id": entry.guid,
                "link": entry.url,
                "title": entry.title,
                "published": entry.published.isoformat() if entry.published else None,
            }
            for entry in entries
        ],
    }


def test_feeds_are_read_as_well_as_before() -> None:
    score = scorer().score
    right: Counter[str] = Counter()
    scored: Counter[str] = Counter()
    for line in (CORPUS / "reference.jsonl").read_text("utf-8").splitlines():
        reference = json.loads(line)
        for name, values in score(reference, predicted(reference["path"]), []).items():
            right[name] += sum(values)
            scored[name] += len(values)
    shares = {name: right[name] / scored[name] for name in FLOORS}
    print({name: round(share, 4) for name, share in shares.items()})
    assert {name for name, share in shares.items() if share < FLOORS[name]} == set()
