"""A number and its word agree."""

import pytest

from aggregator.core.counts import counted


@pytest.mark.parametrize(
    ("number", "word", "verb", "told"),
    [
        (0, "entry", "", "0 entries"),
        (1, "entry", "", "1 entry"),
        (2, "entry", "", "2 entries"),
        (1, "entry", "is", "1 entry is"),
        (2, "entry", "is", "2 entries are"),
        (2, "story", "was", "2 stories were"),
        (1, "other address", "has", "1 other address has"),
        (2, "other address", "has", "2 other addresses have"),
        (1, "file", "", "1 file"),
        (2, "day", "", "2 days"),
    ],
)
def test_a_number_and_its_word_agree(number: int, word: str, verb: str, told: str) -> None:
    assert counted(number, word, verb) == told
