"""The pool of child processes for work that an outsider's bytes could make endless.

A document that takes too long, too much memory or the process with it costs one child, never the daemon
(robustness.md, TL-13, TL-14, LC-13). Each place of the pool is a pebble pool of one process: a child that is
killed while it holds a lock or half a message then spoils nothing for the others, and its place starts afresh.

The children come from multiprocessing's fork server, which has loaded this module and nothing else of ours:
they inherit no socket, and share its pages. The signals of the terminal and of systemd do not reach them,
since it is the daemon that ends them; and they die with it, however it dies.
"""

from __future__ import annotations

import asyncio
import fcntl
import math
import os
import pickle
import resource
import signal
import sys
import traceback
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection, context, forkserver, get_context, parent_process, resource_tracker
from multiprocessing.synchronize import RLock
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar

from pebble import ProcessExpired, ProcessPool

from aggregator.errors import AggregatorError, TooExpensive

SIZE: Final = min(2, os.cpu_count() or 1)
CPU_SECONDS: Final = 20  # of one call, if nobody is there to end it sooner by the clock
MEMORY: Final = 2**29  # bytes of address space above what a fresh child has
MAX_TASKS: Final = 1000  # then a child is replaced: what libraries cache and never free goes with it
START_SECONDS: Final = 30.0  # for a child to start and to load what the work needs
_LOOK: Final = 0.05  # seconds between two looks at a child that has not begun
_OUTSIDE_SIGNALS: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})

T = TypeVar("T")


class Workers:
    """At most `size` children, started when first needed; each may use `memory` bytes above its start."""

    def __init__(self, size: int = SIZE, memory: int = MEMORY) -> None:
        self._all = [_Place(memory) for _ in range(max(1, size))]
        self._free: asyncio.LifoQueue[_Place] = asyncio.LifoQueue()  # the child that is warm is used first
        for place in reversed(self._all):
            self._free.put_nowait(place)

    async def run(self, function: Callable[..., T], /, *args: Any, seconds: float, **kwargs: Any) -> T:
        """Call a function in a child and return what it returns; it and its arguments must pickle.

        `seconds` is the time that the call may take once it has begun. Raises `TooExpensive` when it took
        longer, ran out of memory or took the child with it; errors of the function's own come back as they are.
        """
        place = await self._free.get()
        try:
            result: T = await place.run(_Work(function, args, kwargs, seconds))
        finally:
            self._free.put_nowait(place)
        return result

    async def close(self) -> None:
        """End every child, busy or not; a call that is under way is cancelled."""
        await asyncio.gather(*(place.end() for place in self._all))


@dataclass(frozen=True, slots=True)
class _Work:
    """One call, as it is sent to a child."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Failed:
    """What a call raised, as it is sent back."""

    error: Exception


class _Child(context.ForkServerProcess):
    """A child that does not load the parent's main module, which would bring the whole program with it."""

    def start(self) -> None:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = main


class _Context:
    """What pebble asks of a multiprocessing context.

    It knows the children, so that they can be killed at once: pebble waits three seconds for a child to heed
    SIGTERM.
    """

    def __init__(self) -> None:
        self._context = get_context("forkserver")
        self._children: list[_Child] = []

    def Pipe(  # noqa: N802 - multiprocessing's name
        self, duplex: bool = True
    ) -> tuple[connection.Connection[Any, Any], connection.Connection[Any, Any]]:
        return self._context.Pipe(duplex)

    def RLock(self) -> RLock:  # noqa: N802
        return self._context.RLock()

    def get_start_method(self) -> str:
        return "forkserver"

    def Process(self, **how: Any) -> _Child:  # noqa: N802
        child = _Child(**how)
        self._children = [other for other in self._children if other.exitcode is None]
        self._children.append(child)
        return child

    def kill(self) -> None:
        """Kill every child that lives."""
        for child in self._children:
            if child.pid is not None and child.is_alive():
                child.kill()


class _Place:
    """One child, or the place for one."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._pool: ProcessPool | None = None
        self._context = _Context()
        self._call: asyncio.Future[Any] | None = None
        # At an exit without `close()`, pebble would ask each child in vain and wait three seconds for it.
        weakref.finalize(self, self._context.kill)

    async def run(self, work: _Work) -> Any:
        try:
            future = await self._scheduled(work)
            self._call = asyncio.wrap_future(future)
            outcome = await self._outcome(future, self._call, work.seconds)
        except (ProcessExpired, BrokenProcessPool, TimeoutError) as error:
            await self.end()
            raise TooExpensive(_why(error, work.seconds)) from None
        except asyncio.CancelledError:
            await asyncio.shield(self.end())
            raise
        finally:
            self._call = None
        if isinstance(outcome, _Failed):
            raise outcome.error
        return outcome

    async def end(self) -> None:
        """Kill the child and forget its pool; the next call starts another."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        if self._call is not None:
            self._call.cancel()
        pool.stop()  # type: ignore[no-untyped-call] # before the kill: pebble would start another child at once
        self._context.kill()
        await asyncio.to_thread(pool.join)

    async def _scheduled(self, work: _Work) -> Future[Any]:
        if self._pool is not None and not self._pool.active:  # its child died while nobody asked for anything
            await self.end()
        if self._pool is None:
            _start_fork_server()
            self._pool = ProcessPool(
                max_workers=1,
                max_tasks=MAX_TASKS,
                initializer=_prepare,
                initargs=(self._memory,),
                context=self._context,
            )
            return await asyncio.to_thread(
                self._schedule, self._pool, work
            )  # starts the child, and waits for it
        return self._schedule(self._pool, work)

    def _schedule(self, pool: ProcessPool, work: _Work) -> Future[Any]:
        future: Future[Any] = pool.schedule(_do, args=(work,))
        return future

    async def _outcome(self, future: Future[Any], call: asyncio.Future[Any], seconds: float) -> Any:
        """Wait for the answer; the time counts from when the child begins, by the monotonic clock.

        pebble's own time-out reads the wall clock: it would kill or spare a child when that is set.
        """
        loop = asyncio.get_running_loop()
        begun = False
        deadline = loop.time() + START_SECONDS
        while not call.done():
            if not begun and future.running():
                begun, deadline = True, loop.time() + seconds
            left = deadline - loop.time()
            if left <= 0:
                call.cancel()
                raise TimeoutError
            await asyncio.wait({call}, timeout=left if begun else min(left, _LOOK))
        return call.result()


def _start_fork_server() -> None:
    """Start the process that all children are forked from, unless it runs.

    It and they keep the signals blocked that were blocked when it started. Ctrl-C and systemd's SIGTERM go to
    every process of the group: a child that heeded them would look like one that its document had killed.
    """
    resource_tracker.ensure_running()  # first: it sets the signal mask itself
    forkserver.set_forkserver_preload([__name__])
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _OUTSIDE_SIGNALS)
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _why(error: BaseException, seconds: float) -> str:
    """Say what went wrong in a child, in a sentence."""
    exit_code = getattr(error, "exitcode", None)
    if isinstance(error, TimeoutError) or exit_code == -signal.SIGXCPU:
        return f"reading it took longer than {seconds:g} s"
    if exit_code == -signal.SIGKILL:
        return "the system ended the process that was reading it"
    return "it brought down the process that was reading it"


# What follows runs in a child.


def _prepare(memory: int) -> None:
    """Bound a child that has just started, and tie its life to the daemon's."""
    silence = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):  # libxml2, trafilatura and others write there, in the words of the document
        os.dup2(silence, descriptor)
    os.close(silence)
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + memory)
        _die_with_parent()


def _die_with_parent() -> None:
    """Have the kernel end this process when the pipe from its parent closes, even in the midst of C code.

    The fork server outlives the daemon while children hold its pipe, so that PR_SET_PDEATHSIG would not do.
    SIGIO ends a process that does not handle it.
    """
    parent = parent_process()
    if parent is None:
        return
    fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(parent.sentinel, fcntl.F_GETFL)
    fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)


def _lower(kind: int, limit: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _do(work: _Work) -> Any:
    """Make one call, with the CPU time bounded as well: that holds when the daemon is stopped or gone."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + CPU_SECONDS)
    try:
        return work.function(*work.args, **work.kwargs)
    except MemoryError:
        return _Failed(TooExpensive("reading it took more memory than one document may"))
    except RecursionError:
        return _Failed(TooExpensive("it is nested too deep to be read"))
    except Exception as error:  # noqa: BLE001 - whatever it is, it must reach the caller
        return _Failed(_portable(error))


def _portable(error: Exception) -> Exception:
    """Return the error, or one that says the same, so that it survives the way back."""
    told = traceback.format_exc()
    try:
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # noqa: BLE001 - an error of a library may fail in any way
        copy = None
    if type(copy) is not type(error):
        error = RuntimeError(f"{type(error).__name__}: {error}")
    if not isinstance(error, AggregatorError):
        error.add_note(told)
    return error
