"""Build aggregator/data/dates.txt: the words of dates in every language of scripts/data/dates.toml.

    python scripts/build_dates.py [--check]

Names of months, weekdays and halves of the day, forms of "two hours ago" and the order of day and month come from
CLDR (through Babel); what papers write besides stands in scripts/data/dates.toml. The same versions give the same
bytes. `--check` writes nothing and fails when the file is not what would be written.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from babel import Locale, localedata

from aggregator.core.dates.tokens import spell

ROOT: Final = Path(__file__).resolve().parent.parent
TARGET: Final = ROOT / "aggregator" / "data" / "dates.txt"
GIVEN: Final = ROOT / "scripts" / "data" / "dates.toml"
HEAD: Final = (
    "# Built by scripts/build_dates.py from Unicode CLDR and scripts/data/dates.toml: edit those, not this file.\n"
    "# A line: language, what it tells, the values. Forms of one value are separated by /, blanks in a form are _.\n"
)
UNITS: Final = ("second", "minute", "hour", "day", "week", "month", "year")
WORDS: Final = ("am", "noon", "pm", "night", "today", "yesterday", "before", "now", "fill", "at", "hour", "minute",
                "second", "month_mark", "changed", "prefix")  # fmt: skip
HALVES: Final = ("am", "noon", "pm", "night")
Forms = dict[str, None]  # an ordered set


def spelt(names: Iterable[str]) -> Forms:
    """Give names as the lexicon knows them, without what is empty or tells its number ("1月", "tháng 1", "M01")."""
    words = (spell(name) for name in names if name)
    return dict.fromkeys(word for word in words if word and not re.search(r"\d|[月월]", word))


def loaded(code: str) -> Mapping[str, Any]:
    """Load one language of CLDR, alone: Babel's aliases leak from one language into the next."""
    localedata._cache.clear()  # noqa: SLF001 - there is no other way to forget what leaked
    return Locale.parse(code)._data  # type: ignore[no-any-return]  # noqa: SLF001 - likewise


def names(data: Mapping[str, Any], what: str, number: int, widths: Iterable[str]) -> Iterator[str]:
    """Give the names of one month or weekday, within a date and alone."""
    for context in ("format", "stand-alone"):
        for width in widths:
            yield str(data[what].get(context, {}).get(width, {}).get(number, ""))


def listed(own: Mapping[str, Any], key: str, place: int) -> list[str]:
    """Give what the table has for one of seven or twelve."""
    return str(own[key][place]).split("/") if key in own else []


def months(data: Mapping[str, Any], own: Mapping[str, Any]) -> list[Forms]:
    """Give the twelve months, each in all of its forms."""
    return [
        spelt([*listed(own, "months", place), *names(data, "months", place + 1, ("wide", "abbreviated"))])
        for place in range(12)
    ]


def weekdays(data: Mapping[str, Any], own: Mapping[str, Any]) -> list[Forms]:
    """Give the seven weekdays, Monday first."""
    return [
        spelt(
            [*listed(own, "weekdays", place), *names(data, "days", place, ("wide", "abbreviated", "short"))]
        )
        for place in range(7)
    ]


def halves(data: Mapping[str, Any], half: str) -> Iterator[str]:
    """Give the words for before or after noon."""
    for width in ("abbreviated", "wide"):
        yield str(data["day_periods"].get("format", {}).get(width, {}).get(half, ""))


def ago(data: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Forms]:
    """Give by unit the forms of so many units ago, the number written {}; "hour 2" are those without a number."""
    found: dict[str, list[str]] = {}
    for unit in UNITS:
        for width in (unit, f"{unit}-short", f"{unit}-narrow"):
            for form in dict(data["date_fields"].get(width, {}).get("past", {})).values():
                found.setdefault(unit, []).append(str(form).replace("{0}", "{}"))
    for line in own.get("ago", ()):
        unit, _, forms = line.partition(": ")
        found.setdefault(unit, []).extend(forms.split("/"))
    return {unit: Forms.fromkeys(filter(is_told, map(with_place, forms))) for unit, forms in found.items()}


def with_place(form: str) -> str:
    """Spell a form on both sides of its number."""
    return "{}".join(spell(part) for part in form.split("{}"))


def is_told(form: str) -> bool:
    """Whether a form says "ago": a sign ("-2 h") does not."""
    return any(char.isalpha() for char in form)


def orders() -> Iterator[str]:
    """Give the languages, and the territories that differ, in which the month comes before the day."""
    for code in sorted(localedata.locale_identifiers()):
        pattern = str(loaded(code)["date_formats"]["short"].pattern)
        letters = re.sub(r"[^dMy]", "", re.sub(r"'[^']*'", "", pattern))
        if re.fullmatch(r"M+d+y+", letters):
            yield code.replace("_", "-").lower()


def line(code: str, what: str, values: Iterable[Iterable[str]]) -> str:
    """Write one line."""
    written = " ".join("/".join(form.replace(" ", "_") for form in forms) or "-" for forms in values)
    return f"{code} {what} {written}\n"


def lines(code: str, own: Mapping[str, Any]) -> Iterator[str]:
    """Write what is known of one language."""
    data = loaded(code)
    tag = code.replace("_", "-")
    yield line(tag, "months", months(data, own))
    yield line(tag, "weekdays", weekdays(data, own))
    if "solar" in own:
        yield line(tag, "solar", [spelt(name.split("/")) for name in own["solar"]])
    for what in WORDS:
        mine = spelt(str(own.get(what, "")).split("/"))
        given = spelt(halves(data, what)) if what in ("am", "pm") else {}
        others = spelt(form for half in HALVES for form in str(own.get(half, "")).split("/"))
        forms = mine | {form: None for form in given if form not in others}
        if forms:
            yield line(tag, what, [forms])
    for unit, forms in ago(data, own).items():
        yield line(tag, f"ago:{unit.replace(' ', ':')}", [forms])


def built() -> str:
    """Give the whole file."""
    table = tomllib.loads(GIVEN.read_text("utf-8"))
    text = HEAD + line("und", "month_first", [[code] for code in orders()])
    return text + "".join("".join(lines(code, own)) for code, own in table.items())


def main() -> int:
    """Write the file, or check it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    text = built()
    if parser.parse_args().check:
        return int(TARGET.read_text("utf-8") != text)
    TARGET.write_text(text, "utf-8")
    print(f"{TARGET.name}: {len(text.encode()):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
