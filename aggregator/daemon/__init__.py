"""The daemon: jobs when they are due, signals, reload, and a word to the supervisor."""

from aggregator.daemon.configuration import InForce, in_force_at_start
from aggregator.daemon.loop import Daemon, Hello

__all__ = ["Daemon", "Hello", "InForce", "in_force_at_start"]
