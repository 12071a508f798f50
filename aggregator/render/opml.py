"""OPML 2.0: every outgoing feed in one file, for readers that take a list."""

from __future__ import annotations

from email.utils import format_datetime

from aggregator.model import Edition, SiteEdition
from aggregator.render import texts
from aggregator.render.html import FEEDS


def render(site: SiteEdition) -> bytes:
    """List the outgoing feeds as OPML 2.0, in UTF-8; dated by the newest change, or not at all."""
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = texts.clean(site.title)
    changes = [edition.updated for edition in site.editions if edition.updated is not None]
    if changes:
        etree.SubElement(head, "dateModified").text = format_datetime(texts.moment(max(changes)))
    etree.SubElement(head, "ownerName").text = texts.clean(site.title)
    if "@" in site.contact:
        etree.SubElement(head, "ownerEmail").text = texts.clean(site.contact)
    body = etree.SubElement(root, "body")
    for edition in site.editions:
        if address := _address(edition):
            etree.SubElement(body, "outline", _attributes(edition, address))
    data: bytes = etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return data


def _address(edition: Edition) -> str | None:
    """Give the address of a section's feed, in the first format that is written."""
    return next((edition.url + file for key, _, file, _ in FEEDS if key in edition.formats), None)


def _attributes(edition: Edition, address: str) -> dict[str, str]:
    title = texts.clean(edition.title)
    attributes = {"text": title, "title": title, "type": "rss", "xmlUrl": address, "htmlUrl": edition.url}
    if edition.description:
        attributes["description"] = texts.clean(edition.description)
    attributes["language"] = texts.clean(edition.language)
    return attributes
