"""The first feeds.toml: commented, without faults, with a section that takes everything."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("en", "id")


def starter(language: str) -> str:
    """The text of a new feeds.toml in a language; English where there is none in that language."""
    from importlib import resources  # 25 ms, for `init` alone

    primary = language.partition("-")[0].casefold()
    name = f"starter-{primary if primary in LANGUAGES else 'en'}.toml"
    return (resources.files("aggregator") / "data" / name).read_text("utf-8")
