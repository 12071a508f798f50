"""Dates as feeds and papers write them, with the offset that they claim.

RFC 3339, RFC 822 and the written forms of some fifteen languages are read here; what is left goes to dateparser,
which never sees a text without its language and never one that says when relative to now.
"""

from aggregator.core.dates.reading import ParsedDate, parse_date

__all__ = ["ParsedDate", "parse_date"]
