"""What the operator sees of the running program: a structured log and counters."""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
# What an origin sends may hold control characters that would command a terminal; they are never written raw.
# Nor is what ends a line there or turns its direction round, so that a headline would rewrite what stands beside it.
_TURNING: Final = (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    code: f"\\u{code:04x}" for code in _TURNING
}
# json escapes what is below 32; a line feed of its own, between two keys, has to stay.
_JSON_CONTROLS: Final = {code: f"\\u{code:04x}" for code in (*range(127, 160), *_TURNING)}


@dataclass(slots=True)
class _Settings:
    """How the log is written; set once, when a command begins."""

    level: str = "info"
    style: str = "text"
    logger: Any = None


class Log:
    """A structured log: an event, and fields. structlog is imported when the first line that counts is written."""

    def __init__(self) -> None:
        self._settings = _Settings()

    def configure(self, level: str, style: str) -> None:
        """Say from which level on, and whether for people ("text") or for machines ("json")."""
        self._settings = _Settings(level=level, style=style)

    def debug(self, event: str, **fields: Any) -> None:
        """Tell what helps to find a fault."""
        self._write("debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """Tell what an operator wants to know."""
        self._write("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Tell what may need somebody."""
        self._write("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Tell what needs somebody."""
        self._write("error", event, fields)

    def exception(self, event: str, **fields: Any) -> None:
        """Tell a fault of this program, with its traceback."""
        self._write("error", event, {"exc_info": True, **fields})

    def _write(self, level: str, event: str, fields: dict[str, Any]) -> None:
        settings = self._settings
        if LEVELS[level] < LEVELS[settings.level]:
            return
        if settings.logger is None:
            settings.logger = _logger(settings.style)
        with suppress(OSError):  # a full disk under the log, or nobody who reads it, must not stop a job
            getattr(settings.logger, level)(event, **fields)


def _logger(style: str) -> Any:
    import structlog

    renderer = structlog.processors.JSONRenderer(ensure_ascii=False) if style == "json" else _text
    processors: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        _escape,
        renderer,
    ]
    output = structlog.PrintLogger(sys.stderr)
    wrapper = structlog.make_filtering_bound_logger(logging.DEBUG)
    return structlog.wrap_logger(output, processors=processors, wrapper_class=wrapper)


log: Final = Log()


def configure_logging(level: str, style: str) -> None:
    """Send the log to stderr: one line an event; libraries are heard from when they report errors."""
    log.configure(level, style)
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def printable(text: str) -> str:
    """Give the text with every character written out that would steer a terminal."""
    return text.translate(_CONTROLS)


def printable_json(value: object, *, indent: int | None = None) -> str:
    """Give JSON in which such characters stand as escapes: the same value to a program, harmless to a terminal."""
    return json.dumps(value, ensure_ascii=False, indent=indent).translate(_JSON_CONTROLS)


def _escape(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):  # a traceback has lines, and quotes what an origin sent
            lines = value.split("\n") if key == "exception" else [value]
            event[key] = "\n".join(map(printable, lines))
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
