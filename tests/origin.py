"""An origin of our own on a raw loopback socket: it says byte for byte what a test tells it to.

    with Origin() as origin:
        origin.answer("/feed", reply(body=b"<rss/>", headers={"ETag": '"a"'}), reply(304))
        ...
        assert origin.seen("/feed")[1].header("if-none-match") == b'"a"'

An answer is bytes, or a tuple of steps: bytes are sent, a number is a pause in seconds, CLOSE ends the
connection, RESET breaks it. Answers of a path are given in turn, the last one for ever. A function takes the
request and returns an answer. The connection is kept open after an answer unless a step ends it.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from types import TracebackType
from typing import Final


class End(Enum):
    """How a connection ends."""

    CLOSE = "close"
    RESET = "reset"


CLOSE: Final = End.CLOSE
RESET: Final = End.RESET

Step = bytes | float | int | End
Answer = bytes | tuple[Step, ...]
MAX_REQUEST: Final = 65_536


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in."""

    method: str
    target: str  # as on the request line
    headers: tuple[tuple[bytes, bytes], ...]  # in their order, names as sent
    raw: bytes  # head, to the blank line
    at: float  # time.monotonic() when the head was complete
    connection: int  # number of the connection, from 1
    open: int  # connections of this origin with a request under way, this one included

    def header(self, name: str) -> bytes | None:
        """The value of a header; None: not sent. Two of one name are an error of the client's."""
        found = [value for key, value in self.headers if key.lower() == name.lower().encode()]
        assert len(found) < 2, f"{name} was sent {len(found)} times"
        return found[0] if found else None


def reply(
    status: int = 200,
    body: bytes = b"",
    headers: Mapping[str, str | bytes] | tuple[tuple[str, str | bytes], ...] = (),
    *,
    length: bool = True,
) -> bytes:
    """The bytes of an HTTP/1.1 answer, with a Content-Length where it may have one."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}".encode()]
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    for name, value in pairs:
        lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()))
    if length and status != 304 and status >= 200:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Origin:
    """Listens from `with` on; every path without an answer is 404."""

    def __init__(self, host: str = "127.0.0.1", *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.host = host
        self._tls = tls
        self.asked = threading.Event()  # set with the first request
        self.protocols: list[str | None] = []  # what ALPN agreed on, for each TLS connection; None: nothing
        self.greeting = b""  # said on every connection before anything is asked
        self._answers: dict[str, list[Answer | Callable[[Seen], Answer]]] = {}
        self._requests: list[Seen] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._connections: set[socket.socket] = set()
        self._count = 0
        self._open = 0
        self._listener = socket.create_server((host, port), family=family, backlog=256)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Origin:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and end every connection."""
        self._over.set()
        # Only this wakes a thread that is in accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        """The address of a path, under another name of this host where one is given."""
        name = host or (f"[{self.host}]" if ":" in self.host else self.host)
        return f"{'https' if self._tls else 'http'}://{name}:{self.port}{path}"

    def answer(self, path: str, *answers: Answer | Callable[[Seen], Answer]) -> str:
        """Say what requests for a path get, in turn, the last one for ever; returns the path's address."""
        with self._lock:
            self._answers[path] = list(answers)
        return self.url(path)

    def seen(self, path: str | None = None) -> list[Seen]:
        """The requests so far, in order; of one path where it is given."""
        with self._lock:
            return [request for request in self._requests if path in (None, request.target)]

    @property
    def connections(self) -> int:
        """How many connections were ever made."""
        with self._lock:
            return self._count

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._count += 1
                self._connections.add(connection)
                number = self._count
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        spoken: socket.socket = connection
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                secured = self._tls.wrap_socket(connection, server_side=True)
                self.protocols.append(secured.selected_alpn_protocol())
                spoken = secured
            spoken.sendall(self.greeting)
            while self._exchange(spoken, number):
                pass
        except OSError:  # the client went away, or did not trust us
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)
            spoken.close()
            connection.close()

    def _exchange(self, connection: socket.socket, number: int) -> bool:
        """One request and its answer; False: the connection is over."""
        raw = b""
        while b"\r\n\r\n" not in raw:
            data = connection.recv(MAX_REQUEST)
            if not data or len(raw) > MAX_REQUEST:
                return False
            raw += data
        try:
            return self._send(connection, self._answer(raw, number))
        finally:
            with self._lock:
                self._open -= 1

    def _answer(self, raw: bytes, number: int) -> Answer:
        lines = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
        method, target, _ = lines[0].decode("latin-1").split(" ", 2)
        pairs = tuple(
            (name, value.strip()) for name, _, value in (line.partition(b":") for line in lines[1:])
        )
        with self._lock:
            self._open += 1
            seen = Seen(method, target, pairs, raw, time.monotonic(), number, self._open)
            self._requests.append(seen)
            self.asked.set()
            queue = self._answers.get(target, [reply(404)])
            answer = queue.pop(0) if len(queue) > 1 else queue[0]
        return answer(seen) if callable(answer) else answer

    def _send(self, connection: socket.socket, answer: Answer) -> bool:
        for step in (answer,) if isinstance(answer, bytes) else answer:
            if isinstance(step, bytes):
                connection.sendall(step)
            elif isinstance(step, End):
                if step is RESET:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            elif self._over.wait(step):
                return False
        return True
