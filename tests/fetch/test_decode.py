"""Content codings undone piece by piece (robustness.md: TL-03 to TL-06)."""

from __future__ import annotations

import contextlib
import gzip
import random
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import BadEncoding, FetchError, TooLarge, Truncated
from aggregator.fetch.decode import MAX_MEMBERS, PIECE, Body

URL = "https://kabar.example/rss"
TEXT = b"".join(b"<item>%d</item>" % number for number in range(30_000))
NOISE = random.Random(1).randbytes(100_000)


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def undone(data: bytes, *codings: str, size: int = 16_384, limit: int = 2_000_000) -> bytes:
    body = Body(URL, codings, limit=limit)
    for start in range(0, len(data), size):
        body.feed(data[start : start + size])
    return body.whole()


@pytest.mark.parametrize("size", [1, 7, 16_384, 10_000_000])
@pytest.mark.parametrize("text", [TEXT, NOISE, b"x", b"\x1f\x8b"], ids=["text", "noise", "one", "magic"])
@pytest.mark.parametrize(
    ("codings", "pack"),
    [
        ((), bytes),
        (("identity",), bytes),
        (("",), bytes),
        (("gzip",), gzip.compress),
        ((" X-GZIP ",), gzip.compress),
        (("deflate",), zlib.compress),
        (("deflate",), deflated),
        (("gzip", "gzip"), lambda text: gzip.compress(gzip.compress(text))),
        (("deflate", "gzip"), lambda text: gzip.compress(zlib.compress(text))),
        (("gzip", "deflate"), lambda text: zlib.compress(gzip.compress(text))),
        (("identity", "gzip"), gzip.compress),
    ],
)
def test_what_was_packed_is_unpacked_however_it_is_cut(codings, pack, text, size) -> None:
    assert undone(pack(text), *codings, size=size) == text


@given(text=st.binary(max_size=300), level=st.integers(0, 9), size=st.integers(1, 50))
def test_any_bytes_come_back(text: bytes, level: int, size: int) -> None:
    assert undone(gzip.compress(text, level), "gzip", size=size) == text
    assert undone(zlib.compress(text, level), "deflate", size=size) == text


@pytest.mark.parametrize("size", [1, 100, 10_000])
def test_tl_06_members_of_one_gzip_file_are_joined_and_rubbish_behind_them_is_dropped(size: int) -> None:
    packed = gzip.compress(b"<rss>") + gzip.compress(b"") + gzip.compress(b"</rss>")
    assert undone(packed, "gzip", size=size) == b"<rss></rss>"
    assert undone(packed + b"rubbish" * 9, "gzip", size=size) == b"<rss></rss>"
    assert undone(zlib.compress(b"<rss/>") + b"rubbish", "deflate", size=size) == b"<rss/>"


def test_tl_06_what_is_called_gzip_but_is_not_is_left_as_it_is() -> None:
    assert undone(b"<rss/>", "gzip", size=1) == b"<rss/>"
    assert undone(gzip.compress(b"<rss/>"), "gzip", "gzip") == b"<rss/>"
    assert undone(b"", "gzip") == b""


@pytest.mark.parametrize(
    "codings", [("gzip",) * 3, ("gzip",) * 10, ["gzip", " gzip", "gzip "], ["deflate"] * 3]
)
def test_tl_06_more_than_two_layers_are_refused_before_a_byte_is_read(codings: list[str]) -> None:
    with pytest.raises(BadEncoding, match=rf"^the answer is packed {len(codings)} times over$"):
        Body(URL, codings, limit=1000)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip;q=1", "\x1b[31m"])
def test_a_coding_that_was_not_offered_is_refused(coding: str) -> None:
    with pytest.raises(BadEncoding) as caught:
        Body(URL, [coding], limit=1000)
    assert caught.value.reason.isprintable()


@pytest.mark.parametrize(
    ("data", "coding"),
    [
        (b"\x07rss/", "deflate"),
        (b"\x1f\x8b" + b"<rss/>" * 9, "gzip"),
        (gzip.compress(TEXT, mtime=0)[:500] + b"\xff" * 500, "gzip"),
        (gzip.compress(b"<rss/>", mtime=0)[:-8] + b"12345678", "gzip"),
        (zlib.compress(b"<rss/>")[:-4] + b"1234", "deflate"),
    ],
)
def test_what_cannot_be_unpacked_is_one_error(data: bytes, coding: str) -> None:
    with pytest.raises(BadEncoding, match=r"^the packed answer cannot be unpacked$"):
        undone(data, coding)


@pytest.mark.parametrize("left", [1, 2, 10, 18, 100, 5_000])
def test_tl_06_what_breaks_off_is_truncated(left: int) -> None:
    for data, coding in ((gzip.compress(TEXT), "gzip"), (zlib.compress(TEXT), "deflate")):
        with pytest.raises(Truncated):
            undone(data[:left], coding)
        with pytest.raises(Truncated):
            undone(data[:-1], coding)


@given(data=st.binary(max_size=400), codings=st.lists(st.sampled_from(["gzip", "deflate"]), max_size=2))
def test_no_bytes_raise_anything_but_our_errors(data: bytes, codings: list[str]) -> None:
    for head in (b"", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", b"\x78\x9c"):
        with contextlib.suppress(FetchError):
            undone(head + data, *codings, limit=1000)


@pytest.mark.parametrize("layers", [1, 2])
def test_tl_04_a_bomb_is_stopped_at_the_limit(layers: int) -> None:
    bomb = gzip.compress(b"\0" * 30_000_000)
    for _ in range(layers - 1):
        bomb = gzip.compress(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match=r"^the document is larger than 1 MB$"):
            undone(bomb, *["gzip"] * layers, limit=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_an_inner_layer_that_swallows_everything_is_stopped_too() -> None:
    # The inner file is at its end at once: what follows is rubbish, and there is a lot of it.
    bomb = gzip.compress(gzip.compress(b"x") + b"\0" * 30_000_000)
    with pytest.raises(TooLarge):
        undone(bomb, "gzip", "gzip", limit=1_000_000)


def test_rubbish_behind_the_end_counts_against_the_limit() -> None:
    with pytest.raises(TooLarge):
        undone(gzip.compress(b"x") + b"\0" * 200_000, "gzip", limit=100_000)
    assert undone(gzip.compress(b"x") + b"\0" * (PIECE // 2), "gzip", limit=100_000) == b"x"


def test_a_hundred_thousand_empty_members_cost_little() -> None:
    before = time.process_time()
    with pytest.raises(BadEncoding, match=f"more than {MAX_MEMBERS} parts$"):
        undone(gzip.compress(b"") * 100_000, "gzip", limit=10_000_000)
    assert time.process_time() - before < 2
