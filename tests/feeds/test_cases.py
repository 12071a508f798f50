"""Each feed here has what it must give beside it; a new case is two files and no code."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.core.entries import read_feed
from aggregator.model import FeedSettings, NormalizedFeed, SiteSettings

CASES = sorted(path for path in Path(__file__).parent.iterdir() if path.suffix in {".xml", ".jsonfeed"})
LEFT_OUT = {"raw", "hash", "feed_id"}


def as_json(found: NormalizedFeed) -> object:
    """Give what was read in JSON's own types; fields that are empty are left out."""

    def simple(value: object) -> object:
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, frozenset):
            return sorted(value)
        if isinstance(value, tuple | list):
            return [simple(each) for each in value]
        if isinstance(value, dict):
            return {
                k: simple(v)
                for k, v in value.items()
                if v not in (None, "", (), False, frozenset()) and k not in LEFT_OUT
            }
        return value

    return {
        "feed": simple(asdict(found.feed)),
        "entries": [simple(asdict(entry)) for entry in found.entries],
        "quarantined": simple(found.quarantined),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_feed_gives_what_is_expected(case: Path) -> None:
    found = read_feed(
        case.read_bytes(),
        url=f"https://asal.example/{case.name}",
        content_type=None,
        feed=FeedSettings(id="f", url="https://asal.example/"),
        site=SiteSettings(title="Meja", timezone="Asia/Jakarta"),
    )
    expected = json.loads(Path(f"{case}.expected.json").read_text("utf-8"))
    assert as_json(found) == expected


def test_there_are_cases() -> None:
    assert len(CASES) >= 4
