"""The web server of the example newsroom: the files of newsroom/, on loopback, as five small papers would serve them.

`python examples/origin.py [PORT]` serves until Ctrl-C; `demo.py` and the tests start it in a thread. The files
name the address in `ADDRESS`; on any other port the origin writes its own in its place, so that links lead back.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote, urlsplit

NEWSROOM: Final = Path(__file__).resolve().parent / "newsroom"
HOST: Final = "127.0.0.1"
PORT: Final = 8099
ADDRESS: Final = f"{HOST}:{PORT}"

# Pages say no charset in the header: the Russian paper's are windows-1251, and only its <meta> says so.
MEDIA_TYPES: Final = {
    "rss.xml": "application/rss+xml",
    "atom.xml": "application/atom+xml",
    "feed.json": "application/feed+json",
    ".html": "text/html",
    ".png": "image/png",
    ".mp3": "audio/mpeg",
    ".txt": "text/plain; charset=utf-8",
}
TEXTS: Final = (".xml", ".json", ".html")


def media_type(path: Path) -> str:
    """Return what a file is served as."""
    return MEDIA_TYPES.get(path.name) or MEDIA_TYPES.get(path.suffix, "application/octet-stream")


def find(root: Path, target: str) -> Path | None:
    """Return the file that a request's target means, or None; never one outside `root`."""
    parts = PurePosixPath("/" + unquote(urlsplit(target).path).lstrip("/")).parts[1:]
    if any(part == ".." or "\0" in part for part in parts):
        return None
    path = root.joinpath(*parts)
    if path.is_dir():
        path /= "index.html"
    return path if path.is_file() and path.resolve().is_relative_to(root) else None


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD, with validators, and 304 where they hold."""

    protocol_version = "HTTP/1.1"
    server_version = "newsroom"
    sys_version = ""
    timeout = 10  # seconds; an idle connection keeps no thread for ever
    server: Server

    def do_GET(self) -> None:
        """Answer with the file."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers alone."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Say nothing: what was asked is in `Server.requests`."""

    def _answer(self, *, with_body: bool) -> None:
        path = find(self.server.root, self.path)
        self.server.requests.append((self.command, self.path))
        if path is None:
            body = b"404 not found\n"
            self._head(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain", "Content-Length": str(len(body))})
            self._send(body, with_body=with_body)
            return
        body = self.server.body(path)
        validators = {
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
            "Last-Modified": formatdate(int(path.stat().st_mtime), usegmt=True),
        }
        if self._is_known(validators):
            self._head(HTTPStatus.NOT_MODIFIED, validators)
            return
        length = {"Content-Type": media_type(path), "Content-Length": str(len(body))}
        self._head(HTTPStatus.OK, validators | length)
        self._send(body, with_body=with_body)

    def _is_known(self, validators: dict[str, str]) -> bool:
        """Say whether the asker has these bytes; If-None-Match beats If-Modified-Since (RFC 9110, 13.2.2)."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            return any(tag.strip().removeprefix("W/") in {validators["ETag"], "*"} for tag in tags.split(","))
        since = self.headers.get("If-Modified-Since")
        if since is None:
            return False
        try:
            return parsedate_to_datetime(validators["Last-Modified"]) <= parsedate_to_datetime(since)
        except (ValueError, TypeError):
            return False

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, body: bytes, *, with_body: bool) -> None:
        if with_body:
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """The newsroom on one port; a context manager that serves in a thread of its own."""

    daemon_threads = True
    allow_reuse_address = True  # a port that only waits for old connections to die is free

    def __init__(self, port: int = PORT, *, root: Path = NEWSROOM) -> None:
        """Take the port, 0 for any that is free; OSError when another program has it."""
        super().__init__((HOST, port), Handler)
        self.root = root.resolve()
        self.requests: list[tuple[str, str]] = []
        self._thread = threading.Thread(target=self.serve_forever, name="newsroom", daemon=True)

    @property
    def address(self) -> str:
        """Host and port, as links name it."""
        return f"{HOST}:{self.server_address[1]}"

    def body(self, path: Path) -> bytes:
        """Return the bytes of a file, with this origin's address in place of the one written in it."""
        body = path.read_bytes()
        if self.address == ADDRESS or path.suffix not in TEXTS:
            return body
        return body.replace(ADDRESS.encode(), self.address.encode())

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of an asker that hung up; anything else is a fault of ours and is told."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as the base class has it

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving, and give the port back."""
        self.shutdown()
        self.server_close()
        self._thread.join(timeout=5)


def main(arguments: list[str]) -> int:
    """Serve until Ctrl-C."""
    try:
        server = Server(int(arguments[0]) if arguments else PORT)
    except (OSError, ValueError) as error:
        print(f"the newsroom cannot be served: {error}", file=sys.stderr)
        return 1
    print(f"The example newsroom is at http://{server.address}/ until Ctrl-C.")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
