"""Mail that no person wrote."""

import pytest

from channels.email.parser import MailContext, parse
from inbox.envelopes import Automatic

CONTEXT = MailContext(mailbox_address="support@company.test", own_addresses=frozenset({"sales@company.test"}))


def kind(*lines: str) -> Automatic | None:
    fields = lines if any(line.startswith("From:") for line in lines) else ("From: jane@example.org", *lines)
    raw = "\r\n".join([*fields, "To: support@company.test", "", "Hello"]).encode()
    return parse(raw, context=CONTEXT, store=lambda content: "").automatic


@pytest.mark.parametrize(
    "lines",
    [
        ["Auto-Submitted: auto-replied"],
        ["Auto-Submitted: auto-generated; owner-email=a@b.org"],
        ["Precedence: auto_reply"],
        ["Precedence: junk"],
        ["X-Autoreply: yes"],
        ["X-Autorespond: Your order"],
        ["Return-Path: <>"],
        ["Subject: Automatic reply: Your order", "In-Reply-To: <a@x>"],
        ["Subject: Out of office", "X-Auto-Response-Suppress: All"],
        ["Subject: Réponse automatique : Votre commande", "References: <a@x>"],
        ["X-Loop: support@company.test"],
        ["Preference: auto_reply"],
        ["X-Mail-Autoreply: 1"],
        ["X-POST-MessageClass: 9; Autoresponder"],
        ["X-Mailer: vacation 1.2"],
        ["Subject: Abwesenheitsnotiz: Ihre Bestellung", "In-Reply-To: <a@x>"],
        ["Subject: Automatisch antwoord: Uw bestelling", "In-Reply-To: <a@x>"],
        ["Subject: Автоматический ответ: Заказ", "In-Reply-To: <a@x>"],
        ["Subject: 自动回复: 订单", "In-Reply-To: <a@x>"],
        ["Subject: Poissa: Tilaus", "X-Auto-Response-Suppress: All"],
        ["Subject: תשובה אוטומטית: מנורה", "In-Reply-To: <a@x>"],
        ["Subject: 【自動返信】お問い合わせ", "In-Reply-To: <a@x>"],
        ["Subject: [Auto-Reply] Lamp", "In-Reply-To: <a@x>"],
        ["Subject: AUTO: Jane Doe is out of the office (returning 03.05.2027)", "References: <a@x>"],
        ["Subject: Your request has been received", "In-Reply-To: <a@x>"],
        ["X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"],
        ["Subject: Automatische Antwort: Ihre Bestellung"],
        ["Subject: Réponse automatique\u00a0: Votre commande"],
        ["Subject: 自动回复\uff1a订单"],
        ["Subject: [Auto-Reply] Lamp"],
        ["Subject: Jane Doe/ACME is out of the office.", "References: <a@x>"],
        ["Subject: Jane Doe ist außer Haus.", "References: <a@x>"],
        ["Subject: Ich bin im Urlaub", "In-Reply-To: <a@x>"],
        ["Precedence: bulk", "Auto-Submitted: auto-replied (vacation)"],
        ["Precedence: bulk", "X-Autoreply: yes", "In-Reply-To: <a@x>"],
        ["Precedence: bulk", "Subject: Out of office", "In-Reply-To: <a@x>"],
        ["X-Vacation: yes"],
        ["From: support@company.test"],
        ["From: sales@company.test"],
        ["Content-Type: multipart/report; report-type=disposition-notification; boundary=b"],
        ["Content-Type: multipart/report; report-type=feedback-report; boundary=b"],
    ],
)
def test_machines_are_recognised(lines: list[str]) -> None:
    assert kind(*lines) is Automatic.AUTO_REPLY


@pytest.mark.parametrize(
    "lines",
    [
        ["List-Id: <users.example.org>"],
        ["List-Unsubscribe: <mailto:leave@example.org>"],
        ["Precedence: list"],
        ["Precedence: Bulk"],
        ["Mailing-List: contact users-help@example.org; run by ezmlm"],
        ["X-BeenThere: users@lists.example.org"],
        ["Feedback-ID: 12:34:56:mailer"],
        ["Precedence: bulk", "Auto-Submitted: auto-generated"],
        ["List-Id: <users.example.org>", "Precedence: bulk", "X-Autoreply: no"],
    ],
)
def test_lists_and_mass_mail_are_recognised(lines: list[str]) -> None:
    assert kind(*lines) is Automatic.LIST


@pytest.mark.parametrize(
    "lines",
    [
        ["Subject: Where is my order?"],
        ["Auto-Submitted: no"],
        ["Auto-Submitted: no (a person wrote this)"],
        ["X-Auto-Response-Suppress: All"],
        ["X-MS-Exchange-Inbox-Rules-Loop: jane@example.org"],
        ["Subject: Thank you for your message"],
        ["Subject: Out of office chairs: two are missing"],
        ["Subject: Re: Automatic reply: Your order", "In-Reply-To: <a@x>"],
        ["Subject: Auto: it does not start", "In-Reply-To: <a@x>"],
        ["Subject: Absence of parts", "In-Reply-To: <a@x>"],
        ["Subject: Out of office: two chairs are missing"],
        ["Subject: My lamp is away on holidays"],
        ["Subject: Automatic replying machine: price?"],
        ["Feedback-ID: 12:34:56:helpdesk", "In-Reply-To: <a@x>"],
        ["X-BeenThere: support@company.test", "X-Mailman-Version: 2.1"],
        ["List-Id: Support <support.company.test>", "Precedence: list"],
        ["List-Post: <mailto:support@company.test>", "List-Unsubscribe: <mailto:x@company.test>"],
        ["From: support@company.test", "Reply-To: jane@example.org"],
        ["From: 'Jane' via Support <support@company.test>", "X-Original-From: Jane <jane@example.org>"],
        ["Return-Path: <jane@example.org>"],
    ],
)
def test_people_are_not_taken_for_machines(lines: list[str]) -> None:
    assert kind(*lines) is None


@pytest.mark.parametrize(
    ("value", "forbids"), [("All", True), ("DR, OOF", True), ("AutoReply", True), ("RN", False), ("", False)]
)
def test_a_person_may_ask_that_no_machine_answers(value: str, forbids: bool) -> None:
    header = f"X-Auto-Response-Suppress: {value}\r\n" if value else ""
    raw = f"From: ana@mail.test\r\nSubject: Hello\r\n{header}\r\nIs anybody there?\r\n".encode()
    message = parse(raw, context=CONTEXT, store=lambda content: "")
    assert (message.forbids_answers, message.automatic) == (forbids, None)
