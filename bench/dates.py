"""CPU of reading dates and of telling languages: microseconds a text.

    python bench/dates.py [FOLDER] [--runs 5]

FOLDER holds feeds as files: of their dates it is told how many are read without any search, and what one costs on
the average. Without it only the forms are measured. The lowest of the runs is what counts: a busy machine only adds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aggregator.core import formats
from aggregator.core.dates import find_date, parse_date, quick
from aggregator.core.language import choose, detect
from aggregator.errors import ParseError

NOW: Final = datetime(2022, 1, 8, 3, 0, tzinfo=UTC)
TEXT: Final = "Warga yang mengungsi belum bisa kembali karena air masih tinggi, kata pihak kecamatan. "
FORMS: Final = {
    "RFC 822": "Sat, {:02} Jan 2022 05:06:00 +0700",
    "RFC 3339": "2022-01-{:02}T05:06:00+07:00",
    "in words": "Sabtu, {:02} Januari 2022 - 05:06 WIB",
    "told from now": "{} jam yang lalu",
    "none": "no date {} at all",
}


def cost(read: Callable[[str], object], texts: Sequence[str], runs: int) -> float:
    """Give the microseconds of one text, of the cheapest run."""
    lowest = float("inf")
    for _ in range(runs):
        before = time.process_time()
        for text in texts:
            read(text)
        lowest = min(lowest, time.process_time() - before)
    return 1e6 * lowest / len(texts)


def read_date(text: str) -> object:
    """Read a date as the program does."""
    return parse_date(text, language="id", timezone="Asia/Jakarta", now=NOW)


def dates_in(folder: Path) -> list[str]:
    """Give every date of the feeds in a folder."""
    found: list[str] = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        try:
            parsed = formats.parse(path.read_bytes(), url="https://asal.example/feed", content_type=None)
        except ParseError:
            continue
        found += [text for raw in parsed.entries for text in (raw.published, raw.updated) if text]
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    for name, form in FORMS.items():
        texts = [form.format(1 + number % 28) for number in range(560)]
        print(f"{name}: {cost(read_date, texts, given.runs):.1f} µs a date")
    line = "Oleh Redaksi - Sabtu, 8 Januari 2022 - 05:06 WIB - 12 komentar"
    print(
        f"in a line: {cost(lambda text: find_date(text, language='id'), [line] * 200, given.runs):.1f} µs a line"
    )
    for name, read in {"detected": detect, "declared": lambda text: choose("id", text)}.items():
        print(
            f"language {name}: {cost(read, [12 * TEXT] * 100, given.runs):.0f} µs a text of 1,000 characters"
        )
    if given.folder:
        texts = dates_in(given.folder)
        known = sum(quick.read(text.strip()) is not None for text in texts)
        mean = cost(read_date, texts, given.runs)
        print(f"{known} of {len(texts)} dates are read without any search; mean {mean:.1f} µs a date")


if __name__ == "__main__":
    main()
