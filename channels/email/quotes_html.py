"""HTML mail as text, with what mail programs mark as quoted found in the tree, the rest by its lines."""

import re
from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from channels.email.quotes import find_spans
from inbox.envelopes import Span, SpanKind
from inbox.html_text import Mark, marked_text

_QUOTE = Mark(SpanKind.QUOTE)
_QUOTE_TO_END = Mark(SpanKind.QUOTE, to_end=True)
_SIGNATURE = Mark(SpanKind.SIGNATURE)

# The containers that hold the announcement and the quote, and nothing of the answer.
_QUOTES = frozenset(
    [
        "gmail_attr",
        "moz-cite-prefix",
        "yahoo_quoted",
        "protonmail_quote",
        "zmail_extra",
        "tutanota_quote",
        "front-blockquote",
    ]
)
_QUOTING_BLOCKQUOTES = frozenset(("gmail_quote", "protonmail_quote", "tutanota_quote", "yahoo_quoted"))
_QUOTE_IDS = frozenset(("yahoo_quoted", "OLK_SRC_BODY_SECTION", "mail-editor-reference-message-container"))
# Where these stand, everything below is the mail that is answered.
_BEGINNING_IDS = frozenset(
    ("appendonsend", "divRplyFwdMsg", "stopSpelling", "x_divRplyFwdMsg", "reply-intro")
)
_SIGNATURES = frozenset(
    ("gmail_signature", "moz-signature", "protonmail_signature_block", "ms-outlook-mobile-signature")
)
_SIGNATURE_IDS = frozenset(("Signature", "ms-outlook-mobile-signature", "AppleMailSignature"))
# Outlook's line above the header of what it quotes.
_OUTLOOK_RULE = re.compile(
    r"border:\s*none;\s*border-top:\s*solid\s*#(?:E1E1E1|B5C4DF)\s+1\.0pt"
    r"|border-top:\s*1px solid\s*(?:#b5c4df|#e1e1e1)"
    r"|border-top:\s*#(?:b5c4df|e1e1e1) 1pt solid",
    re.IGNORECASE,
)


def html_text(html: str) -> tuple[str, tuple[Span, ...]]:
    """The text of an HTML mail and its quoted and signature ranges."""
    return joined_words([(True, html)])


def joined_words(pieces: Iterable[tuple[bool, str]]) -> tuple[str, tuple[Span, ...]]:
    """The text of (is HTML, content) one after another, and its quoted and signature ranges."""
    text = ""
    marked: list[Span] = []
    for is_html, content in pieces:
        words, spans = marked_text(content, _mark) if is_html else (content.strip("\n"), ())
        if not words.strip():
            continue
        text += "\n\n" if text else ""
        marked += [Span(len(text) + span.start, len(text) + span.end, span.kind) for span in spans]
        text += words
    return text, find_spans(text, marked)


def _mark(node: LexborNode) -> Mark | None:
    attributes = node.attributes
    if not attributes:
        return None
    identifier = attributes.get("id") or ""
    classes = frozenset((attributes.get("class") or "").split())
    if identifier in _BEGINNING_IDS:
        return _QUOTE_TO_END
    if identifier in _QUOTE_IDS or classes & _QUOTES:
        return _QUOTE
    if node.tag == "blockquote" and _quotes(attributes.get("type"), classes):
        return _QUOTE
    if identifier in _SIGNATURE_IDS or classes & _SIGNATURES:
        return _SIGNATURE
    style = attributes.get("style") or ""
    if "border-top" in style.lower() and _OUTLOOK_RULE.search(style):
        return _QUOTE_TO_END
    return None


def _quotes(kind: str | None, classes: frozenset[str]) -> bool:
    return (kind or "").lower() == "cite" or bool(classes & _QUOTING_BLOCKQUOTES)
