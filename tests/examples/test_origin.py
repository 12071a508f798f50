"""The newsroom's web server: validators, media types, and nothing outside its folder."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.examples.newsroom import ADDRESS, EXAMPLES, FEEDS, entries, module

origin: Any = module("origin")


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with origin.Server(0) as started:
        yield started


def ask(
    server: Any, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=2)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/kabar-kampar/rss.xml", "application/rss+xml"),
        ("/longitude-wire/atom.xml", "application/atom+xml"),
        ("/jalur-sutra/feed.json", "application/feed+json"),
        ("/zarechny-kurier/", "text/html"),
        ("/radio-ombak-bono/audio/siniar-1.mp3", "audio/mpeg"),
        ("/kabar-kampar/foto/almaty.png", "image/png"),
        ("/robots.txt", "text/plain; charset=utf-8"),
    ],
)
def test_a_file_has_its_media_type_and_length(server: Any, path: str, kind: str) -> None:
    answer, body = ask(server, path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert int(answer.headers["Content-Length"]) == len(body) > 0


@pytest.mark.parametrize("path", FEEDS.values())
def test_who_has_the_bytes_gets_a_304(server: Any, path: str) -> None:
    first, _ = ask(server, f"/{path}")
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in (
        {"If_None_Match": tag},
        {"If_None_Match": f'"x", W/{tag}'},
        {"If_Modified_Since": modified},
    ):
        answer, body = ask(server, f"/{path}", **headers)
        assert (answer.status, body, answer.headers["ETag"]) == (304, b"", tag)


def test_who_has_other_bytes_gets_them_whatever_the_date_says(server: Any) -> None:
    first, _ = ask(server, "/kabar-kampar/rss.xml")
    answer, body = ask(
        server,
        "/kabar-kampar/rss.xml",
        If_None_Match='"other"',
        If_Modified_Since=first.headers["Last-Modified"],
    )
    assert answer.status == 200
    assert body
    for since in ("Sat, 08 Jan 2022 05:06:00 GMT", "yesterday"):
        assert ask(server, "/kabar-kampar/rss.xml", If_Modified_Since=since)[0].status == 200


def test_head_gives_the_headers_alone(server: Any) -> None:
    answer, body = ask(server, "/kabar-kampar/rss.xml", method="HEAD")
    assert answer.status == 200
    assert int(answer.headers["Content-Length"]) > 0
    assert body == b""


@pytest.mark.parametrize(
    "path",
    ["/../origin.py", "/%2e%2e/origin.py", "/kabar-kampar/../../origin.py", "//etc/passwd", "/no", "/a%00b"],
)
def test_nothing_outside_the_newsroom_is_served(server: Any, path: str) -> None:
    answer, body = ask(server, path)
    assert (answer.status, body) == (404, b"404 not found\n")


def test_links_lead_back_to_the_port_that_it_listens_on(server: Any) -> None:
    _, body = ask(server, "/kabar-kampar/rss.xml")
    assert ADDRESS.encode() not in body
    assert body.count(server.address.encode()) > 10


@pytest.mark.parametrize("feed", FEEDS)
def test_every_entry_can_be_opened(server: Any, feed: str) -> None:
    for told in entries(feed):
        assert ask(server, told.link.removeprefix(f"http://{ADDRESS}"))[0].status == 200


def test_it_says_in_one_line_that_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, str(EXAMPLES / "origin.py"), str(taken.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
