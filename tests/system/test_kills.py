"""kill -9 in the midst of a round: nothing is damaged, nothing is lost, and the next round ends where it should."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator.store import open_reader
from tests.daemon.program import Room, finished, snapshot, text_of
from tests.jobs.conftest import entry_xml, rss
from tests.origin import Origin, reply

pytestmark = pytest.mark.system
FEEDS = 60
STORIES = 150  # told by about two feeds each
FIRST = datetime(2022, 1, 7, 22, 6, tzinfo=UTC)
# At which part of the time that an undisturbed round takes; the start of Python is the first third.
MOMENTS = (0.31, 0.42, 0.53, 0.61, 0.68, 0.74, 0.8, 0.86, 0.91, 0.97)
Stories = dict[frozenset[tuple[str, str | None]], tuple[Any, ...]]  # by their copies


def newsfeed(feed: int, entries: int) -> bytes:
    """One of the feeds: its entries are copies of those of the next ones, some cut, each with a date of its own."""
    found = []
    for number in range(entries):
        story = (feed * 5 + number * 7) % STORIES
        text = text_of(f"kabar {story}", 90)
        if (feed + number) % 4 == 0:
            text = text[: len(text) * 4 // 5]
        date = format_datetime(FIRST - timedelta(minutes=17 * story + feed))
        found.append(entry_xml(feed * 100 + number, f"Kabar {text_of(str(story), 4)[18:]}", text, date))
    return rss(*found, title=f"Surat {feed}")


@dataclass
class Begun:
    """A newsroom after its first round, with more in its feeds by now, and how an undisturbed round goes on."""

    folder: Path
    known: dict[str, str]  # stories by then: id -> text
    seconds: float
    ends: Stories


def stories(room: Room) -> tuple[Stories, dict[str, str]]:
    """Every story as `stories` shows it, by its copies; and the ids with their texts."""
    store = open_reader(f"sqlite:{room.database}")
    try:
        found = list(store.stories())
    finally:
        store.close()
    by_copies = {
        frozenset((copy.feed_id, copy.guid) for copy in story.copies): (
            story.id,
            story.article.headline,
            story.article.text,
            tuple((region.code, region.role, region.rule) for region in story.regions),
            tuple(section.section_id for section in story.sections),
        )
        for story in found
    }
    assert len(by_copies) == len(found)
    return by_copies, {story.id: story.article.text for story in found}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    room = Room(tmp_path_factory.mktemp("begun"))
    with Origin() as origin:
        feeds = {
            f"f{number}": origin.answer(f"/{number}", reply(200, newsfeed(number, 3)))
            for number in range(FEEDS)
        }
        room.write(feeds=feeds, sections=("semua", "dunia"))
        assert room.run("once", "--force").returncode == 0
        for number in range(FEEDS):
            origin.answer(f"/{number}", reply(200, newsfeed(number, 6)))
        undisturbed = Room(room.folder.with_name("undisturbed"))
        shutil.copytree(room.folder, undisturbed.folder)
        before = time.monotonic()
        assert undisturbed.run("once", "--force").returncode == 0
        seconds = time.monotonic() - before
        yield Begun(room.folder, stories(room)[1], seconds, stories(undisturbed)[0])


@pytest.mark.parametrize("case", range(len(MOMENTS)))
def test_st_01_a_round_that_is_killed_is_made_good_by_the_next_one(
    begun: Begun, tmp_path: Path, case: int
) -> None:
    room = Room(tmp_path / "room")
    shutil.copytree(begun.folder, room.folder)
    process = room.start("once", "--force")
    try:
        finished(process, begun.seconds * MOMENTS[case])
    except subprocess.TimeoutExpired:
        assert process.returncode in (0, -signal.SIGKILL)  # it may have ended just then
    connection = sqlite3.connect(room.database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()
    shown = stories(room)[1]
    assert shown.keys() >= begun.known.keys()
    done = room.run("once", "--force")
    assert done.returncode == 0, done.stderr
    assert not [path for path in room.folder.rglob("*") if path.name.startswith(".") or path.suffix == ".tmp"]
    ends, ids = stories(room)
    assert ids.keys() >= shown.keys()
    different = {
        copies: (ends.get(copies), story) for copies, story in begun.ends.items() if ends.get(copies) != story
    }
    assert not different
    assert ends.keys() == begun.ends.keys()
    written = snapshot(room.output)
    assert room.run("once", "--force").returncode == 0
    assert snapshot(room.output) == written
    assert stories(room)[0] == ends
    ledger = room.status()["ledger"]
    assert ledger.pop("accepted") == sum(ledger.values()) == FEEDS * 6
