"""A proxy that the configuration names; none is taken from the environment."""

from __future__ import annotations

import pytest

from aggregator.errors import Refused, Unreachable
from aggregator.model import Document
from tests.fetching import fetch, polling
from tests.origin import Origin, reply

pytestmark = pytest.mark.anyio


async def test_a_proxy_is_asked_for_the_whole_address_and_told_its_password() -> None:
    with Origin() as proxy:
        proxy.answer("http://kabar.example/feed?x=%2F", reply(200, b"<rss/>"))
        settings = polling(proxy=proxy.url("").replace("//", "//ani:sandi@"), allow_networks=())
        document = await fetch("http://kabar.example/feed?x=%2F", settings=settings)
        (request,) = proxy.seen()
    assert isinstance(document, Document)
    assert request.header("host") == b"kabar.example"
    assert request.header("proxy-authorization") == b"Basic YW5pOnNhbmRp"
    assert request.header("authorization") is None


async def test_a_proxy_is_asked_to_connect_for_https() -> None:
    with Origin() as proxy:
        proxy.answer("kabar.example:443", reply(502, b""))
        settings = polling(proxy=proxy.url("").replace("//", "//ani:sandi@"))
        with pytest.raises(Unreachable, match=r"^the proxy answered 502 Bad Gateway$"):
            await fetch("https://kabar.example/feed", settings=settings)
        (request,) = proxy.seen()
    assert request.method == "CONNECT"
    assert request.header("proxy-authorization") == b"Basic YW5pOnNhbmRp"


async def test_a_proxy_is_not_asked_for_addresses_that_are_forbidden() -> None:
    with Origin() as proxy:
        for url in ("http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/"):
            with pytest.raises(Refused):
                await fetch(url, settings=polling(proxy=proxy.url(""), allow_networks=()))
        assert proxy.connections == 0


async def test_a_proxy_that_is_not_there_is_named() -> None:
    with Origin() as proxy:
        url = proxy.url("")
    with pytest.raises(Unreachable, match=r"^the proxy does not answer$"):
        await fetch("http://kabar.example/", settings=polling(proxy=url))


async def test_no_proxy_and_no_password_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login ani password sandi\n", "utf-8")
    with Origin() as proxy, Origin() as origin:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        monkeypatch.setenv("NETRC", str(netrc))
        await fetch(origin.answer("/feed", reply(200, b"x")))
        assert proxy.connections == 0
        assert origin.seen()[0].header("authorization") is None
