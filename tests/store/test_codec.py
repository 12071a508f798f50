from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import (
    Article,
    Category,
    Enclosure,
    Entry,
    Evidence,
    FeedWarning,
    Image,
    RawEntry,
    Region,
    Role,
)
from aggregator.store import codec

ANY = st.text(st.characters(), max_size=20)
MAYBE = st.none() | ANY
SURROGATES = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    ["\ud800", "\0", "\udfff\ud800"]
)
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DATES = st.none() | st.datetimes(timezones=ZONES)


def some(values: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(values, max_size=3).map(tuple)


IMAGES = some(st.builds(Image, url=ANY, caption=MAYBE, credit=MAYBE))
ENCLOSURES = some(st.builds(Enclosure, url=ANY, type=MAYBE, length=st.none() | st.integers(0, 10**30)))
RAW = st.builds(
    RawEntry,
    id=st.none() | SURROGATES,
    title=st.none() | SURROGATES,
    link=MAYBE,
    authors=some(SURROGATES),
    content=st.none() | SURROGATES,
    categories=some(st.builds(Category, term=ANY, label=MAYBE, scheme=MAYBE)),
    enclosures=ENCLOSURES,
    images=IMAGES,
)
ENTRIES = st.builds(
    Entry,
    feed_id=ANY,
    key=ANY,
    position=st.integers(1, 9),
    guid=MAYBE,
    url=MAYBE,
    canonical_url=MAYBE,
    title=ANY,
    authors=some(ANY),
    published=DATES,
    updated=DATES,
    day_only=st.booleans(),
    summary=SURROGATES,
    summary_html=SURROGATES,
    content_html=st.none() | ANY.filter(bool),
    categories=some(ANY),
    enclosures=ENCLOSURES,
    images=IMAGES,
    language=ANY,
    hash=ANY,
    raw=RAW,
)


@given(ENTRIES)
def test_an_entry_comes_out_as_it_went_in(entry: Entry) -> None:
    row = SimpleNamespace(
        name=entry.feed_id,
        key=entry.key,
        hash=entry.hash,
        fields=codec.entry_fields(entry),
        body=codec.entry_body(entry),
        raw=codec.entry_raw(entry),
    )
    assert codec.entry_from(row, position=entry.position) == entry
    assert codec.given_of(row)[0] == entry.summary


@given(
    st.builds(
        Article,
        headline=ANY,
        kicker=MAYBE,
        byline=some(ANY),
        credits=some(ANY),
        published=DATES,
        text=ANY,
        html=ANY,
        images=IMAGES,
        categories=some(ANY),
        canonical_url=MAYBE,
    )
)
def test_an_article_comes_out_as_it_went_in(article: Article) -> None:
    row = SimpleNamespace(
        headline=article.headline,
        article_fields=codec.article_fields(article),
        text=article.text,
        html=article.html,
    )
    assert codec.article_from(row) == article


def test_regions_come_out_with_their_evidence() -> None:
    evidence = Evidence(field="text", start=3, end=8, text="Riau \u0600", rule="name")
    regions = (
        Region(code="ID-RI", role=Role.FOCUS, score=0.25, rule="name", evidence=(evidence, evidence)),
        Region(code="asia-tengah", role=Role.MENTION, score=1.0, rule="member"),
    )
    assert codec.regions_from(codec.to_json(regions)) == regions


def test_warnings_come_out_as_they_went_in() -> None:
    warnings = (FeedWarning(kind="moved", message='to "there"'),)
    assert codec.warnings_from(codec.to_json(warnings)) == warnings


def test_dates_keep_the_offset_that_was_claimed() -> None:
    wib = datetime(2022, 1, 8, 5, 6, tzinfo=timezone(timedelta(hours=7)))
    assert '"2022-01-08T05:06:00+07:00"' in codec.article_fields(Article(headline="", published=wib))
