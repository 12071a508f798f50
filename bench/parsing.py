"""CPU of reading feeds: milliseconds a feed, straight from the tree and through feedparser.

    python bench/parsing.py FOLDER [--runs 3]

FOLDER holds feeds as files. Those that the reader of trees takes are read both ways, from bytes to the same fields;
the lowest of the runs is what counts: a busy machine only adds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from aggregator.core import formats
from aggregator.core.formats import about, charset, direct, fallback, limits, sniff, xmlfeed
from aggregator.errors import ParseError
from aggregator.model import ParsedFeed

URL = "https://asal.example/feed"
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


def is_taken(body: bytes) -> bool:
    """Whether the reader of trees takes a document."""
    try:
        text = charset.decode(body, None)
        root = xmlfeed.grown(text)[0] if sniff.kind_of(text) == "xml" else None
    except ParseError:
        return False
    return root is not None and direct.read(root) is not None


def cost(read: Reader, bodies: list[bytes], runs: int) -> list[float]:
    """Give the milliseconds of each document: of its cheapest run."""
    lowest = [float("inf")] * len(bodies)
    for _ in range(runs):
        for place, body in enumerate(bodies):
            before = time.process_time()
            read(body)
            lowest[place] = min(lowest[place], 1000 * (time.process_time() - before))
    return lowest


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    documents = [path.read_bytes() for path in sorted(given.folder.iterdir()) if path.is_file()]
    bodies = [body for body in documents if is_taken(body)]
    print(f"{len(bodies)} of {len(documents)} documents are read without feedparser")
    found = {
        "straight from the tree": cost(ours, bodies, given.runs),
        "through feedparser": cost(theirs, bodies, given.runs),
    }
    for name, costs in found.items():
        print(
            f"{name}: median {statistics.median(costs):.2f} ms, mean {statistics.mean(costs):.2f} ms a feed"
        )
    mine, other = found.values()
    medians = statistics.median(other) / statistics.median(mine)
    print(f"ratio: median {medians:.1f}, in all {sum(other) / sum(mine):.1f}")


if __name__ == "__main__":
    main()
