"""`release`: what a guard holds is shown, then let through."""

from __future__ import annotations

from typing import Final

from aggregator.cli.context import DONE, Context, own_name
from aggregator.errors import AggregatorError
from aggregator.observe import printable
from aggregator.store import Store, open_store
from aggregator.store.lock import holder

MOST_SHOWN: Final = 20  # entries of a flood; nobody reads more of it on a screen


def release(context: Context, name: str) -> int:
    """Show what is held of a feed and let it through; ask a gone feed again."""
    config = context.load().config
    feeds, sections = [each.id for each in config.feed], [each.id for each in config.section]
    store = open_store(config.storage.database, now=context.now)
    try:
        # What a feed had held when it was taken out of feeds.toml would else be held for ever.
        if name not in (*feeds, *sections, *store.held_counts()):
            raise AggregatorError(f"{name}: no such feed or section; the feeds are: {', '.join(feeds)}")
        done = _release_feed(store, name, context)
    finally:
        store.close()
    if not done:
        print(printable(f"{name}: nothing is held"))
        return DONE
    is_running = (holder(config.storage.database) or "").startswith("daemon")
    print("the daemon goes on with it" if is_running else f"`{own_name()} once` goes on with it")
    return DONE


def _release_feed(store: Store, name: str, context: Context) -> bool:
    """Say whether anything of this feed was held."""
    held = store.held(name)
    for each in held[:MOST_SHOWN]:
        when = f"{each.entry.published:%Y-%m-%d %H:%M}" if each.entry.published else "undated"
        print(printable(f"{when:<16}  {each.entry.title or each.entry.url or each.entry.guid}"))
    if len(held) > MOST_SHOWN:
        print(f"... and {len(held) - MOST_SHOWN} more")
    if held:
        print(printable(f"{name}: {store.release(name)} entries were held, and are let through now"))
    is_gone = store.ask_again(name, now=context.now)
    if is_gone:
        print(printable(f"{name}: it was gone (410), and is asked again"))
    return bool(held) or is_gone
