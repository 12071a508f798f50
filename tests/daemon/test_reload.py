"""A saved feeds.toml: a faulty one never stops the news, a mended one is in force within ten seconds."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.daemon.program import Room, configuration, free_port, health, newsfeed, until
from tests.origin import Origin, reply


class Newsroom:
    """A running daemon with one feed, and its folder."""

    def __init__(self, room: Room, origin: Origin) -> None:
        self.room, self.origin, self.port = room, origin, free_port()
        origin.answer("/kampar", reply(200, newsfeed("kampar")))
        origin.answer("/siak", reply(200, newsfeed("siak")))
        room.write(self.configured("kampar"))
        self.daemon = room.daemon()

    def configured(self, *feeds: str, more: str = "") -> str:
        urls = {name: self.origin.url(f"/{name}") for name in feeds}
        return configuration(feeds=urls, listen=f"127.0.0.1:{self.port}", more=more)

    def polls_go_on(self) -> None:
        before = len(self.origin.seen("/kampar"))
        until(lambda: len(self.origin.seen("/kampar")) > before, "another poll")

    def reasons(self) -> list[str]:
        return health(self.port)["reasons"]

    def faulty(self, where: str) -> str:
        """Wait for the fault, and give the line of the log that tells it."""
        until(lambda: any(where in reason for reason in self.reasons()), f"{where} in health")
        assert health(self.port)["health"] == "degraded"
        return next(line for line in reversed(self.daemon.log.splitlines()) if where in line)

    def well(self) -> None:
        until(lambda: health(self.port) == {"health": "ok", "reasons": []}, "health is ok")


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    with Origin() as origin:
        newsroom = Newsroom(Room(tmp_path_factory.mktemp("meja")), origin)
        with newsroom.daemon as daemon:
            daemon.ready()
            until((newsroom.room.output / "semua" / "feed.json").exists, "files")
            until(lambda: len(newsroom.room.ids()) == 3, "stories")
            yield newsroom  # nobody listens to the daemon's notices from here on: that must not hold it up


def test_lc_02_a_broken_file_is_told_and_the_last_good_one_stays_until_it_is_mended(
    newsroom: Newsroom,
) -> None:
    room, good = newsroom.room, newsroom.configured("kampar")
    lines = good.splitlines()
    at = lines.index("[[feed]]") + 2
    room.write("\n".join([*lines[:at], 'url = "http://kampar.example/rss', *lines[at + 1 :]]))
    told = newsroom.faulty(f"feeds.toml:{at + 1}:")
    assert told.startswith("error")
    assert "the last good configuration stays in force" in told
    newsroom.polls_go_on()
    state = room.status()
    assert state["health"] == "degraded"
    assert any(f"feeds.toml:{at + 1}:" in reason for reason in state["reasons"])
    assert [feed["id"] for feed in state["feeds"]] == ["kampar"]
    room.write(newsroom.configured("kampar", "siak"))
    until(lambda: newsroom.origin.seen("/siak"), "the mended file is in force")
    newsroom.well()


def emptied(room: Room, good: str) -> None:
    room.write("")


def without_feeds(room: Room, good: str) -> None:
    room.write(configuration())


def in_latin_1(room: Room, good: str) -> None:
    room.config.write_bytes(good.replace("Meja Kabar", "Caf\u00e9 Kabar").encode("latin-1"))


def a_directory(room: Room, good: str) -> None:
    room.config.unlink()
    room.config.mkdir()


def nested(room: Room, good: str) -> None:
    room.write(good + "\nnote = " + "[" * 5000 + "]" * 5000)


def with_a_nul(room: Room, good: str) -> None:
    room.config.write_bytes(good.encode() + b"\0")


def half_written(room: Room, good: str) -> None:
    room.write(good[: good.index('url = "http')])


def a_key_twice(room: Room, good: str) -> None:
    room.write(good.replace('title = "Meja Kabar"', 'title = "Meja Kabar"\ntitle = "Meja"'))


def missing(room: Room, good: str) -> None:
    room.config.unlink()


BROKEN = {
    emptied: "feeds.toml:1:1: the file is empty",
    without_feeds: "feeds.toml:1:1: no [[feed]] is left",
    in_latin_1: "0xE9 is not UTF-8",
    a_directory: "feeds.toml:1:1: this is a directory",
    nested: "feeds.toml:",
    with_a_nul: "feeds.toml:",
    half_written: "feeds.toml:",
    a_key_twice: "feeds.toml:3:",
    missing: "feeds.toml:1:1: there is no such file",
}


def test_lc_03_no_file_that_cannot_be_used_takes_the_place_of_the_last_good_one(newsroom: Newsroom) -> None:
    good, room = newsroom.configured("kampar"), newsroom.room
    for broken, where in BROKEN.items():
        broken(room, good)
        newsroom.daemon.send(signal.SIGHUP)
        told = newsroom.faulty(where)
        assert "the last good configuration stays in force" in told
        if room.config.is_dir():
            room.config.rmdir()
    newsroom.polls_go_on()
    room.write(good)
    newsroom.daemon.send(signal.SIGHUP)
    newsroom.well()
    assert "Traceback" not in newsroom.daemon.log
    assert len(room.ids()) >= 3


def test_lc_03_a_file_that_is_taken_away_is_missed_and_one_that_comes_back_is_taken(
    newsroom: Newsroom,
) -> None:
    aside = newsroom.room.config.with_suffix(".aside")
    newsroom.room.config.rename(aside)
    newsroom.faulty(BROKEN[missing])
    aside.rename(newsroom.room.config)
    newsroom.well()


def test_lc_03_a_file_that_is_away_for_a_second_while_it_is_saved_is_no_fault(newsroom: Newsroom) -> None:
    room = newsroom.room
    newsroom.well()
    before = newsroom.daemon.log
    aside = room.config.with_suffix(".old")
    room.config.rename(aside)
    looks = newsroom.daemon.supervisor.heard.count("WATCHDOG=1")
    until(lambda: newsroom.daemon.supervisor.heard.count("WATCHDOG=1") > looks + 1, "a second")
    room.write(newsroom.configured("kampar", more="# saved\n"))
    until(lambda: "feeds.toml is in force" in newsroom.daemon.log[len(before) :], "reload")
    assert "faulty" not in newsroom.daemon.log[len(before) :]
    newsroom.well()


def test_lc_05_one_bad_feed_of_fifty_refuses_the_whole_file_at_its_place(newsroom: Newsroom) -> None:
    room = newsroom.room
    names = [f"f{number}" for number in range(50)]
    text = newsroom.configured("kampar", *names[:49])
    lines = text.splitlines()
    at = lines.index('id = "f30"') + 2
    lines.insert(at, 'intervall = "30m"')
    room.write("\n".join(lines))
    told = newsroom.faulty(f"feeds.toml:{at + 1}:1:")
    assert "intervall" in told
    assert 'did you mean "interval"' in told
    assert not newsroom.origin.seen("/f1")
    room.write(newsroom.configured("kampar"))
    newsroom.well()


def test_a_reload_moves_sections_regions_and_output_and_drops_what_is_gone(newsroom: Newsroom) -> None:
    room = newsroom.room
    region = '\n[[region]]\nid = "jalur-sutra"\nname = "Jalur Sutra"\nmembers = ["KZ"]\n'
    section = '\n[[section]]\nid = "dunia"\ntitle = "Dunia"\ninclude = { regions = "Jalur Sutra" }\n'
    room.write(newsroom.configured("kampar", more=region + section))
    until((room.output / "dunia" / "atom.xml").exists, "the new section")
    room.write(newsroom.configured("kampar", more=section))
    told = newsroom.faulty("Jalur Sutra")  # its region has gone: the old one must not make it good
    assert "feeds.toml:" in told
    moved = '[output]\ndirectory = "elsewhere"\n'
    room.write(newsroom.configured("kampar", more=moved))
    until((room.folder / "elsewhere" / "index.html").exists, "files in the other folder")
    newsroom.well()
    room.write(newsroom.configured("kampar"))
    until(lambda: "feeds.toml is in force" in newsroom.daemon.log.splitlines()[-1], "back again")
    newsroom.well()


def test_a_site_rule_that_is_saved_is_in_force_and_a_faulty_one_is_told_while_the_last_stays(
    newsroom: Newsroom,
) -> None:
    folder = newsroom.room.folder / "sites"
    folder.mkdir()
    rule = folder / "kampar.toml"
    newsroom.room.write(newsroom.configured("kampar"))
    newsroom.well()
    rule.write_text('hosts = "kampar.example"\nbody = "div..isi"\n')
    line = newsroom.faulty("kampar.toml:2:8")
    assert "the last good configuration stays in force" in line
    newsroom.polls_go_on()
    rule.write_text('hosts = "kampar.example"\nbody = "div.isi"\n')
    newsroom.well()
    rule.unlink()
    newsroom.well()
