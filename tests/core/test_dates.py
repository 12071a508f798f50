"""Dates as claimed: feeds, papers, and what hostile origins write (robustness, FS-16 and FS-17)."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.dates import ParsedDate, parse_date
from aggregator.core.dates.names import _MONTHS, LANGUAGES, MONTHS

JAKARTA = "Asia/Jakarta"

READ = {
    # RFC 822 and its relatives
    ("Sat, 08 Jan 2022 05:06:00 GMT", ""): "2022-01-08T05:06:00+00:00",
    ("Sat, 08 Jan 2022 05:06:00 -0330", ""): "2022-01-08T05:06:00-03:30",
    ("Sat, 8 Jan 22 05:06 EST", ""): "2022-01-08T05:06:00-05:00",
    ("08 Jan 2022 05:06:00 EDT", ""): "2022-01-08T05:06:00-04:00",
    ("Sat, 08 Jan 2022 05:06:00 BST", ""): "2022-01-08T05:06:00+01:00",
    ("Sat, 08 Jan 2022 05:06:00 CEST", ""): "2022-01-08T05:06:00+02:00",
    ("Tue, 24 May 2011 17:00:00 -800", ""): "2011-05-24T17:00:00-08:00",
    ("Sat, 08 Jan 2022 05:06:00 GMT+8", ""): "2022-01-08T05:06:00+08:00",
    ("Sat, 08 Jan 2022 05:06:00 UTC+07:00", ""): "2022-01-08T05:06:00+07:00",
    ("Sat, 08 Jan 2022 05:06:00 GMT+0700 (WIB)", ""): "2022-01-08T05:06:00+07:00",
    ("Mon, 21 Jan 2008 8:56 am PST", ""): "2008-01-21T08:56:00-08:00",
    ("Sat, 08 Jan 2022 8:19 pm", ""): "2022-01-08T20:19:00+07:00",
    ("Sat, 08 Jan 2022 12:30 AM", ""): "2022-01-08T00:30:00+07:00",
    ("Sat Jan  8 05:06:00 +0700 2022", ""): "2022-01-08T05:06:00+07:00",
    ("Sat Jan  8 05:06:00 WIB 2022", ""): "2022-01-08T05:06:00+07:00",
    # RFC 3339 and its relatives
    ("2022-01-08T05:06:00Z", ""): "2022-01-08T05:06:00+00:00",
    ("2022-01-08T05:06:00.123456+05:30", ""): "2022-01-08T05:06:00+05:30",
    ("2022-01-08 05:06:00", ""): "2022-01-08T05:06:00+07:00",
    ("2022-01-08T05:06", ""): "2022-01-08T05:06:00+07:00",
    ("2020/1/10 05:06", ""): "2020-01-10T05:06:00+07:00",
    ("20220108T050600Z", ""): "2022-01-08T05:06:00+00:00",
    ("1641593160", ""): "2022-01-07T22:06:00+00:00",
    ("1641593160000", ""): "2022-01-07T22:06:00+00:00",
    # Indonesia
    ("Sat, 08 Jan 2022 05:06:00 WIB", ""): "2022-01-08T05:06:00+07:00",
    ("Sat, 08 Jan 2022 05:06:00 WITA", ""): "2022-01-08T05:06:00+08:00",
    ("Sat, 08 Jan 2022 05:06:00 WIT", ""): "2022-01-08T05:06:00+09:00",
    ("Sabtu, 08 Januari 2022 - 05:06 WIB", "id"): "2022-01-08T05:06:00+07:00",
    ("Kamis, 25 Oktober 2012, 02:13 WIB", "id"): "2012-10-25T02:13:00+07:00",
    ("Jum'at, 7 Agustus 2020 | 14.05 WITA", "id"): "2020-08-07T14:05:00+08:00",
    ("Minggu, 09 Pebruari 2020 pukul 7:05", "id"): "2020-02-09T07:05:00+07:00",
    ("Isnin, 8 Ogos 2022 3:05 PM MYT", "ms"): "2022-08-08T15:05:00+08:00",
    # others
    ("8 января 2022, 05:06 МСК", "ru"): "2022-01-08T05:06:00+03:00",
    ("суббота, 8 января 2022 г. в 05:06", "ru"): "2022-01-08T05:06:00+07:00",
    ("8 січня 2022, 05:06", "uk"): "2022-01-08T05:06:00+07:00",
    ("2022 жылғы 8 қаңтар, 10:15", "kk"): "2022-01-08T10:15:00+07:00",
    ("8 Қаңтар 2022 10:15 UTC+6", "kk"): "2022-01-08T10:15:00+06:00",
    ("٨ يناير ٢٠٢٢ 05:06 م", "ar"): "2022-01-08T17:06:00+07:00",
    ("8. März 2022, 05:06 Uhr", "de"): "2022-03-08T05:06:00+07:00",
    ("8 août 2022 à 05h06", "fr"): "2022-08-08T05:06:00+07:00",
    ("sábado, 8 de enero de 2022 05:06", "es"): "2022-01-08T05:06:00+07:00",
    ("8 de março de 2022 às 05:06", "pt"): "2022-03-08T05:06:00+07:00",
    ("Mar 8 gen 2022 05:06", "it"): "2022-01-08T05:06:00+07:00",
    ("zaterdag 8 maart 2022 05:06", "nl"): "2022-03-08T05:06:00+07:00",
    ("8 Ağustos 2022 05:06", "tr"): "2022-08-08T05:06:00+07:00",
    ("8 października 2022, 05:06", "pl"): "2022-10-08T05:06:00+07:00",
    ("January 8, 2022 at 5:06 pm EST", "en"): "2022-01-08T17:06:00-05:00",
    ("2022年1月8日 05:06", "ja"): "2022-01-08T05:06:00+07:00",
}


@pytest.mark.parametrize(("text", "language"), READ)
def test_fs_16_a_date_keeps_its_claimed_offset(text: str, language: str) -> None:
    found = parse_date(text, language=language, timezone=JAKARTA)
    assert found is not None
    assert (found.value.isoformat(), found.day_only) == (READ[text, language], False)


@pytest.mark.parametrize(
    ("text", "language"),
    [case for case in READ if re.search(r"WI|GMT|UTC|МСК|[+-]\d\d:?\d\d$|Z$|E[SD]T", case[0])],
)
def test_a_zone_that_is_written_beats_the_one_asked_for(text: str, language: str) -> None:
    found = parse_date(text, language=language, timezone="America/Bogota")
    assert found is not None
    assert found.value.isoformat() == READ[text, language]


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("08/01/2022", "id", "2022-01-08"),
        ("08/01/2022", "", "2022-01-08"),
        ("01/08/2022", "en", "2022-01-08"),
        ("08/01/2022", "en-GB", "2022-01-08"),
        ("25/12/2022", "en", "2022-12-25"),
        ("12/25/2022", "id", "2022-12-25"),
        ("08.01.2022", "en", "2022-01-08"),
        ("2022-01-08", "", "2022-01-08"),
        ("Sabtu, 8 Januari 2022", "id", "2022-01-08"),
        ("8 كانون الثاني 2022", "ar", "2022-01-08"),
        ("8 Ιανουαρίου 2022", "el", "2022-01-08"),
    ],
)
def test_a_day_without_a_time_is_its_midnight_in_the_zone_asked_for(
    text: str, language: str, day: str
) -> None:
    found = parse_date(text, language=language, timezone=JAKARTA)
    assert found is not None
    assert (found.value.isoformat(), found.day_only) == (f"{day}T00:00:00+07:00", True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "kemarin",
        "2 jam yang lalu",
        "hari ini 05:06",
        "05:06",
        "0000-01-01",
        "0001-01-01T00:00:00Z",
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "10000-01-01",
        "10000-01-01T00:00:00Z",
        "99999-01-01",
        "-1",
        "9223372036854775808",
        "2022-02-30",
        "Wed, 30 Feb 2022 05:06:00 GMT",
        "2022-13-01",
        "32 Jan 2022",
        "9999-12-31T23:59:59Z",
        "NaN",
        "null",
        "x" * 10_000,
        "8 Januari",
        "\ud800",
        "2022",
    ],
)
def test_fs_17_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text, language="id", timezone=JAKARTA) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-01-08T24:00:00Z", "2022-01-09T00:00:00+00:00"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59+00:00"),
        ("2022-01-08T05:06:00+99:99", "2022-01-08T05:06:00+07:00"),
        ("Sat, 08 Jan 2022 05:06:00 XYZ", "2022-01-08T05:06:00+07:00"),
    ],
)
def test_fs_17_an_odd_time_becomes_a_sane_one(text: str, expected: str) -> None:
    found = parse_date(text, timezone=JAKARTA)
    assert found is not None
    assert found.value.isoformat() == expected


def test_an_editor_may_say_that_the_zone_of_a_feed_is_wrong() -> None:
    found = parse_date("Sat, 08 Jan 2022 05:06:00 +0000", timezone=JAKARTA, timezone_wins=True)
    assert found == ParsedDate(value=datetime.fromisoformat("2022-01-08T05:06:00+07:00"))


def test_summer_time_counts_where_the_zone_has_it() -> None:
    found = parse_date("2022-07-08 05:06", timezone="Europe/Berlin")
    assert found is not None
    assert found.value.utcoffset() == timedelta(hours=2)


def test_an_unknown_zone_is_read_as_utc() -> None:
    found = parse_date("2022-07-08 05:06", timezone="Nirgendwo/Nichts")
    assert found is not None
    assert found.value.utcoffset() == timedelta(0)


def test_no_name_of_a_month_means_two_months() -> None:
    meanings: dict[str, set[int]] = {}
    for listed in _MONTHS.values():
        assert len(listed.split()) == 12
        for number, forms in enumerate(listed.split(), start=1):
            for name in forms.split("/"):
                meanings.setdefault(name, set()).add(number)
    assert {name: numbers for name, numbers in meanings.items() if len(numbers) > 1} == {}
    assert len(LANGUAGES) >= 15
    assert set(MONTHS.values()) == set(range(1, 13))


@settings(max_examples=400)
@given(
    st.one_of(
        st.text(max_size=80),
        st.text(alphabet="0123456789-/.: TZ+", max_size=40),
        st.builds(
            "{} {} {} {}:{} {}".format,
            st.integers(0, 40),
            st.sampled_from(sorted(MONTHS)),
            st.integers(0, 11_000),
            st.integers(0, 30),
            st.integers(0, 70),
            st.text(max_size=6),
        ),
    ),
    st.sampled_from(["", "id", "en", "kk", "ar", "xx", "zz-ZZ"]),
)
def test_fs_17_any_text_is_read_or_not_and_can_be_counted_with(text: str, language: str) -> None:
    found = parse_date(text, language=language, timezone=JAKARTA)
    if found is not None:
        assert found.value.utcoffset() is not None
        assert found.value.astimezone(UTC) + timedelta(days=400) > datetime(1899, 1, 1, tzinfo=UTC)


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
