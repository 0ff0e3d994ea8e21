"""What is done with the words of messages: shown safely, cut short, linked, told from what they quote."""

import re
from collections.abc import Sequence

from inbox.envelopes import Span
from inbox.html_text import text_of
from inbox.links import Segment, linkify
from inbox.sanitising import VERSION, count_remote_images, has_remote_pictures, safe_link, sanitise

__all__ = [
    "VERSION",
    "Segment",
    "count_remote_images",
    "has_remote_pictures",
    "linkify",
    "markdown_html",
    "new_words",
    "quoted_words",
    "safe_link",
    "sanitise",
    "snippet",
    "text_of",
]

# A line that Markdown and HTML leave as it is: no mark, no character that is escaped, begun by a letter or by
# a number that begins no list. No character fits two of the alternatives: what is no such line must be given
# up at once, not after every way of reading its letters.
_LINE = r"""(?!\d{1,9}[.)](?: |$))[^\W_](?:[^\W_]|[ .,;:?'"()@/%$+=#-]|[^\x00-\xa0\s\w])*(?<! )"""
_PLAIN = re.compile(rf"{_LINE}(?:\n+{_LINE})*", re.MULTILINE)
_PARAGRAPHS = re.compile(r"\n{2,}")


def snippet(text: str, length: int = 140) -> str:
    """The beginning of a text on one line, at most *length* characters, cut between words if possible."""
    line = " ".join(text[: length * 20 + 2000].split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    at_word = cut.rpartition(" ")[0]
    return (at_word if len(at_word) > length // 2 else cut).rstrip(" ,;:.-") + "…"


def new_words(text: str, spans: Sequence[Span]) -> str:
    """What the sender wrote: the text without its quoted and signature ranges."""
    pieces: list[str] = []
    position = 0
    for span in sorted(spans, key=lambda span: span.start):
        if span.start > position:
            pieces.append(text[position : span.start])
        position = max(position, span.end)
    pieces.append(text[position:])
    return _joined(pieces)


def quoted_words(text: str, spans: Sequence[Span]) -> str:
    """The rest: what `new_words` leaves out."""
    return _joined([text[span.start : span.end] for span in sorted(spans, key=lambda span: span.start)])


def markdown_html(text: str) -> str:
    """The HTML of a reply in Markdown (CommonMark with tables, strike-through and bare links).

    A line break is a line break, raw HTML is text, pictures become their description.
    """
    if _PLAIN.fullmatch(text):  # most of what people write, in a twentieth of the time
        return "".join(f"<p>{_lines_html(part)}</p>\n" for part in _PARAGRAPHS.split(text))
    # Sixty modules, which a server loads with the first mark that it meets.
    from inbox.markdown import rendered

    return sanitise(rendered(text), image_urls={})


def _lines_html(text: str) -> str:
    """The HTML of lines that need no escaping."""
    return "<br>\n".join("".join(map(_segment_html, linkify(line))) for line in text.split("\n"))


def _segment_html(segment: Segment) -> str:
    if segment.url is None:
        return segment.text
    return f'<a href="{segment.url}" target="_blank" rel="noopener noreferrer nofollow">{segment.text}</a>'


def _joined(pieces: list[str]) -> str:
    stripped = [piece.strip("\n") for piece in pieces if piece.strip()]
    return "\n".join(stripped).strip()
