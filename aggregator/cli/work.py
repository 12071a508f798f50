"""`run`, `once` and `publish`: the commands that work on the store."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aggregator import __version__
from aggregator.cli.context import DONE, Context
from aggregator.cli.screen import DaemonScreen, Progress, print_round
from aggregator.core.regions import Gazetteer
from aggregator.errors import AggregatorError, AlreadyRunning, OutputError
from aggregator.jobs.places import packaged_gazetteer
from aggregator.jobs.publish import publish as publish_job
from aggregator.jobs.publish import reselect_when_changed
from aggregator.jobs.round import RoundOptions, RoundResult, run_round
from aggregator.jobs.services import Report, Services, StoreThread
from aggregator.model import Config
from aggregator.store import Store, open_store
from aggregator.store.lock import Lock, holder, try_lock

if TYPE_CHECKING:
    from aggregator.daemon.loop import Serve

T = TypeVar("T")
LOOK_EVERY: Final = 0.2  # seconds between looks at a lock or a round
CHILDREN: Final = 2
CHILD_MEMORY: Final = 1_500_000_000  # bytes of address space


def run(context: Context, *, strict: bool) -> int:
    """Be the daemon until a signal ends it."""
    from aggregator.daemon import Daemon, Hello, in_force_at_start
    from aggregator.daemon.configuration import database_of
    from aggregator.observe import configure_logging

    database = database_of(context.path, os.environ)
    lock = try_lock(database, f"daemon {os.getpid()}")
    if lock is None:
        raise AlreadyRunning(
            f"{database}: in use by another {holder(database) or 'process'}; stop that one first"
        )
    try:
        store = open_store(database, now=context.now)
        force = in_force_at_start(
            context.path, store, gazetteer=packaged_gazetteer(), environment=os.environ, strict=strict
        )
        config = force.config
        configure_logging("debug" if context.verbose else config.log.level, config.log.format)
        serve = _server(config)
        call, screen = StoreThread(), DaemonScreen(quiet=context.quiet)
        screen.hello(config, context.path)

        def make(new: Config, old: Services | None) -> Services:
            return _services(new, store, call, report=screen, old=old)

        hello = Hello(
            path=context.path, environment=os.environ, in_force=force, make_services=make, serve=serve
        )
        daemon = Daemon(hello)
        asyncio.run(daemon.main())
        call.close()
        store.close()
    finally:
        lock.release()
    return DONE


def once(context: Context, *, force: bool, feeds: tuple[str, ...]) -> int:
    """Do one round, here or in the daemon that holds the store."""
    config = context.load()
    unknown = [feed for feed in feeds if feed not in {each.id for each in config.feed}]
    if unknown:
        raise AggregatorError(
            f"{unknown[0]}: no such feed; there are: {', '.join(each.id for each in config.feed)}"
        )
    lock = _lock_or_daemon(config.storage.database, "once")
    if lock is None:
        return _ask_daemon(context, config, {"force": force, "feeds": list(feeds)})
    options = RoundOptions(force=force, feeds=feeds)

    async def job(services: Services) -> RoundResult:
        try:
            return await run_round(options, services=services, now=context.now)
        finally:
            services.report.close()  # type: ignore[attr-defined]

    with _held(lock):
        result = _with_services(context, config, job)
    print_round(result, config, quiet=context.quiet)
    return DONE


def publish(context: Context, *, force: bool) -> int:
    """Write the output from what is stored."""
    config = context.load()
    lock = _lock_or_daemon(config.storage.database, "publish")
    if lock is None:
        return _ask_daemon(context, config, {"publish": True, "force": force})

    async def job(services: Services) -> int:
        await reselect_when_changed(services=services, now=context.now)
        return (await publish_job(services=services, now=context.now, force=force)).replaced

    with _held(lock):
        replaced = _with_services(context, config, job)
    if not context.quiet:
        print(f"{replaced} files replaced in {config.output.directory}")
    return DONE


@contextmanager
def _held(lock: Lock) -> Iterator[None]:
    try:
        yield
    finally:
        lock.release()


def _with_services(context: Context, config: Config, job: Callable[[Services], Coroutine[Any, Any, T]]) -> T:
    """Run one job with everything it needs, and leave nothing open."""
    from aggregator.observe import configure_logging

    configure_logging("debug" if context.verbose else "error", config.log.format)
    store = open_store(config.storage.database, now=context.now)
    call = StoreThread()
    services = _services(config, store, call, report=Progress(quiet=context.quiet))

    async def main() -> T:
        try:
            await call(store.sync_feeds, config.feed, now=context.now)
            await call(store.save_config, context.path.read_text("utf-8-sig"), now=context.now)
            return await job(services)
        finally:
            await services.fetcher.close()  # type: ignore[attr-defined]
            await services.workers.close()  # type: ignore[attr-defined]

    try:
        return asyncio.run(main())
    finally:
        call.close()
        store.close()


def _services(
    config: Config, store: Store, call: StoreThread, *, report: Report, old: Services | None = None
) -> Services:
    """Join the edges for a configuration; what does not depend on it is carried over from the old ones."""
    from aggregator.fetch import Fetcher, user_agent
    from aggregator.publish import Output
    from aggregator.workers import Workers

    gazetteer: Gazetteer = packaged_gazetteer().with_regions(config.region)
    same_web = old is not None and old.config.polling == config.polling and old.config.site == config.site
    fetcher = (
        old.fetcher
        if old is not None and same_web
        else Fetcher(config.polling, user_agent=user_agent(config.site, __version__), secrets=_secret)
    )
    return Services(
        config=config,
        gazetteer=gazetteer,
        store=store,
        call=call,
        fetcher=fetcher,
        workers=old.workers if old is not None else Workers(CHILDREN, CHILD_MEMORY),
        output=Output(config.output.directory),
        report=report,
    )


def _secret(name: str) -> str | None:
    """Give a secret by its name: from systemd's credentials, else from the environment (contract, section 1)."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and (file := Path(folder) / name).is_file():
        return file.read_text("utf-8").strip()
    return os.environ.get("AGGREGATOR_CREDENTIAL_" + name.upper().replace("-", "_"))


def _server(config: Config) -> Serve | None:
    """Take the address to serve on, and give what serves there; None where another program serves the output."""
    from aggregator import web

    if not config.server.listen:
        return None
    listener = web.bind(config.server.listen)

    async def serve(directory: Path, health: web.HealthCheck, metrics: web.Exposition) -> None:
        app = web.application(directory, health=health, metrics=metrics)
        await web.server(app).serve(sockets=[listener])

    return serve


def _lock_or_daemon(database: str, role: str) -> Lock | None:
    """Take the store, waiting for another `once` or `publish`; None: a daemon has it and can be asked."""
    while True:
        lock = try_lock(database, f"{role} {os.getpid()}")
        if lock is not None:
            return lock
        if (holder(database) or "").startswith("daemon"):
            return None
        time.sleep(LOOK_EVERY)


def _ask_daemon(context: Context, config: Config, asked: dict[str, Any]) -> int:
    """Ask the daemon by a row in the store, and show what it writes there."""
    store = open_store(config.storage.database, now=context.now)
    progress = Progress(quiet=context.quiet)
    try:
        number = store.ask_round(json.dumps(asked), now=context.now)
        while True:
            told, result = store.round_state(number)
            if result is not None:
                break
            progress.told(told)
            if not (holder(config.storage.database) or "").startswith("daemon"):
                raise AggregatorError("the daemon has stopped; call the command again")
            time.sleep(LOOK_EVERY)
    finally:
        progress.close()
        store.close()
    answer = json.loads(result)
    if "error" in answer:
        raise OutputError(answer["error"])
    if not context.quiet:
        print(", ".join(f"{key} {value}" for key, value in answer.items() if isinstance(value, int)))
    return DONE
