"""Certificates that are not to be trusted, each said plainly (robustness.md: RS-16, RS-07, TL-12).

The key and the certificates in tls/ were made for these tests with openssl, for the name localhost: both are
signed by themselves, one is valid for a hundred years, the other was for 2020.
"""

from __future__ import annotations

import asyncio
import gc
import ssl
from asyncio.sslproto import SSLProtocol
from pathlib import Path

import pytest

from aggregator.errors import Refused, TlsFailed, TooLarge, Truncated
from aggregator.fetch.wire import BUFFER
from aggregator.model import Document
from tests.fetching import fetch
from tests.origin import CLOSE, Origin, reply

pytestmark = pytest.mark.anyio

TLS = Path(__file__).parent / "tls"


def serving(name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{name}.pem", TLS / "key.pem")
    return context


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "localhost.pem"))


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_of_ssl_cert_file_is_trusted() -> None:
    with Origin(tls=serving()) as origin:
        origin.answer("/feed", reply(200, b"<rss/>"))
        document = await fetch(origin.url("/feed", host="localhost"))
    assert isinstance(document, Document)
    assert document.body == b"<rss/>"


async def test_rs_16_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with Origin(tls=serving()) as origin, pytest.raises(TlsFailed) as caught:
        await fetch(origin.url("/feed", host="localhost"))
    assert caught.value.reason == "its certificate is signed by nobody but itself"
    assert origin.seen() == []


@pytest.mark.usefixtures("trusted")
async def test_rs_16_a_certificate_for_another_name_is_refused() -> None:
    with Origin(tls=serving()) as origin, pytest.raises(TlsFailed) as caught:
        await fetch(origin.url("/feed"))
    assert caught.value.reason == "its certificate is for another name"


async def test_rs_16_a_certificate_that_has_expired_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "expired.pem"))
    with Origin(tls=serving("expired")) as origin, pytest.raises(TlsFailed) as caught:
        await fetch(origin.url("/feed", host="localhost"))
    assert caught.value.reason == "its certificate has expired"


@pytest.mark.usefixtures("trusted")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_rs_16_an_origin_that_speaks_only_tls_1_0_is_refused() -> None:
    context = serving()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    with Origin(tls=context) as origin, pytest.raises(TlsFailed) as caught:
        await fetch(origin.url("/feed", host="localhost"))
    assert caught.value.reason == "it speaks no TLS that is still safe"


@pytest.mark.usefixtures("trusted")
async def test_rs_07_a_feed_with_a_credential_is_not_followed_from_https_to_http() -> None:
    with Origin(tls=serving()) as safe, Origin() as plain:
        safe.answer("/feed", reply(302, b"", {"Location": plain.url("/feed")}))
        plain.answer("/feed", reply(200, b"<rss/>"))
        url = safe.url("/feed", host="localhost")
        with pytest.raises(Refused, match=r"^it redirects from https to http, and it has a credential$"):
            await fetch(url, secrets={"a": "ani:sandi"}, credential="a")
        assert plain.connections == 0
        assert isinstance(await fetch(url), Document)


@pytest.mark.usefixtures("trusted")
async def test_rs_07_a_credential_does_not_cross_from_http_to_https() -> None:
    with Origin(tls=serving()) as safe, Origin() as plain:
        plain.answer("/feed", reply(302, b"", {"Location": safe.url("/feed", host="localhost")}))
        safe.answer("/feed", reply(200, b"<rss/>"))
        await fetch(plain.url("/feed"), secrets={"a": "ani:sandi"}, credential="a")
        assert plain.seen()[0].header("authorization") is not None
        assert safe.seen()[0].header("authorization") is None


async def test_a_plain_answer_where_tls_was_expected_is_no_safe_connection() -> None:
    with Origin() as plain, Origin() as origin:
        # A TLS greeting has no blank line: the plain origin waits for more, until its client gives up.
        url = origin.answer(
            "/feed", reply(302, b"", {"Location": plain.url("/x").replace("http:", "https:")})
        )
        plain.greeting = reply(400, b"")
        with pytest.raises(TlsFailed, match=r"^no safe connection could be made$"):
            await fetch(url)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("spoken", [["h2", "http/1.1"], ["h2"], ["http/1.1"]])
async def test_tl_12_http_2_is_never_agreed_on(spoken: list[str]) -> None:
    context = serving()
    context.set_alpn_protocols(spoken)
    with Origin(tls=context) as origin:
        origin.answer("/feed", reply(200, b"<rss/>"))
        document = await fetch(origin.url("/feed", host="localhost"))
        assert isinstance(document, Document)
        assert origin.protocols
        assert "h2" not in origin.protocols


@pytest.mark.usefixtures("trusted")
async def test_tl_07_a_document_that_breaks_off_inside_tls_is_truncated() -> None:
    with Origin(tls=serving()) as origin:
        for answer in (
            (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"a" * 500, CLOSE),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", CLOSE),
        ):
            origin.answer("/feed", answer)
            with pytest.raises(Truncated):
                await fetch(origin.url("/feed", host="localhost"))


@pytest.mark.usefixtures("trusted")
async def test_tl_09_headers_inside_tls_are_cut_while_they_arrive() -> None:
    with Origin(tls=serving()) as origin:
        origin.answer("/feed", (b"HTTP/1.1 200 OK\r\n", *[b"X-Pad: " + b"a" * 60_000 + b"\r\n"] * 255))
        with pytest.raises(TooLarge, match=r"^the headers of the answer are larger than 64 KiB$"):
            await fetch(origin.url("/feed", host="localhost"))


@pytest.mark.usefixtures("trusted")
async def test_a_silent_origin_inside_tls_holds_little_memory() -> None:
    with Origin(tls=serving()) as origin:
        origin.answer("/feed", (5,))
        waiting = asyncio.create_task(fetch(origin.url("/feed", host="localhost")))
        assert await asyncio.to_thread(origin.asked.wait, 5)
        held = [found for found in gc.get_objects() if isinstance(found, SSLProtocol)]
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert held
    assert max(len(protocol._ssl_buffer) for protocol in held) <= BUFFER  # type: ignore[attr-defined]
