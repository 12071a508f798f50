"""How headers are read and made."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.headers import (
    freshness_of,
    request_headers,
    retry_after_of,
    sendable,
    user_agent,
    validators_of,
)
from aggregator.model import Request, SiteSettings, Validators
from tests.fetching import NOW


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Cache-Control": "max-age=43200"}, 43_200),
        ({"cache-control": "public, MAX-AGE = 60 , must-revalidate"}, 60),
        ({"Cache-Control": 'max-age="60"'}, 60),
        ({"Cache-Control": 'private="max-age=5", max-age=60'}, 60),
        ({"Cache-Control": "max-age=43200", "Age": "200"}, 43_000),
        ({"Cache-Control": "max-age=60", "Age": "200"}, 0),
        ({"Cache-Control": "max-age=60", "Age": "old"}, 60),
        ({"Cache-Control": "max-age=0, no-cache"}, 0),
        ({"Cache-Control": "no-cache"}, None),
        ({"Cache-Control": "s-maxage=60"}, None),
        ({"Cache-Control": "max-age=-1"}, None),
        ({"Cache-Control": "max-age=soon"}, None),
        ({"Cache-Control": "max-age=31536000, immutable"}, 31_536_000),
        ({"Cache-Control": "max-age=" + "9" * 90}, 10**9),
        ({"Expires": "Sat, 08 Jan 2022 06:06:00 GMT"}, 3600),
        ({"Expires": "Sat, 08 Jan 2022 06:06:00 GMT", "Date": "Sat, 08 Jan 2022 06:05:00 GMT"}, 60),
        ({"Expires": "Sat, 08 Jan 2022 06:06:00 GMT", "Date": "never"}, 3600),
        ({"Expires": "Saturday, 08-Jan-22 06:06:00 GMT"}, 3600),
        ({"Expires": "Fri, 07 Jan 2022 06:06:00 GMT"}, 0),
        ({"Expires": "0"}, 0),
        ({"Expires": "-1"}, 0),
        ({"Cache-Control": "max-age=60", "Expires": "0"}, 60),
        ({"Cache-Control": "no-store", "Expires": "Sat, 08 Jan 2022 06:06:00 GMT"}, 3600),
    ],
)
def test_pm_26_28_freshness_is_max_age_less_age_else_expires_less_date(
    headers: dict[str, str], seconds: int | None
) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert freshness_of(raw, now=NOW).max_age == expected


@given(
    st.sampled_from([b"cache-control", b"expires", b"date", b"retry-after", b"age"]), st.binary(max_size=60)
)
def test_no_header_makes_an_error(name: bytes, value: bytes) -> None:
    raw = [
        (name, value),
        (b"expires", b"Sat, 08 Jan 2022 06:06:00 GMT"),
        (b"cache-control", b"max-age=9" + value),
    ]
    assert (freshness_of(raw, now=NOW).max_age or timedelta()) >= timedelta()
    again = retry_after_of(raw, now=NOW)
    assert again is None or isinstance(again, datetime)


@pytest.mark.parametrize(
    "value",
    [
        "Sat, 08 Jan 10000 08:06:00 GMT",
        "Sat, 08 Jan 0000 08:06:00 GMT",
        "Sat, 99 Jan 2022 08:06:00 GMT",
        "Sat",
        "1e9",
    ],
)
def test_a_date_that_is_none_is_no_retry_after(value: str) -> None:
    assert retry_after_of([(b"Retry-After", value.encode())], now=NOW) is None


def test_validators_are_the_first_of_their_name_and_an_empty_one_is_none() -> None:
    headers = [(b"etag", b'"a"'), (b"ETag", b'"b"'), (b"Last-Modified", b"")]
    assert validators_of(headers) == Validators(etag=b'"a"')


def test_one_validator_that_cannot_be_sent_does_not_take_the_other_with_it() -> None:
    given_ones = Validators(etag=b'"\xe9"', last_modified=b"today")
    assert sendable(given_ones) == Validators(last_modified=b"today")
    sent = dict(request_headers(Request(url="http://a/", validators=given_ones), user_agent="a"))
    assert b"If-None-Match" not in sent
    assert sent[b"If-Modified-Since"] == b"today"


@pytest.mark.parametrize(
    ("url", "contact", "expected"),
    [
        (
            "https://kabar.example/feeds/",
            "redaksi@kabar.example",
            "(+https://kabar.example/feeds/sources/; redaksi@kabar.example)",
        ),
        ("https://kabar.example/", "", "(+https://kabar.example/sources/)"),
        ("", "redaksi@kabar.example", "(+redaksi@kabar.example)"),
        ("http://127.0.0.1:8080/", "redaksi@kabar.example", "(+redaksi@kabar.example)"),
        ("http://localhost:8080/", "", ""),
        ("http://[::1]:8080/", "", ""),
        ("http://192.168.1.5/", "https://kabar.example/about", "(+https://kabar.example/about)"),
        ("https://kabar.example/", "Meja (Kabar)\r\nX: y", "(+https://kabar.example/sources/)"),
        ("https://kabar.example/", "Meja (Kabar)", "(+https://kabar.example/sources/; MejaKabar)"),
        ("", "\u0440\u0435\u0434@\u0440\u0444.example", ""),
    ],
)
def test_pm_13_the_user_agent_says_who_we_are_and_whom_to_write_to(
    url: str, contact: str, expected: str
) -> None:
    site = SiteSettings(title="Meja Kabar", url=url, contact=contact)
    assert user_agent(site, "0.1.0") == f"aggregator/0.1.0 {expected}".rstrip()


def test_a_validator_that_servers_would_refuse_is_not_sent_back() -> None:
    long = Validators(etag=b'"' + b"x" * 60_000 + b'"', last_modified=b"Sat, 08 Jan 2022 05:06:00 GMT")
    assert sendable(long) == Validators(last_modified=long.last_modified)
