"""The commands: they read the clock and the environment, call the jobs, and tell people how it went."""

from aggregator.cli.app import main

__all__ = ["main"]
