"""Raw mail to an `InboundMessage`: pure, without network, database or clock; raises nothing but Refused."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from channels.email.address_lists import parse_addresses
from channels.email.attachments import read_attachments
from channels.email.authentication import read_authentication
from channels.email.automatic import BEHIND_A_GROUP, forbids_answers, read_automatic
from channels.email.bodies import Body, read_body
from channels.email.bounces import read_bounce
from channels.email.complaints import read_complaint
from channels.email.fingerprints import content_hash
from channels.email.headers import MAX_IDS, Headers, moment, normalise_address
from channels.email.mime import Part, split
from channels.email.quotes import find_spans
from channels.email.quotes_html import joined_words
from channels.email.receipts import read_receipt
from channels.email.spam import is_spam
from inbox.envelopes import Address, Automatic, ChannelKind, Forward, InboundMessage, Span
from inbox.errors import Refused

MAX_SUBJECT = 900
NO_DOMAIN = "unknown.invalid"  # RFC 2606: nothing is ever delivered there

_TOKEN = re.compile(r"c\.[a-z2-7]{26}\.[a-z2-7]{16}")
_ENVELOPE_NAMES = (
    "to",
    "cc",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
)
_MAKE_A_MAIL = frozenset(
    ("from", "to", "cc", "subject", "date", "message-id", "sender", "received")
) | frozenset(("return-path", "mime-version", "content-type"))
_LOCAL_PART = re.compile(r"(?!undisclosed|unlisted)[A-Za-z0-9._+-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailContext:
    """What the parser must know of us: which mailbox received, all of them, who works here and may forward,
    whom to believe, the limit."""

    mailbox_address: str
    own_addresses: frozenset[str] = frozenset()
    agent_addresses: frozenset[str] = frozenset()
    authserv_id: str | None = None
    arc_sealers: tuple[str, ...] = ()
    max_bytes: int = 50 * 1024 * 1024


def parse(raw: bytes, *, context: MailContext, store: Callable[[bytes], str]) -> InboundMessage:
    """The message that a raw mail holds; *store* keeps an attachment's bytes and answers their digest.

    Raises Refused, whose text says why, for what is no mail or goes beyond the limits.
    """
    if len(raw) > context.max_bytes:
        raise Refused("The mail is larger than %(limit)d MiB.", limit=context.max_bytes // (1024 * 1024))
    try:
        root = split(raw)
        if not any(name in _MAKE_A_MAIL for name, _ in root.headers.fields):
            raise Refused("This is not an email: it has none of the headers of one.")
        return _message(root, context, store)
    except (RecursionError, MemoryError) as error:
        raise Refused("The mail is built in a way that takes too much memory to read.") from error


def _message(root: Part, context: MailContext, store: Callable[[bytes], str]) -> InboundMessage:
    headers = root.headers
    fingerprint = content_hash(root)
    sender = _sender(headers, fingerprint)
    own = context.own_addresses | {context.mailbox_address}
    body = read_body(root)
    text, spans = _words(body)
    html = body.html
    references = _references(headers)
    bounce = read_complaint(root) or read_receipt(root) or read_bounce(root)
    message = InboundMessage(
        channel=ChannelKind.EMAIL,
        sender=sender,
        content_hash=fingerprint,
        external_id=next(iter(headers.ids("message-id")), None),
        reply_to=_reply_to(headers, sender, own),
        to=tuple(headers.addresses("to")),
        cc=tuple(headers.addresses("cc")),
        mailbox=context.mailbox_address,
        subject=headers.text("subject")[:MAX_SUBJECT],
        text=text,
        html=html,
        spans=spans,
        references=references,
        tokens=_tokens(headers, references),
        authentication=read_authentication(headers, context.authserv_id, context.arc_sealers),
        automatic=Automatic.BOUNCE if bounce else read_automatic(root, sender, own),
        forbids_answers=forbids_answers(root),
        bounce=bounce,
        spam=is_spam(headers, context.authserv_id),
        sent_at=moment(headers.text("date")),
        attachments=read_attachments(body.files, html or "", store),
        fields=body.facts,
    )
    if sender.value not in context.agent_addresses or message.automatic is not None:
        return message
    return replace(message, forward=_forward(message, body, context, store))


def _forward(
    message: InboundMessage, body: Body, context: MailContext, store: Callable[[bytes], str]
) -> Forward | None:
    """What one of our agents passes on. A mail inside of a mail has nobody's word but its own."""
    from channels.email.forwards import read_forward  # compiles hundreds of patterns: for those who forward

    inside = replace(context, agent_addresses=frozenset(), authserv_id=None, arc_sealers=())
    return read_forward(message, body.files, lambda attached: _message(attached, inside, store))


def _words(body: Body) -> tuple[str, tuple[Span, ...]]:
    if body.plain is None:
        return joined_words((piece.is_html, piece.text) for piece in body.pieces)
    text = body.plain.strip("\n")
    return text, find_spans(text)


def _sender(headers: Headers, fingerprint: str) -> Address:
    """From, else who else the header names; where nobody, an address of its own that reaches nobody."""
    for name in (
        "from",
        "sender",
        "x-original-from",
        "reply-to",
        "return-path",
        "x-envelope-from",
        "errors-to",
    ):
        if addresses := headers.addresses(name):
            named = headers.text("from") if name != "from" and not addresses[0].name else ""
            return Address(addresses[0].value, addresses[0].name or named[:200])
    written = headers.text("from")
    bare = re.sub(r"\([^()]*\)", "", written).strip("\"'<>:;, ")
    local_part = bare.lower() if _LOCAL_PART.fullmatch(bare) else f"nobody-{fingerprint[:12]}"
    address = normalise_address(f"{local_part}@{NO_DOMAIN}") or f"nobody-{fingerprint[:12]}@{NO_DOMAIN}"
    names = [name for name, _ in parse_addresses(headers.raw("from"), headers.hint) if name]
    return Address(address, (names or [written.strip("<>:; ")])[0][:200])


def _reply_to(headers: Headers, sender: Address, own: frozenset[str]) -> Address | None:
    """Where answers are wanted; where a group of ours stands in From itself, who it says has written."""
    addresses = headers.addresses("reply-to")
    if sender.value in own and all(address.value in own for address in addresses):
        addresses = headers.addresses(*BEHIND_A_GROUP) or addresses
    return addresses[0] if addresses and addresses[0].value != sender.value else None


def _references(headers: Headers) -> tuple[str, ...]:
    """Nearest first: In-Reply-To, then References from the last to the first (RFC 5322 §3.6.4)."""
    nearest = dict.fromkeys([*headers.ids("in-reply-to"), *reversed(headers.ids("references"))])
    return tuple(nearest)[:MAX_IDS]


def _tokens(headers: Headers, references: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for address in headers.addresses(*_ENVELOPE_NAMES):
        local = address.value.rpartition("@")[0]
        _, plus, detail = local.partition("+")
        if plus and detail.startswith("c."):
            found[detail] = None
    for reference in references:
        for token in _TOKEN.findall(reference.rpartition("@")[0].lower()):
            found[token] = None
    return tuple(found)[:MAX_IDS]
