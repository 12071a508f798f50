"""Text: what XML can carry, HTML as paragraphs, words, sentences, cuts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.core.text import clean, cut, fold, plain, sentences, words

ANY = st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=80)
HTML = st.lists(
    st.one_of(
        st.sampled_from(
            ["<p>", "</p>", "<br>", "<b>", "<!--", "-->", "<script>", "</script>", "&amp;", "&#11;"]
        ),
        ANY,
    ),
    max_size=12,
).map("".join)


def is_xml(text: str) -> bool:
    element = etree.Element("t")
    element.text = text  # raises ValueError for what XML cannot carry
    return etree.fromstring(etree.tostring(element)).text == (text.replace("\r", "\n") or None)


def test_ch_01_characters_that_xml_forbids_are_removed() -> None:
    assert clean("a\x00b\x0bc\x1b[31md\ufffee\uffff\x9b") == "abc[31mde"


def test_ch_02_a_lone_surrogate_becomes_the_replacement_character() -> None:
    assert clean("a\ud800b") == "a\ufffdb"


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("foto\u202egpj.exe", "fotogpj.exe"),
        ("\u202dabc\u202c x", "abc x"),
        ("\u2067خبر", "خبر"),
        ("a\u202c b\u2069", "a b"),
        ("\u202bخبر\u2069", "خبر"),
        ("\u202bخبر\u202c dan \u2067خبر\u2069", "\u202bخبر\u202c dan \u2067خبر\u2069"),
        ("a\u200fb\u200ec", "a\u200fb\u200ec"),
        ("satu\u2028dua\u2029tiga", "satu dua tiga"),
    ],
)
def test_hx_06_a_line_that_turns_the_direction_of_reading_turns_it_back(
    given_text: str, expected: str
) -> None:
    assert clean(given_text) == expected


def test_blanks_are_folded() -> None:
    assert clean("  satu\u00a0\n dua\tتjuga ") == "satu dua تjuga"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Satu &amp; dua</p><p>Tiga<br>empat</p>", "Satu & dua\n\nTiga\nempat"),
        ("<div>A<script>alert(1)</script><style>p{}</style></div>B", "A\n\nB"),
        ("5 < 6 dan 7 > 3", "5 < 6 dan 7 > 3"),
        ("tanpa tanda\nbaris dua\n\nparagraf dua", "tanpa tanda baris dua\n\nparagraf dua"),
        ("<p>satu\n  baris</p>", "satu baris"),
        ("<pre>dua\nbaris</pre>", "dua\nbaris"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("<pre>satu\n\n\ndua</pre><p>x</p>", "satu\n\ndua\n\nx"),
        ('<p lang="en" title="x">Satu</p><blockquote dir="rtl">dua</blockquote>', "Satu\n\ndua"),
        ("<!--><p>Satu</p>-->", "Satu\n\n-->"),
        ("Satu</p></div></body></html> dua", "Satu dua"),
        ("<textarea>x</textarea><svg><text>y</text></svg><b>Satu</b>", "Satu"),
        ("aman<embed src=x> dan<input> <frame>utuh", "aman dan utuh"),
        ("a<br>b<br/><br>c", "a\nb\n\nc"),
        ("<p>a&#13;b&#11;c&#x2028;d</p>", "a bc d"),
        ("AT&amp;T &eacute;", "AT&T é"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("", ""),
    ],
)
def test_html_becomes_plain_text(html: str, expected: str) -> None:
    assert plain(html) == expected


def test_what_nests_deeper_than_people_write_loses_its_tags_and_keeps_its_text() -> None:
    assert plain("<div>" * 50_000 + "teks" + "</div>" * 50_000) == "teks"


def test_words_keep_their_marks_and_their_joints() -> None:
    assert words("Jum'at, anak-anak किताबें ﹣ 中文 2022") == [
        "Jum'at",
        "anak-anak",
        "किताबें",
        "中",
        "文",
        "2022",
    ]


def test_sentences_end_where_they_end() -> None:
    text = 'Kata Dr. Ali kemarin. Harga Rp 5.000! "Benar?" Ya. \n\nBaru'
    assert sentences(text) == ["Kata Dr. Ali kemarin.", "Harga Rp 5.000!", '"Benar?"', "Ya.", "Baru"]


def test_a_cut_comes_after_a_sentence_else_after_a_word() -> None:
    assert cut("Satu dua tiga. Empat lima enam.", 20) == "Satu dua tiga."
    assert cut("Satu dua tiga empat lima enam", 12) == "Satu dua…"
    assert cut("pendek", 10) == "pendek"


def test_folded_texts_are_equal_whatever_their_case_and_width() -> None:
    assert fold("ＲＵＳＵＨ di  Almaty") == fold("rusuh DI almaty")


@given(ANY)
def test_clean_text_is_legal_xml_and_stays_as_it_is(text: str) -> None:
    once = clean(text)
    assert is_xml(once)
    assert clean(once) == once


@given(HTML)
def test_plain_text_is_legal_xml_and_has_no_empty_paragraph(html: str) -> None:
    text = plain(html)
    assert is_xml(text)
    assert "\n\n\n" not in text
    assert text == text.strip()


@given(ANY, st.integers(min_value=1, max_value=60))
def test_a_cut_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    text = clean(text)
    short = cut(text, limit)
    assert len(short) <= limit
    assert text.startswith(short.removesuffix("…"))


@given(
    st.lists(st.from_regex(r"[a-z]{1,9}[.,]?", fullmatch=True), min_size=1, max_size=20), st.integers(12, 90)
)
def test_a_cut_is_never_inside_a_word(given_words: list[str], limit: int) -> None:
    text = " ".join(given_words)
    short = cut(text, limit).removesuffix("…")
    assert text[len(short) : len(short) + 1] in {"", " ", ",", "."}


@given(ANY)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANY)
def test_sentences_lose_no_word(text: str) -> None:
    assert words(" ".join(sentences(text))) == words(" ".join(text.split()))
