"""The two configurations that come with the project use only keys that there are, and say what the desk needs."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from aggregator.model import (
    Condition,
    Config,
    Expectation,
    FeedSettings,
    LogSettings,
    OutputSettings,
    PollingSettings,
    RegionSettings,
    SectionSettings,
    ServerSettings,
    SiteSettings,
    StorageSettings,
)
from tests.examples.newsroom import ADDRESS, EXAMPLES, FEEDS, NEWSROOM, ROOT

FILES = [ROOT / "feeds.toml", EXAMPLES / "feeds.toml"]
TABLES = {
    "site": SiteSettings,
    "polling": PollingSettings,
    "storage": StorageSettings,
    "output": OutputSettings,
    "server": ServerSettings,
    "log": LogSettings,
    "feed": FeedSettings,
    "region": RegionSettings,
    "section": SectionSettings,
    "expect": Expectation,
}


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def listed(value: Any) -> list[Any]:
    """A single value stands for a list."""
    return value if isinstance(value, list) else [value]


def names(kind: type) -> set[str]:
    return {each.name for each in fields(kind)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_keys_that_there_are(path: Path) -> None:
    found = read(path)
    assert set(found) <= names(Config)
    for table, value in found.items():
        for each in listed(value):
            assert set(each) <= names(TABLES[table]), (table, each)
            for key in ("include", "exclude"):
                for condition in listed(each.get(key, [])):
                    assert condition
                    assert set(condition) <= names(Condition), condition


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_ids_and_addresses_are_there_once_and_conditions_name_feeds_that_there_are(path: Path) -> None:
    found = read(path)
    ids = [feed["id"] for feed in found["feed"]]
    assert len(set(ids)) == len(ids)
    assert len({feed["url"] for feed in found["feed"]}) == len(ids)
    assert len({section["id"] for section in found["section"]}) == len(found["section"])
    for section in found["section"]:
        for condition in listed(section.get("include", [])):
            for name in listed(condition.get("feeds", [])):
                assert any(each.startswith(name.rstrip("*")) for each in ids), name


def test_the_starter_reads_real_papers_and_promises_nothing_on_their_behalf() -> None:
    text = FILES[0].read_text("utf-8")
    found = tomllib.loads(text)
    assert len(found["feed"]) >= 12
    assert all(
        urlsplit(feed["url"]).scheme == "https" and urlsplit(feed["url"]).path for feed in found["feed"]
    )
    assert {"id", "en", "ru"} <= {feed["language"] for feed in found["feed"]}
    assert {"internasional", "asia-tengah", "indonesia"} <= {section["id"] for section in found["section"]}
    assert found["site"]["contact"] == ""
    assert found["output"]["republish"] == "as-given"
    assert not any("republish" in feed for feed in found["feed"])
    assert "NOT\n# ASKED" in text or "NOT ASKED" in text.replace("\n# ", " ")


def test_the_example_reads_the_five_feeds_of_the_newsroom() -> None:
    found = read(FILES[1])
    assert {feed["id"]: feed["url"] for feed in found["feed"]} == {
        name: f"http://{ADDRESS}/{path}" for name, path in FEEDS.items()
    }
    assert found["polling"]["allow_networks"] == ["127.0.0.0/8"]
    assert found["site"]["contact"] == "redaksi@meja-kabar.example"


def test_the_example_expects_something_of_pages_that_there_are() -> None:
    for each in read(FILES[1])["expect"]:
        assert (NEWSROOM / urlsplit(each["url"]).path.lstrip("/")).is_file()
