"""`sites/*.toml` beside feeds.toml: read, or told what is wrong at its place."""

import os
import re
from pathlib import Path

import pytest

from aggregator.config.siterules import (
    KEYS,
    MOST_FILES,
    beside,
    in_force,
    own_rules,
    rule_faults,
    shipped,
    stamp,
)
from aggregator.core.siterules.rules import SiteRules
from aggregator.model import Page, SiteRule

EDITORS = (Path(__file__).resolve().parents[2] / "docs" / "editors.md").read_text("utf-8")
GOOD = 'hosts = "riau.example"\nbody = "div.isi"\n'


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    folder = tmp_path / "sites"
    folder.mkdir()
    return folder


def faults(folder: Path) -> list[str]:
    _, found = own_rules(folder, shown_as=Path("sites"))
    return [str(each) for each in found]


def test_no_folder_is_no_rules_and_no_fault(tmp_path: Path) -> None:
    assert own_rules(tmp_path / "sites") == ((), [])


def test_a_rule_is_read_with_one_value_or_many(sites: Path) -> None:
    (sites / "riau-harian.toml").write_text(
        '\ufeffhosts = ["www.Riau.example", "münchen.example"]\nheadline = "h1"\n'
        'body = ["div.isi", "article"]\nremove = "p:contains(\'Baca Juga\')"\n'
        'date_format = "DD/MM/YYYY HH.mm"\ntimezone = "Asia/Jakarta"\nnote = "why"\n',
        "utf-8",
    )
    (rule,), told = own_rules(sites)
    assert told == []
    assert rule.name == "riau-harian"
    assert rule.hosts == ("riau.example", "xn--mnchen-3ya.example")
    assert (rule.headline, rule.body) == (("h1",), ("div.isi", "article"))
    assert (rule.date_format, rule.timezone, rule.shipped) == (("DD/MM/YYYY HH.mm",), "Asia/Jakarta", False)


def test_the_digest_moves_with_what_the_rule_says_and_not_with_its_note(sites: Path) -> None:
    digests = []
    for more in ("", 'note = "other"\n', 'kicker = ".k"\n'):
        (sites / "a.toml").write_text(GOOD + more)
        digests.append(own_rules(sites)[0][0].digest)
    assert digests[0] == digests[1] != digests[2]


FAULTS = {
    "unknown key": ('hosts = "a.example"\nheadlines = "h1"\n', ':2:1: "headlines" is not known', "headline"),
    "no host": ('body = "p"\n', ":1:1: say whose pages these are", "detect"),
    "nothing to find": ('hosts = "a.example"\n', ":1:1: there is nothing to find", "body"),
    "an address": (
        'hosts = "https://www.a.example/x"\nbody = "p"\n',
        ":1:9:",
        'write its host alone: "a.example"',
    ),
    "a star": ('hosts = "*.a.example"\nbody = "p"\n', ":1:9:", 'write "a.example"'),
    "no host at all": ('hosts = "a b"\nbody = "p"\n', ":1:9:", "is no host"),
    "a selector": ('hosts = "a.example"\nbody = ["p", "div..x"]\n', ":2:14: body:", "at its character 5"),
    "a format": (
        'hosts = "a.example"\ndate = "p"\ndate_format = "HH:mm"\n',
        ":3:15:",
        "must name day, month and year",
    ),
    "a zone": ('hosts = "a.example"\nbody = "p"\ntimezone = "WIB"\n', ":3:12:", "is no time zone"),
    "a number": ('hosts = "a.example"\nbody = 3\n', ":2:8: body: 3 is no text", "in quotes"),
    "a table": ('hosts = "a.example"\n[body]\nx = 1\n', ":2:", "body: is a table"),
    "an empty text": ('hosts = "a.example"\nbody = ""\n', ":2:8: body is empty", "leave the line out"),
    "an empty list": ('hosts = "a.example"\nbody = []\n', ":2:8: body is empty", "leave the line out"),
    "a slip of TOML": ('hosts = "a.example"\nbody = "p\n', ":2:8:", "closing"),
    "too many": (f'hosts = "a.example"\nbody = {["p"] * 41}\n', ":2:8: body has 41 texts", "40"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_told_with_file_line_and_what_to_do(case: str, sites: Path) -> None:
    text, place, words = FAULTS[case]
    (sites / "a.toml").write_text(text)
    told = faults(sites)
    assert any(line.startswith(f"sites/a.toml{place}") and words in line for line in told), told


def test_every_fault_of_every_file_is_told_and_the_others_rules_hold(sites: Path) -> None:
    (sites / "a.toml").write_text('hosts = "a.example"\nbody = ">"\nkickr = "p"\n')
    (sites / "b.toml").write_text(GOOD)
    (sites / "c.toml").write_text('body = "p"\n')
    rules, told = own_rules(sites)
    assert [rule.name for rule in rules] == ["b"]
    assert len(told) == 3


def test_one_host_in_two_files_is_a_fault_of_the_second(sites: Path) -> None:
    (sites / "a.toml").write_text(GOOD)
    (sites / "b.toml").write_text('hosts = ["b.example", "www.riau.example"]\nbody = "p"\n')
    (told,) = faults(sites)
    assert "sites/b.toml:1:1" in told
    assert "a.toml" in told


def test_a_megabyte_of_toml_is_refused_unread(sites: Path) -> None:
    (sites / "a.toml").write_text(GOOD + 'note = "' + "x" * 1_000_000 + '"\n')
    (told,) = faults(sites)
    assert "the most is 64,000" in told


def test_bytes_that_are_no_utf_8_are_told_at_their_place(sites: Path) -> None:
    (sites / "a.toml").write_bytes(b'hosts = "a.example"\nbody = ".\xe9t\xe9"\n')
    (told,) = faults(sites)
    assert told.startswith("sites/a.toml:2:10:")
    assert "UTF-8" in told


@pytest.mark.parametrize("name", ["Riau.toml", "a b.toml", "-a.toml", "a.b.toml", ".toml"])
def test_the_name_of_a_file_must_be_one_that_can_be_said(name: str, sites: Path) -> None:
    (sites / name).write_text(GOOD)
    (told,) = faults(sites)
    assert "a-z, 0-9 and -" in told


def test_what_is_no_ordinary_file_is_a_fault_and_never_waited_for(sites: Path) -> None:
    (sites / "a.toml").mkdir()
    os.mkfifo(sites / "b.toml")
    (sites / "c.toml").symlink_to(sites / "nowhere")
    assert len(faults(sites)) == 3


def test_other_files_in_the_folder_are_left_alone(sites: Path) -> None:
    (sites / "a.html").write_text("<html>")
    (sites / "a.toml~").write_text("???")
    assert own_rules(sites) == ((), [])


def test_a_folder_of_very_many_files_is_refused(sites: Path) -> None:
    for number in range(MOST_FILES + 1):
        (sites / f"{number}.toml").touch()
    (told,) = faults(sites)
    assert "1,001" in told


def test_a_file_in_place_of_the_folder_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "sites").touch()
    (told,) = faults(tmp_path / "sites")
    assert "cannot be read" in told


def test_the_stamp_moves_with_every_rule(sites: Path) -> None:
    file = sites.parent / "feeds.toml"
    seen = [stamp(file)]
    (sites / "a.toml").write_text(GOOD)
    seen.append(stamp(file))
    (sites / "a.toml").write_text(GOOD + GOOD)
    seen.append(stamp(file))
    (sites / "a.toml").unlink()
    seen.append(stamp(file))
    assert seen[0] == seen[3] == ()
    assert len(set(seen)) == 3
    assert beside(file) == ((), [])


def rule(name: str, *hosts: str, shipped: bool = False) -> SiteRule:
    return SiteRule(
        name=name, digest="", hosts=hosts, shipped=shipped, body=("p",), detect=() if hosts else ("p",)
    )


def names(rules: SiteRules, url: str, body: bytes = b"") -> list[str]:
    return [each.name for each in rules.for_page(Page(url=url, content_type=None, body=body))]


def test_rules_of_the_host_come_first_editors_before_shipped_the_nearest_before_the_wider() -> None:
    rules = SiteRules(
        own=(rule("own", "paper.example"), rule("own-markup")),
        shipped=(rule("near", "riau.paper.example", shipped=True), rule("markup", shipped=True)),
    )
    assert names(rules, "https://riau.paper.example/1") == ["own", "near", "own-markup", "markup"]
    assert names(rules, "https://www.paper.example/1") == ["own", "own-markup", "markup"]
    assert names(rules, "https://newspaper.example/1") == ["own-markup", "markup"]


def test_an_editors_file_with_the_name_of_a_shipped_rule_takes_its_place() -> None:
    name = shipped()[0].name
    rules = in_force([rule(name, "paper.example")])
    assert name in names(rules, "https://paper.example/")
    assert name not in names(rules, "https://other.example/")


@pytest.mark.parametrize(
    "link",
    [
        b'<link rel="canonical" href="https://paper.example/1">',
        b"<LINK href='https://paper.example/1' rel='canonical'/>",
        b'<link data-x rel=canonical href="https://paper.example/1">',
    ],
)
def test_a_copy_of_a_page_is_read_by_the_rule_of_the_host_that_it_names_as_its_own(link: bytes) -> None:
    rules = SiteRules(own=(rule("own", "paper.example"), rule("mirror", "mirror.example")))
    assert names(rules, "https://mirror.example/1", link) == ["mirror", "own"]
    assert names(rules, "https://other.example/1", link) == ["own"]


def test_the_example_for_editors_is_without_faults() -> None:
    (example,) = re.findall(r"```toml sites\n(.*?)```", EDITORS, re.DOTALL)
    assert rule_faults("riau-harian", example) == []


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_a_rule_is_explained_to_editors(key: str) -> None:
    rows = [
        line for line in EDITORS.splitlines() if line.startswith("| `") and f"`{key}`" in line.split("|")[1]
    ]
    assert rows


@pytest.mark.parametrize(
    "text", ["", "hosts", "=", "[[hosts]]", 'hosts = "a.example"\nhosts = "b.example"', "\x00"]
)
def test_no_text_of_a_rule_is_more_than_a_fault(text: str, sites: Path) -> None:
    (sites / "a.toml").write_text(text)
    assert faults(sites)
