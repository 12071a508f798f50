"""Pages through the program: feeds of links on loopback, one round, and what `stories --json` says of each page.

    python bench/pages.py [FOLDER PREDICTIONS] [--settings FILE] [--only PREFIX]

FOLDER holds gold.jsonl (id, publisher, lang, html: a path in FOLDER, gzipped) and the pages; without it, the pages of
the tests are read. Each feed, one to a
publisher and language, gives a guid and a link an entry and nothing else. PREDICTIONS gets a line a page: id, title,
text, author, date, and the fields that a scorer of our own may want. Printed: pages without a story, and CPU a page.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

OWN = Path(__file__).resolve().parents[1] / "tests" / "pages"
SETTINGS = """
[site]
title = "bench"
contact = "bench@example.org"
[polling]
host_delay = "0s"
per_host = 16
flood_limit = 0
allow_networks = ["127.0.0.0/8"]
"""


class Origin(ThreadingHTTPServer):
    """Takes as many connections at once as the settings may allow."""

    request_queue_size = 512
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of a connection that was closed: the program has what it asked for."""


def handler(answers: Mapping[str, tuple[str, bytes]]) -> type[BaseHTTPRequestHandler]:
    """Make what answers with these bodies, by path; all else is 404."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kind, body = answers.get(self.path, ("", b""))
            self.send_response(200 if kind else 404)
            if kind:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: what is asked for is known."""

    return Handler


def feed(ids: list[str], base: str) -> bytes:
    """A feed whose entries have a guid and a link."""
    items = "".join(
        f'<item><guid isPermaLink="false">{name}</guid><link>{base}/{name}.html</link></item>' for name in ids
    )
    return f'<rss version="2.0"><channel><title>bench</title>{items}</channel></rss>'.encode()


def config(settings: str, feeds: Mapping[str, str], base: str) -> str:
    """The settings with a feed for each of the names; the values are languages."""
    blocks = []
    for name, language in feeds.items():
        spoken = f'language = "{language}"\n' if language else ""
        blocks.append(f'[[feed]]\nid = "{name}"\nurl = "{base}/{name}.xml"\n{spoken}')
    return settings + "\n" + "\n".join(blocks)


def run(home: Path, *words: str) -> str:
    """Run the program and give what it prints."""
    command = [sys.executable, "-m", "aggregator", "--config", str(home / "feeds.toml"), *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | {"TZ": "UTC"})
    return done.stdout


def prediction(name: str, story: Mapping[str, Any]) -> dict[str, Any]:
    """What a story says, in the names of the scorer."""
    return {
        "id": name,
        "title": story["headline"],
        "text": story["text"] if story["text_from"] == "page" else "",
        "author": story["byline"],
        "date": story["published"],
        **{
            key: story[key]
            for key in ("kicker", "editor", "credits", "dateline", "language", "images", "html")
        },
    }


def listed(folder: Path) -> list[dict[str, Any]]:
    """The pages of a folder: as its gold.jsonl lists them, else all that it has."""
    gold = folder / "gold.jsonl"
    if gold.is_file():
        return [json.loads(line) for line in gold.read_text("utf-8").splitlines()]
    return [
        {"id": path.stem, "publisher": "", "lang": "", "html": path.name}
        for path in sorted(folder.glob("*.html"))
    ]


def body_of(path: Path) -> bytes:
    """The bytes of a page, gzipped or not."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def measure(folder: Path, pages: list[dict[str, Any]], settings: str, home: Path) -> list[dict[str, Any]]:
    """Serve the pages, run one round, and read the stories back."""
    answers: dict[str, tuple[str, bytes]] = {}
    server = Origin(("127.0.0.1", 0), handler(answers))
    base = f"http://127.0.0.1:{server.server_port}"
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for page in pages:
        groups[page["publisher"], page["lang"]].append(page["id"])
        answers[f"/{page['id']}.html"] = ("text/html", body_of(folder / page["html"]))
    feeds = {f"f{number}": language for number, (_, language) in enumerate(groups)}
    for name, ids in zip(feeds, groups.values(), strict=True):
        answers[f"/{name}.xml"] = ("application/rss+xml", feed(ids, base))
    (home / "feeds.toml").write_text(config(settings, feeds, base), "utf-8")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    run(home, "-q", "once", "--force")
    stories = [json.loads(line) for line in run(home, "stories", "--json").splitlines()]
    server.shutdown()
    return [prediction(copy["entry"], story) for story in stories for copy in story["copies"]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=OWN)
    parser.add_argument("predictions", type=Path, nargs="?")
    parser.add_argument("--settings", type=Path)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    pages = [page for page in listed(given.folder) if page["id"].startswith(given.only)]
    settings = given.settings.read_text("utf-8") if given.settings else SETTINGS
    before, began = os.times(), time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        found = measure(given.folder, pages, settings, Path(home))
    used, took = os.times(), time.monotonic() - began
    cpu = used.children_user + used.children_system - before.children_user - before.children_system
    if given.predictions:
        given.predictions.write_text("".join(json.dumps(each) + "\n" for each in found), "utf-8")
    empty = len(pages) - sum(bool(each["text"]) for each in found)
    print(f"{len(pages)} pages, {empty} without a text of their own")
    print(f"{took:.0f} s in all, {1000 * cpu / len(pages):.0f} ms CPU a page: fetched, read, tagged, stored")


if __name__ == "__main__":
    main()
