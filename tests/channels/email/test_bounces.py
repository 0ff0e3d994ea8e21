"""What mail servers report about our mail."""

# ruff: noqa: RUF001

import pytest

from channels.email.bounces import read_bounce
from channels.email.mime import split
from inbox.envelopes import Bounce, BounceAction


def read(*lines: str) -> Bounce | None:
    return read_bounce(split("\r\n".join(lines).encode()))


def report(*blocks: str, headers: tuple[str, ...] = ()) -> Bounce | None:
    return read(
        "From: MAILER-DAEMON@mx.example.org",
        "Subject: Delivery report",
        *headers,
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example.org",
        *blocks,
        "--b--",
    )


def test_each_recipient_has_an_action_a_status_and_the_servers_words() -> None:
    bounce = report(
        "",
        "Original-Recipient: rfc822;Jane@Example.org",
        "Final-Recipient: rfc822;inner@store.example.org",
        "Action: Failed (permanently)",
        "Status: 5.2.2 (full)",
        "Diagnostic-Code: smtp; 552 5.2.2",
        "  mailbox full",
        "",
        "Final-Recipient: bob@example.org",
        "Action: relayed",
        "Status: 2.0.0",
    )
    assert bounce is not None
    jane, bob = bounce.recipients
    assert (jane.address, jane.action, jane.status) == ("jane@example.org", BounceAction.FAILED, "5.2.2")
    assert jane.diagnostic == "552 5.2.2 mailbox full"
    assert (bob.address, bob.action) == ("bob@example.org", BounceAction.DELIVERED)


def test_a_missing_action_follows_from_the_status() -> None:
    bounce = report("", "Final-Recipient: rfc822; a@b.org", "Status: 4.4.1")
    assert bounce is not None
    assert bounce.recipients[0].action is BounceAction.DELAYED


def test_an_old_server_that_only_writes_words_is_understood() -> None:
    bounce = read(
        "Return-Path: <>",
        "From: MAILER-DAEMON@mail.example.org",
        "To: support@company.test",
        "Subject: failure notice",
        "",
        "Hi. This is the qmail-send program at mail.example.org.",
        "I'm afraid I wasn't able to deliver your message to the following addresses.",
        "This is a permanent error; I've given up. Sorry it didn't work out.",
        "",
        "<jane@example.org>:",
        "192.0.2.1 does not like recipient.",
        "Remote host said: 550 5.1.1 No such user",
        "Giving up on 192.0.2.1.",
        "",
        "--- Below this line is a copy of the message.",
        "",
        "Return-Path: <support@company.test>",
        "Message-ID: <sent@company.test>",
        "From: support@company.test",
        "",
        "Hello Jane",
    )
    assert bounce is not None
    (jane,) = bounce.recipients
    assert (jane.address, jane.action, jane.status) == ("jane@example.org", BounceAction.FAILED, "5.1.1")
    assert "No such user" in jane.diagnostic
    assert bounce.message_ids == ("sent@company.test",)


def test_the_returned_mail_names_the_recipient_where_the_report_does_not() -> None:
    bounce = read(
        "Return-Path: <>",
        "From: postmaster@example.org",
        "Subject: Undeliverable mail",
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "",
        "It did not work.",
        "--b",
        "Content-Type: message/rfc822",
        "",
        "To: jane@example.org",
        "Message-ID: <sent@company.test>",
        "",
        "Hello",
        "--b--",
    )
    assert bounce is not None
    assert [recipient.address for recipient in bounce.recipients] == ["jane@example.org"]
    assert bounce.message_ids == ("sent@company.test",)


def test_an_ordinary_mail_about_a_failed_delivery_is_no_bounce() -> None:
    assert (
        read(
            "From: Jane <jane@example.org>",
            "Subject: Re: Delivery failed",
            "In-Reply-To: <sent@company.test>",
            "",
            "Your parcel was not delivered: bob@example.org says 550 5.1.1",
        )
        is None
    )


def test_a_mail_with_a_report_attached_is_no_bounce() -> None:
    assert (
        read(
            "From: Jane <jane@example.org>",
            "Subject: I got this, what does it mean?",
            "Content-Type: multipart/mixed; boundary=b",
            "",
            "--b",
            "",
            "Please help.",
            "--b",
            "Content-Type: message/delivery-status",
            "",
            "Final-Recipient: rfc822; jane@example.org",
            "Action: failed",
            "--b--",
        )
        is None
    )


COMPLAINTS = {
    "Undelivered parcel": "It could not be delivered to bob@shop.example, why? I paid 550 euros.",
    "Delivery failed again": "The driver did not come. Address unknown, he said.",
    "Fwd: Undeliverable: my order": "I get this when I write to sales@x.test:\n\n550 5.1.1 User unknown",
    "Returned mail": "You returned my mail unopened.",
}


@pytest.mark.parametrize("subject", COMPLAINTS)
def test_a_person_who_complains_of_a_delivery_is_no_bounce(subject: str) -> None:
    raw = f"From: jane@shop.example\nTo: support@company.test\nSubject: {subject}\n\n{COMPLAINTS[subject]}\n"
    assert read(raw) is None


WORDS = {
    "failure notice": (
        "This is the qmail-send program.\n\n<jane@shop.example>:\nRemote host said: 550 5.1.1 No such user"
        "\n\n"
        "--- Below this line is a copy of the message.\n\nMessage-ID: <abc@company.test>\n"
        "From: support@company.test\nTo: jane@shop.example\nSubject: Hi\n",
        "5.1.1",
    ),
    "There was an error sending your mail": (
        "The following recipients returned permanent errors: jane@shop.example. Reason: 552 mailbox is full\n"
        "Questions? Write to help@relay.example\n",
        "5.2.2",
    ),
    "Mail failure.": (
        "Ваше письмо не может быть доставлено:\n\njane@shop.example\nПользователь не найден\n",
        "5.1.1",
    ),
}


@pytest.mark.parametrize("subject", WORDS)
def test_the_words_of_a_report_name_whom_it_is_about_and_why(subject: str) -> None:
    words, status = WORDS[subject]
    raw = f"From: MAILER-DAEMON@relay.example\nTo: support@company.test\nSubject: {subject}\n\n{words}"
    bounce = read(raw)
    assert bounce is not None
    assert [(one.address, one.status) for one in bounce.recipients] == [("jane@shop.example", status)]


def test_a_report_that_it_takes_longer_fails_nothing() -> None:
    raw = (
        "From: Mail Delivery System <mailer-daemon@relay.example>\nTo: support@company.test\n"
        "Subject: Warning: message 1abc delayed 24 hours\n\nThe address to which the message has not been "
        "delivered is:\n\n  jane@shop.example\n    Delay reason: SMTP timeout\n"
    )
    bounce = read(raw)
    assert bounce is not None and [one.action for one in bounce.recipients] == [BounceAction.DELAYED]


def test_a_report_that_names_only_the_envelope_is_about_its_message() -> None:
    recipient = ("", "Final-Recipient: rfc822; jane@customer.example", "Action: failed", "Status: 5.1.1")
    bounce = report("Original-Envelope-Id: m1.c.s1.k@shop.example", *recipient)
    assert bounce is not None and bounce.message_ids == ("m1.c.s1.k@shop.example",)
