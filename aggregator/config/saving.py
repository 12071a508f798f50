"""Appending to a file that belongs to people: whole or not at all, and nothing that others save meanwhile is lost.

The file is replaced by a longer one, so that nobody reads half of it. Where that would cost it something that we
cannot give the new one (its owner, an access list, a second name), or where the folder takes no new file, the bytes
are appended in place.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregator.errors import AggregatorError

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# What says that a file of this folder cannot be replaced, though it may be written: no leave, a read-only folder, a
# file that is mounted by itself (as into a container).
_ONLY_IN_PLACE: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV})
_REASONS: Final = {
    errno.EACCES: "it may not be written; its owner or root can allow it",
    errno.EPERM: "it may not be written; its owner or root can allow it",
    errno.EROFS: "it is on a read-only file system",
    errno.ENOSPC: "no space is left on the disk",
    errno.EDQUOT: "the disk quota is used up",
}


class _InPlaceError(Exception):
    """The file cannot be replaced by one that is the same in all but its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A file as it was read."""

    file: Path  # what a symbolic link leads to
    data: bytes
    status: os.stat_result


def state_of(path: Path, data: bytes) -> State:
    """Give a file of which these bytes were read, with what it is; raises AggregatorError."""
    with _told(str(path)):
        file = path.resolve(strict=True)
        return State(file=file, data=data, status=file.stat())


def append(state: State, addition: bytes, *, name: str) -> bool:
    """Append to a file that still is what it was; False: it is not, and was left alone.

    Owner, group, mode and access lists stay, and a symbolic link goes on to lead to it. Raises AggregatorError,
    which calls the file by `name`, when it cannot be written; it is then as before.
    """
    with _told(name), _alone(state.file.parent):
        if not state.file.exists():
            return False
        if not os.access(
            state.file, os.W_OK, effective_ids=True
        ):  # its folder may let us replace it all the same
            raise PermissionError(errno.EACCES, "read-only")
        try:
            return _replace(state, state.data + addition)
        except _InPlaceError:
            return _append_in_place(state, addition)


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
        number = error.errno if isinstance(error, OSError) else None
        reason = _REASONS.get(number or 0) or getattr(error, "strerror", None) or str(error)
        raise AggregatorError(f"{name}: {reason}; nothing was written") from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Have others of us wait. The lock is on the folder: a lock file would be one more that nobody asked for."""
    descriptor = os.open(folder, _FOLDER)
    try:
        with suppress(OSError):  # a file system without locks: the comparison before the end has to do
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(state: State, data: bytes) -> bool:
    """Write a file beside it, make sure it is on the disk, then let it take the place."""
    if state.status.st_nlink > 1:
        raise _InPlaceError
    folder = os.open(state.file.parent, _FOLDER)
    beside = f".{state.file.name}.{secrets.token_hex(8)}.tmp"
    placed = False
    try:
        with _in_place_if_refused():
            descriptor = os.open(beside, _NEW, 0o600, dir_fd=folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _make_alike(descriptor, state)
            os.fsync(descriptor)
        if not _is_unchanged(state):
            return False
        with _in_place_if_refused():
            os.rename(beside, state.file.name, src_dir_fd=folder, dst_dir_fd=folder)
        placed = True
        os.fsync(folder)
        return True
    finally:
        if not placed:
            with suppress(OSError):
                os.unlink(beside, dir_fd=folder)
        os.close(folder)


@contextmanager
def _in_place_if_refused() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _ONLY_IN_PLACE:
            raise _InPlaceError from error
        raise


def _make_alike(descriptor: int, state: State) -> None:
    """Give the new file owner, group, mode, access lists and labels of the old one; raises _InPlaceError."""
    new, old = os.fstat(descriptor), state.status
    with _in_place_if_refused():
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            os.fchown(descriptor, old.st_uid, old.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
    if sys.platform != "linux":
        return
    try:
        for name in os.listxattr(state.file):
            value = os.getxattr(state.file, name)
            if name not in os.listxattr(descriptor) or os.getxattr(descriptor, name) != value:
                os.setxattr(descriptor, name, value)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise _InPlaceError from error


def _is_unchanged(state: State) -> bool:
    try:
        return state.file.read_bytes() == state.data
    except FileNotFoundError:
        return False


def _append_in_place(state: State, addition: bytes) -> bool:
    descriptor = os.open(state.file, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        if file.read() != state.data:
            return False
        try:
            rest = memoryview(addition)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, len(state.data))
            raise
    return True
