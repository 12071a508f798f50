"""The store: facts as they came in, what was decided about them, and why; on SQLite or PostgreSQL."""

from aggregator.store.lock import Lock, holder, try_lock
from aggregator.store.store import Store, open_reader, open_store

__all__ = ["Lock", "Store", "holder", "open_reader", "open_store", "try_lock"]
