"""OutboundMessage → the bytes of a mail (RFC 5322, RFC 2045). Pure, but for reading the attachments."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

from channels.email.addresses import reject_line_breaks, reply_address
from channels.email.outgoing_headers import (
    address_value,
    date_value,
    header_line,
    id_value,
    reference_values,
    text_value,
)
from inbox.envelopes import Address, OutboundMessage
from inbox.sanitising import sanitise
from inbox.texts import markdown_html

QUOTED_LINES = 200  # a quote is a reminder; the whole is in the reader's own mailbox
QUOTED_CHARACTERS = 20_000
_MEDIA_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_NOT_IN_A_BODY = re.compile("[\x00-\x08\x0b-\x0d\x0e-\x1f\x7f]")

ReadBlob = Callable[[str], bytes]


def compose(message: OutboundMessage, read_blob: ReadBlob) -> bytes:
    """The mail to send, with CRLF line ends. Bcc recipients are in the envelope only, never in here.

    Raises Invalid where a header or an address cannot be used (SECURITY R18), before anything is written.
    """
    return _header_block(message) + _body(message, read_blob).as_bytes()


def _header_block(message: OutboundMessage) -> bytes:
    lines = [header_line("From", address_value([message.sender], field="from"))]
    for name, addresses in (("To", message.to), ("Cc", message.cc)):
        if addresses:
            lines.append(header_line(name, address_value(addresses, field=name.lower())))
    for blind in message.bcc:
        address_value([blind], field="bcc")  # it stays out of the headers, but must be as sound as the others
    if reply_to := _reply_to(message):
        lines.append(header_line("Reply-To", address_value([reply_to], field="reply-to")))
    lines.append(header_line("Subject", text_value(message.subject, field="subject")))
    lines.append(header_line("Date", date_value(message.written_at)))
    lines.append(header_line("Message-ID", id_value(message.external_id)))
    if references := reference_values(message.references):
        lines.append(header_line("In-Reply-To", references[-1]))
        lines.append(header_line("References", "\r\n ".join(references)))
    if message.automatic:
        lines.append(header_line("Auto-Submitted", "auto-generated"))  # RFC 3834 §5
        lines.append(header_line("X-Auto-Response-Suppress", "All"))  # Exchange asks for its own
    return b"".join(lines)


def _reply_to(message: OutboundMessage) -> Address | None:
    address = reply_address(message.sender.value, message.token) if message.token else None
    return Address(value=address, name=message.sender.name) if address else None


def _body(message: OutboundMessage, read_blob: ReadBlob) -> EmailMessage:
    body = EmailMessage(policy=SMTP)
    text, markup = _written(message)
    body.set_content(text, cte="quoted-printable")
    body.add_alternative(markup, subtype="html", cte="quoted-printable")
    for attachment in message.attachments:
        filename = _clean(reject_line_breaks(attachment.filename, field="file name"))
        maintype, subtype = _media_type(attachment.content_type)
        body.add_attachment(
            read_blob(attachment.digest), maintype=maintype, subtype=subtype, filename=filename
        )
    return body


def _written(message: OutboundMessage) -> tuple[str, str]:
    """The whole body as text and as HTML: the words, the signature, what is passed on, what is answered."""
    text = _clean(message.text)
    markup = markdown_html(text) if message.html is None else sanitise(_clean(message.html), image_urls={})
    texts, markups = [text] if text else [], [markup] if text or message.html else []
    if message.signature:
        signature = _clean(message.signature)
        texts.append(f"-- \n{signature}")  # RFC 3676 §4.3
        markups.append(f'<div class="gmail_signature">-- <br>\n{markdown_html(signature)}</div>')
    if message.forwarded:
        lines = _clean(message.forwarded).rstrip().split("\n")
        texts.append("\n".join(lines))
        markups.append(f'<div class="gmail_quote">{"<br>".join(map(_escaped, lines))}</div>')
    if message.quoted_text:
        attribution = _attribution(message.quoted_author, message.quoted_at)
        lines = _quoted_lines(_clean(message.quoted_text))
        quoted = "\n".join(f"> {line}" if line else ">" for line in lines)
        texts.append(f"{attribution}\n{quoted}")
        markups.append(_quote_markup(attribution, lines))
    return "\n\n".join(texts) + "\n", "\n".join(markups) + "\n"


def _escaped(line: str) -> str:
    return html.escape(line)


def _quote_markup(attribution: str, lines: list[str]) -> str:
    # These class names are what mail programs fold a quote by, our own reader among them.
    inner = "<br>\n".join(html.escape(line) for line in lines)
    return (
        f'<div class="gmail_quote"><div class="gmail_attr">{html.escape(attribution)}</div>\n'
        f'<blockquote class="gmail_quote" type="cite">{inner}</blockquote></div>'
    )


def _attribution(author: str | None, moment: datetime | None) -> str:
    who = " ".join(author.split()) if author else "you"
    if moment is None:
        return f"{who} wrote:" if author else "You wrote:"
    return f"On {moment.astimezone(UTC):%a, %d %b %Y at %H:%M} UTC, {who} wrote:"


def _quoted_lines(text: str) -> list[str]:
    lines = text[:QUOTED_CHARACTERS].rstrip().split("\n")
    if len(lines) > QUOTED_LINES or len(text.rstrip()) > QUOTED_CHARACTERS:
        return [*lines[:QUOTED_LINES], "[…]"]
    return lines


def _media_type(content_type: str) -> tuple[str, str]:
    # RFC 2046 §5.2.1 forbids base64 for message/*, and a file is a file: such ones go as plain octets.
    kind = content_type.partition(";")[0].strip().lower()
    maintype, _, subtype = (kind if _MEDIA_TYPE.fullmatch(kind) else "application/octet-stream").partition(
        "/"
    )
    return maintype, subtype


def _clean(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode()  # lone surrogates have no bytes
    return _NOT_IN_A_BODY.sub("", whole.replace("\r\n", "\n").replace("\r", "\n"))
