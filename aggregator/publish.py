"""The output directory: each file replaced whole, only when its bytes differ, and nothing outside of it.

Folders are opened one by one from the root without following symbolic links, and everything is done relative to
the folder so opened: whoever can write into the directory cannot lead us out of it between a check and its use.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from aggregator.errors import OutputError

FOLDER_MODE: Final = 0o755  # a web server of another user reads them, whatever our umask is
FILE_MODE: Final = 0o644
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_TEMPORARY: Final = re.compile(r"\.aggregator-[0-9a-f]{16}\.tmp")
_REASONS: Final = {
    errno.EACCES: "no permission to write here",
    errno.EPERM: "no permission to write here",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.ELOOP: "a symbolic link stands where a folder should be",
    errno.ENOTDIR: "a file or a symbolic link stands where a folder should be",
    errno.EISDIR: "a folder stands where a file should be",
    errno.EEXIST: "something else stands in its place",
    errno.EIO: "the disk reports an error",
}


class Output:
    """A directory that is served to subscribers. Every method raises OutputError, with the path, and no other."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def prepare(self) -> None:
        """Make the directory if need be, and see that files can be written into it."""
        with self._told(self.directory):
            _make(self.directory)
            with self._opened(()) as folder:
                name, descriptor = _temporary(folder)
                os.close(descriptor)
                os.unlink(name, dir_fd=folder)

    def write(self, relative: str, data: bytes) -> bool:
        """Put a file in its place; True when it was new or its bytes differed. The old one stays on any error."""
        parts = _parts(relative)
        with self._told(self.directory / relative), self._opened(parts[:-1]) as folder:
            if _holds(folder, parts[-1], data):
                return False
            _replace(folder, parts[-1], data)
            return True

    def sweep(self) -> int:
        """Remove what a killed run of ours left half-written; returns how many. To be called by the one writer."""
        removed = 0
        with self._told(self.directory):
            for _, folders, files, folder in os.fwalk(self.directory, follow_symlinks=False):
                folders.sort()
                for name in filter(_TEMPORARY.fullmatch, files):
                    os.unlink(name, dir_fd=folder)
                    removed += 1
        return removed

    @contextmanager
    def _opened(self, folders: tuple[str, ...]) -> Iterator[int]:
        """Open a folder under the root, making those that are missing; the root alone may be a symbolic link."""
        descriptor = os.open(self.directory, _FOLDER)
        try:
            for name in folders:
                inner = _enter(descriptor, name)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _told(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = _REASONS.get(error.errno or 0) or error.strerror or type(error).__name__
            raise OutputError(f"{path}: {reason}; the files that are there stay as they are") from error


def _make(directory: Path) -> None:
    """Make a directory and what is missing above it, each to be entered by all."""
    if directory.is_dir():
        return
    if directory.parent != directory:
        _make(directory.parent)
    directory.mkdir()
    directory.chmod(FOLDER_MODE)


def _parts(relative: str) -> tuple[str, ...]:
    """Split a path under the output directory; one that would lead out of it is refused."""
    parts = tuple(relative.split("/"))
    if any(part in {"", ".", ".."} or "\0" in part or "\\" in part for part in parts):
        raise OutputError(f"{relative!r}: not a path under the output directory")
    return parts


def _enter(parent: int, name: str) -> int:
    try:
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    except FileNotFoundError:
        os.mkdir(name, FOLDER_MODE, dir_fd=parent)
    descriptor = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    os.fchmod(descriptor, FOLDER_MODE)
    os.fsync(parent)
    return descriptor


def _holds(folder: int, name: str, data: bytes) -> bool:
    """Whether a regular file of this name has these bytes, which is then made readable by all."""
    try:
        # Not to hang on a FIFO that somebody put there.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size != len(data):
            return False
        same = file.read() == data
        if same and stat.S_IMODE(status.st_mode) != FILE_MODE:
            with suppress(PermissionError):
                os.fchmod(descriptor, FILE_MODE)
        return same


def _replace(folder: int, name: str, data: bytes) -> None:
    """Write beside it, make sure it is on the disk, then take its place; readers see the old file or the new one."""
    temporary, descriptor = _temporary(folder)
    placed = False
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(descriptor, FILE_MODE)
            os.fsync(descriptor)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        placed = True
    finally:
        if not placed:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
    os.fsync(folder)


def _temporary(folder: int) -> tuple[str, int]:
    """Make a new file under a name that nobody can have put there before."""
    name = f".aggregator-{secrets.token_hex(8)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return name, os.open(name, flags, 0o600, dir_fd=folder)
