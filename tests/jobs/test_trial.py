"""`try`: what would come of a page, a feed, a text; and that nothing is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.core.siterules.rules import SiteRules
from aggregator.errors import ExtractError, Refused, Rejected
from aggregator.jobs import trial_shapes
from aggregator.jobs.round import RoundOptions, run_round
from aggregator.jobs.services import Services
from aggregator.jobs.trial import Bench, FeedTrial, Trial, Unwritten, tagged, try_feed, try_text, try_url
from aggregator.model import Condition, SectionSettings, SiteRule
from tests.jobs.conftest import FEED, NOW, Web, configured, entry_xml, rss, with_config
from tests.jobs.test_site_rules import RULE, page

pytestmark = pytest.mark.anyio
READ = replace(FEED, read_pages=True, based_in="ID-RI", timezone="Asia/Jakarta")
PAGE = "https://kampar.example/7"
ASIA = SectionSettings(id="asia", title="Asia", include=(Condition(regions=("KZ",)),))
LOCAL = SectionSettings(id="lokal", title="Lokal", include=(Condition(regions=("ID-RI",)),))


@pytest.fixture
def bench(services: Services) -> Bench:
    config = configured(services.config.output.directory, READ, sections=(ASIA, LOCAL))
    services = replace(with_config(services, config), site_rules=SiteRules(own=(RULE,)))
    unwritten = replace(services, store=Unwritten(services.store).as_store())
    return Bench(services=unwritten, store=services.store, now=NOW)


def shape(found: Trial, bench: Bench) -> dict[str, Any]:
    return trial_shapes.trial(found, bench.services.gazetteer, "id")


def told(found: Trial, bench: Bench) -> str:
    return "\n".join(trial_shapes.lines(found, bench.services.gazetteer, "id"))


async def the_page(web: Web, bench: Bench, body: bytes = b"", url: str = PAGE) -> Trial:
    web.answers[url] = body or page(7)
    found = await try_url(url, bench)
    assert isinstance(found, Trial)
    return found


async def test_a_page_is_shown_with_what_was_read_from_where(web: Web, bench: Bench) -> None:
    found = await the_page(web, bench)
    given = shape(found, bench)
    assert given["feed"] == "kampar"
    assert given["story"]["kicker"] == "LUAR NEGERI"
    assert given["sources"]["kicker"] == 'site rule "kampar": .topik'
    assert given["sources"]["headline"] == "the page's h1 element"
    assert given["rules"] == [
        {
            "rule": "kampar",
            "used": True,
            "matched": {"kicker": ".topik", "body": ".isi"},
            "missed": {},
            "note": None,
        }
    ]
    assert [each["id"] for each in given["story"]["sections"]] == ["asia"]
    assert "about Kazakstan" in told(found, bench) or "about Kazakhstan" in told(found, bench)


async def test_a_selector_that_missed_is_named(web: Web, bench: Bench) -> None:
    found = await the_page(web, bench, page(7, body="baru"))
    assert shape(found, bench)["rules"][0]["missed"] == {"body": [".isi"]}
    assert "kampar: not used: no selector of its body finds any text" in told(found, bench)
    assert "kampar: no body: nothing fits .isi" in told(found, bench)


async def test_sources_name_json_ld_metadata_and_the_feed(web: Web, bench: Bench) -> None:
    head = (
        b'<head><meta name="author" content="Rina Melati"><script type="application/ld+json">'
        b'{"@type":"NewsArticle","datePublished":"2022-01-07T10:00:00+07:00","headline":"Berita 7"}</script></head>'
    )
    found = await the_page(web, bench, page(7).replace(b"<html>", b"<html>" + head))
    assert found.sources["byline"] == "meta author"
    assert found.sources["date"] == "JSON-LD"


async def test_nothing_is_stored(web: Web, bench: Bench, services: Services) -> None:
    await the_page(web, bench)
    web.answers[READ.url] = rss(entry_xml(7, "Berita 7"))
    await try_feed(READ, bench)
    assert list(services.store.entries()) == []
    assert list(services.store.stories()) == []
    assert services.store.robots("https://kampar.example:443") is None
    assert services.store.rule_standings() == []


async def test_a_page_that_is_stored_already_is_recognised(
    web: Web, bench: Bench, services: Services
) -> None:
    writing = replace(bench.services, store=services.store)
    web.answers |= {READ.url: rss(entry_xml(7, "Berita 7")), PAGE: page(7)}
    await run_round(RoundOptions(force=True), services=writing, now=NOW)
    (story,) = services.store.stories()
    found = await the_page(web, bench)
    same = shape(found, bench)["same_as"]
    assert (same["story"], same["headline"]) == (story.id, "Berita 7")
    other = await the_page(web, bench, page(7), url="https://lain.example/berita")
    assert shape(other, bench)["same_as"]["because"]["rule"] == "same-text"
    assert other.feed_id == ""


async def test_a_page_that_robots_txt_forbids_is_not_asked_for(web: Web, bench: Bench) -> None:
    web.answers |= {"https://kampar.example/robots.txt": b"User-agent: *\nDisallow: /", PAGE: page(7)}
    with pytest.raises(Refused):
        await try_url(PAGE, bench)
    assert all(request.url != PAGE for request in web.asked)


async def test_a_page_without_an_article_or_without_an_answer_is_an_error(web: Web, bench: Bench) -> None:
    web.answers[PAGE] = b"<html><body><form><input type=password></form></body></html>"
    with pytest.raises(ExtractError):
        await try_url(PAGE, bench)
    with pytest.raises(Rejected):
        await try_url("https://kampar.example/none", bench)


async def test_a_feed_is_shown_with_where_each_entry_would_go(web: Web, bench: Bench) -> None:
    web.answers |= {READ.url: rss(entry_xml(7, "Berita 7"), entry_xml(8, "Banjir di Riau")), PAGE: page(7)}
    found = await try_feed(READ, bench)
    assert [[place.section_id for place in each.sections] for each in found.trials] == [["asia"], ["lokal"]]
    assert found.trials[0].article.text_from == "page"
    given = trial_shapes.feed(found, bench.services.gazetteer, "id")
    assert (given["title"], len(given["entries"]), given["entries"][0]["entry"]) == ("Kabar Kampar", 2, "n7")


async def test_a_feed_whose_page_cannot_be_had_is_shown_all_the_same(web: Web, bench: Bench) -> None:
    web.answers[READ.url] = rss(entry_xml(7, "Berita 7"))
    (found,) = (await try_feed(READ, bench)).trials
    assert "404" in found.page_error
    assert "page        not read: " in told(found, bench)


async def test_an_address_that_brings_a_feed_is_read_as_one(web: Web, bench: Bench) -> None:
    web.answers["https://lain.example/feed"] = rss(entry_xml(1, "Satu"))
    found = await try_url("https://lain.example/feed", bench)
    assert isinstance(found, FeedTrial)
    web.answers[READ.url] = rss(entry_xml(1, "Satu"))
    assert isinstance(await try_url(READ.url, bench), FeedTrial)


async def test_a_text_is_read_with_its_first_line_as_the_headline(bench: Bench) -> None:
    found = try_text("Gempa di Almaty\nWarga Kazakhstan keluar rumah malam ini.", bench)
    assert found.article.headline == "Gempa di Almaty"
    assert [place.section_id for place in found.sections] == ["asia"]
    assert try_text("Gempa di Almaty", bench).article.text == "Gempa di Almaty"
    with pytest.raises(ExtractError):
        try_text(" \n ", bench)


async def test_a_line_of_a_program_is_tagged_with_what_it_says_of_itself(bench: Bench) -> None:
    language, found = tagged(
        {"title": "Banjir", "text": "Air naik.", "language": "id", "based_in": "ID-RI"}, bench
    )
    assert language == "id"
    assert found[0].code == "ID-RI"
    assert tagged({}, bench)[1] == ()
    assert tagged({"title": None, "text": 7, "language": None}, bench)[1] == ()


async def test_without_a_store_there_is_nothing_to_compare_with(web: Web, bench: Bench) -> None:
    alone = replace(bench, store=None, services=replace(bench.services, store=Unwritten(None).as_store()))
    found = await the_page(web, alone)
    assert found.verdict is None
    assert shape(found, alone)["same_as"] is None


async def test_a_rule_of_many_sites_is_named_on_a_page_of_no_feed(web: Web, bench: Bench) -> None:
    markup = SiteRule(name="markup", digest="d", detect=(".topik",), kicker=(".topik",), body=(".isi",))
    both = replace(bench, services=replace(bench.services, site_rules=SiteRules(own=(RULE, markup))))
    found = await the_page(web, both, url="https://lain.example/1")
    assert [use.rule for use in found.uses] == ["markup"]
    assert found.published == NOW or found.published <= NOW + timedelta(seconds=1)
