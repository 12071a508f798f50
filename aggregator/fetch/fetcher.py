"""One document at a time: guarded, paced, bounded, told apart from what only looks like one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import ada_url

from aggregator.errors import FetchError, Refused, Rejected, TimedOut, TooLarge
from aggregator.fetch import headers as said
from aggregator.fetch.decode import Body
from aggregator.fetch.guard import Guard, Target, shown
from aggregator.fetch.pacing import Hosts, Place, Places, Turn
from aggregator.model import Document, NotModified, PollingSettings, Request

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS: Final = 10
CONNECT_SECONDS: Final = 10.0
PERMANENT: Final = frozenset({301, 308})
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
WHOLE: Final = frozenset({200, 203})  # 206 and 226 are parts; 201, 202, 204, 205 bring no document

Secrets = Callable[[str], str | None]
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class _Redirect:
    """An answer that says: elsewhere."""

    to: str
    permanent: bool


class _Clock:
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

    async def inside(self, place: Place) -> None:
        """Wait until a place is held again, with the clock stopped."""
        if not place.is_outside:
            place.heard()
            return
        assert self._limit is not None
        end = self._limit.when() or 0.0
        left_at = asyncio.get_running_loop().time()
        self._limit.reschedule(None)
        await place.return_inside()
        waited = asyncio.get_running_loop().time() - left_at
        self._since += waited
        self._limit.reschedule(end + waited)


@dataclass(slots=True)
class _Visit:
    """The state of one fetch over its redirects."""

    request: Request
    now: datetime
    clock: _Clock
    headers: Headers
    credential: tuple[bytes, bytes] | None
    own_port: int | None
    first: Target
    url: str  # as configured, fit to be shown

    def headers_for(self, target: Target) -> Headers:
        """The credential goes to the very host, port and scheme that it is for, and nowhere else."""
        if self.credential is None or target.origin != self.first.origin:
            return self.headers
        return [*self.headers, self.credential]


class Fetcher:
    """Everything that is asked of the outside goes through here.

    `secrets` gives the value of a credential by its name, or None. Close it when done.
    """

    def __init__(self, polling: PollingSettings, *, user_agent: str, secrets: Secrets) -> None:
        self._polling = polling
        self._user_agent = user_agent
        self._secrets = secrets
        self._guard = Guard(polling)
        self._hosts = Hosts(polling.per_host, polling.host_delay.total_seconds())
        self._places = Places(polling.concurrency)
        self._connect_seconds = min(CONNECT_SECONDS, polling.timeout.total_seconds())
        self._transports: dict[bool, httpx.AsyncBaseTransport] = {}  # by Target.inside_only

    async def fetch(self, request: Request, *, now: datetime) -> Document | NotModified:
        """Have one document, following at most ten redirects.

        Raises a `FetchError` whose reason is one plain sentence, without anything that the origin wrote.
        """
        visit = self._visit(request, now=now)
        target, permanent = visit.first, True
        seen = {target.url}
        for hop in range(MAX_REDIRECTS + 1):
            answer = await self._turn(visit, target, is_first=hop == 0)
            if not isinstance(answer, _Redirect):
                return _with_address(answer, target, moved=permanent and hop > 0)
            permanent = permanent and answer.permanent
            target = self._next_target(visit, target, answer.to)
            if target.url in seen:
                raise Rejected(visit.url, "its redirects go round in a circle")
            seen.add(target.url)
        raise Refused(visit.url, f"it redirects more than {MAX_REDIRECTS} times")

    @asynccontextmanager
    async def handling(self) -> AsyncIterator[None]:
        """Keep a place while a document that came is handled; it goes before requests that wait for one."""
        await self._places.take(ahead=True)
        try:
            yield
        finally:
            self._places.give()

    async def close(self) -> None:
        """Close every connection."""
        transports, self._transports = list(self._transports.values()), {}
        for transport in transports:
            await transport.aclose()

    def _visit(self, request: Request, *, now: datetime) -> _Visit:
        url = shown(request.url)
        own_port = _port_of(request.url) if request.own_port else None
        return _Visit(
            request=request,
            now=now,
            clock=_Clock(self._polling.timeout.total_seconds()),
            headers=said.request_headers(request, user_agent=self._user_agent),
            credential=self._credential(request.credential, url),
            own_port=own_port,
            first=self._guard.target(request.url, own_port=own_port),
            url=url,
        )

    def _credential(self, name: str, url: str) -> tuple[bytes, bytes] | None:
        if not name:
            return None
        secret = self._secrets(name)
        if secret is None:
            raise Refused(url, f"its credential {name!r} is not set")
        header = said.credential_header(secret)
        if header is None:
            raise Refused(
                url, f"its credential {name!r} is neither `user:password` nor a `Header: value` line"
            )
        return header

    def _next_target(self, visit: _Visit, target: Target, location: str) -> Target:
        target_url = _joined(location, target.url)
        if target_url is None:
            raise Rejected(visit.url, "it redirects to something that is no address")
        try:
            following = self._guard.target(target_url, own_port=visit.own_port)
        except Refused as error:
            raise Refused(visit.url, f"it redirects to where we do not go: {error.reason}") from None
        if visit.credential is not None and target.scheme == "https" and following.scheme == "http":
            raise Refused(visit.url, "it redirects from https to http, and it has a credential")
        return following

    async def _turn(
        self, visit: _Visit, target: Target, *, is_first: bool
    ) -> Document | NotModified | _Redirect:
        """Wait for the host's turn and for a place, then ask."""
        turn = await self._hosts.enter(target.line, ahead=not is_first)
        try:
            async with Place(self._places) as place:
                return await self._timed(visit, target, place, turn)
        finally:
            turn.leave()

    async def _timed(
        self, visit: _Visit, target: Target, place: Place, turn: Turn
    ) -> Document | NotModified | _Redirect:
        from aggregator.fetch import trouble
        from aggregator.fetch.client import EXCHANGE, Exchange

        EXCHANGE.set(Exchange(target.url, turn.sent))
        try:
            async with visit.clock:
                return await self._exchange(visit, target, place)
        except FetchError:
            raise
        except TimeoutError:
            raise TimedOut(visit.url, f"no whole answer within {visit.clock.seconds:g} s") from None
        except trouble.FOREIGN as error:
            raise trouble.explain(
                error, visit.url, host=target.host, connect_seconds=self._connect_seconds
            ) from error

    async def _exchange(
        self, visit: _Visit, target: Target, place: Place
    ) -> Document | NotModified | _Redirect:
        """Send one request and judge its answer."""
        import httpx

        timeouts = {"connect": self._connect_seconds, "pool": self._connect_seconds}
        response = await self._transport(target).handle_async_request(
            httpx.Request(
                "GET", target.url, headers=visit.headers_for(target), extensions={"timeout": timeouts}
            )
        )
        try:
            await visit.clock.inside(place)
            return await self._judged(visit, target, place, response)
        finally:
            await response.stream.aclose()  # type: ignore[union-attr]

    async def _judged(
        self, visit: _Visit, target: Target, place: Place, response: httpx.Response
    ) -> Document | NotModified | _Redirect:
        headers, status = response.headers.raw, response.status_code
        _check_headers(visit.url, headers)
        if status == 304:
            fresh = said.freshness_of(headers, now=visit.now)
            return NotModified(validators=visit.request.validators, freshness=fresh)
        if status in REDIRECTS:
            return _redirect(visit.url, status, headers)
        if status not in WHOLE:
            raise _rejection(visit, status, headers)
        codings = b",".join(said.every(headers, b"content-encoding")).decode("latin-1").split(",")
        body = Body(visit.url, codings, limit=self._polling.max_body)
        async for chunk in response.stream:  # type: ignore[union-attr]
            body.feed(chunk)
            await visit.clock.inside(place)
        return Document(
            url=target.url,
            status=status,
            content_type=said.first_text(headers, b"content-type"),
            body=body.whole(),
            validators=said.validators_of(headers),
            freshness=said.freshness_of(headers, now=visit.now),
        )

    def _transport(self, target: Target) -> httpx.AsyncBaseTransport:
        """The connections to public hosts, or those that may only go inside: they are never shared."""
        transport = self._transports.get(target.inside_only)
        if transport is None:
            from aggregator.fetch.client import build_transport

            opening = self._guard.open_inside_socket if target.inside_only else self._guard.open_socket
            transport = build_transport(opening, proxy=self._polling.proxy)
            self._transports[target.inside_only] = transport
        return transport


def _with_address(answer: Document | NotModified, target: Target, *, moved: bool) -> Document | NotModified:
    return replace(answer, moved_to=target.url) if moved and isinstance(answer, Document) else answer


def _check_headers(url: str, headers: Headers) -> None:
    from aggregator.fetch.trouble import HEADERS_TOO_LARGE, MAX_HEADER_BYTES

    if sum(len(name) + len(value) + 4 for name, value in headers) > MAX_HEADER_BYTES:
        raise TooLarge(url, HEADERS_TOO_LARGE)


def _redirect(url: str, status: int, headers: Headers) -> _Redirect:
    location = (said.first(headers, b"location") or b"").strip()
    if not location:
        raise Rejected(url, f"it answered {status} without saying where to go", http_status=status)
    return _Redirect(location.decode("utf-8", "replace"), status in PERMANENT)


def _rejection(visit: _Visit, status: int, headers: Headers) -> Rejected:
    from aggregator.fetch.trouble import answered

    if status in (206, 226):
        return Rejected(visit.url, f"it answered {status}: a part that was not asked for", http_status=status)
    again = said.retry_after_of(headers, now=visit.now) if status in (429, 503) else None
    return Rejected(visit.url, f"it {answered(status)}", http_status=status, retry_after=again)


def _joined(location: str, base: str) -> str | None:
    r"""Return where a redirect leads, absolute; None: nowhere proper.

    Browsers read `\\host` as `//host`; a program that does not would check one host and ask another, so that
    no backslash is let through before the query.
    """
    if "\\" in location.partition("?")[0]:
        return None
    try:
        return str(ada_url.URL(location, base=base).href)
    except ValueError:
        return None


def _port_of(url: str) -> int | None:
    try:
        port = ada_url.URL(url).port
    except ValueError:
        return None
    return int(port) if port else None
