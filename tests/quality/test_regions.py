"""How well places are found on the labelled sets beside the project; the floors may only rise."""

import importlib.util
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from aggregator.core.regions import Gazetteer, tag
from aggregator.model import Article, Region, Role

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
CORPUS = SHARED / "corpus" / "regions"
FLOORS = json.loads((Path(__file__).parent / "floors.json").read_text("utf-8"))
SETS = sorted(key.removeprefix("regions:") for key in FLOORS if key.startswith("regions:"))

#: Where a set's papers are, when its documents do not say: Reuters' home desk wrote for American papers.
HOMES = {"reuters21578+home": "US"}


@cache
def gazetteer() -> Gazetteer:
    return Gazetteer.from_bytes((ROOT / "aggregator" / "data" / "regions.bin").read_bytes())


@cache
def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_regions", SHARED / "tools" / "score_regions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def countries(regions: Iterable[Region]) -> list[str]:
    """The countries of regions, as the sets label nothing finer or wider."""
    places = gazetteer()
    kept = [region.code for region in regions if places.kind(region.code) in {"country", "subdivision"}]
    return list(dict.fromkeys(map(places.country_of, kept)))


def prediction(document: dict, based_in: str) -> dict:
    article = Article(headline=document["title"] or "", text=document["text"])
    regions = tag(article, gazetteer(), language=document["lang"], based_in=based_in)
    return {
        "id": document["id"],
        "countries": countries(region for region in regions if region.rule != "member"),
        "focus": countries(region for region in regions if region.role is Role.FOCUS),
    }


def measure(name: str) -> dict[str, float]:
    """Score a set; "+home" after its name gives the tagger the place of each paper."""
    file, _, home = name.partition("+")
    gold = list(scorer().rows(CORPUS / f"{file}.jsonl"))
    predicted = {}
    for document in gold:
        known = HOMES.get(name) or document.get("based_in") or document.get("home") or ""
        predicted[document["id"]] = prediction(document, known if home else "")
    named, focus = scorer().score(gold, predicted, None)[0]["ALL"]
    figures = {f"countries {key}": value for key, value in named.out().items()} if named.n else {}
    if focus.n:
        figures |= {f"focus {key}": value for key, value in focus.out(focus=True).items()}
    return figures


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
@pytest.mark.parametrize("name", SETS)
def test_a_labelled_set_keeps_its_floor(name: str) -> None:
    measured = measure(name)
    floors = FLOORS[f"regions:{name}"]
    below = {key: (measured[key], floor) for key, floor in floors.items() if measured[key] < floor}
    assert not below, "regions are found less well: measured, floor"


def test_every_floor_can_fail() -> None:
    assert SETS
    for name in SETS:
        floors = FLOORS[f"regions:{name}"]
        assert floors
        assert all(0.5 < floor <= 1 for floor in floors.values()), name
