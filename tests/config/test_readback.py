"""Sections read back as sentences, and what is no fault but may be an oversight."""

from pathlib import Path

import pytest

from aggregator import config
from aggregator.model import Config
from tests.config.fakes import FakePlaces

HERE = Path(__file__).parent
SITE = '[site]\ntitle = "Meja Kabar"\ncontact = "redaksi@alpha.example"\nurl = "https://feeds.example.org/"\n'
FEEDS = '[[feed]]\nid = "alpha"\nurl = "https://alpha.example/"\n[[feed]]\nid = "rferl-kz"\nurl = "https://rferl.example/"\n'


def loads(text: str) -> Config:
    return config.loads(text, folder=Path("/srv"), gazetteer=FakePlaces(), environment={})


def sentence(section: str, *, before: str = SITE + FEEDS) -> str:
    loaded = loads(f'{before}[[section]]\nid = "a"\ntitle = "A"\n{section}\n')
    (only,) = config.sentences(loaded, FakePlaces())
    return only


def test_a_section_of_the_contract_is_read_back() -> None:
    (only,) = config.sentences(loads((HERE / "whole.toml").read_text("utf-8")), FakePlaces())
    assert only == (
        "Internasional (internasional/): stories about Asia Tengah (KZ, KG, TJ) or dekat (asia-tengah, US-GA), "
        'or about or mentioning Kazakstan (KZ) and from feeds rferl-* and labelled "World" and in the language ru '
        'and with "*stan" in headline or text; not: stories with "horoskop" in the headline, '
        'or with "slot gacor" in the headline; the newest 10.'
    )


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("", "A (a/): every story; the newest 50, and all of the last 48 hours."),
        (
            'include = { feeds = "alpha" }',
            "A (a/): stories from feed alpha; the newest 50, and all of the last 48 hours.",
        ),
        (
            'include = [{ regions = ["KZ", "Riau"] }]\nentries = 1000',
            "A (a/): stories about Kazakhstan (KZ) or Riau (ID-RI); the newest 1,000, and all of the last 48 hours.",
        ),
    ],
)
def test_sentences(section: str, expected: str) -> None:
    assert sentence(section) == expected


def test_a_long_region_is_shortened() -> None:
    before = (
        SITE
        + FEEDS
        + '[[region]]\nid = "r"\nname = "R"\nmembers = ["KZ", "KG", "TJ", "TM", "UZ", "GE", "US"]\n'
    )
    assert "about R (KZ, KG, TJ, TM, UZ, …);" in sentence('include = { regions = "R" }', before=before)


def test_nothing_is_noticed_in_a_whole_file() -> None:
    assert config.notices(loads(SITE + FEEDS + '[[section]]\nid = "a"\ntitle = "A"\n')) == []


def test_oversights_are_noticed() -> None:
    assert config.notices(loads('[site]\ntitle = "x"\n')) == [
        "[site] contact is empty: publishers cannot write to you; put an address of e-mail or of a page there",
        "[site] url is missing or local: links lead to http://127.0.0.1:8080/, which only this machine can open",
        "there is no [[feed]] yet: nothing is read",
        "there is no [[section]] yet: nothing is published",
    ]
    quick = '[[feed]]\nid = "a"\nurl = "https://a.example/"\ninterval = "10s"\n[[region]]\nid = "r"\n'
    assert config.notices(loads(SITE + quick))[1:] == [
        "feed a: interval 10s is below min_interval 15m; be sure that its publisher agrees",
        "region r has no members, names or not_names: it changes nothing",
    ]


def test_keys_without_effect_are_noticed_where_they_are_set() -> None:
    notices = config.notices(loads((HERE / "whole.toml").read_text("utf-8")))
    assert [notice for notice in notices if "no effect yet" in notice] == [
        f"{key} is accepted but has no effect yet in this version"
        for key in ("max_size", "backfill", "regions", "hub", "deletions")
    ]
    assert not any("no effect" in notice for notice in config.notices(loads(SITE)))


@pytest.mark.parametrize("language", ["en", "id", "id-ID", "fr", ""])
def test_the_starter_is_without_faults_and_takes_everything(language: str) -> None:
    text = config.starter(language)
    assert text.startswith("#:schema feeds.schema.json\n")
    loaded = loads(text)
    assert loaded.site.language == ("id" if language.startswith("id") else "en")
    assert config.has_feeds(loaded)
    assert [section.include for section in loaded.section] == [()]


@pytest.mark.parametrize("language", ["en", "id"])
def test_what_the_starter_has_in_remarks_is_without_faults_too(language: str) -> None:
    lines = config.starter(language).splitlines()
    blocks = [
        line[2:]
        if line.startswith(("# [", "# id", "# url", "# title", "# based", "# incl", "#   {", "# ]", "# excl"))
        else line
        for line in lines
    ]
    loaded = loads("\n".join(blocks))
    assert len(loaded.feed) == 2
    assert len(loaded.section) == 2
