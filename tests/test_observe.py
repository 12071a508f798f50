"""What of an origin's words reaches a terminal."""

import pytest

from aggregator.observe import printable


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
