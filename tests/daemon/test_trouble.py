"""A trouble is told once, tried again less and less often, and over when nothing has failed for a while."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aggregator.daemon.trouble import CALM_SECONDS, LONGEST_SECONDS, Trouble
from aggregator.observe import log


@pytest.fixture
def trouble(capsys: pytest.CaptureFixture[str]) -> Iterator[Trouble]:
    log.configure("info", "text")  # it writes to stderr as it is when it first writes
    yield Trouble("the store cannot be used")
    log.configure("info", "text")


def test_nothing_waits_while_all_is_well(trouble: Trouble) -> None:
    assert not trouble.holds(at=0)
    assert not trouble.settle(at=1e9)


def test_ob_05_what_goes_on_failing_is_told_once_and_tried_less_and_less_often(
    trouble: Trouble, capsys: pytest.CaptureFixture[str]
) -> None:
    at, waits = 100.0, []
    for _ in range(10):
        trouble.failed("no space is left", at=at)
        begun = at
        while trouble.holds(at=at):
            at += 0.5
        waits.append(at - begun)
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == LONGEST_SECONDS
    assert capsys.readouterr().err.count("the store cannot be used") == 1
    trouble.failed("another reason", at=at)
    assert capsys.readouterr().err.count("another reason") == 1


def test_jobs_that_fail_together_are_one_failure(trouble: Trouble) -> None:
    for _ in range(5):
        trouble.failed("busy", at=10)
    assert not trouble.holds(at=12)


def test_what_fails_and_succeeds_by_turns_is_one_trouble(
    trouble: Trouble, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble.failed("full", at=0)
    assert not trouble.settle(at=3)
    trouble.failed("full", at=4)
    assert not trouble.settle(at=4 + 4 + CALM_SECONDS - 1)
    assert trouble.settle(at=4 + 4 + CALM_SECONDS)
    assert trouble.reason == ""
    told = capsys.readouterr().err
    assert told.count("error") == 1
    assert told.count("no longer") == 1
    trouble.failed("full", at=1000)
    assert not trouble.holds(at=1002)
