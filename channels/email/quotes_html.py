"""HTML mail as text, with what mail programs mark as quoted found in the tree, the rest by its lines."""

import re
from collections.abc import Iterable, Mapping

from selectolax.lexbor import LexborNode

from channels.email.quote_patterns import is_announcement_of_quote, is_attribution
from channels.email.quotes import find_spans
from inbox.envelopes import Span, SpanKind
from inbox.html_text import Mark, marked_text

_QUOTED = Mark(SpanKind.QUOTE)
_QUOTED_TO_END = Mark(SpanKind.QUOTE, to_end=True)
_SIGNED = Mark(SpanKind.SIGNATURE)

# The containers that hold the announcement and the quote, and nothing of the answer. Some services set a
# prefix of their own before the names of others.
_QUOTE = re.compile(
    r"gmail_attr|moz-cite-prefix|yahoo_quoted|protonmail_quote|zmail_extra|tutanota_quote|front-blockquote"
    r"|freshdesk_quote|missive_quote|history_container|messageReplySection|isReplyContent|OLK_SRC_BODY_SECTION"
    r"|mail-editor-reference-message-container|mail-quote-collapse|sh-quoted-content|airmail_on|reply-intro"
    r"|quoted-content|__QUOTED_TEXT__|__pbConvBody|intercom-quote|email_quote|quoted_text|ecxquoted|origin_block"
)
_QUOTE_NAMES = frozenset(("quote", "messageReplySection"))
# Where these stand, everything below is the mail that is answered.
_BEGINNING = re.compile(r"(?:x_)*(?:appendonsend|divRplyFwdMsg|stopSpelling|__pbConvHr)")
_SIGNATURE = re.compile(
    r"gmail_signature|moz-signature|protonmail_signature_block|ms-outlook-mobile-signature|(?:x_)*Signature"
    r"|AppleMailSignature|messageSignatureSection|(?:x_)*divSignature|[a-z]{2,12}[-_]signature"
)
# Outlook's line above the header of what it quotes.
_OUTLOOK_RULE = re.compile(
    r"border:\s*none;\s*border-top:\s*solid\s*#(?:E1E1E1|B5C4DF)\s+1\.0pt"
    r"|border-top:\s*1px solid\s*(?:#b5c4df|#e1e1e1)"
    r"|border-top:\s*#(?:b5c4df|e1e1e1) 1pt solid",
    re.IGNORECASE,
)
_ANNOUNCEMENT = 400  # characters above a quote that may announce it
_STEPS = 80
_BREAKS = frozenset(("br", "div", "p", "blockquote", "td", "tr", "table", "hr", "li"))


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
    if node.tag == "blockquote" and _is_quote(node, attributes):
        return _QUOTED
    if not attributes:
        return None
    names = [attributes.get("id") or "", *(attributes.get("class") or "").split()]
    names += [attributes.get("name") or "", attributes.get("data-marker") or ""]
    if any(_BEGINNING.fullmatch(name) for name in names if name):
        return _QUOTED_TO_END
    if node.tag == "div" and (attributes.get("name") or "") in _QUOTE_NAMES:
        return _QUOTED
    if any(_QUOTE.search(name) for name in names if name):
        return _QUOTED
    if any(_SIGNATURE.fullmatch(name) for name in names if name):
        return _SIGNED
    style = attributes.get("style") or ""
    if "border-top" in style.lower() and _OUTLOOK_RULE.search(style):
        return _QUOTED_TO_END
    return None


def _is_quote(node: LexborNode, attributes: Mapping[str, str | None]) -> bool:
    """Whether a blockquote holds a mail that is answered, and no words that the writer set apart."""
    if (attributes.get("type") or "").lower() == "cite" or attributes.get("cite"):
        return True
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()
    if "quote" in names or "cite" in names or "isreplycontent" in names:
        return True
    above = _line_above(node)
    return bool(above) and (is_attribution(above) or is_announcement_of_quote(above))


def _line_above(node: LexborNode) -> str:
    """The text right before an element and beside it, or ""; a bounded number of steps."""
    pieces: list[str] = []
    cursor = node.prev
    parent = node.parent
    for _ in range(_STEPS):
        if cursor is None or sum(map(len, pieces)) > _ANNOUNCEMENT:
            break
        if cursor.is_text_node:
            pieces.append(cursor.text_content or "")
        elif cursor.is_element_node and cursor.last_child is not None:
            cursor = cursor.last_child
            continue
        elif cursor.tag in _BREAKS and "".join(pieces).strip():
            break
        while cursor is not None and cursor.prev is None:
            cursor = cursor.parent
            if cursor is None or (parent is not None and cursor.mem_id == parent.mem_id):
                return _end_of(pieces)
            if cursor.tag in _BREAKS and "".join(pieces).strip():
                return _end_of(pieces)
        cursor = cursor.prev if cursor is not None else None
    return _end_of(pieces)


def _end_of(pieces: list[str]) -> str:
    return " ".join("".join(reversed(pieces))[-_ANNOUNCEMENT:].split())
