"""A bounded number of answers at once, and room for many more origins that keep silent.

A request holds its place among all requests only while the origin talks, so that a thousand silent origins do
not hold up a quick one (robustness.md, TL-10). Whoever waits outside still holds its connection, and what came
of its document. A few kilobytes on the wire can be megabytes of that, so that it is weighed, here as in the
places (TL-03).
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aggregator.model import PollingSettings

SILENCE: Final = 2.0  # seconds without a byte after which a request gives up its place
MAX_OUTSIDE: Final = 1024  # requests that may wait outside their place
FELL_SILENT: Final = "it fell silent in the middle of a large document"
TOO_MANY: Final = "it is a large document that took longer than others, and too many came at once"
MAX_IDLE: Final = 128  # connections kept open for the next request to their hosts
OTHER_FILES: Final = 512  # store, children, log, lookups of names, the built-in server and its readers


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How many bytes of their documents requests may hold together.

    Only when it gets more, one of those has to go that hold more than their share; outside that is as many parts
    of `outside` as may wait there, 64 KiB each.
    """

    outside: int = MAX_OUTSIDE * 65_536
    inside: int = 128 * 2**20  # or `share` for every place, or room for two of the largest, if that is more
    share: int = 2 * 2**20


def open_files_wanted(polling: PollingSettings) -> int:
    """Return the soft limit of open files (RLIMIT_NOFILE) under which no request fails for want of one."""
    return polling.concurrency + MAX_OUTSIDE + MAX_IDLE + OTHER_FILES


def room_outside(polling: PollingSettings, *, allowed: int) -> int:
    """Return how many may wait outside their places: fewer than usual where few files may be open.

    `allowed` is the soft limit of open files (RLIMIT_NOFILE).
    """
    if allowed == resource.RLIM_INFINITY:
        return MAX_OUTSIDE
    return max(0, min(MAX_OUTSIDE, MAX_OUTSIDE + allowed - open_files_wanted(polling)))


class Places:
    """The places for answers that are coming in."""

    def __init__(
        self,
        places: int,
        *,
        silence: float = SILENCE,
        outside: int = MAX_OUTSIDE,
        largest: int = 0,
        bounds: Bounds | None = None,
    ) -> None:
        """`largest` is how many bytes one document may have."""
        self._places = places
        self._largest = largest
        self._bounds = bounds or Bounds()
        self._free = places  # below zero while more are taken than a renewed configuration gives
        self._room = self._most_outside = outside
        self._inside = _Weights()
        self._outside = _Weights()
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

    def renew(self, places: int, *, largest: int = 0, outside: int | None = None) -> None:
        """Go on with another number of places; those who hold one keep it, and who waits outside goes on waiting."""
        self._largest = largest
        if outside is not None:
            self._room += outside - self._most_outside
            self._most_outside = outside
        self._free += places - self._places
        self._places = places
        self._admit()

    def _admit(self) -> None:
        while self._free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                self._free -= 1
                turn.set_result(None)

    def step_outside(self, place: Place) -> bool:
        """Give a place back for a while; False: too many wait outside already.

        Where those outside hold too much by that, the largest of them are given up; it may be this one.
        """
        if self._room <= 0:
            return False
        self._room -= 1
        self._outside.put(place, self._inside.drop(place))
        while self._outside.total > self._bounds.outside:
            largest = self._outside.largest()
            self._outside.drop(largest)
            largest.give_up(FELL_SILENT)
        self.give()
        return True

    def come_in(self, place: Place) -> None:
        """Nobody waits outside any more for this one."""
        self._room += 1
        self._inside.put(place, self._outside.drop(place))

    def weigh(self, place: Place, held: int) -> None:
        """Note what one that has its place holds of its document, and give up whoever has held too much longest."""
        self._inside.put(place, held)
        share = self._bounds.share
        while self._inside.total > max(self._bounds.inside, self._places * share, 2 * self._largest):
            slowest = self._inside.first(above=share)
            if slowest is None:  # more are inside than a renewed configuration has places
                return
            self._inside.drop(slowest)
            slowest.give_up(TOO_MANY)

    def leave(self, place: Place, *, inside: bool) -> None:
        """One is done, with a place or without."""
        self._inside.drop(place)
        if inside:
            self.give()
        else:
            self._room += 1
            self._outside.drop(place)


class _Weights:
    """What requests hold, in bytes; the one that began to first comes first."""

    def __init__(self) -> None:
        self._held: dict[Place, int] = {}
        self.total = 0

    def put(self, place: Place, held: int) -> None:
        if place.given_up:  # it holds nothing any more
            return
        self.total += held - self._held.get(place, 0)
        self._held[place] = held

    def drop(self, place: Place) -> int:
        held = self._held.pop(place, 0)
        self.total -= held
        return held

    def largest(self) -> Place:
        return max(self._held, key=self._held.__getitem__)

    def first(self, *, above: int) -> Place | None:
        return next((place for place, held in self._held.items() if held > above), None)


def _nothing() -> None:
    pass


class Place:
    """The place of one request: `async with`, then `heard()` whenever bytes came.

    `end` is called when the request is to be ended, for what `given_up` says. `drop` is called then to let go of
    its document at once: until the request notices, as much again may have come for others.
    """

    def __init__(self, places: Places, end: Callable[[], None] | None = None) -> None:
        self.given_up = ""
        self.drop: Callable[[], None] = _nothing
        self._end = end or _nothing
        self._places = places
        self._is_inside = False
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Place:
        await self._places.take()
        self._is_inside = True
        loop = asyncio.get_running_loop()
        self._last = loop.time()
        self._timer = loop.call_at(self._last + self._places.silence, self._look)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._places.leave(self, inside=self._is_inside)

    @property
    def is_outside(self) -> bool:
        """Whether the place was given up, so that `heard` will have to wait for one."""
        return not self._is_inside

    def heard(self) -> None:
        """Note that bytes came, while the place is held."""
        self._last = asyncio.get_running_loop().time()

    async def return_inside(self) -> None:
        """Wait for a place again, before anyone who has not begun."""
        await self._places.take(ahead=True)
        self._places.come_in(self)
        self._is_inside = True
        self.heard()
        self._timer = asyncio.get_running_loop().call_at(self._last + self._places.silence, self._look)

    def weigh(self, held: int) -> None:
        """Note how many bytes of memory its document takes, while the place is held."""
        self._places.weigh(self, held)

    def give_up(self, reason: str) -> None:
        """End the request: it holds too much."""
        self.given_up = reason
        self.drop()
        self._end()

    def _look(self) -> None:
        """Give the place up if nothing was heard for long enough, else look again later."""
        loop = asyncio.get_running_loop()
        self._timer = None
        silent_at = self._last + self._places.silence
        if loop.time() < silent_at:
            self._timer = loop.call_at(silent_at, self._look)
        elif self._places.step_outside(self):
            self._is_inside = False
        else:
            self._timer = loop.call_at(loop.time() + self._places.silence, self._look)
