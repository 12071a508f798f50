"""A bounded number of answers at once, and room for many more origins that keep silent.

A request holds its place among all requests only while the origin talks, so that a thousand silent origins do
not hold up a quick one (robustness.md, TL-10). Whoever waits outside still holds its connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections import deque
from typing import Final

from aggregator.model import PollingSettings

SILENCE: Final = 2.0  # seconds without a byte after which a request gives up its place
MAX_OUTSIDE: Final = 1024  # requests that may wait outside their place
MAX_IDLE: Final = 128  # connections kept open for the next request to their hosts
OTHER_FILES: Final = 512  # store, children, log, lookups of names, the built-in server and its readers


def open_files_wanted(polling: PollingSettings) -> int:
    """Return the soft limit of open files (RLIMIT_NOFILE) under which no request fails for want of one."""
    return polling.concurrency + MAX_OUTSIDE + MAX_IDLE + OTHER_FILES


def room_outside(polling: PollingSettings) -> int:
    """Return how many may wait outside their places: fewer than usual where few files may be open."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return MAX_OUTSIDE
    return max(0, min(MAX_OUTSIDE, MAX_OUTSIDE + allowed - open_files_wanted(polling)))


class Places:
    """The places for answers that are coming in."""

    def __init__(self, places: int, *, silence: float = SILENCE, outside: int = MAX_OUTSIDE) -> None:
        self._places = places
        self._free = places  # below zero while more are taken than a renewed configuration gives
        self._outside = outside
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.silence = silence

    async def take(self, *, ahead: bool = False) -> None:
        """Wait for a place; `ahead` goes first, for an answer that has begun."""
        if self._free > 0 and not self._waiting:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        if ahead:
            self._waiting.appendleft(turn)
        else:
            self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give()
            else:
                with contextlib.suppress(ValueError):  # it may have been passed over already
                    self._waiting.remove(turn)
            raise

    def give(self) -> None:
        """Give a place back; the next in line has it at once."""
        self._free += 1
        self._admit()

    def renew(self, places: int) -> None:
        """Go on with another number of places; those who hold one keep it."""
        self._free += places - self._places
        self._places = places
        self._admit()

    def _admit(self) -> None:
        while self._free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                self._free -= 1
                turn.set_result(None)

    def step_outside(self) -> bool:
        """Give a place back for a while; False: too many wait outside already."""
        if not self._outside:
            return False
        self._outside -= 1
        self.give()
        return True

    def come_in(self) -> None:
        """Nobody waits outside any more for this one."""
        self._outside += 1


class Place:
    """The place of one request: `async with`, then `await heard()` whenever bytes came."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._held = False
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Place:
        await self._places.take()
        self._held = True
        loop = asyncio.get_running_loop()
        self._last = loop.time()
        self._timer = loop.call_at(self._last + self._places.silence, self._look)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._held:
            self._places.give()
        else:
            self._places.come_in()

    @property
    def is_outside(self) -> bool:
        """Whether the place was given up, so that `heard` will have to wait for one."""
        return not self._held

    def heard(self) -> None:
        """Note that bytes came, while the place is held."""
        self._last = asyncio.get_running_loop().time()

    async def return_inside(self) -> None:
        """Wait for a place again, before anyone who has not begun."""
        await self._places.take(ahead=True)
        self._places.come_in()
        self._held = True
        self.heard()
        self._timer = asyncio.get_running_loop().call_at(self._last + self._places.silence, self._look)

    def _look(self) -> None:
        """Give the place up if nothing was heard for long enough, else look again later."""
        loop = asyncio.get_running_loop()
        self._timer = None
        silent_at = self._last + self._places.silence
        if loop.time() < silent_at:
            self._timer = loop.call_at(silent_at, self._look)
        elif self._places.step_outside():
            self._held = False
        else:
            self._timer = loop.call_at(loop.time() + self._places.silence, self._look)
