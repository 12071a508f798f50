"""Pictures that are there to be counted, not to be seen: told by their size, and by addresses known for it."""

from __future__ import annotations

import re
from typing import Final

# Services that count readers by a picture in a feed or a page; whatever comes from there is no picture of a story.
_HOSTS: Final = (
    "2o7.net adnxs.com amazon-adsystem.com bluekai.com chartbeat.net counter.theconversation.com"
    " counter.theconversation.edu.au counter.yadro.ru doubleclick.net exelator.com feedads.googleadservices.com"
    " feedsportal.com googleadservices.com googlesyndication.com google-analytics.com googletagmanager.com"
    " histats.com hits.gigya.com mc.yandex.ru omtrdc.net outbrain.com parsely.com pheedo.com pixel.wp.com"
    " pubmatic.com quantserve.com rss.buysellads.com scorecardresearch.com statcounter.com stats.wordpress.com"
    " stats.wp.com taboola.com top-fwz1.mail.ru track.customer.io track.hubspot.com webtrekk.net"
)
HOSTS: Final = frozenset(_HOSTS.split())
HOST: Final = re.compile(r"https?://([^/:?#]+)", re.IGNORECASE)
# What such a service's path looks like where its host has pictures as well.
PATHS: Final = re.compile(
    r"^https?://[^/?#]+(?:"
    r"/~(?:ff|r|4)/"  # feedburner: buttons, and one picture for each entry that is read
    r"|/1\.0/(?:comments|delicious|facebook|twitter|stumble|digg|reddit|print|email)/"  # WordPress.com's buttons
    r"|/tracker/\d{9,}"  # Blogger
    r"|/tr/?\?[^#]*\bid="  # Facebook
    r"|/(?:matomo|piwik)\.php\?"
    r"|/track/open\.php\?|/wf/open\?"  # letters by Mailchimp and SendGrid
    r"|/b/ss/"  # Adobe, under a name of the publisher's own
    r"|(?:/[^?#]*)?[/_.-](?:pixel|spacer|blank|clear|transparent|1x1|beacon|tracker|tracking|count)\.(?:gif|png)"
    r"(?:[?#]|$))",
    re.IGNORECASE,
)
TINY: Final = re.compile(r"^\s*0*[01](?:\.\d+)?\s*(?:px)?\s*$")
COMMENT: Final = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
NOT_SHOWN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)
TINY_STYLE: Final = re.compile(
    r"(?<![a-z-])(?:max-)?(?:width|height)\s*:\s*0*[01](?:\.\d+)?(?:px|pt)?\s*(?:;|!|$)"
    r"|(?<![a-z-])opacity\s*:\s*0*(?:\.0*)?\s*(?:;|!|$)"
    r"|(?<![a-z-])(?:left|top)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)


def is_beacon(url: str) -> bool:
    """Whether a picture at this absolute address is there to be counted."""
    found = HOST.match(url)
    name = found.group(1).lower().rstrip(".") if found else ""
    parts = name.split(".")
    if any(".".join(parts[at:]) in HOSTS for at in range(len(parts) - 1)):
        return True
    return PATHS.match(url) is not None


def is_tiny(width: str, height: str) -> bool:
    """Whether a picture of this size in HTML is a dot; "" is a side that is not given.

    One side alone makes none: a line across the page is one pixel high.
    """
    sides = [side for side in (width, height) if side.strip()]
    return bool(sides) and all(TINY.match(side) for side in sides)


def hides(style: str) -> bool:
    """Whether a style keeps an element from being shown."""
    return NOT_SHOWN.search(COMMENT.sub("", style)) is not None


def hides_picture(style: str) -> bool:
    """Whether a style keeps a picture from being seen: hidden, of no size, or out of the page."""
    return hides(style) or TINY_STYLE.search(COMMENT.sub("", style)) is not None
