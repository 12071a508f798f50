"""Dates within a line of prose: which one it shows, and where."""

import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.dates import find_date, parse_date
from aggregator.core.dates.lexicon import packaged

JAKARTA = "Asia/Jakarta"
NOW = datetime(2022, 1, 8, 3, 0, tzinfo=UTC)

# A line, its language, what its date means, and the part of the line that tells it.
TABLE = (Path(__file__).parent / "data" / "dates-prose.tsv").read_text("utf-8").splitlines()
SHOWN = [line.split("\t") for line in TABLE if not line.startswith("#")]


@pytest.mark.parametrize(("line", "language", "meant", "part"), SHOWN, ids=[case[0] for case in SHOWN])
def test_a_line_shows_its_date_and_where(line: str, language: str, meant: str, part: str) -> None:
    found = find_date(line, language=language, timezone=JAKARTA, now=NOW)
    assert found is not None
    value = found.date.value
    assert (value.date().isoformat() if found.date.day_only else value.isoformat()) == meant
    assert line[found.start : found.end] == part


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("", ""),
        ("Diperbarui 9 Jan 2022 07:00", "id"),
        ("Actualizado el 9 de enero de 2022", "es"),
        ("Stand: 09.01.2022, 07:00 Uhr", "de"),
        ("最終更新：2022年1月9日", "ja"),
        ("He paid 5.06 for 12 apples in 2022", "en"),
        ("Sebanyak 2.022 orang dari 8 desa", "id"),
        ("Call 021-555-2022 now", "en"),
        ("Version 2.3.2022.4", "en"),
        ("The 5 out of 2022 voters", "en"),
        ("3 min read", "en"),
        ("Nomor berkas 20220108 diterima petugas", "id"),
        ("Warga melihat asap dua jam lalu dan melapor 2 jam lalu kepada polisi setempat, kata lurah", "id"),
        ("30 Februari 2022", "id"),
        ("IP 10.0.12.2022", ""),
    ],
)
def test_a_line_that_shows_no_date_of_publication_has_none(line: str, language: str) -> None:
    assert find_date(line, language=language, timezone=JAKARTA, now=NOW) is None


def test_without_now_nothing_is_told_from_now() -> None:
    for line in ("2 jam lalu", "Kemarin, 14:05", "8 Januari, 14:05"):
        assert find_date(line, language="id") is None


BEFORE = ["", "Oleh Redaksi | ", "Diterbitkan: ", "By Ana Lim, ", "Опубликовано ", "(", "來源：", "— "]
AFTER = ["", " | Editor: Budi", " by Ana", ")", " – 12 komentar", "，作者"]
FORMS = ["{:%d/%m/%Y, %H:%M} WIB", "{:%Y-%m-%d %H:%M}", "{:%d.%m.%Y %H:%M}", "{:%Y年%m月%d日 %H:%M}"]


@given(
    st.sampled_from(BEFORE),
    st.sampled_from(FORMS),
    st.datetimes(datetime(1995, 1, 1), datetime(2035, 12, 31)),  # noqa: DTZ001
    st.sampled_from(AFTER),
)
def test_a_date_is_found_whatever_stands_around_it(
    before: str, form: str, moment: datetime, after: str
) -> None:
    written = form.format(moment)
    found = find_date(f"{before}{written}{after}", language="id", timezone=JAKARTA)
    assert found is not None
    assert (found.start, found.end) == (len(before), len(before) + len(written))
    assert f"{found.date.value:%Y%m%d%H%M%z}" == f"{moment:%Y%m%d%H%M}+0700"


PIECES = st.one_of(
    st.sampled_from(sorted(packaged().meanings)),
    st.sampled_from(sorted(packaged().changed)),
    st.integers(0, 3000).map(str),
    st.sampled_from([*"/-.:,|()年月日時 ", "GMT+7", "WIB", "2 jam lalu", "令和4年", "é", "ﬁ", "\u202e"]),
    st.text(max_size=5),
)


@settings(max_examples=400)
@given(
    st.lists(PIECES, max_size=25).map(" ".join),
    st.sampled_from(["", "id", "en", "ar", "ja", "th", "hu", "zz"]),
    st.sampled_from([None, NOW]),
)
def test_any_line_is_searched_and_what_is_found_stands_in_it(
    line: str, language: str, now: datetime | None
) -> None:
    found = find_date(line, language=language, timezone=JAKARTA, now=now)
    if found is None:
        return
    assert 0 <= found.start < found.end <= len(unicodedata.normalize("NFC", line))
    assert found.date.value.utcoffset() is not None
    assert found.date.value.date() > date(1899, 1, 1)


def test_a_long_line_costs_little_and_a_date_far_into_it_is_not_looked_for() -> None:
    assert find_date("1/2 " * 20_000, language="id") is None
    assert find_date("x" * 5000 + " 8 Januari 2022", language="id") is None
    whole = "Sabtu, 8 Januari 2022"
    found = find_date(whole, language="id")
    assert found is not None
    assert found.date == parse_date(whole, language="id")
