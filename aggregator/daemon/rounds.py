"""Rounds that people ask for with `once` and `publish` while the daemon holds the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aggregator.errors import AggregatorError
from aggregator.jobs.publish import publish
from aggregator.jobs.round import RoundOptions, RoundResult, run_round
from aggregator.jobs.services import Report, Services
from aggregator.model import Edition, FeedRecord, PollOutcome


async def answer_round(services: Services, clock: Callable[[], datetime]) -> None:
    """Do the rounds that are asked for in the store, oldest first, and write there how they went."""
    for number, options in await services.call(services.store.open_rounds):
        asked: dict[str, Any] = json.loads(options)
        progress = _Progress(number, services)
        told = replace(services, report=progress)
        try:
            answer = await _do(asked, told, clock())
        except AggregatorError as error:
            answer = {"error": str(error)}
        await services.call(services.store.finish_round, number, json.dumps(answer), now=clock())


async def _do(asked: dict[str, Any], services: Services, now: datetime) -> dict[str, Any]:
    if asked.get("publish"):
        written = await publish(services=services, now=now, force=bool(asked.get("force")))
        return {"replaced": written.replaced, "failed": list(written.failed)}
    options = RoundOptions(force=bool(asked.get("force")), feeds=tuple(asked.get("feeds", ())))
    return summary(await run_round(options, services=services, now=now))


def summary(result: RoundResult) -> dict[str, Any]:
    """Give a round's result as JSON can carry it."""
    return {
        "polled": result.polled,
        "failed": result.failed,
        "new": result.new,
        "updated": result.updated,
        "read": result.read,
        "replaced": result.published.replaced,
        "sections_failed": list(result.published.failed),
        "problems": dict(result.problems),
    }


class _Progress(Report):
    """Writes progress into the row of the round, at most every 50 steps so that the store is not busy with it."""

    def __init__(self, number: int, services: Services) -> None:
        self._number, self._services = number, services
        self._feeds, self._polled = 0, 0

    def started(self, feeds: int) -> None:
        self._feeds = feeds
        self._tell(f"0 of {feeds} feeds")

    def polled(self, outcome: PollOutcome, record: FeedRecord) -> None:
        self._polled += 1
        if self._polled % 50 == 0 or self._polled == self._feeds:
            self._tell(f"{self._polled} of {self._feeds} feeds")

    def reading(self, done: int, waiting: int) -> None:
        self._tell(f"{done} entries read, {waiting} waiting")

    def asked(self, outcomes: Sequence[PollOutcome]) -> None:
        self._tell(f"{len(outcomes)} feeds asked")

    def published(self, edition: Edition, files: int) -> None:
        self._tell(f"publishing {edition.id}")

    def _tell(self, text: str) -> None:
        self._services.call.later(self._services.store.tell_round, self._number, text)
