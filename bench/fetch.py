"""CPU of the fetcher: milliseconds per 304 and per 200 (gzip), against an origin in another process.

    python bench/fetch.py [--requests 2000] [--hosts 20] [--runs 3]

The lowest of the runs is what counts: a busy machine only adds. `aiohttp` beside it is the same session
without our rules and without httpx's requests: the floor under this design.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection

import aiohttp

from aggregator.fetch import FEED_ACCEPT, Fetcher
from aggregator.model import NotModified, PollingSettings, Request, Validators

NOW = datetime(2022, 1, 8, 5, 6, tzinfo=UTC)
ETAG = b'"v1"'
ENTRY = "<item><title>Kabar {n}</title><link>https://kabar.example/{n}</link><description>{text}</description></item>"
BODY = gzip.compress(
    ("<rss><channel>" + "".join(ENTRY.format(n=n, text=f"Berita {n} " * 120) for n in range(30))).encode()
)
OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Encoding: gzip\r\nETag: %b\r\n"
    b"Last-Modified: Sat, 08 Jan 2022 05:06:00 GMT\r\nContent-Length: %d\r\n\r\n%b" % (ETAG, len(BODY), BODY)
)
NOT_MODIFIED = (
    b"HTTP/1.1 304 Not Modified\r\nETag: %b\r\nDate: Sat, 08 Jan 2022 05:06:00 GMT\r\n"
    b"Cache-Control: max-age=600\r\n\r\n" % ETAG
)


class Answering(asyncio.Protocol):
    """As little of a server as will do."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer: a request fits into one piece here."""
        self.transport.write(NOT_MODIFIED if b"if-none-match" in data.lower() else OK)


def serve(ready: Connection) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Answering, "0.0.0.0", 0, backlog=512)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def measured(work: Callable[[str], Awaitable[None]], urls: list[str], concurrency: int) -> float:
    """CPU milliseconds a request."""
    queue = iter(urls)

    async def worker() -> None:
        for url in queue:
            await work(url)

    before = time.process_time()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return (time.process_time() - before) * 1000 / len(urls)


async def ours(urls: list[str], *, validators: Validators, concurrency: int) -> float:
    polling = PollingSettings(
        allow_networks=("127.0.0.0/8",), per_host=64, host_delay=timedelta(0), concurrency=concurrency
    )
    fetcher = Fetcher(polling, user_agent="aggregator/bench", secrets=lambda _: None)

    async def one(url: str) -> None:
        request = Request(url=url, accept=FEED_ACCEPT, validators=validators, own_port=True)
        answer = await fetcher.fetch(request, now=NOW)
        assert isinstance(answer, NotModified) == (validators.etag is not None)

    try:
        await measured(one, urls[:200], concurrency)
        return await measured(one, urls, concurrency)
    finally:
        await fetcher.close()


async def floor(urls: list[str], *, validators: Validators, concurrency: int) -> float:
    headers = {"If-None-Match": validators.etag.decode()} if validators.etag else {}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as session:

        async def one(url: str) -> None:
            async with session.get(url, headers=headers, allow_redirects=False) as response:
                await response.read()

        await measured(one, urls[:200], concurrency)
        return await measured(one, urls, concurrency)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=50)
    options = parser.parse_args()
    ours_end, theirs_end = multiprocessing.Pipe()
    origin = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs_end,), daemon=True)
    origin.start()
    port = ours_end.recv()
    urls = [f"http://127.0.0.{n % options.hosts + 1}:{port}/{n}" for n in range(options.requests)]
    result: dict[str, float] = {}
    for name, etag in (("304", ETAG), ("200", None)):
        for way in (ours, floor):
            runs = [
                asyncio.run(way(urls, validators=Validators(etag=etag), concurrency=options.concurrency))
                for _ in range(options.runs)
            ]
            result[f"{name}_{'fetcher' if way is ours else 'aiohttp'}_cpu_ms"] = round(min(runs), 3)
    print(json.dumps(result, indent=1))
    origin.kill()


if __name__ == "__main__":
    main()
