"""Where a store is: the database URL of feeds.toml, read and shown without its password."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from aggregator.errors import StoreError, StoreUnwritable
from aggregator.store.failures import told

FILE_MODE: Final = 0o660  # every member of the service's group works beside the daemon
FOLDER_MODE: Final = 0o2770
_FORMS: Final = (
    'write "sqlite:state/aggregator.db", "sqlite:/folder/aggregator.db" or "postgresql://user@host/name"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database, by file or by address."""

    path: Path | None = None  # of a SQLite database
    url: URL | None = None  # of a PostgreSQL database

    def __str__(self) -> str:
        if self.path is not None:
            return str(self.path)
        return self.url.set(drivername="postgresql").render_as_string(hide_password=True) if self.url else ""

    @property
    def password(self) -> str | None:
        """What must stand in no message."""
        return str(self.url.password) if self.url is not None and self.url.password else None


def place_of(url: str) -> Place:
    """Read the URL of a database; a StoreError names the forms that there are."""
    kind, colon, rest = url.partition(":")
    if kind == "sqlite" and colon and rest and not rest.startswith("//"):
        return Place(path=Path(rest))
    if kind in ("postgresql", "postgres", "postgresql+psycopg") and rest.startswith("//"):
        try:
            return Place(url=make_url(url).set(drivername="postgresql+psycopg"))
        except (ArgumentError, ValueError) as error:
            raise StoreError(f"the database URL cannot be read; {_FORMS}") from error
    raise StoreError(f"the database URL cannot be read; {_FORMS}")


def prepare(path: Path) -> None:
    """Make the folder and the empty file where they are missing, with modes that the whole group can work with.

    A umask does not narrow them. What is there already keeps its modes.
    """
    with told(str(path)):
        if path.is_dir():
            raise StoreUnwritable(f"{path}: it is a folder; name a file in it")
        prepare_folder(path)
        touch(path)


def prepare_folder(path: Path) -> None:
    """Make the folder of this file where it is missing."""
    with told(str(path)):
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.parent.chmod(FOLDER_MODE)


def touch(path: Path) -> None:
    """Make an empty file with the mode of the store's files, where there is none."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    except FileExistsError:
        return
    try:
        os.fchmod(handle, FILE_MODE)
    finally:
        os.close(handle)
