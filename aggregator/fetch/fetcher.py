"""One document at a time: guarded, paced, bounded, told apart from what only looks like one."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import ada_url

from aggregator.errors import FetchError, Refused, Rejected, TimedOut, Unreachable
from aggregator.fetch import headers as said
from aggregator.fetch.decode import Body
from aggregator.fetch.guard import ANY_PORT, Guard, Target, origin_of, shown
from aggregator.fetch.pacing import Hosts, Turn
from aggregator.fetch.places import Place, Places, room_outside
from aggregator.fetch.visit import Check, Clock, Redirect, Visit
from aggregator.model import Document, NotModified, PollingSettings, Request

if TYPE_CHECKING:
    import httpx

    from aggregator.fetch.client import Transport
    from aggregator.fetch.names import Lookup

MAX_REDIRECTS: Final = 10
CONNECT_SECONDS: Final = 10.0
PERMANENT: Final = frozenset({301, 308})
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
WHOLE: Final = frozenset({200, 203})  # 206 and 226 are parts; 201, 202, 204, 205 bring no document

Secrets = Callable[[str], str | None]
Permit = Callable[[str], Awaitable[None]]  # takes the URL that is about to be asked; raises a FetchError


class Fetcher:
    """Everything that is asked of the outside goes through here.

    `secrets` gives the value of a credential by its name, or None. Close it when done.
    """

    def __init__(
        self,
        polling: PollingSettings,
        *,
        user_agent: str,
        secrets: Secrets,
        lookup: Lookup = socket.getaddrinfo,
    ) -> None:
        self._polling = polling
        self._user_agent = user_agent
        self._secrets = secrets
        self._lookup = lookup
        self._guard = Guard(polling)
        self._hosts = Hosts(polling.per_host, polling.host_delay.total_seconds())
        self._places = Places(polling.concurrency, outside=_room(polling), largest=polling.max_body)
        self._connect_seconds = min(CONNECT_SECONDS, polling.timeout.total_seconds())
        self._transports: dict[bool, Transport] = {}  # by Target.inside_only
        self._under_way = 0
        self._is_closed = False
        self._nothing_under_way = asyncio.Event()
        self._nothing_under_way.set()
        self._successor: Fetcher | None = None

    def renewed(self, polling: PollingSettings, *, user_agent: str) -> Fetcher:
        """Return the fetcher for a changed configuration, which knows of the hosts what this one knows.

        The two share their queues, so that together they ask no host faster or more often at once than one
        alone. What is asked of this one from now on goes through the new one; what is under way ends here as
        it began. Both stay the caller's: `finish()` this one beside its work, `close()` the new one in the end.
        """
        new = Fetcher(polling, user_agent=user_agent, secrets=self._secrets, lookup=self._lookup)
        new._hosts = self._hosts
        new._places = self._places
        self._hosts.renew(polling.per_host, polling.host_delay.total_seconds())
        self._places.renew(polling.concurrency, largest=polling.max_body, outside=_room(polling))
        self._successor = new
        for transport in self._transports.values():
            transport.connector.retire()
        return new

    async def fetch(
        self,
        request: Request,
        *,
        now: datetime,
        permit: Permit | None = None,
        check: Check | None = None,
    ) -> Document | NotModified:
        """Have one document, following at most ten redirects.

        `permit` is awaited with the URL of every hop before it waits for its turn, while neither a host nor a
        place is held and the document's time stands still: it may wait, or fetch something else. `check` is
        called with it at the last moment before the request is made. Both refuse by raising a `FetchError`.
        Raises a `FetchError` whose reason is one plain sentence, without anything that the origin wrote.
        """
        if self._successor is not None:
            return await self._successor.fetch(request, now=now, permit=permit, check=check)
        self._under_way += 1
        self._nothing_under_way.clear()
        try:
            return await self._had(self._visit(request, now=now, check=check), permit)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._nothing_under_way.set()

    @asynccontextmanager
    async def handling(self) -> AsyncIterator[None]:
        """Keep a place while a document that came is handled; it goes before requests that wait for one."""
        await self._places.take(ahead=True)
        try:
            yield
        finally:
            self._places.give()

    async def finish(self) -> None:
        """Wait until nothing that was asked through this fetcher is under way, or it is closed; then close it."""
        await self._nothing_under_way.wait()
        await self.close()

    async def close(self) -> None:
        """Close every connection; what is still under way fails. May be called again."""
        self._is_closed = True
        self._nothing_under_way.set()
        transports, self._transports = list(self._transports.values()), {}
        for transport in transports:
            await transport.aclose()

    def _visit(self, request: Request, *, now: datetime, check: Check | None) -> Visit:
        home = request.home if request.home != request.url else ""  # "": it is what the editor wrote itself
        own_port = None
        if request.own_port:
            own_port = _port_of(home) if home else ANY_PORT
        first = self._guard.target(request.url, own_port=own_port)
        visit = Visit(
            request=request,
            now=now,
            clock=Clock(self._polling.timeout.total_seconds()),
            headers=said.request_headers(request, user_agent=self._user_agent),
            credential=self._credential(request.credential, request.url),
            owner=origin_of(home) if home else first.origin,
            own_port=first.port if own_port == ANY_PORT else own_port,
            first=first,
            check=check,
        )
        if visit.owner is not None:
            visit.check_downgrade(visit.owner[0], first)
        return visit

    async def _had(self, visit: Visit, permit: Permit | None) -> Document | NotModified:
        """Follow the redirects to the end."""
        try:
            return await self._followed(visit, permit)
        except FetchError as error:
            error.host = error.host or visit.answered
            error.hops = visit.hops
            raise

    async def _followed(self, visit: Visit, permit: Permit | None) -> Document | NotModified:
        target, permanent = visit.first, True
        seen = {target.url}
        for hop in range(MAX_REDIRECTS + 1):
            visit.answered, visit.hops = None, hop
            if permit is not None:
                await permit(target.url)
            answer = await self._turn(visit, target, is_first=hop == 0)
            if not isinstance(answer, Redirect):
                return replace(answer, moved_to=target.url) if permanent and hop > 0 else answer
            permanent = permanent and answer.permanent
            target = self._next_target(visit, target, answer.to)
            if target.url in seen:
                raise Rejected(visit.url, "its redirects go round in a circle")
            seen.add(target.url)
        raise Refused(visit.url, f"it redirects more than {MAX_REDIRECTS} times")

    def _credential(self, name: str, url: str) -> tuple[bytes, bytes] | None:
        if not name:
            return None
        secret = self._secrets(name)
        if secret is None:
            raise Refused(shown(url), f"its credential {name!r} is not set")
        header = said.credential_header(secret)
        if header is None:
            raise Refused(
                shown(url), f"its credential {name!r} is neither `user:password` nor a `Header: value` line"
            )
        return header

    def _next_target(self, visit: Visit, target: Target, location: str) -> Target:
        target_url = _joined(location, target.url)
        if target_url is None:
            raise Rejected(visit.url, "it redirects to something that is no address")
        try:
            following = self._guard.target(target_url, own_port=visit.own_port)
        except Refused as error:
            raise Refused(visit.url, f"it redirects to where we do not go: {error.reason}") from None
        visit.check_downgrade(target.scheme, following)
        return following

    async def _turn(
        self, visit: Visit, target: Target, *, is_first: bool
    ) -> Document | NotModified | Redirect:
        """Wait for the host's turn and for a place, then ask."""
        turn = await self._hosts.enter(target.line, domain=target.domain, ahead=not is_first)
        try:
            async with Place(self._places, visit.clock.run_out) as place:
                if visit.check is not None:
                    visit.check(target.url)
                turn.begin()
                return await self._timed(visit, target, place, turn)
        finally:
            turn.leave()

    async def _timed(
        self, visit: Visit, target: Target, place: Place, turn: Turn
    ) -> Document | NotModified | Redirect:
        from aggregator.fetch import trouble
        from aggregator.fetch.client import EXCHANGE, Exchange

        EXCHANGE.set(Exchange(target.url, turn.sent))
        try:
            async with visit.clock:
                return await self._exchange(visit, target, place)
        except FetchError:
            raise
        except TimeoutError:
            late = f"no whole answer within {visit.clock.seconds:g} s"
            raise TimedOut(visit.url, place.given_up or late) from None
        except trouble.FOREIGN as error:
            raise trouble.explain(
                error, visit.url, host=target.host, connect_seconds=self._connect_seconds
            ) from error

    async def _exchange(
        self, visit: Visit, target: Target, place: Place
    ) -> Document | NotModified | Redirect:
        """Send one request and judge its answer."""
        import httpx

        timeouts = {"connect": self._connect_seconds, "pool": self._connect_seconds}
        response = await self._transport(visit, target).handle_async_request(
            httpx.Request(
                "GET",
                _root(*target.origin),
                headers=visit.headers_for(target),
                extensions={"timeout": timeouts},
            )
        )
        visit.answered = target.line
        try:
            await visit.clock.inside(place)
            return await self._judged(visit, target, place, response)
        finally:
            await response.stream.aclose()  # type: ignore[union-attr]

    async def _judged(
        self, visit: Visit, target: Target, place: Place, response: httpx.Response
    ) -> Document | NotModified | Redirect:
        headers, status = response.headers.raw, response.status_code
        if status == 304:
            return NotModified(
                validators=visit.request.validators,
                freshness=said.freshness_of(headers, now=visit.now),
                contradicted=said.contradicts(headers, said.sendable(visit.request.validators)),
            )
        if status in REDIRECTS:
            return _redirect(visit.url, status, headers)
        if status not in WHOLE:
            raise _rejection(visit, status, headers)
        return Document(
            url=target.url,
            status=status,
            content_type=said.first_text(headers, b"content-type"),
            body=await self._body(visit, place, response),
            validators=said.validators_of(headers),
            freshness=said.freshness_of(headers, now=visit.now),
        )

    async def _body(self, visit: Visit, place: Place, response: httpx.Response) -> bytes:
        """Take the body; nothing is unpacked while no place is held, for that is what makes it large."""
        codings = b",".join(said.every(response.headers.raw, b"content-encoding")).decode("latin-1")
        limit, most = int(self._polling.max_body), visit.request.max_body
        is_ours = most is not None and most < limit
        if most is not None and is_ours:
            limit = most
        cut = visit.request.cut and is_ours
        with Body(visit.url, codings.split(","), limit=limit, cut=cut) as body:
            place.drop = body.drop
            async for chunk in response.stream:  # type: ignore[union-attr]
                await visit.clock.inside(place)
                body.feed(chunk)
                place.weigh(body.held)
                if body.is_full:
                    break
            if place.given_up:
                raise TimeoutError
            return body.whole()

    def _transport(self, visit: Visit, target: Target) -> Transport:
        """The connections to public hosts, or those that may only go inside: they are never shared."""
        transport = self._transports.get(target.inside_only)
        if transport is None:
            from aggregator.fetch.client import build_transport

            if self._is_closed:
                raise Unreachable(visit.url, "it was not asked: nothing is asked any more")
            opening = self._guard.open_inside_socket if target.inside_only else self._guard.open_socket
            transport = build_transport(opening, lookup=self._lookup, proxy=self._polling.proxy)
            if self._successor is not None:
                transport.connector.retire()
            self._transports[target.inside_only] = transport
        other = self._transports.get(not target.inside_only)
        if other is not None:  # else a host could have a connection of each kind at once
            other.connector.drop_idle(target.host.strip("[]"), target.port)
        return transport


def _room(polling: PollingSettings) -> int:
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return room_outside(polling, allowed=allowed)


@lru_cache(maxsize=1024)
def _root(scheme: str, host: str, port: int) -> httpx.URL:
    """Name the origin for httpx: the address itself goes with `EXCHANGE`, and parsing each cost a tenth of a 304."""
    import httpx

    return httpx.URL(f"{scheme}://{host}:{port}/")


def _redirect(url: str, status: int, headers: said.Headers) -> Redirect:
    location = (said.first(headers, b"location") or b"").strip()
    if not location:
        raise Rejected(url, f"it answered {status} without saying where to go", http_status=status)
    return Redirect(location.decode("utf-8", "replace"), status in PERMANENT)


def _rejection(visit: Visit, status: int, headers: said.Headers) -> Rejected:
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
