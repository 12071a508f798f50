"""CPU of reading feeds: milliseconds a feed, in all and by who read them; and how many are left to feedparser.

    python bench/parsing.py FOLDER [--runs 3] [--beside]

FOLDER holds feeds as files. Each is read as the program does, from bytes to its fields; of several runs the lowest
counts: a busy machine only adds. `--beside` reads what the reader of trees takes through feedparser, too.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aggregator.core import formats
from aggregator.core.formats import about, charset, direct, fallback, limits, sniff, xmlfeed
from aggregator.errors import ParseError
from aggregator.model import ParsedFeed

URL = "https://asal.example/feed"
READERS = {
    "tree": "read from the tree",
    "feedparser": "read by feedparser",
    "JSON": "read as JSON",
    "nobody": "refused",
}
Reader = Callable[[bytes], ParsedFeed]


def ours(body: bytes) -> ParsedFeed:
    """Read a document as the program does."""
    return formats.parse(body, url=URL, content_type=None)


def theirs(body: bytes) -> ParsedFeed:
    """Read a document as the program does what it leaves to feedparser."""
    root, text = xmlfeed.grown(charset.decode(body, None))
    assert root is not None
    skipped = about.read(root, text)
    return limits.bounded(xmlfeed.judged(fallback.read_tree(root), URL, skipped))


def who_reads(body: bytes) -> str:
    """Say who reads a document: one of READERS."""
    try:
        text = charset.decode(body, None)
        if sniff.kind_of(text) == "json":
            return "JSON"
        root, _ = xmlfeed.grown(text)
    except ParseError:
        return "nobody"
    return "tree" if root is not None and direct.read(root) is not None else "feedparser"


def cost(read: Reader, bodies: list[bytes], runs: int) -> list[float]:
    """Give the milliseconds of each document: of its cheapest run."""
    lowest = [float("inf")] * len(bodies)
    for _ in range(runs):
        for place, body in enumerate(bodies):
            before = time.process_time()
            with suppress(ParseError):
                read(body)
            lowest[place] = min(lowest[place], 1000 * (time.process_time() - before))
    return lowest


def told(name: str, costs: list[float]) -> None:
    """Print what documents cost."""
    if costs:
        mean, median = statistics.mean(costs), statistics.median(costs)
        print(f"{name}: {len(costs)} documents, mean {mean:.2f} ms, median {median:.2f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--beside", action="store_true")
    given = parser.parse_args()
    bodies = [path.read_bytes() for path in sorted(given.folder.iterdir()) if path.is_file()]
    readers = [who_reads(body) for body in bodies]
    costs = cost(ours, bodies, given.runs)
    told("all", costs)
    for name, what in READERS.items():
        told(what, [each for each, reader in zip(costs, readers, strict=True) if reader == name])
    left = readers.count("feedparser")
    print(f"left to feedparser: {left} of {len(bodies)}, {100 * left / len(bodies):.1f} %")
    if given.beside:
        taken = [body for body, reader in zip(bodies, readers, strict=True) if reader == "tree"]
        told("what is read from its tree, through feedparser", cost(theirs, taken, given.runs))


if __name__ == "__main__":
    main()
