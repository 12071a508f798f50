"""What the gazetteer knows without any text: codes, names, containment, points, schemes; and its file."""

from pathlib import Path

import pytest

from aggregator.core.regions import Gazetteer, tag
from aggregator.core.regions.archive import MAGIC, Archive
from aggregator.core.regions.folding import fold_text
from aggregator.core.regions.inflection import forms, read_endings
from aggregator.model import Article, RegionSettings

ROOT = Path(__file__).resolve().parents[2]
DATA = (ROOT / "aggregator" / "data" / "regions.bin").read_bytes()
GAZETTEER = Gazetteer.from_bytes(DATA)


@pytest.mark.parametrize(
    ("name", "languages", "codes"),
    [
        ("KZ", [], ("KZ",)),
        ("kz", [], ("KZ",)),
        ("ID-RI", [], ("ID-RI",)),
        ("143", [], ("143",)),
        ("Kazakhstan", ["id"], ("KZ",)),
        ("kazakhstan", ["id"], ("KZ",)),
        ("  Asia   Tengah ", ["id"], ("143",)),
        ("Central Asia", ["id"], ("143",)),
        ("Казахстан", ["ru"], ("KZ",)),
        ("Казахстан", ["id"], ()),
        ("Côte d'Ivoire", ["fr"], ("CI",)),
        ("Kepulauan Riau", ["id"], ("ID-KR",)),
        ("Georgia", ["id"], ("GE", "US-GA")),
        ("Georgia", [], ("GE", "US-GA")),
        ("AS", ["id"], ("AS", "US")),
        ("AS", ["en"], ("AS",)),
        ("USA", ["en"], ("US",)),
        ("Rusia", ["id-ID"], ("RU",)),
        ("Dunia", ["id"], ("001",)),
        ("Pekanbaru", ["id"], ()),
        ("", ["id"], ()),
        ("Nowhere at all", ["id", "xx", ""], ()),
    ],
)
def test_a_name_or_a_code_is_found(name: str, languages: list[str], codes: tuple[str, ...]) -> None:
    assert GAZETTEER.find(name, languages=languages) == codes


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("KZ", "id", "Kazakhstan"),
        ("KZ", "ru", "Казахстан"),
        ("143", "id-ID", "Asia Tengah"),
        ("ID-RI", "id", "Riau"),
        ("ID-KR", "en", "Riau Islands"),
        ("ID-KR", "id", "Kepulauan Riau"),
        ("US-GA", "ru", "Georgia"),
        ("DE", "xx", "Germany"),
        ("DE", "", "Germany"),
        ("US", "nb", "USA"),
        ("zz-unknown", "id", "zz-unknown"),
    ],
)
def test_a_place_has_a_name_in_the_language_asked_for(code: str, language: str, name: str) -> None:
    assert GAZETTEER.name(code, language) == name


@pytest.mark.parametrize(
    ("code", "containing"),
    [
        ("ID-RI", ("ID", "035", "142", "001")),
        ("KZ", ("143", "142", "001")),
        ("143", ("142", "001")),
        ("001", ()),
        ("unknown", ()),
    ],
)
def test_what_contains_a_place_comes_nearest_first(code: str, containing: tuple[str, ...]) -> None:
    assert GAZETTEER.containing(code) == containing


def test_every_country_of_iso_3166_has_a_point_and_a_name_and_lies_in_a_group() -> None:
    codes = [code for code in GAZETTEER.names("en") if GAZETTEER.kind(code) == "country"]
    assert len(codes) == 250  # ISO 3166-1 and Kosovo
    for code in codes:
        point = GAZETTEER.point(code)
        assert point is not None, code
        assert -90 <= point[0] <= 90, code
        assert -180 <= point[1] <= 180, code
        assert GAZETTEER.containing(code)[-1] == "001", code
        assert GAZETTEER.name(code, "id") != code


def test_a_code_is_known_by_its_kind_and_scheme() -> None:
    desk = GAZETTEER.with_regions([RegionSettings(id="pesisir", name="Pesisir Timur", members=("ID-RI",))])
    site = "https://feeds.example.org/"
    schemes = {code: desk.scheme(code, site) for code in ("KZ", "ID-RI", "143", "pesisir")}
    assert schemes == {
        "KZ": "urn:iso:std:iso:3166",
        "ID-RI": "urn:iso:std:iso:3166",
        "143": "urn:un:m49",
        "pesisir": "https://feeds.example.org/regions/",
    }
    assert desk.is_code("pesisir")
    assert not GAZETTEER.is_code("pesisir")
    assert not GAZETTEER.is_code("XX")
    assert desk.kind("pesisir") == "own"
    assert desk.point("pesisir") is None
    assert desk.name("pesisir", "en") == "Pesisir Timur"
    assert desk.find("pesisir timur", languages=["id"]) == ("pesisir",)
    assert desk.find("pesisir", languages=["id"]) == ("pesisir",)
    assert desk.containing("ID-RI")[:2] == ("ID", "pesisir")


def test_an_editors_names_for_a_known_place_are_found_and_its_own_name_stays() -> None:
    desk = GAZETTEER.with_regions([RegionSettings(id="KZ", name="Negeri Padang Rumput", members=("ID-RI",))])
    assert desk.find("Negeri Padang Rumput", languages=[]) == ("KZ",)
    assert desk.name("KZ", "id") == "Kazakhstan"
    assert desk.kind("KZ") == "country"
    assert "KZ" in desk.containing("ID-RI")


def test_reading_the_file_and_finding_a_name_builds_no_automaton() -> None:
    gazetteer = Gazetteer.from_bytes(DATA)
    assert gazetteer.find("Kazakhstan", languages=["id"]) == ("KZ",)
    assert gazetteer.name("KZ", "ru") == "Казахстан"
    assert gazetteer.lexicons.built == ()


def test_only_the_lexicons_that_a_text_needs_are_built() -> None:
    gazetteer = Gazetteer.from_bytes(DATA)
    tag(Article(headline="Kazakhstan"), gazetteer, language="id", based_in="ID-RI")
    assert set(gazetteer.lexicons.built) == {"language:id", "language:en", "cities:Latn"}


def test_an_editors_change_builds_nothing_again() -> None:
    gazetteer = Gazetteer.from_bytes(DATA)
    tag(Article(headline="Kazakhstan"), gazetteer, language="id")
    desk = gazetteer.with_regions([RegionSettings(id="pesisir", name="Pesisir Timur")])
    assert desk.lexicons is gazetteer.lexicons


def test_the_file_is_small_enough_to_ship() -> None:
    assert len(DATA) <= 2_000_000


@pytest.mark.parametrize(
    "data",
    [b"", b"not ours", MAGIC, DATA[:200], DATA[:-1], MAGIC + b"\0\0\0\4abcd", b"x" + DATA],
    ids=["empty", "other", "magic only", "half a directory", "cut short", "no directory", "shifted"],
)
def test_a_damaged_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="regions file"):
        Gazetteer.from_bytes(data)


def test_sections_come_back_as_they_were_written() -> None:
    archive = Archive.from_bytes(Archive.to_bytes({"b": "x\ty\nжж\t", "a": ""}))
    assert archive.lines("b") == [["x", "y"], ["жж", ""]]
    assert archive.lines("a") == []
    assert archive.lines("c") == []
    assert Archive.to_bytes({"a": "1", "b": "2"}) == Archive.to_bytes({"b": "2", "a": "1"})


@pytest.mark.parametrize(
    "text", ["İSTANBUL", "STRAẞE ﬁn", "Ёлка—’ʻ", "ΆΣ", "ภาษาไทย", "🙂 e\u0301", "\ud800", ""]
)
def test_folding_keeps_every_character_at_its_place(text: str) -> None:
    assert len(fold_text(text)) == len(text)


def test_words_of_one_name_agree_in_case() -> None:
    endings = read_endings([["ая", "ой", "ую"], ["ея", "еи", "ею"], ["а", "ы/", "у"]])
    assert list(forms("Южная Корея", endings)) == ["Южной Кореи", "Южную Корею"]
    assert list(forms("Куба", endings)) == ["Кубы", "Куб", "Кубу"]
    assert list(forms("США", endings)) == []
    assert list(forms("Конго", endings)) == []
    assert list(forms("Куба", {})) == []
