"""What no page may do to us: raise anything but ExtractError, or leave a record that is not well formed."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from aggregator.core.extract import article
from aggregator.core.extract.furniture import is_for_machines, is_photo_credit, is_request
from aggregator.core.extract.jsonld import loads
from aggregator.core.extract.lines import read_byline
from aggregator.core.extract.people import people
from aggregator.errors import ExtractError
from aggregator.model import Article, Entry, Page, RawEntry

URL = "https://warta.example/berita/1"
SENTENCE = "Warga kampung membersihkan parit bersama petugas sejak pagi buta. "
BODY = f"<p>{SENTENCE * 3}</p>" * 3
ENTRY = Entry(
    feed_id="f", key="1", position=1, guid=None, url=URL, canonical_url=URL, title="", hash="", raw=RawEntry()
)
TAGS = (
    "p",
    "div",
    "h1",
    "h2",
    "a",
    "img",
    "ul",
    "li",
    "table",
    "td",
    "br",
    "article",
    "time",
    "script",
    "figure",
    "span",
)
NAMES = ("author", "byline", "date", "kicker", "caption", "lead", "related", "comment", "credit")
LINES = (
    "Sumber: AFP/Antara", "Editor: Mira", "By Una Hale", "Baca juga: lain", "8 Januari 2022 05:06", "3 Comments",
    "Foto: Rina", "(Antara)", "WARTA (AFP) - ", SENTENCE, SENTENCE * 4, "\u202e", "https://x.example/y",
    "İlgili Haber:",
)  # fmt: skip


def read(body: str | bytes) -> Article | None:
    """The article of a page, or None where it is refused."""
    given = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    try:
        return article(ENTRY, Page(url=URL, content_type=None, body=given), language="", timezone="UTC")
    except ExtractError:
        return None


def check(found: Article) -> None:
    assert found.text
    assert not re.search(r"\n{3}|^\s|\s$|[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", found.text)
    assert all(image.url.startswith(("http://", "https://")) for image in found.images)
    assert len({image.url for image in found.images}) == len(found.images)
    assert found.published is None or found.published.tzinfo
    assert all(name.strip() == name and name for name in (*found.byline, *found.credits))
    shown = "".join(map(str, html.fromstring(f"<div>{found.html}</div>").itertext()))
    assert _letters(shown) == _letters(found.text)


def _letters(text: str) -> str:
    """A text without blanks and without the bar that parts the cells of a table in plain text."""
    return "".join(text.replace("|", "").split())


@st.composite
def pages(draw: st.DrawFn) -> str:
    """Elements in any order, nested or never closed, named as papers name them."""
    pieces = []
    for _ in range(draw(st.integers(1, 25))):
        tag = draw(st.sampled_from(TAGS))
        name = draw(st.sampled_from(NAMES))
        line = draw(st.sampled_from(LINES) | st.text(max_size=60))
        end = f"</{tag}>" if draw(st.booleans()) else ""
        pieces.append(
            f'<{tag} class="{name}" href="/a/{name}" src="/p.jpg" datetime="2022-01-08T05:06">{line}{end}'
        )
    return f"<html><body><h1>Parit dibersihkan</h1>{''.join(pieces)}{BODY}</body></html>"


@given(pages())
def test_any_page_is_read_or_refused(page: str) -> None:
    found = read(page)
    if found is not None:
        check(found)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    found = read(b"<html><body>" + body + BODY.encode() + b"</body></html>")
    if found is not None:
        check(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(("@type", "@id", "@graph", "name", "author", "headline", "datePublished", "image", "url",
                         "articleBody", "caption", "publisher", "articleSection", "description", "mainEntity")),
        inner | st.just("NewsArticle") | st.just("2022-01-08T05:06:00Z"),
        max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_any_json_ld_is_read_or_passed_over(said: Any) -> None:
    script = json.dumps(said).replace("</", "<\\/")
    head = f'<head><script type="application/ld+json">{script}</script></head>'
    found = read(f"<html>{head}<body><h1>Parit</h1>{BODY}</body></html>")
    assert found is not None
    check(found)


@given(st.text(max_size=300))
def test_any_text_in_place_of_json_is_passed_over(text: str) -> None:
    assert isinstance(loads(text), list)


@given(st.text(max_size=200) | st.sampled_from(LINES))
def test_any_line_is_judged(line: str) -> None:
    for name in (*people([line]), *read_byline(line)):
        assert name.strip()
    assert isinstance(is_request(line) or is_photo_credit(line) or is_for_machines(line), bool)


@pytest.mark.parametrize(
    "line",
    [
        "a/" * 60,
        "By " + "A " * 49,
        "(" * 400,
        "@a " * 160,
        "x" * 499,
        "{" * 400,
        "and " * 40,
        "Foto " * 60,
        "1 " * 60,
    ],
)
def test_no_line_takes_long(line: str) -> None:
    # Each pattern that looks at a line is bounded; a hundred lines of the worst kind must not be felt.
    for _ in range(100):
        people([line])
        read_byline(line)
        is_photo_credit(line)
        is_for_machines(line)


@pytest.mark.parametrize(
    "wall",
    [
        "<p>We and our partners use cookies to store information on a device and to show personalised ads.</p>"
        "<p>You can accept all cookies or manage your cookie settings at any time.</p>",
        "<p>Wir verwenden auf dieser Seite Cookies und andere Techniken, um personalisierte Werbung zu zeigen.</p>"
        "<p>Sie können allen Cookies zustimmen oder die Cookie-Einstellungen ändern.</p>",
        "<p>Subscribe to continue reading this article and to support what our newsroom does every day.</p>",
    ],
)
def test_a_wall_before_the_article_is_no_article(wall: str) -> None:
    page = Page(
        url=URL, content_type=None, body=f"<html><body><h1>Parit</h1><div>{wall}</div></body></html>".encode()
    )
    with pytest.raises(ExtractError, match=r"consent|no article"):
        article(ENTRY, page, language="", timezone="UTC")
