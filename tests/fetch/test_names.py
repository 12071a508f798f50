"""What a name leads to, with a resolver that the test controls (robustness.md: SS-01, SS-04, SS-05, SS-07, TL-02).

127.0.0.2 stands for the public internet here: it is the only address that is allowed. 127.0.0.1 is forbidden.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from aggregator.errors import Refused, TimedOut, Unreachable
from aggregator.fetch import FEED_ACCEPT, PAGE_ACCEPT
from aggregator.fetch.names import LOOKUPS, Resolver
from aggregator.model import Document, PollingSettings, Request, Validators
from tests.fetching import NOW, Names, Row, fetch, fetching, polling
from tests.origin import Origin, reply

pytestmark = pytest.mark.anyio

NAME = "kabar.example"
PUBLIC = "127.0.0.2"
PRIVATE = "127.0.0.1"


def outside(**changed: Any) -> PollingSettings:
    return polling(allow_networks=(f"{PUBLIC}/32",), **changed)


async def test_ss_05_a_name_that_leads_elsewhere_the_second_time_is_checked_again() -> None:
    with Origin(PUBLIC) as public, Origin(PRIVATE, port=public.port) as canary:
        public.answer("/feed", reply(200, b"<rss/>", {"Connection": "close"}))
        url = public.url("/feed", host=NAME)
        names = Names().answer(NAME, (PUBLIC,), (PRIVATE,))
        assert isinstance(await fetch(url, settings=outside(), lookup=names), Document)
        with pytest.raises(Refused, match=rf"^{NAME} leads to {PRIVATE} is no public address"):
            await fetch(url, settings=outside(), lookup=names)
        assert names.asked == [NAME, NAME]
        assert canary.connections == 0


async def test_ss_05_a_name_that_leads_elsewhere_within_one_document_is_refused() -> None:
    with Origin(PUBLIC) as public, Origin(PRIVATE) as canary:
        names = Names().answer(NAME, (PUBLIC,), (PRIVATE,))
        public.answer("/feed", reply(302, b"", {"Location": canary.url("/x", host=NAME)}))
        with pytest.raises(Refused):
            await fetch(public.url("/feed", host=NAME), settings=outside(), lookup=names)
        assert len(public.seen()) == 1
        assert canary.connections == 0


async def test_ss_05_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    with Origin(PUBLIC) as public, Origin(PRIVATE, port=public.port) as canary:
        public.answer("/feed", reply(200, b"<rss/>"))
        url = public.url("/feed", host=NAME)
        # Whoever looked the name up once more to connect would be led to the canary.
        names = Names().answer(NAME, (PUBLIC,), (PRIVATE,))
        async with fetching(outside(), lookup=names) as fetcher:
            for _ in range(3):
                assert isinstance(await fetcher.fetch(Request(url=url, own_port=True), now=NOW), Document)
        assert names.asked == [NAME]
        assert canary.connections == 0


@pytest.mark.parametrize(
    "addresses",
    [
        (PUBLIC, PRIVATE),
        (PRIVATE, PUBLIC),
        (PRIVATE, "10.0.0.1", "::1", PUBLIC),
        ("::1", "fe80::1%lo", "64:ff9b::7f00:1", PUBLIC),
    ],
)
async def test_ss_05_of_several_addresses_only_the_public_one_is_connected_to(
    addresses: tuple[str, ...],
) -> None:
    with Origin(PUBLIC) as public, Origin(PRIVATE, port=public.port) as canary:
        public.answer("/feed", reply(200, b"<rss/>"))
        names = Names().answer(NAME, addresses)
        url = public.url("/feed", host=NAME)
        assert isinstance(await fetch(url, settings=outside(), lookup=names), Document)
        assert canary.connections == 0


async def test_ss_05_a_forbidden_address_is_no_way_out_when_the_public_one_is_dead() -> None:
    with Origin(PUBLIC) as public, Origin(PRIVATE, port=public.port) as canary:
        url = public.url("/feed", host=NAME)
        public.close()
        names = Names().answer(NAME, (PUBLIC, PRIVATE))
        with pytest.raises((Refused, Unreachable)):
            await fetch(url, settings=outside(), lookup=names)
        assert canary.connections == 0


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.0.1",
        "192.88.99.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%lo",
        "2606:4700::1%lo",
        "fec0::1",
        "ff02::1",
        "100::1",
    ],
)
async def test_ss_01_04_a_name_that_leads_to_a_forbidden_address_is_refused(address: str) -> None:
    names = Names().answer(NAME, (address,))
    with pytest.raises(Refused) as caught:
        await fetch(f"http://{NAME}/feed", settings=outside(), lookup=names)
    assert caught.value.reason.startswith(f"{NAME} leads to {address} is no public address")
    assert caught.value.host is None


REQUESTS: list[dict[str, Any]] = [
    {"accept": FEED_ACCEPT, "own_port": True, "validators": Validators(etag=b'"a"')},
    {"accept": FEED_ACCEPT, "own_port": True, "credential": "a"},
    {"accept": PAGE_ACCEPT, "own_port": False},
    {"accept": "text/plain", "own_port": False},
    {"accept": "*/*", "own_port": True, "home": "https://kabar.example/feed"},
]


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{}/x",
        "http://localhost:{}/x",
        "http://[::ffff:7f00:1]:{}/x",
        f"http://{NAME}:{{}}/x",
    ],
)
async def test_ss_07_no_kind_of_request_gets_past_the_guard(url: str, request_: dict[str, Any]) -> None:
    names = Names().answer(NAME, (PRIVATE,)).answer("localhost", ("::1", PRIVATE))
    with Origin(PRIVATE) as canary, Origin(PUBLIC) as public:
        private = url.format(canary.port)
        with pytest.raises(Refused):
            await fetch(private, settings=outside(), lookup=names, secrets={"a": "X-Key: b"}, **request_)
        # ... nor on a redirect.
        start = public.answer("/start", reply(301, b"", {"Location": private}))
        with pytest.raises(Refused):
            await fetch(start, settings=outside(), lookup=names, secrets={"a": "X-Key: b"}, **request_)
        assert canary.connections == 0


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://user:pw@{}:{}/x", NAME),
        ("http://127.0.0.1@{}:{}/x", NAME),
        ("http://{}:{}#@127.0.0.1/", NAME),
        ("http://{}:{}/x?@127.0.0.1/", NAME),
        ("http://{}:{}\\@127.0.0.1/", NAME),
        ("http:\\\\{}:{}/x", NAME),
        ("http:{}:{}/x", NAME),
    ],
)
async def test_ss_08_the_host_that_was_checked_is_the_host_that_is_asked(url: str, host: str) -> None:
    names = Names().answer(host, (PUBLIC,))
    with Origin(PUBLIC) as public, Origin(PRIVATE, port=public.port) as canary:
        for path in ("/", "/x", "/@127.0.0.1/", "/x?@127.0.0.1/"):
            public.answer(path, reply(200, b"x"))
        document = await fetch(url.format(host, public.port), settings=outside(), lookup=names)
        (request,) = public.seen()
        assert isinstance(document, Document)
        assert request.header("host") == f"{host}:{public.port}".encode()
        assert request.header("authorization") is None
        assert not any(secret in document.url for secret in ("user", "pw"))
        assert names.asked == [host]
        assert canary.connections == 0


async def test_ss_08_a_name_that_only_looks_like_an_address_is_looked_up_and_checked() -> None:
    names = Names().answer("127.0.0.1.nip.example", (PRIVATE,))
    with pytest.raises(Refused):
        await fetch("http://127.0.0.1.nip.example/", settings=outside(), lookup=names)
    assert names.asked == ["127.0.0.1.nip.example"]


# Name servers that do not answer.


class Stuck:
    """A resolver that does not come back from some names until it is let go."""

    def __init__(self, good: Names) -> None:
        self._good = good
        self.go = threading.Event()
        self.threads = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, host: str, port: int, family: int = 0, kind: int = 0) -> list[Row]:
        with self._lock:
            self.threads += 1
            self.most = max(self.most, self.threads)
        try:
            if host.startswith("dead"):
                self.go.wait(10)
                raise socket.gaierror(socket.EAI_AGAIN, "no answer")
            return self._good(host, port, family, kind)
        finally:
            with self._lock:
                self.threads -= 1


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - it is threads that are waited for
            await asyncio.sleep(0.01)


async def test_tl_02_a_name_server_that_does_not_answer_is_cut_and_holds_up_no_other() -> None:
    with Origin(PUBLIC) as public:
        url = public.url("/feed", host=NAME)
        public.answer("/feed", reply(200, b"x"))
        lookup = Stuck(Names().answer(NAME, (PUBLIC,)))
        try:
            async with fetching(outside(timeout=timedelta(seconds=0.5)), lookup=lookup) as fetcher:
                dead = [
                    asyncio.create_task(fetcher.fetch(Request(url=f"http://dead{n}.example/"), now=NOW))
                    for n in range(LOOKUPS - 1)
                ]
                assert isinstance(await fetcher.fetch(Request(url=url, own_port=True), now=NOW), Document)
                results = await asyncio.gather(*dead, return_exceptions=True)
        finally:
            lookup.go.set()
    assert {type(result) for result in results} <= {TimedOut}
    assert lookup.most <= LOOKUPS


async def test_names_that_took_long_are_kept_from_filling_every_thread_again() -> None:
    good = Names().answer(NAME, (PUBLIC,))
    lookup = Stuck(good)
    resolver = Resolver(lookup)
    resolver._slow.update({f"dead{n}": None for n in range(200)})
    try:
        dead = [asyncio.create_task(resolver.resolve(f"dead{n}")) for n in range(200)]
        await until(lambda: lookup.threads >= LOOKUPS // 2)
        await asyncio.sleep(0.05)
        assert lookup.threads == LOOKUPS // 2
        found = await asyncio.wait_for(resolver.resolve(NAME, 80), 2)
        assert [row["host"] for row in found] == [PUBLIC]
        for task in dead:
            task.cancel()
        await asyncio.gather(*dead, return_exceptions=True)
        # What is waited for no more goes on in its thread, and holds its place.
        again = asyncio.create_task(resolver.resolve("dead0"))
        await asyncio.sleep(0.05)
        assert lookup.threads == LOOKUPS // 2
    finally:
        lookup.go.set()
    with pytest.raises(socket.gaierror):
        await asyncio.wait_for(again, 5)
    await until(lambda: resolver._places._value == LOOKUPS and resolver._slow_places._value == LOOKUPS // 2)
    assert "dead0" not in resolver._slow  # it was quick this time


async def test_a_name_that_is_not_known_is_told_from_one_that_cannot_be_looked_up() -> None:
    def broken(host: str, port: int, family: int, kind: int) -> list[Row]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    with pytest.raises(Unreachable, match=r"^the name kabar\.example is not known$"):
        await fetch(f"http://{NAME}/", lookup=Names())
    with pytest.raises(Unreachable, match=r"^the name kabar\.example could not be looked up$"):
        await fetch(f"http://{NAME}/", lookup=broken)


async def test_a_name_without_any_address_is_not_known() -> None:
    with pytest.raises(Unreachable, match=r"^the name kabar\.example is not known$"):
        await fetch(f"http://{NAME}/", lookup=lambda *_: [])
