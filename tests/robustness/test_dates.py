"""Dates of the world's papers, from the feed to `entries --json` and to subscribers (robustness, FS-16, 17 and 18)."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

import pytest

from aggregator.jobs import shapes
from aggregator.jobs.places import packaged_gazetteer
from tests.jobs.conftest import rss
from tests.origin import Origin, reply
from tests.robustness.conftest import NOW, Desk, entry, feed_at, headline_of

pytestmark = pytest.mark.anyio
HOUR: Final = timedelta(hours=1)


def listed(desk: Desk) -> list[dict[str, Any]]:
    """What `entries --json` lists, in the order of the document."""
    found = [shapes.entry(each, packaged_gazetteer(), "id") for each in desk.store.entries(feed="kampar")]
    return sorted(found, key=lambda each: each["position"] or 0)


async def poll(desk: Desk, origin: Origin, *dates: str, first: int = 1) -> None:
    """Poll a document with an entry for each of these dates."""
    entries = [entry(number, date=date) for number, date in enumerate(dates, start=first)]
    origin.answer("/feed", reply(200, rss(*entries)))
    await desk.at_next_due()


# Language of the feed, what it writes, and what `entries --json` says; the site is in Jakarta.
CLAIMED: Final = {
    ("id", "Sabtu, 08 Januari 2022 - 05:06 WIB"): "2022-01-08T05:06:00+07:00",
    ("id", "Jumat, 7 Jan 2022 | 19.30 WITA"): "2022-01-07T19:30:00+08:00",
    ("ms", "Jumaat, 7 Januari 2022 3:05 petang MYT"): "2022-01-07T15:05:00+08:00",
    ("ru", "7 января 2022, 14:05 МСК"): "2022-01-07T14:05:00+03:00",
    ("kk", "2022 жылғы 7 қаңтар, 10:15"): "2022-01-07T10:15:00+07:00",
    ("ar", "الجمعة ٧ كانون الثاني ٢٠٢٢ - ٥:٠٦ مساءً"): "2022-01-07T17:06:00+07:00",
    ("fa", "۱۷ دی ۱۴۰۰ - ۰۵:۰۶"): "2022-01-07T05:06:00+07:00",
    ("th", "7 ม.ค. 2565 05:06 น."): "2022-01-07T05:06:00+07:00",
    ("zh", "2022年1月7日 下午5:06"): "2022-01-07T17:06:00+07:00",
    ("ja", "令和4年1月7日 5時6分"): "2022-01-07T05:06:00+07:00",
    ("en", "01/07/2022 5:06 PM"): "2022-01-07T17:06:00+07:00",
    ("en-GB", "07/01/2022 5:06 PM"): "2022-01-07T17:06:00+07:00",
    ("de", "07.01.2022, 05:06 Uhr MEZ"): "2022-01-07T05:06:00+01:00",
    ("id", "2 jam lalu"): "2022-01-08T08:00:01+07:00",
    ("ru", "вчера, 14:05"): "2022-01-07T14:05:00+07:00",
    ("en", "Fri, 07 Jan 2022 22:06:00 -800"): "2022-01-07T22:06:00-08:00",
    ("en", "1641593160"): "2022-01-07T22:06:00Z",
    ("en", "2022-W01-5T05:06Z"): "2022-01-07T05:06:00Z",
    ("en", "2022-01-07T24:00:00Z"): "2022-01-08T00:00:00Z",
    ("en", "0001-01-01T00:00:00Z"): None,
    ("en", "0000-00-00 00:00:00"): None,
    ("en", "Wed, 30 Feb 2022 05:06:00 GMT"): None,
}


@pytest.mark.parametrize(
    ("given", "meant"), CLAIMED.items(), ids=[f"{each[0]} {each[1]}" for each in CLAIMED]
)
async def test_fs_16_17_a_claimed_date_is_listed_with_its_offset(
    desk: Desk, origin: Origin, given: tuple[str, str], meant: str | None
) -> None:
    language, written = given
    await desk.configure(feed_at(origin.url("/feed"), language=language))
    await poll(desk, origin, written)
    assert [each["published"] for each in listed(desk)] == [meant]
    [story] = desk.entries()
    assert datetime.fromisoformat(story["date_published"]) <= desk.now


async def test_fs_16_the_dates_of_a_feed_show_together_which_number_is_the_month(
    desk: Desk, origin: Origin
) -> None:
    await desk.configure(feed_at(origin.url("/feed"), language="en-US"))
    await poll(desk, origin, "05/01/2022 10:00", "31/12/2021 10:00")
    assert [each["published"] for each in listed(desk)] == [
        "2022-01-05T10:00:00+07:00",
        "2021-12-31T10:00:00+07:00",
    ]


async def test_fs_17_a_date_before_1990_needs_a_witness(desk: Desk, origin: Origin) -> None:
    old = "Sat, 02 Mar 1985 05:06:00 GMT"
    archived = entry(2, date=old).replace("kampar.example/2", "kampar.example/1985/03/02/pasar")
    origin.answer(
        "/feed", reply(200, rss(entry(1, date=old), archived, entry(3, date="Thu, 01 Jan 1970 00:00:00 GMT")))
    )
    await desk.at_next_due()
    assert [each["published"] for each in listed(desk)][:2] == ["1985-03-02T05:06:00Z"] * 2
    found = {each["title"]: datetime.fromisoformat(each["date_published"]) for each in desk.entries()}
    assert found[headline_of(2)].year == 1985
    assert found[headline_of(1)] == found[headline_of(3)] == desk.now


async def test_fs_17_a_date_told_from_now_is_that_of_the_poll_that_first_saw_it(
    desk: Desk, origin: Origin
) -> None:
    await poll(desk, origin, "2 jam lalu")
    before = desk.entries()
    for written in ("3 jam lalu", "4 jam lalu", "kemarin"):
        await poll(desk, origin, written)
    assert [(each["id"], each["date_published"]) for each in desk.entries()] == [
        (each["id"], each["date_published"]) for each in before
    ]
    assert desk.ledger()["accepted"] == 1


async def test_fs_18_a_feed_that_writes_a_wrong_zone_is_told_and_mended_by_its_editor(
    desk: Desk, origin: Origin
) -> None:
    def local(number: int) -> str:
        """The time in Jakarta, written as if it were that of Greenwich."""
        return entry(
            number, date=format_datetime(desk.now + 7 * HOUR - number * timedelta(minutes=1), usegmt=True)
        )

    desk.now = NOW
    origin.answer("/feed", reply(200, rss(local(1), local(2))))
    await desk.round()
    message = desk.warnings()["dates-ahead"]
    assert "2 entries are dated in the future" in message
    assert 'timezone = "Asia/Jakarta" and timezone_wins = true' in message
    assert {datetime.fromisoformat(each["date_published"]) for each in desk.entries()} == {NOW}
    # With the hours what was ahead is past: the zone is as wrong as it was, and so it is told on.
    standing = [local(1), local(2)]
    await desk.later(hours=9)
    assert "dates-ahead" in desk.warnings()
    # The editor does as told: what comes now is dated right, and the warning goes.
    await desk.configure(feed_at(origin.url("/feed"), timezone="Asia/Jakarta", timezone_wins=True))
    written = desk.now.replace(microsecond=0)
    origin.answer("/feed", reply(200, rss(local(3), *standing)))
    await desk.at_next_due()
    assert "dates-ahead" not in desk.warnings()
    [third] = [each for each in desk.entries() if each["title"] == headline_of(3)]
    assert datetime.fromisoformat(third["date_published"]) == written - 3 * timedelta(minutes=1)
    assert third["date_published"].endswith("+07:00")


async def test_fs_18_the_warning_stays_while_the_feed_lists_what_is_ahead(desk: Desk, origin: Origin) -> None:
    announced = entry(9, date=format_datetime(NOW + timedelta(days=300)))
    origin.answer("/feed", reply(200, rss(announced, entry(1))))
    await desk.round()
    assert "No zone is that far ahead" in desk.warnings()["dates-ahead"]
    for number in (2, 3):
        origin.answer("/feed", reply(200, rss(entry(number), announced, entry(1))))
        await desk.at_next_due()
        assert "dates-ahead" in desk.warnings()
    origin.answer("/feed", reply(200, rss(entry(4), entry(3))))
    await desk.at_next_due()
    assert "dates-ahead" not in desk.warnings()


async def test_a_feed_left_at_en_us_has_its_stories_in_the_language_that_they_are_in(
    desk: Desk, origin: Origin
) -> None:
    await desk.configure(feed_at(origin.url("/feed"), language=""))
    text = "Warga yang mengungsi belum bisa kembali karena air masih tinggi, kata pihak kecamatan pada hari Sabtu."
    item = f"<item><guid>a</guid><title>Banjir belum surut</title><description>{text}</description></item>"
    body = rss(item).replace(b"<description>x", b"<language>en-US</language><description>x")
    origin.answer("/feed", reply(200, body))
    await desk.at_next_due()
    assert [each["language"] for each in listed(desk)] == ["id"]
    [story] = desk.entries()
    assert story["language"] == "id"
