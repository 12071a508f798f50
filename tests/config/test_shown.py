"""How messages speak of what is not there."""

import pytest

from aggregator.config.shown import no_such

MANY = [f"koran-{number}" for number in range(400)] + ["Riau-Pos", "kampar", "kampung"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("kampa", "kampa: no such feed; there are: kampar, siak"),
        ("", '"": no such feed; there are: kampar, siak'),
        (" ", '" ": no such feed; there are: kampar, siak'),
        ("a\x1b[31m", '"a\\u001b[31m": no such feed; there are: kampar, siak'),
        ("kampar ", '"kampar ": no such feed; there are: kampar, siak'),
    ],
)
def test_of_little_everything_is_named(given: str, told: str) -> None:
    assert no_such("feed", given, ["kampar", "siak"]) == told


def test_of_nothing_that_is_said() -> None:
    assert no_such("section", "siak", []) == "siak: no such section; there are none"


def test_of_much_what_is_near_is_named_and_how_much_it_is() -> None:
    end = "are 403, which `aggregator status` lists"
    assert no_such("feed", "kampa", MANY) == (
        f"kampa: no such feed; did you mean kampar or kampung? There {end}"
    )
    assert no_such("feed", "riaupos", MANY).startswith("riaupos: no such feed; did you mean Riau-Pos? There")
    assert no_such("feed", "zzz", MANY) == f"zzz: no such feed; there {end}"
    assert no_such("feed", "", MANY) == f'"": no such feed; there {end}'


def test_what_is_long_is_cut() -> None:
    assert len(no_such("feed", "x" * 1_000_000, MANY)) < 200
