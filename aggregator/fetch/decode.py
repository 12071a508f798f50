"""Undoing content codings piece by piece, never holding more than the limit (RFC 9110, 8.4).

A gzip file of 1 MiB can hold 1 GiB. `zlib` is asked for 64 KiB at a time, and each layer is stopped at the
limit, so that what is held never exceeds `limit` by more than one piece, however the layers are stacked.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from aggregator.errors import BadEncoding, TooLarge, Truncated

if TYPE_CHECKING:
    from zlib import _Decompress as _Inflater

OFFERED: Final = "gzip, deflate"  # the Accept-Encoding header; br and zstd decoders cannot be bounded
PIECE: Final = 65_536  # bytes
MAX_LAYERS: Final = 2
MAX_MEMBERS: Final = 1000  # of one gzip stream; each costs a copy of what follows it
INFLATER: Final = 40_960  # bytes that zlib keeps for one layer: its window and tables; measured: 37 kB
_GZIP_MAGIC: Final = b"\x1f\x8b"
_KNOWN: Final = frozenset({"br", "zstd", "compress", "x-compress", "lzma", "xz", "bzip2", "dcb", "dcz"})


class Body:
    """The body of one answer: fed with bytes from the wire, in the end the decoded whole.

    As a context it lets go of all it holds: an error on its way up keeps what it was raised in alive.
    """

    def __init__(self, url: str, codings: Sequence[str], *, limit: int, cut: bool = False) -> None:
        """Prepare for the codings of Content-Encoding, in the order they were applied; `limit` is in bytes.

        `cut`: what goes beyond the limit is left away; `is_full` says when to feed no more.
        """
        names = [name for coding in codings if (name := coding.strip().lower()) not in ("", "identity")]
        if len(names) > MAX_LAYERS:
            raise BadEncoding(url, f"the answer is packed {len(names)} times over")
        for name in names:
            if name not in ("gzip", "x-gzip", "deflate"):
                shown = name if name in _KNOWN else "unknown"
                raise BadEncoding(url, f"the answer is packed in a way that was not offered ({shown})")
        self._url = url
        self._limit = limit
        self._cut = cut
        self.is_full = False
        self._wire = 0
        self._data = bytearray()
        self._layers = [_Layer(url, name, limit=limit) for name in reversed(names)]

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def drop(self) -> None:
        """Let go of all that it holds; nothing may be asked of it any more."""
        self._data.clear()
        self._layers.clear()

    @property
    def held(self) -> int:
        """How many bytes of memory it takes."""
        return len(self._data) + INFLATER * len(self._layers)

    def feed(self, data: bytes) -> None:
        """Take the next bytes from the wire. Raises `TooLarge` or `BadEncoding`."""
        self._wire += len(data)
        is_over = self._wire > self._limit + PIECE  # rubbish behind the end of a packed body counts too
        if is_over and not self._cut:
            raise TooLarge(self._url, too_large(self._limit))
        self._push(data, 0)
        self.is_full = self.is_full or is_over

    def whole(self) -> bytes:
        """Return the decoded body. Raises `Truncated` where a layer has not come to its end."""
        if not self.is_full:
            for layer in self._layers:
                layer.finish()
        return bytes(self._data)

    def _push(self, data: bytes, depth: int) -> None:
        if depth == len(self._layers):
            self._data += data
            if len(self._data) > self._limit:
                self._overflow()
            return
        layer = self._layers[depth]
        layer.feed(data)
        while not self.is_full and (piece := layer.next_piece()):
            self._push(piece, depth + 1)

    def _overflow(self) -> None:
        if not self._cut:
            raise TooLarge(self._url, too_large(self._limit))
        del self._data[self._limit :]
        self.is_full = True


class _Layer:
    """One coding."""

    def __init__(self, url: str, name: str, *, limit: int) -> None:
        self._url = url
        self._is_gzip = name != "deflate"
        self._limit = limit
        self._input = b""
        self._made = 0
        self._members = 0
        self._plain = False  # labelled gzip, but is not: passed through
        self._inflater: _Inflater | None = None
        self._pending = (
            False  # all input was taken, but zlib may hold output that the last piece had no room for
        )
        self._fed = False

    def feed(self, data: bytes) -> None:
        self._fed = self._fed or bool(data)
        self._input += data

    def next_piece(self) -> bytes:
        """Return at most 64 KiB more; b"": feed me."""
        while (self._input or self._pending) and self._is_ready():
            piece = self._step()
            if piece:
                self._made += len(piece)
                if self._made > self._limit + PIECE:
                    raise TooLarge(self._url, too_large(self._limit))
                return piece
        return b""

    def finish(self) -> None:
        if not self._fed or self._plain:
            return
        if self._inflater is None or not self._inflater.eof:
            raise Truncated(self._url, "the packed answer breaks off before its end")

    def _is_ready(self) -> bool:
        """Choose how to unpack, as soon as two bytes have come; False: more are needed."""
        if self._inflater is not None and self._inflater.eof:
            return self._input != _GZIP_MAGIC[:1]  # may be the first half of another member's beginning
        if self._inflater is not None or self._plain:
            return True
        if len(self._input) < 2:
            return False
        self._plain = self._is_gzip and not self._input.startswith(_GZIP_MAGIC)
        if not self._plain:
            self._inflater = zlib.decompressobj(self._window_bits())
            self._members += 1
        return True

    def _window_bits(self) -> int:
        if self._is_gzip:
            return 16 + zlib.MAX_WBITS
        # "deflate" is zlib's format (RFC 9110, 8.4.1.2), but some send the bare stream. A zlib header names
        # method 8 and, read as one number, divides by 31 (RFC 1950, 2.2).
        first, second = self._input[0], self._input[1]
        is_zlib = first & 0x0F == 8 and (first << 8 | second) % 31 == 0
        return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS

    def _step(self) -> bytes:
        if self._inflater is None:
            return self._plain_piece()
        if self._inflater.eof:
            self._next_member()
            return b""
        return self._inflated(self._inflater)

    def _plain_piece(self) -> bytes:
        piece, self._input = self._input[:PIECE], self._input[PIECE:]
        return piece

    def _inflated(self, inflater: _Inflater) -> bytes:
        try:
            piece = inflater.decompress(self._input, PIECE)
        except zlib.error:
            raise BadEncoding(self._url, "the packed answer cannot be unpacked") from None
        self._input = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        self._pending = len(piece) == PIECE and not inflater.eof
        return piece

    def _next_member(self) -> None:
        """Go on with the next member of a gzip file (RFC 1952, 2.2), or drop the rubbish behind the end."""
        if not (self._is_gzip and self._input.startswith(_GZIP_MAGIC)):
            self._input = b""
            return
        if self._members == MAX_MEMBERS:
            raise BadEncoding(self._url, f"the packed answer has more than {MAX_MEMBERS} parts")
        self._members += 1
        self._inflater = zlib.decompressobj(self._window_bits())


def too_large(limit: int) -> str:
    """Say that a body went over the limit."""
    return f"the document is larger than {limit / 1_000_000:g} MB"
