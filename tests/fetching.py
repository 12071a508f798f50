"""What tests of the fetcher share: settings with short limits, and a fetch that stands alone."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.fetch import Fetcher
from aggregator.fetch.names import Lookup
from aggregator.model import ByteSize, Document, NotModified, PollingSettings, Request

NOW = datetime(2022, 1, 8, 5, 6, tzinfo=UTC)
Row = tuple[int, int, int, str, tuple[Any, ...]]
AGENT = "aggregator/0.1.0 (+https://kabar.example/sources/)"


def polling(**changed: Any) -> PollingSettings:
    """Loopback allowed, no delay between requests, two seconds for a document of 200 kB."""
    settings: dict[str, Any] = {
        "timeout": timedelta(seconds=2),
        "max_body": ByteSize(200_000),
        "host_delay": timedelta(0),
        "allow_networks": ("127.0.0.0/8",),
    }
    return PollingSettings(**{**settings, **changed})


@asynccontextmanager
async def fetching(
    settings: PollingSettings | None = None,
    *,
    secrets: Mapping[str, str] | None = None,
    lookup: Lookup = socket.getaddrinfo,
) -> AsyncIterator[Fetcher]:
    """A fetcher that is closed at the end."""
    fetcher = Fetcher(settings or polling(), user_agent=AGENT, secrets=(secrets or {}).get, lookup=lookup)
    try:
        yield fetcher
    finally:
        await fetcher.close()


async def fetch(
    url: str,
    *,
    settings: PollingSettings | None = None,
    secrets: Mapping[str, str] | None = None,
    lookup: Lookup = socket.getaddrinfo,
    **request: Any,
) -> Document | NotModified:
    """One document by a fetcher of its own; the port of the URL counts as an editor's."""
    async with fetching(settings, secrets=secrets, lookup=lookup) as fetcher:
        return await fetcher.fetch(Request(url=url, **{"own_port": True, **request}), now=NOW)


class Names:
    """A controlled resolver: the addresses of a name, in turn for each time it is looked up, the last for ever."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._answers: dict[str, list[tuple[str, ...]]] = {}

    def answer(self, name: str, *answers: tuple[str, ...]) -> Names:
        """Say what lookups of a name find; no address at all: the name is not known."""
        self._answers[name] = list(answers)
        return self

    def __call__(self, host: str, port: int, family: int = 0, kind: int = 0) -> list[Row]:
        """As `socket.getaddrinfo`."""
        self.asked.append(host)
        queue = self._answers.get(host, [()])
        found = queue.pop(0) if len(queue) > 1 else queue[0]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in found
        ]
