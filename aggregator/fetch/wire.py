"""What an origin may make us hold before its document has begun, behind it, and between two requests.

aiohttp bounds each header and how many there are, which together is 16 MB a connection; interim answers and
what comes on an idle connection it does not bound at all. The limits here count bytes as they arrive.
"""

from __future__ import annotations

import asyncio
import re
from asyncio import sslproto
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.helpers import set_exception
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from aggregator.fetch.places import MAX_IDLE

MAX_HEADER_BYTES: Final = 65_536
MAX_INTERIM: Final = 16  # answers 1xx before the real one
BUFFER: Final = 65_536  # bytes read ahead of whoever takes the document
_END_OF_HEAD: Final = b"\r\n\r\n"
_FOLDED: Final = re.compile(rb"^([^:\s]+):[^\n]*\n[ \t]", re.MULTILINE)
_VALIDATORS: Final = frozenset({b"etag", b"last-modified"})
# A byte of the document may cost this many on the wire: a chunk of one byte takes six.
_WIRE_A_BYTE: Final = 8

# asyncio's own 256 KiB, zeroed and therefore resident, would be 278 MB for as many silent TLS origins as may wait.
sslproto.SSLProtocol.max_size = BUFFER


class HeadTooLarge(HttpProcessingError):
    """The headers went over the limit, with all interim answers before them."""


class WrappingTooLarge(aiohttp.ClientPayloadError):
    """Trailers or chunk extensions went over the limit."""


class BoundedHandler(ResponseHandler):
    """One connection, as aiohttp reads it, that is ended when too much comes which is no document."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._awaits_head = False
        self._allowance = MAX_HEADER_BYTES
        self._head = bytearray()
        self._interim = 0
        self._body_seen = 0
        self._uncharged = 0

    def set_response_params(self, *args: Any, **kwargs: Any) -> None:
        """Begin to read an answer."""
        self._awaits_head = True
        self._allowance = MAX_HEADER_BYTES
        self._head.clear()
        self._interim = self._body_seen = self._uncharged = 0
        super().set_response_params(*args, **kwargs)

    def data_received(self, data: bytes) -> None:
        """Take what came: the headers by themselves, so that nothing behind them can spoil the answer."""
        is_resumed = not data
        while self._awaits_head and data:
            end = data.find(_END_OF_HEAD)
            size = min(len(data) if end < 0 else end + len(_END_OF_HEAD), self._allowance)
            self._head += data[:size]
            super().data_received(data[:size])
            data = data[size:]
            if self._awaits_head:
                self._allowance -= size
                if not self._allowance:
                    self._fail(HeadTooLarge(code=0, message="too many bytes of headers"))
            if self.transport is None or self.transport.is_closing():
                return
        if data or is_resumed:
            self._take_body(data)

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Queue an answer whose headers are whole: not the interim ones, and none that was not asked for."""
        code = data[0].code
        if not self._awaits_head:
            self._end()
        elif 100 <= code < 200 and code != 101:
            self._interim += 1
            if self._interim > MAX_INTERIM:
                self._fail(HeadTooLarge(code=0, message="too many interim answers"))
        else:
            self._awaits_head = False
            self._allowance = MAX_HEADER_BYTES
            head = bytes(self._head)
            self._head.clear()
            super().feed_data((_without_folded(data[0], head), data[1]), size)

    def _take_body(self, data: bytes) -> None:
        if data and self._payload is EMPTY_PAYLOAD:  # as behind a 304, which has no body (RFC 9112, 6.3)
            self._end()
            return
        super().data_received(data)
        self._uncharged += len(data)
        self._charge()

    def _charge(self) -> None:
        """Weigh what came against what of it was the document; what the parser holds back is weighed later."""
        while not self._reading_paused and self._payload is not None:
            seen = getattr(self._payload, "total_bytes", 0)
            gained, self._body_seen = seen - self._body_seen, seen
            self._allowance = min(MAX_HEADER_BYTES, self._allowance + gained * _WIRE_A_BYTE - self._uncharged)
            if self._allowance >= 0 or not (gained or self._uncharged):
                break
            self._uncharged = 0
            # The parser may have stopped for a pause that is over, with all that came behind it in its hands.
            super().data_received(b"")
        else:
            return
        self._uncharged = 0
        if self._allowance < 0:
            error = WrappingTooLarge("too many bytes around the document")
            set_exception(self._payload, error)
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._end()
        self.set_exception(error)

    def _end(self) -> None:
        self.force_close()
        if self.transport is not None:
            self.transport.close()


def _without_folded(answer: RawResponseMessage, head: bytes) -> RawResponseMessage:
    """Drop validators that go on in a second line: they cannot be sent back as they came (RFC 9112, 5.2)."""
    if b"\n " not in head and b"\n\t" not in head:
        return answer
    folded = {match[1].lower() for match in _FOLDED.finditer(head)} & _VALIDATORS
    kept = tuple(pair for pair in answer.raw_headers if pair[0].lower() not in folded)
    return RawResponseMessage(
        answer.version,
        answer.code,
        answer.reason,
        answer.headers,
        kept,
        answer.should_close,
        answer.compression,
        answer.upgrade,
        answer.chunked,
    )


class BoundedConnector(aiohttp.TCPConnector):
    """Makes such connections, keeps few idle ones, and lets go of them when told."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._factory = lambda: BoundedHandler(self._loop)  # type: ignore[assignment]

    def retire(self) -> None:
        """Keep no connection any longer than its request takes."""
        self._force_close = True
        for key in list(self._conns):
            self._drop(key)

    def drop_idle(self, host: str, port: int) -> None:
        """Close the idle connections to one host: another connector is about to make one."""
        for key in [key for key in self._conns if (key.host, key.port) == (host, port)]:
            self._drop(key)

    def _drop(self, key: ConnectionKey) -> None:
        for connection, _ in self._conns.pop(key, ()):
            connection.close()

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        super()._release(key, protocol, should_close=should_close)
        if len(self._conns) > MAX_IDLE:
            self._drop(next(iter(self._conns)))
