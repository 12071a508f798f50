"""What subscribers get of a story: `republish` decides, and nothing of a page slips past it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from aggregator.core import editions
from aggregator.model import (
    Article,
    Config,
    Copy,
    Edition,
    EditionEntry,
    Enclosure,
    FeedSettings,
    Image,
    Membership,
    OutputSettings,
    Region,
    Republish,
    Role,
    SectionSettings,
    SiteSettings,
    SourceFeed,
    Story,
)

WIB = timezone(timedelta(hours=7))
NOON = datetime(2022, 1, 8, 12, 0, tzinfo=WIB)
SECTION = SectionSettings(id="dunia", title="Dunia", description="Luar negeri")
PAGE_WORDS = ("rahasia halaman", "judul kecil halaman", "keterangan halaman", "halaman.example/foto.jpg")
FEEDS = {
    "lembah": SourceFeed(id="lembah", title="Lembah Pos", url="https://lembah.example/rss"),
    "pantai": SourceFeed(id="pantai", title="Radio <Pantai>", url="https://pantai.example/rss"),
}


class Places:
    def name(self, code: str, language: str) -> str:
        return {"KZ": "Казахстан" if language == "ru" else "Kazakhstan"}.get(code, "")

    def point(self, code: str) -> tuple[float, float] | None:
        return (51.18, 71.45) if code == "KZ" else None

    def scheme(self, code: str, site_url: str) -> str:
        return "urn:iso:std:iso:3166" if code == "KZ" else f"{site_url}regions/"


def copy(number: int, feed: str, url: str | None, *, lead: bool = False) -> Copy:
    return Copy(
        row=number,
        feed_id=feed,
        guid=None,
        url=url,
        published=NOON,
        first_seen=NOON,
        length=100,
        rule="first",
        score=1.0,
        lead=lead,
    )


STORY = Story(
    id="urn:uuid:00000000-0000-5000-8000-000000000001",
    url="https://lembah.example/a",
    article=Article(
        headline="Jembatan ditutup",
        kicker="judul kecil halaman",
        byline=("Sari",),
        editor="Bima",
        credits=("AFN", "Kabarnesia"),
        language="id",
        summary="rahasia halaman, ringkas",
        text="rahasia halaman",
        html="<p>rahasia halaman</p>",
        text_from="page",
        images=(Image(url="https://halaman.example/foto.jpg", caption="keterangan halaman"),),
    ),
    regions=(
        Region(code="143", role=Role.FOCUS, score=0.9, rule="member"),
        Region(code="KZ", role=Role.FOCUS, score=0.9, rule="name"),
        Region(code="ID", role=Role.MENTION, score=0.2, rule="name"),
    ),
    published=NOON,
    updated=datetime(2022, 1, 8, 6, 0, tzinfo=UTC),
    first_seen=NOON,
    copies=(
        copy(1, "lembah", "https://lembah.example/a?utm_source=rss", lead=True),
        copy(2, "pantai", 'https://pantai.example/"b"'),
        copy(3, "pantai", None),
        copy(4, "pantai", 'https://pantai.example/"b"'),
        copy(5, "hilang", "https://hilang.example/c"),
    ),
    sections=(Membership(section_id="dunia", because="regions: Asia Tengah (KZ)"),),
    enclosures=(Enclosure(url="https://lembah.example/suara.mp3", type="audio/mpeg", length=7),),
    given_html="<p>Kata umpan. Kalimat kedua.</p>",
    given_summary="Kata umpan.",
)


def edition(
    *stories: Story, republish: Republish = Republish.AS_GIVEN, section: SectionSettings = SECTION
) -> Edition:
    config = Config(
        site=SiteSettings(title="Meja", url="https://meja.example/", language="id", timezone="Asia/Jakarta"),
        output=OutputSettings(hub="https://hub.example/", reasons=True),
        feed=(FeedSettings(id="lembah", url="https://lembah.example/rss", republish=republish),),
    )
    return editions.build(section, stories, config=config, gazetteer=Places(), feeds=FEEDS)


def entry(story: Story = STORY, *, republish: Republish = Republish.AS_GIVEN) -> EditionEntry:
    return edition(story, republish=republish).entries[0]


@pytest.mark.parametrize("republish", [Republish.AS_GIVEN, Republish.SUMMARY, Republish.HEADLINE])
def test_nothing_that_was_read_from_a_page_is_passed_on_unless_in_full(republish: Republish) -> None:
    given = repr(entry(republish=republish))
    assert not [words for words in PAGE_WORDS if words in given]


def test_in_full_the_page_is_passed_on_with_its_image_and_caption() -> None:
    full = entry(republish=Republish.FULL)
    assert full.content_html.startswith("<p>rahasia halaman</p><p")
    assert full.image == STORY.article.images[0]
    assert full.story == STORY


def test_as_given_is_what_the_feed_gave() -> None:
    assert entry().content_html.startswith("<p>Kata umpan. Kalimat kedua.</p><p")
    assert entry().summary == "Kata umpan."
    assert entry().story.enclosures == STORY.enclosures


def test_as_given_a_feed_without_content_gives_its_summary() -> None:
    bare = replace(STORY, given_html="", given_summary="5 < 6 & 7")
    assert entry(bare).content_html.startswith("<p>5 &lt; 6 &amp; 7</p><p")


def test_a_summary_ends_at_a_sentence_and_brings_neither_images_nor_files() -> None:
    sentence = "Satu kalimat yang cukup panjang untuk diulang. "
    long = replace(STORY, given_html=f"<p>{sentence * 20}</p>", given_summary="")
    short = entry(long, republish=Republish.SUMMARY)
    assert len(short.summary) <= editions.SUMMARY_LENGTH
    assert short.summary == (sentence * (len(short.summary) // len(sentence) + 1)).strip()
    assert short.content_html.startswith(f"<p>{short.summary}</p><p")
    assert (short.image, short.story.enclosures, short.story.given_html) == (None, (), "")


def test_a_headline_alone_still_says_whose_it_is() -> None:
    bare = entry(republish=Republish.HEADLINE)
    assert (bare.summary, bare.image, bare.story.enclosures) == ("", None, ())
    assert bare.content_html == entry(replace(STORY, given_html="", given_summary="")).content_html


@pytest.mark.parametrize("republish", list(Republish))
def test_the_last_line_links_the_article_and_names_credits_editor_and_copies(republish: Republish) -> None:
    assert entry(republish=republish).content_html.endswith(
        '<p lang="id"><a href="https://lembah.example/a">Lembah Pos</a> · Sumber: AFN, Kabarnesia · Editor: Bima'
        ' · Juga di: <a href="https://pantai.example/&quot;b&quot;">Radio &lt;Pantai&gt;</a>,'
        ' <a href="https://hilang.example/c">hilang</a></p>'
    )


def test_the_last_line_is_in_the_language_of_the_section() -> None:
    russian = edition(STORY, section=replace(SECTION, language="ru")).entries[0]
    assert "Источник: AFN" in russian.content_html
    assert russian.places[0].name == "Казахстан"


def test_a_story_with_nothing_at_all_is_not_blank() -> None:
    article = Article(headline="Judul")
    nothing = replace(STORY, url=None, article=article, copies=(copy(1, "hilang", None),), given_html="")
    made = entry(replace(nothing, given_summary="", regions=(), enclosures=()))
    assert made.content_html == '<p lang="id">hilang</p>'


def test_a_link_that_is_no_web_address_is_never_written() -> None:
    bad = replace(STORY, url="javascript:alert(1)", copies=(copy(1, "lembah", "data:text/html,x"),))
    assert "javascript" not in entry(bad).content_html


@pytest.mark.parametrize(
    ("given_html", "enclosures", "expected"),
    [
        (
            '<p><img src="https://halaman.example/foto.jpg?a=1&amp;b=2"></p>',
            (),
            "https://halaman.example/foto.jpg?a=1&b=2",
        ),
        ("<p>teks</p>", (Enclosure(url="https://x.example/a.JPG?w=1"),), "https://x.example/a.JPG?w=1"),
        ("<p>teks</p>", (Enclosure(url="https://x.example/a", type="image/webp"),), "https://x.example/a"),
        ("<p>teks</p>", (Enclosure(url="https://x.example/a.jpg", type="audio/mpeg"),), None),
        ("<p>teks</p>", (), None),
    ],
)
def test_as_given_has_an_image_only_where_the_feed_gave_one(
    given_html: str, enclosures: tuple[Enclosure, ...], expected: str | None
) -> None:
    image = entry(replace(STORY, given_html=given_html, enclosures=enclosures)).image
    assert (image.url if image else None) == expected


def test_a_caption_of_the_page_stays_behind_when_the_feed_gave_only_the_image() -> None:
    given = Enclosure(url="https://halaman.example/foto.jpg", type="image/jpeg", length=5)
    image = entry(replace(STORY, enclosures=(given,))).image
    assert image == Image(url="https://halaman.example/foto.jpg")


def test_an_article_that_is_the_feeds_own_keeps_its_image_and_kicker() -> None:
    own = replace(STORY, article=replace(STORY.article, text_from="feed"))
    assert entry(own).image == STORY.article.images[0]
    assert entry(own).story.article.kicker == "judul kecil halaman"


def test_focus_regions_are_named_in_order_and_what_contains_them_comes_last() -> None:
    places = entry().places
    assert [(place.code, place.name, place.scheme) for place in places] == [
        ("KZ", "Kazakhstan", "urn:iso:std:iso:3166"),
        ("143", "143", "https://meja.example/regions/"),
    ]
    assert places[0].point == (51.18, 71.45)


def test_an_edition_is_dated_by_its_newest_change_and_sorted_by_published_then_id() -> None:
    early = replace(
        STORY, id="urn:uuid:b", published=NOON - timedelta(hours=1), updated=NOON + timedelta(days=1)
    )
    twin = replace(STORY, id="urn:uuid:a")
    made = edition(early, STORY, twin)
    assert [e.story.id for e in made.entries] == [STORY.id, "urn:uuid:a", "urn:uuid:b"]
    assert made.updated == NOON + timedelta(days=1)
    assert edition().updated is None


def test_an_edition_says_why_a_story_is_in_it() -> None:
    assert entry().because == "regions: Asia Tengah (KZ)"
    assert entry(replace(STORY, sections=())).because == ""


def test_i6_the_longest_contents_give_way_to_their_summaries_before_a_section_outgrows_its_readers() -> None:
    flood = [
        replace(STORY, id=f"urn:uuid:{number}", given_html="<p>" + "banjir " * 40_000 + "</p>")
        for number in range(50)
    ]
    found = edition(STORY, *flood)
    assert sum(len(each.content_html) for each in found.entries) < editions.CONTENTS
    contents = {each.story.id: each.content_html for each in found.entries}
    assert contents.pop(STORY.id) == entry().content_html
    assert all(content.startswith("<p>Kata umpan.</p><p") for content in contents.values())
    few = edition(STORY, *flood[:30])
    assert sum(each.content_html.startswith("<p>banjir banjir") for each in few.entries) == 30
