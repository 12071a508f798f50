"""The example newsroom is what it claims to be: forty stories by five outlets of our own making."""

from __future__ import annotations

import json
import re
import unicodedata
from itertools import combinations
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import pytest

from tests.examples.newsroom import ADDRESS, FEEDS, NEWSROOM, entries, links, page_text, pages, plain, shared

KAZAKHSTAN = {
    "kabar-kampar": "presiden-kazakhstan-perintahkan-tembak",
    "radio-ombak-bono": "warta-pagi-kazakhstan",
    "jalur-sutra": "tentara-rusia-di-almaty",
}
# Whoever is named as an editor or an author; none of them exists.
PEOPLE = {"Laras Kuantan", "Bujang Merbau", "Sri Rambai", "Bagian Iklan"}


def article(feed: str, slug: str) -> str:
    """The body that a feed carries, or its page where the feed has only the first lines."""
    if feed != "kabar-kampar":
        return next(each.text for each in entries(feed) if slug in each.link)
    page = page_text(NEWSROOM / feed / "berita" / f"{slug}.html")
    body = page.split('<div class="isi">')[1].split("<p><b>Sumber")[0]
    return plain(re.sub(r"<p><strong>Baca juga.*?</p>", "", body))


@pytest.mark.parametrize("feed", [name for name, path in FEEDS.items() if path.endswith(".xml")])
def test_every_xml_feed_is_well_formed(feed: str) -> None:
    root = ElementTree.fromstring((NEWSROOM / FEEDS[feed]).read_bytes())
    assert root.tag in {"rss", "{http://www.w3.org/2005/Atom}feed"}


def test_the_json_feed_is_a_json_feed() -> None:
    feed = json.loads((NEWSROOM / FEEDS["jalur-sutra"]).read_text("utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert all(
        item["id"] and item["url"] and item["content_html"] and item["date_published"]
        for item in feed["items"]
    )


def test_the_five_feeds_carry_about_forty_stories() -> None:
    told = {feed: entries(feed) for feed in FEEDS}
    assert sum(map(len, told.values())) == 49
    flat = [each for feed in told.values() for each in feed]
    assert len({each.link for each in flat}) == 49
    assert all(each.title and each.text and each.link for each in flat)


def test_everything_is_of_january_2022() -> None:
    dates = [each.date for feed in FEEDS for each in entries(feed) if each.date]
    assert len(dates) == 46
    assert all(re.search(r"2022-01-\d\dT|\d\d Jan 2022|\d\d Januari 2022", date) for date in dates)


def test_the_local_paper_gives_no_date_or_an_indonesian_one_for_some_stories() -> None:
    dates = [each.date for each in entries("kabar-kampar")]
    assert dates.count(None) == 3
    assert "Sabtu, 08 Januari 2022 - 05:06 WIB" in dates
    root = ElementTree.fromstring((NEWSROOM / FEEDS["kabar-kampar"]).read_bytes())
    assert any(item.find("guid") is None for item in root.iter("item"))


@pytest.mark.parametrize("path", ["zarechny-kurier/rss.xml", "zarechny-kurier/novosti/sneg-na-sahaline.html"])
def test_the_russian_paper_is_in_windows_1251_and_says_so(path: str) -> None:
    body = (NEWSROOM / path).read_bytes()
    assert b"windows-1251" in body
    text = body.decode("windows-1251")
    assert "Сахалин занесло снегом" in text
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")


def test_the_podcast_names_files_that_exist_with_their_true_length() -> None:
    root = ElementTree.fromstring((NEWSROOM / FEEDS["radio-ombak-bono"]).read_bytes())
    found = list(root.iter("enclosure"))
    assert len(found) == 3
    for enclosure in found:
        body = NEWSROOM.joinpath(urlsplit(enclosure.attrib["url"]).path.lstrip("/")).read_bytes()
        assert enclosure.attrib["type"] == "audio/mpeg"
        assert int(enclosure.attrib["length"]) == len(body)
        assert body.startswith(b"\xff\xf3")  # a frame of MPEG-2 layer III


@pytest.mark.parametrize(("one", "other"), list(combinations(KAZAKHSTAN, 2)))
def test_the_story_of_kazakhstan_is_one_text_with_edits(one: str, other: str) -> None:
    texts = [article(feed, KAZAKHSTAN[feed]) for feed in (one, other)]
    assert all(len(text.split()) >= 120 for text in texts)
    assert texts[0] != texts[1]
    assert shared(*texts) >= 0.9


def test_the_copies_of_the_story_have_three_headlines_and_name_both_countries() -> None:
    titles = {each.title for feed, slug in KAZAKHSTAN.items() for each in entries(feed) if slug in each.link}
    assert len(titles) == 3
    assert all("Kazakhstan" in title and "Rusia" in title for title in titles)


def test_the_page_of_the_story_has_all_that_must_not_get_into_the_text() -> None:
    page = page_text(NEWSROOM / "kabar-kampar" / "berita" / f"{KAZAKHSTAN['kabar-kampar']}.html")
    for part in (
        "KAZAKHSTAN RUSUH",
        "<b>Internasional</b> - Sabtu, 08 Januari 2022 - 05:06 WIB",
        "(REUTERS/",
        "Sumber: AFP/Reuters/JPNN/Berbagai Sumber",
        "Editor: Laras Kuantan",
        "Baca juga:",
        "BERITA TERKAIT",
        "Tuliskan Komentar anda",
    ):
        assert part in page


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(NEWSROOM)))
def test_every_link_of_a_page_leads_somewhere(path: object) -> None:
    base = f"http://{ADDRESS}/{path.relative_to(NEWSROOM)}"  # type: ignore[attr-defined]
    for link in links(page_text(path)):  # type: ignore[arg-type]
        target = urlsplit(urljoin(base, link))
        assert target.netloc == ADDRESS
        file = NEWSROOM / target.path.lstrip("/")
        assert file.is_file() or (file / "index.html").is_file(), link


def test_every_entry_leads_to_a_page_with_its_headline() -> None:
    for feed in FEEDS:
        for told in entries(feed):
            assert urlsplit(told.link).netloc == ADDRESS
            page = page_text(NEWSROOM / urlsplit(told.link).path.lstrip("/"))
            assert f"<h1>{told.title}</h1>" in page.replace("&#x27;", "'")


def test_nobody_real_signs_anything_and_nobody_can_be_written_to() -> None:
    texts = [page_text(path) for path in pages()]
    texts += [
        (NEWSROOM / path).read_bytes().decode("cp1251" if "zarechny" in path else "utf-8")
        for path in FEEDS.values()
    ]
    editors = {name for text in texts for name in re.findall(r"Editor: ([^<\n]+)", text)}
    assert editors == PEOPLE
    assert not any(re.search(r"[\w.]+@[\w.-]+\.\w+", text) for text in texts)
    assert not any(
        re.search(r"<author>[^<]*</author>|dc:creator|Penulis:|\bBy [A-Z]", text) for text in texts
    )


def test_no_text_holds_what_is_not_meant_to_be_printed() -> None:
    for path in pages():
        odd = {char for char in page_text(path) if unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn"}} - {
            "\n"
        }
        assert not odd, path
