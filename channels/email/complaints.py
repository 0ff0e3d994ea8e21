"""Reads complaints about our mail (RFC 5965): somebody has pressed "this is spam" on it."""

from channels.email.bounces import read_fields, returned_headers, returned_ids
from channels.email.headers import normalise_address
from channels.email.mime import Part
from channels.email.transfer import content_of
from inbox.envelopes import Bounce, BounceAction, BouncedRecipient

MAX_RECIPIENTS = 20


def read_complaint(root: Part) -> Bounce | None:
    """Who complains about which mail, or None where it is no complaint.

    Where the report leaves the address out it is the one that the returned mail was written to; where that
    is hidden or one of several, the one recipient stands for whoever it was, with "".
    """
    kind = root.parameters.get("report-type").lower()
    reports = [part for part in root.walk() if part.content_type == "message/feedback-report"]
    if root.content_type != "multipart/report" or kind not in ("", "feedback-report") or not reports:
        return None
    fields = read_fields(content_of(reports[0]).strip() + b"\n")
    if fields.text("feedback-type").strip().lower() == "not-spam":
        return None
    written = [text.strip().strip("<>") for text in fields.texts("original-rcpt-to", "removal-recipient")]
    addresses = dict.fromkeys(one for text in written if (one := normalise_address(text)))
    if not addresses:
        mails = returned_headers(root)
        written_to = {one.value for headers in mails for one in headers.addresses("to", "cc")}
        addresses = dict.fromkeys(written_to if len(written_to) == 1 else ())
    recipients = [
        BouncedRecipient(address=address, action=BounceAction.COMPLAINED)
        for address in list(addresses)[:MAX_RECIPIENTS] or [""]
    ]
    return Bounce(message_ids=returned_ids(root), recipients=tuple(recipients))
