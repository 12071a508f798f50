"""How SQLite looks up what is asked for at every tick: never by walking through all that was ever read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from aggregator.store import Store, open_store
from tests.contract.store_values import NOW

TICKED: dict[str, Callable[[Store], object]] = {
    "what waits": lambda store: store.waiting(now=NOW, limit=10),
    "how much waits": lambda store: store.waiting_count(now=NOW),
}


@pytest.mark.parametrize("name", TICKED)
def test_what_may_have_its_page_now_is_found_among_few(name: str, tmp_path: Path) -> None:
    told: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        told.append((statement, parameters))

    store = open_store(f"sqlite:{tmp_path}/plans.db", now=NOW)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        TICKED[name](store)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    [(statement, parameters)] = [each for each in told if "retry_at <=" in each[0]]
    with store._read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    store.close()
    assert "ix_entry_retry" in str(plan)
