"""What a feed claims of its entries: language and dates, each decided once for the document and then by entry."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.claims import claims_of, dates_of, language_of
from aggregator.core.effective import OLDEST, effective, is_told_by
from aggregator.model import FeedSettings, ParsedFeed, RawEntry

NOW = datetime(2022, 1, 8, 3, 0, tzinfo=UTC)
INDONESIAN = "Warga yang mengungsi belum bisa kembali karena air masih tinggi, kata pihak kecamatan, Sabtu."
ENGLISH = "The minister said that the bridge would not be open before the end of the year, and they left."
FEED = FeedSettings(id="a", url="https://a.example/feed")


def spoken(*entries: RawEntry, declared: str | None = None, settings: FeedSettings = FEED) -> list[str]:
    claims = claims_of(ParsedFeed(language=declared), settings, timezone="UTC", now=NOW, sample=entries)
    return [language_of(raw, f"{raw.title}\n\n{raw.summary or ''}", claims) for raw in entries]


def raw(title: str, summary: str = "", **more: str) -> RawEntry:
    return RawEntry(title=title, summary=summary, **more)  # type: ignore[arg-type]


def test_the_editor_s_word_counts_before_all() -> None:
    settings = FeedSettings(id="a", url="https://a.example/feed", language="jv")
    assert spoken(raw("Banjir", INDONESIAN, language="en"), declared="ru", settings=settings) == ["jv"]


def test_what_an_entry_declares_counts_before_what_its_feed_does() -> None:
    assert spoken(raw("Bridge", language="fr"), raw("Bridge"), declared="de") == ["fr", "de"]


def test_entries_of_a_feed_left_at_en_us_are_in_their_own_language_short_ones_too() -> None:
    others = "Jembatan itu tidak bisa dilalui karena rusak dan harus diperbaiki oleh pemerintah kabupaten sejak Senin."
    third = "Polisi mengatakan bahwa korban sudah dibawa ke rumah sakit oleh warga yang melihat kejadian tersebut."
    entries = [raw("Banjir", INDONESIAN), raw("Jembatan"), raw("Akses", others), raw("Korban", third)]
    assert spoken(*entries, raw("Bridge", ENGLISH), declared="en-US") == ["id", "id", "id", "id", "en"]


def test_markup_is_no_language() -> None:
    entry = raw(
        "Banjir", f'<p class="the of and to in a is that for"><a href="/the/of/and">{INDONESIAN}</a></p>'
    )
    assert spoken(entry, declared="en-US") == ["id"]


def test_where_nothing_tells_there_is_no_language() -> None:
    assert spoken(raw("Almaty")) == [""]
    assert claims_of(ParsedFeed(), FEED, timezone="UTC", now=None, sample=()).spoken == ""


def test_one_date_stands_for_both() -> None:
    claims = claims_of(ParsedFeed(), FEED, timezone="UTC", now=NOW, sample=())
    published, updated = dates_of(RawEntry(updated="2022-01-08T05:06:00Z"), "", claims)
    assert published == updated is not None
    published, updated = dates_of(RawEntry(published="x", updated="2022-01-08T05:06:00Z"), "", claims)
    assert (published, updated is None) == (None, False)


@pytest.mark.parametrize(
    ("link", "is_told"),
    [
        ("https://a.example/1985/03/02/pasar", True),
        ("https://a.example/1985/3/pasar", True),
        ("https://a.example/arsip/19850302-pasar", True),
        ("https://a.example/1985-03-02.html", True),
        ("https://a.example/1985/12/pasar", False),
        ("https://a.example/11985/03/pasar", False),
        ("https://a.example/1985/031/pasar", False),
        ("https://a.example/pasar", False),
        ("", False),
        (None, False),
    ],
)
def test_an_old_date_is_believed_where_the_link_names_its_month(link: str | None, is_told: bool) -> None:
    old = datetime(1985, 3, 2, 5, 6, tzinfo=UTC)
    assert old < OLDEST
    assert is_told_by(link, old) is is_told
    assert effective(old, first_seen=NOW, link=link) == (old if is_told else NOW)


@given(st.lists(st.text(max_size=80), max_size=6), st.text(max_size=20), st.text(max_size=40))
def test_any_feed_has_its_claims(texts: list[str], declared: str, date: str) -> None:
    entries = [RawEntry(title=text, summary=text, published=date) for text in texts]
    claims = claims_of(ParsedFeed(language=declared), FEED, timezone="UTC", now=NOW, sample=entries)
    for each in entries:
        assert isinstance(language_of(each, each.title or "", claims), str)
        assert len(dates_of(each, claims.spoken, claims)) == 2
