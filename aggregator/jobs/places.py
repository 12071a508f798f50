"""The names of places that are shipped with the program; apart, since `check` needs nothing else of the jobs."""

from __future__ import annotations

import importlib.resources
from functools import cache

from aggregator.core.regions import Gazetteer


@cache
def packaged_gazetteer() -> Gazetteer:
    """Load them, once."""
    data = importlib.resources.files("aggregator") / "data" / "regions.bin"
    return Gazetteer.from_bytes(data.read_bytes())
