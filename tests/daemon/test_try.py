"""`try` and site rules through the real program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.daemon.program import Room, configuration, newsfeed
from tests.origin import Origin, reply

PARTS = "".join(
    f"<p>Warga Kazakhstan turun ke jalan di Almaty pada hari ke-{part}, kata kepolisian kota itu kepada kami.</p>"
    for part in range(5)
)
PAGE = (
    "<html><body><article><b class='topik'>LUAR NEGERI</b><h1>Warga Turun ke Jalan</h1>"
    f"<div class='isi'>{PARTS}</div></article></body></html>"
).encode()
RULE = 'hosts = "127.0.0.1.nip.example"\ndetect = ".topik"\nkicker = ".topik"\nbody = ".isi"\n'


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def written(room: Room, origin: Origin) -> str:
    origin.answer("/kampar", reply(200, newsfeed("kampar")))
    origin.answer("/berita/1", reply(200, PAGE, {"Content-Type": "text/html"}))
    room.write(configuration(feeds={"kampar": origin.url("/kampar")}, listen=""))
    return origin.url("/berita/1")


def test_try_shows_a_page_and_a_feed_and_leaves_nothing_behind(room: Room) -> None:
    with Origin() as origin:
        url = written(room, origin)
        (room.folder / "sites").mkdir()
        (room.folder / "sites" / "kampar.toml").write_text(RULE.partition("\n")[2])
        shown = room.run("try", url)
        assert shown.returncode == 0, shown.stderr
        assert 'LUAR NEGERI   [site rule "kampar": .topik]' in shown.stdout
        given = json.loads(room.run("try", url, "--json").stdout)
        assert (given["kind"], given["feed"], given["story"]["kicker"]) == ("page", "kampar", "LUAR NEGERI")
        feed = json.loads(room.run("try", "kampar", "--json").stdout)
        assert (feed["kind"], len(feed["entries"])) == ("feed", 3)
    assert sorted(each.name for each in room.folder.iterdir()) == ["feeds.toml", "sites"]


def test_try_reads_texts_from_the_command_line_and_from_stdin(room: Room) -> None:
    with Origin() as origin:
        written(room, origin)
        shown = room.run("try", "Gempa di Almaty, Kazakhstan")
        assert "(KZ)" in shown.stdout
        (room.folder / "text").write_text("Gempa di Almaty\n\nWarga Kazakhstan keluar rumah.")
        with (room.folder / "text").open() as text:
            assert "Gempa di Almaty" in room.run("try", "-", stdin=text).stdout
        lines = [{"id": 1, "text": "Banjir di Riau.", "language": "id"}, {"id": "b", "title": "x"}]
        (room.folder / "lines").write_text("\n".join(map(json.dumps, lines)) + "\n\n")
        with (room.folder / "lines").open() as text:
            done = room.run("try", "-", "--json", stdin=text)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["id"] for each in found] == [1, "b"]
    assert all(set(each) == {"id", "language", "regions"} for each in found)
    assert found[0]["regions"][0]["code"] == "ID-RI"
    assert found[1]["regions"] == []


@pytest.mark.parametrize("lines", ["{", "[1]", '"text"', "[" * 100_000])
def test_a_line_that_is_no_object_is_told_by_its_number(room: Room, lines: str) -> None:
    with Origin() as origin:
        written(room, origin)
        (room.folder / "lines").write_text('{"id": 1}\n' + lines + "\n")
        with (room.folder / "lines").open() as text:
            done = room.run("try", "-", "--json", stdin=text)
    assert done.returncode == 1
    assert done.stderr.startswith("stdin, line 2: ")
    assert len(done.stderr.splitlines()) == 1


def test_what_cannot_be_tried_is_one_line_and_exit_1(room: Room) -> None:
    with Origin() as origin:
        written(room, origin)
        for arguments in (("try", origin.url("/none")), ("try", "x", "--feed", "siak")):
            done = room.run(*arguments)
            assert (done.returncode, done.stdout) == (1, "")
            assert len(done.stderr.splitlines()) == 1


def test_a_faulty_site_rule_is_told_by_check_and_exits_78(room: Room) -> None:
    with Origin() as origin:
        written(room, origin)
        (room.folder / "sites").mkdir()
        (room.folder / "sites" / "a.toml").write_text('hosts = "a.example"\nbdoy = "p"\nkicker = "b >"\n')
        done = room.run("check")
    assert done.returncode == 78
    assert [line.partition(": ")[0] for line in done.stderr.splitlines()] == [
        "sites/a.toml:2:1",
        "sites/a.toml:3:10",
    ]
    assert 'did you mean "body"?' in done.stderr
