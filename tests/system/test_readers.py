"""Real readers: newsboat, xmllint and Chromium read what is published, over the built-in server."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.program import Room, free_port, text_of, until
from tests.jobs.conftest import entry_xml, rss
from tests.origin import Origin, reply

pytestmark = pytest.mark.system
COUNT = 30
FIRST = datetime(2022, 1, 7, 22, 6, tzinfo=UTC)
TITLES = (
    "Kazakhstan & “Almaty” <rusuh>",
    "Казахстан: протесты",
    "哈萨克斯坦",
    "عاجل: كازاخستان",
    "5 < 6 > 4",
)
CHROMIUM = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--enable-logging=stderr",
)


@dataclass
class Site:
    url: str
    room: Room
    stories: list[dict[str, Any]]  # of the section, as its JSON Feed has them


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    room, port = Room(tmp_path_factory.mktemp("meja")), free_port()
    entries = [
        entry_xml(
            number,
            f"<![CDATA[{TITLES[number % len(TITLES)]} {number}]]>",
            text_of(f"kabar {number}"),
            format_datetime(FIRST - timedelta(minutes=37 * number)),
        )
        for number in range(COUNT)
    ]
    with Origin() as origin:
        url = origin.answer("/kampar", reply(200, rss(*entries)))
        text = '[site]\ntitle = "Meja Kabar"\nlanguage = "id"\ntimezone = "Asia/Jakarta"\n'
        text += f'[polling]\nallow_networks = "127.0.0.0/8"\n[server]\nlisten = "127.0.0.1:{port}"\n'
        text += f'[[feed]]\nid = "kampar"\nurl = "{url}"\nread_pages = false\n'
        room.write(text + '[[section]]\nid = "semua"\ntitle = "Semua"\n')
        with room.daemon() as daemon:
            daemon.ready()
            until((room.output / "semua" / "feed.json").exists, "files")
            until(lambda: len(room.ids()) == COUNT, "stories")
            until((room.output / "sources" / "index.html").exists, "files")
            stories = json.loads((room.output / "semua" / "feed.json").read_text("utf-8"))["items"]
            yield Site(f"http://127.0.0.1:{port}/", room, stories)


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_newsboat_lists_every_entry_with_its_link_and_date(site: Site, tmp_path: Path, name: str) -> None:
    urls, cache = tmp_path / "urls", tmp_path / "cache.db"
    urls.write_text(f"{site.url}semua/{name}\n", "utf-8")
    environment = {**os.environ, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    subprocess.run(
        ["newsboat", "-u", str(urls), "-c", str(cache), "-C", "/dev/null", "-x", "reload"],
        env=environment,
        check=True,
        capture_output=True,
        timeout=60,
    )
    connection = sqlite3.connect(cache)
    try:
        listed = connection.execute("SELECT guid, title, url, pubDate FROM rss_item").fetchall()
    finally:
        connection.close()
    expected = {
        (story["id"], story["url"], int(datetime.fromisoformat(story["date_published"]).timestamp()))
        for story in site.stories
    }
    assert {(guid, url, date) for guid, _, url, date in listed} == expected
    assert len(listed) == COUNT
    titles = {story["id"]: story["title"] for story in site.stories}
    for guid, title, _, _ in listed:
        # In RSS a `<` that HTML would read as a tag is written as its full-width sister.
        assert title.replace("＜", "<") == titles[guid]


def test_xmllint_accepts_every_xml_file(site: Site) -> None:
    files = [path for path in site.room.output.rglob("*") if path.suffix in (".xml", ".opml")]
    assert {path.name for path in files} == {"rss.xml", "atom.xml", "feeds.opml"}
    done = subprocess.run(
        ["xmllint", "--noout", "--nonet", *map(str, files)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def loaded(url: str, profile: Path) -> tuple[str, str]:
    """What Chromium makes of a page, and what it complains of."""
    done = subprocess.run(
        [*CHROMIUM, f"--user-data-dir={profile}", "--virtual-time-budget=5000", "--dump-dom", url],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "HOME": str(profile)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.parametrize("path", ["", "semua/", "sources/", "semua/atom.xml"])
def test_hx_11_chromium_shows_a_page_without_a_complaint(site: Site, tmp_path: Path, path: str) -> None:
    document, complaints = loaded(site.url + path, tmp_path)
    assert complaints == ""
    if path in ("", "semua/"):
        assert "Казахстан: протесты" in document
        assert "Kazakhstan &amp; “Almaty” &lt;rusuh&gt;" in document
    if path != "semua/atom.xml":
        assert "<script" not in document


def test_chromium_would_complain_of_a_page_that_breaks_the_policy(site: Site, tmp_path: Path) -> None:
    page = site.room.output / "broken.html"
    page.write_text(
        "<!doctype html><script>document.title = 'ran'</script><p style='color:red'>x</p>", "utf-8"
    )
    document, complaints = loaded(site.url + "broken.html", tmp_path)
    page.unlink()
    assert "Content Security Policy" in complaints
    assert "<title>ran" not in document
