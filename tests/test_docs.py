"""What is public is documented: every command, option, metric, error kind and reason has its paragraph."""

import re
from pathlib import Path

import pytest

from aggregator import errors, observe
from aggregator.cli.app import app

DOCS = Path(__file__).resolve().parents[1] / "docs"
README = (DOCS.parent / "README.md").read_text("utf-8")
PAGES = "\n".join(page.read_text("utf-8") for page in sorted(DOCS.glob("*.md"))) + README
COMMANDS = sorted(command.name or command.callback.__name__ for command in app.registered_commands)  # type: ignore[union-attr]
KINDS = sorted({each.kind for each in vars(errors).values() if isinstance(getattr(each, "kind", None), str)})
REASONS = (
    "first",
    "interval",
    "retry-after",
    "max-age",
    "ttl",
    "skip-hours",
    "unchanged",
    "backoff",
    "gone",
    "paused",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_paragraph(command: str) -> None:
    assert re.search(rf"`(?:aggregator )?{command}\b", PAGES)


@pytest.mark.parametrize("metric", sorted(observe.METRICS))
def test_every_metric_has_its_paragraph(metric: str) -> None:
    assert f"`{metric}" in PAGES


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_kind_has_its_paragraph(kind: str) -> None:
    assert f"`{kind}`" in PAGES


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_to_ask_again_has_its_paragraph(reason: str) -> None:
    assert f"`{reason}`" in PAGES


def test_the_readme_names_the_two_commands() -> None:
    assert "make run" in README
    assert "make test" in README
