"""The daemon's loop: ticks say what is due, jobs do it, and everything ends within ten seconds of a signal."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aggregator.daemon.configuration import InForce, reloaded, stamp
from aggregator.daemon.rounds import answer_round
from aggregator.daemon.supervisor import Supervisor
from aggregator.errors import AggregatorError, ConfigError, OutputError, StoreError
from aggregator.fetch import Fetcher
from aggregator.jobs.housekeeping import prune
from aggregator.jobs.poll import poll
from aggregator.jobs.publish import publish, reselect_when_changed
from aggregator.jobs.read import read_waiting
from aggregator.jobs.services import Services
from aggregator.jobs.status import FAULTS, HEARTBEAT, OUTPUT_ERROR, health, status
from aggregator.model import Config, FeedRecord
from aggregator.observe import Metrics, log

TICK: Final = 1.0  # seconds between looks at what is due
SLOW_TICK: Final = 2.0  # between looks at feeds.toml and at what may be published
HEARTBEAT_EVERY: Final = timedelta(seconds=60)
HOUSEKEEPING_SECONDS: Final = 3600.0
DRAIN_SECONDS: Final = 6.0
MOST_DUE: Final = 2000

Clock = Callable[[], datetime]
MakeServices = Callable[[Config, "Services | None"], Services]
HealthCheck = Callable[[], Awaitable[tuple[str, list[str]]]]
Exposition = Callable[[], Awaitable[bytes]]
Serve = Callable[[Path, HealthCheck, Exposition], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a daemon starts with."""

    path: Path
    environment: Mapping[str, str]
    in_force: InForce
    make_services: MakeServices  # the services of a configuration, given those in force before
    serve: Serve | None = None  # None: the output is served by another web server


def wall_clock() -> datetime:
    """Read the clock: here and in the commands only."""
    return datetime.now(UTC)


class Daemon:
    """Runs the jobs when they are due, until it is told to stop."""

    def __init__(self, hello: Hello, *, clock: Clock = wall_clock) -> None:
        self._hello = hello
        self._clock = clock
        self._stop = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asking: set[str] = set()
        self._stamp = stamp(hello.path)
        self._heartbeat: datetime | None = None
        self._supervisor = Supervisor()
        self.metrics = Metrics()
        self.services = hello.make_services(hello.in_force.config, None)

    async def main(self) -> None:
        """Run until SIGTERM or SIGINT; what is under way ends within ten seconds, stored whole or not at all."""
        self._listen_to_signals()
        await self._adopt(self._hello.in_force)
        self.services.output.prepare()
        scheduler = self._scheduler()
        server = self._serve()
        scheduler.start()
        self._supervisor.ready(self._summary())
        guard = asyncio.create_task(self._keep_ticking(scheduler))
        try:
            await self._stop.wait()
        finally:
            self._supervisor.stopping()
            guard.cancel()
            scheduler.shutdown(wait=False)
            await self._drain(server)

    def stop(self) -> None:
        """Ask for the end."""
        self._stop.set()

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn("reload", self._reload(always=True)))

    def _scheduler(self) -> Any:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        # APScheduler's defaults drop a tick that is a second late; a tick is never too late and never doubled.
        scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        ticks: list[tuple[Callable[[], Awaitable[None]], float]] = [
            (self._poll_tick, TICK),
            (self._rounds_tick, TICK),
            (self._read_tick, TICK),
            (self._publish_tick, SLOW_TICK),
            (self._reload_tick, SLOW_TICK),
            (self._housekeeping_tick, HOUSEKEEPING_SECONDS),
        ]
        for tick, seconds in ticks:
            scheduler.add_job(tick, "interval", seconds=seconds, id=tick.__name__)
        return scheduler

    async def _keep_ticking(self, scheduler: Any) -> None:
        """Wake the ticks when the clock was set back: APScheduler would wait until it catches up."""
        while True:
            await asyncio.sleep(5)
            now = self._clock()
            for job in scheduler.get_jobs():
                late = job.trigger.interval + timedelta(seconds=5)
                if job.next_run_time and job.next_run_time - now > late:
                    job.modify(next_run_time=now)

    def _spawn(self, name: str, job: Coroutine[Any, Any, None]) -> None:
        """Run a job beside the ticks, once at a time by its name; what it raises is logged and not fatal."""
        running = self._tasks.get(name)
        if self._stop.is_set() or (running and not running.done()):
            job.close()
            return
        self._tasks[name] = asyncio.create_task(self._guarded(name, job))

    async def _guarded(self, name: str, job: Coroutine[Any, Any, None]) -> None:
        try:
            await job
        except OutputError as error:
            await self._remember_output(str(error))
        except AggregatorError as error:
            log.error(f"{name} failed", reason=str(error))
        except Exception:  # noqa: BLE001 - the job boundary: one failing job stops no other
            log.exception(f"{name} failed")

    async def _poll_tick(self) -> None:
        await self._beat()
        due = await self.services.call(self.services.store.due, now=self._clock(), limit=MOST_DUE)
        paused = {feed.id for feed in self.services.config.feed if feed.paused}
        ready = [record for record in due if record.id not in self._asking and record.id not in paused]
        if not ready or self._stop.is_set():
            return
        self._asking.update(record.id for record in ready)
        name = f"poll {ready[0].id}"
        self._spawn(name, self._poll(ready))

    async def _poll(self, records: list[FeedRecord]) -> None:
        try:
            outcomes = await poll(records, services=self.services, now=self._clock())
        finally:
            self._asking.difference_update(record.id for record in records)
        for outcome in outcomes:
            changed = "new" if outcome.new or outcome.updated else "unchanged"
            result = "failed" if outcome.problem else "not-modified" if outcome.not_modified else changed
            self.metrics.add("aggregator_polls", result)
            self.metrics.add("aggregator_entries_new", amount=len(outcome.new))
            self.metrics.add("aggregator_entries_updated", amount=len(outcome.updated))

    async def _read_tick(self) -> None:
        self._spawn("read", self._read())

    async def _read(self) -> None:
        done = await read_waiting(services=self.services, now=self._clock())
        self.metrics.add("aggregator_entries_read", amount=done)

    async def _publish_tick(self) -> None:
        self._spawn("publish", self._publish())

    async def _publish(self) -> None:
        written = await publish(services=self.services, now=self._clock())
        self.metrics.add("aggregator_files_replaced", amount=written.replaced)
        await self._remember_output("")

    async def _remember_output(self, error: str) -> None:
        """Keep why files could not be written where `status` finds it; log only when that changes."""
        if (await self.services.call(self.services.store.note, OUTPUT_ERROR) or "") == error:
            return
        await self.services.call(self.services.store.put_note, OUTPUT_ERROR, error)
        if error:
            log.error("output not written", reason=error)
        else:
            log.info("output is written again")

    async def _rounds_tick(self) -> None:
        self._spawn("round", answer_round(self.services, self._clock))

    async def _housekeeping_tick(self) -> None:
        self._spawn("housekeeping", prune(services=self.services, now=self._clock()))

    async def _reload_tick(self) -> None:
        self._spawn("reload", self._reload(always=False))

    async def _reload(self, *, always: bool) -> None:
        seen = stamp(self._hello.path)
        if not always and (seen is None or seen == self._stamp):
            return
        self._stamp = seen
        try:
            new = await asyncio.to_thread(
                reloaded,
                self._hello.path,
                gazetteer=self.services.gazetteer,
                environment=self._hello.environment,
            )
        except ConfigError as error:
            await self._adopt_faults([str(fault) for fault in error.faults])
            return
        if new.config.storage.database != self.services.config.storage.database:
            log.warning("the database stays the one in use until a restart")
            storage = replace(new.config.storage, database=self.services.config.storage.database)
            new = replace(new, config=replace(new.config, storage=storage))
        await self._adopt(new)
        log.info("feeds.toml is in force", feeds=len(new.config.feed), sections=len(new.config.section))

    async def _adopt(self, new: InForce) -> None:
        """Put a configuration in force, and keep it as the last good one."""
        if new.config != self.services.config:
            old = self.services
            self.services = self._hello.make_services(new.config, old)
            if self.services.fetcher is not old.fetcher and isinstance(old.fetcher, Fetcher):
                self._tasks["close"] = asyncio.create_task(_close_later(old.fetcher))
        store, call, now = self.services.store, self.services.call, self._clock()
        await call(store.sync_feeds, new.config.feed, now=now)
        await self._adopt_faults([str(fault) for fault in new.faults])
        if not new.faults:
            await call(store.save_config, new.text, now=now)
        await reselect_when_changed(services=self.services, now=now)

    async def _adopt_faults(self, faults: list[str]) -> None:
        """Say loudly, and keep for `status`, why the file is not in force."""
        for fault in faults:
            log.error("feeds.toml is faulty; the last good configuration stays in force", fault=fault)
        await self.services.call(self.services.store.put_note, FAULTS, json.dumps(faults) if faults else "")

    async def _beat(self) -> None:
        """Tell the supervisor, and `status`, that the scheduler moves."""
        self._supervisor.alive()
        now = self._clock()
        if self._heartbeat is None or abs(now - self._heartbeat) >= HEARTBEAT_EVERY:
            self._heartbeat = now
            await self.services.call(self.services.store.put_note, HEARTBEAT, now.isoformat())
            self._supervisor.status(self._summary())

    def _summary(self) -> str:
        config = self.services.config
        return f"{len(config.feed)} feeds, {len(config.section)} sections"

    def _serve(self) -> asyncio.Task[None] | None:
        if self._hello.serve is None:
            return None
        directory = self.services.config.output.directory
        return asyncio.create_task(self._hello.serve(directory, self._health, self._exposition))

    async def _health(self) -> tuple[str, list[str]]:
        store, config, now = self.services.store, self.services.config, self._clock()
        try:
            records = await self.services.call(store.feed_records)
            return await self.services.call(health, config, store, records, now=now)
        except StoreError as error:
            return "failed", [str(error)]

    async def _exposition(self) -> bytes:
        state = await self.services.call(status, self.services.config, self.services.store, now=self._clock())
        gauges: dict[tuple[str, str], float] = {
            ("aggregator_healthy", ""): {"ok": 1.0, "degraded": 0.5}.get(state["health"], 0.0)
        }
        for name, count in state["ledger"].items():
            gauges["aggregator_entries", name] = float(count)
        for feed in state["feeds"]:
            key = ("aggregator_feeds", feed["state"])
            gauges[key] = gauges.get(key, 0.0) + 1
        return self.metrics.exposition(gauges)

    async def _drain(self, server: asyncio.Task[None] | None) -> None:
        """End what is under way: give it some seconds, then cancel; what is not stored was never accepted."""
        running = [task for task in self._tasks.values() if not task.done()]
        if server is not None:
            server.cancel()
            running.append(server)
        if running:
            polling = [task for name, task in self._tasks.items() if name.startswith("poll ")]
            for task in polling:
                task.cancel()
            _, slow = await asyncio.wait(running, timeout=DRAIN_SECONDS)
            for task in slow:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        if isinstance(self.services.fetcher, Fetcher):
            await self.services.fetcher.close()


async def _close_later(fetcher: Fetcher) -> None:
    """Close a fetcher that is no longer in force, when its last requests are over."""
    await asyncio.sleep(120)
    await fetcher.close()
