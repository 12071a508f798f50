"""Rounds that people ask for with `once` and `publish` while the daemon holds the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aggregator.errors import AggregatorError
from aggregator.jobs.poll import Saved
from aggregator.jobs.publish import publish
from aggregator.jobs.round import RoundOptions, run_round
from aggregator.jobs.services import Report, Services
from aggregator.model import Edition, FeedRecord, Polled, PollOutcome
from aggregator.observe import log


class Rounds:
    """Does the rounds that are asked for in the store, oldest first, and writes there how they went."""

    def __init__(self, saved: Saved) -> None:
        self._saved = saved  # hears of every poll of a round
        self._unsaved: dict[
            int, str
        ] = {}  # answers that the store did not take: no feed is asked again for them

    async def answer(self, services: Services, clock: Callable[[], datetime]) -> int:
        """Do what is asked for, and say how many rounds it was."""
        open_rounds = await services.call(services.store.open_rounds)
        for number, options in open_rounds:
            if number not in self._unsaved:
                self._unsaved[number] = json.dumps(
                    await self._done(number, json.loads(options), services, clock())
                )
            answer = self._unsaved[number]
            await services.call(services.store.finish_round, number, answer, now=clock())
            del self._unsaved[number]
        return len(open_rounds)

    async def close_stale(self, services: Services, *, now: datetime) -> None:
        """Close what was asked of a daemon that is gone: a round that ended it must not end the next one too."""
        answer = json.dumps({"error": "the daemon ended before this round did; call the command again"})
        for number, _ in await services.call(services.store.open_rounds):
            await services.call(services.store.finish_round, number, answer, now=now)

    async def _done(
        self, number: int, asked: dict[str, Any], services: Services, now: datetime
    ) -> dict[str, Any]:
        try:
            return await self._do(asked, replace(services, report=_Progress(number, services)), now)
        except AggregatorError as error:
            return {"error": str(error)}
        except Exception as error:  # noqa: BLE001 - the job boundary: whoever asked hears of it, and it is not tried for ever
            log.exception("round failed", number=number)
            return {"error": f"a fault of this program: {type(error).__name__}; the daemon's log shows where"}

    async def _do(self, asked: dict[str, Any], services: Services, now: datetime) -> dict[str, Any]:
        if asked.get("publish"):
            written = await publish(services=services, now=now, force=bool(asked.get("force")))
            return {"replaced": written.replaced, "sections_failed": [list(each) for each in written.failed]}
        options = RoundOptions(force=bool(asked.get("force")), feeds=tuple(asked.get("feeds", ())))
        result = await run_round(options, services=services, now=now, saved=self._saved)
        return result.summary()


class _Progress(Report):
    """Writes progress into the row of the round, at most every 50 steps so that the store is not busy with it."""

    def __init__(self, number: int, services: Services) -> None:
        self._number, self._services = number, services
        self._feeds, self._polled = 0, 0

    def started(self, feeds: int) -> None:
        self._feeds = feeds
        self._tell(f"0 of {feeds} feeds")

    def polled(self, outcome: PollOutcome, record: FeedRecord) -> None:
        self._services.report.polled(outcome, record)
        self._polled += 1
        if self._polled % 50 == 0 or self._polled == self._feeds:
            self._tell(f"{self._polled} of {self._feeds} feeds")

    def reading(self, done: int, waiting: int) -> None:
        self._tell(f"{done} entries read, {waiting} waiting")

    def asked(self, polled: Sequence[Polled]) -> None:
        self._services.report.asked(polled)
        self._tell(f"{len(polled)} feeds asked")

    def published(self, edition: Edition, files: int) -> None:
        self._services.report.published(edition, files)
        self._tell(f"publishing {edition.id}")

    def _tell(self, text: str) -> None:
        self._services.call.later(self._services.store.tell_round, self._number, text)
