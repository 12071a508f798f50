"""Looking names up, so that a dead name server holds up nobody but its own."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

# Names looked up at once, a thread each. systemd allows the daemon 64 tasks of all kinds: it has 13 with both children
# busy, some more for its files, and after a reload the lookups of the fetcher before may still be under way.
LOOKUPS: Final = 16
SLOW_LOOKUPS: Final = 8  # of them for names that took long last time
SLOW_SECONDS: Final = 2.0
WAIT_SECONDS: Final = 10.0  # for a thread; no connection may take longer to make
MAX_SLOW: Final = 4096  # names remembered as slow

# As `socket.getaddrinfo`: name, port, family and type to rows of (family, type, protocol, "", address).
Lookup = Callable[[str, int, int, int], Sequence[tuple[int, int, int, str, tuple[Any, ...]]]]
_Outcome = list[ResolveResult] | Exception


class Resolver(AbstractResolver):
    """Looks names up in threads that nothing ever waits for.

    A lookup cannot be cancelled. In the event loop's own pool of six threads, a few dead name servers would
    hold up all other feeds, and stopping would take as long as they do.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._places = asyncio.Semaphore(LOOKUPS)
        self._slow_places = asyncio.Semaphore(SLOW_LOOKUPS)
        self._slow: dict[str, None] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raises OSError."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[ResolveResult]] = loop.create_future()
        lanes = (self._slow_places, self._places) if host in self._slow else (self._places,)
        with contextlib.ExitStack() as held:
            await self._take(lanes, held)
            over = partial(self._over, found, host, lanes, loop.time())
            work = partial(_look_up, self._lookup, host, port, family)
            try:
                threading.Thread(target=_tell, args=(loop, work, over), daemon=True).start()
            except RuntimeError as error:
                raise OSError(errno.EAGAIN, "no more threads") from error
            held.pop_all()  # the thread keeps them to its end, whether or not anybody still waits for it
        return await found

    async def close(self) -> None:
        """Nothing is held."""

    async def _take(self, lanes: Sequence[asyncio.Semaphore], held: contextlib.ExitStack) -> None:
        """Wait for a thread, as long as anybody waits for the name: aiohttp does not say when they give up."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                for lane in lanes:
                    await lane.acquire()
                    held.callback(lane.release)
        except TimeoutError:
            raise socket.gaierror(socket.EAI_AGAIN, "too many names are being looked up") from None

    def _over(
        self,
        found: asyncio.Future[list[ResolveResult]],
        host: str,
        lanes: Sequence[asyncio.Semaphore],
        since: float,
        outcome: _Outcome,
    ) -> None:
        for lane in lanes:
            lane.release()
        self._slow.pop(host, None)
        if found.get_loop().time() - since > SLOW_SECONDS:
            self._slow[host] = None
            if len(self._slow) > MAX_SLOW:
                del self._slow[next(iter(self._slow))]
        if found.done():
            return
        if isinstance(outcome, Exception):
            found.set_exception(outcome)
        else:
            found.set_result(outcome)


def _tell(
    loop: asyncio.AbstractEventLoop, work: Callable[[], _Outcome], over: Callable[[_Outcome], None]
) -> None:
    outcome = work()
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody asks any more
        loop.call_soon_threadsafe(over, outcome)


def _look_up(lookup: Lookup, host: str, port: int, family: int) -> _Outcome:
    try:
        rows = lookup(host, port, family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return error
    if not rows:
        return socket.gaierror(socket.EAI_NONAME, "a name without any address")
    return [
        ResolveResult(
            hostname=host,
            host=str(address[0]),
            port=port,
            family=kind,
            proto=protocol,
            flags=socket.AI_NUMERICHOST,
        )
        for kind, _, protocol, _, address in rows
    ]
