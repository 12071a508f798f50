"""The pool of child processes: what goes wrong in one costs one call (robustness.md: TL-13, LC-13, LC-15)."""

from __future__ import annotations

import asyncio
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.errors import (
    AggregatorError,
    AlreadyRunning,
    BadEncoding,
    ConfigError,
    EmptyDocument,
    ExtractError,
    Fault,
    FetchError,
    NotAFeed,
    OutputError,
    ParseError,
    Refused,
    Rejected,
    StoreBusy,
    TimedOut,
    TlsFailed,
    TooExpensive,
    TooLarge,
    Truncated,
    Unreachable,
)
from aggregator.fetch.names import LOOKUPS
from aggregator.workers import SIZE, Workers
from tests.fetch import burdens

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    pool = Workers(1, 300_000_000)
    yield pool
    await pool.close()


async def test_a_call_returns_what_the_function_returns(workers: Workers) -> None:
    assert await workers.run(burdens.double, 4, plus=1, seconds=5) == 9
    assert await workers.run(burdens.echo, b"x" * 5_000_000, seconds=5) == b"x" * 5_000_000
    first, second = await workers.run(burdens.pid, seconds=5), await workers.run(burdens.pid, seconds=5)
    assert first == second != os.getpid()


async def test_calls_run_side_by_side_up_to_the_size() -> None:
    pool = Workers(2)
    try:
        pids = await asyncio.gather(*(pool.run(burdens.pid, seconds=5) for _ in range(8)))
        assert 1 <= len(set(pids)) <= 2
    finally:
        await pool.close()


@pytest.mark.parametrize("work", [burdens.endless_in_c, burdens.endless_in_python, burdens.sleep])
async def test_a_call_that_takes_too_long_is_killed(workers: Workers, work: Callable[[], None]) -> None:
    before = await workers.run(burdens.pid, seconds=5)
    with pytest.raises(TooExpensive, match=r"^reading it took longer than 0\.3 s$"):
        await workers.run(work, seconds=0.3)
    assert gone([before])
    assert await workers.run(burdens.pid, seconds=5) != before


async def test_a_call_that_takes_too_much_memory_is_stopped_and_its_child_goes_on(workers: Workers) -> None:
    before = await workers.run(burdens.pid, seconds=5)
    with pytest.raises(TooExpensive, match=r"^reading it took more memory than one document may$"):
        await workers.run(burdens.greedy, seconds=20)
    assert await workers.run(burdens.pid, seconds=5) == before


async def test_a_call_that_goes_too_deep_is_told_apart(workers: Workers) -> None:
    with pytest.raises(TooExpensive, match=r"^it is nested too deep to be read$"):
        await workers.run(burdens.bottomless, seconds=5)


@pytest.mark.parametrize("work", [burdens.crash, burdens.leave])
async def test_a_call_that_takes_its_child_with_it_costs_only_itself(
    workers: Workers, work: Callable[[], None]
) -> None:
    with pytest.raises(TooExpensive, match=r"^it brought down the process that was reading it$"):
        await workers.run(work, seconds=5)
    assert await workers.run(burdens.double, 1, seconds=5) == 2


async def test_a_child_that_dies_while_nothing_is_asked_is_replaced(workers: Workers) -> None:
    before = await workers.run(burdens.pid, seconds=5)
    os.kill(before, signal.SIGKILL)
    await asyncio.sleep(0.3)
    assert await workers.run(burdens.double, 1, seconds=5) == 2


async def test_the_signals_of_a_terminal_and_of_systemd_do_not_reach_a_child(workers: Workers) -> None:
    child = await workers.run(burdens.pid, seconds=5)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(child, number)
    assert await workers.run(burdens.pid, seconds=5) == child


@pytest.mark.parametrize(
    ("name", "kind"),
    [("not-a-feed", NotAFeed), ("extract", ExtractError), ("rejected", Rejected), ("config", ConfigError)],
)
async def test_our_errors_come_back_as_themselves(workers: Workers, name: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        await workers.run(burdens.fail, name, seconds=5)
    assert type(caught.value) is kind


async def test_other_errors_come_back_with_their_traceback(workers: Workers) -> None:
    with pytest.raises(ValueError, match=r"^no number\n") as caught:
        await workers.run(burdens.fail, "value", seconds=5)
    assert "in fail" in caught.value.__notes__[0]
    with pytest.raises(RuntimeError, match=r"^Unportable: it broke\n"):
        await workers.run(burdens.fail, "unportable", seconds=5)
    assert await workers.run(burdens.double, 1, seconds=5) == 2


async def test_what_cannot_be_sent_is_the_callers_error(workers: Workers) -> None:
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError)):
        await workers.run(burdens.echo, lambda: None, seconds=5)  # type: ignore[arg-type]
    assert await workers.run(burdens.double, 1, seconds=5) == 2


async def test_closing_ends_a_busy_child_at_once_and_cancels_its_call() -> None:
    pool = Workers(1)
    child = await pool.run(burdens.pid, seconds=5)
    call = asyncio.create_task(pool.run(burdens.endless_in_c, seconds=30))
    await asyncio.sleep(0.2)
    before = time.monotonic()
    await pool.close()
    assert time.monotonic() - before < 2
    assert isinstance((await asyncio.gather(call, return_exceptions=True))[0], asyncio.CancelledError)
    assert gone([child])


async def test_a_caller_that_is_cancelled_frees_its_place(workers: Workers) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(workers.run(burdens.sleep, seconds=30), 0.5)
    assert await workers.run(burdens.double, 1, seconds=5) == 2


async def test_a_child_inherits_no_socket_and_little_else() -> None:
    pool = Workers(1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        os.set_inheritable(listener.fileno(), True)
        try:
            assert [
                name for name in await pool.run(burdens.inherited_sockets, seconds=5) if "INET" in name
            ] == []
            modules = await pool.run(burdens.loaded_modules, seconds=5)
        finally:
            await pool.close()
    assert {"aiohttp", "httpx", "pytest", "hypothesis", "sqlalchemy", "lxml", "feedparser"}.isdisjoint(
        modules
    )


async def test_nothing_that_a_document_makes_a_library_say_reaches_our_terminal(
    workers: Workers, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await workers.run(burdens.chatter, seconds=5) == "done"
    assert capfd.readouterr() == ("", "")


PARENT = """
import asyncio, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs us may have had it ignored, as nohup does
from aggregator.fetch.names import LOOKUPS
from aggregator.workers import SIZE, Workers
from tests.fetch import burdens
async def main():
    pool = Workers(2)
    pids = await asyncio.gather(*(pool.run(burdens.pid, seconds=5) for _ in range(2)))
    calls = [asyncio.create_task(pool.run(burdens.endless_in_c, seconds=60)) for _ in range(2)]
    await asyncio.sleep(0.3)
    print(*set(pids), flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        await pool.close()
asyncio.run(main())
"""


def parent() -> tuple[subprocess.Popen[str], list[int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    return process, [int(pid) for pid in process.stdout.readline().split()]


def gone(pids: list[int]) -> bool:
    for _ in range(100):
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.02)
    return False


def test_children_die_with_a_parent_that_is_killed() -> None:
    process, children = parent()
    assert children
    process.kill()
    process.communicate(timeout=5)
    assert gone(children)


def test_ctrl_c_makes_no_child_say_anything() -> None:
    process, children = parent()
    assert children
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    try:
        _, said = process.communicate(timeout=30)  # two children are at it with all their might
    finally:
        process.kill()
    assert gone(children)
    assert said.rstrip().endswith("KeyboardInterrupt")  # the parent's own, out of asyncio.run
    assert not any(word in said for word in ("burdens", "pebble", "forkserver", "spawn"))


# Errors must survive pickling, whoever sends them.


@pytest.mark.parametrize(
    "kind",
    [Unreachable, TlsFailed, TimedOut, Rejected, Refused, TooLarge, BadEncoding, Truncated, FetchError],
)
def test_a_fetch_error_comes_through_pickling(kind: type[FetchError]) -> None:
    at = datetime(2022, 1, 9, tzinfo=UTC)
    error = kind("http://kabar.example/", "it answered 503", http_status=503, retry_after=at)
    error.add_note("seen by a test")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (copy.url, copy.reason, copy.http_status, copy.retry_after) == (error.url, error.reason, 503, at)
    assert (str(copy), copy.kind, copy.__notes__) == (str(error), error.kind, error.__notes__)


def test_a_config_error_comes_through_pickling_with_every_fault() -> None:
    faults = [Fault(file="feeds.toml", line=line, column=1, message="no such key") for line in (1, 2)]
    copy = pickle.loads(pickle.dumps(ConfigError(faults)))
    assert copy.faults == tuple(faults)
    assert str(copy) == str(ConfigError(faults))


@pytest.mark.parametrize(
    "kind",
    [
        AggregatorError,
        ParseError,
        NotAFeed,
        EmptyDocument,
        TooExpensive,
        StoreBusy,
        OutputError,
        AlreadyRunning,
    ],
)
def test_a_plain_error_comes_through_pickling(kind: type[Exception]) -> None:
    copy = pickle.loads(pickle.dumps(kind("in one line")))
    assert (type(copy), str(copy)) == (kind, "in one line")


TASKS = """
import asyncio, os
from pathlib import Path
from aggregator.jobs.services import StoreThread
from aggregator.workers import SIZE, Workers
from tests.fetch import burdens
def tasks(pid):
    return [int(each) for each in os.listdir(f"/proc/{pid}/task")]
def family(pid):
    children = [kid for task in tasks(pid) for kid in Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
    return len(tasks(pid)) + sum(family(int(child)) for child in children)
async def main():
    pool, call = Workers(SIZE), StoreThread()
    await call(os.getpid)
    await asyncio.gather(*(pool.run(burdens.pid, seconds=5) for _ in range(SIZE)))
    calls = [asyncio.create_task(pool.run(burdens.sleep, seconds=20)) for _ in range(SIZE)]
    await asyncio.sleep(0.5)
    print(family(os.getpid()), flush=True)
    await pool.close()
    await asyncio.gather(*calls, return_exceptions=True)
    call.close()
asyncio.run(main())
"""


def test_all_that_runs_at_once_fits_into_what_systemd_allows_the_service() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TASKS], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    unit = ROOT / "systemd" / "aggregator.service"
    [allowed] = re.findall(r"^TasksMax=(\d+)$", unit.read_text("utf-8"), re.MULTILINE)
    busy = int(done.stdout)
    assert busy >= 4 + SIZE, "the children were not seen"
    # Beside them: files that are written (4 threads), a child that is replaced (3), and the lookups of a fetcher and
    # of the one before it, after a reload.
    assert busy + 4 + 3 + 2 * LOOKUPS <= int(allowed)
