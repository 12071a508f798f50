"""Whole sites as bytes: what a case gives stands beside it, and any change of it is seen in review.

To write the expected files of a case again, or of a new one: `python -m tests.editions.test_golden_editions`,
then look at the difference before it is committed.
"""

import pytest

from tests.editions.edition_cases import CASES, files_of, names, site_of

# Copies of package data; what they must hold is told in tests/render.
NOT_KEPT = {"style.css", "feed.css"}


@pytest.mark.parametrize("name", names())
def test_a_case_gives_the_bytes_beside_it(name: str) -> None:
    folder = CASES / name / "expected"
    given = {path: data for path, data in files_of(site_of(name)) if path not in NOT_KEPT}
    kept = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(given) == kept
    for path, data in given.items():
        assert data.decode() == (folder / path).read_bytes().decode(), path


def test_there_are_cases() -> None:
    assert len(names()) >= 2


def write(name: str) -> None:
    folder = CASES / name / "expected"
    for path, data in files_of(site_of(name)):
        if path not in NOT_KEPT:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


if __name__ == "__main__":
    for each in names():
        write(each)
