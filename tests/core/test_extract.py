"""What becomes of an entry and its page beside the cases in tests/pages: the feed's own text, bounds, refusals."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.core.extract import article, is_full_text
from aggregator.core.extract.datelines import read_dateline
from aggregator.core.extract.furniture import is_furniture
from aggregator.core.extract.lines import read_byline, read_marks, split_caption
from aggregator.core.extract.tree import decode
from aggregator.errors import ExtractError
from aggregator.model import Article, Entry, Image, Page, RawEntry

URL = "https://warta.example/berita/1"
SENTENCE = "Warga kampung membersihkan parit bersama petugas sejak pagi buta. "
BODY = "".join(f"<p>{number}. {SENTENCE * 2}</p>" for number in range(1, 5))


def entry(**given: Any) -> Entry:
    values: dict[str, Any] = {"url": URL, "canonical_url": URL, "title": "Parit Kampung Dibersihkan"}
    return Entry(feed_id="f", key="1", position=1, guid=None, hash="", raw=RawEntry(), **(values | given))


def page(body: str | bytes, *, url: str = URL, content_type: str | None = "text/html; charset=utf-8") -> Page:
    return Page(url=url, content_type=content_type, body=body.encode() if isinstance(body, str) else body)


def html(inner: str = "", head: str = "", title: str = "Parit Kampung Dibersihkan") -> str:
    return f"<html><head><title>{title}</title>{head}</head><body><h1>{title}</h1>{inner}{BODY}</body></html>"


def read(
    given: Entry, found: Page | None, *, language: str = "id", timezone: str = "Asia/Jakarta"
) -> Article:
    return article(given, found, language=language, timezone=timezone)


@pytest.mark.parametrize(
    ("ending", "whole"),
    [
        ("Selesai.", True),
        ("dan kemudian…", False),
        ("dan kemudian...", False),
        ("dan kemudian [&#8230;]", False),
        ("dan kemudian [...]", False),
        ("<a href='x'>Read more</a>", False),
        ("<p>Continue reading →</p>", False),
        ("<p>Baca selengkapnya</p>", False),
        ("Selengkapnya »", False),
        ("<p>Читать далее</p>", False),
        ("dan … […]<p>The post Parit Kampung appeared first on Warta.</p>", False),
        ("<p>The post Parit Kampung appeared first on Warta.</p>", True),
    ],
)
def test_a_text_is_full_when_it_does_not_go_on_elsewhere(ending: str, whole: bool) -> None:
    assert is_full_text(entry(content_html=f"<p>{SENTENCE * 10}</p>{ending}")) is whole


def test_a_short_content_is_no_full_text() -> None:
    assert not is_full_text(entry(content_html="<p>Singkat saja.</p>"))
    assert not is_full_text(entry(content_html=None, summary_html=SENTENCE * 20))
    assert not is_full_text(entry(content_html="<b>" * 200))


def test_the_feeds_own_text_is_kept_as_it_was_given() -> None:
    given = '<p>DUMAI - Air surut.</p><p>Jalan <a href="https://warta.example/2" rel="noopener">dibuka</a> lagi.</p>'
    found = read(entry(content_html=given, authors=("Sri",)), None)
    assert found.html == given
    assert found.text == "DUMAI - Air surut.\n\nJalan dibuka lagi."
    assert (found.text_from, found.dateline, found.byline) == ("feed", "DUMAI", ("Sri",))


def test_lines_of_credits_are_taken_out_of_the_feeds_text() -> None:
    given = (
        "<p>Air surut di hilir.</p><p>Sumber: Antara/Warta Hulu</p><p>Laporan: Budi, Dumai<br>Editor: Ani</p>"
        "<p>Baca juga: <a href='/2'>Jembatan dibuka</a></p><ul><li>satu</li><li>dua</li></ul><p>Akhir kabar.</p>"
    )
    found = read(entry(content_html=given), None)
    assert found.text == "Air surut di hilir.\n\nAkhir kabar."
    assert (found.credits, found.byline, found.editor) == (("Antara", "Warta Hulu"), ("Budi",), "Ani")
    assert "Sumber" not in found.html
    assert "satu" not in found.html


def test_without_content_the_summary_serves_and_pictures_come_along() -> None:
    words = "Air sudah surut dan jalan di hilir sungai dibuka lagi untuk warga."
    given = f'<p><img src="https://warta.example/a.jpg" alt="">{words}</p>'
    found = read(
        entry(summary_html=given, summary=words),
        None,
        language="",
    )
    assert found.text == found.summary == words
    assert found.images == (Image(url="https://warta.example/a.jpg"),)
    assert found.language == "id"


@pytest.mark.parametrize("content", [None, "", "<p></p>", "teks biasa"])
def test_an_entry_with_next_to_nothing_is_still_an_article(content: str | None) -> None:
    found = read(entry(content_html=content, url=None, canonical_url=None), None)
    assert found.headline == "Parit Kampung Dibersihkan"
    assert found.text == (content or "").replace("<p></p>", "")


@pytest.mark.parametrize(
    ("title", "headline"),
    [
        ("Parit Dibersihkan Warga", "Parit Dibersihkan Warga"),
        ("", "Parit Kampung Dibersihkan"),
        ("Parit Kampung…", "Parit Kampung Dibersihkan"),
        ("Parit Kampung ...", "Parit Kampung Dibersihkan"),
        ("Parit Kampung", "Parit Kampung Dibersihkan"),
        ("Kabar lain sama sekali…", "Kabar lain sama sekali…"),
    ],
)
def test_the_headline_is_the_feeds_unless_it_is_missing_or_cut_short(title: str, headline: str) -> None:
    assert read(entry(title=title), page(html())).headline == headline


def test_the_pages_time_counts_only_where_the_feed_gave_none_or_a_day() -> None:
    shown = page(html("<span>Sabtu, 08 Januari 2022 - 05:06 WIB</span>"))
    on_page = datetime.fromisoformat("2022-01-08T05:06:00+07:00")
    feeds = datetime(2022, 1, 7, 23, 0, tzinfo=UTC)
    assert read(entry(), shown).published == on_page
    assert read(entry(published=feeds), shown).published == feeds
    found = read(entry(published=feeds, day_only=True), shown).published
    assert found is not None
    assert found.isoformat() == on_page.isoformat()
    assert read(entry(published=feeds, day_only=True), page(html())).published == feeds


@pytest.mark.parametrize(
    ("link", "canonical"),
    [
        ("/berita/1-parit", "https://warta.example/berita/1-parit"),
        ("https://www.warta.example/b/1?utm_source=x#top", "https://www.warta.example/b/1"),
        ("https://penyalin.example/curian", URL),
        ("https://warta.example/", URL),
        ("javascript:alert(1)", URL),
    ],
)
def test_a_canonical_link_is_believed_within_its_own_domain(link: str, canonical: str) -> None:
    found = read(entry(), page(html(head=f'<link rel="canonical" href="{link}">')))
    assert found.canonical_url == canonical


def test_nothing_that_runs_is_passed_on() -> None:
    bad = '<p onclick="x()">Tautan <a href="javascript:alert(1)">ini</a> dan <a href="/dua">itu</a> ada di sini.</p>'
    found = read(entry(), page(html(bad + "<script>alert(2)</script>")))
    assert "javascript" not in found.html
    assert "onclick" not in found.html
    assert "alert" not in found.text
    assert 'href="https://warta.example/dua"' in found.html


@pytest.mark.parametrize(
    ("body", "url", "reason"),
    [
        (b"", URL, "empty"),
        (b"  \n", URL, "empty"),
        (html(), "https://warta.example/", "front page"),
        (
            "<title>Just a moment...</title><p>Checking your browser before access</p>",
            URL,
            "captcha",
        ),
        ("<form>Masuk <input name=u><input type=password></form>", URL, "log-in"),
        ("<html><body><p>Halaman tidak ditemukan</p></body></html>", URL, "no article"),
        ("<html><body><script>render()</script></body></html>", URL, "without scripts"),
        ("<div>" * 50_000 + BODY, URL, "deeper"),
        ("<p>" * 150_000, URL, "tags"),
        ("<p>x</p>" * 45_000, URL, "elements"),
        ("<div>" * 150 + "<b>" * 250 + SENTENCE * 3, URL, "deeper"),
        ("<!--" * 50_000, URL, "no HTML"),
        ("<div " + " ".join(f'a{number}=">"' for number in range(20_000)) + ">" + BODY, URL, "attributes"),
        ("x" * 8_000_001, URL, "larger"),
    ],
)
def test_a_page_without_an_article_or_beyond_the_bounds_is_refused_in_plain_words(
    body: str | bytes, url: str, reason: str
) -> None:
    with pytest.raises(ExtractError, match=reason):
        read(entry(), page(body, url=url))


def test_a_page_that_is_one_tag_without_end_holds_no_article() -> None:
    broken = "<![CDATA[<a <b <div class='" + "caption " * 50_000
    with pytest.raises(ExtractError):
        read(entry(), page(f"<html><body>{broken}"))


def test_json_ld_may_be_nested_broken_or_endless() -> None:
    nested = '<script type="application/ld+json">' + "[" * 50_000 + "</script>"
    good = '<script type="application/ld+json">{"@type":"Article","datePublished":"2022-01-08T05:06+07:00"}</script>'
    found = read(
        entry(), page(html(head=nested + "<script type='application/ld+json'>{oops</script>" + good))
    )
    assert found.published == datetime.fromisoformat("2022-01-08T05:06:00+07:00")


def test_a_page_that_shows_its_text_by_script_only_is_read_from_its_json_ld() -> None:
    body = (SENTENCE * 3).strip()
    data = f'{{"@type":"Article","headline":"Parit","articleBody":"{body}\\n\\n{body}"}}'
    shell = f'<html><body><div id="app">Memuat</div><script type="application/ld+json">{data}</script></body></html>'
    assert SENTENCE.strip() in read(entry(), page(shell)).text


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("žluťoučký".encode(), "text/html; charset=iso-8859-1", "žluťoučký"),
        ("naïve".encode("cp1252"), "text/html; charset=ISO-8859-1", "naïve"),
        (b"<meta charset=windows-1251>" + "мост".encode("cp1251"), None, "<meta charset=windows-1251>мост"),
        ("новый мост открыт".encode("cp1251"), "text/html", "новый мост открыт"),
        ("café crème".encode("cp1252"), None, "café crème"),
        (b"\xef\xbb\xbfmost", "text/html; charset=koi8-r", "most"),
        ("橋が開通".encode("shift_jis"), "text/html; charset=Shift_JIS", "橋が開通"),
        ("橋".encode("iso2022_jp"), "text/html; charset=iso-2022-jp", "橋"),
        (b"most", "text/html; charset=rot13", "most"),
    ],
)
def test_the_characters_of_a_page_are_read_by_what_the_bytes_are(
    body: bytes, content_type: str | None, text: str
) -> None:
    assert decode(body, content_type) == text


@pytest.mark.parametrize(
    ("line", "wires", "editor", "byline"),
    [
        ("Sumber: AFP/Reuters/JPNN/Berbagai Sumber", ("AFP", "Reuters", "JPNN"), None, ()),
        ("Source: Northwire and Agencies", ("Northwire",), None, ()),
        ("Источник: Речной вестник", ("Речной вестник",), None, ()),
        ("Quelle: Hafenblatt", ("Hafenblatt",), None, ()),
        ("Kaynak: Kıyı Gazetesi", ("Kıyı Gazetesi",), None, ()),
        ("(Antara)", ("Antara",), None, ()),
        ("Sumber: https://www.warta.example/b/1", ("warta.example",), None, ()),
        ("Editor : Mira", (), "Mira", ()),
        ("Penulis: Ika | Editor: Bram", (), "Bram", ("Ika",)),
        ("(Reporting by Una Hale; Editing by Priya Nand)", (), "Priya Nand", ("Una Hale",)),
        ("Laporan: Tim Liputan, Bengkalis", (), None, ("Tim Liputan",)),
    ],
)
def test_a_line_tells_who_made_the_story(
    line: str, wires: tuple[str, ...], editor: str | None, byline: tuple[str, ...]
) -> None:
    marks = read_marks(line)
    assert marks is not None
    assert (marks.credits, marks.editor, marks.byline) == (wires, editor, byline)


@pytest.mark.parametrize(
    "line",
    [
        "Sumber daya alam kita: kaya raya",
        "Source: it was a warm day. Nobody came.",
        "Editor: what do you mean?",
        "Presiden mengatakan, sumber: tidak diketahui",
        "(Sabtu)",
        "",
    ],
)
def test_an_ordinary_line_is_no_line_of_credits(line: str) -> None:
    assert read_marks(line) is None


def test_a_byline_names_people_and_a_sentence_does_not() -> None:
    assert read_byline("By Una Hale and Tomas Reid") == ("Una Hale", "Tomas Reid")
    assert read_byline("Oleh: Ika Sundari") == ("Ika Sundari",)
    assert read_byline("By the time the boats had left, nobody was there") == ()
    assert read_byline("By 2030 it will be gone") == ()


@pytest.mark.parametrize(
    ("paragraph", "dateline"),
    [
        ("ALMATY (Reuters) - Kota itu sepi.", "ALMATY (Reuters)"),
        ("JAKARTA, WARTA.example – Pemerintah menunda.", "JAKARTA, WARTA.example"),
        ("Jakarta - Banjir surut.", "Jakarta"),
        ("NEW HARBOUR, Jan 8 (Northwire) -- The port", "NEW HARBOUR, Jan 8 (Northwire)"),
        ("WARTA.CO, Dumai - Warga", "WARTA.CO, Dumai"),
        ("МОСКВА, 8 янв — Театр", "МОСКВА, 8 янв"),
        ("新华社北京4月24日电 记者", "新华社北京4月24日电"),
        ("The mayor - who was late - spoke.", None),
        ("Dia datang - lalu pergi.", None),
        ("Warga berkumpul di lapangan.", None),
    ],
)
def test_a_dateline_opens_a_text_before_a_dash(paragraph: str, dateline: str | None) -> None:
    assert read_dateline(paragraph) == dateline


@pytest.mark.parametrize(
    ("caption", "text", "credit"),
    [
        ("Keterangan Gambar : Kapal sagu.", "Kapal sagu.", None),
        ("Mobil terbakar, Rabu (5/1/2022).", "Mobil terbakar, Rabu (5/1/2022).", None),
        ("Mobil terbakar. (REUTERS/DAILY MAIL)", "Mobil terbakar.", "REUTERS/DAILY MAIL"),
        ("Panen lada. Foto: ANTARA/Rina", "Panen lada.", "ANTARA/Rina"),
        ("The tower. AFP/Getty Images", "The tower.", "AFP/Getty Images"),
        ("Bupati (kiri) dan wakilnya (kanan)", "Bupati (kiri) dan wakilnya (kanan)", None),
    ],
)
def test_a_caption_is_parted_from_the_credit_of_its_photo(
    caption: str, text: str, credit: str | None
) -> None:
    assert split_caption(caption) == (text, credit)


@pytest.mark.parametrize(
    ("line", "linked", "furniture"),
    [
        ("Baca Juga: Harga lada naik", False, True),
        ("Baca juga Harga lada naik", True, True),
        ("Baca juga surat edaran itu, kata bupati", False, False),
        ("Bagikan ke: Facebook Twitter Telegram", False, True),
        ("Facebook dan Twitter diblokir di negara itu", False, False),
        ("Tuliskan Komentar anda dari account Facebook", False, True),
        ("Iklan rokok dilarang di sekolah.", False, False),
        ("Terpopuler", False, True),
    ],
)
def test_lines_of_the_page_are_told_from_lines_of_the_article(
    line: str, linked: bool, furniture: bool
) -> None:
    assert is_furniture(line, linked=linked) is furniture


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"%PDF-1.7 " + b"Warga kampung membersihkan parit. " * 50, "a PDF document, not a page"),
        (b'\n {"isi": "' + b"Warga kampung membersihkan parit. " * 50 + b'"}', "a JSON document, not a page"),
    ],
)
def test_a_file_in_place_of_a_page_is_no_article(body: bytes, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        read(entry(), page(body))


def test_xp_08_what_a_page_says_of_itself_is_bounded_like_what_a_feed_says() -> None:
    said = {
        "@type": "NewsArticle",
        "author": {"name": "Sari " * 40_000},
        "articleSection": "Daerah " * 10_000,
    }
    canonical = f'<link rel="canonical" href="https://warta.example/{"a" * 200_000}">'
    head = f'<script type="application/ld+json">{json.dumps(said)}</script>{canonical}'
    found = read(entry(title=""), page(html(head=head, title="Parit dibersihkan " * 5_000)))
    assert max(map(len, (*found.byline, *found.categories))) <= 256
    assert 900 < len(found.headline) <= 1024
    assert found.canonical_url == URL


def test_a_text_longer_than_any_article_is_none() -> None:
    with pytest.raises(ExtractError, match="longer than"):
        read(entry(), page(html(f"<p>{SENTENCE * 8_000}</p>")))
