"""What the operator sees of the running program: a structured log and counters."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

import structlog

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger("aggregator")

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
# What an origin sends may hold control characters that would command a terminal; they are never written raw.
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}


def configure_logging(level: str, style: str, *, stream: TextIO | None = None) -> None:
    """Send the log to stderr: one line an event, for people ("text") or machines ("json")."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.processors.KeyValueRenderer(key_order=["level", "event"], drop_missing=True)
    )
    if style != "json":
        renderer = _text
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _escape,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=logging.ERROR, stream=stream or sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )


def printable(text: str) -> str:
    """Give the text with every control character written out."""
    return text.translate(_CONTROLS)


def _escape(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            event[key] = printable(value)
    return event


def _text(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    level, message = event.pop("level", "info"), event.pop("event", "")
    exception = event.pop("exception", "")
    fields = "".join(f"  {key}={value}" for key, value in event.items())
    return f"{level:<7} {message}{fields}" + (f"\n{exception}" if exception else "")


@dataclass(slots=True)
class Metrics:
    """What the daemon has done since it started, for /-/metrics."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # (name, label) -> how many

    def add(self, name: str, label: str = "", amount: int = 1) -> None:
        """Count something; `name` is a key of METRICS."""
        if name not in METRICS:
            raise KeyError(name)
        self.counts[name, label] += amount

    def exposition(self, gauges: Mapping[tuple[str, str], float]) -> bytes:
        """Give everything in the text format of Prometheus; `gauges` are keyed like the counts."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        families: dict[str, Any] = {}
        for (name, label), value in sorted({**self.counts, **gauges}.items()):
            labelled, text = METRICS[name]
            kind = GaugeMetricFamily if (name, label) in gauges else CounterMetricFamily
            if name not in families:
                families[name] = kind(name, text, labels=[labelled] if labelled else [])
            families[name].add_metric([label] if labelled else [], value)

        class Collector:
            def collect(self) -> Iterator[Any]:
                yield from families.values()

        registry = CollectorRegistry()
        registry.register(Collector())
        return generate_latest(registry)


# Name -> its label ("" for none), what it counts.
METRICS: Final[Mapping[str, tuple[str, str]]] = {
    "aggregator_polls": (
        "result",
        "Polls since the start, by result: new, unchanged, not-modified or failed.",
    ),
    "aggregator_entries_new": ("", "Entries taken in since the start."),
    "aggregator_entries_updated": ("", "Entries that their feeds changed since the start."),
    "aggregator_entries_read": ("", "Entries read since the start."),
    "aggregator_files_replaced": ("", "Files of the output replaced since the start."),
    "aggregator_entries": ("state", "Entries ever accepted, by what became of them."),
    "aggregator_feeds": ("state", "Configured feeds, by state."),
    "aggregator_healthy": ("", "1 while health is ok, 0.5 degraded, 0 failed."),
}
