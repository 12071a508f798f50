"""The names that a feeds.toml may use for its feeds, sections and places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from aggregator.config.kinds import Wrong
from aggregator.config.shown import guess, listed, quoted
from aggregator.config.words import LANGUAGE, hyphened
from aggregator.model import Config


class Places(Protocol):
    """What the configuration asks of a gazetteer."""

    def find(self, name: str, *, languages: Sequence[str]) -> tuple[str, ...]:
        """Codes that a name or a code may mean; () is unknown."""

    def name(self, code: str, language: str) -> str:
        """The name of a place in a language."""

    def containing(self, code: str) -> tuple[str, ...]:
        """Codes of the places that contain this one, nearest first."""


def tables(raw: Mapping[str, Any], name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The tables written as `[[name]]` with their numbers, whatever else stands there left out."""
    value = raw.get(name, ())
    for number, each in enumerate(
        [value] if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        if isinstance(each, dict):
            yield number, each


def texts(value: object) -> list[str]:
    """The texts of a value that may be one text or a list of them."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def site_language(raw: Mapping[str, Any]) -> str:
    """The site's language as far as the file says one that can be used."""
    site = raw.get("site")
    language = site.get("language") if isinstance(site, dict) else None
    return language if isinstance(language, str) and re.fullmatch(LANGUAGE, language) else "en"


def fits(pattern: str, feed_id: str) -> bool:
    """Whether an id fits a pattern in which `*` stands for any letters."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), feed_id) is not None


class Names:
    """The names of one file; the `Context` of the kinds."""

    def __init__(self, raw: Mapping[str, Any], *, places: Places, folder: Path) -> None:
        self.folder = folder
        self.languages = list(dict.fromkeys((site_language(raw), "en")))
        self._places = places
        self._feed_ids = [id_ for _, feed in tables(raw, "feed") for id_ in texts(feed.get("id"))]
        self._section_ids = {id_ for _, section in tables(raw, "section") for id_ in texts(section.get("id"))}
        self._own: dict[
            str, dict[str, None]
        ] = {}  # a name folded -> ids of regions, in the order of the file
        self._own_ids: set[str] = set()
        self._own_names: list[str] = []
        for _, region in tables(raw, "region"):
            self._add_region(region)
        self._found: dict[str, str] = {}

    def _add_region(self, region: Mapping[str, Any]) -> None:
        for id_ in texts(region.get("id")):
            self._own_ids.add(id_)
            for name in (id_, *texts(region.get("name")), *texts(region.get("names"))):
                self._own_names.append(name)
                self._own.setdefault(name.casefold(), {})[id_] = None

    def region(self, name: str) -> str:
        """The code of a place: an editor's own region first, else what the gazetteer knows."""
        if name not in self._found:
            self._found[name] = self._one_region(name)
        return self._found[name]

    def _one_region(self, name: str) -> str:
        if name in self._own_ids:
            return name
        codes = tuple(self._own.get(name.casefold(), ())) or self._places.find(name, languages=self.languages)
        if len(codes) == 1:
            return codes[0]
        if codes:
            raise Wrong(
                f"{name}: {listed(codes, last='or')}; the name has more than one meaning, write the code"
            )
        near = guess(name, self._own_names)
        raise Wrong(
            f"{quoted(name)} is no place that is known; write its name in English or its ISO code{near}"
        )

    def feeds(self, pattern: str) -> str:
        """The pattern, when it names a feed of this file."""
        if "*" not in pattern:
            if pattern not in self._feed_ids:
                raise Wrong(f"no feed has the id {quoted(pattern)}{guess(pattern, self._feed_ids)}")
            return pattern
        if not any(fits(pattern, feed_id) for feed_id in self._feed_ids):
            meant = hyphened(pattern)
            if meant != pattern and any(fits(meant, feed_id) for feed_id in self._feed_ids):
                raise Wrong(f"{quoted(pattern)} has a long dash; write {quoted(meant)}")
            near = guess(pattern.replace("*", ""), self._feed_ids)
            raise Wrong(f"no feed has an id that fits {quoted(pattern)}{near}")
        return pattern

    def section(self, section_id: str) -> str:
        """The id, when a section of this file has it."""
        if section_id not in self._section_ids:
            raise Wrong(f"no section has the id {quoted(section_id)}{guess(section_id, self._section_ids)}")
        return section_id


def region_code(name: str, config: Config, places: Places) -> str:
    """The code of a place that somebody names, as in the file; raises Wrong."""
    own = [{"id": each.id, "name": each.name or None, "names": list(each.names)} for each in config.region]
    raw = {"site": {"language": config.site.language}, "region": own}
    return Names(raw, places=places, folder=Path()).region(name)
