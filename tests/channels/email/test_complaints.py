"""Complaints about our mail."""

from channels.email.complaints import read_complaint
from channels.email.mime import split
from inbox.envelopes import Bounce, BounceAction


def complaint(*fields: str, kind: str = "feedback-report") -> Bounce | None:
    lines = (
        "From: fbl@provider.example",
        f"Content-Type: multipart/report; report-type={kind}; boundary=b",
        "",
        "--b",
        "",
        "This is an email abuse report.",
        "--b",
        "Content-Type: message/feedback-report",
        "",
        *fields,
        "--b",
        "Content-Type: message/rfc822",
        "",
        "Message-ID: <ours@shop.example>",
        "Subject: Your lamp",
        "",
        "It leaves tomorrow.",
        "--b--",
    )
    return read_complaint(split("\r\n".join(lines).encode()))


def test_a_complaint_names_the_mail_and_who_complains() -> None:
    found = complaint("Feedback-Type: abuse", "Original-Rcpt-To: <Ana@Mail.example>", "Version: 1")

    assert found is not None and found.message_ids == ("ours@shop.example",)
    (recipient,) = found.recipients
    assert (recipient.address, recipient.action) == ("ana@mail.example", BounceAction.COMPLAINED)


def test_a_complaint_may_leave_out_who_complains() -> None:
    found = complaint("Feedback-Type: abuse", "Redacted-Address: redacted@")

    assert found is not None and [one.address for one in found.recipients] == [""]


def test_not_spam_and_other_reports_are_no_complaints() -> None:
    assert complaint("Feedback-Type: not-spam") is None
    assert complaint("Feedback-Type: abuse", kind="delivery-status") is None
