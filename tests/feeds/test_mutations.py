"""Every case with a few of its bytes lost, doubled or changed: it is read or refused, whole, and in no time."""

from contextlib import suppress
from pathlib import Path
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.core.entries import UNSEEN, read_feed
from aggregator.errors import ParseError
from aggregator.model import Entry, FeedSettings, SiteSettings

FOLDER = Path(__file__).parent
CASES = sorted(path for path in FOLDER.rglob("*") if path.suffix in {".xml", ".jsonfeed"})
FEED = FeedSettings(id="f", url="https://asal.example/")
SITE = SiteSettings(title="Meja", timezone="Asia/Jakarta")
SECONDS = 2.0
PIECES = (
    b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"</item>", b"<item>", b"<entry>", b"\x00", b"\xff", b"&#11;",
    b"&#xD800;", b"\xed\xa0\x80", b"<!DOCTYPE x [", b"<?xml?>", b"xmlns='x'", b"xml:base='../x'", b'"', b"'", b"{",
)  # fmt: skip
Change = tuple[str, float, float, bytes]
CHANGES = st.tuples(
    st.sampled_from(["cut", "double", "put", "swap"]),
    st.floats(0, 1),
    st.floats(0, 0.3),
    st.sampled_from(PIECES),
)


def changed(body: bytes, change: Change) -> bytes:
    kind, place, share, piece = change
    start = int(place * len(body))
    end = min(len(body), start + int(share * len(body)) + 1)
    middle = {
        "cut": b"",
        "double": body[start:end] * 2,
        "put": piece + body[start:end],
        "swap": body[start:end].swapcase(),
    }
    return body[:start] + middle[kind] + body[end:]


def check(entry: Entry) -> None:
    texts = [entry.title, entry.summary, entry.summary_html, entry.content_html or "", *entry.authors]
    for text in (*texts, *entry.categories, *(image.caption or "" for image in entry.images)):
        etree.Element("t").text = text  # raises for what XML cannot hold
    links = [entry.url, entry.canonical_url, entry.raw.original, entry.raw.license]
    links += [file.url for file in entry.enclosures]
    links += [image.url for image in entry.images]
    links += [link.url for link in entry.raw.links]
    assert all(link.startswith(("http://", "https://")) for link in links if link)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(CASES), st.lists(CHANGES, min_size=1, max_size=4))
def test_a_case_with_a_few_bytes_changed_is_read_or_refused(case: Path, changes: list[Change]) -> None:
    body = case.read_bytes()
    for change in changes:
        body = changed(body, change)
    before = process_time()
    found = None
    with suppress(ParseError):
        found = read_feed(body, url="https://asal.example/x", content_type=None, feed=FEED, site=SITE)
    assert process_time() - before < SECONDS
    if found is not None:
        for entry in found.entries:
            check(entry)
        assert {reason for _, reason in found.quarantined} <= {UNSEEN}
        assert len({entry.position for entry in found.entries}) == len(found.entries)
