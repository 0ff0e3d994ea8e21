"""What is read out of a mail that passes another one on."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from channels.email.forwards import read_forward
from channels.email.parser import MailContext, parse
from inbox.envelopes import Address, ChannelKind, Forward, InboundMessage

DATA = Path(os.environ.get("ONETHREAD_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data")
FORWARDS = DATA / "emails" / "forward"
CONTEXT = MailContext(
    mailbox_address="support@desk.test",
    agent_addresses=frozenset(["maya@desk.test"]),
    authserv_id="mx.desk.test",
)


def read(*lines: str, sender: str = "Maya <maya@desk.test>", subject: str = "Fwd: Lamp") -> InboundMessage:
    head = (f"From: {sender}", "To: support@desk.test", f"Subject: {subject}", "Message-ID: <f@desk.test>")
    raw = "\r\n".join((*head, *lines)).encode()
    return parse(raw, context=CONTEXT, store=lambda content: hashlib.sha256(content).hexdigest())


def forward(text: str, subject: str = "Fwd: Lamp") -> Forward | None:
    message = InboundMessage(
        channel=ChannelKind.EMAIL,
        sender=Address("maya@desk.test"),
        content_hash="0",
        subject=subject,
        text=text,
    )
    return read_forward(message, [], lambda part: message)


GMAIL = """Can somebody take this?

--
Maya Okafor, Orders

---------- Forwarded message ---------
From: Inês Carvalho <ines@norte.test>
Date: Fri, 20 Nov 2026 at 09:31
Subject: Cracked lamp
To: <maya@desk.test>
Cc: Rui <rui@norte.test>

It is cracked.

Inês"""


def test_a_mail_in_the_text_is_read_with_its_own_header_and_the_words_above() -> None:
    found = forward(GMAIL)

    assert found is not None and found.is_sure
    original = found.original
    assert (original.sender.value, original.sender.name) == ("ines@norte.test", "Inês Carvalho")
    assert (original.subject, original.text) == ("Cracked lamp", "It is cracked.\n\nInês")
    assert [one.value for one in (*original.to, *original.cc)] == ["maya@desk.test", "rui@norte.test"]
    assert original.sent_at is not None and original.sent_at.hour == 9
    assert found.words == "Can somebody take this?"


def test_an_attached_mail_is_read_as_if_it_had_come_by_itself_but_nobody_vouches_for_it() -> None:
    message = read(
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "",
        "Please answer her.",
        "--b",
        "Content-Type: message/rfc822",
        "",
        "From: =?utf-8?q?In=C3=AAs?= <ines@norte.test>",
        "Authentication-Results: mx.desk.test; dmarc=pass",
        "X-Spam-Flag: YES",
        "Auto-Submitted: auto-replied",
        "Subject: Cracked lamp",
        "Message-ID: <one@norte.test>",
        "Content-Type: multipart/mixed; boundary=c",
        "",
        "--c",
        "",
        "It is cracked.",
        "--c",
        "Content-Type: image/png; name=lamp.png",
        "",
        "png",
        "--c--",
        "--b--",
    )

    assert message.forward is not None and message.forward.is_sure
    original = message.forward.original
    assert (original.sender.name, original.external_id) == ("Inês", "one@norte.test")
    assert [one.filename for one in original.attachments] == ["lamp.png"]
    assert (original.authentication.dmarc, original.spam, original.automatic) == ("none", False, None)
    assert message.forward.words == "Please answer her."
    assert [one.filename for one in message.attachments] == ["Cracked lamp.eml"]


def test_only_an_agents_mail_is_looked_into() -> None:
    assert read("", GMAIL, sender="eve@evil.test").forward is None
    assert read("", GMAIL).forward is not None
    assert read("Auto-Submitted: auto-replied", "", GMAIL).forward is None


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("I agree.\n\nOn Friday Inês <ines@norte.test> wrote:\n> It is cracked.", "Re: Lamp"),
        ("See you at nine.", "Lunch"),
        ("From: now on we close at five", "Hours"),
    ],
)
def test_an_answer_and_a_mail_of_ones_own_pass_nothing_on(text: str, subject: str) -> None:
    assert forward(text, subject) is None


@pytest.mark.parametrize(
    "text",
    [
        GMAIL.replace("<ines@norte.test>", ""),
        GMAIL.replace(
            "It is cracked.", "---------- Forwarded message ---------\nFrom: Jo <jo@norte.test>\nTo: x"
        ),
    ],
    ids=["no address", "a forward of a forward"],
)
def test_where_it_is_not_plain_who_wrote_it_is_not_sure(text: str) -> None:
    found = forward(text)
    assert found is not None and not found.is_sure


def test_several_attached_mails_are_not_sure() -> None:
    part = ("--b", "Content-Type: message/rfc822", "", "From: ines@norte.test", "Subject: One", "", "Hi")
    message = read("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "Both", *part, *part, "--b--")
    assert message.forward is not None and not message.forward.is_sure


@pytest.mark.parametrize(
    "text",
    [
        " " * 100_000,
        "\n \n" * 30_000,
        ">" * 100_000,
        "From: a <a@b.c>\n" * 6_000,
        "Begin forwarded message:\n" + "From: <" * 20_000,
        "---------- Forwarded message ---------\n" * 3_000,
        "\n".join("Fra: " + "x " * 40 for _ in range(5_000)),
    ],
    ids=lambda text: text[:12].strip() or "blank",
)
def test_hostile_text_is_read_in_time(text: str) -> None:
    started = time.process_time()
    forward(text)
    assert time.process_time() - started < 4


@pytest.mark.skipif(not FORWARDS.exists(), reason="the test mail is not here")
def test_forwarded_mails_of_many_programs_are_read() -> None:
    total = found = right = wrong = 0
    for path in sorted(FORWARDS.rglob("*.expected.json")):
        expected = json.loads(path.read_text())
        body = path.with_name(path.name.replace(".expected.json", ".txt"))
        subject = path.with_name(path.name.replace(".expected.json", ".subject.txt"))
        named = subject.read_text().strip() if subject.exists() else "Fwd: it"
        answer = forward(body.read_text().replace("\r\n", "\n"), named)
        if not expected["forwarded"]:
            wrong += answer is not None
            continue
        total += 1
        found += answer is not None
        says = answer.original.sender.value if answer else ""
        right += says == (expected["from"]["address"] or "").lower()
        wrong += bool(answer and answer.is_sure and says != (expected["from"]["address"] or "").lower())
    print(f"\n{total} forwarded mails: {found} found, {right} name the right sender, {wrong} surely wrong")
    assert found >= 0.95 * total and right >= 0.9 * total and wrong == 0
