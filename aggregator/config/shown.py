"""How messages speak of values: short, on one line, without secrets, and with a guess at what was meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date, time
from typing import Final

LONGEST_QUOTE: Final = 70
MOST_NAMED: Final = 10  # of what there is, when something else was asked for

# "https://user:password@host": what stands before the @ is never repeated, in no message and no log.
_USERINFO: Final = re.compile(r"(://)[^/\s\"'?#]*@")


def redacted(text: str) -> str:
    """The text without what stands between `://` and `@` in URLs."""
    return _USERINFO.sub(r"\1…@", text)


def quoted(text: str) -> str:
    """The text in quotes, as TOML writes it, with what is invisible or moves the cursor made visible."""
    clean = visible(redacted(text))
    return f'"{clean if len(clean) <= LONGEST_QUOTE else clean[:LONGEST_QUOTE] + "…"}"'


def visible(text: str) -> str:
    """The text with an escape for what is no letter, sign or blank: messages reach terminals."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def shown(value: object) -> str:
    """A value as feeds.toml would write it; lists and tables by their name."""
    match value:
        case str():
            return quoted(value)
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return "a list"
        case dict():
            return "a table"
        case int() if value.bit_length() > 200:
            return "a very long number"
        case _:
            return str(value)


def sort_of(value: object) -> str:
    """What sort of value TOML gave, in an editor's words."""
    match value:
        case str():
            return "a text"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case date() | time():
            return "a date or a time"
        case list():
            return "a list"
        case _:
            return "a table"


def guess(word: str, known: Iterable[str]) -> str:
    """` – did you mean "interval"?`, or nothing when no known word is near."""
    import difflib  # only files with faults need it

    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f'; did you mean "{folded[near[0]]}"?' if near else ""


def no_such(what: str, given: str, known: Collection[str]) -> str:
    """`kampa: no such feed; did you mean kampar? …`: what there is, or of much what is near and how much it is."""
    import difflib

    is_plain = given.isprintable() and given.strip() == given and 0 < len(given) <= LONGEST_QUOTE
    said = f"{given if is_plain else quoted(given)}: no such {what}"
    if len(known) <= MOST_NAMED:
        return f"{said}; there are: {', '.join(known)}" if known else f"{said}; there are none"
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(given[:LONGEST_QUOTE].casefold(), folded, n=3, cutoff=0.6)
    meant = f"did you mean {listed((folded[each] for each in near), last='or')}? " if near else ""
    return f"{said}; {meant}{'There' if meant else 'there'} are {len(known)}, which `aggregator status` lists"


def listed(words: Iterable[str], *, last: str = "and", most: int = 12) -> str:
    """`a, b and c`; long lists end in `…`."""
    names = list(words)
    if len(names) > most:
        return ", ".join(names[:most]) + ", …"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
