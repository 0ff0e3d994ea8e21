"""Foreign HTML made harmless: nh3 with a strict list, styles read token by token, images only of ours.

It runs when a message is shown, as the last step: nothing may edit its answer as text. The frame around it
is the second wall. `VERSION` changes with the rules, for what keeps sanitised HTML.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from urllib.parse import unquote, urlsplit

import nh3
import tinycss2
from tinycss2.ast import Declaration, Node

from inbox.html_limits import crude_text, is_bearable, names

VERSION = 1
MAX_HTML = 5_000_000

_TAGS = names(
    "a abbr b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em "
    "figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span "
    "strike strong sub sup table tbody td tfoot th thead tr tt u ul var wbr"
)
_DROPPED_WHOLE = names(
    "script style title template noscript noembed noframes iframe object embed applet svg math audio "
    "video canvas textarea select xmp plaintext"
)
_CELL = set(names("align valign bgcolor width height colspan rowspan nowrap"))
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"style", "dir", "lang"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "table": {"align", "bgcolor", "border", "cellpadding", "cellspacing", "width"},
    "tr": {"align", "valign", "bgcolor"},
    "td": _CELL,
    "th": _CELL,
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "li": {"value"},
    **{tag: {"align"} for tag in names("p div h1 h2 h3 h4 h5 h6 hr tbody thead tfoot")},
}
_SIDES = ("", "-top", "-right", "-bottom", "-left")
_PROPERTIES = (
    names(
        "background-color border-collapse border-radius border-spacing clear color direction display float"
        " font font-family font-size font-style font-variant font-weight height letter-spacing line-height"
        " list-style-type max-height max-width min-height min-width overflow-wrap table-layout text-align"
        " text-decoration text-indent text-transform vertical-align white-space width word-break word-spacing"
        " word-wrap"
    )
    | {box + side for box in ("margin", "padding") for side in _SIDES}
    | {"border" + side + part for side in _SIDES for part in ("", "-color", "-style", "-width")}
)
_DISPLAYS = names(
    "block inline inline-block none table table-row table-cell table-row-group table-header-group list-item"
)
_TOKENS = names("ident number dimension percentage hash string whitespace")
_FUNCTIONS = frozenset(["rgb", "rgba", "hsl", "hsla"])
_SUSPECT = re.compile(r"\\|/\*|@|url|image|src\s*\(|expression|var\s*\(|attr\s*\(|[<>{}\x00]", re.IGNORECASE)
_PLAIN_VALUE = re.compile(r"[#\w .,%+\-]{0,200}")
# Looked for in lower case: without regard to case a pattern takes ten times as long.
_IMAGE = re.compile(r"<(?:img|image)\b")
_REMOTE_SOURCE = re.compile(r"src\s{0,20}=\s{0,20}[\"']?\s{0,20}(?:https?:)?[/\\]{2}")
_LINK_SCHEMES = ("http", "https", "mailto", "tel")
_IGNORED_IN_URLS = re.compile(r"[\x00-\x20\x7f-\xa0\u2000-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")


def sanitise(
    html: str,
    *,
    image_urls: Mapping[str, str],
    allow_remote: bool = False,
    proxy: Callable[[str], str] | None = None,
) -> str:
    """HTML that runs nothing and fetches nothing but images of ours, to be shown as it is.

    *image_urls* maps Content-IDs (or Content-Locations) to URLs of ours. A remote image loses its source
    unless *allow_remote*; then *proxy* answers the URL of ours under which it is fetched.
    """
    return _clean(html, image_urls, proxy or str if allow_remote else None)[0]


def count_remote_images(html: str) -> int:
    """How many images `sanitise` leaves without their source because they are fetched from elsewhere."""
    return _clean(html, {}, None)[1]


def has_remote_pictures(html: str) -> bool:
    """Whether pictures from elsewhere may be in it: a quick look, which errs on the side of yes."""
    lower = html.lower()
    return bool(_IMAGE.search(lower) and _REMOTE_SOURCE.search(lower))


def safe_link(url: str) -> str | None:
    """The URL if it may stand in a link, else None: http, https, mailto and tel, and nothing relative."""
    url = _IGNORED_IN_URLS.sub("", url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme.lower() not in _LINK_SCHEMES or len(url) > 4000:
        return None
    if parts.scheme.lower().startswith("http") and not parts.netloc:
        return None
    return url


@dataclass(slots=True)
class _AttributeFilter:
    """Says of each attribute that the list allows whether, and with which value, it stays."""

    image_urls: Mapping[str, str]
    remote: Callable[[str], str] | None
    blocked: int = 0

    def __call__(self, tag: str, attribute: str, value: str) -> str | None:
        if attribute == "style":
            return _safe_style(value)
        if attribute == "href":
            return safe_link(value)
        if attribute == "src":
            return self._source(value)
        return value if attribute in ("alt", "face") or _PLAIN_VALUE.fullmatch(value) else None

    def _source(self, value: str) -> str | None:
        if own := _own_image(value, self.image_urls):
            return own
        if not _is_remote(value):
            return None
        if self.remote is None:
            self.blocked += 1
            return None
        return self.remote(_absolute(value))


def _clean(html: str, image_urls: Mapping[str, str], remote: Callable[[str], str] | None) -> tuple[str, int]:
    html = html[:MAX_HTML]
    if not is_bearable(html):
        return f"<pre>{escape(crude_text(html))}</pre>", 0
    keep = _AttributeFilter(image_urls, remote)
    cleaned = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED_WHOLE),
        attributes=_ATTRIBUTES,
        attribute_filter=keep,
        strip_comments=True,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        url_relative="pass_through",
    )
    return cleaned, keep.blocked


def _own_image(source: str, image_urls: Mapping[str, str]) -> str | None:
    source = source.strip()
    if source[:4].lower() == "cid:":
        content_id = source[4:].strip().strip("<>")
        return image_urls.get(content_id) or image_urls.get(unquote(content_id))
    return image_urls.get(source)


def _is_remote(source: str) -> bool:
    bare = _IGNORED_IN_URLS.sub("", source).lower().replace("\\", "/")
    return bare.startswith(("http://", "https://", "//"))


def _absolute(source: str) -> str:
    bare = _IGNORED_IN_URLS.sub("", source)
    return "https:" + bare if bare.startswith("//") else bare


@lru_cache(maxsize=4096)
def _safe_style(style: str) -> str | None:
    """The declarations whose property and every token of whose value stand on the list."""
    if len(style) > 4000:
        return None
    kept = [
        f"{one.lower_name}:{tinycss2.serialize(one.value).strip()}"
        for one in tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)
        if isinstance(one, Declaration) and _is_safe(one)
    ]
    return ";".join(kept) or None


def _is_safe(declaration: Declaration) -> bool:
    name = declaration.lower_name
    written = tinycss2.serialize(declaration.value).strip()
    if name not in _PROPERTIES or _SUSPECT.search(written) or not written:
        return False
    if name == "display" and written.lower() not in _DISPLAYS:
        return False
    return all(_is_plain(token) for token in declaration.value)


def _is_plain(token: Node) -> bool:
    if token.type == "function":
        return token.lower_name in _FUNCTIONS and all(_is_plain(inner) for inner in token.arguments)
    return token.type in _TOKENS or (token.type == "literal" and token.value in (",", "/"))
