"""Every fault at its place: a file beside what `check` says of it. A new case is two files and no code."""

import re
from pathlib import Path

import pytest

from aggregator import config
from aggregator.errors import ConfigError, Fault
from tests.config.fakes import FakePlaces

FAULTS = Path(__file__).parent / "faults"
CASES = sorted(FAULTS.glob("*.toml"))
WRITE = re.compile(r"; write: ([^…]+)\Z")
CORRECTED = [
    case for case in CASES if re.search("; write: [^…]+\n", case.with_suffix(".expected").read_text("utf-8"))
]
JOINED = {
    "slip-newline-in-braces": (13, 14, 15),
    "slip-value-on-next-line": (12,),
}  # lines that go into the one above


def faults_of(text_or_path: Path | str) -> tuple[Fault, ...]:
    try:
        if isinstance(text_or_path, Path):
            config.load(text_or_path, gazetteer=FakePlaces(), environment={})
        else:
            config.loads(text_or_path, folder=Path("/srv"), gazetteer=FakePlaces(), environment={})
    except ConfigError as error:
        return error.faults
    return ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_fault_is_told_at_its_place(case: Path) -> None:
    expected = case.with_suffix(".expected").read_text("utf-8")
    told = "".join(f"{fault.line}:{fault.column}: {fault.message}\n" for fault in faults_of(case))
    assert told == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_fault_is_one_short_line_without_the_words_of_libraries(case: Path) -> None:
    faults = faults_of(case)
    assert faults
    lines = case.read_bytes().count(b"\n") + 1
    for fault in faults:
        assert str(fault).startswith(f"{case}:{fault.line}:{fault.column}: ")
        assert fault.message.isprintable()
        assert len(fault.message) < 300
        assert 1 <= fault.line <= lines
        assert not re.search(r"Unclosed|Unescaped|Invalid|Expected|Traceback|tomllib", fault.message)


@pytest.mark.parametrize("case", CORRECTED, ids=lambda case: case.stem)
def test_the_corrected_lines_are_right(case: Path) -> None:
    lines = case.read_text("utf-8").split("\n")
    faults = faults_of(case)
    written = {fault.line: match[1] for fault in faults if (match := WRITE.search(fault.message))}
    for number, line in {**written, **dict.fromkeys(JOINED.get(case.stem, ()), "")}.items():
        lines[number - 1] = line.replace(" and on the next line ", "\n")
    left = faults_of("\n".join(lines))
    assert {fault.message for fault in left} <= {
        fault.message for fault in faults if not WRITE.search(fault.message)
    }


def test_secrets_are_never_repeated() -> None:
    for case in CASES:
        assert "rahasia" not in "".join(str(fault) for fault in faults_of(case))


def test_no_text_of_the_file_can_write_to_the_terminal() -> None:
    escape = "\\u001b[31m\\u202e"
    region = f'[[region]]\nid = "{{}}"\nname = "{escape}"\n'
    text = (
        f'[site]\ntitle = "T"\n"{escape}" = 1\n"{escape}" = 2\nurl = https://\u202ea.example/\tb\n'
        + region.format("a")
    )
    text += region.format("b") + f'[[region]]\nid = "{escape}"\nmembers = ["{escape}"]\n'
    text += f'[[section]]\nid = "s"\ntitle = "S"\ninclude = {{ regions = "{escape}" }}\n'
    faults = faults_of(text)
    assert len(faults) >= 4
    assert all(fault.message.isprintable() for fault in faults)


def test_a_fault_in_one_feed_of_fifty_leaves_none_of_the_others_faulty() -> None:
    lines = {fault.line for fault in faults_of(FAULTS / "value-one-of-fifty.toml")}
    assert lines == {126, 127, 128}


def test_fifty_slips_are_told_and_then_no_more() -> None:
    text = '[site]\ntitle = "Meja Kabar"\n' + "".join(
        f'[[feed]]\nid = feed-{number}\nurl = "https://f{number}.example/"\n' for number in range(70)
    )
    assert len(faults_of(text)) == 50
