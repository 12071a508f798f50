"""The daemon's loop: ticks say what is due, jobs do it, and everything ends within ten seconds of a signal."""

from __future__ import annotations

import asyncio
import itertools
import signal
import socket
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aggregator.core.counts import counted
from aggregator.daemon.configuration import InForce
from aggregator.daemon.reload import Reloader
from aggregator.daemon.rounds import Rounds
from aggregator.daemon.serving import Front, MakeServer
from aggregator.daemon.supervisor import Supervisor
from aggregator.daemon.trouble import Trouble
from aggregator.errors import AggregatorError, OutputError, StoreError
from aggregator.jobs.housekeeping import look_for_dead, prune
from aggregator.jobs.poll import askable, poll
from aggregator.jobs.publish import publish
from aggregator.jobs.read import read_waiting
from aggregator.jobs.services import Services
from aggregator.jobs.status import HEARTBEAT
from aggregator.model import Config, FeedRecord, PollOutcome
from aggregator.observe import Metrics, log

TICK: Final = 1.0  # seconds between looks at what is due, and at feeds.toml
SLOW_TICK: Final = 2.0  # between looks at what may be published
HEARTBEAT_EVERY: Final = timedelta(seconds=60)
HOUSEKEEPING_SECONDS: Final = 3600.0
FINISH_SECONDS: Final = 4.0  # for what is nearly done when the end comes
CANCEL_SECONDS: Final = 4.0  # for what was told to stop
MOST_DUE: Final = 2000
ENDED_AT_ONCE: Final = (
    "poll ",
    "read",
    "round",
    "dead feeds",
)  # they wait for others; what they have not stored was never accepted

Clock = Callable[[], datetime]
MakeServices = Callable[[Config, "Services | None"], Services]
Job = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a daemon starts with."""

    path: Path
    environment: Mapping[str, str]
    in_force: InForce
    make_services: MakeServices  # the services of a configuration, given those in force before
    front_door: tuple[MakeServer, socket.socket] | None = None  # None: another server serves the output


def wall_clock() -> datetime:
    """Read the clock: here and in the commands only."""
    return datetime.now(UTC)


class Daemon:
    """Runs the jobs when they are due, until it is told to stop."""

    def __init__(self, hello: Hello, *, clock: Clock = wall_clock) -> None:
        self._clock = clock
        self._stop = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asking: set[str] = set()
        self._batches = itertools.count(1)
        self._heartbeat: datetime | None = None
        self._supervisor = Supervisor()
        self._store_trouble = Trouble("the store cannot be used")
        self._output_trouble = Trouble("output not written")
        self._rounds = Rounds(self._polled)
        self._reloader = Reloader(
            hello.path, hello.environment, hello.make_services, first=hello.in_force, clock=clock
        )
        self.metrics = Metrics()
        self._front = Front(self._now_in_force, self.metrics, self._store_trouble, clock)
        self._front_door = hello.front_door

    @property
    def services(self) -> Services:
        """Everything the jobs need, by the configuration in force."""
        return self._reloader.services

    def _now_in_force(self) -> Services:
        return self._reloader.services

    async def main(self) -> None:
        """Run until SIGTERM or SIGINT; what is under way ends within ten seconds, stored whole or not at all."""
        self._listen_to_signals()
        await self._reloader.begin()
        await self._rounds.close_stale(self.services, now=self._clock())
        await asyncio.to_thread(self.services.output.prepare)
        await asyncio.to_thread(self.services.output.sweep)
        scheduler = self._scheduler()
        if self._front_door is not None:
            self._front.open(*self._front_door)
        scheduler.start()
        self._supervisor.ready(self._summary())
        guard = asyncio.create_task(self._keep_ticking(scheduler))
        try:
            await self._stop.wait()
        finally:
            self._supervisor.stopping()
            guard.cancel()
            scheduler.shutdown(wait=False)
            await self._drain()

    def stop(self) -> None:
        """Ask for the end."""
        self._stop.set()

    def _listen_to_signals(self) -> None:
        # Not by the loop's own means: when it closes, it hands the signals back to those that end a process, and
        # a second SIGTERM would turn a clean end into another one.
        loop = asyncio.get_running_loop()

        def on(number: signal.Signals, act: Callable[[], None]) -> None:
            def handle(*_: object) -> None:
                with suppress(RuntimeError):  # the loop is closed by now
                    loop.call_soon_threadsafe(act)

            signal.signal(number, handle)

        on(signal.SIGTERM, self.stop)
        on(signal.SIGINT, self.stop)
        on(signal.SIGHUP, lambda: self._spawn("reload", self._reloader.reload))

    def _scheduler(self) -> Any:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler
        from apscheduler.triggers.interval import IntervalTrigger

        class Every(IntervalTrigger):  # type: ignore[misc]
            """Goes on from now where the clock was set: APScheduler counts every second of a jump to 2200."""

            def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
                following: datetime = super().get_next_fire_time(previous, now)
                return max(following, now)

        # APScheduler's defaults drop a tick that is a second late; a tick is never too late and never doubled.
        scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        jobs: list[tuple[str, Job, float]] = [
            ("look", self._look, TICK),
            ("round", self._round, TICK),
            ("read", self._read, TICK),
            ("publish", self._publish, SLOW_TICK),
            ("reload", self._reloader.reload_when_saved, TICK),
            ("housekeeping", self._prune, HOUSEKEEPING_SECONDS),
            ("dead feeds", self._look_for_dead, HOUSEKEEPING_SECONDS),
        ]
        for name, job, seconds in jobs:
            scheduler.add_job(self._tick, Every(seconds=seconds, timezone=UTC), args=[name, job], id=name)
        for name in ("look", "publish"):  # at once: people watch the screen, and a supervisor the clock
            scheduler.modify_job(name, next_run_time=self._clock())
        return scheduler

    async def _tick(self, name: str, job: Job) -> None:
        """Do what is due: every job but the first waits while the store is in trouble, so that it shows once."""
        if name != "look" and self._store_trouble.holds(at=_elapsed()):
            return
        self._spawn(name, job)

    async def _keep_ticking(self, scheduler: Any) -> None:
        """Wake the ticks when the clock was set back: APScheduler would wait until it catches up."""
        while True:
            await asyncio.sleep(5)
            now = self._clock()
            for job in scheduler.get_jobs():
                late = job.trigger.interval + timedelta(seconds=5)
                if job.next_run_time and job.next_run_time - now > late:
                    job.modify(next_run_time=now)

    def _spawn(self, name: str, job: Job) -> None:
        """Run a job beside the ticks, once at a time by its name; what it raises is told and not fatal."""
        if self._stop.is_set() or name in self._tasks:
            return
        task = asyncio.create_task(self._guarded(name, job))
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    async def _guarded(self, name: str, job: Job) -> None:
        try:
            await job()
        except StoreError as error:
            self._store_trouble.failed(str(error), at=_elapsed())
        except AggregatorError as error:
            log.error(f"{name} failed", reason=str(error))
        except Exception:  # noqa: BLE001 - the job boundary: one failing job stops no other
            log.exception(f"{name} failed")

    async def _look(self) -> None:
        """Ask the feeds whose time has come; while the store is in trouble, see whether it is over."""
        self._supervisor.alive()
        if self._store_trouble.holds(at=_elapsed()):
            return
        await self._beat()
        self._store_trouble.settle(at=_elapsed())
        services, now = self.services, self._clock()
        # Paused ones are due for ever, and stand first.
        paused = sum(feed.paused for feed in services.config.feed)
        due = await services.call(services.store.due, now=now, limit=MOST_DUE + paused)
        ready = [
            record for record in askable(due, services=services, now=now) if record.id not in self._asking
        ]
        if ready and not self._stop.is_set():
            self._asking.update(record.id for record in ready)
            self._spawn(f"poll {next(self._batches)}", lambda: self._poll(ready, services))

    async def _poll(self, records: list[FeedRecord], services: Services) -> None:
        try:
            await poll(records, services=services, now=self._clock(), saved=self._polled)
        finally:
            self._asking.difference_update(record.id for record in records)

    def _polled(self, record: FeedRecord, outcome: PollOutcome) -> None:
        """Count a poll, and let its feed be asked again when it is due: others of the batch may take long."""
        self._asking.discard(record.id)
        changed = "new" if outcome.new or outcome.updated else "unchanged"
        result = "failed" if outcome.problem else "not-modified" if outcome.not_modified else changed
        self.metrics.add("aggregator_polls", result)
        self.metrics.add("aggregator_entries_new", amount=len(outcome.new))
        self.metrics.add("aggregator_entries_updated", amount=len(outcome.updated))

    async def _read(self) -> None:
        done = await read_waiting(services=self.services, now=self._clock())
        self.metrics.add("aggregator_entries_read", amount=done)

    async def _publish(self) -> None:
        """Write what differs; what cannot be written is tried again, less and less often."""
        if self._output_trouble.holds(at=_elapsed()):
            return
        try:
            written = await publish(services=self.services, now=self._clock())
        except OutputError as error:
            self._output_trouble.failed(str(error), at=_elapsed())
            return
        self.metrics.add("aggregator_files_replaced", amount=written.replaced)
        if written.failed:
            reasons = "; ".join(f"section {section}: {reason}" for section, reason in written.failed)
            self._output_trouble.failed(reasons, at=_elapsed())
        else:
            self._output_trouble.settle(at=_elapsed())

    async def _round(self) -> None:
        services = self.services
        if await services.call(services.store.open_rounds):
            await self._reloader.reload_when_saved()  # whoever asks may just have saved the file
            await self._rounds.answer(self.services, self._clock)

    async def _prune(self) -> None:
        await prune(services=self.services, now=self._clock())

    async def _look_for_dead(self) -> None:
        await look_for_dead(services=self.services, now=self._clock())

    async def _beat(self) -> None:
        """Write, for `status`, that the scheduler moves; in trouble it is the first to try the store."""
        now = self._clock()
        late = self._heartbeat is None or abs(now - self._heartbeat) >= HEARTBEAT_EVERY
        if late or self._store_trouble.reason:
            await self.services.call(self.services.store.put_note, HEARTBEAT, now.isoformat())
            self._heartbeat = now
        if late:
            self._supervisor.status(self._summary())

    def _summary(self) -> str:
        config = self.services.config
        text = f"{counted(len(config.feed), 'feed')}, {counted(len(config.section), 'section')}"
        if self._reloader.faults:
            text += "; feeds.toml is faulty, the last good configuration is in force"
        return f"{text}; {self._store_trouble.reason}" if self._store_trouble.reason else text

    async def _drain(self) -> None:
        """End what is under way: what waits for others at once, the rest after a few seconds."""
        running = dict(self._tasks)
        for name, task in running.items():
            if name.startswith(ENDED_AT_ONCE):
                task.cancel()
        closing = asyncio.create_task(self._front.close())
        everything = [*running.values(), closing]
        _, slow = await asyncio.wait(everything, timeout=FINISH_SECONDS)
        for task in slow:
            task.cancel()
        if slow:
            await asyncio.wait(slow, timeout=CANCEL_SECONDS)
        with suppress(StoreError):
            # A daemon that was stopped is not one whose scheduler stands still.
            await self.services.call(self.services.store.put_note, HEARTBEAT, "")
        await self._reloader.close()


def _elapsed() -> float:
    """Give the loop's time, in seconds: it only goes forward."""
    return asyncio.get_running_loop().time()
