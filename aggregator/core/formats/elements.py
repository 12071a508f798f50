"""Elements of feeds by the names that feedparser gives them: "title", "dc_creator", "content_encoded".

Namespaces count by their URI; one that nobody knows counts by the prefix that it was given, as feedparser does it:
many feeds write `xmlns:content` or `xmlns:dc` with an address that is nearly right.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from lxml import etree

USERLAND: Final = "backend.userland.com/rss"
# In lower case, and without a final slash or number sign: feeds write them in many ways.
FEED_NAMESPACES: Final = frozenset(
    {
        "",
        "http://purl.org/rss/1.0",
        "http://my.netscape.com/rdf/simple/0.9",
        "http://channel.netscape.com/rdf/simple/0.9",
        "http://www.w3.org/2005/atom",
        "http://purl.org/atom/ns",
        "http://backend.userland.com/rss2",
        "http://backend.userland.com/rss",
        "http://blogs.law.harvard.edu/tech/rss",
    }
)
# Those whose elements feedparser knows, in lower case; the others it leaves under their prefix.
PREFIXES: Final[Mapping[str, str]] = {
    "": "",
    "http://backend.userland.com/rss": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://example.com/newformat#": "",
    "http://example.com/necho": "",
    "http://purl.org/echo/": "",
    "uri/of/echo/namespace#": "",
    "http://purl.org/pie/": "",
    "http://purl.org/atom/ns#": "",
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/rss/1.0/modules/rss091#": "",
    "http://creativecommons.org/ns#license": "cc",
    "http://web.resource.org/cc/": "cc",
    "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
    "http://backend.userland.com/creativecommonsrssmodule": "creativecommons",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://www.georss.org/georss": "georss",
    "http://www.opengis.net/gml": "gml",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://podlove.org/simple-chapters": "psc",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/xml/1998/namespace": "xml",
}
# Names that feedparser does something of its own with.
_KNOWN: Final = (
    "abstract author body category cc_license channel cloud content content_encoded contributor copyright"
    " created creativecommons_license dc_author dc_contributor dc_creator dc_date dc_description dc_language"
    " dc_publisher dc_rights dc_subject dc_title dcterms_created dcterms_issued dcterms_modified"
    " dcterms_valid description email enclosure entry expirationdate feed feedburner_browserfriendly fullitem"
    " generator geom georss_box georss_line georss_point georss_polygon georss_where georssgeom gml_exterior"
    " gml_linearring gml_linestring gml_point gml_polygon gml_pos gml_poslist guid height homepage id image"
    " info issued item itunes_author itunes_block itunes_category itunes_email itunes_explicit itunes_image"
    " itunes_keywords itunes_link itunes_name itunes_owner itunes_subtitle itunes_summary keywords language"
    " lastbuilddate link managingeditor media_category media_content media_credit media_description"
    " media_group media_keywords media_license media_player media_rating media_restriction media_thumbnail"
    " media_title modified name newlocation psc_chapter psc_chapters pubdate published rights rss source"
    " subtitle summary tagline tags textinput title updated uri url webmaster where width xhtml_body"
)
KNOWN: Final = frozenset(_KNOWN.split())
# Names under which feedparser keeps what we read: an element that is called so would stand in its place.
_TAKEN: Final = "links authors author_detail date title_detail summary_detail guidislink entries feed"
TAKEN: Final = frozenset(_TAKEN.split())
# Names that change what is read, wherever in a feed or an entry they stand.
TOLD: Final = (
    KNOWN
    | TAKEN
    | frozenset({"feedburner_origlink", "pheedo_origlink", "ttl", "sy_updateperiod", "sy_updatefrequency"})
)


def name_of(element: etree._Element) -> tuple[str, str]:
    """Give an element's namespace and local name; "" where there is no namespace."""
    namespace, _, local = str(element.tag).rpartition("}")
    return namespace.removeprefix("{"), local


def lower_name(element: etree._Element) -> tuple[str, str]:
    """Give namespace and local name in lower case."""
    namespace, local = name_of(element)
    return namespace.lower(), local.lower()


def is_feeds(namespace: str) -> bool:
    """Whether a namespace is one of those in which feeds and entries are written."""
    return namespace.lower().rstrip("/#") in FEED_NAMESPACES


class Names:
    """The names of one document's elements, each looked up once."""

    def __init__(self, root: etree._Element) -> None:
        self.own = name_of(root)[0]
        self._keys: dict[object, str] = {}
        self._native: dict[object, bool] = {}

    def key(self, element: etree._Element) -> str:
        """Name an element as feedparser does."""
        tag = element.tag
        found = self._keys.get(tag)
        if found is None:
            prefix, local, _ = _looked_up(str(tag))
            if prefix is None:
                prefix = (element.prefix or "").lower()
            found = self._keys[tag] = f"{prefix}_{local}" if prefix else local
        return found

    def local(self, element: etree._Element) -> str:
        """Name an element without its prefix."""
        return _looked_up(str(element.tag))[1]

    def is_native(self, element: etree._Element) -> bool:
        """Whether an element is in a namespace of feeds, or in that of its root."""
        tag = element.tag
        found = self._native.get(tag)
        if found is None:
            found = self._native[tag] = _looked_up(str(tag))[2] or name_of(element)[0] == self.own
        return found


@lru_cache(maxsize=4096)
def _looked_up(tag: str) -> tuple[str | None, str, bool]:
    """Give the prefix of a name's namespace, the name in lower case, and whether feeds are written in it.

    The prefix is None where nobody knows the namespace: then the one that the document gave it counts.
    """
    namespace, _, local = tag.rpartition("}")
    namespace = namespace.removeprefix("{")
    lowered = namespace.lower()
    prefix = "" if USERLAND in lowered else PREFIXES.get(lowered)
    return prefix, local.lower(), is_feeds(namespace)
