"""Receipts: what a recipient's mail program says of our mail."""

import pytest

from channels.email.parser import MailContext, parse
from inbox.envelopes import Automatic, Bounce, BounceAction

CONTEXT = MailContext(mailbox_address="support@company.test")


def receipt(
    disposition: str, *, kind: str = "disposition-notification"
) -> tuple[Bounce | None, Automatic | None]:
    raw = f"""From: Jane <jane@shop.example>
To: support@company.test
Subject: Read: Your lamp
Content-Type: multipart/report; report-type={kind}; boundary=b

--b

Your message was read.
--b
Content-Type: message/disposition-notification

Reporting-UA: mail.shop.example; Some Program
Original-Recipient: rfc822;jane@shop.example
Final-Recipient: rfc822;inner@store.shop.example
Original-Message-ID: <sent@company.test>
Disposition: {disposition}

--b--
"""
    message = parse(raw.encode(), context=CONTEXT, store=lambda content: "")
    return message.bounce, message.automatic


@pytest.mark.parametrize(
    ("disposition", "action"),
    [
        ("manual-action/MDN-sent-manually; displayed", BounceAction.READ),
        ("automatic-action/MDN-sent-automatically; displayed/error", BounceAction.READ),
        ("manual-action/MDN-sent-manually; deleted", BounceAction.DELIVERED),
        ("automatic-action/MDN-sent-automatically; processed", BounceAction.DELIVERED),
    ],
)
def test_a_receipt_says_which_mail_was_read_by_whom(disposition: str, action: BounceAction) -> None:
    bounce, automatic = receipt(disposition)
    assert bounce is not None and automatic is Automatic.BOUNCE
    assert bounce.message_ids == ("sent@company.test",)
    assert [(one.address, one.action) for one in bounce.recipients] == [("jane@shop.example", action)]


def test_a_refusal_in_the_guise_of_a_receipt_is_none() -> None:
    bounce, _ = receipt("automatic-action/MDN-sent-automatically; deleted")
    assert bounce is None or bounce.recipients[0].action is not BounceAction.READ


def test_another_report_that_holds_a_receipt_is_none() -> None:
    assert receipt("manual-action/MDN-sent-manually; displayed", kind="feedback-report")[0] is None
