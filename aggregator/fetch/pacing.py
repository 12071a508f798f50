"""Who may ask now: few connections to one host at once, and requests to one owner's hosts well apart.

First come, first served, among those whose host has room. A request holds its host from its first byte out to
its last byte in. What is known here outlives a reloaded configuration, so that a reload hurries nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

_NEVER: Final = float("-inf")


@dataclass(slots=True, eq=False)
class _Waiting:
    """One request that waits; lower ranks go first."""

    rank: tuple[bool, int]  # whether it only begins, and its number
    turn: asyncio.Future[None]


@dataclass(slots=True, eq=False)
class _Line:
    """One host: what is under way there, and who waits for it."""

    name: str
    domain: _Domain
    waiting: deque[_Waiting] = field(default_factory=deque)
    active: int = 0

    def add(self, waiting: _Waiting) -> None:
        """Put a request in its place."""
        later = (index for index, other in enumerate(self.waiting) if other.rank > waiting.rank)
        if waiting.rank[0]:  # the newest of those that only begin: nobody is later
            self.waiting.append(waiting)
        else:
            self.waiting.insert(next(later, len(self.waiting)), waiting)

    def forget_when_idle(self) -> None:
        """Leave the domain when nothing is under way and nobody waits."""
        if not self.active and not self.waiting and self.domain.lines.get(self.name) is self:
            del self.domain.lines[self.name]

    def is_waited_for(self) -> bool:
        """Tell whether somebody waits, and forget those in front who were cancelled."""
        while self.waiting and self.waiting[0].turn.done():
            self.waiting.popleft()
        return bool(self.waiting)


@dataclass(slots=True, eq=False)
class _Domain:
    """The hosts of one owner: their requests start one after another."""

    name: str
    lines: dict[str, _Line] = field(default_factory=dict)
    # Let in, but not yet started: the delay counts from the start, so that nobody else is let in meanwhile. A host
    # that takes no connection holds up its owner's others by that: rare, and better than two requests at once.
    starting: int = 0
    started: float = _NEVER  # loop time of the latest start
    timer: asyncio.TimerHandle | None = None


class Turn:
    """One request's turn at a host: `begin()` before it is made, `sent()` when it goes out, then `leave()`."""

    __slots__ = ("_hosts", "_is_begun", "_is_sent", "_line")

    def __init__(self, hosts: Hosts, line: _Line) -> None:
        self._hosts = hosts
        self._line = line
        self._is_begun = False
        self._is_sent = False

    def begin(self) -> None:
        """The request is made now: from here on it counts, even if it never gets as far as to go out."""
        self._is_begun = True

    def sent(self) -> None:
        """The request goes out now: the next one waits for the delay from here on."""
        self._hosts.note_sent(self._line, first=not self._is_sent)
        self._is_sent = True

    def leave(self) -> None:
        """The request is over; where it was not even begun, nobody waits for the delay because of it."""
        if self._is_begun and not self._is_sent:
            self.sent()
        self._hosts.note_left(self._line, started=self._is_sent)


class Hosts:
    """At most `per_host` requests at once to one host, `delay` seconds between the starts in one domain."""

    def __init__(self, per_host: int, delay: float) -> None:
        self._domains: dict[str, _Domain] = {}
        self._count = 0
        self._set(per_host, delay)

    def renew(self, per_host: int, delay: float) -> None:
        """Go on under other rules; whoever is under way, and who may ask when, stays known."""
        self._set(per_host, delay)
        for domain in list(self._domains.values()):
            if domain.timer is not None:
                domain.timer.cancel()
                domain.timer = None
            self._wake(domain, tuple(domain.lines.values()))

    async def enter(self, host: str, *, domain: str = "", ahead: bool = False) -> Turn:
        """Wait for a turn; `ahead` puts a request that is half done (a redirect) first.

        `domain` is what the delay is kept by, the host itself when empty.
        """
        line = self._line(host, domain or host)
        if not self._delay and not line.waiting and line.active < self._per_host:
            line.active += 1
            line.domain.starting += 1
            return Turn(self, line)
        self._count += 1
        waiting = _Waiting((not ahead, self._count), asyncio.get_running_loop().create_future())
        line.add(waiting)
        self._wake(line.domain, (line,))
        try:
            await waiting.turn
        except asyncio.CancelledError:
            self._give_up(line, waiting)
            raise
        return Turn(self, line)

    def note_sent(self, line: _Line, *, first: bool) -> None:
        """A request to this host went out, `first` unless it is the same one again."""
        line.domain.starting -= first
        line.domain.started = asyncio.get_running_loop().time()
        if self._delay:
            self._wake(line.domain, (line,))

    def note_left(self, line: _Line, *, started: bool) -> None:
        """A request to this host is over, or was given up before it started."""
        line.active -= 1
        line.domain.starting -= not started
        self._wake(line.domain, (line,))

    def _set(self, per_host: int, delay: float) -> None:
        self._per_host = per_host
        # An origin sees arrivals, not starts: a fiftieth more keeps the promise as seen from there.
        self._delay = delay * 1.02

    def _line(self, host: str, name: str) -> _Line:
        domain = self._domains.get(name)
        if domain is None:
            domain = self._domains[name] = _Domain(name)
        line = domain.lines.get(host)
        if line is None:
            line = domain.lines[host] = _Line(host, domain)
        return line

    def _give_up(self, line: _Line, waiting: _Waiting) -> None:
        """A request was cancelled while it waited, or after it was let in without noticing."""
        if waiting.turn.cancelled():
            with contextlib.suppress(ValueError):  # it may have been passed over already
                line.waiting.remove(waiting)
            self._wake(line.domain, (line,))
        else:
            self.note_left(line, started=False)

    def _may_start(self, domain: _Domain, now: float) -> bool:
        return not self._delay or (not domain.starting and now >= domain.started + self._delay)

    def _wake(self, domain: _Domain, touched: Iterable[_Line]) -> None:
        """Let in whoever may go, and come back when the next one may; what has nothing to do is forgotten."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        # Without a delay the hosts of a domain have nothing to do with one another.
        among = domain.lines.values() if self._delay else touched
        while self._may_start(domain, now) and (first := self._next(among)) is not None:
            first.active += 1
            domain.starting += 1
            first.waiting.popleft().turn.set_result(None)
        for line in touched:
            line.forget_when_idle()
        if self._delay and now < domain.started + self._delay:
            if domain.timer is None:
                domain.timer = loop.call_at(domain.started + self._delay, self._timed, domain)
        elif not domain.lines and self._domains.get(domain.name) is domain:
            del self._domains[domain.name]

    def _next(self, lines: Iterable[_Line]) -> _Line | None:
        """The host whose turn it is: of those with room, the one that is waited for longest."""
        with_room = [line for line in lines if line.active < self._per_host and line.is_waited_for()]
        return min(with_room, key=lambda line: line.waiting[0].rank, default=None)

    def _timed(self, domain: _Domain) -> None:
        domain.timer = None
        self._wake(domain, ())
