"""Housekeeping: what is kept for no reason goes; what was seen is never taken for new."""

from __future__ import annotations

from datetime import datetime

from aggregator.jobs.services import Services


async def prune(*, services: Services, now: datetime) -> None:
    """Let go of texts and pages past their time; the keys of what was seen stay ten times as long."""
    storage = services.config.storage
    await services.call(services.store.prune, now=now, keep=storage.keep, keep_pages=storage.keep_pages)
