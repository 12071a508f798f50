"""Which sections take a story, and why."""

from dataclasses import replace

import pytest

from aggregator.core.sections import Selector, digest_of
from aggregator.model import (
    Article,
    Condition,
    Config,
    FeedSettings,
    Region,
    Role,
    SectionSettings,
    SiteSettings,
    StoryView,
)

NAMES = {"KZ": "Kazakhstan", "RU": "Rusia", "asia-tengah": "Asia Tengah"}


class Places:
    """Two countries, and an editor's region that holds one."""

    def name(self, code: str, language: str) -> str:
        return NAMES.get(code, code)

    def containing(self, code: str) -> tuple[str, ...]:
        return ("asia-tengah",) if code == "KZ" else ()


STORY = StoryView(
    id="urn:uuid:1",
    article=Article(
        headline="Presiden Perintahkan Tindak Tegas",
        kicker="KAZAKHSTAN RUSUH",
        language="id",
        text="Harga gas naik di kota Almaty.",
    ),
    regions=(
        Region(code="KZ", role=Role.FOCUS, score=0.9, rule="name"),
        Region(code="RU", role=Role.MENTION, score=0.2, rule="name"),
    ),
    lead_feed="kampar",
    feeds=("kampar", "radio"),
    categories=("Internasional", "Dunia"),
)


def because(condition: Condition | None, **more: object) -> str | None:
    include = (condition,) if condition else ()
    section = SectionSettings(id="s", title="S", include=include, **more)  # type: ignore[arg-type]
    return chosen(section)


def chosen(section: SectionSettings, **more: object) -> str | None:
    config = Config(site=SiteSettings(title="Meja", **more.pop("site", {})), section=(section,), **more)  # type: ignore[arg-type]
    found = Selector(config, Places())(STORY)
    return found[0].because if found else None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(regions=("asia-tengah",)), "regions: Asia Tengah (KZ)"),
        (Condition(regions=("KZ",)), "regions: Kazakhstan"),
        (Condition(regions=("RU",)), None),
        (Condition(mentions=("RU",)), "mentions: Rusia"),
        (Condition(feeds=("rad*",)), "feeds: radio"),
        (Condition(feeds=("kam",)), None),
        (Condition(categories=("DUNIA",)), "categories: Dunia"),
        (Condition(languages=("id",)), "languages: id"),
        (Condition(languages=("i",)), None),
        (Condition(headline=("kazakhstan",)), "headline: kazakhstan"),
        (Condition(headline=("kazakh",)), None),
        (Condition(headline=("kazakh*",)), "headline: kazakh*"),
        (Condition(headline=("almaty",)), None),
        (Condition(words=("kota  Almaty",)), "words: kota  Almaty"),
        (Condition(words=("harga", "minyak")), "words: harga"),
        (Condition(regions=("KZ",), feeds=("radio",)), "feeds: radio, regions: Kazakhstan"),
        (Condition(regions=("KZ",), feeds=("tv",)), None),
        (None, "everything"),
    ],
)
def test_a_condition_says_why_it_fits(condition: Condition | None, expected: str | None) -> None:
    assert because(condition) == expected


def test_exclude_beats_include() -> None:
    assert because(Condition(regions=("KZ",)), exclude=(Condition(headline=("rusuh",)),)) is None


def test_what_the_site_excludes_is_in_no_section() -> None:
    section = SectionSettings(id="s", title="S")
    assert chosen(section, site={"exclude": (Condition(words=("gas",)),)}) is None


def test_what_the_lead_feed_excludes_is_in_no_section() -> None:
    section = SectionSettings(id="s", title="S")
    feed = FeedSettings(id="kampar", url="https://k.example/", exclude=(Condition(headline=("presiden",)),))
    assert chosen(section, feed=(feed,)) is None


def test_any_line_of_include_will_do() -> None:
    section = SectionSettings(
        id="s", title="S", include=(Condition(feeds=("tv",)), Condition(words=("gas",)))
    )
    assert chosen(section) == "words: gas"


def test_words_of_scripts_without_blanks_are_found() -> None:
    view = StoryView(
        id="1",
        article=Article(headline="哈萨克斯坦局势"),
        regions=(),
        lead_feed="a",
        feeds=("a",),
        categories=(),
    )
    section = SectionSettings(id="s", title="S", include=(Condition(headline=("哈萨克斯坦",)),))
    assert Selector(Config(site=SiteSettings(title="M"), section=(section,)), Places())(view)


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("भारत", "भारत में", True),
        ("भारत", "भारती ने कहा", False),  # the vowel sign is part of the word
        ("भारत*", "भारतीय सेना", True),
        ("မြန်မာ", "ပြည်မြန်မာနိုင်ငံ", True),
        ("gas", "gasoline", False),
    ],
)
def test_a_word_ends_where_its_script_says(phrase: str, text: str, found: bool) -> None:
    section = SectionSettings(id="s", title="S", include=(Condition(words=(phrase,)),))
    selector = Selector(Config(site=SiteSettings(title="Meja"), section=(section,)), Places())
    view = replace(STORY, article=Article(headline="", text=text))
    assert bool(selector(view)) is found


def test_only_what_may_change_the_selection_makes_every_story_be_selected_again() -> None:
    section = SectionSettings(id="s", title="S", include=(Condition(words=("gas",)),))
    config = Config(site=SiteSettings(title="Meja"), section=(section,))
    titled = replace(config, section=(replace(section, title="T", note="n", entries=5),))
    wider = replace(config, section=(replace(section, include=()),))
    elsewhere = replace(config, site=replace(config.site, language="id"))
    assert digest_of(titled) == digest_of(config)
    assert len({digest_of(each) for each in (config, wider, elsewhere)}) == 3
