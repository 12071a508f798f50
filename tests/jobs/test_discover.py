"""Finding a feed: with few requests, on the right site, and in words that say what was tried."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import AggregatorError, Refused, Rejected, TimedOut, TlsFailed, Unreachable
from aggregator.fetch.guard import refusal
from aggregator.jobs import discover
from aggregator.jobs.discover import Found, find, suggest
from aggregator.jobs.services import Services
from aggregator.model import Document, FeedRecord, FeedSettings, FeedWarning, Move
from tests.fetching import fetching, polling
from tests.jobs.conftest import FEED, NOW, Here, Web, configured, entry_xml, rss, with_config
from tests.origin import Origin, reply

pytestmark = pytest.mark.anyio

LINK = 'rel="alternate" type="application/rss+xml"'
SITE = "https://kabar.example/"
NEWS = rss(entry_xml(1, "Judul", "Teks"), title="Kabar Satu")


def page(*links: str, title: str = "Beranda") -> bytes:
    return f"<!DOCTYPE html><html><head><title>{title}</title>{''.join(links)}</head><body></body></html>".encode()


def led(url: str, body: bytes, *, lasting: bool) -> Document:
    """A document that redirects led to."""
    return Document(url=url, status=200, content_type=None, body=body, moved_to=url if lasting else None)


def asked(web: Web) -> list[str]:
    return [request.url for request in web.asked]


async def failure(url: str, services: Services) -> str:
    with pytest.raises(AggregatorError) as caught:
        await find(url, services=services, now=NOW)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


async def test_an_address_of_a_feed_is_that_feed(services: Services, web: Web) -> None:
    web.answers["https://kabar.example/rss"] = NEWS
    found = await find("https://kabar.example/rss", services=services, now=NOW)
    assert found == Found(
        url="https://kabar.example/rss", title="Kabar Satu", entries=1, link="https://kampar.example/"
    )
    assert asked(web) == ["https://kabar.example/rss"]
    assert web.asked[0].own_port
    assert web.asked[0].credential == ""


async def test_a_page_leads_to_the_first_of_its_feeds_and_the_others_are_told(
    services: Services, web: Web
) -> None:
    web.answers[SITE] = page(
        f"<link {LINK} title='Komentar' href='/comments/feed/'>",
        f"<link {LINK} href='/mati'>",
        f"<link {LINK} title='Semua' href='/feed/'>",
        f"<link {LINK} title='Olahraga' href='/olahraga/feed/'>",
    )
    web.answers["https://kabar.example/feed/"] = NEWS
    heard: list[str] = []
    found = await find("https://kabar.example/", services=services, now=NOW, tell=heard.append)
    assert found.url == "https://kabar.example/feed/"
    assert [each.url for each in found.others] == ["https://kabar.example/olahraga/feed/"]
    assert asked(web) == heard == [SITE, "https://kabar.example/mati", "https://kabar.example/feed/"]
    assert {request.home for request in web.asked} == {SITE}


async def test_an_address_without_a_scheme_is_tried_with_https_then_http(
    services: Services, web: Web
) -> None:
    web.answers["https://kabar.example"] = TlsFailed("", "the certificate is not to be trusted")
    web.answers["http://kabar.example"] = page(f"<link {LINK} href='/feed/'>")
    web.answers["http://kabar.example/feed/"] = NEWS
    assert (await find("kabar.example", services=services, now=NOW)).url == "http://kabar.example/feed/"
    web.answers["https://kabar.example"] = NEWS
    assert (await find("kabar.example", services=services, now=NOW)).url == "https://kabar.example"


async def test_https_that_answers_is_not_given_up_for_http(services: Services, web: Web) -> None:
    told = await failure("kabar.example", services)
    assert told.startswith("https://kabar.example: no feed found there (the origin answered 404 Not Found)")
    assert not any(url.startswith("http:") for url in asked(web))


async def test_where_a_page_names_none_the_usual_places_are_asked(services: Services, web: Web) -> None:
    web.answers["https://kabar.example/dunia"] = page()
    web.answers["https://kabar.example/rss.xml"] = NEWS
    found = await find("https://kabar.example/dunia", services=services, now=NOW)
    assert found.url == "https://kabar.example/rss.xml"
    assert asked(web)[:2] == ["https://kabar.example/dunia", "https://kabar.example/dunia/feed"]


@pytest.mark.parametrize("links", [0, 1, 100])
async def test_requests_are_few_whatever_the_page_names(services: Services, web: Web, links: int) -> None:
    web.answers[SITE] = page(*(f"<link {LINK} href='/f/{n}'>" for n in range(links)))
    told = await failure(SITE, services)
    assert len(web.asked) == discover.MOST_REQUESTS
    assert len(set(asked(web))) == len(web.asked)
    assert 'no feed found there (an HTML page titled "Beranda", not a feed)' in told
    assert "nothing at 11 other addresses of the site; look on the site for a link called RSS" in told


async def test_another_site_is_asked_only_where_a_link_element_names_it(services: Services, web: Web) -> None:
    web.answers[SITE] = page("<a href='https://lain.example/rss.xml'>RSS</a>")
    web.answers["https://lain.example/rss.xml"] = NEWS
    await failure(SITE, services)
    assert "https://lain.example/rss.xml" not in asked(web)
    web.answers[SITE] = page(f"<link {LINK} href='https://lain.example/rss.xml'>")
    assert (await find(SITE, services=services, now=NOW)).url == "https://lain.example/rss.xml"


async def test_a_usual_place_that_leads_to_another_site_is_not_its_feed(services: Services, web: Web) -> None:
    web.answers[SITE] = page()
    web.answers["https://kabar.example/feed"] = led("https://parkir.example/rss", NEWS, lasting=True)
    web.answers["https://kabar.example/rss"] = led("https://www.kabar.example/rss", NEWS, lasting=False)
    found = await find(SITE, services=services, now=NOW)
    assert found.url == "https://kabar.example/rss"


async def test_a_permanent_redirect_gives_the_address_to_keep_and_another_does_not(
    services: Services, web: Web
) -> None:
    web.answers["http://kabar.example/rss"] = led("https://kabar.example/feed/", NEWS, lasting=True)
    assert (await find("http://kabar.example/rss", services=services, now=NOW)).url == (
        "https://kabar.example/feed/"
    )
    web.answers["http://kabar.example/rss"] = led("https://cdn.example/feed/", NEWS, lasting=False)
    assert (
        await find("http://kabar.example/rss", services=services, now=NOW)
    ).url == "http://kabar.example/rss"


async def test_a_page_that_lists_feeds_leads_to_the_first_one(services: Services, web: Web) -> None:
    web.answers[SITE] = page("<a href='/rss'>RSS</a>")
    web.answers["https://kabar.example/rss"] = page(
        "<a href='https://lain.example/rss.xml'>RSS</a><a href='/rss/utama.xml'>RSS</a><a href='/rss/dunia.xml'>RSS</a>"
    )
    web.answers["https://kabar.example/rss/utama.xml"] = NEWS
    found = await find(SITE, services=services, now=NOW)
    assert found.url == "https://kabar.example/rss/utama.xml"
    assert [each.url for each in found.others] == ["https://kabar.example/rss/dunia.xml"]


async def test_a_page_that_sends_its_readers_on_is_followed_once_within_its_site(
    services: Services, web: Web
) -> None:
    web.answers[SITE] = page("<meta http-equiv=refresh content='0; url=/id/'>")
    web.answers["https://kabar.example/id/"] = page(f"<link {LINK} href='/id/feed/'>")
    web.answers["https://kabar.example/id/feed/"] = NEWS
    assert (await find(SITE, services=services, now=NOW)).url == "https://kabar.example/id/feed/"
    web.answers[SITE] = page("<meta http-equiv=refresh content='0; url=https://lain.example/'>")
    web.asked.clear()
    await failure(SITE, services)
    assert "https://lain.example/" not in asked(web)


async def test_a_feed_without_entries_counts_where_there_is_no_other(services: Services, web: Web) -> None:
    web.answers[SITE] = page(f"<link {LINK} href='/kosong'>", f"<link {LINK} href='/penuh'>")
    web.answers["https://kabar.example/kosong"] = rss(title="Kosong")
    assert (await find(SITE, services=services, now=NOW)).url == "https://kabar.example/kosong"
    web.answers["https://kabar.example/penuh"] = NEWS
    assert (await find(SITE, services=services, now=NOW)).url == "https://kabar.example/penuh"


async def test_feeds_of_comments_are_the_last_to_be_taken(services: Services, web: Web) -> None:
    web.answers[SITE] = page(f"<link {LINK} href='/comments/feed/'>")
    web.answers["https://kabar.example/comments/feed/"] = NEWS
    assert (await find(SITE, services=services, now=NOW)).url == "https://kabar.example/comments/feed/"


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (
            Unreachable("", "the name kabar.example is not known"),
            "is the address written right? Look at it in",
        ),
        (
            TimedOut("", "no whole answer within 60 s"),
            "is the address written right? Look at it in a browser",
        ),
        (TlsFailed("", "its certificate has expired"), "tell its publisher; the address with http://"),
        (Refused("", refusal("10.0.0.1")), "write that below [polling] in feeds.toml only where you know"),
        (Refused("", "kabar.example is listed in never_fetch"), "take it out of that list, below [polling]"),
        (Refused("", "it redirects more than 10 times"), "give the address of the feed itself"),
        (
            Rejected("", "it answered 503", http_status=503),
            "it wants to be left alone for a while; try again",
        ),
        (
            Rejected("", "it answered 429", http_status=429),
            "it wants to be left alone for a while; try again",
        ),
    ],
)
async def test_a_host_that_does_not_answer_or_wants_to_be_left_alone_is_asked_once(
    services: Services, web: Web, error: Exception, advice: str
) -> None:
    web.answers[SITE] = error
    told = await failure(SITE, services)
    assert told.startswith(f"{SITE}: {error}; {advice}")
    assert len(web.asked) == 1


async def test_without_a_scheme_the_failures_of_both_are_told(services: Services, web: Web) -> None:
    web.answers["https://kabar.example/rss"] = TlsFailed("", "its certificate has expired")
    web.answers["http://kabar.example/rss"] = Unreachable("", "the connection was refused")
    told = await failure("kabar.example/rss", services)
    assert told.startswith(
        "https://kabar.example/rss: its certificate has expired; "
        "http://kabar.example/rss: the connection was refused; is the address written right?"
    )
    web.answers["http://kabar.example/rss"] = Rejected("", "it answered 404", http_status=404)
    told = await failure("kabar.example/rss", services)
    assert told.startswith(
        "https://kabar.example/rss: its certificate has expired; "
        "http://kabar.example/rss: no feed found there (it answered 404), and nothing at "
    )


async def test_what_both_schemes_have_in_common_is_told_once(services: Services, web: Web) -> None:
    for scheme in ("https", "http"):
        web.answers[f"{scheme}://10.0.0.1/rss"] = Refused("", refusal("10.0.0.1"))
    told = await failure("10.0.0.1/rss", services)
    assert told.startswith("https://10.0.0.1/rss and http://10.0.0.1/rss: 10.0.0.1 is no public address;")
    assert told.count("allow_networks") == 1


async def test_what_was_found_in_place_of_the_address_is_told_with_the_reason(
    services: Services, web: Web
) -> None:
    async def told(url: str) -> tuple[str, str]:
        found = await find(url, services=services, now=NOW)
        return found.instead, found.how

    web.answers["https://kabar.example/rss"] = NEWS
    assert await told("https://kabar.example/rss") == ("", "")
    assert await told("https://kabar.example/hilang") == (
        "https://kabar.example/hilang: the origin answered 404 Not Found",
        "where sites usually have a feed",
    )
    web.answers[SITE] = page("<a href='/umpan'>RSS</a>")
    web.answers["https://kabar.example/umpan"] = NEWS
    reason = f'{SITE}: an HTML page titled "Beranda", not a feed'
    assert await told(SITE) == (reason, "the page links to another address")
    web.answers[SITE] = page(f"<link {LINK} href='/umpan'>")
    assert await told(SITE) == (reason, "the page names another address")
    web.answers["https://kabar.example/lama"] = led("https://kabar.example/baru", NEWS, lasting=True)
    assert await told("https://kabar.example/lama") == (
        "https://kabar.example/lama: it leads to another address for good",
        "",
    )
    web.answers["https://kabar.example/x"] = TlsFailed("", "its certificate has expired")
    web.answers["http://kabar.example/x"] = NEWS
    assert await told("kabar.example/x") == ("https://kabar.example/x: its certificate has expired", "")


async def test_a_host_that_has_enough_of_us_in_the_midst_is_left_alone(services: Services, web: Web) -> None:
    web.answers[SITE] = page(f"<link {LINK} href='/a'>", f"<link {LINK} href='https://lain.example/b'>")
    web.answers["https://kabar.example/a"] = Rejected("", "429", http_status=429)
    await failure(SITE, services)
    assert asked(web) == [SITE, "https://kabar.example/a", "https://lain.example/b"]


async def test_a_page_behind_a_password_is_told_with_what_to_write(services: Services, web: Web) -> None:
    web.answers[SITE] = Rejected("", "the origin answered 401 Unauthorized", http_status=401)
    assert "write the [[feed]] by hand, with its own address and credential" in await failure(SITE, services)


async def test_a_broken_feed_is_told_as_that(services: Services, web: Web) -> None:
    web.answers["https://kabar.example/rss"] = NEWS[:-30]
    told = await failure("https://kabar.example/rss", services)
    assert "the document ends in the middle" in told


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (
            "https://nama:rahasia@kabar.example/rss",
            'write "https://kabar.example/rss" and credential = "NAME"',
        ),
        ("nama:rahasia@kabar.example/rss", 'write "https://kabar.example/rss"'),
        ("https:nama:rahasia@kabar.example/rss", 'write "https://kabar.example/rss"'),
        ("https:\\\\nama:rahasia@kabar.example", "kabar.example"),
        ("ftp://nama:rahasia@kabar.example/rss", "kabar.example"),
        ("gopher:nama:rahasia@kabar.example", "kabar.example"),
        ("file:///etc/passwd", "only http and https can be fetched"),
        ("|touch pwned", "blank"),
        ("dua kata", "blank"),
        ("", "is empty"),
    ],
)
async def test_what_is_no_address_is_told_before_anything_is_asked(
    services: Services, web: Web, url: str, told: str
) -> None:
    message = await failure(url, services)
    assert told in message
    assert "rahasia" not in message
    assert web.asked == []


# --- a feed that has died


DEAD = FeedSettings(id="kabar", url="https://kabar.example/rss")


def record(**known: Any) -> FeedRecord:
    return FeedRecord(
        **{
            "id": "kabar",
            "url": DEAD.url,
            "link": SITE,
            "added_at": NOW,
            "next_due": NOW,
            "failing_since": NOW - timedelta(days=8),
            **known,
        }
    )


@pytest.fixture
def dying(services: Services, tmp_path: Path) -> Services:
    return with_config(services, configured(tmp_path / "output", DEAD, FEED))


async def test_a_dead_feed_gets_the_line_to_write(dying: Services, web: Web) -> None:
    web.answers[SITE] = page(f"<link {LINK} href='/umpan'>")
    web.answers["https://kabar.example/umpan"] = NEWS
    found = await suggest(record(), DEAD, services=dying, now=NOW)
    assert found == FeedWarning(
        kind="feed-found",
        message='its site, kabar.example, has a feed at another address ("Kabar Satu"); '
        'write url = "https://kabar.example/umpan"',
    )
    assert DEAD.url not in asked(web)


@pytest.mark.parametrize(
    ("known", "start"),
    [
        ({"link": None}, "https://kabar.example/"),
        ({"link": DEAD.url}, "https://kabar.example/"),
        ({"link": "mailto:redaksi@kabar.example"}, "https://kabar.example/"),
        ({"link": "https://www.kabar.example/berita"}, "https://www.kabar.example/berita"),
        ({"link": "https://lain.example/"}, "https://lain.example/"),
    ],
)
async def test_it_is_looked_for_on_the_site_it_named_else_on_its_own(
    dying: Services, web: Web, known: dict[str, Any], start: str
) -> None:
    assert await suggest(record(**known), DEAD, services=dying, now=NOW) is None
    pages = [url for url in asked(web) if not url.endswith("/robots.txt")]
    assert pages[0] == start
    assert len(pages) <= discover.MOST_REQUESTS


@pytest.mark.parametrize(
    "named",
    [
        "https://lain.example/rss",  # another site
        "https://kabar.example/rss",  # the dead one
        "http://www.kabar.example/rss/",  # the dead one, written otherwise
        "https://kampar.example/rss",  # configured already, and on another site
        "https://kabar.example/comments/feed/",
        "https://kabar.example/kosong",
        "https://kabar.example/pindah",  # leads to another site
        "https://kabar.example/kembali",  # leads to the dead one
    ],
)
async def test_nothing_is_suggested_that_is_not_surely_its_own(dying: Services, web: Web, named: str) -> None:
    web.answers[SITE] = page(f"<link {LINK} href='{named}'>")
    web.answers[named] = NEWS
    web.answers["https://kabar.example/kosong"] = rss()
    web.answers["https://kabar.example/pindah"] = led("https://lain.example/rss", NEWS, lasting=True)
    web.answers["https://kabar.example/kembali"] = led(DEAD.url, NEWS, lasting=True)
    assert await suggest(record(), DEAD, services=dying, now=NOW) is None


async def test_neither_a_configured_feed_nor_the_adopted_address_is_suggested(
    services: Services, web: Web, tmp_path: Path
) -> None:
    other = FeedSettings(id="lain", url="https://kabar.example/umpan/")
    both = with_config(services, configured(tmp_path / "output", DEAD, other))
    web.answers[SITE] = page(
        f"<link {LINK} href='http://kabar.example/umpan'>", f"<link {LINK} href='/baru'>"
    )
    web.answers["http://kabar.example/umpan"] = web.answers["https://kabar.example/baru"] = NEWS
    adopted = record(move=Move(to="https://kabar.example/baru", adopted="https://kabar.example/baru"))
    assert await suggest(adopted, DEAD, services=both, now=NOW) is None


async def test_robots_txt_and_waits_of_hosts_hold_for_a_search_that_nobody_asked_for(
    dying: Services, web: Web
) -> None:
    web.answers[SITE] = page(f"<link {LINK} href='/umpan'>")
    web.answers["https://kabar.example/umpan"] = NEWS
    web.answers["https://kabar.example/robots.txt"] = b"User-agent: *\nDisallow: /"
    assert await suggest(record(), DEAD, services=dying, now=NOW) is None
    assert asked(web) == ["https://kabar.example/robots.txt"]


async def test_a_429_in_a_search_keeps_every_request_from_that_host(dying: Services, web: Web) -> None:
    web.answers[SITE] = Rejected(
        SITE,
        "the origin answered 429",
        http_status=429,
        retry_after=NOW + timedelta(hours=5),
        host="kabar.example:443",
    )
    assert await suggest(record(), DEAD, services=dying, now=NOW) is None
    assert dying.hosts.until(DEAD.url, NOW) == NOW + timedelta(hours=5)
    web.asked.clear()
    assert await suggest(record(), DEAD, services=dying, now=NOW + timedelta(hours=1)) is None
    assert web.asked == []


async def test_a_search_that_fails_in_any_way_suggests_nothing(dying: Services, web: Web) -> None:
    for error in (Unreachable(SITE, "no"), TimedOut(SITE, "no"), Rejected(SITE, "403", http_status=403)):
        web.answers[SITE] = error
        assert await suggest(record(), DEAD, services=dying, now=NOW) is None


# --- on real sockets


@asynccontextmanager
async def real(services: Services) -> AsyncIterator[Services]:
    async with fetching(polling(host_delay=timedelta(0))) as fetcher:
        yield replace(services, fetcher=fetcher, workers=Here())


async def test_on_a_real_origin_the_editors_port_is_asked_and_no_other_one(services: Services) -> None:
    with Origin() as origin, Origin("127.0.0.2") as other:
        origin.answer(
            "/",
            reply(200, page(f"<link {LINK} href='/pindah'>", f"<link {LINK} href='{other.url('/umpan')}'>")),
        )
        origin.answer("/pindah", reply(301, headers={"Location": "/umpan"}))
        origin.answer("/umpan", reply(200, NEWS, {"Content-Type": "text/html"}))
        async with real(services) as edges:
            found = await find(origin.url("/"), services=edges, now=NOW)
        assert found.url == origin.url("/umpan")
        assert found.title == "Kabar Satu"
        assert [seen.target for seen in origin.seen()] == ["/", "/pindah", "/umpan"]
        for seen in origin.seen():
            assert seen.header("authorization") is None
            assert seen.header("cookie") is None
            assert seen.header("referer") is None


async def test_a_hostile_page_is_no_more_than_a_page_without_feeds(services: Services) -> None:
    with Origin() as origin:
        origin.answer(
            "/", reply(200, b"<link rel=alternate type=application/rss+xml href='/loop'>" + b"<!--" * 10_000)
        )
        origin.answer("/loop", reply(302, headers={"Location": "/loop"}))
        async with real(services) as edges:
            with pytest.raises(AggregatorError, match="no feed found there"):
                await find(origin.url("/"), services=edges, now=NOW)
