"""Puts a saved feeds.toml in force, or says why not and keeps the last good one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from aggregator.config import siterules
from aggregator.daemon.configuration import InForce, reloaded, stamp
from aggregator.errors import ConfigError
from aggregator.fetch import Fetcher
from aggregator.jobs.expect import failures
from aggregator.jobs.places import packaged_gazetteer
from aggregator.jobs.publish import reselect_when_changed
from aggregator.jobs.services import Services
from aggregator.jobs.status import FAULTS
from aggregator.model import Config
from aggregator.observe import log
from aggregator.workers import Workers

ABSENT_LOOKS: Final = 5  # without the file before that is a fault: editors save by renaming


class Reloader:
    """Holds the services of the configuration in force."""

    def __init__(
        self,
        path: Path,
        environment: Mapping[str, str],
        make: Callable[[Config, Services | None], Services],
        *,
        first: InForce,
        clock: Callable[[], datetime],
    ) -> None:
        self._path = path
        self._environment = environment
        self._make = make
        self._clock = clock
        self._first = first
        self._stamp = first.stamp
        self._absent = 0
        self._turn = asyncio.Lock()
        self._old: dict[asyncio.Task[None], Fetcher] = {}  # those that end, by what waits for it
        self.faults: tuple[str, ...] = ()
        self.services = replace(make(first.config, None), site_rules=siterules.in_force(first.rules))

    async def begin(self) -> None:
        """Put in force what the daemon starts with."""
        await self._adopt(self._first)

    async def reload_when_saved(self) -> None:
        """Load the file again if it is another one than last time; one that is missing for a moment is not."""
        seen = stamp(self._path)
        self._absent = 0 if seen is not None else self._absent + 1
        if seen == self._stamp or 0 < self._absent < ABSENT_LOOKS:
            return
        await self.reload()

    async def reload(self) -> None:
        """Load the file again. What the store did not take is tried again: only then is the file done with."""
        async with self._turn:
            seen = stamp(self._path)
            try:
                new = await asyncio.to_thread(
                    reloaded, self._path, gazetteer=packaged_gazetteer(), environment=self._environment
                )
            except ConfigError as error:
                await self._adopt_faults(tuple(map(str, error.faults)))
                self._stamp = seen
                return
            await self._adopt(self._without_moves(new))
            self._stamp = new.stamp
            log.info("feeds.toml is in force", feeds=len(new.config.feed), sections=len(new.config.section))

    def _without_moves(self, new: InForce) -> InForce:
        """Keep what only a restart can change, and say so."""
        storage, server, old = new.config.storage, new.config.server, self.services.config
        if server != old.server:
            log.warning("[server] and [log] are in force after a restart", listen=server.listen)
        if storage.database == old.storage.database:
            return new
        log.warning("the database stays the one in use until a restart")
        storage = replace(storage, database=old.storage.database)
        return replace(new, config=replace(new.config, storage=storage))

    async def _adopt(self, new: InForce) -> None:
        """Put a configuration in force, and keep it as the last good one."""
        old, now = self.services, self._clock()
        await old.call(old.store.sync_feeds, new.config.feed, now=now)
        rules = siterules.in_force(new.rules)
        if new.config != old.config:
            self.services = replace(self._make(new.config, old), site_rules=rules)
            self._retire(old)
        elif rules != old.site_rules:
            self.services = replace(old, site_rules=rules)
        if not new.faults:
            await old.call(old.store.save_config, new.text, now=now)
        await self._adopt_faults(tuple(map(str, new.faults)))
        await reselect_when_changed(services=self.services, now=now)
        failed, _ = await old.call(failures, new.config, old.store)
        for failure in failed:
            log.warning("an [[expect]] of feeds.toml is not met", failure=failure)

    async def _adopt_faults(self, faults: tuple[str, ...]) -> None:
        """Say loudly, and keep for `status`, why the file is not in force."""
        for fault in faults if faults != self.faults else ():
            log.error("feeds.toml is faulty; the last good configuration stays in force", fault=fault)
        self.faults = faults
        store = self.services.store
        await self.services.call(store.put_note, FAULTS, json.dumps(faults) if faults else "")

    def _retire(self, old: Services) -> None:
        """Close a fetcher that is no longer in force when its last requests are over."""
        fetcher = old.fetcher
        if self.services.fetcher is fetcher or not isinstance(fetcher, Fetcher):
            return
        task = asyncio.create_task(fetcher.finish())
        self._old[task] = fetcher
        task.add_done_callback(self._old.pop)

    async def close(self) -> None:
        """Close every fetcher, and the children."""
        ending = dict(self._old)
        await self.services.fetcher.close()
        for fetcher in ending.values():
            await fetcher.close()
        await asyncio.gather(*ending)
        if isinstance(self.services.workers, Workers):
            await self.services.workers.close()
