"""Dates as feeds and papers write them, with the offset that they claim.

`parse_date` reads a text that is meant to be a date, `find_date` one within a line of prose, `month_first`
says what 01/08/2022 means in a feed. Languages are data
(`aggregator/data/dates.txt`, built by `scripts/build_dates.py`).
"""

from aggregator.core.dates.order import month_first
from aggregator.core.dates.reading import FoundDate, ParsedDate, find_date, parse_date

__all__ = ["FoundDate", "ParsedDate", "find_date", "month_first", "parse_date"]
