"""Articles out of entries and pages: text, masthead, credits, pictures. Pure, and nothing is fetched."""

from aggregator.core.extract.article import article, is_full_text

__all__ = ["article", "is_full_text"]
