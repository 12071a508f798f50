"""`make demo`, as a newcomer runs it: the real program reads the newsroom over loopback, once."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from tests.examples.newsroom import ADDRESS, EXAMPLES, module

Story = Mapping[str, Any]
OURS = ("AGGREGATOR_CONFIG", "AGGREGATOR_DATABASE", "AGGREGATOR_OUTPUT")


class Round(NamedTuple):
    """A finished round, in a folder of its own."""

    config: Path
    said: str
    address: str


def aggregator(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "-m", "aggregator", "--config", str(config), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Round]:
    folder = tmp_path_factory.mktemp("demo")
    with module("origin").Server(0) as server:  # another port: several tests may run at once
        config = folder / "feeds.toml"
        config.write_text(
            (EXAMPLES / "feeds.toml").read_text("utf-8").replace(ADDRESS, server.address), "utf-8"
        )
        done = aggregator(config, "once", "--force")
        assert done.returncode == 0, done.stderr
        yield Round(config, done.stdout, server.address)


@pytest.fixture(scope="module")
def stories(finished: Round) -> list[Story]:
    done = aggregator(finished.config, "stories", "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def about(stories: list[Story], slug: str) -> Story:
    """The story that has a copy under this address; there is one."""
    found = [story for story in stories if any(slug in (copy["url"] or "") for copy in story["copies"])]
    assert len(found) == 1
    return found[0]


def sections(story: Story) -> set[str]:
    return {each["id"] for each in story["sections"]}


def test_every_entry_becomes_a_story_or_a_copy_of_one(stories: list[Story]) -> None:
    assert sum(len(story["copies"]) for story in stories) == 49
    assert 40 <= len(stories) <= 44


def test_the_kazakhstan_story_is_one_story_with_three_copies(stories: list[Story]) -> None:
    story = about(stories, "presiden-kazakhstan-perintahkan-tembak")
    copies = {copy["feed"]: copy for copy in story["copies"]}
    assert set(copies) == {"kabar-kampar", "radio-ombak-bono", "jalur-sutra"}
    assert [feed for feed, copy in copies.items() if copy["lead"]] == ["kabar-kampar"]
    assert copies["kabar-kampar"]["entry"] is None
    assert story["published"] == "2022-01-08T05:06:00+07:00"
    assert {"internasional", "asia-tengah"} <= sections(story)
    assert "riau" not in sections(story)


def test_its_places_are_kazakhstan_and_russia_with_the_words_that_say_so(stories: list[Story]) -> None:
    story = about(stories, "presiden-kazakhstan-perintahkan-tembak")
    regions = {region["code"]: region for region in story["regions"]}
    assert regions["KZ"]["role"] == regions["RU"]["role"] == "focus"
    assert story["regions"][0]["code"] == "KZ"
    for code, word in (("KZ", "Kazakhstan"), ("RU", "Rusia")):
        assert word in {evidence["text"] for evidence in regions[code]["evidence"]}
    for region in story["regions"]:
        for evidence in region["evidence"]:
            if isinstance(story.get(evidence["field"]), str):
                assert story[evidence["field"]][evidence["start"] : evidence["end"]] == evidence["text"]


def test_what_stands_around_its_text_is_in_fields_of_its_own(stories: list[Story]) -> None:
    story = about(stories, "presiden-kazakhstan-perintahkan-tembak")
    assert (
        story["headline"]
        == "Presiden Kazakhstan Perintahkan Tembak Tanpa Peringatan, Pasukan Rusia Mulai Mendarat"
    )
    assert story["kicker"] == "KAZAKHSTAN RUSUH"
    assert story["editor"] == "Laras Kuantan"
    assert story["credits"][:3] == ["AFP", "Reuters", "JPNN"]
    assert story["text_from"] == "page"
    (image,) = story["images"]
    assert image["url"].endswith("/kabar-kampar/foto/almaty.png")
    assert image["caption"] == "Asap mengepul dari balai kota Almaty, Kazakhstan, Rabu (5/1/2022)."
    assert image["credit"] == "REUTERS/FOTO STEPA"
    for part in (
        "KAZAKHSTAN RUSUH",
        "Asap mengepul",
        "Sumber:",
        "Editor",
        "Baca juga",
        "Komentar",
        "TERKAIT",
        "Bagikan",
    ):
        assert part not in story["text"]
    assert story["text"].endswith("diminta tetap berada di dalam rumah.")


@pytest.mark.parametrize(
    ("slug", "feeds"),
    [
        ("letusan-gunung-api-dekat-tonga", ["kabar-kampar", "radio-ombak-bono"]),
        ("dpr-sahkan-uu-ibu-kota-nusantara", ["kabar-kampar", "radio-ombak-bono"]),
        ("listrik-padam-tiga-negara", ["jalur-sutra", "radio-ombak-bono"]),
        ("tonga-volcano-erupts-update-1", ["longitude-wire", "longitude-wire"]),
    ],
)
def test_other_texts_that_several_carry_are_one_story_too(
    stories: list[Story], slug: str, feeds: list[str]
) -> None:
    assert sorted(copy["feed"] for copy in about(stories, slug)["copies"]) == feeds


@pytest.mark.parametrize(
    ("slug", "published"),
    [
        ("gotong-royong-jembatan-gantung", "2022-01-10T08:30:00+07:00"),  # its feed gives no date
        ("harga-sawit-riau-naik", "2022-01-19T10:05:00+07:00"),  # an Indonesian one
        ("sneg-na-sahaline", "2022-01-12T08:10:00+03:00"),
        ("kawah-gas-turkmenistan", "2022-01-09T10:15:00+06:00"),
    ],
)
def test_dates_are_the_publishers_own(stories: list[Story], slug: str, published: str) -> None:
    assert about(stories, slug)["published"] == published


def test_the_russian_paper_is_read_as_russian(stories: list[Story]) -> None:
    story = about(stories, "sneg-na-sahaline")
    assert story["headline"] == "Сахалин занесло снегом, отменены рейсы и занятия в школах"
    assert story["language"] == "ru"
    assert "RU" in {region["code"] for region in story["regions"]}


def test_a_story_that_names_no_place_is_where_its_paper_is(stories: list[Story]) -> None:
    story = about(stories, "gotong-royong-jembatan-gantung")
    assert story["regions"][0]["code"] == "ID-RI"
    assert sections(story) == {"riau", "indonesia"}


@pytest.mark.parametrize("slug", ["jadwal-salat-hari-ini", "advertorial-perumahan"])
def test_what_editors_do_not_want_is_in_no_section(stories: list[Story], slug: str) -> None:
    assert sections(about(stories, slug)) == set()


def test_the_podcast_keeps_its_recordings(finished: Round) -> None:
    root = ElementTree.fromstring((finished.config.parent / "output" / "siniar" / "rss.xml").read_bytes())
    found = {each.attrib["url"].rpartition("/")[2]: each.attrib["type"] for each in root.iter("enclosure")}
    assert found == {f"siniar-{number}.mp3": "audio/mpeg" for number in (1, 2, 3)}


def test_readers_get_no_more_of_the_agency_than_its_licence_allows(finished: Round) -> None:
    text = (finished.config.parent / "output" / "world-in-english" / "atom.xml").read_text("utf-8")
    assert "Soldiers in Burkina Faso say they have taken power" in text
    assert "A captain in a red beret" not in text


def test_check_finds_no_fault_and_every_expectation_met(finished: Round) -> None:
    done = aggregator(finished.config, "check")
    assert done.returncode == 0, done.stderr + done.stdout
    assert all(": note: [site] url " in line for line in done.stderr.splitlines())


def test_the_starter_passes_check(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    config.write_bytes((EXAMPLES.parent / "feeds.toml").read_bytes())
    done = aggregator(config, "check")
    assert done.returncode == 0, done.stderr + done.stdout


def test_a_second_round_changes_nothing(finished: Round, stories: list[Story]) -> None:
    output = finished.config.parent / "output"
    before = {
        path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in output.rglob("*") if path.is_file()
    }
    assert aggregator(finished.config, "once", "--force").returncode == 0
    after = {
        path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in output.rglob("*") if path.is_file()
    }
    assert before == after
    again = aggregator(finished.config, "stories", "--json").stdout.splitlines()
    assert [json.loads(line)["id"] for line in again] == [story["id"] for story in stories]


def test_people_are_shown_times_of_the_sites_zone_and_each_feed_once(finished: Round) -> None:
    shown = aggregator(finished.config, "stories", "--section", "internasional").stdout.splitlines()
    times = [line[:16] for line in shown[::2]]
    assert times == sorted(times, reverse=True)
    assert times[0] == "2022-01-28 16:00"  # 12:00 in Moscow is 16:00 in Jakarta
    feeds = [line.split(" · ")[1].split(", ") for line in shown[1::2]]
    assert all(len(set(each)) == len(each) for each in feeds)
    assert "times: Asia/Jakarta" in aggregator(finished.config, "status").stdout


@pytest.mark.parametrize("command", [("stories", "--region", "AQ"), ("stories", "--since", "2999-01-01")])
def test_people_are_told_that_a_list_is_empty(finished: Round, command: tuple[str, ...]) -> None:
    done = aggregator(finished.config, *command)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "no stories; `aggregator status` says how the feeds do\n"
    assert aggregator(finished.config, *command, "--json").stderr == ""


def test_what_init_says_next_can_be_typed(tmp_path: Path) -> None:
    done = aggregator(Path("feeds.toml"), "init", str(tmp_path / "my desk"), "--language", "tlh")
    assert done.stderr == "there is no starter in tlh, only in en, id: en is taken\n"
    assert f"`aggregator --config '{tmp_path}/my desk/feeds.toml' check`" in done.stdout


def test_a_taken_port_is_told_in_one_line() -> None:
    demo = [sys.executable, str(EXAMPLES / "demo.py")]
    host, _, port = ADDRESS.partition(":")
    try:
        taken = socket.create_server((host, int(port)))
    except OSError:  # somebody else has it already, which serves as well
        taken = socket.socket()
    with taken:
        done = subprocess.run(demo, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert re.fullmatch(rf"demo: {re.escape(ADDRESS)} cannot be used \(.+\); .+\n", done.stderr)
    assert done.stdout == ""
