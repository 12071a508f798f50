"""Every request to the outside: guarded, polite, bounded (robustness: manners, redirects, limits, addresses)."""

from aggregator.fetch.fetcher import Fetcher
from aggregator.fetch.headers import FEED_ACCEPT, PAGE_ACCEPT, sendable, user_agent

__all__ = ["FEED_ACCEPT", "PAGE_ACCEPT", "Fetcher", "sendable", "user_agent"]
