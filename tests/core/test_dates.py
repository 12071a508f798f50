"""Dates as claimed: feeds, papers, and what hostile origins write (robustness, FS-16 and FS-17).

The cases are tables, a line a date: what is written, its language, the zone asked for (Asia/Jakarta where none is
given), now (none where it is empty), and what it means, known by reasoning and not from the program.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.dates import ParsedDate, month_first, parse_date
from aggregator.core.dates.calendars import is_leap, plain_years, solar_hijri
from aggregator.core.dates.folding import fold, fold_with_places
from aggregator.core.dates.lexicon import packaged

JAKARTA = "Asia/Jakarta"
DATA = Path(__file__).parent / "data"
NOW = datetime(2022, 1, 8, 3, 0, tzinfo=UTC)
NAMES = sorted(name for name, told in packaged().meanings.items() if told[0].kind in "MJ")
WORDS = sorted(packaged().meanings)


class Case(NamedTuple):
    """One line of a table."""

    text: str
    language: str
    zone: str
    now: datetime | None
    meant: str


def cases(name: str) -> Iterator[Case]:
    for line in (DATA / name).read_text("utf-8").split("\n"):
        if line and not line.startswith("#"):
            text, language, zone, now, meant = line.split("\t")
            yield Case(text, language, zone or JAKARTA, datetime.fromisoformat(now) if now else None, meant)


def read(case: Case) -> str:
    found = parse_date(case.text, language=case.language, timezone=case.zone, now=case.now)
    if found is None:
        return "-"
    return found.value.date().isoformat() if found.day_only else found.value.isoformat()


@pytest.mark.parametrize("case", list(cases("dates.tsv")), ids=lambda case: f"{case.language}: {case.text}")
def test_fs_16_17_a_date_means_what_the_table_says(case: Case) -> None:
    assert read(case) == case.meant


def test_every_name_of_a_month_is_known_in_its_language() -> None:
    told = list(cases("dates-months.tsv"))
    assert [(case.text, case.language, read(case)) for case in told if read(case) != case.meant] == []
    assert len({case.language for case in told}) >= 50
    assert len(told) >= 800


def test_fs_16_a_zone_that_is_written_beats_the_one_asked_for() -> None:
    written = [
        case for case in cases("dates.tsv") if case.zone == "UTC" and case.meant.endswith(("07:00", "08:00"))
    ]
    assert len(written) >= 15
    assert [case.text for case in written if read(case._replace(zone="Pacific/Auckland")) != case.meant] == []


def test_a_text_longer_than_a_date_is_none() -> None:
    assert parse_date("x" * 10_000) is None
    assert parse_date("8 Januari 2022 " + "x" * 120) is None
    assert parse_date("Sat, 08 Jan 2022 05:06:00 GMT" + " " * 3000) is not None


@pytest.mark.parametrize(
    "text", ["Sat, 08 Jan 2022 05:06:00 +0000", "2022-01-08T05:06:00Z", "8 Jan 2022 05:06 EST"]
)
def test_an_editor_may_say_that_the_zone_of_a_feed_is_wrong(text: str) -> None:
    found = parse_date(text, timezone=JAKARTA, timezone_wins=True)
    assert found == ParsedDate(value=datetime.fromisoformat("2022-01-08T05:06:00+07:00"))


def test_what_is_told_from_now_is_told_in_the_zone_asked_for() -> None:
    late = datetime(2022, 1, 7, 20, 0, tzinfo=UTC)  # it is the 8th already in Jakarta
    for zone, day in ((JAKARTA, "2022-01-07"), ("America/Lima", "2022-01-06")):
        found = parse_date("yesterday", timezone=zone, now=late)
        assert found is not None
        assert found.value.date().isoformat() == day


def test_a_feed_may_say_that_its_months_come_first() -> None:
    for first, day in ((True, "2022-08-01"), (False, "2022-01-08")):
        found = parse_date("08/01/2022", language="en", month_first=first)
        assert found is not None
        assert found.value.date().isoformat() == day


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["01/08/2022", "25/12/2021"], False),
        (["01/08/2022", "12/25/2021 05:06"], True),
        (["12/25/2021", "25/12/2021"], None),  # both: nobody can say
        (["02/01/2022", "05/01/2022"], False),  # else one would be still to come
        (["01/07/2022", "12/05/2021"], True),
        (["01/01/2022"], None),
        (["2022-01-08T05:06:00Z", "Sat, 08 Jan 2022 05:06:00 GMT", "", "x"], None),
        ([], None),
    ],
)
def test_the_dates_of_a_feed_show_together_whether_the_month_comes_first(
    texts: list[str], expected: bool | None
) -> None:
    assert month_first(texts, today=date(2022, 1, 8)) is expected


# -- the parts


def test_the_solar_hijri_year_begins_in_spring() -> None:
    # 1 Farvardin, as the calendars of Iran were printed.
    for year, day in (
        (1375, "1996-03-20"),
        (1395, "2016-03-20"),
        (1399, "2020-03-20"),
        (1400, "2021-03-21"),
        (1403, "2024-03-20"),
    ):
        assert solar_hijri(year, 1, 1) == date.fromisoformat(day)
    assert [year for year in range(1390, 1410) if is_leap(year)] == [1391, 1395, 1399, 1403, 1408]
    days = [
        solar_hijri(year, month, day)
        for year in range(1390, 1410)
        for month in range(1, 13)
        for day in range(1, 32)
    ]
    there = [each.toordinal() for each in days if each]
    assert there == list(range(there[0], there[-1] + 1))


def test_years_of_an_era_and_numbers_in_chinese_signs_are_written_out() -> None:
    assert plain_years("令和元年五月一日") == "2019年5月1日"
    assert plain_years("昭和六十四年一月七日") == "1989年1月7日"
    assert plain_years("二〇二二年十二月三十一日") == "2022年12月31日"
    assert plain_years("十十年") == "十十年"


def test_folding_keeps_the_places() -> None:
    line = "Le 8 août\u00a02022 – ٨ يناير ＡＢ"
    folded, places = fold_with_places(line)
    assert folded == fold(line) == "le 8 aout 2022 - 8 يناير ab"
    assert line[places[folded.index("2022")] :][:4] == "2022"
    assert places[-1] == len(line)


def test_of_a_word_that_two_languages_have_each_has_its_own() -> None:
    assert {packaged().meaning("listopada", language) for language in ("pl", "hr")} == {
        meaning for meaning in packaged().meanings["listopada"] if meaning.kind == "M"
    }
    assert packaged().meaning("out", "id") is None  # October in Portuguese
    for word in ("jan", "april", "august"):
        assert packaged().meaning(word, "xx") is not None


def test_every_language_has_its_twelve_months() -> None:
    # CJK and Vietnamese number them, as every form in 2022年1月8日 does.
    numbered = {"zh", "ja", "ko", "mn"}
    for tag in packaged().languages:
        language = tag.partition("-")[0]
        months = {
            each.value
            for told in packaged().meanings.values()
            for each in told
            if each.kind == "M" and each.language == language
        }
        assert months == set(range(1, 13)) or language in numbered, tag
    assert len(packaged().languages) >= 90


# -- whatever is written

PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.integers(0, 11_000).map(str),
    st.integers(0, 70).map("{:02}".format),
    st.sampled_from(
        [*"/-.:,+|()年月日時T Z", "GMT+7", "WIB", "-800", "am", "PM", "2 jam lalu", "令和", "\u200f"]
    ),
)
TEXTS = st.one_of(
    st.text(max_size=130),
    st.text(alphabet="0123456789-/.: TZ+年月日", max_size=40),
    st.lists(PIECES, max_size=12).map(" ".join),
    st.lists(PIECES, max_size=12).map("".join),
)


@settings(max_examples=500)
@given(
    TEXTS,
    st.sampled_from(["", "id", "en", "kk", "ar", "fa", "th", "vi", "ja", "hu", "xx", "zz-ZZ", "\ud800"]),
    st.sampled_from([JAKARTA, "UTC", "Nowhere/Nothing", "", "America/St_Johns"]),
    st.one_of(st.none(), st.timedeltas(timedelta(-18_000), timedelta(60_000)).map(NOW.__add__)),
)
def test_fs_17_any_text_is_read_or_not_and_can_be_counted_with(
    text: str, language: str, zone: str, now: datetime | None
) -> None:
    found = parse_date(text, language=language, timezone=zone, now=now)
    if found is None:
        return
    offset = found.value.utcoffset()
    assert offset is not None
    assert offset % timedelta(minutes=1) == timedelta(0)
    assert found.value.astimezone(UTC) + timedelta(days=400) > datetime(1899, 1, 1, tzinfo=UTC)
    assert not found.day_only or (found.value.hour, found.value.minute, found.value.second) == (0, 0, 0)
    again = parse_date(found.value.isoformat())
    assert again is not None
    assert again.value == found.value.replace(microsecond=0)


@given(
    st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(-12 * 4, 14 * 4),
)
def test_what_we_write_we_read(moment: datetime, quarters: int) -> None:
    minutes = abs(quarters) * 15
    zone = f"{'-' if quarters < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{zone}"
    found = parse_date(text)
    assert found is not None
    assert found.value == datetime.fromisoformat(text)
    rfc822 = format_datetime(moment).partition(", ")[2].rpartition(" ")[0]
    again = parse_date(f"{rfc822} {zone.replace(':', '')}")
    assert again == found


@given(
    st.dates(date(1971, 1, 1), date(2099, 12, 31)),
    st.times(),
    st.sampled_from(
        ["id", "ms", "ru", "kk", "tr", "de", "fr", "es", "pl", "ar", "hi", "el", "fi", "uk", "uz"]
    ),
)
def test_a_date_in_words_is_read_in_its_language(day: date, clock: object, language: str) -> None:
    from babel.dates import format_date

    written = format_date(day, "d MMMM y", locale=language)
    found = parse_date(f"{written}, {clock:%H:%M}", language=language, timezone=JAKARTA)
    assert found is not None
    assert f"{found.value:%Y-%m-%d %H:%M}" == f"{day:%Y-%m-%d} {clock:%H:%M}"
