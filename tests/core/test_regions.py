"""What a text names, and how sure we are: the sentences of tests/regions/cases.toml."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.regions import Gazetteer, tag
from aggregator.model import Article, Evidence, Image, Region, RegionSettings, Role

ROOT = Path(__file__).resolve().parents[2]
GAZETTEER = Gazetteer.from_bytes((ROOT / "aggregator" / "data" / "regions.bin").read_bytes())
CASES = tomllib.loads((ROOT / "tests" / "regions" / "cases.toml").read_text("utf-8"))["case"]


def article_of(case: dict) -> Article:
    return Article(
        headline=case["headline"],
        kicker=case.get("kicker"),
        text=case["text"].strip(),
        language=case["language"],
        categories=tuple(case.get("categories", ())),
        images=tuple(Image(url="https://a.example/a.jpg", caption=text) for text in case.get("captions", ())),
    )


def field_texts(article: Article, field: str) -> list[str]:
    match field:
        case "category":
            return list(article.categories)
        case "caption":
            return [image.caption or "" for image in article.images]
        case _:
            return [getattr(article, field) or ""]


def named_in_focus(regions: tuple[Region, ...]) -> list[str]:
    return [region.code for region in regions if region.role is Role.FOCUS and region.rule != "member"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_sentence_names_its_places(case: dict) -> None:
    article = article_of(case)
    regions = tag(article, GAZETTEER, language=case["language"], based_in=case.get("based_in", ""))
    by_code = {region.code: region for region in regions}
    if "focus" in case:
        assert named_in_focus(regions) == case["focus"]
    assert set(case.get("named", ())) <= {code for code, region in by_code.items() if region.rule != "member"}
    assert set(case.get("absent", ())).isdisjoint(by_code)
    assert {code: by_code[code].rule for code in case.get("member", ())} == dict.fromkeys(
        case.get("member", ()), "member"
    )
    for field, text, code, rule in case.get("because", ()):
        found = [(piece.field, piece.text, piece.rule) for piece in by_code[code].evidence]
        assert (field, text, rule) in found


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_region_shows_the_words_that_name_it(case: dict) -> None:
    article = article_of(case)
    for region in tag(article, GAZETTEER, language=case["language"], based_in=case.get("based_in", "")):
        assert region.evidence or region.rule in {"member", "based_in"}
        assert 0 < region.score <= 1
        for piece in region.evidence:
            texts = field_texts(article, piece.field)
            assert piece.text
            assert any(text[piece.start : piece.end] == piece.text for text in texts)


def test_offsets_count_code_points_past_characters_that_grow_in_small_letters() -> None:
    text = "İİİ 🙂🙂 ŞİMDİ: İspanya ve Mısır"
    regions = tag(Article(headline="", text=text), GAZETTEER, language="tr")
    found = {region.code: region.evidence[0] for region in regions if region.evidence}
    assert found["ES"] == Evidence(field="text", start=14, end=21, text="İspanya", rule="name")
    assert text[found["EG"].start : found["EG"].end] == "Mısır"


def test_regions_come_in_focus_first_and_best_first() -> None:
    text = "Kenya and Uganda met.\n\nKenya won. Later a note from Peru arrived."
    regions = tag(Article(headline="Kenya beats Uganda", text=text), GAZETTEER, language="en")
    roles = [region.role is Role.MENTION for region in regions]
    assert roles == sorted(roles)
    for role in Role:
        scores = [region.score for region in regions if region.role is role]
        assert scores == sorted(scores, reverse=True)
    assert regions[0].code == "KE"


def test_of_equal_places_the_one_named_first_comes_first() -> None:
    regions = tag(Article(headline="Zambia meets Angola"), GAZETTEER, language="en")
    assert named_in_focus(regions) == ["ZM", "AO"]
    regions = tag(Article(headline="Angola meets Zambia"), GAZETTEER, language="en")
    assert named_in_focus(regions) == ["AO", "ZM"]


def test_an_article_without_places_from_nowhere_has_no_regions() -> None:
    assert tag(Article(headline="Nothing"), GAZETTEER, language="en") == ()
    assert tag(Article(headline=""), GAZETTEER, language="", based_in="nowhere-known") == ()


def test_a_place_that_contains_a_focus_is_in_focus_by_membership() -> None:
    regions = {region.code: region for region in tag(Article(headline="Astana"), GAZETTEER, language="en")}
    assert {code: regions[code].role for code in ("KZ", "143", "142")} == dict.fromkeys(
        ("KZ", "143", "142"), Role.FOCUS
    )
    assert regions["143"].evidence == ()


def test_the_evidence_of_one_place_is_bounded() -> None:
    regions = tag(Article(headline="", text="Peru. " * 5000), GAZETTEER, language="en")
    assert regions[0].code == "PE"
    assert len(regions[0].evidence) == 12


PIECES = st.sampled_from(
    ["Peru", "İran", "Rusia", "Казахстане", "日本", "تركيا", "U.S.", "AS", "Paris, Texas", "Nowe", "\n\n"]
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=12),
    st.sampled_from(["id", "en", "ru", "ar", "ja", "pl", "", "xx", "de-CH", "..", "zh_Hant"]),
)
def test_whatever_the_text_the_evidence_stands_where_it_says(pieces: list[str], language: str) -> None:
    article = Article(headline=" ".join(pieces[::2]), kicker="".join(pieces[:2]), text=" ".join(pieces))
    for region in tag(article, GAZETTEER, language=language, based_in="KZ"):
        assert region.evidence or region.rule in {"member", "based_in"}
        for piece in region.evidence:
            assert field_texts(article, piece.field)[0][piece.start : piece.end] == piece.text != ""


DESK = GAZETTEER.with_regions(
    [
        RegionSettings(
            id="asia-tengah",
            name="Asia Tengah Raya",
            members=("KZ", "KG"),
            names=("Turkestan",),
            not_names=("Turkestan Pos",),
        ),
        RegionSettings(id="ID-RI", names=("Bumi Lancang Kuning",), not_names=("Riau Pos",)),
        RegionSettings(id="jalur-sutra", name="Jalur Sutra", members=("asia-tengah",)),
    ]
)


def test_an_editors_region_is_there_by_membership() -> None:
    regions = {region.code: region for region in tag(Article(headline="Kirgizstan"), DESK, language="id")}
    assert regions["KG"].rule == "name"
    assert regions["asia-tengah"].rule == "member"
    assert regions["jalur-sutra"].rule == "member"
    assert regions["asia-tengah"].role is Role.FOCUS


def test_an_editors_region_is_found_by_its_own_names() -> None:
    regions = tag(Article(headline="Karavan melintasi Turkestan"), DESK, language="id")
    assert named_in_focus(regions) == ["asia-tengah"]
    assert regions[0].evidence[0].text == "Turkestan"


def test_what_an_editor_ruled_out_takes_only_that_place_away() -> None:
    assert tag(Article(headline="Kata Turkestan Pos"), DESK, language="id") == ()
    assert tag(Article(headline="Ditulis Riau Pos"), DESK, language="id") == ()
    assert named_in_focus(tag(Article(headline="Riau Pos terbit di Riau"), DESK, language="id")) == ["ID-RI"]


def test_an_editor_adds_names_to_a_known_place() -> None:
    assert named_in_focus(tag(Article(headline="Bumi Lancang Kuning berpesta"), DESK, language="id")) == [
        "ID-RI"
    ]
    assert named_in_focus(tag(Article(headline="Riau berpesta"), DESK, language="id")) == ["ID-RI"]


def test_regions_that_contain_each_other_do_not_hang_the_tagger() -> None:
    knot = GAZETTEER.with_regions(
        [RegionSettings(id="a", members=("b", "KZ")), RegionSettings(id="b", members=("a",))]
    )
    assert set(knot.containing("KZ")) == {"143", "142", "001", "a", "b"}
    assert "a" in {region.code for region in tag(Article(headline="Kazakhstan"), knot, language="en")}


def test_a_hostile_text_costs_no_more_than_its_length() -> None:
    text = "Jordan-Paris,Texas Kota lima kota Georgia " * 50_000
    regions = tag(Article(headline=text, text=text, categories=("Peru",) * 5000), DESK, language="en")
    assert "US-TX" in {region.code for region in regions}
