"""A case is a folder: case.json (configuration, feeds, places, stories) and, beside it, the files it must give."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from aggregator import render
from aggregator.core import editions
from aggregator.model import Config, Edition, SiteEdition, SourceFeed, Story

CASES = Path(__file__).parent / "cases"


class Places:
    """A gazetteer of a few places."""

    def __init__(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        self.rows = rows

    def name(self, code: str, language: str) -> str:
        names = self.rows[code]["names"]
        return names.get(language) or names["en"]

    def point(self, code: str) -> tuple[float, float] | None:
        point = self.rows[code].get("point")
        return tuple(point) if point else None

    def scheme(self, code: str, site_url: str) -> str:
        return self.rows[code].get("scheme") or f"{site_url}regions/"


def names() -> list[str]:
    return sorted(path.parent.name for path in CASES.glob("*/case.json"))


def site_of(name: str) -> SiteEdition:
    """The whole site of a case: a section an edition, in the order of its configuration."""
    case = json.loads((CASES / name / "case.json").read_text("utf-8"))
    config = TypeAdapter(Config).validate_python(case["config"])
    feeds = TypeAdapter(dict[str, SourceFeed]).validate_python(case["feeds"])
    stories = TypeAdapter(list[Story]).validate_python(case["stories"])
    made: list[Edition] = []
    for section in config.section:
        inside = [story for story in stories if any(m.section_id == section.id for m in story.sections)]
        edition = editions.build(
            section, inside, config=config, gazetteer=Places(case["places"]), feeds=feeds
        )
        made.append(edition)
    return SiteEdition(
        title=config.site.title,
        description=config.site.description,
        url=config.site.url,
        language=config.site.language,
        timezone=config.site.timezone,
        contact=config.site.contact,
        user_agent=case["user_agent"],
        editions=tuple(made),
        feeds=tuple(feeds.values()),
    )


def files_of(site: SiteEdition) -> Iterator[tuple[str, bytes]]:
    """Every file of a site, by its path under the output directory."""
    for edition in site.editions:
        yield from render.edition_files(edition).files.items()
    yield "index.html", render.html.index(site)
    yield "sources/index.html", render.html.sources(site)
    yield "feeds.opml", render.opml.render(site)
    yield from render.html.assets(site).items()
