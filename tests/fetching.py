"""What tests of the fetcher share: settings with short limits, and a fetch that stands alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.fetch import Fetcher
from aggregator.model import ByteSize, Document, NotModified, PollingSettings, Request

NOW = datetime(2022, 1, 8, 5, 6, tzinfo=UTC)
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
    settings: PollingSettings | None = None, *, secrets: Mapping[str, str] | None = None
) -> AsyncIterator[Fetcher]:
    """A fetcher that is closed at the end."""
    fetcher = Fetcher(settings or polling(), user_agent=AGENT, secrets=(secrets or {}).get)
    try:
        yield fetcher
    finally:
        await fetcher.close()


async def fetch(
    url: str,
    *,
    settings: PollingSettings | None = None,
    secrets: Mapping[str, str] | None = None,
    **request: Any,
) -> Document | NotModified:
    """One document by a fetcher of its own; the port of the URL counts as an editor's."""
    async with fetching(settings, secrets=secrets) as fetcher:
        return await fetcher.fetch(Request(url=url, **{"own_port": True, **request}), now=NOW)
