"""The stronger detector of the extra `aggregator[language]`: py3langid, asked where our own look settles nothing."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Final

LEAST: Final = 20  # characters: of less it guesses
# What it may answer: the languages of news, since of all its 97 it finds Latin and Esperanto in headlines.
_AMONG: Final = (
    "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko"
    " ku ky lb lo lt lv mk ml mn mr ms mt nb ne nl nn no pa pl ps pt ro ru si sk sl sq sr sv sw ta te th tl tr ug uk ur"
    " vi xh zh zu"
)
RENAMED: Final = {"tl": "fil", "nb": "no", "nn": "no"}


def ask_stronger(text: str) -> str:
    """Name the language as BCP 47; "" when the extra is not installed, or the text is too short."""
    classify = _classifier()
    if classify is None or len(text.strip()) < LEAST:
        return ""
    language = classify(text)
    return RENAMED.get(language, language)


@cache
def _classifier() -> Callable[[str], str] | None:
    """Load the library with its model, once: half a second and some 100 MB."""
    try:
        library = importlib.import_module("py3langid.langid")
    except ImportError:
        return None
    identifier = library.LanguageIdentifier.from_pickled_model(library.MODEL_FILE)
    identifier.set_languages(_AMONG.split())

    def classify(text: str) -> str:
        return str(identifier.classify(text)[0])

    return classify
