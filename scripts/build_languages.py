"""Build aggregator/data/languages.txt: what tells a language, and the names and codes that languages go by.

    python scripts/build_languages.py [--check]

Words, parts of words and letters stand in scripts/data/languages.toml; names in English, in the languages themselves
and in Indonesian, and codes of three letters or of old, come from CLDR (through Babel). `--check` writes nothing and
fails when the file is not what would be written.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global

ROOT: Final = Path(__file__).resolve().parent.parent
TARGET: Final = ROOT / "aggregator" / "data" / "languages.txt"
GIVEN: Final = ROOT / "scripts" / "data" / "languages.toml"
HEAD: Final = (
    "# Built by scripts/build_languages.py from scripts/data/languages.toml and Unicode CLDR: edit those.\n"
    "# A line: language, script, letters, words, parts of words. Then: name, what it names; code, what\n"
    "# stands for it; all codes there are.\n"
)
NAMED_IN: Final = ("en", "id")
# What publishers write besides.
OTHERS: Final = {
    "indonesia": "id", "bahasa": "id", "bahasa indonesia": "id", "bahasa melayu": "ms", "bahasa malaysia": "ms",
    "farsi": "fa", "castellano": "es", "mandarin": "zh", "flemish": "nl", "tagalog": "fil", "burmese": "my",
    "simplified chinese": "zh-Hans", "traditional chinese": "zh-Hant", "brazilian portuguese": "pt-BR",
    "american english": "en-US", "british english": "en-GB", "us english": "en-US", "uk english": "en-GB",
}  # fmt: skip


def told() -> Iterator[str]:
    """Write what tells each language."""
    for tag, own in tomllib.loads(GIVEN.read_text("utf-8")).items():
        fields = (tag, own["script"], own.get("letters", "-"), own["words"], own["parts"])
        yield "\t".join(("tells", *fields))


def named() -> dict[str, str]:
    """Give names of languages in small letters, and what they name."""
    found: dict[str, str] = {}
    languages = sorted(code for code in localedata.locale_identifiers() if "_" not in code)
    for reader in (*NAMED_IN, *languages):
        try:
            names = Locale.parse(reader).languages
        except (UnknownLocaleError, ValueError):
            continue
        codes = languages if reader in NAMED_IN else [reader]
        for code in codes:
            name = str(names.get(code, "")).lower()
            if len(name) > 3:
                found.setdefault(name, code)
    return found | OTHERS


def coded() -> dict[str, str]:
    """Give codes of three letters, and old ones of two, and what stands for them today."""
    aliases = get_global("language_aliases")
    return {
        code: str(tag).replace("_", "-")
        for code, tag in aliases.items()
        if code.isalpha() and len(code) <= 3 and str(tag).replace("_", "-").partition("-")[0].isalpha()
    }


def existing() -> list[str]:
    """Give the primary subtags that are languages."""
    english = Locale.parse("en").languages
    return sorted({code for code in english if code.isalpha() and 2 <= len(code) <= 3})


def built() -> str:
    """Give the whole file."""
    lines = [*told()]
    lines += [f"name\t{name}\t{tag}" for name, tag in sorted(named().items())]
    lines += [f"code\t{code}\t{tag}" for code, tag in sorted(coded().items())]
    lines.append("known\t" + " ".join(existing()))
    return HEAD + "\n".join(lines) + "\n"


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
