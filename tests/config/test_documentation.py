"""docs/configuration.md has every key, with the default and the words of the schema."""

import json
import re
from pathlib import Path

import pytest

from aggregator import config
from aggregator.config.keys import TABLES
from aggregator.config.readback import NOT_YET
from aggregator.config.schema import as_written
from aggregator.config.shapes import Key, Table, table
from aggregator.model import Condition, Config
from tests.config.fakes import FakePlaces

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "configuration.md").read_text("utf-8")
EDITORS = (DOCS / "editors.md").read_text("utf-8")
SHAPES = [key.takes for key in table().keys.values() if isinstance(key.takes, Table)] + [table(Condition)]
KEYS = [
    pytest.param(shape, key, id=f"{shape.name}.{key.name}") for shape in SHAPES for key in shape.keys.values()
]
HEADINGS = {"condition": "## Conditions\n"}


def chapter(name: str) -> str:
    heading = HEADINGS.get(name) or next(line for line in PAGE.splitlines() if f'<a id="{name}">' in line)
    return PAGE.split(heading, 1)[1].split("\n## ", 1)[0]


def default_of(shape: Table, key: Key) -> str:
    if key.required:
        return "must be given"
    written = "" if shape.name == "condition" else as_written(key)
    return "–" if written in ("", []) else f"`{json.dumps(written)}`"


@pytest.mark.parametrize(("shape", "key"), KEYS)
def test_every_key_has_its_row(shape: Table, key: Key) -> None:
    assert f"| `{key.name}` | {default_of(shape, key)} | {key.doc} |" in chapter(shape.name)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_has_its_chapter(name: str) -> None:
    assert chapter(name).strip()


def test_the_page_names_the_keys_without_effect() -> None:
    (line,) = (line for line in PAGE.splitlines() if line.startswith("Read and checked, but without effect"))
    assert all(f"`{each.split('.')[1]}`" in line for each in NOT_YET)


def test_the_example_of_conditions_is_without_faults() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    feed = '[[feed]]\nid = "rferl-kz"\nurl = "https://rferl.example/"\n'
    loaded = load(f'[site]\ntitle = "T"\n{feed}[[section]]\nid = "a"\ntitle = "A"\n{example}')
    assert len(loaded.section[0].include) == 2


def test_the_examples_for_editors_are_without_faults() -> None:
    examples = re.findall(r"```toml\n(.*?)```", EDITORS, re.DOTALL)
    assert len(examples) >= 3
    load('[site]\ntitle = "T"\n' + "\n".join(examples))


def test_what_editors_read_of_faults_is_what_check_says() -> None:
    for shown in re.findall(r"(?m)^    feeds\.toml:\d+:\d+: (.+)$", EDITORS):
        assert any(
            shown in case.read_text("utf-8") for case in (Path(__file__).parent / "faults").glob("*.expected")
        ), shown


def load(text: str) -> Config:
    return config.loads(text, folder=Path("/srv"), gazetteer=FakePlaces(), environment={})
