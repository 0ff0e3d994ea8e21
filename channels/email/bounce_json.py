"""Reads the reports that Amazon SES sends as JSON, by a subscription of the mailbox to its topic.

A notification is either the mail's whole text or, as text again, the "Message" of one of SNS.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from channels.email.bodies import text_of_part
from channels.email.headers import message_ids, normalise_address
from channels.email.mime import Part
from inbox.envelopes import Bounce, BounceAction, BouncedRecipient

MAX_TEXT = 300_000
MAX_RECIPIENTS = 200

_LISTS = {
    "bounce": ("bouncedRecipients", BounceAction.FAILED),
    "complaint": ("complainedRecipients", BounceAction.COMPLAINED),
    "delivery": ("recipients", BounceAction.DELIVERED),
    "deliverydelay": ("delayedRecipients", BounceAction.DELAYED),
}


def read_notification(root: Part) -> Bounce | None:
    """What became of which mail, or None where the mail is no such notification."""
    part = next((part for part in root.walk() if part.content_type == "text/plain"), None)
    if part is None or not part.content[:400].lstrip().startswith(b"{"):
        return None
    told = _parsed(text_of_part(part)[:MAX_TEXT])
    if isinstance(told.get("Message"), str):
        told = _parsed(told["Message"])
    kind = str(told.get("notificationType") or told.get("eventType") or "").lower()
    if kind not in _LISTS:
        return None
    name, action = _LISTS[kind]
    listed = _dict(next((value for key, value in told.items() if key.lower() == kind), {})).get(name)
    found = (_recipient(one, action) for one in _list(listed)[:MAX_RECIPIENTS])
    recipients = tuple(one for one in found if one is not None)
    return Bounce(message_ids=_ids(_dict(told.get("mail"))), recipients=recipients) if recipients else None


def _parsed(text: str) -> Mapping[str, Any]:
    """The object with which the text begins; what stands below it says how to unsubscribe. Servers on the way
    may have broken its long lines."""
    try:
        return _dict(json.JSONDecoder(strict=False).raw_decode(text.lstrip())[0])
    except (ValueError, RecursionError):
        return {}


def _recipient(one: Any, action: BounceAction) -> BouncedRecipient | None:
    told = one if isinstance(one, Mapping) else {"emailAddress": one}
    address = normalise_address(str(told.get("emailAddress", "")))
    diagnostic = str(told.get("diagnosticCode") or "").partition(";")
    words = " ".join((diagnostic[2] or diagnostic[0]).split())[:1000]
    status = str(told.get("status") or "")[:12]
    if address is None:
        return None
    return BouncedRecipient(address=address, action=action, status=status, diagnostic=words)


def _ids(mail: Mapping[str, Any]) -> tuple[str, ...]:
    """The Message-ID of the mail as it was sent; SES gives it one of its own beside."""
    headers = [_dict(one) for one in _list(mail.get("headers"))[:200]]
    values = [str(one.get("value")) for one in headers if str(one.get("name")).lower() == "message-id"]
    values += [str(one) for one in [_dict(mail.get("commonHeaders")).get("messageId")] if one]
    return tuple(message_ids(values))


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []
