"""The built-in server, as readers and supervisors meet it."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.daemon.program import Room, asked, free_port, newsfeed, until
from tests.origin import Origin, reply

POLICY = "default-src 'none'"


@dataclass
class Site:
    port: int
    room: Room


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    room, port = Room(tmp_path_factory.mktemp("meja")), free_port()
    with Origin() as origin:
        feeds = {"kampar": origin.answer("/kampar", reply(200, newsfeed("kampar")))}
        room.write(feeds=feeds, listen=f"127.0.0.1:{port}", feed="read_pages = false")
        with room.daemon() as daemon:
            daemon.ready()
            until((room.output / "sources" / "index.html").exists, "files")
            until(lambda: len(room.ids()) == 3, "stories")
            (room.output / ".secret").write_text("hidden", "utf-8")
            (room.output / "semua" / ".aggregator-0123456789abcdef.tmp").write_text("half", "utf-8")
            (room.output / "link.html").symlink_to(room.config)
            yield Site(port, room)
            assert "Traceback" not in daemon.log


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/semua/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/semua/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/semua/feed.json", "application/feed+json; charset=utf-8"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
        ("/semua/", "text/html; charset=utf-8"),
        ("/", "text/html; charset=utf-8"),
        ("/sources/", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
    ],
)
def test_every_file_has_its_media_type_a_policy_and_answers_304(
    site: Site, path: str, media_type: str
) -> None:
    with asked(site.port, path) as (response, body):
        assert response.status == 200
        assert response.headers["Content-Type"] == media_type
        assert response.headers["Content-Security-Policy"].startswith(POLICY)
        assert "script" not in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert body
        etag, modified = response.headers["ETag"], response.headers["Last-Modified"]
    for headers in ({"If-None-Match": etag}, {"If-Modified-Since": modified}):
        with asked(site.port, path, headers=headers) as (response, again):
            assert (response.status, again) == (304, b"")
            assert response.headers["ETag"] == etag
    with asked(site.port, path, headers={"If-None-Match": '"another"'}) as (response, again):
        assert (response.status, again) == (200, body)
    with asked(site.port, path, method="HEAD") as (response, nothing):
        assert (response.status, nothing) == (200, b"")
        assert int(response.headers["Content-Length"]) == len(body)
        assert response.headers["Content-Type"] == media_type


def test_a_reader_that_takes_gzip_gets_the_same_bytes_compressed(site: Site) -> None:
    with asked(site.port, "/semua/atom.xml") as (_, plain):
        pass
    with asked(site.port, "/semua/atom.xml", headers={"Accept-Encoding": "gzip"}) as (response, body):
        assert response.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in response.headers["Vary"]
        assert gzip.decompress(body) == plain


def test_a_feed_may_be_read_by_pages_elsewhere(site: Site) -> None:
    with asked(site.port, "/semua/feed.json") as (response, _):
        assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "path",
    [
        "/.secret",
        "/%2esecret",
        "/semua/.aggregator-0123456789abcdef.tmp",
        "/../feeds.toml",
        "/..%2ffeeds.toml",
        "/%2e%2e/feeds.toml",
        "/semua/../../feeds.toml",
        "/semua/%2e%2e/%2e%2e/feeds.toml",
        "//etc/passwd",
        "/%00",
        "/semua/rss.xml%00.html",
        "/link.html",
        "/" + "a" * 5000,
        "/nothing",
        "/-/",
        "/-/nothing",
    ],
)
def test_nothing_but_the_output_is_shown(site: Site, path: str) -> None:
    with asked(site.port, path) as (response, body):
        assert response.status == 404
        assert response.headers["Content-Security-Policy"].startswith(POLICY)
        assert b"Meja Kabar" not in body
        assert b"root:" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_sent(site: Site, method: str) -> None:
    with asked(site.port, "/semua/rss.xml", method=method) as (response, _):
        assert response.status == 405


def test_health_is_ok_and_not_kept_by_caches(site: Site) -> None:
    with asked(site.port, "/-/health") as (response, body):
        assert response.status == 200
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        assert json.loads(body) == {"health": "ok", "reasons": []}


def test_ob_07_metrics_count_what_was_done(site: Site) -> None:
    with asked(site.port, "/-/metrics") as (response, body):
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        lines = body.decode().splitlines()
    for line in (
        'aggregator_polls_total{result="new"} 1.0',
        "aggregator_entries_new_total 3.0",
        "aggregator_entries_read_total 3.0",
        'aggregator_entries{state="published"} 3.0',
        'aggregator_feeds{state="ok"} 1.0',
        "aggregator_healthy 1.0",
    ):
        assert line in lines


def test_what_is_no_http_and_a_client_that_says_nothing_hold_nothing_up(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as silent:
        with socket.create_connection(("127.0.0.1", site.port), timeout=5) as rude:
            rude.sendall(b"\x16\x03\x01\x00\x00 not http\r\n\r\n")
            assert b"400" in rude.recv(4096)
        with asked(site.port, "/-/health") as (response, _):
            assert response.status == 200
        silent.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert silent.recv(4096).startswith(b"HTTP/1.1 200")


def test_health_is_failed_and_503_while_the_output_cannot_be_written(tmp_path: Path) -> None:
    room, port = Room(tmp_path), free_port()
    room.write(listen=f"127.0.0.1:{port}")
    with room.daemon() as daemon:
        daemon.ready()
        until((room.output / "semua" / "rss.xml").exists, "files")
        until((room.output / "sources" / "index.html").exists, "files")
        room.output.rename(tmp_path / "moved-away")
        room.output.write_text("in its place", "utf-8")

        def failed() -> bool:
            with asked(port, "/-/health") as (response, body):
                return response.status == 503 and str(room.output) in json.loads(body)["reasons"][0]

        until(failed, "503")
        room.output.unlink()
        (tmp_path / "moved-away").rename(room.output)

        def well() -> bool:
            with asked(port, "/-/health") as (response, _):
                return response.status == 200

        until(well, "200")
