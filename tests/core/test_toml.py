from __future__ import annotations

import tomllib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.toml import toml_string, written


@given(st.text(max_size=80))
def test_any_text_comes_back_from_toml_as_it_was(text: str) -> None:
    assert tomllib.loads(f"x = {toml_string(text)}")["x"] == text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(90, "90s"), (1200, "20m"), (10_800, "3h"), (172_800, "48h"), (259_200, "3d"), (0, "0s"), (1.5, "1s")],
)
def test_a_duration_is_written_in_the_largest_unit_without_a_rest(seconds: float, expected: str) -> None:
    assert written(timedelta(seconds=seconds)) == expected
