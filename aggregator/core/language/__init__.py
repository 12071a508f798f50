"""Which language a text is in: what its publisher says, what the text itself shows, and what to do where they differ.

What tells a language is data (`aggregator/data/languages.txt`, built by `scripts/build_languages.py`).
"""

from aggregator.core.language.choosing import choose, spoken_in
from aggregator.core.language.evidence import detect
from aggregator.core.language.names import tag

__all__ = ["choose", "detect", "spoken_in", "tag"]
