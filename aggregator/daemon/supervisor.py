"""A word to systemd, when it listens (sd_notify(3))."""

from __future__ import annotations

from typing import Any, Final

READY_SECONDS: Final = 5.0


class Supervisor:
    """Tells systemd when the daemon is ready, alive and stopping; without a NOTIFY_SOCKET it says nothing."""

    def __init__(self) -> None:
        import sdnotify

        self._notifier: Any = sdnotify.SystemdNotifier()

    def ready(self, status: str) -> None:
        """Say that configuration, store, lock and output are good; the one word that is worth waiting for."""
        self._wait_for(READY_SECONDS)
        self._notifier.notify(f"READY=1\nSTATUS={status}")
        self._wait_for(0)

    def alive(self) -> None:
        """Feed the watchdog: only the scheduler's own progress does."""
        self._notifier.notify("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Say how it goes, in a few words."""
        self._notifier.notify(f"STATUS={text}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._notifier.notify("STOPPING=1")

    def _wait_for(self, seconds: float) -> None:
        """Bound how long a supervisor that does not listen holds up the daemon; what it misses is dropped."""
        if self._notifier.socket is not None:
            self._notifier.socket.settimeout(seconds)
