"""Which sections a story belongs in, by the conditions that editors wrote, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Final, Protocol

from aggregator.core import text as texts
from aggregator.model import Condition, Config, Membership, Role, SectionSettings, StoryView

EVERYTHING: Final = "everything"


class Places(Protocol):
    """What sections need to know of places."""

    def name(self, code: str, language: str) -> str:
        """Give what the place is called in a language."""
        ...

    def containing(self, code: str) -> tuple[str, ...]:
        """Give the codes of all that the place lies in."""
        ...


Test = Callable[[StoryView], str | None]  # why it fits, or None


@dataclass(frozen=True, slots=True)
class _Matcher:
    """One condition, made ready: every test must give a reason."""

    tests: tuple[Test, ...]

    def reason(self, view: StoryView) -> str | None:
        reasons = []
        for test in self.tests:
            reason = test(view)
            if reason is None:
                return None
            reasons.append(reason)
        return ", ".join(reasons)


class Selector:
    """The selection of every section, compiled once for a configuration."""

    def __init__(self, config: Config, places: Places) -> None:
        self._places = places
        self._language = config.site.language
        self._never = [self._compile(condition) for condition in config.site.exclude]
        self._feeds = {feed.id: [self._compile(each) for each in feed.exclude] for feed in config.feed}
        self._sections = [
            (
                section,
                [self._compile(each) for each in section.include],
                [self._compile(each) for each in section.exclude],
            )
            for section in config.section
        ]

    def __call__(self, view: StoryView) -> tuple[Membership, ...]:
        """Give every section that takes the story, with the reason in words."""
        excluded = [*self._never, *self._feeds.get(view.lead_feed, ())]
        if _first_reason(excluded, view) is not None:
            return ()
        return tuple(
            Membership(section_id=section.id, because=because)
            for section, include, exclude in self._sections
            if (because := _because(section, include, exclude, view)) is not None
        )

    def _compile(self, condition: Condition) -> _Matcher:
        return _Matcher(tuple(self._tests(condition)))

    def _tests(self, condition: Condition) -> Iterator[Test]:
        if condition.feeds:
            yield lambda view: _any_feed(condition.feeds, view)
        if condition.regions:
            yield lambda view: self._region("regions", condition.regions, view)
        if condition.mentions:
            yield lambda view: self._region("mentions", condition.mentions, view)
        if condition.categories:
            yield _category_test(condition.categories)
        if condition.languages:
            yield lambda view: _language(condition.languages, view)
        if condition.headline:
            yield _phrase_test("headline", condition.headline, whole_text=False)
        if condition.words:
            yield _phrase_test("words", condition.words, whole_text=True)

    def _region(self, key: str, wanted: Sequence[str], view: StoryView) -> str | None:
        """Fit when the story is about (or names) one of the places, or one within it."""
        for region in view.regions:
            if key == "regions" and region.role is not Role.FOCUS:
                continue
            within = {region.code, *self._places.containing(region.code)}
            for code in wanted:
                if code in within:
                    name = self._places.name(code, self._language)
                    return f"{key}: {name}" if code == region.code else f"{key}: {name} ({region.code})"
        return None


def digest_of(config: Config) -> str:
    """Give a text that changes when what sections take, or the words that say why, may change."""
    feeds = [(feed.id, feed.exclude) for feed in config.feed]
    taken = [(section.id, section.include, section.exclude) for section in config.section]
    parts = repr((config.site.language, config.site.exclude, feeds, taken, config.region))
    return blake2b(parts.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _because(
    section: SectionSettings, include: Sequence[_Matcher], exclude: Sequence[_Matcher], view: StoryView
) -> str | None:
    because = _first_reason(include, view) if section.include else EVERYTHING
    if because is None or _first_reason(exclude, view) is not None:
        return None
    return because


def _first_reason(matchers: Sequence[_Matcher], view: StoryView) -> str | None:
    return next((reason for each in matchers if (reason := each.reason(view)) is not None), None)


def _any_feed(wanted: Sequence[str], view: StoryView) -> str | None:
    return next(
        (f"feeds: {feed}" for feed in view.feeds if any(fnmatchcase(feed, pattern) for pattern in wanted)),
        None,
    )


def _category_test(wanted: Sequence[str]) -> Test:
    folded = {texts.fold(each) for each in wanted}

    def test(view: StoryView) -> str | None:
        return next((f"categories: {each}" for each in view.categories if texts.fold(each) in folded), None)

    return test


def _language(wanted: Sequence[str], view: StoryView) -> str | None:
    spoken = view.article.language.casefold()
    fits = any(spoken == each.casefold() or spoken.startswith(each.casefold() + "-") for each in wanted)
    return f"languages: {view.article.language}" if spoken and fits else None


def _phrase_test(key: str, wanted: Sequence[str], *, whole_text: bool) -> Test:
    patterns = [(phrase, _pattern(phrase)) for phrase in wanted]

    def test(view: StoryView) -> str | None:
        parts = [view.article.headline, view.article.kicker or ""]
        if whole_text:
            parts.append(view.article.text)
        searched = texts.fold("\n".join(parts))
        return next((f"{key}: {phrase}" for phrase, pattern in patterns if pattern.search(searched)), None)

    return test


def _pattern(phrase: str) -> re.Pattern[str]:
    """Compile whole words or phrases, any case, with `*` at either end for affixes."""
    bare = phrase.strip()
    head, tail = bare.startswith("*"), bare.endswith("*")
    words = [re.escape(word) for word in texts.fold(bare.strip("*")).split()]
    # Scripts without blanks have no word boundary to look for.
    open_ended = bool(texts.UNSPACED.search(bare))
    letter = (
        f"(?:{texts.LETTER})"  # \w leaves out the vowel signs of Indic scripts, and words would end at one
    )
    start = f"{letter}*" if head else "" if open_ended else f"(?<!{letter})"
    end = f"{letter}*" if tail else "" if open_ended else f"(?!{letter})"
    return re.compile(start + r"\s+".join(words) + end)
