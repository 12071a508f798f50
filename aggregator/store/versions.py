"""Which version the stored tables have, and how they come to this program's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from sqlalchemy import Connection, Engine, insert, inspect, text

from aggregator.errors import StoreDamaged, StoreError, StoreNewer
from aggregator.store import schema

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_NEWER: Final = (
    "a newer version of this program wrote it; install that version, or put a backup of before in its place"
)
MIGRATIONS: Final = Path(__file__).parent / "migrations"


def stored_revision(connection: Connection) -> str | None:
    """Give the version of the stored tables; None: nothing of ours is there.

    A database of another program raises a StoreError: nothing is ever written into it.
    """
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if revision is not None:
            return str(revision)
    ours = tables & set(schema.metadata.tables)
    if ours or (tables and connection.dialect.name == "sqlite"):
        raise StoreError("it holds tables of another program; name a database of the aggregator's own")
    return None


def create(connection: Connection) -> None:
    """Make all tables of this version in an empty database."""
    from aggregator.store.indexes import metadata

    metadata.create_all(connection)
    connection.execute(
        insert(schema.counter), [{"name": name, "value": 0} for name in ("revision", "sequence")]
    )
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": schema.REVISION})


def migrate(engine: Engine, *, scripts: Path = MIGRATIONS) -> None:
    """Bring the stored tables to the newest version there is a script for, in one transaction.

    StoreNewer when a newer program wrote them; StoreDamaged when references broke on the way, and then
    nothing was changed. Alembic is slow to import and comes in only here.
    """
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    directory = _scripts(scripts)
    with engine.begin() as connection:
        stored = stored_revision(connection)
        if stored is not None and not _knows(directory, stored):
            raise StoreNewer(_NEWER)

        def steps(revision: Any, _context: Any) -> Any:
            return directory._upgrade_revs("head", revision)  # noqa: SLF001 - as alembic's own command does

        with EnvironmentContext(Config(), directory, fn=steps) as environment:
            environment.configure(connection=connection, transactional_ddl=False)
            environment.run_migrations()
        _check_references(connection)


def refuse(stored: str) -> NoReturn:
    """Say why a reader cannot read tables of another version."""
    if _knows(_scripts(MIGRATIONS), stored):
        raise StoreError("an older version of this program made it; `aggregator once` brings it up to date")
    raise StoreNewer(_NEWER)


def _scripts(folder: Path) -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(folder))


def _knows(directory: ScriptDirectory, revision: str) -> bool:
    from alembic.util import CommandError

    try:
        return directory.get_revision(revision) is not None
    except CommandError:
        return False


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return  # PostgreSQL holds its foreign keys throughout
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise StoreDamaged(f"the upgrade would lose what table {broken[0]} refers to; nothing was changed")
