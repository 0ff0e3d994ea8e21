"""Reads what a recipient's mail program says became of our mail (RFC 8098): that it was looked at, mostly."""

import re

from channels.email.bounces import read_fields, returned_ids
from channels.email.headers import normalise_address
from channels.email.mime import Part
from channels.email.transfer import content_of
from inbox.envelopes import Bounce, BounceAction, BouncedRecipient

_TYPE = "message/disposition-notification"


def read_receipt(root: Part) -> Bounce | None:
    """Who has looked at which mail, or None where it is no such receipt."""
    reports = [part for part in root.walk() if part.content_type == _TYPE]
    kind = root.parameters.get("report-type").lower()
    if root.content_type != "multipart/report" or kind not in ("", "disposition-notification") or not reports:
        return None
    fields = read_fields(content_of(reports[0]).strip() + b"\n")
    written = fields.texts("original-recipient", "final-recipient")
    addresses = dict.fromkeys(
        one for text in written if (one := normalise_address(text.rpartition(";")[2].strip()))
    )
    mode, _, disposition = fields.text("disposition").lower().rpartition(";")
    if "automatic" in mode.partition("/")[0] and re.search("deleted|denied|failed", disposition):
        return None  # a server has refused the mail in the guise of a receipt (RFC 5429 §2.2): a bounce
    is_read = "displayed" in disposition
    action = BounceAction.READ if is_read else BounceAction.DELIVERED
    recipients = tuple(BouncedRecipient(address=one, action=action) for one in list(addresses)[:1] or [""])
    return Bounce(message_ids=returned_ids(root, reports), recipients=recipients)
