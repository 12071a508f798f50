"""Addresses as browsers read them (WHATWG URL), made absolute, and made comparable."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final

import ada_url

# What is added to a link to tell where a reader came from. Unknown parameters are kept: in many CMS of
# local papers the story is one of them (`?id=`, `?p=`, `?news=`).
TRACKING_PREFIXES: Final = ("utm_", "mtm_", "pk_", "hsa_", "at_custom", "at_link", "__hs")
_TRACKING_NAMES: Final = (
    "_ga _gl _hsenc _hsmi __s __twitter_impression action_object_map action_ref_map action_type_map"
    " at_campaign at_creation at_format at_medium at_ptr_name at_bbc_team campaign_id cmp cmpid dclid"
    " echobox epik fb_action_ids fb_action_types fb_ref fb_source fbclid feedname feedtype ftag gaa_at"
    " gbraid gclid gclsrc ig_rid igsh igshid int_source ito li_fat_id maca mc_cid mc_eid mkt_tok mkwid"
    " msclkid ncid ns_campaign ns_fee ns_linkname ns_mchannel ns_source ocid oly_anon_id oly_enc_id"
    " recruiter rss_id s_cid smid spm sr_share traffic_source ttclid twclid vero_conv vero_id wbraid"
    " wickedid wt_mc wt.mc_id wtmc xtor yclid ysclid"
)
TRACKING_NAMES: Final = frozenset(_TRACKING_NAMES.split())
# Names that mean something elsewhere and are dropped with these values only.
FEED_NAMES: Final = frozenset({"emc", "from", "partner", "ref", "referrer", "rss", "source", "src", "via"})
FEED_VALUES: Final = frozenset({"rss", "rssfeed", "rss20", "feed", "atom", "rss1", "rss2.0"})
BLANKS: Final = " \t\r\n\f\v\0\u00a0\u200b\ufeff"
# An address that is its own normal form: a name as host, nothing to resolve in the path, nothing to escape.
NORMAL: Final = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}"
    r"/[A-Za-z0-9_~/\-]*(?:\.[A-Za-z0-9_~\-][A-Za-z0-9_~/\-]*)*(?:\?[A-Za-z0-9_~/\-.?=&%+,;:!$()*]*)?"
)
ESCAPES: Final = re.compile(r"%[0-9A-Fa-f]{2}")


def absolute(link: str | None, base: str) -> str | None:
    """Resolve a link against a base; None unless the result is http(s) with a host. User names are dropped."""
    given = (link or "").strip(BLANKS)
    whole = _beside(given, base) if given[:1] == "/" else given
    if NORMAL.fullmatch(whole) and "xn--" not in whole:
        return whole
    href = _joined(given, base) if given else None
    if href is None or not href.startswith(("http://", "https://")):
        return None
    return str(_anonymous(ada_url.URL(href)).href) if "@" in href.split("/", 3)[2] else href


def _beside(path: str, base: str) -> str:
    """Put a path on the host of a base, as text; what that makes is looked at before it is believed."""
    return base[: max(base.find("/", 8), 0)] + path if path[1:2] != "/" else ""


def _joined(link: str, base: str) -> str | None:
    """Join as text: a quarter of what a URL object costs, and every link of every entry comes this way."""
    for given in (base, None):
        try:
            return str(ada_url.join_url(given, link) if given else ada_url.normalize_url(link))
        except ValueError:
            continue
    return None


def canonical_url(link: str) -> str:
    """Give the one form that equal addresses share: default port, tracking and fragment dropped.

    What cannot be read as a URL is given back without surrounding blanks.
    """
    url = _parsed(link.strip(BLANKS), "")
    if url is None:
        return link.strip(BLANKS)
    _anonymous(url)
    # A fragment names a place in the page, unless a script makes the page from it ("#!/news/1").
    if not url.hash.startswith(("#!", "#/")):
        url.hash = ""
    if url.hostname.endswith("."):
        url.hostname = url.hostname.rstrip(".") or url.hostname
    kept = [part for part in url.search.removeprefix("?").split("&") if part and not _is_tracking(part)]
    url.search = "&".join(kept)
    return ESCAPES.sub(_escape, str(url.href))


def host_of(url: str) -> str:
    """Name the host of a URL in lower case, without port; "" when there is none."""
    parsed = _parsed(url.strip(BLANKS), "")
    return str(parsed.hostname) if parsed else ""


def alike(url: str) -> str:
    """Give what two addresses of one feed share, though one has https, www. or a slash more than the other."""
    address = absolute(url, url) or url
    rest = address.partition("://")[2].partition("#")[0]
    host, _, path = rest.partition("/")
    host = host.removeprefix("www.").rstrip(".")
    return f"{host}/{path}".rstrip("/")


def registrable_domain(url: str) -> str:
    """Name the domain that one owner can register ("example.co.id"); an address literal is its own."""
    return _registrable(host_of(url))


def same_site(one: str, other: str) -> bool:
    """Whether two addresses belong to one registrable domain, or are on one host that has none."""
    domain = registrable_domain(one)
    return bool(domain) and domain == registrable_domain(other)


@lru_cache(maxsize=4096)
def _registrable(host: str) -> str:
    if not host or _is_address(host):
        return host
    from tld import get_fld

    # The list that comes with the package; `tld` fetches one only if that file were missing.
    name = ada_url.idna_to_unicode(host.encode()) if "xn--" in host else host
    found = get_fld(f"http://{name.rstrip('.')}/", fail_silently=True, search_private=True)
    if found:
        return ".".join(host.rstrip(".").split(".")[-found.count(".") - 1 :])
    return ".".join(host.rstrip(".").split(".")[-2:])


def _anonymous(url: ada_url.URL) -> ada_url.URL:
    if url.username or url.password:
        url.username = url.password = ""
    return url


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _parsed(link: str, base: str) -> ada_url.URL | None:
    for given in (base, None):
        try:
            return ada_url.URL(link, given) if given else ada_url.URL(link)
        except ValueError:  # also of a base that is none; UnicodeEncodeError of a lone surrogate is one
            continue
    return None


def _is_tracking(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    name = name.lower()
    if name in TRACKING_NAMES or name.startswith(TRACKING_PREFIXES):
        return True
    return name in FEED_NAMES and value.lower() in FEED_VALUES


def _escape(found: re.Match[str]) -> str:
    escape = found.group().upper()
    return "~" if escape == "%7E" else escape
