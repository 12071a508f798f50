"""Which lexicons a text is searched with: its language, English, its place's languages, cities, editors' names."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from aggregator.core.regions.archive import Archive
from aggregator.core.regions.folding import fold_text, script_of
from aggregator.core.regions.inflection import Endings, forms, read_endings
from aggregator.core.regions.lexicon import Lexicon, Term

# Marks in front of a name in the file.
_EXACT: Final = "="
_WEAK: Final = "~"
_SHOWN: Final = "-"  # for showing and looking up, not for finding in a text: "World"
_MARKS: Final = _EXACT + _WEAK + _SHOWN
_ALPHABET: Final = 4  # names of countries that have a letter of the language's alphabet, at least
_PARTICLE: Final = "+"  # a line of an endings section that lists particles, not an ending
# Scripts of one language, whose particles hold for the cities too.
_PARTICLES_OF: Final = {"Hang": "ko"}


class NameRow:
    """The names of one place in one language. Folded when used: most rows of a file never are."""

    __slots__ = ("__dict__", "_names", "name")

    def __init__(self, names: Sequence[str]) -> None:
        self.name = names[0].lstrip(_MARKS)  # the one we show
        self._names = names  # with their marks

    def means(self, written: str, wanted: str) -> bool:
        """Whether a name is one of these: as written for an abbreviation ("AS", "U.S."), else folded."""
        return wanted in self._comparable or f"{_EXACT}{written}" in self._names

    @cached_property
    def _comparable(self) -> frozenset[str]:
        return frozenset(
            comparable(name.lstrip(_MARKS)) for name in self._names if not name.startswith(_EXACT)
        )

    def terms(self, codes: tuple[str, ...], rule: str) -> Iterator[Term]:
        """Yield the names that texts are searched for."""
        for name in self._names:
            if name.startswith(_EXACT):
                yield Term(name[1:], codes, "abbreviation", exact=True)
            elif not name.startswith(_SHOWN):
                yield Term(name.removeprefix(_WEAK), codes, rule, weak=name.startswith(_WEAK))


def comparable(name: str) -> str:
    """Return a name as it is compared: compatibility forms, case, punctuation and blanks made equal."""
    return " ".join(fold_text(unicodedata.normalize("NFKC", name)).split())


class Lexicons:
    """Builds each lexicon when a text first needs it, and keeps it; holds nothing of an editor's."""

    __slots__ = ("_archive", "_built", "_kind", "_listed", "_names", "_scripts")

    def __init__(
        self,
        archive: Archive,
        names: Callable[[str], Mapping[str, NameRow]],
        kind: Callable[[str], str],
    ) -> None:
        self._archive = archive
        self._names = names
        self._kind = kind
        self._built: dict[str, Lexicon] = {}
        self._scripts: dict[str, tuple[str, ...]] = {}
        self._listed: dict[str, frozenset[str]] = {}

    def of_language(self, language: str) -> Lexicon:
        """Return the names of countries, groups and subdivisions in a language, with their inflected forms."""
        key = f"language:{language}"
        if key not in self._built:
            endings, particles = self._grammar(language)
            terms = list(self._name_terms(language))
            if endings or particles:
                terms += self._likely_cities(language)
            terms += [
                _form(term, form) for term in terms if not term.exact for form in forms(term.name, endings)
            ]
            self._built[key] = Lexicon(terms, particles)
        return self._built[key]

    def of_cities(self, script: str) -> Lexicon:
        """Return the cities in one script, in whatever language; uninflected."""
        key = f"cities:{script}"
        if key not in self._built:
            particles = self._grammar(_PARTICLES_OF[script])[1] if script in _PARTICLES_OF else frozenset()
            self._built[key] = Lexicon(self._city_terms(script), particles)
        return self._built[key]

    def of_names(self, terms: Sequence[Term], language: str) -> Lexicon:
        """Return a lexicon of names that are not in the file, inflected as the language does."""
        endings, particles = self._grammar(language)
        return Lexicon(
            [*terms, *(_form(term, form) for term in terms for form in forms(term.name, endings))], particles
        )

    @property
    def built(self) -> tuple[str, ...]:
        """Which lexicons have been built so far: "language:id", "cities:Latn"."""
        return tuple(self._built)

    def knows(self, language: str) -> bool:
        """Whether there are names in this language."""
        return f"names:{language}" in self._archive

    def scripts(self, language: str) -> tuple[str, ...]:
        """Return the scripts that a language's names are written in; Latin for an unknown language."""
        if language not in self._scripts:
            counts = Counter(script_of(row.name) for row in self._names(language).values())
            often = (script for script, count in counts.items() if count * 10 > counts.total())
            self._scripts[language] = tuple(often) or ("Latn",)
        return self._scripts[language]

    def stops(self, language: str) -> frozenset[str]:
        """Return the words of a language, folded, that are never meant as cities: "lima" is five."""
        return self._words(f"stops:{language}") | self._words("stops:any")

    @property
    def given(self) -> frozenset[str]:
        """Names of places, folded, that people bear before another name: "Jordan Henderson"."""
        return self._words("given:any")

    @property
    def surnames(self) -> frozenset[str]:
        """Names of places, folded, that people bear after another name: "Jack London"."""
        return self._words("surnames:any")

    def _words(self, section: str) -> frozenset[str]:
        if section not in self._listed:
            lines = self._archive.lines(section)
            self._listed[section] = frozenset(word for line in lines for word in line)
        return self._listed[section]

    def _name_terms(self, language: str) -> Iterator[Term]:
        for code, row in self._names(language).items():
            yield from row.terms((code,), "subdivision" if self._kind(code) == "subdivision" else "name")

    def _city_terms(self, script: str, *, flagged: bool = False) -> Iterator[Term]:
        """Yield the cities in a script; the flagged alone are capitals and very large."""
        for codes, flags, *names in self._archive.lines(f"cities:{script}"):
            if flags or not flagged:
                places, weak = tuple(codes.split()), "w" in flags
                yield from (Term(name, places, "city", weak) for name in names)

    def _likely_cities(self, language: str) -> Iterator[Term]:
        """Yield the cities by the names that the language could write, for inflecting."""
        counts = Counter(
            letter for row in self._names(language).values() for letter in set(fold_text(row.name))
        )
        # "Curaçao" makes no "ç" a letter of Polish.
        letters = {letter for letter, count in counts.items() if count >= _ALPHABET} | {" "}
        for script in self.scripts(language):
            cities = self._city_terms(script, flagged=script == "Latn")
            yield from (term for term in cities if letters.issuperset(fold_text(term.name)))

    def _grammar(self, language: str) -> tuple[Endings, frozenset[str]]:
        """Return the table of endings and the particles of a language."""
        lines = self._archive.lines(f"endings:{language}")
        particles = {particle for line in lines if line[0] == _PARTICLE for particle in line[1:]}
        return read_endings([line for line in lines if line[0] != _PARTICLE]), frozenset(particles)


def _form(term: Term, form: str) -> Term:
    return term._replace(name=form, rule="stem" if term.rule == "name" else term.rule)
