"""Reads what mail servers report about our mail: RFC 3464 first, then what older servers write."""

import logging
import re
from collections.abc import Sequence
from email import message_from_bytes
from email.policy import compat32

from channels.email.bodies import text_of_part
from channels.email.bounce_json import read_notification
from channels.email.bounce_subjects import SUBJECT
from channels.email.bounce_words import (
    is_delay,
    is_refusal,
    meaning,
    named_recipients,
    recipient_told,
    report_text,
    shows_a_refusal,
    why,
)
from channels.email.headers import Headers, message_ids, normalise_address
from channels.email.mime import Part, read_headers
from channels.email.transfer import content_of
from inbox.envelopes import Bounce, BounceAction, BouncedRecipient
from inbox.errors import Refused

MAX_RECIPIENTS = 200

_LEGACY_SIZE = 300_000
_LEGACY_PARTS = 30
_LEGACY_LINES = 10_000  # it looks for each of its many patterns in each line
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_QUOTED_ID = re.compile(
    r"^[> \t]*Message-ID:[ \t]*(?:\r?\n[> \t]+)?(<[^<>\s]{3,900}>)", re.IGNORECASE | re.MULTILINE
)
_DAEMON = re.compile(
    r"m(?:ail(?:er)?)?[-_]?daemon|post[-_]?master|mail[-_ ]?delivery|mail[-_ ]?(?:system|router|agent|admin)"
    r"|microsoftexchange|delivery (?:sub)?system",
    re.IGNORECASE,
)
_RETURNED_TYPES = frozenset(
    (
        "message/rfc822",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global",
        "message/global-headers",
    )
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
        if told := read_notification(root):
            return told
        if not _looks_like_bounce(root):
            return None
        recipients = _standard(statuses) or _failed_recipients(root) or _legacy(root)
        recipients = recipients or _from_words(root)
        if not recipients and not _is_report_of_nobody(root, statuses):
            return None
    return Bounce(message_ids=returned_ids(root, statuses), recipients=tuple(recipients[:MAX_RECIPIENTS]))


def _is_report_of_nobody(root: Part, statuses: Sequence[Part]) -> bool:
    """Whether it is a report though it names nobody: parcels, too, are reported as not delivered."""
    if not SUBJECT.search(root.headers.text("subject")):
        return False
    return _is_by_daemon(root.headers) or bool(returned_ids(root, statuses))


def _is_report(root: Part) -> bool:
    kind = root.parameters.get("report-type").lower()
    return root.content_type == "multipart/report" and kind in (
        "",
        "delivery-status",
        "global-delivery-status",
    )


def _looks_like_bounce(root: Part) -> bool:
    """Whether an automatic system of mail delivery seems to have written it, and no person who complains."""
    headers = root.headers
    if "x-failed-recipients" in headers or "x-mailer-daemon" in headers:
        return True
    if _is_by_daemon(headers):
        return True
    if not SUBJECT.match(headers.text("subject")) or "in-reply-to" in headers:
        return False
    submitted = headers.text("auto-submitted").lower()
    if submitted.startswith("auto") or "precedence" in headers:
        return True
    return any(part.content_type in _RETURNED_TYPES for part in root.walk()) or shows_a_refusal(root)


def _is_by_daemon(headers: Headers) -> bool:
    sender, envelope = headers.text("from"), headers.text("return-path")
    return bool(_DAEMON.search(f"{sender} {envelope}")) or envelope == "<>" or not sender


def _standard(statuses: list[Part]) -> list[BouncedRecipient]:
    """RFC 3464 §2: blocks of fields, the first about the message, each other about a recipient."""
    found: dict[str, BouncedRecipient] = {}
    for part in statuses:
        for block in re.split(rb"(?:\r?\n[ \t]*){2,}", content_of(part).strip())[: MAX_RECIPIENTS + 1]:
            recipient = _recipient(read_fields(block + b"\n"))
            if recipient:
                found.setdefault(recipient.address, recipient)
    return list(found.values())


def read_fields(block: bytes) -> Headers:
    """The fields of a block, none where it is longer than any header may be."""
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
    if not code or code.endswith(".0.0"):
        code = _like(meaning(diagnostic), code) or code
    if action is None:
        action = BounceAction.DELAYED if code.startswith("4") else BounceAction.FAILED
    return BouncedRecipient(address=address, action=action, status=code, diagnostic=diagnostic[:1000])


def _like(meant: str, code: str) -> str:
    """What the words mean, unless the code is of another class (RFC 3463 §2)."""
    return meant if not code or meant[:1] == code[0] else ""


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
    """What a library knows of the reports of many systems; it is asked before their words are read freely."""
    if len(root.raw) > _LEGACY_SIZE or sum(1 for _ in root.walk()) > _LEGACY_PARTS:
        return []
    if root.raw.count(b"\n") > _LEGACY_LINES:
        return []
    from flufl.bounce import all_failures

    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs each of its detectors' stumbles
    try:
        temporary, permanent = all_failures(message_from_bytes(root.raw, policy=compat32))
    except Exception:
        # It reads the free words of hundreds of systems and may stumble in any way: then it found nothing.
        return []
    text = report_text(root)
    is_warning = is_delay(root.headers.text("subject"), text) and not (permanent and is_refusal(text))
    failed = BounceAction.DELAYED if is_warning else BounceAction.FAILED
    waits = BounceAction.DELAYED if is_warning or not (permanent or is_refusal(text)) else BounceAction.FAILED
    told = [
        recipient_told(address, action, text)
        for one, action in [(one, failed) for one in permanent] + [(one, waits) for one in temporary]
        if (address := normalise_address(one.decode("utf-8", "replace") if isinstance(one, bytes) else one))
    ]
    # It takes every address that it meets, the sender's and Message-IDs, too.
    ids = {one.lower() for one in returned_ids(root)}
    own = {one.value for one in root.headers.addresses("from", "to")}
    told = [one for one in told if one.address not in ids]
    return [one for one in told if one.address not in own] or told


def _failed_recipients(root: Part) -> list[BouncedRecipient]:
    addresses = root.headers.addresses("x-failed-recipients")
    text = report_text(root) if addresses else ""
    action = BounceAction.DELAYED if is_delay(root.headers.text("subject"), text) else BounceAction.FAILED
    return [recipient_told(address.value, action, text) for address in addresses]


def _from_words(root: Part) -> list[BouncedRecipient]:
    """Whom the report's words name, where it is certain enough that it is one."""
    headers = root.headers
    if not SUBJECT.search(headers.text("subject")):
        # A person may sit behind "postmaster": without a subject that says it the words must.
        text = report_text(root)
        by_nobody = headers.text("return-path") == "<>" or "in-reply-to" not in headers
        if not _DAEMON.search(headers.text("from")) or (
            not why(text)[1] and not (by_nobody and meaning(text))
        ):
            return []
    return named_recipients(root, returned_headers(root))


def returned_ids(root: Part, statuses: Sequence[Part] = ()) -> tuple[str, ...]:
    """Message-IDs of what came back: from its headers, the report, the words, the report's own header."""
    texts: list[str] = []
    for headers in returned_headers(root):
        texts += headers.texts("message-id", "x-original-message-id")
    for part in statuses:
        texts += read_fields(content_of(part)).texts("original-message-id", "x-original-message-id")
        envelope_ids = read_fields(content_of(part)).texts("original-envelope-id")  # ours is the Message-ID
        texts += [f"<{one.strip()}>" for one in envelope_ids if "@" in one]
    for part in root.walk():
        if part.content_type.startswith("text/") or (part is root and not root.children):
            texts += _QUOTED_ID.findall(text_of_part(part)[:200_000])
    texts += root.headers.texts("in-reply-to", "references", "x-original-message-id")
    return tuple(message_ids(texts)[:20])


def returned_headers(root: Part) -> list[Headers]:
    """The headers of the mails that came back with a report."""
    return [_fields_of_returned(part) for part in root.walk() if part.content_type in _RETURNED_TYPES]


def _fields_of_returned(part: Part) -> Headers:
    content = content_of(part)
    try:
        return read_headers(content, 0, len(content), top=True)[0]
    except Refused:
        return Headers()
