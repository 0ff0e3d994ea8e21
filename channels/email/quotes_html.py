"""HTML mail as text, with what mail programs mark as quoted found in the tree, the rest by its lines."""

from selectolax.lexbor import LexborNode

from channels.email.quotes import find_spans
from inbox.envelopes import Span, SpanKind
from inbox.html_text import Mark, marked_text

_QUOTE = Mark(SpanKind.QUOTE)
_QUOTE_TO_END = Mark(SpanKind.QUOTE, to_end=True)
_SIGNATURE = Mark(SpanKind.SIGNATURE)


def html_text(html: str) -> tuple[str, tuple[Span, ...]]:
    """The text of an HTML mail and its quoted and signature ranges."""
    text, marked = marked_text(html, _mark)
    return text, find_spans(text, marked)


def _mark(node: LexborNode) -> Mark | None:
    return None
