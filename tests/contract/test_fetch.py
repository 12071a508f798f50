"""What an origin sees of us, and what we make of what it says (robustness.md: PM, RS)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aggregator.errors import FetchError, Refused, Rejected, Unreachable
from aggregator.fetch import FEED_ACCEPT, Fetcher
from aggregator.model import Document, NotModified, Request, Validators
from tests.fetching import AGENT, NOW, fetch, fetching, polling
from tests.origin import CLOSE, RESET, Origin, reply

pytestmark = pytest.mark.anyio

LAST_MODIFIED = b"Sat, 08 Jan 2022 05:06:00 GMT"


async def had(fetcher: Fetcher, url: str, validators: Validators | None = None, **more: Any) -> Document:
    request = Request(url=url, validators=validators or Validators(), own_port=True, **more)
    document = await fetcher.fetch(request, now=NOW)
    assert isinstance(document, Document)
    return document


# What is sent.


async def test_both_validators_come_back_byte_for_byte() -> None:
    with Origin() as origin:
        url = origin.answer(
            "/feed", reply(200, b"<rss/>", {"ETag": '"abc"', "Last-Modified": LAST_MODIFIED}), reply(304)
        )
        async with fetching() as fetcher:
            document = await had(fetcher, url)
            again = await fetcher.fetch(
                Request(url=url, validators=document.validators, own_port=True), now=NOW
            )
        assert isinstance(again, NotModified)
        assert again.validators == document.validators
        first, second = origin.seen("/feed")
    assert first.header("if-none-match") is None
    assert first.header("if-modified-since") is None
    assert second.header("if-none-match") == b'"abc"'
    assert second.header("if-modified-since") == LAST_MODIFIED


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("ETag", b'W/"x"', b'W/"x"'),
        ("ETag", b"unquoted", b"unquoted"),
        ("ETag", b'"a,b"', b'"a,b"'),
        ("ETag", b'""', b'""'),
        ("ETag", b'"a\tb"', b'"a\tb"'),
        ("ETag", '"\u0451"'.encode(), '"\u0451"'.encode()),
        ("ETag", b'"\xe9\xff"', None),  # cannot be sent as it is: dropped, not mended
        ("ETag", b"", None),
        ("ETag", b'"' + b"x" * 7000 + b'"', b'"' + b"x" * 7000 + b'"'),
        ("Last-Modified", b"Sat, 8 January 22 05:06 WIB", b"Sat, 8 January 22 05:06 WIB"),
        ("Last-Modified", b"yesterday", b"yesterday"),
    ],
)
async def test_a_validator_is_sent_back_as_it_came_or_not_at_all(
    name: str, value: bytes, sent: bytes | None
) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(200, b"<rss/>", {name: value}), reply(200, b"<rss/>"))
        async with fetching() as fetcher:
            document = await had(fetcher, url)
            await had(fetcher, url, document.validators)
        second = origin.seen("/feed")[1]
    assert second.header("If-None-Match" if name == "ETag" else "If-Modified-Since") == sent


@pytest.mark.parametrize("value", [b'"a\r\nX-Evil: 1"', b'"a\nb"', b'"a\x00b"', b'"a\x7fb"', b'"a\r\n\tb"'])
async def test_a_validator_never_makes_another_header(value: bytes) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(200, b"<rss/>"))
        async with fetching() as fetcher:
            await had(fetcher, url, Validators(etag=value, last_modified=value))
        (request,) = origin.seen()
    assert {name.lower() for name, _ in request.headers} == {
        b"host",
        b"user-agent",
        b"accept",
        b"accept-encoding",
    }


async def test_a_folded_header_does_not_brick_the_feed() -> None:
    with Origin() as origin:
        folded = b'HTTP/1.1 200 OK\r\nETag: "a\r\n X-Evil: b"\r\nContent-Length: 6\r\n\r\n<rss/>'
        url = origin.answer("/feed", folded)
        async with fetching() as fetcher:
            document = await had(fetcher, url)
            await had(fetcher, url, document.validators)
        assert all(request.header("x-evil") is None for request in origin.seen())


async def test_a_validator_that_is_given_no_more_is_forgotten() -> None:
    with Origin() as origin:
        url = origin.answer(
            "/feed", reply(200, b"<rss/>", {"Last-Modified": LAST_MODIFIED}), reply(200, b"<a/>")
        )
        async with fetching() as fetcher:
            first = await had(fetcher, url)
            second = await had(fetcher, url, first.validators)
    assert second.validators == Validators()


async def test_five_polls_carry_these_headers_and_no_others() -> None:
    with Origin() as origin:
        url = origin.answer("/feed?a=1", reply(200, b"<rss/>", {"Set-Cookie": "id=1; Path=/"}))
        async with fetching() as fetcher:
            for _ in range(5):
                await had(fetcher, url, accept=FEED_ACCEPT)
        requests = origin.seen()
        assert len(requests) == 5
        for request in requests:
            assert (request.method, request.target) == ("GET", "/feed?a=1")
            assert dict(request.headers) == {
                b"host": f"127.0.0.1:{origin.port}".encode(),
                b"user-agent": AGENT.encode(),
                b"accept": FEED_ACCEPT.encode(),
                b"accept-encoding": b"gzip, deflate",
            }


@pytest.mark.parametrize(
    "path", ["/a%2Fb", "/%41", "/%zz", "/a?x=%2F&y=%3D%3D", "/a?u=http%3A%2F%2Fb%2F", "/a?x=1|2", "/a;b=c,d"]
)
async def test_the_address_is_asked_as_it_is_written(path: str) -> None:
    with Origin() as origin:
        await fetch(origin.answer(path, reply(200, b"x")))
        assert [request.target for request in origin.seen()] == [path]


async def test_connections_are_used_again() -> None:
    with Origin() as origin:
        url = origin.answer(
            "/feed", reply(200, b"<rss/>"), reply(304), reply(404), reply(302, b"", {"Location": "/b"})
        )
        origin.answer("/b", reply(200, b"x"))
        async with fetching() as fetcher:
            await had(fetcher, url)
            await fetcher.fetch(Request(url=url, own_port=True), now=NOW)
            with pytest.raises(Rejected):
                await had(fetcher, url)
            await had(fetcher, url)
        assert origin.connections == 1


# What is answered.


async def test_a_document_is_whole_and_told_where_it_came_from() -> None:
    with Origin() as origin:
        url = origin.answer(
            "/feed",
            reply(200, b"<rss/>", {"Content-Type": "text/xml; charset=utf-8", "Cache-Control": "max-age=60"}),
        )
        document = await fetch(url)
    assert isinstance(document, Document)
    assert (document.url, document.status, document.body) == (url, 200, b"<rss/>")
    assert document.content_type == "text/xml; charset=utf-8"
    assert document.freshness.max_age == timedelta(minutes=1)
    assert document.moved_to is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (201, "it answered 201 Created"),
        (202, "it answered 202 Accepted"),
        (204, "it answered 204 No Content"),
        (206, "it answered 206: a part that was not asked for"),
        (226, "it answered 226: a part that was not asked for"),
        (300, "it answered 300 Multiple Choices"),
        (305, "it answered 305 Use Proxy"),
        (401, "it answered 401 Unauthorized: it asks for a user and a password"),
        (403, "it answered 403 Forbidden: it does not let us in"),
        (404, "it answered 404 Not Found"),
        (410, "it answered 410 Gone: it is never to be asked again"),
        (429, "it answered 429 Too Many Requests: it was asked too often"),
        (500, "it answered 500 Internal Server Error"),
        (599, "it answered 599"),
        (999, "it answered 999"),
    ],
)
async def test_other_answers_are_told_in_our_words(status: int, reason: str) -> None:
    with Origin() as origin:
        body = b"" if status == 204 else b"<rss>\x1b[31m</rss>"
        url = origin.answer("/feed", reply(status, body, {"ETag": '"evil"'}, length=status != 204))
        with pytest.raises(Rejected) as caught:
            await fetch(url)
    assert caught.value.http_status == status
    assert caught.value.reason == reason
    assert caught.value.kind == "rejected"


@pytest.mark.parametrize(
    ("status", "value", "wait"),
    [
        (429, "7200", timedelta(hours=2)),
        (503, "Sat, 08 Jan 2022 08:06:00 GMT", timedelta(hours=3)),
        (429, "99999999999999999999", timedelta(days=31)),
        (503, "Sat, 08 Jan 2028 08:06:00 GMT", timedelta(days=31)),
        (429, "Fri, 07 Jan 2022 08:06:00 GMT", None),
        (429, "soon", None),
        (429, "-5", None),
        (404, "7200", None),
    ],
)
async def test_retry_after_is_believed_up_to_a_month(status: int, value: str, wait: timedelta | None) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(status, b"", {"Retry-After": value}))
        with pytest.raises(Rejected) as caught:
            await fetch(url)
    assert caught.value.retry_after == (None if wait is None else NOW + wait)


async def test_interim_answers_are_passed_over() -> None:
    with Origin() as origin:
        hints = reply(103, b"", {"Link": "</a.css>"})
        url = origin.answer("/feed", hints + hints + reply(100) + reply(200, b"<rss/>"))
        document = await fetch(url)
    assert isinstance(document, Document)
    assert document.body == b"<rss/>"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((CLOSE,), "the connection was closed before an answer came"),
        ((RESET,), "the connection was broken off"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n", CLOSE), "the answer is no HTTP"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", CLOSE), "the answer is no HTTP"),
        ((b"HTTP/1.1 200 OK\r\nETag: \x00\r\n\r\n", CLOSE), "the answer is no HTTP"),
    ],
)
async def test_what_is_no_answer_is_unreachable(answer: Any, reason: str) -> None:
    with Origin() as origin:
        with pytest.raises(Unreachable) as caught:
            await fetch(origin.answer("/feed", answer))
        assert len(origin.seen()) == 1
    assert caught.value.reason == reason


async def test_only_a_connection_that_was_used_before_is_given_a_second_try() -> None:
    with Origin() as origin:
        url = origin.answer(
            "/feed", reply(200, b"a"), (CLOSE,), reply(200, b"b"), (CLOSE,), (CLOSE,), reply(200, b"c")
        )
        async with fetching() as fetcher:
            assert (await had(fetcher, url)).body == b"a"
            assert (await had(fetcher, url)).body == b"b"
            with pytest.raises(Unreachable):
                await had(fetcher, url)
            assert (await had(fetcher, url)).body == b"c"
        assert [request.connection for request in origin.seen()] == [1, 1, 2, 2, 3, 4]


async def test_a_host_that_is_not_there_is_told_from_a_name_that_is_not_known() -> None:
    with Origin() as origin:
        closed = origin.url("/feed")
    with pytest.raises(Unreachable, match=r"^the connection was refused$"):
        await fetch(closed)
    with pytest.raises(Unreachable, match=r"^the name riau.invalid (is not known|could not be looked up)$"):
        await fetch("http://riau.invalid/feed")
    with pytest.raises(Unreachable, match=r"is no proper name$"):
        await fetch(f"http://{'a' * 64}.example/feed")


# Redirects.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed_and_told_only_when_it_is_permanent(status: int) -> None:
    with Origin() as origin:
        url = origin.answer("/old", reply(status, b"moved", {"Location": "new?x=%2F"}))
        origin.answer("/new?x=%2F", reply(200, b"<rss/>"))
        document = await fetch(url)
    assert isinstance(document, Document)
    assert document.url == origin.url("/new?x=%2F")
    assert document.moved_to == (document.url if status in (301, 308) else None)


@pytest.mark.parametrize(
    ("statuses", "moved"), [((301, 308), True), ((301, 302), False), ((307, 301), False)]
)
async def test_one_passing_redirect_makes_the_chain_passing(statuses: tuple[int, ...], moved: bool) -> None:
    with Origin() as origin:
        url = origin.answer("/0", reply(statuses[0], b"", {"Location": "/1"}))
        origin.answer("/1", reply(statuses[1], b"", {"Location": "/2"}))
        origin.answer("/2", reply(200, b"<rss/>"))
        document = await fetch(url)
    assert isinstance(document, Document)
    assert (document.moved_to is not None) is moved


async def test_ten_redirects_are_followed_and_eleven_are_not() -> None:
    with Origin() as origin:
        for hop in range(30):
            origin.answer(f"/{hop}", reply(302, b"", {"Location": f"/{hop + 1}"}))
        origin.answer("/10", reply(200, b"<rss/>"))
        assert isinstance(await fetch(origin.url("/0")), Document)
        origin.answer("/10", reply(302, b"", {"Location": "/11"}))
        with pytest.raises(Refused, match=r"^it redirects more than 10 times$"):
            await fetch(origin.url("/0"))
        assert len(origin.seen()) == 22


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, Rejected),
        ({"Location": ""}, Rejected),
        ({"Location": " "}, Rejected),
        ({"Location": "/feed"}, Rejected),
        ({"Location": "#top"}, Rejected),
        ({"Location": "\\\\evil.invalid/"}, Rejected),
        ({"Location": "http://evil.invalid\\@127.0.0.1/"}, Rejected),
        ({"Location": "http://"}, Rejected),
        ({"Location": "http://[::1"}, Rejected),
        ({"Location": "file:///etc/passwd"}, Refused),
        ({"Location": "javascript:alert(1)"}, Refused),
        ({"Location": "ftp://127.0.0.1/"}, Refused),
        ({"Location": "http://127.0.0.1:" + "9" * 9000}, Rejected),
        ({"Location": "/" + "a" * 9000}, Refused),
    ],
)
async def test_a_redirect_to_nowhere_is_one_failed_poll(
    headers: dict[str, str], kind: type[FetchError]
) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(302, b"", headers))
        with pytest.raises(kind) as caught:
            await fetch(url)
        assert len(origin.seen()) == 1
    assert type(caught.value) is kind
    assert caught.value.url == url


async def test_a_redirect_in_another_charset_is_followed() -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(302, b"", {"Location": "/\u0451".encode()}))
        origin.answer("/%D1%91", reply(200, b"<rss/>"))
        assert isinstance(await fetch(url), Document)


# Credentials.


@pytest.mark.parametrize(
    ("secret", "name", "value"),
    [
        ("ani:kata:sandi", "authorization", b"Basic YW5pOmthdGE6c2FuZGk="),
        ("ani:k\u0430\u0442\u0430", "authorization", b"Basic YW5pOmvQsNGC0LA="),
        ("X-Api-Key: abc def\n", "x-api-key", b"abc def"),
        ("Authorization: Bearer abc", "authorization", b"Bearer abc"),
    ],
)
async def test_a_credential_is_a_password_or_a_header(secret: str, name: str, value: bytes) -> None:
    with Origin() as origin:
        await fetch(origin.answer("/feed", reply(200, b"x")), secrets={"a": secret}, credential="a")
        assert origin.seen()[0].header(name) == value


@pytest.mark.parametrize("secret", [None, "nothing", "X-A: b\r\nX-Evil: c", ""])
async def test_a_credential_that_is_none_is_refused_without_showing_it(secret: str | None) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(200, b"x"))
        with pytest.raises(Refused) as caught:
            await fetch(url, secrets={} if secret is None else {"a": secret}, credential="a")
        assert origin.seen() == []
    assert "evil" not in str(caught.value).lower()
    assert "nothing" not in str(caught.value)


async def test_a_credential_stays_with_its_host_and_port() -> None:
    with Origin() as origin, Origin() as other, Origin("127.0.0.2") as elsewhere:
        url = origin.answer("/feed", reply(302, b"", {"Location": "/two"}))
        origin.answer("/two", reply(302, b"", {"Location": other.url("/three")}))
        other.answer("/three", reply(302, b"", {"Location": elsewhere.url("/four")}))
        elsewhere.answer("/four", reply(302, b"", {"Location": origin.url("/five")}))
        origin.answer("/five", reply(200, b"<rss/>"))
        await fetch(url, secrets={"a": "X-Key: geheim"}, credential="a")
        assert [request.header("x-key") for request in origin.seen()] == [b"geheim"] * 3
        assert [request.header("x-key") for request in other.seen() + elsewhere.seen()] == [None, None]


async def test_user_information_of_a_url_is_neither_sent_nor_shown() -> None:
    with Origin() as origin:
        origin.answer("/feed", reply(404))
        with pytest.raises(Rejected) as caught:
            await fetch(origin.url("/feed").replace("//", "//ani:sandi@"))
        assert origin.seen()[0].header("authorization") is None
    assert "sandi" not in repr(caught.value) + str(caught.value) + caught.value.url


# Refused by policy.


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1"]
)
async def test_loopback_is_refused_by_any_name_and_hears_nothing(host: str) -> None:
    with Origin() as canary:
        with pytest.raises(Refused):
            await fetch(canary.url("/feed", host=host), settings=polling(allow_networks=()))
        assert canary.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]"])
async def test_a_redirect_into_the_machine_is_refused(host: str) -> None:
    with Origin("127.0.0.2") as origin, Origin() as canary:
        url = origin.answer("/feed", reply(302, b"", {"Location": canary.url("/x", host=host)}))
        with pytest.raises(Refused):
            await fetch(url, settings=polling(allow_networks=("127.0.0.2/32",)))
        assert len(origin.seen()) == 1
        assert canary.connections == 0


async def test_an_unusual_port_is_asked_only_where_an_editor_wrote_it() -> None:
    with pytest.raises(Refused, match=r"^port 25 is not asked, only 80, 443, 8080 and 8443$"):
        await fetch("http://kabar.invalid:25/", settings=polling(allow_networks=()), own_port=False)
    with pytest.raises(Unreachable):
        await fetch("http://kabar.invalid:25/", settings=polling(allow_networks=()))
    with pytest.raises(Unreachable):
        await fetch("http://kabar.invalid:8080/", settings=polling(allow_networks=()), own_port=False)


async def test_any_port_is_asked_inside_an_allowed_network() -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(200, b"<rss/>"))
        assert isinstance(await fetch(url, own_port=False), Document)
        assert isinstance(await fetch(url.replace("127.0.0.1", "localhost"), own_port=False), Document)


async def test_a_host_that_is_never_to_be_fetched_is_refused_with_all_below_it() -> None:
    settings = polling(never_fetch=("Iklan.Example", "127.0.0.3"))
    for url in ("http://iklan.example/", "https://a.iklan.example./", "http://127.0.0.3/"):
        with pytest.raises(Refused, match=r"is listed in never_fetch$"):
            await fetch(url, settings=settings)
    with Origin() as origin:
        url = origin.answer("/feed", reply(302, b"", {"Location": "http://b.iklan.example/x"}))
        with pytest.raises(Refused, match="never_fetch"):
            await fetch(url, settings=settings)
