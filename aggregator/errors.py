"""Every error of the program, grouped by what the caller does about it.

AggregatorError            one plain line for a person: what, where, what to do
├── ConfigError            an editor must act; carries every fault; exit 78
├── FetchError             a document could not be had; the feed is asked again
│   ├── Unreachable        no connection: name, route, refused
│   ├── TlsFailed          no trustworthy connection
│   ├── TimedOut           the total deadline passed
│   ├── Rejected           the origin said 4xx or 5xx
│   │   └── ToldToWait     it was not asked for: its host wants to be left alone, or robots.txt cannot be had
│   ├── Refused            our own policy said no: address, scheme, port, redirects
│   ├── TooLarge           headers or decoded body over the limit
│   ├── BadEncoding        a coding that cannot be undone
│   └── Truncated          less came than was announced
├── ParseError             what came is no feed that can be read
│   ├── NotAFeed           another kind of document
│   ├── EmptyDocument      no bytes, or nothing but blanks
│   └── TooExpensive       reading it took more time or memory than it may
├── ExtractError           no article in the page; the feed's own text serves
├── StoreError             an operator must act; exit 1
│   ├── StoreBusy          another process holds it; try again
│   ├── StoreFull          no space left; try again when there is
│   ├── StoreDamaged       not a database, or not a whole one
│   ├── StoreNewer         written by a newer version of this program
│   └── StoreUnwritable    a directory, read-only, or not ours
├── OutputError            the output directory cannot be written; old files stay
└── AlreadyRunning         another daemon holds the store; exit 75
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


class AggregatorError(Exception):
    """Something that was not meant to happen, told in one line that a person can act on."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One fault of a configuration file, at its place."""

    file: str
    line: int  # from 1; 1 where the fault is of the whole file
    column: int  # from 1
    message: str  # what is wrong and what to do, without the place

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigError(AggregatorError):
    """The configuration is wrong; `faults` holds every fault, in the order of the file."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)  # errors come back from child processes: args alone would not do


class FetchError(AggregatorError):
    """A document could not be had. `kind` is the `error.kind` of the contract, section 4."""

    kind: ClassVar[str] = "unreachable"

    def __init__(
        self,
        url: str,
        reason: str,
        *,
        http_status: int | None = None,
        retry_after: datetime | None = None,
        host: str | None = None,
        hops: int = 0,
    ) -> None:
        super().__init__(reason)
        self.url = url
        self.reason = reason  # without the URL, fit for a log and a page
        self.http_status = http_status
        self.retry_after = retry_after  # when the origin asked to be asked again; None: it did not say
        self.host = host  # name with port, of the host that gave the answer; None: nothing answered
        self.hops = hops  # how many redirects had been followed: above 0, another address than `url` failed

    def __reduce__(self) -> tuple[type[FetchError], tuple[str, str], dict[str, object]]:
        return type(self), (self.url, self.reason), self.__dict__


class Unreachable(FetchError):
    """No connection could be made: the name, the route, or the host said no."""


class TlsFailed(FetchError):
    """The certificate or the protocol is not to be trusted."""

    kind = "tls"


class TimedOut(FetchError):
    """The whole document did not come before the deadline."""

    kind = "timeout"


class Rejected(FetchError):
    """The origin answered with 4xx or 5xx, told in `http_status`."""

    kind = "rejected"


class ToldToWait(Rejected):
    """It was not asked for: a 429 of its host still holds, or its robots.txt cannot be had. No try is counted."""


class Refused(FetchError):
    """Our own policy forbids it: a private address, a scheme, a port, too many redirects."""

    kind = "refused"


class TooLarge(FetchError):
    """The headers or the decoded body went over the limit."""

    kind = "too-large"


class BadEncoding(FetchError):
    """A content coding that was not offered, or that cannot be undone."""

    kind = "encoding"


class Truncated(FetchError):
    """The connection ended before the announced end of the body."""

    kind = "truncated"


class ParseError(AggregatorError):
    """What came cannot be read as a feed. `kind` is the `error.kind` of the contract, section 4."""

    kind: ClassVar[str] = "parse"


class NotAFeed(ParseError):
    """Another kind of document: a page, a picture, an error message."""

    kind = "not-a-feed"


class EmptyDocument(ParseError):
    """No bytes came, or nothing but blanks and comments."""

    kind = "empty"


class TruncatedFeed(ParseError):
    """The document ends before its last element does."""

    kind = "truncated"


class TooExpensive(ParseError):
    """Reading the document took more time or memory than one document may."""

    kind = "too-expensive"


class ExtractError(AggregatorError):
    """No article was found in the page; the story goes out with the feed's own text."""


class StoreError(AggregatorError):
    """The store cannot be used as it is; an operator must act."""


class StoreBusy(StoreError):
    """Another process holds the store; the same call may succeed later."""


class StoreFull(StoreError):
    """No space is left for the store; the same call succeeds when there is."""


class StoreDamaged(StoreError):
    """The file is no database, or not a whole one. It is never mended by deletion."""


class StoreNewer(StoreError):
    """The store was written by a newer version of this program."""


class StoreUnwritable(StoreError):
    """The place of the store is a directory, read-only, or belongs to somebody else."""


class OutputError(AggregatorError):
    """The output directory cannot be written; the files in it stay as they were."""


class AlreadyRunning(AggregatorError):
    """Another daemon holds this store."""
