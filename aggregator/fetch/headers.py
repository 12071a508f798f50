"""What is said to an origin, and what its headers say: validators, freshness, Retry-After, credentials."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Final

from aggregator.fetch.decode import OFFERED
from aggregator.fetch.guard import is_forbidden
from aggregator.model import Freshness, Request, SiteSettings, Validators

FEED_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
PAGE_ACCEPT: Final = "text/html, application/xhtml+xml, application/xml;q=0.8, */*;q=0.1"

MAX_RETRY_AFTER: Final = timedelta(days=31)
# Servers take lines of 8,190 bytes at most; one that is longer would be answered 431 for ever.
_LONGEST: Final = 8000
_MAX_SECONDS: Final = 10**9  # keeps a timedelta from overflowing; 31 years

# RFC 9110, 5.5: no control characters but the tab. A folded header (obs-fold) holds CR and LF.
_UNSENDABLE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_PACKED: Final = re.compile(rb"(?:--?|[;+:])(?:gzip|deflate|br)$")
_HEADER_LINE: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]+(.*\S)\s*")
_DIRECTIVE: Final = re.compile(r'\s*([\w-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,"]*)))?\s*(?:,|$)')

Headers = list[tuple[bytes, bytes]]


def user_agent(site: SiteSettings, version: str) -> str:
    """Return how we introduce ourselves: product, version, and where to learn more or complain.

    The page of sources is named when the site has a public address, and the contact when there is one.
    """
    url = f"{site.url}sources/" if site.url and not _is_local(site.url) else ""
    known = [text for text in (url, site.contact) if text and text.isascii() and text.isprintable()]
    comment = "; ".join(re.sub(r"[()\\\s]", "", text) for text in known)
    return f"aggregator/{version} (+{comment})" if comment else f"aggregator/{version}"


def request_headers(request: Request, *, user_agent: str) -> Headers:
    """Return the headers of a request, without its credential. Nothing else is ever sent."""
    headers = [
        (b"User-Agent", user_agent.encode("ascii", "replace")),
        (b"Accept", request.accept.encode("ascii", "replace")),
        (b"Accept-Encoding", OFFERED.encode()),
    ]
    validators = sendable(request.validators)
    if validators.etag is not None:
        headers.append((b"If-None-Match", validators.etag))
    if validators.last_modified is not None:
        headers.append((b"If-Modified-Since", validators.last_modified))
    return headers


def sendable(validators: Validators) -> Validators:
    """Return the validators that can be sent byte for byte; the others are dropped, never mended.

    aiohttp writes text as UTF-8, so that a value in another charset would reach the origin changed.
    """
    return Validators(
        etag=validators.etag if _is_sendable(validators.etag) else None,
        last_modified=validators.last_modified if _is_sendable(validators.last_modified) else None,
    )


def validators_of(headers: Headers) -> Validators:
    """Return ETag and Last-Modified as given, an empty one as not given."""
    return Validators(
        etag=first(headers, b"etag") or None, last_modified=first(headers, b"last-modified") or None
    )


def contradicts(headers: Headers, sent: Validators) -> bool:
    """Tell whether a 304 names another ETag than the one that was asked with, by weak comparison.

    Servers that pack what they send mark the ETag, and not always in both answers: `"a-gzip"` is `"a"`.
    """
    etag = first(headers, b"etag")
    return bool(etag) and sent.etag is not None and _weak(etag or b"") != _weak(sent.etag)


def freshness_of(headers: Headers, *, now: datetime) -> Freshness:
    """Return how long the answer holds: max-age less Age, else Expires less Date (RFC 9111, 4.2.1)."""
    max_age = _seconds(_directives(every(headers, b"cache-control")).get("max-age", ""))
    if max_age is not None:
        age = _seconds(first_text(headers, b"age") or "") or timedelta()
        return Freshness(max_age=max(timedelta(), max_age - age))
    expires = first_text(headers, b"expires")
    if expires is None:
        return Freshness()
    until = _http_date(expires)
    if until is None:  # "0" and whatever else is no date mean that it has expired (RFC 9111, 5.3)
        return Freshness(max_age=timedelta())
    since = _http_date(first_text(headers, b"date") or "") or now
    return Freshness(max_age=max(timedelta(), until - since))


def retry_after_of(headers: Headers, *, now: datetime) -> datetime | None:
    """Return when the origin wants to be asked again, at most 31 days from now (RFC 9110, 10.2.3)."""
    text = first_text(headers, b"retry-after")
    if text is None:
        return None
    wait = _seconds(text)
    at = _http_date(text) if wait is None else now + wait
    return min(at, now + MAX_RETRY_AFTER) if at is not None and at > now else None


def credential_header(secret: str) -> tuple[bytes, bytes] | None:
    """Return the header that a secret stands for: `user:password` or a `Header: value` line; None: neither."""
    secret = secret.strip("\r\n")
    if _UNSENDABLE.search(secret.encode()):
        return None
    if line := _HEADER_LINE.fullmatch(secret):
        name, value = line[1].encode(), line[2].encode()
    elif ":" in secret:
        name, value = b"Authorization", b"Basic " + b64encode(secret.encode())
    else:
        return None
    return (name, value) if _is_sendable(value) else None


def first(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """Return the first value of a header, as bytes; None: not given."""
    return next(every(headers, name), None)


def first_text(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """Return the first value of a header as text, each byte a character; None: not given."""
    value = first(headers, name)
    return None if value is None else value.decode("latin-1").strip()


def every(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> Iterator[bytes]:
    """Yield all values of a header; `name` is in lower case."""
    return (value for key, value in headers if len(key) == len(name) and key.lower() == name)


def _is_sendable(value: bytes | None) -> bool:
    if not value or len(value) > _LONGEST or _UNSENDABLE.search(value) or value != value.strip():
        return False
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _weak(etag: bytes) -> bytes:
    return _PACKED.sub(b"", etag.removeprefix(b"W/").strip(b'"'))


def _directives(values: Iterable[bytes]) -> dict[str, str]:
    text = ", ".join(value.decode("latin-1") for value in values)
    found: dict[str, str] = {}
    for match in _DIRECTIVE.finditer(text):
        found.setdefault(match[1].lower(), match[2] or match[3] or "")
    return found


def _seconds(text: str) -> timedelta | None:
    """Return delta-seconds; None: not a whole number. More than 31 years is cut."""
    if not re.fullmatch(r"[0-9]{1,100}", text):
        return None
    return timedelta(seconds=min(int(text), _MAX_SECONDS))


def _http_date(text: str) -> datetime | None:
    try:
        value = parsedate_to_datetime(text)
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _is_local(url: str) -> bool:
    """Tell whether a site's address means nothing to an origin: a loopback or private one."""
    host = re.sub(r"^\w+://(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]*).*$", r"\1", url).strip("[]")
    try:
        ip_address(host)
    except ValueError:
        return host.rstrip(".").rpartition(".")[2] in ("", "localhost")
    return is_forbidden(host)
