"""Site rules where pages are read: what they give is stored, and one that stops fitting is told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.core.siterules.rules import SiteRules
from aggregator.jobs.round import RoundOptions, run_round
from aggregator.jobs.services import Services
from aggregator.jobs.status import drifting_of, status
from aggregator.model import SiteRule, Story
from tests.jobs.conftest import FEED, NOW, Web, configured, entry_xml, rss, with_config

pytestmark = pytest.mark.anyio
FORCE = RoundOptions(force=True)
HOUR = timedelta(hours=1)
READ = replace(FEED, read_pages=True)
RULE = SiteRule(name="kampar", digest="d", hosts=("kampar.example",), kicker=(".topik",), body=(".isi",))
SENTENCE = "Ribuan warga Kazakhstan turun ke jalan di Almaty menolak kenaikan harga gas, kata kepolisian"


def page(number: int, *, body: str = "isi") -> bytes:
    text = "".join(f"<p>{SENTENCE} nomor {number} bagian {part}.</p>" for part in range(4))
    around = (
        "<p>Pembaca yang budiman, langganan surat kabar ini kini lebih murah daripada tahun yang lalu.</p>"
    )
    return (
        f"<html><body><article><b class='topik'>LUAR NEGERI</b><h1>Berita {number}</h1>"
        f"<div class='{body}'>{text}</div>{around}</article></body></html>"
    ).encode()


@pytest.fixture
def reading(services: Services) -> Services:
    services = with_config(services, configured(services.config.output.directory, READ))
    return replace(services, site_rules=SiteRules(own=(RULE,)))


async def publish(web: Web, services: Services, *pages: bytes, first: int = 1) -> None:
    """Let the paper publish these pages, an hour apart, and read them."""
    for number, given in enumerate(pages, start=first):
        web.answers[READ.url] = rss(entry_xml(number, f"Berita {number}", "Ringkasan."))
        web.answers[f"https://kampar.example/{number}"] = given
        await run_round(FORCE, services=services, now=NOW + number * HOUR)


def stories(services: Services) -> list[Story]:
    return sorted(services.store.stories(), key=lambda story: story.article.headline)


def drift(services: Services) -> list[dict[str, Any]]:
    told = status(services.config, services.store, now=NOW, rules=services.site_rules)
    return [each for each in told["feeds"][0]["warnings"] if each["kind"] == "drift"]


async def test_what_a_rule_finds_is_stored(reading: Services, web: Web) -> None:
    await publish(web, reading, page(1))
    (story,) = stories(reading)
    assert story.article.kicker == "LUAR NEGERI"
    assert "nomor 1 bagian 3" in story.article.text
    assert "langganan" not in story.article.text


async def test_without_the_rule_the_page_is_read_as_any(reading: Services, web: Web) -> None:
    await publish(web, replace(reading, site_rules=SiteRules()), page(1))
    (story,) = stories(reading)
    assert "langganan" in story.article.text


async def test_a_rule_that_stops_matching_is_told_of_and_no_story_waits_for_it(
    reading: Services, web: Web
) -> None:
    await publish(web, reading, *(page(number) for number in range(1, 4)))
    assert drift(reading) == []
    await publish(web, reading, *(page(number, body="baru") for number in range(4, 9)), first=4)
    assert len(stories(reading)) == 8
    assert "nomor 8 bagian 0" in stories(reading)[-1].article.text
    (warning,) = drift(reading)
    assert 'site rule "kampar"' in warning["message"]
    assert "found no body on the last 5 pages" in warning["message"]
    told = status(reading.config, reading.store, now=NOW, rules=reading.site_rules)
    assert told["health"] == "degraded"
    assert any("kampar" in reason and "site rule" in reason for reason in told["reasons"])


async def test_a_rule_that_was_mended_is_told_of_no_more(reading: Services, web: Web) -> None:
    await publish(web, reading, *(page(number, body="baru") for number in range(1, 6)))
    assert drift(reading)
    mended = SiteRules(own=(replace(RULE, digest="e", body=(".isi", ".baru")),))
    reading = replace(reading, site_rules=mended)
    assert drift(reading) == []
    await publish(web, reading, page(6, body="baru"), first=6)
    assert drifting_of(reading.store, mended) == {}


async def test_a_paused_feed_that_drifts_leaves_health_as_it_is(reading: Services, web: Web) -> None:
    await publish(web, reading, *(page(number, body="baru") for number in range(1, 6)))
    paused = with_config(reading, configured(reading.config.output.directory, replace(READ, paused=True)))
    told = status(paused.config, paused.store, now=NOW, rules=reading.site_rules)
    assert not any("site rule" in reason for reason in told["reasons"])
