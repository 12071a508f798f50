"""What the daemon shows over HTTP: its output, its health, and its figures."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from aggregator.daemon.trouble import Trouble
from aggregator.errors import StoreError
from aggregator.jobs.services import Services
from aggregator.jobs.status import drifting_of, health, status
from aggregator.observe import Metrics, log


class WebServer(Protocol):
    """Serves until it is told to exit."""

    should_exit: bool

    def serve(self, sockets: list[socket.socket] | None = None) -> Any:
        """Serve on sockets that listen already."""
        ...


# Makes a server of the output directory (which a reload may change), the health and the metrics.
MakeServer = Callable[
    [Callable[[], Path], Callable[[], Awaitable[tuple[str, list[str]]]], Callable[[], Awaitable[bytes]]],
    WebServer,
]


class Front:
    """The built-in server, run in the daemon's loop."""

    def __init__(
        self,
        in_force: Callable[[], Services],
        metrics: Metrics,
        store_trouble: Trouble,
        clock: Callable[[], datetime],
    ) -> None:
        self._in_force = in_force
        self._metrics = metrics
        self._store_trouble = store_trouble
        self._clock = clock
        self._server: WebServer | None = None
        self._task: asyncio.Task[None] | None = None

    def open(self, make: MakeServer, listener: socket.socket) -> None:
        """Serve on a socket that listens already."""
        self._server = make(lambda: self._in_force().config.output.directory, self._health, self._exposition)
        self._task = asyncio.create_task(self._serve(self._server, listener))
        self._task.add_done_callback(_tell)

    async def _serve(self, server: WebServer, listener: socket.socket) -> None:
        await server.serve(sockets=[listener])

    async def close(self) -> None:
        """Let answers that are under way end, for two seconds at most."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        try:
            await self._task
        except asyncio.CancelledError:
            self._task.cancel()
            raise

    async def _health(self) -> tuple[str, list[str]]:
        if (
            self._store_trouble.reason
        ):  # asking a store that is busy or broken would only keep the caller waiting
            return "failed", [self._store_trouble.reason]
        services, now = self._in_force(), self._clock()
        try:
            records = await services.call(services.store.feed_records)
            drifting = await services.call(drifting_of, services.store, services.site_rules)
            return await services.call(
                health, services.config, services.store, records, now=now, drifting=drifting
            )
        except StoreError as error:
            return "failed", [str(error)]

    async def _exposition(self) -> bytes:
        services, now = self._in_force(), self._clock()
        gauges: dict[tuple[str, str], float] = {("aggregator_healthy", ""): 0.0}
        try:
            state = await services.call(
                status, services.config, services.store, now=now, rules=services.site_rules
            )
        except StoreError:
            return self._metrics.exposition(gauges)
        if not self._store_trouble.reason:
            gauges["aggregator_healthy", ""] = {"ok": 1.0, "degraded": 0.5}.get(state["health"], 0.0)
        for name, count in state["ledger"].items():
            gauges["aggregator_entries", name] = float(count)
        for feed in state["feeds"]:
            key = ("aggregator_feeds", feed["state"])
            gauges[key] = gauges.get(key, 0.0) + 1
        return self._metrics.exposition(gauges)


def _tell(task: asyncio.Task[None]) -> None:
    """Say it when the server ends by itself: the daemon goes on, but nobody is served."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the built-in server has ended", reason=str(error))
