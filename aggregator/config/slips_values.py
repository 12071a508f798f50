"""Slips in single values: quotes, words, units, backslashes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from aggregator.config.draft import Edit, Slip
from aggregator.config.kinds import meant_duration, meant_size
from aggregator.config.scanner import Stumble
from aggregator.config.slips_lines import content_end, line_end

_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("true", "yes", "on", "ya", "y"), "true"),
    **dict.fromkeys(("false", "no", "off", "tidak", "n"), "false"),
}
_NOTHING: Final = ("null", "none", "nil", "undefined")
_QUOTES: Final = "\"'`“”„‟«»‘’‚‛"


def basic(text: str) -> str:
    """The text in quotes as TOML wants it."""
    if '"' in text and "'" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def missing_value(text: str, stumble: Stumble) -> Slip | None:
    """`title =` with nothing behind it, or with the value on the next line."""
    if text[stumble.at : stumble.at + 1] not in ("", "\n", "\r", "#"):
        return None
    key = text[stumble.begun : stumble.at].partition("=")[0].strip()
    below = re.compile(r"\s*(?=\"|'|\{|\[[ \t]*(?:[\"'{]|\n))").match(text, stumble.at)
    if below and "\n" in below.group():
        if text[below.end() : content_end(text, below.end())].endswith(","):
            message = f"the [ that opens the list of {key} is missing"
            bracket = ("" if text[stumble.at - 1] in " \t" else " ") + "["
            return Slip(stumble.begun, message, (Edit(stumble.at, stumble.at, bracket),))
        return Slip(
            stumble.begun,
            f"the value of {key} begins on the line of its =",
            (Edit(stumble.at, below.end(), " "),),
        )
    return Slip(stumble.begun, f"{key} has no value", (Edit(stumble.at, stumble.at, '""'),), f'{key} = "…"')


def condition_without_braces(text: str, stumble: Stumble) -> Slip | None:
    """`include = regions = "KZ"`."""
    key = text[stumble.begun : stumble.at].partition("=")[0].strip()
    if key not in ("include", "exclude") or not re.compile(r"[a-z_]+[ \t]*=").match(text, stumble.at):
        return None
    end = content_end(text, stumble.at)
    message = f"what {key} shall match stands in braces"
    return Slip(stumble.at, message, (Edit(stumble.at, stumble.at, "{ "), Edit(end, end, " }")))


def doubled_equals(text: str, stumble: Stumble) -> Slip | None:
    """`==` and `=>`."""
    match = re.compile(r"[=>]+[ \t]*").match(text, stumble.at)
    if match is None:
        return None
    before = text[: stumble.at].rstrip(" \t")
    return Slip(stumble.at, "one = is enough", (Edit(len(before), match.end(), " "),))


def other_word(text: str, stumble: Stumble) -> Slip | None:
    """`yes`, `True`, `null`: words of other languages."""
    match = re.compile(r"[A-Za-z]+(?=[ \t]*(?:[,\]}#\r\n;]|\Z))").match(text, stumble.at)
    if match is None:
        return None
    word = match.group()
    if word.casefold() in _NOTHING:
        message = f'{word} is no value here; leave the key out, or write ""'
        return Slip(stumble.at, message, (Edit(stumble.at, match.end(), '""'),), "")
    new = _WORDS.get(word.casefold())
    if new is None:
        return None
    return Slip(
        stumble.at,
        f"{word} is not known; yes is written true, and no is false",
        (Edit(stumble.at, match.end(), new),),
    )


def round_brackets(text: str, stumble: Stumble) -> Slip | None:
    """`("a", "b")`."""
    match = re.compile(r"\(([^()\n]*)\)").match(text, stumble.at)
    if match is None:
        return None
    return Slip(
        stumble.at, "a list stands in square brackets", (Edit(stumble.at, match.end(), f"[{match[1]}]"),)
    )


def bare_text(text: str, stumble: Stumble) -> Slip | None:
    """`Meja Kabar`, `15m`, `10MB`: a text without quotes, up to where the value ends."""
    start = stumble.at
    end = content_end(text, start)
    inside = bool(stumble.within)
    if inside:
        stop = re.compile(r"[,\]}\n]").search(text, start, end)
        end = stop.start() if stop else end
    return _in_quotes(text, start, start + len(text[start:end].rstrip(" \t,;" if not inside else " \t")))


def bare_text_behind(text: str, stumble: Stumble) -> Slip | None:
    """`15 minutes`, `1,5 h`: a text without quotes that begins like a number."""
    value = re.compile(r"[^=\n]*=[ \t]*").match(text, stumble.begun)
    if value is None or text[value.end()] in "\"'[{":
        return None
    return _in_quotes(text, value.end(), content_end(text, stumble.at))


def _in_quotes(text: str, start: int, end: int) -> Slip | None:
    given = text[start:end]
    plain = given.strip(_QUOTES).strip()
    if not plain:
        return None
    if re.fullmatch(r"[+-]?0+[0-9]+", plain):
        return Slip(start, "a number has no 0 in front", (Edit(start, end, str(int(plain))),))
    is_size = re.search(r"[Bb]|[KMGT]$", plain)
    meant = (meant_size if is_size else meant_duration)(plain) if re.match(r"[0-9]", plain) else None
    what = "a duration or a size" if meant else "a text"
    missing = "the opening quote is missing" if given[-1:] in tuple("\"'") and given[0] not in _QUOTES else ""
    return Slip(start, missing or f"{what} stands in quotes", (Edit(start, end, basic(meant or plain)),))


def curly_end(text: str, stumble: Stumble) -> Slip | None:
    """`"Riau Pos”`: closed by a curly quote."""
    match = re.compile(r"[^“”„‟«»\n]*([“”„‟«»])").match(text, stumble.begun)
    if match is None:
        return None
    quote = text[stumble.begun]
    return Slip(
        match.start(1),
        f"a curly quote {match[1]} does not count as a quote",
        (Edit(match.start(1), match.end(1), quote),),
    )


def missing_quote(text: str, stumble: Stumble) -> Slip | None:
    """A string that is still open at the end of its line."""
    quote = text[stumble.begun]
    end = content_end(text, stumble.begun)
    if stumble.within:
        end = stumble.begun + len(text[stumble.begun : end].rstrip(" \t,]}"))
    elif text[stumble.begun + 1 : end].endswith((",", ";")):
        end -= 1
    end = max(end, stumble.begun + 1)
    return Slip(stumble.begun, f"the closing {quote} of this text is missing", (Edit(end, end, quote),))


def missing_long_quote(text: str, stumble: Stumble) -> Slip | None:
    """A text over several lines that is open at the end of the file."""
    quotes = text[stumble.begun : stumble.begun + 3]
    return Slip(
        stumble.begun, f"the {quotes} that closes this text is missing; write {quotes} where the text ends"
    )


def backslash(text: str, stumble: Stumble) -> Slip | None:
    r"""`"C:\news"`: a backslash in quotes that stands for nothing."""
    whole = text[stumble.begun : stumble.before]
    message = "a backslash has a meaning of its own between double quotes"
    if whole.startswith('"""') or "'" in whole or '\\"' in whole:
        return Slip(stumble.at, message, (Edit(stumble.at, stumble.at, "\\"),))
    plain = whole[1:-1].replace("\\\\", "\\")
    return Slip(stumble.at, message, (Edit(stumble.begun, stumble.before, f"'{plain}'"),))


def thousands(text: str, stumble: Stumble) -> Slip | None:
    """`1,000`."""
    match = re.compile(r"[^=\n]*=[ \t]*([0-9]{1,3}(?:,[0-9]{3})+)(?![0-9])").match(text, stumble.begun)
    if match is None:
        return None
    return Slip(
        match.start(1),
        "a number has no commas in it",
        (Edit(match.start(1), match.end(1), match[1].replace(",", "")),),
    )


def list_without_brackets(text: str, stumble: Stumble) -> Slip | None:
    """`formats = "rss", "atom"`."""
    value = re.compile(r"[^=\n]*=[ \t]*").match(text, stumble.begun)
    end = content_end(text, stumble.at)
    if value is None:
        return None
    strings = r"""(?:"[^"\n]*"|'[^'\n]*')"""
    given = text[value.end() : end]
    if not re.fullmatch(rf"{strings}(?:[ \t]*[,;][ \t]*{strings}|[ \t]+{strings})+[,;]?", given):
        return None
    inner = ", ".join(re.findall(strings, given))
    return Slip(value.end(), "several values stand in brackets", (Edit(value.end(), end, f"[{inner}]"),))


def inner_quotes(text: str, stumble: Stumble) -> Slip | None:
    """`"He said "yes" today"`, `'It's'`: quotes within quotes."""
    value = re.compile(r"[^=\n]*=[ \t]*([\"'])").match(text, stumble.begun)
    if value is None or value.start(1) >= stumble.at:
        return None
    quote = value[1]
    last = text.rfind(quote, stumble.at, line_end(text, stumble.at))
    if last < 0:
        start, end = stumble.before, content_end(text, stumble.at)
        if text[stumble.before - 1] != quote or start == end:
            return None
        return Slip(
            stumble.at,
            f"there is a text behind the closing {quote}",
            (Edit(start - 1, start, ""), Edit(end, end, quote)),
        )
    content = text[value.end() : last]
    return Slip(
        value.start(1),
        f"there is a {quote} within the text",
        (Edit(value.start(1), last + 1, basic(content.replace("\\", ""))),),
    )
