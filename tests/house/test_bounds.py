"""The bounds hold in the package, and each is caught when it is broken."""

from pathlib import Path

import pytest

from tests.house.bounds import module_violations, violations

PACKAGE = Path(__file__).resolve().parents[2] / "aggregator"
DEEP = "def f(a):\n  if a:\n    for b in a:\n      while b:\n        with b:\n          pass\n"
PLANTED = {
    "lines, more than 400": ("core/x.py", "x = 1\n" * 401),
    "lines, more than 50": ("core/x.py", "def f():\n" + "    x = 1\n" * 51),
    "complexity 12": ("core/x.py", "def f(a):\n" + "    if a:\n        pass\n" * 11),
    "nests 4 deep": ("core/x.py", DEEP),
    "8 parameters": ("core/x.py", "def f(a, b, c, d, e, f, *, g, h): ...\n"),
    "global": ("core/x.py", "def f():\n    global a\n"),
    "broad except": ("core/x.py", "try:\n    pass\nexcept Exception:\n    pass\n"),
    "wall clock": ("store/x.py", "import datetime\nx = datetime.datetime.now()\n"),
    "print outside cli": ("jobs/x.py", "print(1)\n"),
}


def test_the_package_keeps_within_its_bounds() -> None:
    assert violations(PACKAGE) == []


@pytest.mark.parametrize("expected", PLANTED)
def test_a_planted_violation_is_caught(expected: str) -> None:
    name, source = PLANTED[expected]
    assert any(expected in each for each in module_violations(source, name))


def test_an_elif_does_not_deepen() -> None:
    chain = "def f(a):\n  if a == 1:\n    pass\n" + "".join(
        f"  elif a == {n}:\n    pass\n" for n in range(2, 9)
    )
    assert module_violations(chain, "core/x.py") == []
