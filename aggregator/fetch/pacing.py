"""Who may ask now: few connections to one host, well apart, and a bounded number of answers at once.

Both queues are first come, first served. A request holds its host from its first byte out to its last byte
in; its place among all requests it holds only while the origin talks, so that a thousand silent origins do
not hold up a quick one (robustness.md, TL-10).
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

SILENCE: Final = 2.0  # seconds without a byte after which a request gives up its place
MAX_OUTSIDE: Final = 1024  # requests that may wait outside their place


@dataclass(slots=True)
class _Line:
    """What is under way at one host."""

    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    active: int = 0
    starting: int = 0  # let in, but not yet started: the delay counts from the start
    free_at: float = 0.0  # loop time before which no request starts
    timer: asyncio.TimerHandle | None = None


class Turn:
    """One request's turn at a host: `sent()` when it goes out, `leave()` when it is over."""

    __slots__ = ("_host", "_hosts", "_is_sent")

    def __init__(self, hosts: Hosts, host: str) -> None:
        self._hosts = hosts
        self._host = host
        self._is_sent = False

    def sent(self) -> None:
        """The request goes out now: the next one waits for the delay from here on."""
        self._hosts.sent(self._host, first=not self._is_sent)
        self._is_sent = True

    def leave(self) -> None:
        """The request is over, or never went out: then what was tried counts as one all the same."""
        if not self._is_sent:
            self.sent()
        self._hosts.leave(self._host)


class Hosts:
    """At most `per_host` requests at once to one host, `delay` seconds between their starts."""

    def __init__(self, per_host: int, delay: float) -> None:
        self._per_host = per_host
        # An origin sees arrivals, not starts: a fiftieth more keeps the promise as seen from there.
        self._delay = delay * 1.02
        self._lines: dict[str, _Line] = {}

    async def enter(self, host: str, *, ahead: bool = False) -> Turn:
        """Wait for a turn; `ahead` puts a request that is half done (a redirect) first."""
        line = self._lines.get(host)
        if line is None:
            line = self._lines[host] = _Line()
        loop = asyncio.get_running_loop()
        if not line.waiting and self._has_room(line, loop.time()):
            self._admit(line)
            return Turn(self, host)
        turn = loop.create_future()
        if ahead:
            line.waiting.appendleft(turn)
        else:
            line.waiting.append(turn)
        self._wake(host, line)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                line.starting -= 1
                self.leave(host)
            else:
                line.waiting.remove(turn)
                self._wake(host, line)
            raise
        return Turn(self, host)

    def sent(self, host: str, *, first: bool) -> None:
        """A request of this host went out."""
        line = self._lines[host]
        line.starting -= first
        if self._delay:
            line.free_at = asyncio.get_running_loop().time() + self._delay
        if line.waiting:
            self._wake(host, line)

    def leave(self, host: str) -> None:
        """A request of this host is over."""
        line = self._lines[host]
        line.active -= 1
        if line.waiting or self._delay:
            self._wake(host, line)
        elif not line.active:
            del self._lines[host]

    def _has_room(self, line: _Line, now: float) -> bool:
        return line.active < self._per_host and now >= line.free_at and not (self._delay and line.starting)

    def _admit(self, line: _Line) -> None:
        line.active += 1
        line.starting += 1

    def _wake(self, host: str, line: _Line) -> None:
        """Let in whoever may go, and come back when the next one may; a host with nothing to do is forgotten."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        while line.waiting and self._has_room(line, now):
            turn = line.waiting.popleft()
            if not turn.done():
                self._admit(line)
                turn.set_result(None)
        if now < line.free_at:
            if line.timer is None:
                line.timer = loop.call_at(line.free_at, self._timed, host, line)
        elif not line.waiting and not line.active and self._lines.get(host) is line:
            del self._lines[host]

    def _timed(self, host: str, line: _Line) -> None:
        line.timer = None
        self._wake(host, line)


class Places:
    """The places for answers that are coming in."""

    def __init__(self, places: int, *, silence: float = SILENCE, outside: int = MAX_OUTSIDE) -> None:
        self._free = places
        self._outside = outside
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.silence = silence

    async def take(self, *, ahead: bool = False) -> None:
        """Wait for a place; `ahead` goes first, for an answer that has begun."""
        if self._free and not self._waiting:
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
                self._waiting.remove(turn)
            raise

    def give(self) -> None:
        """Give a place back; the next in line has it at once."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

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
