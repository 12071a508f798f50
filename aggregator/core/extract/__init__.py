"""Articles out of entries and pages: text, masthead, credits, pictures. Pure, and nothing is fetched."""

from aggregator.core.extract.article import PageReading, article, is_full_text, read_page

__all__ = ["PageReading", "article", "is_full_text", "read_page"]
