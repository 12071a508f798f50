"""What the databases say when something is wrong, as errors that an operator can act on."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from aggregator.errors import (
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreUnwritable,
)

_BUSY: Final = "another process holds it for too long; try again, or stop that process"
_FULL: Final = "no space is left there; free some, and the same will succeed"
_DAMAGED: Final = (
    "the database is damaged or is no database; it is left as it is: put a backup in its place, "
    "or move it away to begin anew"
)
_UNWRITABLE: Final = "it cannot be written; check that the folder and the file belong to the service's user"
_MISSING: Final = "there is no such database or user; make it with `createdb` or `createuser`"
_UNKNOWN_USER: Final = "it does not let us in; check user and password"

# Primary result codes of SQLite (https://sqlite.org/rescode.html).
_SQLITE: Final[dict[int, tuple[type[StoreError], str]]] = {
    sqlite3.SQLITE_BUSY: (StoreBusy, _BUSY),
    sqlite3.SQLITE_LOCKED: (StoreBusy, _BUSY),
    sqlite3.SQLITE_FULL: (StoreFull, _FULL),
    sqlite3.SQLITE_CORRUPT: (StoreDamaged, _DAMAGED),
    sqlite3.SQLITE_NOTADB: (StoreDamaged, _DAMAGED),
    sqlite3.SQLITE_FORMAT: (StoreDamaged, _DAMAGED),
    sqlite3.SQLITE_READONLY: (StoreUnwritable, _UNWRITABLE),
    sqlite3.SQLITE_CANTOPEN: (StoreUnwritable, _UNWRITABLE),
    sqlite3.SQLITE_PERM: (StoreUnwritable, _UNWRITABLE),
    sqlite3.SQLITE_AUTH: (StoreUnwritable, _UNWRITABLE),
    sqlite3.SQLITE_IOERR: (StoreError, "the disk reported an error; nothing of this step was kept"),
}
# SQLSTATE codes of PostgreSQL (its manual, appendix A).
_POSTGRES: Final[dict[str, tuple[type[StoreError], str]]] = {
    "53100": (StoreFull, _FULL),
    "53300": (StoreBusy, "it has too many connections; try again, or raise max_connections"),
    "55P03": (StoreBusy, _BUSY),
    "57014": (StoreBusy, _BUSY),
    "40001": (StoreBusy, _BUSY),
    "40P01": (StoreBusy, _BUSY),
    "XX001": (StoreDamaged, _DAMAGED),
    "XX002": (StoreDamaged, _DAMAGED),
    "42501": (StoreUnwritable, "its user may not write there; grant the rights, or name another user"),
    "25006": (StoreUnwritable, "it only takes readers; is it a standby?"),
    "3D000": (StoreError, _MISSING),
}
_ERRNO: Final[dict[int, tuple[type[StoreError], str]]] = {
    errno.ENOSPC: (StoreFull, _FULL),
    errno.EDQUOT: (StoreFull, _FULL),
}


@contextmanager
def told(place: str, secret: str | None = None) -> Iterator[None]:
    """Turn what a database or the disk raises into a StoreError about `place`, without the `secret`.

    An error of a value (DataError, IntegrityError) comes through: no operator can mend it.
    """
    try:
        yield
    except (DataError, IntegrityError):
        raise  # a value is at fault, not the store: whoever brought it sets it aside
    except (DBAPIError, PoolTimeout) as error:
        raise _story_of(error, place, secret) from error
    except OSError as error:
        kind, reason = _ERRNO.get(error.errno or 0, (StoreUnwritable, _UNWRITABLE))
        raise kind(f"{place}: {reason} ({error.strerror})") from error


def _story_of(error: DBAPIError | PoolTimeout, place: str, secret: str | None) -> StoreError:
    if isinstance(error, PoolTimeout):
        return StoreBusy(f"{place}: {_BUSY}")
    cause = error.orig
    kind, reason = _kind_of(cause)
    detail = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    if secret:
        detail = detail.replace(secret, "***")
    return kind(f"{place}: {reason} ({detail})")


def _kind_of(cause: BaseException | None) -> tuple[type[StoreError], str]:
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF, (StoreError, "the database refused"))
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        if state.startswith("28"):
            return StoreError, _UNKNOWN_USER
        return _POSTGRES.get(state, (StoreError, "the database refused"))
    return StoreError, _unreachable(str(cause))


def _unreachable(message: str) -> str:
    """Say why no connection came about: PostgreSQL gives no code then, only words, perhaps in another language."""
    if "does not exist" in message:
        return _MISSING
    if "authentication failed" in message:
        return _UNKNOWN_USER
    return "the database cannot be reached; is it running, and is its address right?"
