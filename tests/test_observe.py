"""What of an origin's words reaches a terminal."""

import json

import pytest

from aggregator.observe import printable, printable_json


@pytest.mark.parametrize(
    "sign", ["\x1b", "\x07", "\x9b", "\x7f", "\n", "\u202e", "\u2066", "\u2069", "\u2028"]
)
def test_hx_06_no_sign_that_steers_a_terminal_is_printed(sign: str) -> None:
    shown = printable(f"Banjir{sign}besar")
    assert sign not in shown
    assert shown.isprintable()


def test_letters_of_every_script_and_their_joiners_are_printed_as_they_are() -> None:
    text = "Қазақстан خبر‌ها 新聞 “Riau” \u200f\u200e"
    assert printable(text) == text


def test_json_for_programs_is_the_same_value_and_steers_no_terminal() -> None:
    value = {"entry": "a\x9b31m\u202eb\u2028c\x7f", "deep": ["satu\n", 1]}
    written = printable_json(value, indent=1)
    assert json.loads(written) == value
    assert not set(written) & set("\x9b\u202e\u2028\x7f")
