"""The JSON Schema and the loader are made of the same kinds, and agree on good and bad files."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from aggregator import config
from aggregator.config.keys import KEYS, KINDS, TABLES
from aggregator.errors import ConfigError
from tests.config.fakes import FakePlaces

HERE = Path(__file__).parent
SCHEMA = config.schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
# Only the loader knows the rest of the file, the gazetteer, the zones, and which hosts and addresses exist.
ONLY_THE_LOADER = {
    "value-feeds-that-do-not-exist",
    "value-interval-longer-than-the-default",
    "value-interval-shorter-than-the-default",
    "value-intervals-the-wrong-way-round",
    "value-places",
    "value-regions-in-circles",
    "value-server-numbers",
    "value-twice",
    "value-database-3",
    "value-database-6",
    "value-database-7",
}
READABLE = [
    case
    for case in sorted((HERE / "faults").glob("value-*.toml"))
    if case.stem not in {"value-byte-order-mark", "value-empty", "value-only-remarks"}
]


def loader_takes(text: str) -> bool:
    try:
        config.loads(text, folder=Path("/srv"), gazetteer=FakePlaces(), environment={})
    except ConfigError:
        return False
    return True


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for each in schema.values():
            yield from parts(each)


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_there_is_no_choice_of_schemas_and_no_unknown_key() -> None:
    for part in parts(SCHEMA):
        assert not {"anyOf", "oneOf", "allOf"} & part.keys()
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert part["description"]


def test_every_key_has_its_description_and_every_description_its_key() -> None:
    found = {f"condition.{name}" for name in SCHEMA["definitions"]["condition"]["properties"]}
    for name, each in SCHEMA["properties"].items():
        properties = each.get("items", each)["properties"]
        found |= {f"{name}.{key}" for key in properties}
        assert all(schema["description"] for schema in properties.values())
    assert found == set(KEYS)
    assert set(KINDS) <= set(KEYS)
    assert set(TABLES) == {*SCHEMA["properties"], "condition"}


def test_every_default_is_allowed() -> None:
    for name, each in SCHEMA["properties"].items():
        for key, schema in each.get("items", each)["properties"].items():
            if "default" in schema:
                inner = {**schema, "definitions": SCHEMA["definitions"]}
                assert jsonschema.Draft7Validator(inner).is_valid(schema["default"]), f"{name}.{key}"


@pytest.mark.parametrize("language", ["en", "id"])
def test_the_starter_fits(language: str) -> None:
    VALIDATOR.validate(tomllib.loads(config.starter(language)))


def test_the_whole_file_fits() -> None:
    VALIDATOR.validate(tomllib.loads((HERE / "whole.toml").read_text("utf-8")))


@pytest.mark.parametrize("case", READABLE, ids=lambda case: case.stem)
def test_the_schema_refuses_what_the_loader_refuses(case: Path) -> None:
    fits = VALIDATOR.is_valid(tomllib.loads(case.read_bytes().decode()))
    assert fits == (case.stem in ONLY_THE_LOADER)


TABLE = {
    "site": "[site]\ntitle = 'T'\n",
    "feed": "[site]\ntitle = 'T'\n[[feed]]\nid = 'a'\nurl = 'https://a.example/'\n",
    "section": "[site]\ntitle = 'T'\n[[section]]\nid = 'a'\ntitle = 'A'\n",
    "region": "[site]\ntitle = 'T'\n[[region]]\nid = 'a'\n",
}
GOOD = [
    "site.url = ''",
    "site.url = 'https://a.example'",
    "site.url = 'HTTP://a.example:8080/x/'",
    "site.language = 'zh-Hant-TW'",
    "site.language = 'sr-Latn'",
    "site.language = 'en-x-desk'",
    "site.timezone = 'America/Argentina/Buenos_Aires'",
    "site.description = ''",
    'site.description = "two\\nlines"',
    "site.exclude = []",
    "site.exclude = { words = 'a' }",
    "site.exclude = [{ words = ['a', 'b*'] }, { languages = 'id' }]",
    "polling.timeout = '1s'",
    "polling.timeout = '0001s'",
    "polling.host_delay = '0s'",
    "polling.max_interval = '39999d'",
    "polling.max_body = '1B'",
    "polling.max_body = '500kB'",
    "polling.max_body = '999TB'",
    "polling.allow_networks = '::1/128'",
    "polling.allow_networks = ['10.0.0.0/8', '192.168.1.1']",
    "polling.never_fetch = []",
    "polling.never_fetch = 'münchen.example'",
    "polling.proxy = ''",
    "storage.max_size = ''",
    "storage.database = 'sqlite:a b/c.db'",
    "output.formats = ['html', 'html']",
    "output.span = ''",
    "output.republish = 'headline'",
    "server.listen = '[::1]:80'",
    "server.listen = 'localhost:1'",
    "feed.republish = ''",
    "feed.interval = ''",
    "feed.based_in = ''",
    "feed.based_in = 'KZ'",
    "feed.credential = ''",
    'feed.note = """\nlong\n"""',
    "feed.url = 'https://a.example'",
    "feed.url = 'https://a.example:8443?x=1#y'",
    "feed.url = 'https://[::1]/rss'",
    "feed.priority = 1000",
    "section.include = []",
    "section.formerly = ['b', 'c-d']",
    "region.names = ['a b', 'ب']",
]
BAD = [
    "site.url = 'a.example'",
    "site.url = 'https://a.example/?x'",
    "site.language = 'english'",
    "site.language = ''",
    'site.title = "a\\tb"',
    "site.exclude = {}",
    "site.exclude = [{}]",
    "site.exclude = 'x'",
    "site.exclude = { words = [] }",
    "site.exclude = { words = '*' }",
    "site.exclude = { words = 'a*b' }",
    "site.exclude = { nothing = 'x' }",
    "polling.timeout = '0s'",
    "polling.timeout = '00m'",
    "polling.timeout = 60",
    "polling.timeout = '1h30m'",
    "polling.max_interval = '40000d'",
    "polling.max_body = '0kB'",
    "polling.max_body = 10",
    "polling.max_body = '1.5MB'",
    "polling.concurrency = 0",
    "polling.concurrency = 10001",
    "polling.concurrency = true",
    "polling.concurrency = '1'",
    "polling.allow_networks = 'x'",
    "polling.never_fetch = 'https://a.example/'",
    "polling.never_fetch = '*.a.example'",
    "storage.database = 'sqlite:///x.db'",
    "storage.database = 'x.db'",
    "storage.keep = ''",
    "output.formats = []",
    "output.formats = 'rdf'",
    "output.entries = 0",
    "output.directory = ' '",
    "output.regions = 'true'",
    "server.listen = '8080'",
    "log.level = 'loud'",
    "feed.url = 'https://ani:x@a.example/'",
    "feed.url = 'ftp://a.example/'",
    "feed.url = 'https:///x'",
    "feed.url = 'https://a.example/ x'",
    "feed.id = 'a/b'",
    "feed.id = ''",
    "feed.credential = 'a:b'",
    "feed.priority = 1.5",
    "feed.paused = 'no'",
    "feed.title = ' '",
    "section.id = 'index'",
    "section.id = 'A'",
    "section.id = '-a'",
    "section.formerly = 'index'",
    "section.include = [[]]",
    "section.title = ''",
    "region.names = ['']",
    "region.members = ''",
]


def document(assignment: str) -> str:
    name, rest = assignment.split(".", 1)
    key = rest.partition(" ")[0]
    base = TABLE.get(name, f"{TABLE['site']}[{name}]\n")
    head, _, body = base.rpartition("]\n")
    kept = re.sub(rf"(?m)^{key} = .*\n", "", body)
    return f"{head}]\n{kept}{rest}\n"


def test_the_schema_that_is_shipped_is_this_one() -> None:
    """`aggregator init` writes it again, after the old one was removed."""
    shipped = HERE.parents[1] / "feeds.schema.json"
    assert json.loads(shipped.read_text("utf-8")) == SCHEMA


@pytest.mark.parametrize("assignment", GOOD)
def test_both_take_a_good_value(assignment: str) -> None:
    text = document(assignment)
    assert (loader_takes(text), VALIDATOR.is_valid(tomllib.loads(text))) == (True, True)


@pytest.mark.parametrize("assignment", BAD)
def test_both_refuse_a_bad_value(assignment: str) -> None:
    text = document(assignment)
    assert (loader_takes(text), VALIDATOR.is_valid(tomllib.loads(text))) == (False, False)
