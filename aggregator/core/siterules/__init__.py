"""Rules that say where the pages of a site show what: selectors, how they are matched, which rule is for a page."""
