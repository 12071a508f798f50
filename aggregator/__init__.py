"""Reads news feeds, keeps each story once, knows where it happens, and publishes clean feeds of its own."""

__version__ = "0.1.0"
