"""Foreign errors as ours: one plain sentence each, and nothing of what the origin wrote.

The httpx-aiohttp transport reports every connection error as ConnectTimeout, so it is the cause that tells.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from aggregator.errors import FetchError, Refused, TimedOut, TlsFailed, TooLarge, Truncated, Unreachable
from aggregator.fetch.guard import AddressRefused, refusal
from aggregator.fetch.wire import HeadTooLarge, WrappingTooLarge

MAX_SHOWN: Final = 100  # characters of a name, which may come from a redirect

# What the transport may raise; anything else is a fault of ours and shall be seen.
FOREIGN: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    aiohttp.ClientError,
    HttpProcessingError,
    OSError,
    UnicodeError,
)

HEADERS_TOO_LARGE: Final = "the headers of the answer are larger than 64 KiB"
WRAPPING_TOO_LARGE: Final = "what is wrapped around the document is larger than 64 KiB"
NO_MORE_FILES: Final = "this machine has no more files to open, which is no fault of the origin"

_BY_ERRNO: Final = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ECONNRESET: "the connection was broken off",
    errno.EPIPE: "the connection was broken off",
    errno.ENETUNREACH: "there is no route to it",
    errno.EHOSTUNREACH: "there is no route to it",
    errno.ETIMEDOUT: "it does not answer",
    errno.EMFILE: NO_MORE_FILES,
    errno.ENFILE: NO_MORE_FILES,
    errno.EAGAIN: "this machine has no more threads to look names up, which is no fault of the origin",
}
# OpenSSL's X509_V_ERR_…
_BY_CERTIFICATE: Final = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is signed by nobody but itself",
    19: "its certificate is signed by an authority that is not known here",
    20: "its certificate is signed by an authority that is not known here",
    21: "its certificate is signed by an authority that is not known here",
    23: "its certificate was revoked",
    62: "its certificate is for another name",
    64: "its certificate is for another name",
}
_OLD_PROTOCOL: Final = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE")
_BY_STATUS: Final = {
    401: "it asks for a user and a password",
    403: "it does not let us in",
    407: "the proxy asks for a user and a password",
    410: "it is never to be asked again",
    429: "it was asked too often",
}


def explain(error: BaseException, url: str, *, host: str, connect_seconds: float) -> FetchError:
    """Return our error for a foreign one. `url` is fit to be shown, `host` the name that was looked up."""
    causes = tuple(_causes(error))
    host = host if len(host) <= MAX_SHOWN else host[:MAX_SHOWN] + "…"
    for cause in causes:
        if isinstance(cause, AddressRefused):
            reason = refusal(cause.address)
            return Refused(url, reason if cause.address == host.strip("[]") else f"{host} leads to {reason}")
    found = _of_tls(causes, url) or _of_http(causes, url) or _of_connection(causes, url, host=host)
    if found is not None:
        return found
    if any(isinstance(cause, TimeoutError | httpx.TimeoutException) for cause in causes):
        return TimedOut(url, f"no connection within {connect_seconds:g} s")
    return Unreachable(url, "the connection failed")


def answered(status: int) -> str:
    """Say what an origin answered, in the standard's words and never in its own."""
    try:
        text = f"answered {status} {HTTPStatus(status).phrase}"
    except ValueError:
        text = f"answered {status}"
    return f"{text}: {_BY_STATUS[status]}" if status in _BY_STATUS else text


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _of_tls(causes: tuple[BaseException, ...], url: str) -> FetchError | None:
    for cause in causes:
        if isinstance(cause, aiohttp.ClientError):  # some are SSL errors too, without saying which
            continue
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = _BY_CERTIFICATE.get(cause.verify_code, "its certificate is not to be trusted")
            return TlsFailed(url, reason)
        if isinstance(cause, ssl.SSLError):
            old = cause.reason in _OLD_PROTOCOL
            return TlsFailed(
                url, "it speaks no TLS that is still safe" if old else "no safe connection could be made"
            )
    return None


def _of_http(causes: tuple[BaseException, ...], url: str) -> FetchError | None:
    for cause in causes:
        if isinstance(cause, WrappingTooLarge):
            return TooLarge(url, WRAPPING_TOO_LARGE)
        if isinstance(cause, aiohttp.ClientPayloadError):
            return Truncated(url, "the answer breaks off before its end")
        if isinstance(cause, aiohttp.ClientHttpProxyError):
            return Unreachable(url, f"the proxy {answered(cause.status)}")
        if isinstance(cause, aiohttp.ClientProxyConnectionError):
            return Unreachable(url, "the proxy does not answer")
        if isinstance(cause, aiohttp.ServerDisconnectedError):
            return Unreachable(url, "the connection was closed before an answer came")
    return _of_parser(causes, url)


def _of_parser(causes: tuple[BaseException, ...], url: str) -> FetchError | None:
    if any(isinstance(cause, LineTooLong | HeadTooLarge) for cause in causes):
        return TooLarge(url, HEADERS_TOO_LARGE)
    for cause in causes:
        if isinstance(cause, HttpProcessingError):
            many = "Too many" in cause.message
            return TooLarge(url, HEADERS_TOO_LARGE) if many else Unreachable(url, "the answer is no HTTP")
    return None


def _of_connection(causes: tuple[BaseException, ...], url: str, *, host: str) -> FetchError | None:
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            if cause.errno in (socket.EAI_NONAME, socket.EAI_NODATA):
                return Unreachable(url, f"the name {host} is not known")
            return Unreachable(url, f"the name {host} could not be looked up")
        if isinstance(cause, UnicodeError):
            return Unreachable(url, f"{host} is no proper name")
        if isinstance(cause, OSError) and cause.errno in _BY_ERRNO:
            return Unreachable(url, _BY_ERRNO[cause.errno])
    return None
