"""The daemon: jobs when they are due, signals, reload, and a word to the supervisor."""

from aggregator.daemon.configuration import InForce, database_of, in_force_at_start, loaded
from aggregator.daemon.loop import Daemon, Hello
from aggregator.daemon.serving import MakeServer, WebServer

__all__ = [
    "Daemon",
    "Hello",
    "InForce",
    "MakeServer",
    "WebServer",
    "database_of",
    "in_force_at_start",
    "loaded",
]
