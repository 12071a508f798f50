"""Languages that are easily taken for one another."""

from __future__ import annotations

from typing import Final

from aggregator.core.language.names import primary

# Between them nobody overrules who declares one, and a feed decides as a whole.
ALIKE: Final = (
    frozenset({"id", "ms", "jv", "su"}),
    frozenset({"hr", "bs", "sr", "sh", "cnr", "sl"}),
    frozenset({"no", "nb", "nn", "da"}),
    frozenset({"cs", "sk"}),
    frozenset({"es", "gl", "ca"}),
    frozenset({"pt", "gl"}),
    frozenset({"fa", "prs", "ps"}),
    frozenset({"hi", "mr", "ne"}),
    frozenset({"kk", "ky", "tt"}),
    frozenset({"az", "tr"}),
    frozenset({"nl", "af"}),
    frozenset({"zu", "xh"}),
    frozenset({"bg", "mk"}),
    frozenset({"he", "yi"}),
)


def are_alike(one: str, other: str) -> bool:
    """Whether two tags name one language, or two that are easily taken for one another."""
    first, second = primary(one), primary(other)
    return first == second or any(first in group and second in group for group in ALIKE)
