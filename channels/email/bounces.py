"""Reads what mail servers report about our mail: RFC 3464 first, then what older servers write."""

import re
from email import message_from_bytes
from email.policy import compat32

from channels.email.bodies import text_of_part
from channels.email.headers import Headers, message_ids, normalise_address
from channels.email.mime import Part, read_headers
from channels.email.transfer import content_of
from inbox.envelopes import Bounce, BounceAction, BouncedRecipient
from inbox.errors import Refused

MAX_RECIPIENTS = 200

_LEGACY_SIZE = 300_000
_LEGACY_PARTS = 30
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -])")
_QUOTED_ID = re.compile(
    r"^[> \t]*Message-ID:[ \t]*(?:\r?\n[> \t]+)?(<[^<>\s]{3,900}>)", re.IGNORECASE | re.MULTILINE
)
_DAEMON = re.compile(r"m(?:ailer)?-?daemon|postmaster|mail-?delivery|mail[ _-]?system", re.IGNORECASE)
_SUBJECT = re.compile(
    r"undeliver|returned mail|delivery (?:status|failure|failed|has failed|report|notification|incomplete)"
    r"|mail(?:er)? delivery|failure notice|mail (?:error|failure)|rejected mail|error sending your mail"
    r"|could(?: not|n't) (?:be delivered|send)|user unknown|not? delivered|message delayed|delayed mail"
    r"|unzustellbar|zustell|non remis|échec de la remise|no se (?:pudo|ha podido) entregar|mancata consegna"
    r"|não (?:pôde ser|foi) entregue|не доставлен|недоставлен|配信|投递|退信",
    re.IGNORECASE,
)
_RETURNED_TYPES = frozenset(
    ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global")
)
_STATUS_TYPES = frozenset(("message/delivery-status", "message/global-delivery-status"))
_ACTIONS = {
    "failed": BounceAction.FAILED,
    "delayed": BounceAction.DELAYED,
    "delivered": BounceAction.DELIVERED,
    "relayed": BounceAction.DELIVERED,
    "expanded": BounceAction.DELIVERED,
}


def read_bounce(root: Part) -> Bounce | None:
    """The delivery status notification that a mail is, or None where it is none."""
    statuses = [part for part in root.walk() if part.content_type in _STATUS_TYPES]
    recipients = _standard(statuses) if statuses and _is_report(root) else []
    if not recipients:
        if not _looks_like_bounce(root.headers):
            return None
        recipients = _standard(statuses) or _legacy(root) or _failed_recipients(root.headers)
        recipients = recipients or _addressed(root)
        if not recipients and not _SUBJECT.search(root.headers.text("subject")):
            return None
    return Bounce(message_ids=_returned_ids(root, statuses), recipients=tuple(recipients[:MAX_RECIPIENTS]))


def _is_report(root: Part) -> bool:
    kind = root.parameters.get("report-type").lower()
    return root.content_type == "multipart/report" and kind in (
        "",
        "delivery-status",
        "global-delivery-status",
    )


def _looks_like_bounce(headers: Headers) -> bool:
    """Whether an automatic system of mail delivery seems to have written it."""
    if "x-failed-recipients" in headers or "x-mailer-daemon" in headers:
        return True
    sender, envelope = headers.text("from"), headers.text("return-path")
    by_daemon = bool(_DAEMON.search(f"{sender} {envelope}")) or envelope == "<>" or not sender
    return by_daemon or bool(_SUBJECT.match(headers.text("subject")) and "in-reply-to" not in headers)


def _standard(statuses: list[Part]) -> list[BouncedRecipient]:
    """RFC 3464 §2: blocks of fields, the first about the message, each other about a recipient."""
    found: dict[str, BouncedRecipient] = {}
    for part in statuses:
        for block in re.split(rb"(?:\r?\n[ \t]*){2,}", content_of(part).strip())[: MAX_RECIPIENTS + 1]:
            recipient = _recipient(_fields(block + b"\n"))
            if recipient:
                found.setdefault(recipient.address, recipient)
    return list(found.values())


def _fields(block: bytes) -> Headers:
    try:
        return read_headers(block, 0, len(block))[0]
    except Refused:
        return Headers()  # longer than any header may be: it says nothing about a recipient


def _recipient(fields: Headers) -> BouncedRecipient | None:
    action = _ACTIONS.get((fields.text("action").split() or [""])[0].lower().rstrip(";"))
    address = _typed_address(fields, "original-recipient") or _typed_address(fields, "final-recipient")
    if address is None:
        return None
    diagnostic = fields.text("diagnostic-code").partition(";")[2].strip() or fields.text("diagnostic-code")
    code = _status(fields.text("status"), diagnostic)
    if action is None:
        action = BounceAction.DELAYED if code.startswith("4") else BounceAction.FAILED
    return BouncedRecipient(address=address, action=action, status=code, diagnostic=diagnostic[:1000])


def _status(given: str, diagnostic: str) -> str:
    """The status code; where it is the unspecific x.0.0, that of the server's own words (RFC 3463 §3.1)."""
    codes = [found[1] for found in (_STATUS.search(given), _STATUS.search(diagnostic)) if found]
    if len(codes) == 2 and codes[0].endswith(".0.0") and codes[0][0] == codes[1][0]:
        return codes[1]
    return codes[0] if codes else ""


def _typed_address(fields: Headers, name: str) -> str | None:
    """`rfc822; jane@x.org` (RFC 3464 §2.3.2); the type is left out by some."""
    for text in fields.texts(name):
        if address := normalise_address(re.sub(r"\s+", "", text.rpartition(";")[2])):
            return address
    return None


def _legacy(root: Part) -> list[BouncedRecipient]:
    if len(root.raw) > _LEGACY_SIZE or sum(1 for _ in root.walk()) > _LEGACY_PARTS:
        return []
    from flufl.bounce import all_failures

    try:
        temporary, permanent = all_failures(message_from_bytes(root.raw, policy=compat32))
    except Exception:
        # It reads the free words of hundreds of systems and may stumble in any way: then it found nothing.
        return []
    text = _first_text(root)
    delayed = [(one, BounceAction.DELAYED) for one in temporary]
    return [
        _told(address, action, text)
        for one, action in [(one, BounceAction.FAILED) for one in permanent] + delayed
        if (address := normalise_address(one.decode("utf-8", "replace") if isinstance(one, bytes) else one))
    ]


def _failed_recipients(headers: Headers) -> list[BouncedRecipient]:
    return [
        BouncedRecipient(address=address.value, action=BounceAction.FAILED)
        for address in headers.addresses("x-failed-recipients")
    ]


def _addressed(root: Part) -> list[BouncedRecipient]:
    """Whom the returned mail was written to, where that is one and the report names nobody."""
    for part in root.walk():
        if part.content_type in _RETURNED_TYPES:
            addresses = _fields_of_returned(part).addresses("x-original-to", "to")
            if len(addresses) == 1 and _SUBJECT.search(root.headers.text("subject")):
                return [_told(addresses[0].value, BounceAction.FAILED, _first_text(root))]
    return []


def _told(address: str, action: BounceAction, text: str) -> BouncedRecipient:
    """A recipient with what the report's words say after the place where they name it."""
    place = max(text.lower().find(address), 0)
    said = text[place : place + 1500]
    status = _STATUS.search(said)
    reply = _REPLY_CODE.search(said)
    code = status[1] if status else ""
    diagnostic = " ".join(said[reply.start() :].split())[:300] if reply else ""
    return BouncedRecipient(address=address, action=action, status=code, diagnostic=diagnostic)


def _first_text(root: Part) -> str:
    texts = (part for part in root.walk() if part.content_type == "text/plain")
    first = next(texts, None)
    return text_of_part(first)[:100_000] if first else ""


def _returned_ids(root: Part, statuses: list[Part]) -> tuple[str, ...]:
    """Message-IDs of what came back: from its headers, the report, the words, the report's own header."""
    texts: list[str] = []
    for part in root.walk():
        if part.content_type in (
            "message/rfc822",
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/global",
        ):
            texts += _fields_of_returned(part).texts("message-id")
    for part in statuses:
        texts += _fields(content_of(part)).texts("original-message-id", "x-original-message-id")
    for part in root.walk():
        if part.content_type.startswith("text/") or (part is root and not root.children):
            texts += _QUOTED_ID.findall(text_of_part(part)[:200_000])
    texts += root.headers.texts("in-reply-to", "references", "x-original-message-id")
    return tuple(message_ids(texts)[:20])


def _fields_of_returned(part: Part) -> Headers:
    content = content_of(part)
    try:
        return read_headers(content, 0, len(content), top=True)[0]
    except Refused:
        return Headers()
