"""Pages for people: escaped, without script, light, and read by everybody."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from aggregator.model import Edition, Image, Region, Role, SourceFeed
from aggregator.model.labels import LABELS, direction, labels_for
from aggregator.render import html
from tests.render.samples import EDITION, ENTRY, edition, entry, site

PAGES: list[Callable[[Edition], bytes]] = [html.render, lambda given: html.index(site(given))]
VOID = {"meta", "link", "img", "br"}


class Reader(HTMLParser):
    """Collects tags, and minds that every one is closed in its order."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def hostile() -> Edition:
    bad = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    feed = SourceFeed(id="x", title=bad, url="https://x.example/" + bad, link="javascript:alert(3)")
    return edition(
        entry(
            headline=bad,
            summary=bad,
            article={"byline": (bad,), "credits": (bad,), "editor": bad, "kicker": bad, "language": bad},
            story={"url": "https://x.example/?" + bad},
            image=Image(url='https://x.example/"onerror="alert(4)', caption=bad, credit=bad),
            places=tuple(replace(place, name=bad) for place in ENTRY.places),
            source=feed,
            related=((bad, "https://x.example/" + bad),),
            because=bad,
        ),
        title=bad,
        description=bad,
        site_title=bad,
        contact=bad,
        reasons=True,
    )


@pytest.mark.parametrize("page", [*PAGES, lambda given: html.sources(site(feeds=(given.entries[0].source,)))])
def test_nothing_of_an_origin_becomes_a_tag_or_an_attribute(page: Callable[[Edition], bytes]) -> None:
    read = Reader(page(hostile()))
    assert not read.all("script")
    names = {name for _, attributes in read.tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]
    addresses = [a.get("href") or a.get("src") or "" for _, a in read.tags]
    assert not [address for address in addresses if address.startswith("javascript")]


def test_a_section_shows_each_story_with_all_that_an_editor_wants_seen() -> None:
    given = edition(entry(article={"kicker": "KABAR"}), reasons=True)
    page = html.render(given).decode()
    for words in (
        "KABAR",
        '<a href="https://lembah.example/a">Jembatan ditutup</a>',
        "Sari Wulandari, Joko",
        '<time datetime="2022-01-08T05:06:00+07:00">8 Januari 2022, 05.06 WIB</time>',
        "Kazakhstan",
        "Isi berita.",
        '<img src="https://img.example/foto.jpg" alt="" loading="lazy" decoding="async" referrerpolicy="no-referrer">',
        "<figcaption>Di jembatan (AFN)</figcaption>",
        "Sumber: ",
        "Editor: ",
        "Juga di: ",
        "https://pantai.example/b?x=1&amp;y=2",
        "Ada di sini karena: regions: Asia Tengah (KZ)",
    ):
        assert words in page


def test_reasons_are_shown_only_when_asked_for() -> None:
    assert "Ada di sini karena" not in html.render(edition()).decode()


def test_places_that_merely_contain_the_story_are_not_shown() -> None:
    regions = (
        Region(code="KZ", role=Role.FOCUS, score=1.0, rule="name"),
        Region(code="143", role=Role.FOCUS, score=1.0, rule="member"),
    )
    page = html.render(edition(entry(story={"regions": regions}))).decode()
    assert "Kazakhstan" in page
    assert "Asia Tengah" not in page


def test_a_reader_finds_all_three_feeds_and_the_button_leads_to_the_first() -> None:
    read = Reader(html.render(edition()))
    alternates = {link["type"]: link["href"] for link in read.all("link") if link["rel"] == "alternate"}
    assert alternates == {
        "application/atom+xml": "atom.xml",
        "application/rss+xml": "rss.xml",
        "application/feed+json": "feed.json",
    }
    assert [a["href"] for a in read.all("a") if a.get("class") == "button"] == ["atom.xml"]


def test_formats_that_are_not_written_are_not_offered() -> None:
    page = html.index(site(edition(formats=("json",)))).decode()
    assert "dunia/feed.json" in page
    assert not [name for name in ("atom.xml", "rss.xml", "dunia/index.html") if name in page]


def test_the_index_has_one_button_a_section_and_its_newest_stories() -> None:
    many = edition(*(entry(number) for number in range(1, 10)))
    read = Reader(html.index(site(many, edition(id="lain", title="Lain"))))
    assert [a["href"] for a in read.all("a") if a.get("class") == "button"] == [
        "dunia/atom.xml",
        "lain/atom.xml",
    ]
    assert len(read.all("li")) == html.NEWEST + 1


def test_a_section_without_stories_says_so_in_its_language() -> None:
    for page in PAGES:
        assert "Belum ada berita" in page(EDITION).decode()


def test_the_page_about_sources_says_what_is_read_and_whom_to_write_to() -> None:
    feeds = (
        SourceFeed(
            id="a",
            title="Lembah",
            url="https://a.example/rss",
            language="ru",
            interval_minutes=30,
            republish="full",
        ),
        SourceFeed(id="b", title="", url="https://b.example/rss"),
    )
    page = html.sources(site(feeds=feeds)).decode()
    for words in (
        "https://a.example/rss",
        "Rusia",
        "tiap 30 menit",
        "utuh",
        "sesering perubahannya",
        "sebanyak isi umpannya",
        "aggregator/0.1.0 (+https://meja.example/sources/)",
        'href="mailto:redaksi@meja.example"',
    ):
        assert words in page


@pytest.mark.parametrize("page", PAGES)
def test_a_page_weighs_less_than_100_kb_whatever_it_holds(page: Callable[[Edition], bytes]) -> None:
    heavy = [entry(number, headline="Judul panjang " * 70, summary="kata " * 300) for number in range(1, 301)]
    data = page(edition(*heavy))
    assert len(data) <= html.LARGEST
    Reader(data)


def test_a_page_that_holds_not_all_stories_says_where_the_others_are() -> None:
    many = [entry(number) for number in range(1, html.MOST + 2)]
    assert "Berita yang lebih lama ada di umpan." in html.render(edition(*many)).decode()
    assert "Berita yang lebih lama" not in html.render(edition()).decode()


def test_an_image_without_tls_is_not_loaded() -> None:
    assert "<img" not in html.render(edition(entry(image=Image(url="http://x.example/a.jpg")))).decode()


@pytest.mark.parametrize(
    ("language", "way"),
    [("id", "ltr"), ("ar", "rtl"), ("fa-IR", "rtl"), ("az-Arab", "rtl"), ("ur-Latn", "ltr")],
)
def test_a_page_runs_the_way_its_language_is_written(language: str, way: str) -> None:
    assert direction(language) == way
    read = Reader(html.render(edition(language=language)))
    assert (read.all("html")[0]["lang"], read.all("html")[0]["dir"]) == (language, way)


def test_a_story_in_another_language_says_so() -> None:
    read = Reader(html.render(edition(entry(article={"language": "ar"}))))
    assert (read.all("article")[0]["lang"], read.all("article")[0]["dir"]) == ("ar", "rtl")


@pytest.mark.parametrize(
    ("language", "zone", "expected"),
    [
        ("id", "Asia/Jakarta", "8 Januari 2022, 05.06 WIB"),
        ("en", "UTC", "January 7, 2022, 10:06\u202fPM UTC"),
        ("ru", "Asia/Almaty", "8 января 2022\u202fг., 04:06 +06"),
        ("xx-nonsense", "UTC", "January 7, 2022, 10:06\u202fPM UTC"),
    ],
)
def test_times_are_in_the_sites_zone_and_the_readers_language(
    language: str, zone: str, expected: str
) -> None:
    assert html.when(ENTRY.story.published, language, zone) == expected


def test_the_style_sheets_say_nothing_of_elsewhere() -> None:
    sheets = html.assets(site())
    assert set(sheets) == {"style.css", "feed.css"}
    for sheet in sheets.values():
        assert not re.search(rb"url\(|@import|https?:", sheet)
    assert LABELS["id"].feed_note in sheets["feed.css"].decode()


def test_every_language_has_every_word() -> None:
    for labels in LABELS.values():
        for name in labels.__dataclass_fields__:
            assert getattr(labels, name), f"{labels.language}: {name}"
        assert set(labels.republish) == set(labels_for("en").republish)
    assert labels_for("id-ID").language == "id"
    assert labels_for("kk").language == "en"
