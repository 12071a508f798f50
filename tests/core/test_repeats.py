"""Paragraphs that an outlet repeats are left out, and no story loses a word of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.extract.notices import without
from aggregator.core.repeats import (
    ARTICLES,
    HEAD,
    LONGEST,
    TAIL,
    WINDOW,
    counted,
    hash_of,
    outlet_of,
    paragraphs_of,
    repeated,
)
from aggregator.model import Article, Entry, Page, RawEntry, Repeat
from tests.daemon.program import text_of

PLEA = "Ikuti saluran kami di gawai Anda supaya tidak tertinggal kabar terbaru."
BACKGROUND = "Pemerintah Kazakhstan menaikkan harga elpiji pada awal Januari sehingga warga turun ke jalan."


class Outlet:
    """An outlet's articles, one after another, as the store counts them."""

    def __init__(self) -> None:
        self.known: dict[int, Repeat] = {}
        self.number = 0

    def publish(self, *paragraphs: str, headline: str = "") -> list[str]:
        """Count an article; gives the paragraphs that are left out of it."""
        self.number += 1
        text = "\n\n".join(paragraphs)
        found = paragraphs_of(Article(headline=headline or f"Judul {self.number}", text=text))
        left_out = repeated(found, self.known, number=self.number)
        self.known |= counted(found, self.known, left_out, number=self.number)
        return [each for each in paragraphs if hash_of(each) in left_out]


def story(number: int) -> str:
    return text_of(f"berita {number}", 40)


def test_a_plea_under_every_story_is_left_out_from_the_ninth_on() -> None:
    outlet = Outlet()
    for number in range(ARTICLES):
        assert outlet.publish(story(number), PLEA) == []
    for number in range(ARTICLES, 30):
        assert outlet.publish(story(number), PLEA) == [PLEA]


def test_case_and_blanks_make_no_other_paragraph() -> None:
    outlet = Outlet()
    forms = (PLEA, PLEA.upper(), PLEA.replace(" ", "  "), PLEA.replace(" ", "\u00a0"))
    for number in range(ARTICLES):
        outlet.publish(story(number), forms[number % len(forms)])
    assert outlet.publish(story(99), PLEA.lower()) == [PLEA.lower()]


def test_a_report_that_is_printed_again_and_again_does_not_eat_itself() -> None:
    outlet = Outlet()
    report = [story(n) for n in range(6)]
    for number in range(40):
        assert outlet.publish(*report, headline=f"Versi {number}") == []


def test_a_report_that_grows_with_each_version_does_not_eat_itself() -> None:
    outlet = Outlet()
    for number in range(40):
        report = [story(n) for n in range(number, number + 6)]  # a new lead, and the last paragraph is gone
        assert outlet.publish(*report, headline=f"Versi {number}") == []


def test_background_that_comes_again_in_each_report_of_an_affair_stays() -> None:
    outlet = Outlet()
    for number in range(40):
        headline = f"Kazakhstan hari ke-{number}"
        assert outlet.publish(story(number), BACKGROUND, headline=headline) == []


def test_background_of_one_affair_among_many_stories_stays_though_no_headline_names_it() -> None:
    outlet = Outlet()
    for number in range(100):
        paragraphs = (story(number), BACKGROUND) if number % 5 == 0 else (story(number),)
        assert outlet.publish(*paragraphs) == []


def test_a_form_that_is_filled_in_each_day_does_not_lose_its_words() -> None:
    outlet = Outlet()
    for number in range(40):
        form = (f"Jadwal salat {number}", story(1), story(2), f"Subuh 04.{number}", story(3))
        assert outlet.publish(*form) == []


def test_what_stood_in_none_of_the_last_articles_is_forgotten() -> None:
    outlet = Outlet()
    for number in range(ARTICLES + 1):
        outlet.publish(story(number), PLEA)
    for number in range(100, 100 + WINDOW):
        outlet.publish(story(number))
    assert outlet.publish(story(999), PLEA) == []


def test_a_plea_that_few_articles_have_is_left_in() -> None:
    outlet = Outlet()
    for number in range(120):
        paragraphs = (story(number), PLEA) if number % 6 == 0 else (story(number),)
        assert outlet.publish(*paragraphs) == []


@pytest.mark.parametrize(
    "paragraph", ["Ya.", "***", "kata " * (LONGEST // 4)], ids=["answer", "sign", "quote"]
)
def test_what_is_very_short_or_long_is_not_counted(paragraph: str) -> None:
    outlet = Outlet()
    for number in range(30):
        assert outlet.publish(story(number), paragraph) == []


def test_of_a_very_long_article_the_start_and_the_end_are_counted() -> None:
    paragraphs = [f"Alinea nomor {number}" for number in range(500)]
    found = [each.hash for each in paragraphs_of(Article(headline="", text="\n\n".join(paragraphs)))]
    assert found == [hash_of(each) for each in paragraphs[:HEAD] + paragraphs[-TAIL:]]


def test_the_reason_says_how_often_it_stood_where() -> None:
    outlet = Outlet()
    for number in range(ARTICLES):
        outlet.publish(story(number), PLEA)
    found = repeated(paragraphs_of(Article(headline="", text=PLEA)), outlet.known, number=outlet.number + 1)
    assert found == {hash_of(PLEA): "it stood in 8 of the 8 articles of its outlet before this one"}


REASON = {hash_of(PLEA): "it stood in 8 of the 8 articles of its outlet before this one"}


def article(text: str, html: str, summary: str = "") -> Article:
    return Article(headline="Judul", text=text, html=html, summary=summary)


def test_an_article_is_given_without_them_in_text_and_markup_and_says_so() -> None:
    one, two = story(1), story(2)
    html = f"<p>{one}</p><p>{PLEA.replace('kami', '<a href=/k>kami</a>')}</p><ul><li>{two}</li></ul>"
    found = without(article(f"{one}\n\n{PLEA}\n\n{two}", html), REASON)
    assert found.text == f"{one}\n\n{two}"
    assert found.html == f"<p>{one}</p>\n<ul><li>{two}</li></ul>"
    assert [(each.text, each.because) for each in found.left_out] == [(PLEA, REASON[hash_of(PLEA)])]


def test_a_summary_that_is_the_start_of_the_text_begins_where_that_does() -> None:
    one = story(1)
    start = f"{PLEA} {one}"[:100]
    found = without(article(f"{PLEA}\n\n{one}", "", summary=f"{start}…"), REASON)
    assert found.summary.startswith(one[:20])
    assert len(found.summary) <= 101
    kept = without(article(f"{PLEA}\n\n{one}", "", summary="Ringkasan redaksi."), REASON)
    assert kept.summary == "Ringkasan redaksi."


@pytest.mark.parametrize("text", [PLEA, f"{PLEA}\n\nSingkat.", "Teks lain.", ""])
def test_an_article_that_would_lose_its_greater_part_or_nothing_stays_as_it_is(text: str) -> None:
    given_one = article(text, f"<p>{text}</p>")
    assert without(given_one, REASON) is given_one


def test_a_picture_stays_though_its_words_go() -> None:
    one = story(1)
    html = f'<p>{one}</p><p><img src="https://kabar.example/f.jpg" alt="">{PLEA}</p>'
    assert "f.jpg" in without(article(f"{one}\n\n{PLEA}", html), REASON).html


def test_an_outlet_is_the_owner_of_the_address_that_a_text_came_from() -> None:
    entry = Entry(
        feed_id="f", key="k", position=1, guid=None, url="https://berita.kabar.co.id/1", canonical_url=None,
        title="", hash="h", raw=RawEntry(),
    )  # fmt: skip
    page = Page(url="https://m.lain.example/1", content_type=None, body=b"")
    assert outlet_of(entry, None) == "kabar.co.id"
    assert outlet_of(entry, page) == "lain.example"
    assert outlet_of(replace(entry, url="https://satu.blogspot.com/1"), None) == "satu.blogspot.com"
    assert outlet_of(replace(entry, url=None), None) == "feed:f"


@given(
    st.lists(
        st.lists(st.sampled_from([PLEA, BACKGROUND, *(story(n) for n in range(4))]), max_size=5), max_size=60
    )
)
def test_nothing_is_left_out_that_did_not_stand_in_enough_articles_before(articles: list[list[str]]) -> None:
    outlet = Outlet()
    for number, paragraphs in enumerate(articles):
        for each in outlet.publish(*paragraphs):
            assert sum(each in before for before in articles[:number]) >= ARTICLES
