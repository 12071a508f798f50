"""The tests that travel with the configuration: `[[expect]]` against what is stored."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.model import Config, Expectation, Role, Story
from aggregator.store import Store


def failures(config: Config, store: Store) -> tuple[list[str], list[str]]:
    """Give what is not as expected, a sentence each, and the links that no stored story has."""
    failed: list[str] = []
    unknown: list[str] = []
    for expectation in config.expect:
        found = store.story_of(expectation.url)
        if not found:
            unknown.append(expectation.url)
        for story in found:
            failed.extend(f"{expectation.url}: {fault}" for fault in _faults(expectation, story))
    return failed, unknown


def _faults(expectation: Expectation, story: Story) -> Iterator[str]:
    sections = {each.section_id for each in story.sections}
    regions = {each.code for each in story.regions if each.role is Role.FOCUS}
    for what, expected, unwanted, actual in (
        ("section", expectation.sections, expectation.not_sections, sections),
        ("region", expectation.regions, expectation.not_regions, regions),
    ):
        have = ", ".join(sorted(actual)) or "none"
        yield from (
            f"expected in {what} {each}, but it has: {have}" for each in expected if each not in actual
        )
        yield from (f"not expected in {what} {each}, but it is" for each in unwanted if each in actual)
