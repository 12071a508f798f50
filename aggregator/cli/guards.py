"""`release`: what a guard holds is shown, then let through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aggregator.cli.context import DONE, Context, own_name
from aggregator.core.counts import counted
from aggregator.jobs import guards
from aggregator.model import StoredEntry
from aggregator.observe import printable
from aggregator.store import open_store
from aggregator.store.lock import holder

MOST_SHOWN: Final = 20  # entries of a flood; nobody reads more of it on a screen


def release(context: Context, name: str) -> int:
    """Show what is held of a feed and let it through; ask a gone feed again."""
    config = context.load().config
    store = open_store(config.storage.database, now=context.now)
    try:
        released = guards.release(name, config, store, show=_show, now=context.now)
    finally:
        store.close()
    if not released:
        print(printable(f"{name}: nothing of it is held{_elsewhere(released.elsewhere)}"))
        return DONE
    if released.entries:
        entries = counted(released.entries, "entry", "was")
        print(printable(f"{name}: {entries} held, and let through now"))
    if released.was_gone:
        print(printable(f"{name}: it was gone (410), and is asked again"))
    is_running = (holder(config.storage.database) or "").startswith("daemon")
    print("the daemon goes on with it" if is_running else f"`{own_name()} once` goes on with it")
    return DONE


def _elsewhere(held: Sequence[str]) -> str:
    return f"; entries are held of {', '.join(held)}" if held else ""


def _show(held: Sequence[StoredEntry]) -> None:
    for each in held[:MOST_SHOWN]:
        when = f"{each.entry.published:%Y-%m-%d %H:%M}" if each.entry.published else "undated"
        print(printable(f"{when:<16}  {each.entry.title or each.entry.url or each.entry.guid}"))
    if len(held) > MOST_SHOWN:
        print(f"... and {len(held) - MOST_SHOWN} more")
