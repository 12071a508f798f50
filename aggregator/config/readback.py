"""Says back what a configuration means, in sentences, and what is no fault but may be an oversight."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Final

from aggregator.config.kinds import in_words
from aggregator.config.names import Places
from aggregator.config.shown import listed, quoted
from aggregator.core.toml import written
from aggregator.model import Condition, Config, SectionSettings

_THIS_MACHINE: Final = re.compile(r"https?://(?:localhost|127\.[0-9.]+|\[::1\])(?::[0-9]+)?/")
_MOST_MEMBERS: Final = 5
# Keys that are read and checked, so that files written for them stay good, and that nothing acts on so far.
NOT_YET: Final = (
    "storage.max_size",
    "output.backfill",
    "output.regions",
    "output.hub",
    "feed.deletions",
)


def has_feeds(config: Config) -> bool:
    """Whether there is anything to read; a reload refuses a file without feeds, as it is most likely half a file."""
    return bool(config.feed)


def sentences(config: Config, gazetteer: Places) -> list[str]:
    """One sentence a section, in the order of the file: what it takes, what it leaves out, how much it shows."""
    return [_sentence(section, config, gazetteer) for section in config.section]


def _sentence(section: SectionSettings, config: Config, places: Places) -> str:
    takes = ", or ".join(_condition(line, config, places) for line in section.include)
    takes = f"stories {takes}" if takes else "every story"
    left_out = [*section.exclude, *config.site.exclude]
    without = ", or ".join(_condition(line, config, places) for line in left_out)
    count = section.entries or config.output.entries
    amount = f"the newest {count:,}"
    if config.output.span:
        amount += f", and all of the last {in_words(config.output.span)}"
    return (
        f"{section.title} ({section.id}/): {takes}{f'; not: stories {without}' if without else ''}; {amount}."
    )


def _condition(condition: Condition, config: Config, places: Places) -> str:
    """One line of conditions: all of its parts, each by any of its values."""
    return " and ".join(_parts(condition, config, places))


def _parts(condition: Condition, config: Config, places: Places) -> Iterator[str]:
    if condition.regions:
        yield f"about {_places(condition.regions, config, places)}"
    if condition.mentions:
        yield f"about or mentioning {_places(condition.mentions, config, places)}"
    if condition.feeds:
        noun = "feed" if len(condition.feeds) == 1 and "*" not in condition.feeds[0] else "feeds"
        yield f"from {noun} {listed(condition.feeds, last='or')}"
    if condition.categories:
        yield f"labelled {_any_of(condition.categories)}"
    if condition.languages:
        yield f"in the language {listed(condition.languages, last='or')}"
    if condition.headline:
        yield f"with {_any_of(condition.headline)} in the headline"
    if condition.words:
        yield f"with {_any_of(condition.words)} in headline or text"


def _any_of(values: Iterable[str]) -> str:
    return listed((quoted(value) for value in values), last="or")


def _places(codes: Iterable[str], config: Config, places: Places) -> str:
    return listed((_place(code, config, places) for code in codes), last="or")


def _place(code: str, config: Config, places: Places) -> str:
    """`Asia Tengah (KZ, KG, …)` for an editor's region, `Kazakhstan (KZ)` for others."""
    own = next((region for region in config.region if region.id == code), None)
    name = (own.name if own else "") or places.name(code, config.site.language) or code
    if own is None or not own.members:
        return name if name == code else f"{name} ({code})"
    shortened = [*own.members[:_MOST_MEMBERS], *("…" for _ in own.members[_MOST_MEMBERS : _MOST_MEMBERS + 1])]
    return f"{name} ({', '.join(shortened)})"


def notices(config: Config) -> list[str]:
    """What is allowed but may be an oversight, each in one line."""
    return [*_of_the_site(config), *_of_feeds(config), *_of_regions(config), *_without_effect(config)]


def _of_the_site(config: Config) -> Iterator[str]:
    if not config.site.contact:
        yield "[site] contact is empty: publishers cannot write to you; put an address of e-mail or of a page there"
    if _THIS_MACHINE.match(config.site.url):
        yield f"[site] url is missing or local: links lead to {config.site.url}, which only this machine can open"
    if not config.feed:
        yield "there is no [[feed]] yet: nothing is read"
    if not config.section:
        yield "there is no [[section]] yet: nothing is published"


def _of_feeds(config: Config) -> Iterator[str]:
    floor = config.polling.min_interval
    for feed in config.feed:
        if feed.interval is not None and feed.interval < floor and not feed.paused:
            often = f"interval {written(feed.interval)} is below min_interval {written(floor)}"
            yield f"feed {feed.id}: {often}; be sure that its publisher agrees"


def _of_regions(config: Config) -> Iterator[str]:
    for region in config.region:
        if not (region.members or region.names or region.not_names):
            yield f"region {region.id} has no members, names or not_names: it changes nothing"


def _without_effect(config: Config) -> Iterator[str]:
    for each in NOT_YET:
        name, key = each.split(".")
        held = getattr(config, name)
        tables = held if isinstance(held, tuple) else (held,)
        default = next(field.default for field in fields(tables[0]) if field.name == key) if tables else None
        if any(getattr(table, key) != default for table in tables):
            yield f"{key} is accepted but has no effect yet in this version"
