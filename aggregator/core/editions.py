"""Section and stories into an edition: what subscribers get of each story, and no more than that.

This is where `republish` is decided, once for every format: an entry of an edition holds nothing that may not be
passed on, so that no renderer can leak it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Final, Protocol

from aggregator.core.text import cut, plain
from aggregator.model import (
    Article,
    Config,
    Edition,
    EditionEntry,
    Image,
    PlaceName,
    Region,
    Republish,
    Role,
    SectionSettings,
    SourceFeed,
    Story,
)
from aggregator.model.labels import Labels, labels_for

CONTENTS: Final = (
    10_000_000  # characters of HTML in all entries of a section; the longest give way to their summary
)
SUMMARY_LENGTH: Final = 320  # code points, of republish = "summary" and of every summary beside a content
_IMAGE_SOURCE: Final = re.compile(r"<img\b[^>]*?\bsrc=([\"'])(.*?)\1", re.IGNORECASE | re.DOTALL)
_IMAGE_NAME: Final = re.compile(r"\.(?:avif|gif|jpe?g|png|webp)$", re.IGNORECASE)


class PlaceBook(Protocol):
    """What an edition asks of the gazetteer."""

    def name(self, code: str, language: str) -> str:
        """Give the name of a place in a language."""

    def point(self, code: str) -> tuple[float, float] | None:
        """Give latitude and longitude of a place; None: it has none."""

    def scheme(self, code: str, site_url: str) -> str:
        """Say whose code a place's is: ISO 3166, UN M49, or the site's editors' own."""


def build(
    section: SectionSettings,
    stories: Sequence[Story],
    *,
    config: Config,
    gazetteer: PlaceBook,
    feeds: Mapping[str, SourceFeed],
) -> Edition:
    """Make the edition of a section: its stories newest first, each as its lead feed's `republish` allows."""
    language = section.language or config.site.language
    ordered = sorted(
        sorted(stories, key=lambda story: story.id), key=lambda story: story.published, reverse=True
    )
    maker = _EntryMaker(section.id, language, config=config, gazetteer=gazetteer, feeds=feeds)
    longest = _longest([len(maker.content(story)) for story in ordered])
    return Edition(
        id=section.id,
        title=section.title,
        description=section.description,
        language=language,
        site_title=config.site.title,
        site_url=config.site.url,
        timezone=config.site.timezone,
        contact=config.site.contact,
        reasons=config.output.reasons,
        updated=max((story.updated for story in ordered), default=None),
        entries=tuple(maker.entry(story, longest) for story in ordered),
        formats=config.output.formats,
    )


class _EntryMaker:
    """What the entries of one edition have in common."""

    def __init__(
        self,
        section_id: str,
        language: str,
        *,
        config: Config,
        gazetteer: PlaceBook,
        feeds: Mapping[str, SourceFeed],
    ) -> None:
        self.section_id = section_id
        self.language = language
        self.labels = labels_for(language)
        self.config = config
        self.gazetteer = gazetteer
        self.feeds = feeds

    def content(self, story: Story) -> str:
        """Give the HTML of a story that may be passed on."""
        return _content(story, self.config.republish_of(story.lead.feed_id))

    def entry(self, story: Story, longest: int) -> EditionEntry:
        """Make one entry; nothing of the story that may not be passed on is left in it.

        A content of more than `longest` characters gives way to the summary.
        """
        republish = self.config.republish_of(story.lead.feed_id)
        source = self._source(story.lead.feed_id)
        related = tuple(self._related(story))
        content = self.content(story)
        if len(content) > longest:
            content = _paragraph(_summary(story, republish))
        return EditionEntry(
            story=_reduced(story, republish),
            content_html=content + source_line(story, source, related, self.labels),
            summary=_summary(story, republish),
            image=_image(story, republish),
            places=self._places(story.regions),
            source=source,
            related=related,
            because=next((m.because for m in story.sections if m.section_id == self.section_id), ""),
        )

    def _source(self, feed_id: str) -> SourceFeed:
        # A feed that was taken out of the configuration leaves its stories behind: they still name it.
        return self.feeds.get(feed_id) or SourceFeed(id=feed_id, title=feed_id, url="")

    def _related(self, story: Story) -> Iterator[tuple[str, str]]:
        seen = {story.url, story.lead.url}
        for copy in story.copies[1:]:
            if copy.url is not None and copy.url not in seen:
                seen.add(copy.url)
                yield self._source(copy.feed_id).title, copy.url

    def _places(self, regions: Sequence[Region]) -> tuple[PlaceName, ...]:
        focus = [region for region in regions if region.role is Role.FOCUS]
        # What the story names comes before what merely contains it: the first place is where the story is.
        focus.sort(key=lambda region: region.rule == "member")
        return tuple(
            PlaceName(
                code=region.code,
                name=self.gazetteer.name(region.code, self.language) or region.code,
                scheme=self.gazetteer.scheme(region.code, self.config.site.url),
                point=self.gazetteer.point(region.code),
            )
            for region in focus
        )


def source_line(story: Story, source: SourceFeed, related: Sequence[tuple[str, str]], labels: Labels) -> str:
    """Give the last visible line of every entry, as HTML: whose story it is, and where else it stands."""
    link = story.url or story.lead.url or source.link
    parts = [_anchor(source.title or source.id, link)]
    if story.article.credits:
        parts.append(f"{labels.credits}{labels.colon}{escape(labels.comma.join(story.article.credits))}")
    if story.article.editor:
        parts.append(f"{labels.editor}{labels.colon}{escape(story.article.editor)}")
    if related:
        links = labels.comma.join(_anchor(title or url, url) for title, url in related)
        parts.append(f"{labels.also_in}{labels.colon}{links}")
    return f'<p lang="{escape(labels.language)}">{" · ".join(parts)}</p>'


def _anchor(text: str, link: str | None) -> str:
    if link is None or not link.lower().startswith(("http://", "https://")):
        return escape(text)
    return f'<a href="{escape(link)}">{escape(text)}</a>'


def _longest(lengths: Sequence[int]) -> int:
    """Say how long a content may be, so that all of them together keep within CONTENTS.

    Whoever fills a section with the longest texts loses them first, and takes nothing from its other feeds.
    """
    total = 0
    for length in sorted(lengths):
        total += length
        if total > CONTENTS:
            return length - 1
    return CONTENTS


def _content(story: Story, republish: Republish) -> str:
    """Give the HTML of a story that may be passed on, without the source line; "" where that is nothing."""
    given = story.given_html or _paragraph(story.given_summary)
    match republish:
        case Republish.FULL:
            return story.article.html or given
        case Republish.AS_GIVEN:
            return given
        case Republish.SUMMARY:
            return _paragraph(_summary(story, republish))
        case Republish.HEADLINE:
            return ""


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


def _summary(story: Story, republish: Republish) -> str:
    """Give a story's summary as plain text; a page's own words count only where all of it may be passed on."""
    if republish is Republish.HEADLINE:
        return ""
    given = story.given_summary or plain(story.given_html)
    if republish is Republish.FULL:
        given = story.article.summary or given or story.article.text
    return cut(" ".join(given.split()), SUMMARY_LENGTH)


def _image(story: Story, republish: Republish) -> Image | None:
    """Give the lead image, where it may be passed on: of a page only in full, of the feed also as given."""
    images = story.article.images
    match republish:
        case Republish.FULL:
            return images[0] if images else _given_image(story)
        case Republish.AS_GIVEN if story.article.text_from == "feed" and images:
            return images[0]  # the page was never read: all of it is the feed's
        case Republish.AS_GIVEN:
            return _given_image(story)
        case _:
            return None


def _given_image(story: Story) -> Image | None:
    """Give the image that the lead's feed itself gave; the page's words about it stay behind."""
    given = [enclosure.url for enclosure in story.enclosures if _is_image(enclosure.type, enclosure.url)]
    given += [found.group(2).replace("&amp;", "&") for found in _IMAGE_SOURCE.finditer(story.given_html)]
    if not given:
        return None
    known = {image.url: image for image in story.article.images}
    first = next((known[url] for url in given if url in known), Image(url=given[0]))
    words = plain(story.given_html)
    return replace(first, caption=_if_in(first.caption, words), credit=_if_in(first.credit, words))


def _is_image(media_type: str | None, url: str) -> bool:
    if media_type:
        return media_type.lower().startswith("image/")
    return bool(_IMAGE_NAME.search(url.partition("?")[0]))


def _if_in(words: str | None, text: str) -> str | None:
    return words if words and words in text else None


def _reduced(story: Story, republish: Republish) -> Story:
    """Take out of a story what its subscribers do not get."""
    if republish is Republish.FULL:
        return story
    article = story.article
    if republish is not Republish.AS_GIVEN:
        return replace(story, article=_without_body(article), enclosures=(), given_html="", given_summary="")
    return story if article.text_from == "feed" else replace(story, article=_without_body(article))


def _without_body(article: Article) -> Article:
    """Keep what names a story and its makers: headline, byline, editor, credits, date, categories."""
    return replace(article, kicker=None, dateline=None, summary="", text="", html="", images=())
