"""What a guard holds, and letting it through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.config.shown import no_such
from aggregator.errors import AggregatorError
from aggregator.model import Config, StoredEntry
from aggregator.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What was let through."""

    entries: int = 0
    was_gone: bool = False  # it is asked again
    elsewhere: tuple[str, ...] = ()  # other feeds of which entries are held

    def __bool__(self) -> bool:
        return bool(self.entries) or self.was_gone


def release(
    name: str,
    config: Config,
    store: Store,
    *,
    show: Callable[[Sequence[StoredEntry]], None],
    now: datetime,
) -> Released:
    """Show what is held of a feed, and let just that through; ask a gone feed again.

    Raises AggregatorError for a name that nothing has.
    """
    feeds, sections = [each.id for each in config.feed], [each.id for each in config.section]
    counts = store.held_counts()
    # What a feed had held when it was taken out of feeds.toml would else be held for ever.
    if name not in (*feeds, *sections, *counts):
        raise AggregatorError(no_such("feed or section", name, feeds + sections))
    held = store.held(name)
    show(held)
    store.release(name, [each.entry.key for each in held])
    return Released(
        entries=len(held),
        was_gone=store.ask_again(name, now=now),
        elsewhere=tuple(sorted(counts.keys() - {name})),
    )
