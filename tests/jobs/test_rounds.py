"""Rounds of the real jobs: what is stored, what is written, and that a second time changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import Rejected, TimedOut, TooExpensive
from aggregator.jobs.round import RoundOptions, run_round
from aggregator.jobs.services import Services
from aggregator.jobs.status import status
from aggregator.model import Condition, Document, FeedSettings, NotModified, SectionSettings, Validators
from tests.jobs.conftest import FEED, NOW, Web, configured, entry_xml, rss, with_config

pytestmark = pytest.mark.anyio
FORCE = RoundOptions(force=True)
TEXT = (
    "Ribuan warga Kazakhstan turun ke jalan di Almaty menolak kenaikan harga gas, kata kepolisian setempat. "
    * 3
)


def snapshot(directory: Path) -> dict[str, tuple[int, int, bytes]]:
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {str(each): (each.stat().st_ino, each.stat().st_mtime_ns, each.read_bytes()) for each in files}


def ledger(services: Services) -> dict[str, int]:
    counts = services.store.ledger()
    assert counts["accepted"] == sum(count for name, count in counts.items() if name != "accepted")
    return counts


def feed_json(services: Services, section: str = "semua") -> list[dict[str, Any]]:
    path = services.config.output.directory / section / "feed.json"
    return json.loads(path.read_text("utf-8"))["items"]


async def test_a_new_entry_becomes_a_story_in_every_format(services: Services, web: Web) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Kazakhstan Rusuh", TEXT))
    result = await run_round(FORCE, services=services, now=NOW)
    assert (result.polled, result.failed, result.new, result.read) == (1, 0, 1, 1)
    folder = services.config.output.directory / "semua"
    assert {path.name for path in folder.iterdir()} >= {"rss.xml", "atom.xml", "feed.json", "index.html"}
    [item] = feed_json(services)
    [story] = services.store.stories()
    assert item["id"] == story.id
    assert story.regions[0].code == "KZ"
    assert ledger(services)["published"] == 1


async def test_i4_a_second_round_changes_no_byte_mtime_or_inode(services: Services, web: Web) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Satu", TEXT), entry_xml(2, "Dua", "Panen bawang."))
    await run_round(FORCE, services=services, now=NOW)
    before = snapshot(services.config.output.directory)
    await run_round(FORCE, services=services, now=NOW + timedelta(hours=1))
    web.answers[FEED.url] = NotModified(validators=Validators())
    await run_round(FORCE, services=services, now=NOW + timedelta(hours=2))
    assert snapshot(services.config.output.directory) == before


async def test_validators_are_sent_back_as_they_came(services: Services, web: Web) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Satu"))
    await run_round(FORCE, services=services, now=NOW)
    await run_round(FORCE, services=services, now=NOW + timedelta(hours=1))
    assert [request.validators.etag for request in web.asked] == [None, b'"1"']


async def test_fs_12_an_edited_entry_keeps_its_id_and_its_published_time(
    services: Services, web: Web
) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Tiga orang terluka", TEXT))
    await run_round(FORCE, services=services, now=NOW)
    [before] = services.store.stories()
    web.answers[FEED.url] = rss(entry_xml(1, "Lima orang terluka", TEXT + "Jumlahnya naik."))
    later = NOW + timedelta(hours=1)
    await run_round(FORCE, services=services, now=later)
    [after] = services.store.stories()
    assert (after.id, after.published, after.updated) == (before.id, before.published, later)
    assert [item["title"] for item in feed_json(services)] == ["Lima orang terluka"]


async def test_fs_02_a_feed_that_is_emptied_and_refilled_posts_nothing_again(
    services: Services, web: Web
) -> None:
    full = rss(entry_xml(1, "Satu", TEXT))
    for body in (full, rss(), full):
        web.answers[FEED.url] = body
        await run_round(FORCE, services=services, now=NOW)
        assert len(feed_json(services)) == 1
    assert ledger(services)["accepted"] == 1


async def test_fs_14_copies_of_three_feeds_are_one_story_led_by_priority(
    services: Services, web: Web
) -> None:
    feeds = [
        FeedSettings(id=name, url=f"https://{name}.example/rss", language="id", read_pages=False)
        for name in "abc"
    ]
    feeds[1] = replace(feeds[1], priority=5)
    services = with_config(services, configured(services.config.output.directory, *feeds))
    for number, feed in enumerate(feeds):
        web.answers[feed.url] = rss(entry_xml(number, f"Judul {number}", TEXT + "Sumber lain. " * number))
    await run_round(FORCE, services=services, now=NOW)
    [story] = services.store.stories()
    assert [copy.feed_id for copy in story.copies] == ["b", "a", "c"]
    assert {copy.rule for copy in story.copies} == {"first", "same-text"}
    assert ledger(services) == ledger(services) | {"accepted": 3, "published": 1, "duplicate": 2}


async def test_a_feed_that_fails_says_why_and_when_it_is_asked_again(services: Services, web: Web) -> None:
    web.answers[FEED.url] = Rejected(
        FEED.url, "the origin answered 503", http_status=503, retry_after=NOW + timedelta(hours=30)
    )
    result = await run_round(FORCE, services=services, now=NOW)
    assert result.problems == {"rejected": 1}
    [feed] = status(services.config, services.store, now=NOW)["feeds"]
    assert (feed["state"], feed["failures"], feed["http_status"]) == ("failing", 1, 503)
    assert feed["error"] == {"kind": "rejected", "message": "the origin answered 503"}
    assert (feed["next_due"], feed["next_due_reason"]) == ("2022-01-09T09:00:00Z", "retry-after")


async def test_rs_10_a_feed_recovers_by_itself(services: Services, web: Web) -> None:
    web.answers[FEED.url] = TimedOut(FEED.url, "no answer within 60 s")
    for _ in range(5):
        await run_round(FORCE, services=services, now=NOW)
    web.answers[FEED.url] = rss(entry_xml(1, "Satu"))
    await run_round(FORCE, services=services, now=NOW + timedelta(days=2))
    [feed] = status(services.config, services.store, now=NOW + timedelta(days=2))["feeds"]
    assert (feed["state"], feed["failures"], feed["error"]) == ("ok", 0, None)


async def test_rs_09_a_feed_that_is_gone_is_asked_only_by_name(services: Services, web: Web) -> None:
    web.answers[FEED.url] = Rejected(FEED.url, "410 Gone", http_status=410)
    await run_round(FORCE, services=services, now=NOW)
    await run_round(FORCE, services=services, now=NOW + timedelta(days=1))
    assert len(web.asked) == 1
    assert status(services.config, services.store, now=NOW)["feeds"][0]["state"] == "gone"
    web.answers[FEED.url] = rss(entry_xml(1, "Satu"))
    await run_round(RoundOptions(feeds=("kampar",)), services=services, now=NOW + timedelta(days=2))
    assert status(services.config, services.store, now=NOW)["feeds"][0]["state"] == "ok"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b"<!doctype html><title>Masuk</title><form>", "not-a-feed"),
        (rss(entry_xml(1, "Satu"))[:-60], "truncated"),
        (b"/etc/passwd", "not-a-feed"),
    ],
)
async def test_what_is_no_feed_is_told_and_loses_nothing(
    services: Services, web: Web, body: bytes, kind: str
) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Satu"))
    await run_round(FORCE, services=services, now=NOW)
    before = snapshot(services.config.output.directory)
    web.answers[FEED.url] = body
    await run_round(FORCE, services=services, now=NOW + timedelta(hours=1))
    [feed] = status(services.config, services.store, now=NOW)["feeds"]
    assert feed["error"]["kind"] == kind
    assert snapshot(services.config.output.directory) == before
    await run_round(FORCE, services=services, now=NOW + timedelta(hours=2))
    assert web.asked[-1].validators.etag == b'"1"'


async def test_ch_01_a_control_character_in_a_title_costs_only_itself(services: Services, web: Web) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Sa\x0btu &#11;!"), entry_xml(2, "Dua"))
    await run_round(FORCE, services=services, now=NOW)
    assert sorted(item["title"] for item in feed_json(services)) == ["Dua", "Satu !"]


async def test_a_page_that_cannot_be_had_does_not_hold_its_story(services: Services, web: Web) -> None:
    feed = replace(FEED, read_pages=True)
    services = with_config(services, configured(services.config.output.directory, feed))
    web.answers[feed.url] = rss(entry_xml(1, "Satu", "Ringkasan."))
    await run_round(FORCE, services=services, now=NOW)
    [story] = services.store.stories()
    assert (story.article.headline, story.article.text_from) == ("Satu", "feed")
    page = "<html><body><article><h1>Satu</h1>" + f"<p>{TEXT}</p>" * 3 + "</article></body></html>"
    web.answers["https://kampar.example/1"] = page.encode()
    web.answers[feed.url] = NotModified(validators=Validators())
    await run_round(FORCE, services=services, now=NOW + timedelta(hours=7))
    [story] = services.store.stories()
    assert story.article.text_from == "page"


async def test_tl_14_a_page_that_takes_too_long_is_tried_twice_at_most(services: Services, web: Web) -> None:
    feed = replace(FEED, read_pages=True)
    services = with_config(services, configured(services.config.output.directory, feed))
    web.answers[feed.url] = rss(entry_xml(1, "Satu", "Ringkasan."))
    web.answers["https://kampar.example/1"] = TooExpensive("the page took more than 20 s")
    for day in range(8):
        await run_round(FORCE, services=services, now=NOW + timedelta(days=day))
    assert sum(request.url == "https://kampar.example/1" for request in web.asked) == 2
    assert ledger(services)["published"] == 1


async def test_sections_that_change_select_again_and_keep_ids(services: Services, web: Web) -> None:
    web.answers[FEED.url] = rss(
        entry_xml(1, "Kazakhstan Rusuh", TEXT), entry_xml(2, "Panen", "Bawang merah.")
    )
    await run_round(FORCE, services=services, now=NOW)
    ids = {story.id for story in services.store.stories()}
    gas = SectionSettings(id="gas", title="Gas", include=(Condition(words=("harga gas",)),))
    services = with_config(services, configured(services.config.output.directory, sections=(gas,)))
    await run_round(FORCE, services=services, now=NOW + timedelta(hours=1))
    assert [item["title"] for item in feed_json(services, "gas")] == ["Kazakhstan Rusuh"]
    assert {story.id for story in services.store.stories()} == ids
    [story] = services.store.stories(section="gas")
    assert story.sections[0].because == "words: harga gas"


async def test_a_bug_in_reading_quarantines_one_entry_and_holds_up_no_other(
    services: Services, web: Web
) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(services.store, name)

        def save_articles(self, read: Any, rules: Any, *, now: Any) -> Any:
            if any(each.article.headline == "Dua" for each in read):
                raise ZeroDivisionError
            return services.store.save_articles(read, rules, now=now)

    web.answers[FEED.url] = rss(*(entry_xml(n, t) for n, t in enumerate(("Satu", "Dua", "Tiga"))))
    await run_round(FORCE, services=replace(services, store=Broken()), now=NOW)  # type: ignore[arg-type]
    assert ledger(services) == ledger(services) | {"accepted": 3, "published": 2, "quarantined": 1}


async def test_of_10_a_section_that_cannot_be_made_stops_no_other(
    services: Services, web: Web, tmp_path: Path
) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Satu"))
    sections = (SectionSettings(id="satu", title="Satu"), SectionSettings(id="dua", title="Dua"))
    services = with_config(services, configured(services.config.output.directory, sections=sections))

    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(services.store, name)

        def edition_stories(self, section: str, **more: Any) -> Any:
            if section == "satu":
                raise ZeroDivisionError
            return services.store.edition_stories(section, **more)

    result = await run_round(FORCE, services=replace(services, store=Broken()), now=NOW)  # type: ignore[arg-type]
    assert [name for name, _ in result.published.failed] == ["satu"]
    assert len(feed_json(services, "dua")) == 1


async def test_fs_18_a_date_in_the_future_is_not_believed_and_told(services: Services, web: Web) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Besok", date="Tue, 11 Jan 2022 00:00:00 GMT"))
    await run_round(FORCE, services=services, now=NOW)
    [story] = services.store.stories()
    assert story.published == NOW
    [feed] = status(services.config, services.store, now=NOW)["feeds"]
    assert [warning["kind"] for warning in feed["warnings"]] == ["dates-ahead"]
    [entry] = services.store.entries()
    assert entry.entry.published is not None
    assert entry.entry.published.year == 2022
    assert entry.entry.published > NOW


async def test_the_addresses_of_a_section_that_was_renamed_go_on(services: Services, web: Web) -> None:
    web.answers[FEED.url] = rss(entry_xml(1, "Satu"))
    section = SectionSettings(id="dunia", title="Dunia", formerly=("internasional",))
    services = with_config(services, configured(services.config.output.directory, sections=(section,)))
    await run_round(FORCE, services=services, now=NOW)
    old, new = (services.config.output.directory / name / "atom.xml" for name in ("internasional", "dunia"))
    assert old.read_bytes() == new.read_bytes()


async def test_every_element_of_the_last_document_is_listed_repeats_included(
    services: Services, web: Web
) -> None:
    one, two = entry_xml(1, "Satu"), entry_xml(2, "Dua")
    web.answers[FEED.url] = rss(one, two, one)
    await run_round(FORCE, services=services, now=NOW)
    listed = [(each.position, each.entry.title) for each in services.store.entries(feed="kampar")]
    assert listed == [(1, "Satu"), (2, "Dua"), (3, "Satu")]
    assert ledger(services)["accepted"] == 2


async def test_an_entry_that_cannot_be_handled_is_kept_and_counted(services: Services, web: Web) -> None:
    endless = f"<item><title>Panjang</title><link>https://kampar.example/{'x' * 9000}</link></item>"
    web.answers[FEED.url] = rss(endless, entry_xml(2, "Dua"))
    for _ in range(2):
        await run_round(FORCE, services=services, now=NOW)
    assert ledger(services) == ledger(services) | {"accepted": 2, "published": 1, "quarantined": 1}
    [kept] = [each for each in services.store.entries() if each.state == "quarantined"]
    assert "longer than" in kept.reason


async def test_an_entry_that_cannot_be_handled_keeps_its_place_in_the_list(
    services: Services, web: Web
) -> None:
    endless = f"<item><title>Panjang</title><link>https://kampar.example/{'x' * 9000}</link></item>"
    for number in (2, 3):
        web.answers[FEED.url] = rss(endless, entry_xml(number, "Lain"))
        await run_round(FORCE, services=services, now=NOW)
    positions = {each.entry.title: each.position for each in services.store.entries(feed="kampar")}
    assert positions["Panjang"] == 1


@pytest.mark.parametrize(("retry_after", "asked"), [(None, 2), (timedelta(hours=30), 1)])
async def test_ck_01_a_clock_set_back_by_a_day_stops_no_feed_and_breaks_no_retry_after(
    services: Services, web: Web, retry_after: timedelta | None, asked: int
) -> None:
    web.answers[FEED.url] = Rejected(
        FEED.url, "429", http_status=429, retry_after=NOW + retry_after if retry_after else None
    )
    for now in (NOW, NOW - timedelta(days=1), NOW - timedelta(days=1)):
        await run_round(RoundOptions(), services=services, now=now)
    assert len(web.asked) == asked


async def test_a_feed_that_begins_to_redirect_is_told_though_its_bytes_are_the_same(
    services: Services, web: Web
) -> None:
    web.answers[FEED.url] = body = rss(entry_xml(1, "Satu"))
    await run_round(FORCE, services=services, now=NOW)
    moved = Document(
        url="https://baru.example/rss",
        status=200,
        content_type=None,
        body=body,
        moved_to="https://baru.example/rss",
    )
    told = []
    for answer in (moved, replace(moved, moved_to=None)):
        web.answers[FEED.url] = answer
        await run_round(FORCE, services=services, now=NOW + timedelta(hours=1))
        told.append(
            [
                each["kind"]
                for each in status(services.config, services.store, now=NOW)["feeds"][0]["warnings"]
            ]
        )
    assert told == [["moved"], []]


async def test_a_feed_that_is_paused_is_no_reason_to_worry(services: Services, web: Web) -> None:
    web.answers[FEED.url] = Rejected(FEED.url, "410 Gone", http_status=410)
    await run_round(FORCE, services=services, now=NOW)
    assert status(services.config, services.store, now=NOW)["health"] == "degraded"
    paused = with_config(services, configured(services.config.output.directory, replace(FEED, paused=True)))
    assert status(paused.config, paused.store, now=NOW)["health"] == "ok"


async def test_why_a_page_could_not_be_had_is_kept_until_it_is(services: Services, web: Web) -> None:
    feed = replace(FEED, read_pages=True)
    services = with_config(services, configured(services.config.output.directory, feed))
    web.answers[feed.url] = rss(entry_xml(1, "Satu", "Ringkasan."))
    await run_round(FORCE, services=services, now=NOW)
    [waiting] = services.store.waiting(now=NOW + timedelta(days=1), limit=9)
    assert "404" in (waiting.page_error or "")


async def test_i8_a_304_to_a_request_without_conditions_is_told_until_a_document_comes(
    services: Services, web: Web
) -> None:
    web.answers[FEED.url] = NotModified(validators=Validators())
    for hour in range(2):
        await run_round(FORCE, services=services, now=NOW + timedelta(hours=hour))
        [feed] = services.store.feed_records()
        assert [warning.kind for warning in feed.warnings] == ["not-modified-unasked"]
    web.answers[FEED.url] = rss(entry_xml(1, "Satu"))
    await run_round(FORCE, services=services, now=NOW + timedelta(hours=2))
    web.answers[FEED.url] = NotModified(validators=Validators())
    await run_round(FORCE, services=services, now=NOW + timedelta(hours=3))
    [feed] = services.store.feed_records()
    assert feed.warnings == ()
