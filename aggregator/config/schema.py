"""The JSON Schema of feeds.toml (draft 7), made of the same shapes and kinds as the loader.

It lets an editor's own tools complete and check. What needs the rest of the file or the gazetteer (names of places,
feeds that do not exist, ids that stand twice, time zones) only the loader knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from aggregator.config.keys import TABLES
from aggregator.config.kinds import SIZE_KIND
from aggregator.config.shapes import Key, Table, table
from aggregator.core.toml import written
from aggregator.model.settings import MEGABYTE

DRAFT: Final = "http://json-schema.org/draft-07/schema#"


def schema() -> dict[str, Any]:
    """What `init` writes as feeds.schema.json."""
    whole = table()
    return {
        "$schema": DRAFT,
        "title": "feeds.toml",
        "description": "The configuration of the aggregator: one file, owned by editors.",
        **_object(whole),
        "definitions": {"condition": _object(_condition(whole))},
    }


def _condition(whole: Table) -> Table:
    section = whole.keys["section"].takes
    assert isinstance(section, Table)
    condition = section.keys["include"].takes
    assert isinstance(condition, Table)
    return condition


def _object(shape: Table) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _property(key, shape) for name, key in shape.keys.items()},
    }
    if shape.name:
        found["description"] = TABLES[shape.name]
    required = [name for name, key in shape.keys.items() if key.required]
    if required:
        found["required"] = required
    if shape.name == "condition":
        found["minProperties"] = 1
    if shape.name == "expect":
        found["minProperties"] = 2
    return found


def _property(key: Key, shape: Table) -> dict[str, Any]:
    if isinstance(key.takes, Table):
        return _table_property(key, key.takes)
    found: dict[str, Any] = {"description": key.doc} if key.doc else {}
    if (
        not key.required
        and shape.name != "condition"
        and (key.default is not None or "if" in key.takes.schema)
    ):
        found["default"] = as_written(key)
    if not key.many:
        return {**found, **key.takes.schema}
    return {
        **found,
        **_one_or_many(dict(key.takes.schema), filled=bool(key.default) or shape.name == "condition"),
    }


def _table_property(key: Key, shape: Table) -> dict[str, Any]:
    if shape.name == "condition":
        return {"description": key.doc, **_one_or_many({"$ref": "#/definitions/condition"}, filled=False)}
    if key.many:
        return {"type": "array", "description": TABLES[shape.name], "items": _object(shape)}
    return _object(shape)


def _one_or_many(one: dict[str, Any], *, filled: bool) -> dict[str, Any]:
    """A single value or a list; if/then/else, as tools report anyOf as a riddle."""
    many: dict[str, Any] = {"items": one}
    if filled:
        many["minItems"] = 1
    return {"if": {"type": "array"}, "then": many, "else": one}


def as_written(key: Key) -> Any:
    """A key's default as feeds.toml writes it; "" where nothing is the default."""
    match key.default:
        case None:
            return ""
        case timedelta():
            return written(key.default)
        case int() if key.takes is SIZE_KIND:
            return f"{key.default // MEGABYTE}MB"
        case bool() | int() | str():
            return key.default
        case Sequence():
            return [str(each) for each in key.default]
        case _:
            return str(key.default)
