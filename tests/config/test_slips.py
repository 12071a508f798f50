"""However a file is broken, the answer is faults in the file, never an exception of another kind."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import config
from aggregator.errors import ConfigError
from tests.config.fakes import FakePlaces

WHOLE = (Path(__file__).parent / "whole.toml").read_text("utf-8")
PIECES = [
    '"',
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    "\n",
    "#",
    "\\",
    ".",
    '"""',
    " ",
    "é",
    "“",
    "\0",
    "[[",
    "x",
    "1",
    ":",
    "-",
    "\u202e",
    "\t",
]


def faults_of(text: str) -> int:
    try:
        config.loads(text, folder=Path("/srv"), gazetteer=FakePlaces(), environment={})
    except ConfigError as error:
        lines = text.count("\n") + 1
        for fault in error.faults:
            assert 1 <= fault.line <= lines
            assert 1 <= fault.column <= max(map(len, text.split("\n"))) + 1
            assert fault.message.isprintable()
        return len(error.faults)
    return 0


def test_the_whole_file_is_without_faults() -> None:
    assert faults_of(WHOLE) == 0


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(WHOLE)), st.integers(0, 6), st.sampled_from(["", *PIECES]))
def test_a_stretch_taken_out_or_put_in_gives_faults_or_nothing(at: int, length: int, piece: str) -> None:
    faults_of(WHOLE[:at] + piece + WHOLE[at + length :])


LINES = [
    number
    for number, line in enumerate(WHOLE.split("\n"))
    if " = " in line and not line.endswith(("[", '"""'))
]
VALUES = [
    "1",
    "-1.5",
    "true",
    "[]",
    "{}",
    "[[]]",
    "2022-01-08",
    '""',
    '["x", 1]',
    "{ a = 1 }",
    "inf",
    "nan",
    "[{}, [1]]",
    "9" * 40,
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_of_any_sort_in_any_place_gives_faults_or_nothing(value: str) -> None:
    for number in LINES:
        lines = WHOLE.split("\n")
        key = lines[number].split(" = ", 1)[0]
        lines[number] = f"{key} = {value}{' },' if key.lstrip().startswith('{') else ''}"
        faults_of("\n".join(lines))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(WHOLE)))
def test_half_a_file_gives_faults_or_nothing(end: int) -> None:
    faults_of(WHOLE[:end])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_rubbish_gives_faults(text: str) -> None:
    assert faults_of(text) > 0
