"""A message as it is passed on to somebody else."""

from datetime import UTC

from inbox.envelopes import Span, SpanKind
from inbox.models import Message
from inbox.texts import new_words

HEADLINE = "---------- Forwarded message ----------"


def forwarded_words(message: Message) -> str:
    """Who wrote it, when, about what, and their words without what they had quoted: a proposal, which whoever
    forwards it may cut."""
    author = message.author_name or message.author_address
    address = f" <{message.author_address}>" if "@" in message.author_address and message.author_name else ""
    headers = [
        f"From: {author}{address}",
        f"Date: {message.created_at.astimezone(UTC):%a, %d %b %Y at %H:%M} UTC",
    ]
    if message.subject:
        headers.append(f"Subject: {message.subject}")
    spans = [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
    answers = [f"{label}: {value}" for label, value in message.fields if value]
    words = new_words(message.text, spans) or message.text
    return "\n".join([HEADLINE, *headers, "", *answers, *([words] if words else [])])
