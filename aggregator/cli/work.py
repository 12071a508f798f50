"""`run`, `once` and `publish`: the commands that work on the store."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aggregator import __version__
from aggregator.cli.context import DONE, Context
from aggregator.cli.screen import DaemonScreen, Progress, print_published, print_round
from aggregator.config import siterules
from aggregator.config.shown import no_such
from aggregator.core.regions import Gazetteer
from aggregator.errors import AggregatorError, AlreadyRunning
from aggregator.jobs.places import packaged_gazetteer
from aggregator.jobs.publish import publish as publish_job
from aggregator.jobs.publish import reselect_when_changed
from aggregator.jobs.round import RoundOptions, run_round
from aggregator.jobs.services import CARRIED, Fetch, Report, Services, Silent, StoreThread
from aggregator.jobs.status import FAULTS, HEARTBEAT
from aggregator.model import Config
from aggregator.store import Store, open_store
from aggregator.store.lock import Lock, holder, try_lock
from aggregator.store.place import place_of

if TYPE_CHECKING:
    import socket

    from aggregator.daemon import InForce, MakeServer, WebServer

T = TypeVar("T")
LOOK_EVERY: Final = 0.2  # seconds between looks at a lock or a round
CHILDREN: Final = 2
CHILD_MEMORY: Final = 1_500_000_000  # bytes of address space


def run(context: Context, *, strict: bool) -> int:
    """Be the daemon until a signal ends it."""
    from aggregator.daemon import database_of

    # Signals that would end the process by default and mean nothing to it; SIGHUP does once the daemon listens.
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    database = database_of(context.path, os.environ)
    force = context.load_or_last_good(lambda: None if strict else context.stored_config(database))
    lock = try_lock(database, f"daemon {os.getpid()}")
    if lock is None:
        who = holder(database) or "another process"
        raise AlreadyRunning(f"{place_of(database)}: in use by {who}; stop that one first")
    with _held(lock):
        _be_the_daemon(context, force, database)
    return DONE


def _be_the_daemon(context: Context, force: InForce, database: str) -> None:
    from aggregator.daemon import Daemon, Hello
    from aggregator.observe import configure_logging

    config = force.config
    # On a terminal the screen tells of feeds and sections in its own words, and the log need not say it again;
    # a journal, and whoever wants JSON, get the log alone.
    shown = not context.quiet and config.log.format == "text" and "JOURNAL_STREAM" not in os.environ
    level = "error" if shown and sys.stderr.isatty() else config.log.level
    configure_logging("debug" if context.verbose else level, config.log.format)
    store, call = open_store(database, now=context.now), StoreThread()
    screen = DaemonScreen(quiet=not shown)

    def make(new: Config, old: Services | None) -> Services:
        return services_for(new, store, call, report=screen, old=old)

    try:
        hello = Hello(
            path=context.path.absolute(),
            environment=os.environ,
            in_force=force,
            make_services=make,
            front_door=_front_door(config),
        )
        screen.hello(config, context.path)
        asyncio.run(Daemon(hello).main())
        # The end is near and clean; an interpreter that shuts down would let a late signal spoil it.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
    finally:
        call.close()
        store.close()


def once(context: Context, *, force: bool, feeds: tuple[str, ...]) -> int:
    """Do one round, here or in the daemon that holds the store."""
    loaded = context.load()
    config = loaded.config
    known = {each.id: each for each in config.feed}
    if unknown := [feed for feed in feeds if feed not in known]:
        raise AggregatorError(no_such("feed", unknown[0], known))
    options = RoundOptions(force=force, feeds=feeds)

    async def job(services: Services) -> dict[str, Any]:
        return (await run_round(options, services=services, now=context.now)).summary()

    asked = {"force": force, "feeds": list(feeds)}
    print_round(_here_or_there(context, loaded, "once", asked, job), config, quiet=context.quiet)
    return DONE


def publish(context: Context, *, force: bool) -> int:
    """Write the output from what is stored."""
    loaded = context.load()

    async def job(services: Services) -> dict[str, Any]:
        await reselect_when_changed(services=services, now=context.now)
        written = await publish_job(services=services, now=context.now, force=force)
        return {"replaced": written.replaced, "sections_failed": [list(each) for each in written.failed]}

    asked = {"publish": True, "force": force}
    print_published(
        _here_or_there(context, loaded, "publish", asked, job), loaded.config, quiet=context.quiet
    )
    return DONE


def _here_or_there(
    context: Context,
    loaded: InForce,
    role: str,
    asked: dict[str, Any],
    job: Callable[[Services], Coroutine[Any, Any, dict[str, Any]]],
) -> dict[str, Any]:
    """Do a job with the store held, or have the daemon that holds it do the same; gives what came of it."""
    database = loaded.config.storage.database
    lock = _lock_or_daemon(database, role, quiet=context.quiet)
    if lock is None:
        return _ask_daemon(context, database, asked)
    with _held(lock):
        return _with_services(context, loaded, job)


@contextmanager
def _held(lock: Lock) -> Iterator[None]:
    try:
        yield
    finally:
        lock.release()


def _with_services(context: Context, loaded: InForce, job: Callable[[Services], Coroutine[Any, Any, T]]) -> T:
    """Run one job with everything it needs, and leave nothing open."""
    from aggregator.observe import configure_logging

    config = loaded.config
    configure_logging("debug" if context.verbose else "error", config.log.format)
    store = open_store(config.storage.database, now=context.now)
    call, progress = StoreThread(), Progress(quiet=context.quiet)
    rules = siterules.in_force(loaded.rules)
    services = replace(services_for(config, store, call, report=progress), site_rules=rules)

    async def main() -> T:
        try:
            await call(_take_over, store, loaded, now=context.now)
            return await job(services)
        finally:
            progress.close()
            await services.fetcher.close()
            await services.workers.close()

    try:
        return asyncio.run(main())
    finally:
        call.close()
        store.close()


def _take_over(store: Store, loaded: InForce, *, now: datetime) -> None:
    """Make this configuration the last good one, and forget what a daemon before us said of itself."""
    store.sync_feeds(loaded.config.feed, now=now)
    store.save_config(loaded.text, now=now)
    for note in (FAULTS, HEARTBEAT):
        if store.note(note):
            store.put_note(note, "")


def services_for(
    config: Config,
    store: Store,
    call: StoreThread,
    *,
    report: Report | None = None,
    old: Services | None = None,
) -> Services:
    """Join the edges for a configuration; what does not depend on it is carried over from the old ones."""
    from aggregator.publish import Output
    from aggregator.workers import Workers

    allow_files(config)
    gazetteer: Gazetteer = packaged_gazetteer().with_regions(config.region)
    carried = {name: getattr(old, name) for name in CARRIED} if old is not None else {}
    return Services(
        config=config,
        gazetteer=gazetteer,
        store=store,
        call=call,
        fetcher=_fetcher(config, old),
        workers=old.workers if old is not None else Workers(CHILDREN, CHILD_MEMORY),
        output=Output(config.output.directory),
        report=report or Silent(),
        **carried,
    )


def allow_files(config: Config) -> None:
    """Raise the soft limit of open files, as far as the system lets it: silent origins hold a socket each."""
    from aggregator.fetch import open_files_wanted

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = open_files_wanted(config.polling)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(ValueError, OSError):  # some systems have a lower bound of their own
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _fetcher(config: Config, old: Services | None) -> Fetch:
    """Make what asks the outside; one that follows another knows what that one knew of the hosts."""
    from aggregator.fetch import Fetcher, user_agent

    agent = user_agent(config.site, __version__)
    if old is None or not isinstance(old.fetcher, Fetcher):
        return Fetcher(config.polling, user_agent=agent, secrets=_secret)
    if old.config.polling == config.polling and old.config.site == config.site:
        return old.fetcher
    return old.fetcher.renewed(config.polling, user_agent=agent)


def _secret(name: str) -> str | None:
    """Give a secret by its name: from systemd's credentials, else from the environment (contract, section 1)."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and (file := Path(folder) / name).is_file():
        return file.read_text("utf-8").strip()
    return os.environ.get("AGGREGATOR_CREDENTIAL_" + name.upper().replace("-", "_"))


def _front_door(config: Config) -> tuple[MakeServer, socket.socket] | None:
    """Take the address to serve on, and give what serves there; None where another program serves the output."""
    from aggregator import web

    if not config.server.listen:
        return None

    def make(directory: Callable[[], Path], health: web.HealthCheck, metrics: web.Exposition) -> WebServer:
        return web.server(web.application(directory, health=health, metrics=metrics))

    return make, web.bind(config.server.listen)


def _lock_or_daemon(database: str, role: str, *, quiet: bool) -> Lock | None:
    """Take the store, waiting for another `once` or `publish`; None: a daemon has it and can be asked."""
    told = quiet
    while True:
        lock = try_lock(database, f"{role} {os.getpid()}")
        if lock is not None:
            return lock
        who = holder(database) or ""
        if who.startswith("daemon"):
            return None
        if who and not told:
            print(f"waiting for {who}, which holds the store", file=sys.stderr)
            told = True
        time.sleep(LOOK_EVERY)


def _ask_daemon(context: Context, database: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Ask the daemon by a row in the store, and show what it writes there."""
    store = open_store(database, now=context.now)
    progress = Progress(quiet=context.quiet)
    try:
        number = store.ask_round(json.dumps(asked), now=context.now)
        while True:
            alive = (holder(database) or "").startswith("daemon")
            told, result = store.round_state(number)  # after the look at the daemon, whose last word counts
            if result is not None:
                break
            if not alive:
                raise AggregatorError("the daemon has stopped; call the command again")
            progress.told(told)
            time.sleep(LOOK_EVERY)
    finally:
        progress.close()
        store.close()
    answer: dict[str, Any] = json.loads(result)
    if "error" in answer:
        raise AggregatorError(answer["error"])
    return answer
