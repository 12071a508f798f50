"""The places we know: their codes, names, kinds and what contains them; editors' own regions included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.core.regions.archive import Archive
from aggregator.core.regions.lexicon import Lexicon, Term
from aggregator.core.regions.lexicons import Lexicons, NameRow, comparable
from aggregator.model import RegionSettings

ISO_SCHEME: Final = "urn:iso:std:iso:3166"
M49_SCHEME: Final = "urn:un:m49"
ENGLISH: Final = "en"

# Subtags that writers still use for what is now written otherwise (IANA language subtag registry).
_LANGUAGES: Final = {
    "in": "id",
    "iw": "he",
    "ji": "yi",
    "mo": "ro",
    "tl": "fil",
    "sh": "sr",
    "nb": "no",
    "nn": "no",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place, without its names."""

    code: str  # ISO 3166-1 or -2, UN M49, or the id of an editor's region
    kind: str  # country | subdivision | group | own
    parents: tuple[str, ...] = ()  # codes of what contains it directly, nearest first
    point: tuple[float, float] | None = None  # latitude, longitude: of its capital, else its middle
    languages: tuple[str, ...] = ()  # that its papers are written in, the commonest first


def primary(language: str) -> str:
    """Return the language subtag of a BCP 47 tag, in its present form: "in-ID" is "id"."""
    subtag = language.replace("_", "-").partition("-")[0].lower()
    return _LANGUAGES.get(subtag, subtag)


class Gazetteer:
    """Names and containment of regions. Reading it is cheap; what a text is searched with is built at first use."""

    __slots__ = ("_archive", "_lexicons", "_names", "_own", "_own_lexicons", "_parents", "_places")

    def __init__(
        self,
        archive: Archive,
        places: Mapping[str, Place],
        *,
        own: Mapping[str, RegionSettings] | None = None,
    ) -> None:
        self._archive = archive
        self._places = places
        self._own = own or {}
        self._parents = _own_parents(self._own)
        self._names: dict[str, Mapping[str, NameRow]] = {}
        self._lexicons = Lexicons(archive, self.names, self.kind)
        self._own_lexicons: dict[str, Lexicon] = {}

    @classmethod
    def from_bytes(cls, data: bytes) -> Gazetteer:
        """Open the shipped file (`data/regions.bin`); ValueError when it is damaged or of another version."""
        archive = Archive.from_bytes(data)
        return cls(archive, {row[0]: _place(row) for row in archive.lines("places")})

    def with_regions(self, regions: Sequence[RegionSettings]) -> Gazetteer:
        """Return a gazetteer that knows the editors' regions too.

        One whose id is an ISO or M49 code adds its names and members to that place.
        """
        own = {**self._own, **{region.id: region for region in regions}}
        places = dict(self._places)
        for region in regions:
            places.setdefault(region.id, Place(code=region.id, kind="own"))
        extended = Gazetteer(self._archive, places, own=own)
        extended._names = self._names
        extended._lexicons = self._lexicons
        return extended

    def is_code(self, code: str) -> bool:
        """Whether this is the code of a place, or the id of an editor's region."""
        return code in self._places

    def kind(self, code: str) -> str:
        """Return country, subdivision, group (UN M49), own (an editor's), or "" for no place."""
        place = self._places.get(code)
        return place.kind if place else ""

    def find(self, name: str, *, languages: Sequence[str]) -> tuple[str, ...]:
        """Return the codes that a code or a name may mean, likeliest first; () when it is unknown.

        English names are always understood, beside those of the languages given. "Georgia" gives
        ("GE", "US-GA"): whoever asks tells the editor to choose.
        """
        written, wanted = name.strip(), comparable(name)
        found = dict.fromkeys(code for code in (written, written.upper()) if code in self._places)
        found |= dict.fromkeys(code for code, region in self._own.items() if _is_called(region, wanted))
        for language in dict.fromkeys((*languages, ENGLISH)):
            # "as" typed in lower case is no abbreviation of Amerika Serikat; "AS" is.
            rows = self.names(primary(language)).items()
            found |= dict.fromkeys(code for code, row in rows if row.means(written, wanted))
        return tuple(found)

    def name(self, code: str, language: str) -> str:
        """Return the name of a place in a language, else in English, else its code."""
        region = self._own.get(code)
        if region is not None and region.name and self.kind(code) == "own":
            return region.name
        for wanted in (primary(language), ENGLISH):
            row = self.names(wanted).get(code)
            if row is not None:
                return row.name
        return code

    def point(self, code: str) -> tuple[float, float] | None:
        """Return latitude and longitude of a place's capital, else of its middle; None: it has no one point."""
        place = self._places.get(code)
        return place.point if place else None

    def scheme(self, code: str, site_url: str) -> str:
        """Return the scheme of a region's category; `site_url` ends in "/"."""
        match self.kind(code):
            case "country" | "subdivision":
                return ISO_SCHEME
            case "group":
                return M49_SCHEME
            case _:
                return f"{site_url}regions/"

    def containing(self, code: str) -> tuple[str, ...]:
        """Return what contains a place, nearest first: its country, M49 groups, editors' regions."""
        found: dict[str, None] = {}
        ring = [code]
        while ring:
            ring = [parent for inner in ring for parent in self._parents_of(inner) if parent != code]
            ring = [parent for parent in dict.fromkeys(ring) if parent not in found]
            found.update(dict.fromkeys(ring))
        return tuple(found)

    def country_of(self, code: str) -> str:
        """Return the country of a subdivision, and any other place itself."""
        place = self._places.get(code)
        return place.parents[0] if place and place.kind == "subdivision" else code

    def languages_of(self, code: str) -> tuple[str, ...]:
        """Return the languages that papers of a place are written in, the commonest first."""
        place = self._places.get(self.country_of(code))
        return place.languages if place else ()

    def names(self, language: str) -> Mapping[str, NameRow]:
        """Return every name in a language (its primary subtag), by code; empty for an unknown language."""
        rows = self._names.get(language)
        if rows is None:
            if not self._lexicons.knows(language):
                return {}  # and nothing is kept: feeds may claim any language
            rows = {row[0]: NameRow(row[1:]) for row in self._archive.lines(f"names:{language}")}
            self._names[language] = rows
        return rows

    def spoken(self, language: str) -> str:
        """Return the language of a BCP 47 tag by its primary subtag; "" when there are no names in it."""
        subtag = primary(language)
        return subtag if self._lexicons.knows(subtag) else ""

    @property
    def lexicons(self) -> Lexicons:
        """What texts are searched with, each built when a text first needs it."""
        return self._lexicons

    def own_lexicon(self, language: str) -> Lexicon:
        """Return the names that editors added or took away (rule "not"), for texts in a spoken language."""
        if language not in self._own_lexicons:
            terms = [term for region in self._own.values() for term in _own_terms(region)]
            self._own_lexicons[language] = self._lexicons.of_names(terms, language)
        return self._own_lexicons[language]

    def _parents_of(self, code: str) -> Iterator[str]:
        place = self._places.get(code)
        if place is not None:
            yield from place.parents
        yield from self._parents.get(code, ())


def _place(row: Sequence[str]) -> Place:
    code, kind, parents, point, languages = row
    latitude, _, longitude = point.partition(",")
    return Place(
        code=code,
        kind=kind,
        parents=tuple(parents.split()),
        point=(float(latitude), float(longitude)) if point else None,
        languages=tuple(languages.split()),
    )


def _own_parents(own: Mapping[str, RegionSettings]) -> dict[str, tuple[str, ...]]:
    """Turn members of editors' regions round: what contains each member."""
    parents: dict[str, tuple[str, ...]] = {}
    for region in own.values():
        for member in region.members:
            if member != region.id:
                parents[member] = (*parents.get(member, ()), region.id)
    return parents


def _is_called(region: RegionSettings, wanted: str) -> bool:
    return any(comparable(name) == wanted for name in (region.name, *region.names) if name)


def _own_terms(region: RegionSettings) -> Iterator[Term]:
    for name in dict.fromkeys((region.name, *region.names)):
        if name:
            yield Term(name, (region.id,), "name")
    for name in region.not_names:
        yield Term(name, (region.id,), "not")
