"""Addresses in plain text, which people expect to be links."""

import re
from dataclasses import dataclass

from inbox.sanitising import safe_link

_LINK = re.compile(
    r"(?<![\w@.+-])(?:(?:https?://|www\.)[^\s<>\"“”…\x00-\x1f\x7f]{2,2000}"
    r"|[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})",
    re.IGNORECASE,
)
_PAIRS = {")": "(", "]": "[", "}": "{", "»": "«"}


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of plain text; `url` where it is a link, of a scheme that is safe in `href`."""

    text: str
    url: str | None = None


def linkify(text: str) -> list[Segment]:
    """The text in stretches, its web and email addresses as links; joined, they are the text."""
    if "@" not in text and "//" not in text and "www." not in text.lower():
        return [Segment(text)] if text else []
    segments: list[Segment] = []
    position = 0
    for found in _LINK.finditer(text):
        written = _trimmed(found[0])
        url = _target(written)
        if url is None:
            continue
        if found.start() > position:
            segments.append(Segment(text[position : found.start()]))
        segments.append(Segment(written, url))
        position = found.start() + len(written)
    if position < len(text):
        segments.append(Segment(text[position:]))
    return segments


def _trimmed(link: str) -> str:
    """Without the punctuation of the sentence around it, and without a bracket that was opened before it."""
    while link:
        last = link[-1]
        opening = _PAIRS.get(last)
        if last in ".,;:!?'*_~…" or (opening and link.count(last) > link.count(opening)):
            link = link[:-1]
        else:
            break
    return link


def _target(written: str) -> str | None:
    lower = written.lower()
    if lower.startswith(("http://", "https://")):
        return safe_link(written)
    if lower.startswith("www."):
        return safe_link("http://" + written) if "." in written[4:] else None
    return safe_link("mailto:" + written)
