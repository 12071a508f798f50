"""docs/robustness.md and the tests agree: every case has its row, every row its tests, every test its row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
PAGE = (TESTS.parent / "docs" / "robustness.md").read_text("utf-8")
# Every case of these kinds that blocks a release, or belongs in it; what is only wanted may have a row too.
REQUIRED = {
    "PM": (1, 2, 3, 4, 5, 7, 9, 10, 12, 13, 15, 16, 17, 19, 21, 22, 24, 26, 29, 31),
    "RS": (1, 2, 3, 5, 7, 9, 10, 11, 16),
    "TL": (1, 2, 3, 4, 5, 6, 7, 9, 10, 13, 14),
    "SS": (1, 2, 3, 4, 5, 7, 8, 10, 12),
    "XP": (1, 2, 3, 5, 7, 8, 9, 10, 11, 12),
    "CH": (1, 2, 3, 4, 7),
    "HX": (1, 2, 3, 4, 5, 6, 7, 9, 11, 13),
    "CK": (1, 2, 3, 4, 6),
    "FS": (1, 2, 3, 5, 6, 9, 10, 12, 16, 17, 18, 21),
}
CASES = [f"{kind}-{number:02}" for kind, numbers in REQUIRED.items() for number in numbers]
ROW = re.compile(r"^\| ((?:CH|CK|FS|HX|PM|RS|SS|TL|XP)-\d\d) \| (\S[^|]*) \| ([^|]*) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
NUMBERS = re.compile(r"test_((?:(?:[a-z]{2}_)?\d\d_(?:and_)?)+)")


def cases_of(name: str) -> list[str]:
    """The cases that a test is named after: `test_ss_01_04_…`, `test_pm_31_tl_05_…`."""
    found, kind = [], ""
    leading = NUMBERS.match(name)
    for part in re.findall(r"[a-z]{2}(?=_)|\d\d", leading[1]) if leading else []:
        if part.isdigit():
            found.append(f"{kind}-{part}")
        else:
            kind = part.upper()
    return [each for each in found if each.partition("-")[0] in REQUIRED]


def names_in(file: Path) -> set[str]:
    """The names of a file's tests."""
    tree = ast.parse(file.read_text("utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name for node in functions if node.name.startswith("test_")}


FILES = {file.relative_to(TESTS).as_posix(): names_in(file) for file in sorted(TESTS.rglob("test_*.py"))}
ROWS = {row[1]: set(NAMED.findall(row[3])) for row in ROW.finditer(PAGE)}


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("test_pm_21_a", ["PM-21"]),
        ("test_ss_01_04_a_network", ["SS-01", "SS-04"]),
        ("test_pm_31_tl_05_a", ["PM-31", "TL-05"]),
        ("test_ob_01_and_ob_03_every", []),
        ("test_tl_13_14_a", ["TL-13", "TL-14"]),
        ("test_a_pm_21_a", []),
    ],
)
def test_a_name_tells_its_cases(name: str, cases: list[str]) -> None:
    assert cases_of(name) == cases


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_a_row_with_a_test(case: str) -> None:
    assert ROWS.get(case), f"{case} has no row, or a row without a test"


def test_no_case_has_two_rows() -> None:
    named = [row[1] for row in ROW.finditer(PAGE)]
    assert len(named) == len(set(named))
    assert len(named) == len(re.findall(r"^\| [A-Z]{2}-\d", PAGE, re.MULTILINE)), "a row is malformed"


def test_every_test_on_the_page_exists() -> None:
    named = set(NAMED.findall(PAGE))
    assert {pair for pair in named if pair[1] not in FILES.get(pair[0], set())} == set()


def test_every_test_that_is_named_after_a_case_is_in_its_row() -> None:
    proving = {
        (case, file, name) for file, names in FILES.items() for name in names for case in cases_of(name)
    }
    missing = {each for each in proving if each[1:] not in ROWS.get(each[0], set())}
    assert not missing, "\n".join(f"{case}: `{file}::{name}`" for case, file, name in sorted(missing))
