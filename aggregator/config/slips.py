"""Slips of TOML that people make, each named as what it is, with its correction.

`Stumble.where` chooses the recognisers that are asked in turn; adding one is a function and its name in the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from aggregator.config import slips_lines, slips_lists, slips_values
from aggregator.config.draft import Edit, Slip
from aggregator.config.scanner import Scanner, Stumble

Recogniser = Callable[[str, Stumble], Slip | None]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
# Blanks that look like ordinary ones, or like nothing; they come with text that is copied from a page.
_ODD_BLANKS: Final = "\u00a0\u2007\u202f\u3000\u200b\u200c\u200d\u2060\ufeff"
_CURLY: Final = "“”„‟«»‘’‚‛"


def slip_in(text: str) -> Slip | None:
    """The first slip of a text; None when the scanner finds none."""
    control = _CONTROL.search(text)
    if control:
        return _control(text, control)
    try:
        Scanner(text).scan()
    except Stumble as stumble:
        for recogniser in (odd_blank, curly_quote, *RECOGNISERS[stumble.where]):
            slip = recogniser(text, stumble)
            if slip is not None:
                return slip
        return Slip(stumble.at, _EXPECTED[stumble.where])
    return None


def _control(text: str, first: re.Match[str]) -> Slip:
    """Characters that are no text; all of them are taken out at once."""
    if first.group() == "\r":
        edits = tuple(Edit(match.start(), match.end(), "\n") for match in re.finditer(r"\r(?!\n)", text))
        return Slip(
            first.start(), "the lines end as on old Macs; save the file with Unix line ends", edits, ""
        )
    name = "NUL character" if first.group() == "\0" else f"control character (U+{ord(first.group()):04X})"
    edits = tuple(Edit(match.start(), match.end(), "") for match in _CONTROL.finditer(text))
    return Slip(first.start(), f"an invisible {name} stands here; delete it", edits, "")


def odd_blank(text: str, stumble: Stumble) -> Slip | None:
    """A no-break space or a zero-width character between keys and values."""
    character = text[stumble.at : stumble.at + 1]
    if not character or character not in _ODD_BLANKS:
        return None
    new = "" if character in "\u200b\u200c\u200d\u2060\ufeff" else " "
    message = f"an invisible character (U+{ord(character):04X}) stands here; type an ordinary blank or none"
    return Slip(stumble.at, message, (Edit(stumble.at, stumble.at + 1, new),))


def curly_quote(text: str, stumble: Stumble) -> Slip | None:
    """A typographic quote where a straight one belongs; with its partner on the same line."""
    if text[stumble.at : stumble.at + 1] not in tuple(_CURLY):
        return None
    line = slips_lines.line_end(text, stumble.at)
    partner = next((at for at in range(stumble.at + 1, line) if text[at] in _CURLY + '"'), None)
    between = text[stumble.at + 1 : partner or line]
    straight = "'" if '"' in between else '"'
    edits = [Edit(stumble.at, stumble.at + 1, straight)]
    if partner is not None and text[partner] != straight:
        edits.append(Edit(partner, partner + 1, straight))
    return Slip(stumble.at, f"a curly quote {text[stumble.at]} does not count as a quote", tuple(edits))


RECOGNISERS: Final[Mapping[str, tuple[Recogniser, ...]]] = {
    "header": (slips_lines.brackets,),
    "key": (
        slips_lines.other_format,
        slips_lines.other_comment,
        slips_lines.stray_bracket,
        slips_lines.no_key,
    ),
    "equals": (
        slips_lines.dashes,
        slips_lines.yaml_list,
        slips_lines.bracket_missing_in_front,
        slips_lines.other_equals,
        slips_lines.key_with_blanks,
        slips_lines.missing_equals,
        slips_lines.only_a_word,
    ),
    "value": (
        slips_values.missing_value,
        slips_values.doubled_equals,
        slips_values.condition_without_braces,
        slips_values.other_word,
        slips_values.round_brackets,
        slips_values.bare_text,
    ),
    "string": (slips_values.curly_end, slips_values.missing_quote),
    "long-string": (slips_values.missing_long_quote,),
    "escape": (slips_values.backslash,),
    "line-end": (
        slips_lines.after_header,
        slips_lines.other_comment,
        slips_lines.closing_mark,
        slips_lines.two_pairs,
        slips_values.thousands,
        slips_values.list_without_brackets,
        slips_lines.stray_bracket,
        slips_values.inner_quotes,
        slips_values.bare_text_behind,
    ),
    "twice": (slips_lines.key_twice,),
    "table-twice": (slips_lines.one_bracket, slips_lines.table_twice),
    "table-after-array": (slips_lines.one_bracket, slips_lines.table_twice),
    "array-after-table": (slips_lines.one_bracket, slips_lines.two_brackets),
    "array-value": (
        slips_lists.array_not_closed,
        slips_lists.comma_twice,
        slips_lists.pair_in_array,
        slips_lists.wrong_bracket,
        slips_values.other_word,
        slips_values.bare_text,
    ),
    "array-next": (
        slips_lists.array_not_closed,
        slips_lists.other_comma,
        slips_lists.quote_before_comma,
        slips_lists.wrong_bracket,
        slips_lists.missing_comma,
    ),
    "inline-key": (slips_lists.comma_twice, slips_lists.table_not_closed, slips_lists.list_in_braces),
    "inline-equals": (slips_lists.list_in_braces, slips_lines.other_equals, slips_lines.missing_equals),
    "inline-next": (
        slips_lists.table_not_closed,
        slips_lists.other_comma,
        slips_lists.quote_before_comma,
        slips_lists.missing_comma,
    ),
    "inline-comma": (slips_lists.trailing_comma,),
    "inline-newline": (slips_lists.broken_table,),
    "deep": (),
}

_EXPECTED: Final[Mapping[str, str]] = {
    "header": "this header is not understood; it looks like [site] or [[feed]]",
    "key": 'a line begins with a key here, like title = "…"; begin a remark with #',
    "equals": 'an = is missing here; a line looks like title = "…"',
    "value": 'this value is not understood; a text stands in quotes: "…"',
    "string": 'the closing " is missing',
    "long-string": 'the closing """ is missing',
    "escape": r"a backslash stands here; write the text in '…' instead of "
    r'"…"',
    "line-end": "there is something behind the value; each key stands on its own line",
    "twice": "this key stands twice in its table; remove one of the two",
    "table-twice": "this header stands twice; move the keys of one below the other",
    "table-after-array": "this header needs two brackets, like the one above",
    "array-after-table": "this header needs one bracket, like the one above",
    "array-value": "a value belongs here, or the ] that ends the list",
    "array-next": "a comma belongs here, or the ] that ends the list",
    "inline-key": "a key belongs here, or the } that ends the braces",
    "inline-equals": 'an = is missing here; in braces it looks like { headline = "…" }',
    "inline-next": "a comma belongs here, or the } that ends the braces",
    "inline-comma": "there must be no comma before }",
    "inline-newline": "braces { } must be on one line",
    "deep": "too many brackets within brackets; nothing here needs more than three",
}
