from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, inspect, select, text

from aggregator.errors import StoreDamaged, StoreError, StoreNewer
from aggregator.store import Store, open_reader, open_store
from aggregator.store.engine import migrator
from aggregator.store.indexes import metadata
from aggregator.store.place import place_of, prepare
from aggregator.store.schema import REVISION
from aggregator.store.versions import MIGRATIONS, migrate
from tests.contract.store_values import NOW, entry, feed, fill, outcome

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

def upgrade():
    with op.batch_alter_table("feed") as batch:
        batch.add_column(sa.Column("mood", sa.Text()))
        batch.alter_column("warnings", nullable=True, existing_type=sa.Text())
    with op.batch_alter_table("entry") as batch:
        batch.alter_column("reason", nullable=True, existing_type=sa.Text())
    {more}
"""

IN_POSTGRESQL = {
    "where": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "sorts": "SELECT table_name, column_name, collation_name FROM information_schema.columns "
    "WHERE table_schema = 'public'",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("empty_postgresql"))
    prepare(tmp_path / "empty.db")
    return f"sqlite:{tmp_path}/empty.db"


@pytest.fixture
def migrating(url: str) -> Iterator[Engine]:
    engine = migrator(place_of(url))
    yield engine
    engine.dispose()


def scripts(folder: Path, more: str = "") -> Path:
    """The migrations of this version, and one that comes after them."""
    shutil.copytree(MIGRATIONS, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "migrations" / "versions" / "0005_next.py").write_text(NEXT.format(more=more))
    return folder / "migrations"


def shape(connection: Connection) -> dict[str, Any]:
    """Everything that says what the tables are, in a form that can be compared."""
    found = inspect(connection)
    shapes: dict[str, Any] = {}
    for table in sorted(found.get_table_names()):
        columns = [(each["name"], str(each["type"]), each["nullable"]) for each in found.get_columns(table)]
        shapes[table] = {
            "columns": columns,
            "key": found.get_pk_constraint(table)["constrained_columns"],
            "refers": sorted(str(each) for each in found.get_foreign_keys(table)),
            "unique": sorted(str(each) for each in found.get_unique_constraints(table)),
            "indexes": sorted(
                (each["name"], each["column_names"], each["unique"]) for each in found.get_indexes(table)
            ),
        }
    if connection.dialect.name == "sqlite":
        made = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
        shapes["without rowid"] = sorted(name for name, sql in made if "WITHOUT ROWID" in sql)
        shapes["where"] = sorted((name, re.sub(r".*WHERE", "", sql)) for name, sql in made if "WHERE" in sql)
    else:
        for what, query in IN_POSTGRESQL.items():
            shapes[what] = sorted(map(str, connection.execute(text(query))))
    shapes["counters"] = sorted(map(tuple, connection.execute(text("SELECT name, value FROM counter"))))
    shapes["revision"] = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return shapes


def test_migrating_an_empty_database_gives_the_tables_that_a_new_one_has(empty_url: str) -> None:
    engine = migrator(place_of(empty_url))
    migrate(engine)
    with engine.begin() as connection:
        migrated = shape(connection)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    engine.dispose()
    store = open_store(empty_url, now=NOW)
    with store._read() as connection:
        made = shape(connection)
    store.close()
    assert made == migrated


def test_the_revision_of_the_program_is_that_of_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [REVISION]


def test_a_migrated_database_is_used_as_any_other(empty_url: str) -> None:
    engine = migrator(place_of(empty_url))
    migrate(engine)
    engine.dispose()
    store = open_store(empty_url, now=NOW)
    store.sync_feeds([feed("a")], now=NOW)
    fill(store, outcome("a", entry("a", 1)))
    assert store.ledger()["published"] == 1
    store.close()


def counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: int(connection.scalar(select(func.count()).select_from(table)) or 0)
        for table in metadata.sorted_tables
    }


def filled(store: Store) -> dict[str, int]:
    """A store with rows in every table, and how many."""
    store.sync_feeds([feed("a"), feed("b")], now=NOW)
    from aggregator.model import Page, RobotsFile, RuleUse
    from tests.contract.store_values import read, rules

    store.save_polls([outcome("a", entry("a", 1), entry("a", 2)), outcome("b", entry("b", 1))], now=NOW)
    page = Page(url="https://a.example/1", content_type="text/html", body=b"<html>")
    waiting = store.waiting(now=NOW, limit=10)
    uses = (RuleUse(rule="paper", digest="d", matched=(("body", ".text"),)),)
    store.save_articles(
        [read(each, keys=(1, 2), page=page, rules=uses) for each in waiting], rules(), now=NOW
    )
    store.save_config("[site]", now=NOW)
    store.put_note("key", "value")
    store.put_host_wait("a.example:443", NOW)
    store.put_robots("https://a.example:443", RobotsFile(status=404, body=b"", fetched_at=NOW))
    store.ask_round("{}", now=NOW)
    with store._read() as connection:
        found = counts(connection)
    assert all(found.values())
    return found


def test_a_migration_loses_no_row_of_any_table(store: Store, migrating: Engine, tmp_path: Path) -> None:
    before = filled(store)
    migrate(migrating, scripts=scripts(tmp_path))
    with migrating.begin() as connection:
        assert counts(connection) == before
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0005"
        assert "mood" in {each["name"] for each in inspect(connection).get_columns("feed")}


def test_a_migration_that_fails_changes_nothing(store: Store, migrating: Engine, tmp_path: Path) -> None:
    before = filled(store)
    with pytest.raises(ZeroDivisionError):
        migrate(migrating, scripts=scripts(tmp_path, more="1 / 0"))
    with migrating.begin() as connection:
        assert counts(connection) == before
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == REVISION
        assert "mood" not in {each["name"] for each in inspect(connection).get_columns("feed")}
    store.put_note("still", "works")


def test_a_migration_that_breaks_a_reference_changes_nothing(tmp_path: Path) -> None:
    store = open_store(f"sqlite:{tmp_path}/store.db", now=NOW)
    before = filled(store)
    store.close()
    engine = migrator(place_of(f"sqlite:{tmp_path}/store.db"))
    with pytest.raises(StoreDamaged, match="nothing was changed"):
        migrate(engine, scripts=scripts(tmp_path, more='op.execute("DELETE FROM story")'))
    with engine.begin() as connection:
        assert counts(connection) == before
    engine.dispose()


def set_revision(store: Store, revision: str) -> None:
    with store._write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})


def test_a_store_of_a_newer_version_is_refused(store: Store, url: str) -> None:
    set_revision(store, "9999")
    for opened in (lambda: open_store(url, now=NOW), lambda: open_reader(url)):
        with pytest.raises(StoreNewer, match="newer version") as raised:
            opened()
        assert "\n" not in str(raised.value)
        assert str(place_of(url)) in str(raised.value)


def test_a_reader_of_a_database_without_tables_is_told_what_makes_them(empty_url: str) -> None:
    with pytest.raises(StoreError, match="aggregator once"):
        open_reader(empty_url)


def test_a_database_of_another_program_is_left_alone(empty_url: str) -> None:
    engine = migrator(place_of(empty_url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE entry (id INTEGER)"))
    engine.dispose()
    with pytest.raises(StoreError, match="another program"):
        open_store(empty_url, now=NOW)


def test_alembic_is_imported_for_an_upgrade_only(tmp_path: Path) -> None:
    program = (
        "import sys, datetime; from aggregator.store import open_store; "
        f"open_store('sqlite:{tmp_path}/a.db', now=datetime.datetime(2022, 1, 8, tzinfo=datetime.UTC)).close(); "
        "print('alembic' in sys.modules)"
    )
    for _ in ("made", "opened again"):
        ran = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
        )
        assert ran.stdout == "False\n"
