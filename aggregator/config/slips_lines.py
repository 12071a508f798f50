"""Slips in headers, keys and between lines."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from aggregator.config.draft import Edit, Slip
from aggregator.config.scanner import Stumble
from aggregator.config.shapes import Table, table

ARRAYS: Final = tuple(key.name for key in table().keys.values() if key.many)
KNOWN_KEYS: Final = frozenset(
    name for key in table().keys.values() if isinstance(key.takes, Table) for name in key.takes.keys
)
_COMMENT_MARKS: Final = re.compile(r"//+|--+|/\*+|;+|<!--|%+|\(\*")
_PAIR: Final = re.compile(r"[,; \t]*([A-Za-z0-9_-]+)[ \t]*=(?!=)")
_HEADER: Final = re.compile(r"[ \t\[]*([A-Za-z][A-Za-z0-9_.-]*)[ \t\]]*")


def line_start(text: str, at: int) -> int:
    """The offset at which the line of an offset begins."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """The offset at which the line of an offset ends, before its line break."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if end > at and text[end - 1] == "\r" else end


def content_end(text: str, at: int) -> int:
    """The end of what stands on the line, without blanks and a remark behind a ` #`."""
    rest = text[at : line_end(text, at)]
    remark = re.search(r"[ \t]+#|^#", rest)
    return at + len(rest[: remark.start()].rstrip() if remark else rest.rstrip())


def line_number(text: str, at: int) -> int:
    """The number of a line of the text as it is now; slips keep lines apart, so that it is the file's."""
    return text.count("\n", 0, at) + 1


def header(name: str) -> str:
    """The header of a table as it has to be written."""
    return f"[[{name}]]" if name in ARRAYS or "." in name else f"[{name}]"


def brackets(text: str, stumble: Stumble) -> Slip | None:
    """`[[feed]`, `[feed`, `[[feed`."""
    start = line_start(text, stumble.begun)
    if text[start : stumble.begun].strip(" \t["):
        start = stumble.begun
    match = _HEADER.match(text, start)
    if match is None or text[match.end() : content_end(text, match.end())].strip():
        return None
    return Slip(
        stumble.begun,
        "the brackets of this header do not match",
        (Edit(start, len(text[: match.end()].rstrip(" \t")), header(match[1])),),
    )


def bracket_missing_in_front(text: str, stumble: Stumble) -> Slip | None:
    """`feed]]`."""
    start, end = line_start(text, stumble.begun), content_end(text, stumble.begun)
    match = re.fullmatch(r"[ \t]*([A-Za-z][A-Za-z0-9_.-]*)[ \t]*\]+", text[start:end])
    if match is None:
        return None
    return Slip(
        stumble.begun, "the brackets of this header do not match", (Edit(start, end, header(match[1])),)
    )


def after_header(text: str, stumble: Stumble) -> Slip | None:
    """`[feed]]`, or something else behind a header."""
    if text[stumble.begun] != "[":
        return None
    if text[stumble.at : stumble.at + 1] == "]":
        return brackets(text, stumble)
    mark = other_comment(text, stumble)
    return mark or Slip(
        stumble.at, "a header stands alone on its line", (Edit(stumble.before, stumble.at, "\n"),)
    )


def other_comment(text: str, stumble: Stumble) -> Slip | None:
    """`// note`, `-- note`, `; note`: a remark of another language."""
    match = _COMMENT_MARKS.match(text, stumble.at)
    if match is None or not text[match.end() : line_end(text, match.end())].strip():
        return None
    start = match.start()
    return Slip(
        start, f"a remark begins with #, not with '{match.group()}'", (Edit(start, match.end(), "#"),)
    )


def dashes(text: str, stumble: Stumble) -> Slip | None:
    """`-- note`, which begins like a key."""
    return other_comment(text, replace(stumble, at=stumble.begun)) if text[stumble.begun] == "-" else None


def closing_mark(text: str, stumble: Stumble) -> Slip | None:
    """`entries = 50,`: a comma or semicolon at the end of a line."""
    match = re.compile(r"[,;]+").match(text, stumble.at)
    if match is None or content_end(text, match.start()) != match.end():
        return None
    message = f"no '{match.group()[0]}' stands at the end of a line"
    return Slip(stumble.at, message, (Edit(stumble.before, match.end(), ""),))


def two_pairs(text: str, stumble: Stumble) -> Slip | None:
    """`id = "a" title = "b"`."""
    match = _PAIR.match(text, stumble.at)
    if match is None:
        return None
    return Slip(stumble.at, "each key stands on its own line", (Edit(stumble.before, match.start(1), "\n"),))


def stray_bracket(text: str, stumble: Stumble) -> Slip | None:
    """A closing bracket without an opening one."""
    match = re.compile(r"[\])}]+").match(text, stumble.at)
    if match is None:
        return None
    return Slip(
        stumble.at,
        f"there is nothing open that this {match.group()[0]} could close; delete it",
        (Edit(stumble.at, match.end(), ""),),
    )


def other_format(text: str, stumble: Stumble) -> Slip | None:
    """A file of JSON or XML, or of a word processor."""
    if text[: stumble.at].strip() or text[stumble.at : stumble.at + 1] not in ("{", "<"):
        return None
    if text.startswith("{\\rtf", stumble.at):
        return Slip(stumble.at, "a word processor saved this with its own marks (RTF); save it as plain text")
    name = "JSON" if text[stumble.at] == "{" else "XML"
    message = f"this looks like {name}, not like TOML; `aggregator init` writes a feeds.toml to begin with"
    return Slip(stumble.at, message)


def no_key(text: str, stumble: Stumble) -> Slip | None:
    """`= "value"`."""
    if text[stumble.at : stumble.at + 1] != "=":
        return None
    return Slip(stumble.at, 'there is no key before the =; a line looks like title = "…"')


def yaml_list(text: str, stumble: Stumble) -> Slip | None:
    """`- "rss"`: a list as YAML writes it."""
    match = re.compile(r"-[ \t]+\S").match(text, stumble.begun)
    if match is None:
        return None
    return Slip(stumble.begun, 'lists stand in brackets with commas, like formats = ["rss", "atom"]')


def other_equals(text: str, stumble: Stumble) -> Slip | None:
    """`key: value`, `key := value`, `key -> value`."""
    match = re.compile(r":=?|[-=]?>").match(text, stumble.at)
    if match is None:
        return None
    new = "=" if stumble.at and text[stumble.at - 1] in " \t" else " ="
    new += "" if text[match.end() : match.end() + 1] in (" ", "\t") else " "
    return Slip(
        stumble.at,
        f"between key and value stands =, not '{match.group()}'",
        (Edit(stumble.at, match.end(), new),),
    )


def key_with_blanks(text: str, stumble: Stumble) -> Slip | None:
    """`read pages = true`."""
    end = content_end(text, stumble.begun)
    match = re.compile(r"([A-Za-z0-9_-]+(?:[ \t]+[A-Za-z0-9_-]+)+)[ \t]*=").match(text, stumble.begun, end)
    if match is None:
        return None
    name = "_".join(match[1].split())
    return Slip(stumble.begun, "a key has no blanks in it", (Edit(match.start(1), match.end(1), name),))


def missing_equals(text: str, stumble: Stumble) -> Slip | None:
    """`entries 50`; not a line of prose."""
    key = text[stumble.begun : stumble.at].strip()
    character = text[stumble.at : stumble.at + 1]
    if not character.strip() or character == "#" or (character not in "\"'[{" and key not in KNOWN_KEYS):
        return None
    return Slip(stumble.at, "the = between key and value is missing", (Edit(stumble.at, stumble.at, "= "),))


def only_a_word(text: str, stumble: Stumble) -> Slip | None:
    """A key without value, or a line that is neither."""
    start, end = stumble.begun, content_end(text, stumble.begun)
    name = text[start:end]
    if name in ARRAYS or name in table().keys:
        return Slip(start, "the brackets of this header are missing", (Edit(start, end, header(name)),))
    if re.fullmatch(r"[A-Za-z0-9_-]+", name) and name in KNOWN_KEYS:
        return Slip(start, f"{name} has no value", (Edit(end, end, ' = ""'),), f'{name} = "…"')
    return Slip(start, "this is no key with a value; a remark begins with #", (Edit(start, start, "# "),))


def key_twice(text: str, stumble: Stumble) -> Slip | None:
    """The same key again in one table; perhaps a header is missing above it."""
    name = str(stumble.path[-1])
    message = (
        f"{name} stands twice in this table (first in line {line_number(text, stumble.before)}); remove one"
    )
    if len(stumble.path) == 3 and stumble.path[0] in ARRAYS and name in ("id", "url"):
        message += (
            f" of them, or write [[{stumble.path[0]}]] above this one where a new {stumble.path[0]} begins"
        )
    else:
        message += " of them"
    # Under another name it is out of the way: what else is wrong with it can wait.
    end = len(text[: stumble.at - 1].rstrip(" \t"))
    end -= text[end - 1] in "\"'"
    return Slip(stumble.begun, message, (Edit(end, end, "-twice"),), "")


def one_bracket(text: str, stumble: Stumble) -> Slip | None:
    """`[feed]` where several may stand: the first such header of that name, then the next."""
    name = str(stumble.path[-1])
    if name not in (*ARRAYS, "include", "exclude"):
        return None
    full = ".".join(step for step in stumble.path if isinstance(step, str))
    match = re.search(rf"^[ \t]*\[[ \t]*{re.escape(full)}[ \t]*\](?!\])", text, re.MULTILINE)
    if match is None:
        return None
    start = match.start() + len(match.group()) - len(match.group().lstrip())
    message = f"[{full}] has one bracket, and there may be several"
    return Slip(start, message, (Edit(start, match.end(), f"[[{full}]]"),))


def two_brackets(text: str, stumble: Stumble) -> Slip | None:
    """`[[site]]` after `[site]`."""
    name = ".".join(step for step in stumble.path if isinstance(step, str))
    end = text.find("]]", stumble.begun)
    if end < 0:
        return None
    return Slip(
        stumble.begun,
        f"[[{name}]] has two brackets, and there is only one",
        (Edit(stumble.begun, end + 2, f"[{name}]"),),
    )


def table_twice(text: str, stumble: Stumble) -> Slip | None:
    """`[site]` a second time."""
    name = ".".join(step for step in stumble.path if isinstance(step, str))
    end = text.find("]", stumble.begun)
    first = re.search(rf"^[ \t]*\[[ \t]*{re.escape(name)}[ \t]*\]", text, re.MULTILINE)
    where = f" (first in line {line_number(text, first.end())})" if first else ""
    message = (
        f"[{name}] stands twice{where}; move the keys from here to below the first, and delete this line"
    )
    return Slip(stumble.begun, message, (Edit(end, end, "-twice"),), "")
