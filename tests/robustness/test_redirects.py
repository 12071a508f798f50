"""Where an origin sends us, and the codes that it answers with (robustness, RS)."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.daemon.program import Room
from tests.origin import CLOSE, RESET, Answer, Origin, Seen, reply
from tests.robustness.conftest import NOW, Desk, feed_at, headline_of, news, settings

pytestmark = pytest.mark.anyio
TLS = Path(__file__).parent.parent / "fetch" / "tls"
PAGE = reply(200, b"<!DOCTYPE html><html><body>Sila masuk</body></html>", {"Content-Type": "text/html"})
PAIR = {"ETag": '"abc"'}


def to(url: str, status: int = 301) -> bytes:
    return reply(status, headers={"Location": url})


def serving(name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{name}.pem", TLS / "key.pem")
    return context


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    """One that asks its feed six times a day."""
    await desk.configure(replace(desk.config.feed[0], interval=timedelta(hours=4)))
    return desk


async def over_days(desk: Desk, days: float) -> None:
    """Do every poll of these days."""
    end = desk.now + timedelta(days=days)
    while desk.record().next_due < end:
        await desk.at_next_due()


# Moved.


@pytest.mark.parametrize("status", [301, 308])
async def test_rs_01_a_feed_that_has_moved_for_good_is_asked_at_its_new_address_from_the_second_day_on(
    desk: Desk, origin: Origin, status: int
) -> None:
    origin.answer("/feed", to("/new", status))
    origin.answer("/new", reply(200, news(1), PAIR), reply(304, headers=PAIR))
    await desk.round()
    ids = desk.ids()
    assert f'url = "{origin.url("/new")}"' in desk.warnings()["moved"]
    await over_days(desk, 0.9)
    assert len(origin.seen("/feed")) == len(origin.seen("/new"))
    await over_days(desk, 0.3)
    asked = len(origin.seen("/feed"))
    await over_days(desk, 3)
    assert len(origin.seen("/feed")) == asked
    assert len(origin.seen("/new")) > asked
    await desk.restart()
    await desk.at_next_due()
    assert len(origin.seen("/feed")) == asked
    told = desk.feed()
    assert (told["state"], told["url"]) == ("ok", origin.url("/feed"))
    assert "moved" in desk.warnings()
    assert desk.ids() == ids
    assert desk.ledger()["accepted"] == 1


def test_rs_01_the_editor_s_file_is_never_rewritten(tmp_path: Path) -> None:
    with Origin() as origin:
        origin.answer("/feed", to("/new"))
        origin.answer("/new", reply(200, news(1)))
        room = Room(tmp_path)
        room.write(feeds={"kampar": origin.url("/feed")})
        before = room.config.read_bytes()
        assert room.run("once", "--force").returncode == 0
        assert room.config.read_bytes() == before
        [told] = room.status()["feeds"]
        [moved] = [each["message"] for each in told["warnings"] if each["kind"] == "moved"]
        assert origin.url("/new") in moved


async def test_rs_01_a_chain_with_one_passing_hop_is_never_adopted(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", to("/a"))
    origin.answer("/a", to("/b", 302))
    origin.answer("/b", to("/c", 308))
    origin.answer("/c", reply(200, news(1), PAIR), reply(304))
    await desk.round()
    await over_days(desk, 3)
    assert len(origin.seen("/feed")) == len(origin.seen("/c")) > 12
    assert "moved" not in desk.warnings()


async def test_rs_01_a_redirect_that_changes_its_mind_is_not_adopted(desk: Desk, origin: Origin) -> None:
    turns = iter(range(1_000))
    origin.answer("/feed", lambda _: to(f"/{next(turns) % 2}"))
    origin.answer("/0", reply(200, news(1)))
    origin.answer("/1", reply(200, news(1)))
    await desk.round()
    await over_days(desk, 3)
    assert len(origin.seen("/feed")) == len(origin.seen("/0")) + len(origin.seen("/1")) > 12


async def test_rs_01_an_adopted_address_that_fails_does_not_lose_the_feed(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", to("/new"))
    origin.answer("/new", reply(200, news(1), PAIR), reply(304))
    await desk.round()
    await over_days(desk, 1.3)
    origin.answer("/new", reply(404))
    origin.answer("/feed", reply(200, news(1, 2)))
    for _ in range(3):
        await desk.at_next_due()
    assert (desk.feed()["state"], len(desk.headlines())) == ("ok", 2)


async def test_rs_01_an_adopted_address_that_is_gone_does_not_end_the_polls_of_the_feed(
    desk: Desk, origin: Origin
) -> None:
    origin.answer("/feed", to("/new"))
    origin.answer("/new", reply(200, news(1), PAIR), reply(304))
    await desk.round()
    await over_days(desk, 1.3)
    origin.answer("/new", reply(410))
    origin.answer("/feed", to("/newer"))
    origin.answer("/newer", reply(200, news(1, 2)))
    for _ in range(2):
        await desk.at_next_due()
    assert (desk.feed()["state"], len(desk.headlines())) == ("ok", 2)
    assert origin.url("/newer") in desk.warnings()["moved"]
    # Where the editor's own address leads there too, it is that other one that is gone.
    origin.answer("/feed", to("/new"))
    for _ in range(3):
        await desk.at_next_due()
    assert desk.feed()["state"] == "failing"
    origin.answer("/feed", reply(410))
    for _ in range(3):
        if desk.feed()["state"] != "gone":
            await desk.at_next_due()
    assert desk.feed()["state"] == "gone"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_rs_09_a_410_behind_a_redirect_ends_no_polls(desk: Desk, origin: Origin, status: int) -> None:
    await desk.round()
    origin.answer("/feed", reply(status, headers={"Location": "/elsewhere"}))
    origin.answer("/elsewhere", reply(410))
    for _ in range(3):
        await desk.at_next_due()
    assert desk.feed()["state"] == "failing"
    assert desk.feed()["next_due"] is not None
    origin.answer("/feed", reply(200, news(1)))
    await desk.at_next_due()
    assert desk.feed()["state"] == "ok"


async def test_rs_01_a_redirect_that_ends_is_noticed_within_a_week(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", to("/new"))
    origin.answer("/new", reply(200, news(1), PAIR), reply(304))
    await desk.round()
    await over_days(desk, 2)
    assert "moved" in desk.warnings()
    origin.answer("/feed", reply(200, news(1, 2), PAIR), reply(304))
    await over_days(desk, 7)
    assert "moved" not in desk.warnings()
    assert len(desk.headlines()) == 2
    asked = len(origin.seen("/new"))
    await over_days(desk, 2)
    assert len(origin.seen("/new")) == asked


async def test_rs_02_the_page_of_a_captive_portal_is_never_remembered(desk: Desk, origin: Origin) -> None:
    with Origin("127.0.0.2") as portal:
        desk.origins.append(portal)
        portal.answer("/login", PAGE)
        origin.answer("/feed", reply(200, news(1), PAIR))
        await desk.round()
        origin.answer("/feed", to(portal.url("/login")))
        await over_days(desk, 4)
        told = desk.feed()
        assert (told["state"], told["error"]["kind"]) == ("failing", "not-a-feed")
        assert portal.url() not in json.dumps(desk.status())
        assert len(origin.seen("/feed")) == len(portal.seen("/login")) + 1
        assert origin.seen("/feed")[-1].header("if-none-match") == b'"abc"'
        assert desk.headlines() == [headline_of(1)]
        origin.answer("/feed", reply(200, news(1, 2), PAIR))
        asked = len(portal.seen())
        await desk.at_next_due()
        assert len(portal.seen()) == asked
        assert (desk.feed()["state"], len(desk.headlines())) == ("ok", 2)


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_rs_03_a_passing_redirect_is_followed_and_never_remembered(
    desk: Desk, origin: Origin, status: int
) -> None:
    origin.answer("/feed", to("/today", status))
    origin.answer("/today", reply(200, news(1), PAIR), reply(304))
    await desk.round()
    await over_days(desk, 2.5)
    assert len(origin.seen("/feed")) == len(origin.seen("/today")) > 12
    assert {seen.header("if-none-match") for seen in origin.seen("/today")[1:]} == {b'"abc"'}
    assert "moved" not in desk.warnings()
    assert desk.feed()["state"] == "ok"


NOWHERE = {
    "itself": "/feed",
    "none": None,
    "empty": "",
    "blank": " ",
    "backslashes": "\\\\evil",
    "a slash and a backslash": "/\\evil",
    "no host": "http://",
    "a script": "javascript:alert(1)",
    "a file": "file:///etc/passwd",
    "data": "data:text/xml,<rss/>",
    "ftp": "ftp://127.0.0.1/feed",
    "port 0": "http://127.0.0.1:0/",
    "no port": "http://127.0.0.1:99999/",
    "half an address": "//[::1",
}


@pytest.mark.parametrize("status", [301, 302])
async def test_rs_05_a_redirect_to_nowhere_is_one_failed_poll(
    desk: Desk, origin: Origin, status: int
) -> None:
    origin.answer("/feed", reply(200, news(1)))
    await desk.round()
    for name, location in NOWHERE.items():
        said = {} if location is None else {"Location": location}
        origin.answer("/feed", reply(status, headers=said), reply(200, news(1, 2)))
        asked = len(origin.seen())
        await desk.at_next_due()
        assert len(origin.seen()) == asked + 1, name
        told = desk.feed()
        assert (told["state"], told["failures"]) == ("failing", 1), (name, told)
        assert headline_of(1) in desk.headlines(), name
        await desk.later(hours=3)
        assert len(origin.seen()) == asked + 1, name
        await desk.at_next_due()
        assert (desk.feed()["state"], len(desk.headlines())) == ("ok", 2), name


@pytest.mark.parametrize("hops", [10, 11, 21, 1_000_000])
async def test_rs_05_no_more_than_ten_redirects_are_followed(desk: Desk, origin: Origin, hops: int) -> None:
    def onwards(number: int) -> Callable[[Seen], Answer]:
        def answer(_: Seen) -> Answer:
            if number == hops:
                return reply(200, news(1))
            origin.answer(f"/{number + 1}", onwards(number + 1))
            return to(f"/{number + 1}", 302)

        return answer

    origin.answer("/feed", onwards(0))
    await desk.round()
    assert len(origin.seen()) == 11
    assert desk.feed()["state"] == ("ok" if hops == 10 else "failing")
    if hops > 10:
        assert desk.feed()["error"]["kind"] == "refused"


async def test_rs_05_a_circle_of_three_is_left_when_it_closes(desk: Desk, origin: Origin) -> None:
    for path, following in (("/feed", "/a"), ("/a", "/b"), ("/b", "/feed")):
        origin.answer(path, to(following))
    await desk.round()
    assert len(origin.seen()) == 3
    assert "circle" in desk.feed()["error"]["message"]
    await over_days(desk, 2)
    assert len(origin.seen()) < 20
    assert "moved" not in desk.warnings()


# Credentials.


SECRETS = {
    "basic": ("ani:s4ndi-rahasia", "authorization"),
    "header": ("X-Api-Key: s4ndi-rahasia", "x-api-key"),
}


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("status", [301, 302])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
async def test_rs_07_a_credential_goes_to_no_other_host_or_port_not_even_when_it_is_adopted(
    desk: Desk, origin: Origin, capfd: pytest.CaptureFixture[str], kind: str, status: int, host: str
) -> None:
    secret, name = SECRETS[kind]
    with Origin(host) as other:
        desk.origins.append(other)
        origin.answer("/feed", to(other.url("/feed"), status))
        other.answer("/feed", reply(200, news(1), PAIR), reply(304))
        desk.secrets["pintu"] = secret
        await desk.configure(replace(desk.config.feed[0], credential="pintu"))
        await desk.round()
        await over_days(desk, 1.5)
        assert all(seen.header(name) for seen in origin.seen())
        assert len(other.seen()) > 5
        assert not [seen for seen in other.seen() if b"s4ndi" in seen.raw or seen.header(name)]
        assert desk.headlines() == [headline_of(1)]
    said = capfd.readouterr()
    everything = (said.out + said.err).encode() + json.dumps(desk.status()).encode()
    files = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    assert b"s4ndi" not in everything + files


async def test_rs_07_a_feed_with_a_credential_is_not_followed_from_https_to_http(
    desk: Desk, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "localhost.pem"))
    with Origin(tls=serving()) as safe:
        origin.answer("/feed", reply(200, news(1)))
        safe.answer("/feed", to(origin.url("/feed"), 302))
        desk.secrets["pintu"] = "ani:sandi"
        await desk.configure(feed_at(safe.url("/feed", host="localhost"), credential="pintu"))
        await desk.round()
        assert (desk.feed()["state"], desk.feed()["error"]["kind"]) == ("failing", "refused")
        assert origin.seen() == []
        # Without a credential nothing is given away.
        await desk.configure(feed_at(safe.url("/feed", host="localhost")))
        await desk.at_next_due()
        assert len(desk.headlines()) == 1


# Gone, and not gone.


async def test_rs_09_410_ends_the_polls_visibly_and_a_person_can_take_them_up_again(
    desk: Desk, origin: Origin
) -> None:
    origin.answer("/feed", reply(200, news(1), PAIR), reply(410), reply(200, news(1, 2), PAIR))
    await desk.round()
    stories = desk.files()
    await desk.at_next_due()
    told = desk.feed()
    assert (told["state"], told["next_due"], told["next_due_reason"]) == ("gone", None, "gone")
    assert any("gone" in reason for reason in desk.status()["reasons"])
    await desk.until(desk.now + timedelta(days=3), every=timedelta(hours=3))
    await desk.restart()
    await desk.round(force=True)
    await desk.later(days=300)
    assert len(origin.seen()) == 2
    kept = [name for name in stories if name.endswith(("rss.xml", "atom.xml", "feed.json"))]
    assert {name: desk.files()[name] for name in kept} == {name: stories[name] for name in kept}
    assert desk.store.ask_again("kampar", now=desk.now)  # what `release` does
    await desk.round()
    assert (len(origin.seen()), desk.feed()["state"], len(desk.headlines())) == (3, "ok", 2)
    await desk.at_next_due()
    assert len(origin.seen()) == 4


async def test_rs_09_a_feed_that_is_still_gone_when_it_is_taken_up_is_gone_again(
    desk: Desk, origin: Origin
) -> None:
    origin.answer("/feed", reply(410, b"", {"Retry-After": "60", "ETag": '"gone"'}))
    await desk.round()
    await desk.later(days=1)
    await desk.round(feeds=("kampar",))
    assert (len(origin.seen()), desk.feed()["state"]) == (2, "gone")
    assert desk.store.ask_again("kampar", now=desk.now)
    await desk.round()
    await desk.later(days=40)
    assert (len(origin.seen()), desk.feed()["state"]) == (3, "gone")


FAILURES: dict[str, tuple[Answer, ...]] = {
    "not found": (reply(404),),
    "broken": (reply(500), reply(503), reply(502)),
    "whatever can be": (
        reply(404),
        (RESET,),
        PAGE,
        reply(451),
        (b"", CLOSE),
        to("/feed"),
        reply(401),
        reply(200, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<rss>", CLOSE),
        (b"SSH-2.0-OpenSSH_9.2\r\n", CLOSE),
    ),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_rs_10_after_fifty_failures_a_feed_recovers_by_itself(
    desk: Desk, origin: Origin, name: str
) -> None:
    await desk.configure(feed_at(origin.url("/feed")))  # an interval that adapts
    origin.answer("/feed", reply(200, news(1), PAIR))
    await desk.round()
    for number in range(50):
        answers = FAILURES[name]
        origin.answer("/feed", answers[number % len(answers)])
        await desk.at_next_due()
        assert desk.feed()["failures"] == number + 1
        assert desk.due_in() <= timedelta(hours=24 * 1.1)
    assert desk.headlines() == [headline_of(1)]
    assert desk.now - NOW > timedelta(days=7)
    await recovered(desk, origin)


async def test_rs_10_after_time_outs_over_days_a_feed_recovers_by_itself(desk: Desk, origin: Origin) -> None:
    await desk.configure(feed_at(origin.url("/feed")), polling=settings(timeout=timedelta(seconds=0.2)))
    origin.answer("/feed", reply(200, news(1), PAIR))
    while not desk.headlines():
        await desk.at_next_due()
    origin.answer("/feed", (5,))
    for number in range(12):
        await desk.at_next_due()
        assert desk.feed()["error"]["kind"] == "timeout"
        # It is down for less than a week: asked every six hours at the least.
        assert desk.due_in() <= timedelta(hours=6 * 1.1), number
    await desk.configure(polling=settings())
    await recovered(desk, origin)


async def recovered(desk: Desk, origin: Origin) -> None:
    """See that the feed goes on as if nothing had been."""
    origin.answer("/feed", reply(200, news(1, 2), PAIR))
    await desk.at_next_due()
    told = desk.feed()
    assert (told["state"], told["failures"], told["error"]) == ("ok", 0, None)
    assert len(desk.headlines()) == 2
    assert desk.due_in() <= timedelta(hours=1.1)
    assert origin.seen()[-1].header("if-none-match") == b'"abc"' or desk.now - NOW > timedelta(days=7)


@pytest.mark.parametrize("status", [401, 403, 407])
async def test_rs_11_a_shut_door_is_told_backed_off_from_and_names_no_credential(
    desk: Desk, origin: Origin, capfd: pytest.CaptureFixture[str], status: int
) -> None:
    echo = {"WWW-Authenticate": 'Basic realm="YW5pOnM0bmRp s4ndi"'}
    origin.answer("/feed", reply(status, b"s4ndi is wrong", echo))
    desk.secrets["pintu"] = "ani:s4ndi"
    await desk.configure(replace(desk.config.feed[0], credential="pintu"))
    waits = []
    for _ in range(6):
        await desk.at_next_due()
        waits.append(desk.due_in())
    assert all(later >= 1.9 * before for before, later in pairwise(waits[:3]))
    assert waits[-1] >= timedelta(hours=24)
    told = desk.feed()
    assert (told["state"], told["http_status"], told["error"]["kind"]) == ("failing", status, "rejected")
    assert str(status) in told["error"]["message"]
    said = capfd.readouterr()
    assert not [word for word in ("s4ndi", "YW5p") if word in said.out + said.err + json.dumps(desk.status())]


OTHER_CODES = (
    *(201, 202, 204, 205, 206, 226, 300, 305, 306),
    *(400, 402, 405, 406, 418, 421, 425, 431, 451, 501, 599, 999),
)


async def test_other_codes_bring_no_document_and_lose_nothing(desk: Desk, origin: Origin) -> None:
    origin.answer("/feed", reply(200, news(1), PAIR))
    await desk.round()
    for status in OTHER_CODES:
        odd = (reply(status, news(7), {"ETag": '"odd"', "Location": "/other"}), CLOSE)
        origin.answer("/feed", odd, reply(200, news(1, 2), PAIR))
        await desk.at_next_due()
        told = desk.feed()
        assert (told["state"], told["http_status"]) == ("failing", status)
        assert origin.seen("/other") == []
        assert headline_of(7) not in desk.headlines()
        await desk.at_next_due()
        assert origin.seen("/feed")[-1].header("if-none-match") in (b'"abc"', None), status
        assert (desk.feed()["state"], len(desk.headlines())) == ("ok", 2), status
    # All is asked for once in seven days, and once more where that failed.
    whole = [seen for seen in origin.seen("/feed")[1:] if seen.header("if-none-match") is None]
    assert len(whole) <= 2 * (desk.now - NOW) / timedelta(days=7)


@pytest.mark.parametrize(
    "before",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" * 2,
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n",
    ],
)
async def test_rs_13_interim_answers_are_passed_over(desk: Desk, origin: Origin, before: bytes) -> None:
    origin.answer("/feed", before + reply(200, news(1), PAIR), before + reply(304))
    await desk.round()
    await desk.at_next_due()
    assert (desk.feed()["state"], desk.feed()["http_status"]) == ("ok", 304)
    assert desk.headlines() == [headline_of(1)]


@pytest.mark.parametrize(
    ("certificate", "trusted", "host", "words"),
    [
        pytest.param("expired", "expired", "localhost", "expired", id="expired"),
        pytest.param("localhost", "localhost", None, "another name", id="wrong host"),
        pytest.param("localhost", None, "localhost", "signed by nobody but itself", id="self-signed"),
        pytest.param("old", "localhost", "localhost", "no TLS that is still safe", id="TLS 1.0"),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_rs_16_a_certificate_that_is_not_to_be_trusted_is_told_plainly(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    certificate: str,
    trusted: str | None,
    host: str | None,
    words: str,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(TLS / f"{trusted}.pem"))
    context = serving("localhost" if certificate == "old" else certificate)
    if certificate == "old":
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    with Origin(tls=context) as safe:
        safe.answer("/feed", reply(200, news(1)))
        await desk.configure(feed_at(safe.url("/feed", host=host)))
        await desk.round()
        told = desk.feed()
        assert (told["state"], told["error"]["kind"]) == ("failing", "tls")
        assert words in told["error"]["message"]
        assert safe.seen() == []
    assert desk.due_in() >= timedelta(hours=1)
    assert desk.now == NOW
