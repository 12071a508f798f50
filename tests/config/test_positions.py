"""The scanner finds everything that tomllib reads, where it stands."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config.scanner import Path, Scanner, Stumble

TRICKY = r'''
top = 1  # "not a string" [not.a.table]
"quoted key" = 'x'
dotted."with blank".three = { a = [1, { b = "}" }, [[]]], "c d".e = 2 }
empty = []
long = """
[[feed]]
id = "no" \
  more""""
literal = \'\'\'
[site] '# \'\'\'
dates = [ 1979-05-27T07:32:00Z, 1979-05-27, 07:32:00.5, +1_000.5e-3, 0xFF, inf, -nan ]

[site]  # remark
title = "a # b" # c

[[ feed ]]
id = "one"
exclude = [
  { headline = "a" },  # remark, with ] and "
  # another
  { words = ["b",
             "c",] },
]
[[feed.more]]
x = 1
[feed.more.deep]
y = 2
[[feed.more]]
[[feed]]
id = "two"
[feed.sub]
z = 3
'''.replace("\\'", "'")


def paths(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if path:
        yield path, value
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, child in children:
        yield from paths(child, (*path, step))


def check(text: str) -> None:
    places = Scanner(text).scan()
    expected = dict(paths(tomllib.loads(text)))
    assert set(places) == set(expected)
    for path, (key, value) in places.items():
        if isinstance(expected[path], str | bool | int) and isinstance(path[-1], str):
            assert text[key:value].rstrip().endswith("=")
            line = text[value:].split("\n\n[[feed]]", 1)[0]
            assert reads_as(line, expected[path])


def reads_as(text: str, expected: object) -> bool:
    """Whether the value at the beginning of a text is the one expected."""
    for end in range(1, len(text) + 1):
        try:
            if tomllib.loads("x = " + text[:end])["x"] == expected:
                return True
        except ValueError:
            continue
    return False


def test_a_tricky_text() -> None:
    check(TRICKY)
    check(TRICKY.replace("\n", "\r\n"))


def test_lines_and_columns_of_a_few() -> None:
    places = Scanner(TRICKY).scan()

    def at(path: Path, part: int) -> str:
        return TRICKY[places[path][part] :].split("\n", 1)[0]

    assert at(("feed", 0, "exclude", 1, "words", 1), 1) == '"c",] },'
    assert at(("feed", 0, "exclude", 0, "headline"), 0) == 'headline = "a" },  # remark, with ] and "'
    assert at(("feed", 1), 0) == "[[feed]]"
    assert at(("feed", 0, "more", 0, "deep"), 0) == "[feed.more.deep]"
    assert at(("dotted", "with blank", "three", "c d", "e"), 1) == "2 }"


KEYS = st.sampled_from(["a", "b-1", '"q k"', "'l'", "c.d", 'e."f g".h'])
STRINGS = st.text(alphabet=st.sampled_from("ab\"'\\\n#[]{}=,é "), max_size=8)


def written(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


VALUES = st.recursive(
    st.one_of(
        STRINGS.map(written),
        st.text(alphabet='ab"#[]{}\n\\ ', max_size=8).map(lambda text: f"'''{text}'''"),
        st.sampled_from(['"""a\n"b" \\\n  c"""', "true", "-1", "1.5", "1979-05-27", "07:32:00", "''", '""']),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(
            lambda values: "[" + ",".join(f"\n  {value} # ] }}" for value in values) + "\n]"
        ),
        st.lists(inner, max_size=3).map(
            lambda values: (
                "{ " + ", ".join(f"k{number} = {value}" for number, value in enumerate(values)) + " }"
            )
        ),
    ),
    max_leaves=6,
)
TABLES = st.lists(st.tuples(KEYS, VALUES), max_size=3, unique_by=lambda pair: pair[0])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["[[feed]]", "[[feed.more]]", "[[ 'x'.y ]]"]), TABLES), max_size=5))
def test_any_text_that_tomllib_reads(tables: list[tuple[str, list[tuple[str, str]]]]) -> None:
    text = "\n".join(
        "\n".join([header, *(f"{key} = {value}" for key, value in pairs)]) for header, pairs in tables
    )
    try:
        expected = tomllib.loads(text)
    except ValueError:
        return
    assert set(Scanner(text).scan()) == {path for path, _ in paths(expected)}


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 5000, "x = " + "{a=" * 5000, '"' * 50_000, "x = '''" + "'" * 50_000]
)
def test_hostile_texts_end_in_a_stumble_and_not_in_a_recursion(text: str) -> None:
    with pytest.raises(Stumble):
        Scanner(text).scan()
