"""Slips in lists and in braces: commas, brackets, line breaks."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from aggregator.config.draft import Edit, Slip
from aggregator.config.scanner import Stumble
from aggregator.config.slips_lines import content_end, line_number, line_start

_NEW_LINE_OF_FILE: Final = re.compile(
    r"[ \t]*(?:\[\[?[ \t]*[A-Za-z_][A-Za-z0-9_.-]*[ \t]*\]\]?[ \t]*(?:#|$)|[A-Za-z0-9_.-]+[ \t]*=)",
    re.MULTILINE,
)
_HEADER_LINE: Final = re.compile(
    r"[ \t]*\[\[?[ \t]*[A-Za-z_][A-Za-z0-9_.-]*[ \t]*\]\]?[ \t]*(?:#|$)", re.MULTILINE
)
_TOKEN: Final = re.compile(r"""("(?:[^"\\\n]|\\.)*"|'[^'\n]*')|(#[^\n]*)|([\[{])|([\]}])|(\n)""")


def closing(text: str, begun: int) -> int | None:
    """The offset of the bracket that closes the one at `begun`; None when a new line of the file comes first."""
    waiting: list[str] = []
    for token in _TOKEN.finditer(text, begun):
        if token[3]:
            waiting.append("]" if token[3] == "[" else "}")
        elif token[4]:
            if waiting.pop() != token[4]:
                return None
            if not waiting:
                return token.start()
        elif token[5] and _HEADER_LINE.match(text, token.end()):
            return None
    return None


def array_not_closed(text: str, stumble: Stumble) -> Slip | None:
    """A list that runs into the next key, the next header, or the end of the file."""
    newline = "\n" in text[stumble.before : stumble.at]
    runs_on = stumble.at >= len(text) or (
        newline and _NEW_LINE_OF_FILE.match(text, line_start(text, stumble.at))
    )
    if not runs_on:
        return _header_in_array(text, stumble)
    where = line_number(text, stumble.begun)
    message = f"the ] that closes the list from line {where} is missing"
    return Slip(stumble.before, message, (Edit(stumble.before, stumble.before, "]"),))


def _header_in_array(text: str, stumble: Stumble) -> Slip | None:
    """A list that runs into a header after its last comma: `[[feed]]` then looks like two more lists."""
    for outer, bracket in pairwise(stumble.within):
        start = line_start(text, bracket)
        if text[start:bracket].strip() or not _HEADER_LINE.match(text, start):
            continue
        at = start
        while not text[(above := line_start(text, at - 1)) : content_end(text, above)].strip():
            at = above
        at = content_end(text, above)
        message = f"the ] that closes the list from line {line_number(text, outer)} is missing"
        return Slip(at, message, (Edit(at, at, "]"),))
    return None


def comma_twice(text: str, stumble: Stumble) -> Slip | None:
    """`"a",, "b"`."""
    match = re.compile(r",+[ \t]*").match(text, stumble.at)
    if match is None:
        return None
    return Slip(stumble.at, "there is a comma too many", (Edit(stumble.at, match.end(), ""),))


def other_comma(text: str, stumble: Stumble) -> Slip | None:
    """`"a"; "b"`."""
    if text[stumble.at : stumble.at + 1] not in (";", "|", "،", "，", "、"):
        return None
    message = f"between values stands a comma, not '{text[stumble.at]}'"
    return Slip(stumble.at, message, (Edit(stumble.before, stumble.at + 1, ","),))


def pair_in_array(text: str, stumble: Stumble) -> Slip | None:
    """`include = [ regions = "KZ" ]`: a condition without its braces."""
    if not re.compile(r"[A-Za-z_-]+[ \t]*=").match(text, stumble.at):
        return None
    end = closing(text, stumble.begun)
    message = "keys within a list stand in braces { }"
    if end is None:
        return Slip(stumble.at, message)
    inner = len(text[:end].rstrip(" \t\r\n,"))
    return Slip(stumble.at, message, (Edit(stumble.at, stumble.at, "{ "), Edit(inner, inner, " }")))


def wrong_bracket(text: str, stumble: Stumble) -> Slip | None:
    """`["a", "b")`, and `{ regions = ["KZ" }` where the ] is missing."""
    character = text[stumble.at : stumble.at + 1]
    if character == ")":
        return Slip(stumble.at, "a list ends in ], not in )", (Edit(stumble.at, stumble.at + 1, "]"),))
    if character != "}":
        return None
    braces = [at for at in stumble.within if text[at] == "{"]
    if braces:
        return Slip(
            stumble.before,
            "the ] that closes this list is missing",
            (Edit(stumble.before, stumble.before, "]"),),
        )
    return Slip(stumble.at, "a list ends in ], not in }", (Edit(stumble.at, stumble.at + 1, "]"),))


def quote_before_comma(text: str, stumble: Stumble) -> Slip | None:
    """`["rss, "atom"]`: the quote before the comma is missing, and every later one is turned round."""
    match = re.compile(r"""(["'])[^"'\n]*?([ \t]*,[ \t]*)\1$""").search(
        text, line_start(text, stumble.at), stumble.before
    )
    if match is None or not re.match(r"\w", text[stumble.at : stumble.at + 1]):
        return None
    at = match.start(2)
    return Slip(match.start(1), f"the closing {match[1]} of this text is missing", (Edit(at, at, match[1]),))


def missing_comma(text: str, stumble: Stumble) -> Slip | None:
    """Two values, or two keys in braces, with nothing between them."""
    if not re.match(r"[\"'\[{\w+-]", text[stumble.at : stumble.at + 1]):
        return None
    return Slip(stumble.before, "a comma is missing here", (Edit(stumble.before, stumble.before, ","),))


def table_not_closed(text: str, stumble: Stumble) -> Slip | None:
    """`{ regions = ["KZ"] ]`."""
    if text[stumble.at : stumble.at + 1] not in ("]", ""):
        return None
    at = len(text[: stumble.at].rstrip(" \t,"))
    return Slip(at, "the } that closes these braces is missing", (Edit(at, at, " }"),))


def list_in_braces(text: str, stumble: Stumble) -> Slip | None:
    """`{ "KZ", "KG" }`."""
    if text[stumble.at : stumble.at + 1] not in (",", "}"):
        return None
    begun = stumble.within[-1]
    end = closing(text, begun)
    if end is None:
        return None
    return Slip(
        begun, "a list stands in square brackets", (Edit(begun, begun + 1, "["), Edit(end, end + 1, "]"))
    )


def trailing_comma(text: str, stumble: Stumble) -> Slip | None:
    """`{ headline = "x", }`."""
    message = "there must be no comma before }"
    return Slip(stumble.before, message, (Edit(stumble.before, stumble.before + 1, ""),))


def broken_table(text: str, stumble: Stumble) -> Slip | None:
    """Braces over several lines are put on one; where none closes them, the } is missing."""
    end = closing(text, stumble.begun)
    if end is None:
        at = len(text[: content_end(text, line_start(text, stumble.at))].rstrip(" \t,"))
        return Slip(at, "the } that closes these braces is missing", (Edit(at, at, " }"),))
    edits = []
    for token in _TOKEN.finditer(text, stumble.begun, end):
        if token[2] or token[5]:
            start = len(text[: token.start()].rstrip(" \t\r"))
            stop = token.end() + len(text[token.end() : end]) - len(text[token.end() : end].lstrip(" \t\r"))
            edits.append(Edit(start, stop, "" if token[2] else " "))
    last = len(text[:end].rstrip(" \t\r\n"))
    if text[last - 1] == ",":
        edits.append(Edit(last - 1, last, ""))
    return Slip(stumble.at, "braces { } stand on one line", _apart(edits))


def _apart(edits: list[Edit]) -> tuple[Edit, ...]:
    """The edits with those that touch made one."""
    merged: list[Edit] = []
    for edit in sorted(edits, key=lambda each: each.start):
        if merged and edit.start <= merged[-1].end:
            merged.append(Edit(merged.pop().start, edit.end, " "))
        else:
            merged.append(edit)
    return tuple(merged)
