"""What hosts have said to all who ask them: when they want to be left alone, and their robots.txt."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from aggregator.model import RobotsFile
from aggregator.store.schema import host_wait, robots, storable

ROBOTS_KEPT: Final = timedelta(
    days=31
)  # one that cannot be had counts as absent after 30 days (RFC 9309, 2.3.1.4)


def waits(connection: Connection, *, now: datetime) -> dict[str, datetime]:
    """Give the hosts that asked to be left alone beyond now."""
    rows = connection.execute(select(host_wait.c.host, host_wait.c.until).where(host_wait.c.until > now))
    return {row.host: row.until for row in rows}


def put_wait(connection: Connection, host: str, until: datetime) -> None:
    """Keep what a host asked for, over what it asked before."""
    connection.execute(delete(host_wait).where(host_wait.c.host == storable(host)))
    connection.execute(insert(host_wait).values(host=host, until=until))


def robots_of(connection: Connection, origin: str) -> RobotsFile | None:
    """Give what an origin answered last; None: it was not asked."""
    row = connection.execute(select(robots).where(robots.c.origin == storable(origin))).first()
    return RobotsFile(status=row.status, body=row.body, fetched_at=row.fetched_at) if row else None


def put_robots(connection: Connection, origin: str, file: RobotsFile) -> None:
    """Keep what an origin answered."""
    connection.execute(delete(robots).where(robots.c.origin == storable(origin)))
    connection.execute(
        insert(robots).values(origin=origin, status=file.status, body=file.body, fetched_at=file.fetched_at)
    )


def prune(connection: Connection, *, now: datetime) -> None:
    """Forget what holds no more."""
    connection.execute(delete(host_wait).where(host_wait.c.until <= now))
    connection.execute(delete(robots).where(robots.c.fetched_at < now - ROBOTS_KEPT))
