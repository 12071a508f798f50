"""Each feed here has what it must give beside it; a new case is two files and no code.

The expected JSON has the feed and its entries as they are normalised, with what is kept of an entry beyond that under
"facts"; or the kind of error. "content_type" is the header that the document comes with, "why" is for people.
"""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.core.entries import read_feed
from aggregator.errors import ParseError
from aggregator.model import Entry, FeedSettings, NormalizedFeed, SiteSettings

FOLDER = Path(__file__).parent
CASES = sorted(path for path in FOLDER.rglob("*") if path.suffix in {".xml", ".jsonfeed"})
LEFT_OUT = {"raw", "hash", "feed_id", "empty"}
FACTS = ("original", "links", "source", "rights", "license", "point")


def simple(value: Any) -> Any:
    """Give JSON's own types; fields that are empty are left out."""
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
            if v is not False and v not in (None, "", (), frozenset()) and k not in LEFT_OUT
        }
    return value


def entry_as_json(entry: Entry) -> dict[str, Any]:
    """Give an entry, with what is kept of it beyond what is normalised."""
    raw = asdict(entry.raw)
    facts = simple({name: raw[name] for name in FACTS})
    schemes = {each.term: each.scheme for each in entry.raw.categories if each.scheme}
    facts |= {"schemes": schemes} if schemes else {}
    return {**simple(asdict(entry)), **({"facts": facts} if facts else {})}


def as_json(found: NormalizedFeed) -> dict[str, Any]:
    """Give what was read in JSON's own types."""
    return {
        "feed": simple(asdict(found.feed)),
        "entries": [entry_as_json(entry) for entry in found.entries],
        "quarantined": [{**entry_as_json(entry), "reason": reason} for entry, reason in found.quarantined],
    }


def told(case: Path, content_type: str | None) -> dict[str, Any]:
    """Say what a file gives."""
    try:
        return as_json(
            read_feed(
                case.read_bytes(),
                url=f"https://asal.example/{case.name}",
                content_type=content_type,
                feed=FeedSettings(id="f", url="https://asal.example/"),
                site=SiteSettings(title="Meja", timezone="Asia/Jakarta"),
            )
        )
    except ParseError as error:
        return {"error": error.kind}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_a_feed_gives_what_is_expected(case: Path) -> None:
    expected = json.loads(Path(f"{case}.expected.json").read_text("utf-8"))
    expected.pop("why", None)
    assert told(case, expected.pop("content_type", None)) == expected


def test_there_are_cases_and_each_is_small() -> None:
    assert len(CASES) >= 250
    assert max(path.stat().st_size for path in CASES) <= 4096
