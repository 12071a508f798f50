"""Every request to the outside: guarded, polite, bounded (robustness: manners, redirects, limits, addresses)."""

import sys

from aggregator.fetch.fetcher import Fetcher, Permit
from aggregator.fetch.headers import FEED_ACCEPT, PAGE_ACCEPT, sendable, user_agent
from aggregator.fetch.places import MAX_OUTSIDE, open_files_wanted
from aggregator.fetch.visit import Check

# httpx imports its own command line, and rich with it, wherever that is installed: 0.15 s of CPU for nothing.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

__all__ = [
    "FEED_ACCEPT",
    "MAX_OUTSIDE",
    "PAGE_ACCEPT",
    "Check",
    "Fetcher",
    "Permit",
    "open_files_wanted",
    "sendable",
    "user_agent",
]
