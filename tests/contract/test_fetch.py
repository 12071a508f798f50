"""What an origin sees of us, and what we make of what it says (robustness.md: PM, RS)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from aggregator.errors import FetchError, Refused, Rejected, Unreachable
from aggregator.fetch import FEED_ACCEPT, Fetcher
from aggregator.model import Document, NotModified, Request, Validators
from tests.fetching import AGENT, NOW, Names, fetch, fetching, polling
from tests.origin import CLOSE, RESET, Origin, reply

pytestmark = pytest.mark.anyio

LAST_MODIFIED = b"Sat, 08 Jan 2022 05:06:00 GMT"


async def had(fetcher: Fetcher, url: str, validators: Validators | None = None, **more: Any) -> Document:
    request = Request(url=url, validators=validators or Validators(), own_port=True, **more)
    document = await fetcher.fetch(request, now=NOW)
    assert isinstance(document, Document)
    return document


# What is sent.


async def test_pm_01_both_validators_come_back_byte_for_byte() -> None:
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
async def test_pm_02_03_04_a_validator_is_sent_back_as_it_came_or_not_at_all(
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
async def test_ss_12_a_validator_never_makes_another_header(value: bytes) -> None:
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


@pytest.mark.parametrize("name", ["ETag", "eTAG", "Last-Modified"])
@pytest.mark.parametrize("fold", [b"\r\n ", b"\r\n\t", b"\n  ", b" \r\n \r\n "])
async def test_ss_12_a_folded_validator_is_dropped_and_does_not_brick_the_feed(
    name: str, fold: bytes
) -> None:
    with Origin() as origin:
        head = b'HTTP/1.1 200 OK\r\nX-Other: "c"\r\n%b: "a%bX-Evil: b"\r\n' % (name.encode(), fold)
        url = origin.answer("/feed", head + b"Content-Length: 6\r\n\r\n<rss/>")
        async with fetching() as fetcher:
            document = await had(fetcher, url)
            assert document.validators == Validators()
            await had(fetcher, url, document.validators)
        for request in origin.seen():
            assert len(request.headers) == 4
            assert b"evil" not in request.raw.lower()


async def test_ss_12_a_fold_takes_no_other_validator_with_it() -> None:
    with Origin() as origin:
        head = b'HTTP/1.1 200 OK\r\nETag: "a"\r\nX-Long: b\r\n ETag: c\r\nLast-Modified: d\r\n'
        document = await fetch(origin.answer("/feed", head + b"Content-Length: 6\r\n\r\n<rss/>"))
    assert isinstance(document, Document)
    assert document.validators == Validators(etag=b'"a"', last_modified=b"d")


async def test_pm_05_a_validator_that_is_given_no_more_is_forgotten() -> None:
    with Origin() as origin:
        url = origin.answer(
            "/feed", reply(200, b"<rss/>", {"Last-Modified": LAST_MODIFIED}), reply(200, b"<a/>")
        )
        async with fetching() as fetcher:
            first = await had(fetcher, url)
            second = await had(fetcher, url, first.validators)
    assert second.validators == Validators()


async def test_pm_12_13_five_polls_carry_these_headers_and_no_others() -> None:
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
async def test_pm_21_22_retry_after_is_believed_up_to_a_month(
    status: int, value: str, wait: timedelta | None
) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(status, b"", {"Retry-After": value}))
        with pytest.raises(Rejected) as caught:
            await fetch(url)
    assert caught.value.retry_after == (None if wait is None else NOW + wait)


HINTS = reply(103, b"", {"Link": "</a.css>"})


@pytest.mark.parametrize("before", [HINTS, HINTS + HINTS, reply(100), HINTS + reply(100) + HINTS, HINTS * 16])
async def test_rs_13_interim_answers_are_passed_over(before: bytes) -> None:
    with Origin() as origin:
        document = await fetch(origin.answer("/feed", before + reply(200, b"<rss/>", {"ETag": '"a"'})))
    assert isinstance(document, Document)
    assert (document.status, document.body) == (200, b"<rss/>")
    assert document.validators == Validators(etag=b'"a"')


@pytest.mark.parametrize("status", [206, 226])
async def test_pm_32_a_part_that_was_not_asked_for_is_never_the_document(status: int) -> None:
    headers = {"IM": "feed", "Content-Range": "bytes 0-5/9", "ETag": '"part"'}
    with Origin() as origin, pytest.raises(Rejected, match="a part that was not asked for") as caught:
        await fetch(origin.answer("/feed", reply(status, b"<rss/>", headers)))
    assert caught.value.http_status == status


# What a 304 says.


@pytest.mark.parametrize(
    ("sent", "answered", "contradicted"),
    [
        (b'"a"', b'"a"', False),
        (b'"a"', b'W/"a"', False),
        (b'W/"a"', b'"a"', False),
        (b'"a"', b"a", False),
        (b'"a"', None, False),
        (b'"a"', b"", False),
        (b'"a-gzip"', b'"a"', False),
        (b'"a"', b'W/"a--gzip"', False),
        (b'"a"', b'"b"', True),
        (b'W/"a"', b'W/"b"', True),
        (b'"a"', b'"A"', True),
        (None, b'"b"', False),
        (b'"\xe9"', b'"b"', False),  # it could not be sent, so that nothing was asked about it
    ],
)
async def test_pm_01_a_304_that_names_another_etag_is_contradicted(
    sent: bytes | None, answered: bytes | None, contradicted: bool
) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(304, b"", {} if answered is None else {"ETag": answered}))
        answer = await fetch(url, validators=Validators(etag=sent, last_modified=LAST_MODIFIED))
    assert isinstance(answer, NotModified)
    assert answer.contradicted is contradicted


@pytest.mark.parametrize(
    ("statuses", "moved"), [((301,), True), ((308, 301), True), ((302,), False), ((301, 307), False)]
)
async def test_rs_01_a_304_behind_permanent_redirects_tells_where_they_led(
    statuses: tuple[int, ...], moved: bool
) -> None:
    with Origin() as origin:
        for hop, status in enumerate(statuses):
            origin.answer(f"/{hop}", reply(status, b"", {"Location": f"/{hop + 1}"}))
        end = origin.answer(f"/{len(statuses)}", reply(304))
        answer = await fetch(origin.url("/0"), validators=Validators(etag=b'"a"'))
    assert isinstance(answer, NotModified)
    assert answer.moved_to == (end if moved else None)
    assert all(request.header("if-none-match") == b'"a"' for request in origin.seen())


async def test_a_304_with_a_body_is_a_304_and_its_connection_is_not_used_again() -> None:
    page = b"<html>not modified</html>"
    with Origin() as origin:
        url = origin.answer(
            "/feed",
            reply(304) + page,
            reply(304, b"", {"Content-Length": "25"}) + page,
            reply(200, b"<rss/>"),
        )
        async with fetching() as fetcher:
            for _ in range(2):
                assert isinstance(await fetcher.fetch(Request(url=url, own_port=True), now=NOW), NotModified)
            assert (await had(fetcher, url)).body == b"<rss/>"
        assert [request.connection for request in origin.seen()] == [1, 2, 3]


async def test_an_answer_that_nobody_asked_for_is_never_taken_for_that_of_the_next_request() -> None:
    with Origin() as origin:
        url = origin.answer(
            "/a",
            reply(200, b"<a/>") + reply(200, b"<evil/>"),
            (reply(200, b"<b/>"), 0.05, reply(200, b"<evil/>")),
        )
        origin.answer("/c", reply(200, b"<c/>"))
        async with fetching() as fetcher:
            assert (await had(fetcher, url)).body == b"<a/>"
            assert (await had(fetcher, url)).body == b"<b/>"
            await asyncio.sleep(0.1)
            assert (await had(fetcher, origin.url("/c"))).body == b"<c/>"


async def test_what_comes_behind_the_announced_end_is_left_out() -> None:
    with Origin() as origin:
        document = await fetch(
            origin.answer("/feed", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/><!-- more -->")
        )
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
async def test_rs_01_03_a_redirect_is_followed_and_told_only_when_it_is_permanent(status: int) -> None:
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
async def test_rs_03_one_passing_redirect_makes_the_chain_passing(
    statuses: tuple[int, ...], moved: bool
) -> None:
    with Origin() as origin:
        url = origin.answer("/0", reply(statuses[0], b"", {"Location": "/1"}))
        origin.answer("/1", reply(statuses[1], b"", {"Location": "/2"}))
        origin.answer("/2", reply(200, b"<rss/>"))
        document = await fetch(url)
    assert isinstance(document, Document)
    assert (document.moved_to is not None) is moved


async def test_rs_05_ten_redirects_are_followed_and_eleven_are_not() -> None:
    with Origin() as origin:
        for hop in range(30):
            origin.answer(f"/{hop}", reply(302, b"", {"Location": f"/{hop + 1}"}))
        origin.answer("/10", reply(200, b"<rss/>"))
        assert isinstance(await fetch(origin.url("/0")), Document)
        origin.answer("/10", reply(302, b"", {"Location": "/11"}))
        with pytest.raises(Refused, match=r"^it redirects more than 10 times$"):
            await fetch(origin.url("/0"))
        assert len(origin.seen()) == 22
        origin.answer("/20", reply(302, b"", {"Location": "/0"}))  # a chain of 21 that is a circle besides
        with pytest.raises(Refused):
            await fetch(origin.url("/0"))
        assert len(origin.seen()) == 33


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, Rejected),
        ({"Location": ""}, Rejected),
        ({"Location": " "}, Rejected),
        ({"Location": "/feed"}, Rejected),
        ({"Location": "#top"}, Rejected),
        ({"Location": "\\\\evil.invalid/"}, Rejected),
        ({"Location": "\\\\\\\\evil.invalid"}, Rejected),
        ({"Location": "/\\evil.invalid/"}, Rejected),
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
async def test_rs_05_a_redirect_to_nowhere_is_one_failed_poll(
    headers: dict[str, str], kind: type[FetchError]
) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(302, b"", headers))
        with pytest.raises(kind) as caught:
            await fetch(url)
        assert len(origin.seen()) == 1
    assert type(caught.value) is kind
    assert caught.value.url == url


async def test_rs_05_a_circle_is_left_when_it_closes() -> None:
    with Origin() as origin:
        url = origin.answer("/a", reply(302, b"", {"Location": "/b"}))
        origin.answer("/b", reply(301, b"", {"Location": "/c"}))
        origin.answer("/c", reply(307, b"", {"Location": "/b#again"}))
        with pytest.raises(Rejected, match=r"^its redirects go round in a circle$"):
            await fetch(url)
        assert [request.target for request in origin.seen()] == ["/a", "/b", "/c"]


@pytest.mark.parametrize("hops", [0, 1, 3])
@pytest.mark.parametrize(
    "end", [reply(410), reply(302, b"", {"Location": "ftp://evil.invalid/"}), reply(206, b"a"), (CLOSE,)]
)
async def test_an_error_tells_how_many_redirects_led_to_it(hops: int, end: Any) -> None:
    with Origin() as origin:
        for hop in range(hops):
            origin.answer(f"/{hop}", reply(302, b"", {"Location": f"/{hop + 1}"}))
        origin.answer(f"/{hops}", end)
        with pytest.raises(FetchError) as caught:
            await fetch(origin.url("/0"))
    assert caught.value.hops == hops


async def test_an_error_of_who_permits_tells_the_redirects_of_the_document_it_permits() -> None:
    async def permit(hop: str) -> None:
        if hop.endswith("/1"):
            raise Refused(hop, "its robots.txt does not let us read this page", hops=7)

    with Origin() as origin:
        url = origin.answer("/0", reply(302, b"", {"Location": "/1"}))
        async with fetching() as fetcher:
            with pytest.raises(Refused) as caught:
                await fetcher.fetch(Request(url=url, own_port=True), now=NOW, permit=permit)
    assert caught.value.hops == 1


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


async def test_rs_07_a_credential_stays_with_its_host_and_port() -> None:
    with Origin() as origin, Origin() as other, Origin("127.0.0.2") as elsewhere:
        url = origin.answer("/feed", reply(302, b"", {"Location": "/two"}))
        origin.answer("/two", reply(302, b"", {"Location": other.url("/three")}))
        other.answer("/three", reply(302, b"", {"Location": elsewhere.url("/four")}))
        elsewhere.answer("/four", reply(302, b"", {"Location": origin.url("/five")}))
        origin.answer("/five", reply(200, b"<rss/>"))
        await fetch(url, secrets={"a": "X-Key: geheim"}, credential="a")
        assert [request.header("x-key") for request in origin.seen()] == [b"geheim"] * 3
        assert [request.header("x-key") for request in other.seen() + elsewhere.seen()] == [None, None]


async def test_ss_08_user_information_of_a_url_is_neither_sent_nor_shown() -> None:
    with Origin() as origin:
        origin.answer("/feed", reply(404))
        with pytest.raises(Rejected) as caught:
            await fetch(origin.url("/feed").replace("//", "//ani:sandi@"))
        assert origin.seen()[0].header("authorization") is None
    assert "sandi" not in repr(caught.value) + str(caught.value) + caught.value.url


@pytest.mark.parametrize("status", [401, 403])
async def test_rs_11_a_credential_that_does_not_help_is_not_in_the_message(status: int) -> None:
    with Origin() as origin:
        url = origin.answer("/feed", reply(status, b"geheim", {"WWW-Authenticate": 'Basic realm="geheim"'}))
        with pytest.raises(Rejected) as caught:
            await fetch(url, secrets={"a": "ani:geheim"}, credential="a")
        assert len(origin.seen()) == 1
    shown = f"{caught.value!r} {caught.value} {vars(caught.value)}"
    assert "geheim" not in shown
    assert "YW5pOmdlaGVpbQ" not in shown


# An address that an editor's own one led to.


async def test_rs_07_an_adopted_address_on_another_host_gets_no_credential() -> None:
    with Origin() as home, Origin("127.0.0.2") as new:
        new.answer("/feed", reply(200, b"<rss/>"))
        home.answer("/feed", reply(200, b"<rss/>"))
        secrets = {"a": "X-Key: geheim"}
        await fetch(new.url("/feed"), home=home.url("/feed"), secrets=secrets, credential="a")
        assert new.seen()[0].header("x-key") is None
        await fetch(home.url("/feed"), home=home.url("/old"), secrets=secrets, credential="a")
        assert home.seen()[0].header("x-key") == b"geheim"
        # ... and one that leads home again has it there.
        new.answer("/feed", reply(302, b"", {"Location": home.url("/feed")}))
        await fetch(new.url("/feed"), home=home.url("/feed"), secrets=secrets, credential="a")
        assert [request.header("x-key") for request in new.seen()] == [None, None]
        assert home.seen()[1].header("x-key") == b"geheim"


async def test_rs_07_an_adopted_http_address_of_an_https_home_is_refused_with_a_credential() -> None:
    with Origin() as new:
        url = new.answer("/feed", reply(200, b"<rss/>"))
        home = "https://kabar.example/feed"
        with pytest.raises(Refused, match=r"^it redirects from https to http, and it has a credential$"):
            await fetch(url, home=home, secrets={"a": "ani:sandi"}, credential="a")
        assert new.connections == 0
        assert isinstance(await fetch(url, home=home), Document)


@pytest.mark.parametrize(
    ("home", "url", "asked"),
    [
        ("http://kabar.invalid:9000/", "http://berita.invalid:9000/", True),
        ("http://kabar.invalid:9000/", "http://berita.invalid:8443/", True),
        ("http://kabar.invalid:9000/", "http://berita.invalid:9001/", False),
        ("http://kabar.invalid/", "http://kabar.invalid:9000/", False),
        ("", "http://kabar.invalid:9000/", True),
    ],
)
async def test_an_adopted_address_has_the_port_of_its_home_or_a_usual_one(
    home: str, url: str, asked: bool
) -> None:
    with pytest.raises(Unreachable if asked else Refused) as caught:
        await fetch(url, home=home, settings=polling(allow_networks=()), lookup=Names())
    assert ("is not known" in caught.value.reason) is asked


# Who answered.


@pytest.mark.parametrize("status", [403, 404, 410, 429, 500, 503, 206, 304])
async def test_pm_24_an_error_names_the_host_that_answered(status: int) -> None:
    with Origin() as first, Origin("127.0.0.2") as last:
        url = first.answer("/feed", reply(302, b"", {"Location": last.url("/x")}))
        answer = reply(status, b"") if status != 304 else reply(302)
        last.answer("/x", answer)
        with pytest.raises(Rejected) as caught:
            await fetch(url)
    assert caught.value.host == f"127.0.0.2:{last.port}"


async def test_an_error_names_no_host_where_none_answered() -> None:
    with Origin() as first, Origin("127.0.0.2") as last:
        closed = last.url("/x")
        last.close()
        url = first.answer(
            "/feed", reply(302, b"", {"Location": closed}), reply(302, b"", {"Location": "http:"})
        )
        errors = []
        for asked in (url, url, "http://10.0.0.1/"):
            with pytest.raises(FetchError) as caught:
                await fetch(asked)
            errors.append(caught.value)
    # The second was told where to go, if to nowhere proper.
    assert [error.host for error in errors] == [None, f"127.0.0.1:{first.port}", None]
    assert [type(error) for error in errors] == [Unreachable, Rejected, Refused]


# Refused by policy.


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1"]
)
async def test_ss_01_03_loopback_is_refused_by_any_name_and_hears_nothing(host: str) -> None:
    with Origin() as canary:
        with pytest.raises(Refused):
            await fetch(canary.url("/feed", host=host), settings=polling(allow_networks=()))
        assert canary.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]"])
async def test_ss_02_a_redirect_into_the_machine_is_refused(host: str) -> None:
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
