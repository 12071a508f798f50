"""One document that is being had: its time, its headers, and what its credential and its port belong to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aggregator.errors import Refused
from aggregator.fetch.guard import Origin, Target, shown
from aggregator.fetch.headers import Headers
from aggregator.fetch.places import Place
from aggregator.model import Request

Check = Callable[[str], None]  # takes the URL that is about to be asked; raises a FetchError


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer that says: elsewhere."""

    to: str
    permanent: bool


class Clock:
    """The time that one document may take, over all its redirects; waiting for our own turn does not count."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._left = seconds
        self._limit: asyncio.Timeout | None = None
        self._since = 0.0

    async def __aenter__(self) -> None:
        self._since = asyncio.get_running_loop().time()
        self._limit = asyncio.timeout(max(0.0, self._left))
        await self._limit.__aenter__()

    async def __aexit__(self, *error: object) -> None:
        self._left -= asyncio.get_running_loop().time() - self._since
        limit, self._limit = self._limit, None
        assert limit is not None
        await limit.__aexit__(*error)  # type: ignore[arg-type]

    def run_out(self) -> None:
        """Let the time be over now, wherever the request is."""
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def inside(self, place: Place) -> None:
        """Wait until a place is held again, with the clock stopped.

        Raises TimeoutError where the request was given up meanwhile.
        """
        if place.given_up:
            raise TimeoutError
        if not place.is_outside:
            place.heard()
            return
        assert self._limit is not None
        end = self._limit.when() or 0.0
        left_at = asyncio.get_running_loop().time()
        self._limit.reschedule(None)
        await place.return_inside()
        if place.given_up:  # its time was over just when a place was free
            raise TimeoutError
        waited = asyncio.get_running_loop().time() - left_at
        self._since += waited
        self._limit.reschedule(end + waited)


@dataclass(slots=True)
class Visit:
    """The state of one fetch over its redirects."""

    request: Request
    now: datetime
    clock: Clock
    headers: Headers
    credential: tuple[bytes, bytes] | None
    owner: Origin | None  # what the credential belongs to
    own_port: int | None  # the port that an editor wrote
    first: Target
    check: Check | None
    answered: str | None = None  # the host of the answer that is being read, or was read last
    hops: int = 0  # redirects followed so far

    @property
    def url(self) -> str:
        """As asked for, fit to be shown."""
        return shown(self.request.url)

    def headers_for(self, target: Target) -> Headers:
        """The credential goes to the very host, port and scheme that it is for, and nowhere else."""
        if self.credential is None or target.origin != self.owner:
            return self.headers
        return [*self.headers, self.credential]

    def check_downgrade(self, since: str, target: Target) -> None:
        """Refuse to go from https to http with a credential; `since` is the scheme we come from."""
        if self.credential is not None and since == "https" and target.scheme == "http":
            raise Refused(self.url, "it redirects from https to http, and it has a credential")
