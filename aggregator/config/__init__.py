"""feeds.toml -> frozen `Config`: every fault at once, at its place, in words for editors."""

from aggregator.config.load import LARGEST_FILE, load, loads, read
from aggregator.config.names import Places
from aggregator.config.readback import has_feeds, notices, sentences
from aggregator.config.schema import schema
from aggregator.config.starter import starter

__all__ = [
    "LARGEST_FILE",
    "Places",
    "has_feeds",
    "load",
    "loads",
    "notices",
    "read",
    "schema",
    "sentences",
    "starter",
]
