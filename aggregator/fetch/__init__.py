"""Every request to the outside: guarded, polite, bounded (robustness: manners, redirects, limits, addresses)."""

import sys

from aggregator.fetch.fetcher import Fetcher
from aggregator.fetch.headers import FEED_ACCEPT, PAGE_ACCEPT, sendable, user_agent

# httpx imports its own command line, and rich with it, wherever that is installed: 0.15 s of CPU for nothing.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

__all__ = ["FEED_ACCEPT", "PAGE_ACCEPT", "Fetcher", "sendable", "user_agent"]
