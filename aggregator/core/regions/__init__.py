"""Which regions an article is about or names, and the words that say so."""

from aggregator.core.regions.gazetteer import Gazetteer, Place
from aggregator.core.regions.scoring import tag

__all__ = ["Gazetteer", "Place", "tag"]
