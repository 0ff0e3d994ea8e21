"""Mail that we write: every program reads it the same way, and nothing typed can become a header."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import getaddresses
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, strategies as st

from channels.email.composer import compose
from inbox.envelopes import Address, ChannelKind, OutboundAttachment, OutboundMessage
from inbox.errors import Invalid

INJECTIONS = Path(__file__).parents[4] / "shared/data/attacks/header_injection.jsonl"
TOKEN = f"c.{'s' * 26}.{'k' * 16}"
MESSAGE = OutboundMessage(
    message_id="m" * 26,
    external_id=f"{'m' * 26}.{TOKEN}@shop.example",
    channel=ChannelKind.EMAIL,
    sender=Address("support@shop.example", "Maya at Shop"),
    to=(Address("jane@customer.example", "Jane Doe"),),
    subject="Re: Order 48213",
    text="It **left** us today.",
    token=TOKEN,
    written_at=datetime(2026, 11, 20, 10, 0, tzinfo=UTC),
)


def composed(message: OutboundMessage) -> EmailMessage:
    return message_from_bytes(raw(message), policy=policy.default)


def raw(message: OutboundMessage) -> bytes:
    return compose(message, {"report": b"%PDF-1.7\r\n\x00\xff"}.__getitem__)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return cast(str, part.get_content()).replace("\r\n", "\n")


def test_a_reply_carries_who_wrote_it_to_whom_and_when() -> None:
    mail = composed(replace(MESSAGE, cc=(Address("joe@customer.example"),)))

    assert mail["From"] == "Maya at Shop <support@shop.example>"
    assert mail["To"] == "Jane Doe <jane@customer.example>"
    assert mail["Cc"] == "joe@customer.example"
    assert mail["Subject"] == "Re: Order 48213"
    assert mail["Date"].datetime == MESSAGE.written_at
    assert mail["Message-ID"] == f"<{MESSAGE.external_id}>"
    assert mail["Reply-To"] == f"Maya at Shop <support+{TOKEN}@shop.example>"
    assert mail.defects == []


def test_blind_copies_are_nowhere_in_the_mail() -> None:
    assert b"secret" not in raw(replace(MESSAGE, bcc=(Address("secret@customer.example", "secret"),)))


def test_without_a_token_answers_come_to_the_mailbox_itself() -> None:
    assert composed(replace(MESSAGE, token=""))["Reply-To"] is None


def test_the_text_is_what_the_agent_typed_and_the_html_what_it_means() -> None:
    mail = composed(replace(MESSAGE, text="Grüße, **Maya**\n.\nFrom here"))

    assert mail.get_content_type() == "multipart/alternative"
    assert body(mail, "plain") == "Grüße, **Maya**\n.\nFrom here\n"
    assert "<strong>Maya</strong>" in body(mail, "html")


def test_html_that_a_program_sent_loses_its_scripts() -> None:
    markup = body(composed(replace(MESSAGE, html="<p onclick=x()>Hi<script>x()</script></p>")), "html")

    assert "<p>Hi</p>" in markup
    assert "x()" not in markup


def test_the_last_message_is_quoted_below_the_answer() -> None:
    asked = datetime(2026, 11, 19, 9, 12, tzinfo=UTC)
    mail = composed(
        replace(MESSAGE, quoted_text="Where is it?\n\n<b>Jane</b>", quoted_author="Jane Doe", quoted_at=asked)
    )

    assert body(mail, "plain") == (
        "It **left** us today.\n\n"
        "On Thu, 19 Nov 2026 at 09:12 UTC, Jane Doe wrote:\n> Where is it?\n>\n> <b>Jane</b>\n"
    )
    assert '<blockquote class="gmail_quote" type="cite">Where is it?<br>' in body(mail, "html")
    assert "&lt;b&gt;Jane&lt;/b&gt;" in body(mail, "html")


def test_a_long_quote_is_cut() -> None:
    text = body(composed(replace(MESSAGE, quoted_text="\n".join(str(line) for line in range(5000)))), "plain")

    assert text.endswith("> 199\n> […]\n")


def test_references_keep_their_ends_and_the_parent_is_answered() -> None:
    ids = tuple(f"{number:070d}@customer.example" for number in range(100))
    mail = composed(replace(MESSAGE, references=ids))

    kept = [*ids[:20], *ids[-20:]]
    assert mail["References"].split() == [f"<{id}>" for id in kept]
    assert mail["In-Reply-To"] == f"<{ids[-1]}>"


def test_a_reference_that_is_no_id_is_left_out() -> None:
    mail = composed(replace(MESSAGE, references=("a@customer.example", "not an id", "b>@x", "é@x")))

    assert mail["References"] == "<a@customer.example>"
    assert mail["In-Reply-To"] == "<a@customer.example>"


def test_a_first_message_refers_to_nothing() -> None:
    mail = composed(MESSAGE)

    assert mail["References"] is None
    assert mail["In-Reply-To"] is None


def test_files_are_attached_as_they_are() -> None:
    files = tuple(
        OutboundAttachment(filename=name, content_type=kind, size=12, digest="report")
        for name, kind in [
            ("Übersicht 报告.pdf", "application/pdf"),
            ("mail.eml", "message/rfc822"),
            ("strange", "x\r\nBcc: y"),
        ]
    )
    attached = list(composed(replace(MESSAGE, attachments=files)).iter_attachments())

    assert [part.get_filename() for part in attached] == ["Übersicht 报告.pdf", "mail.eml", "strange"]
    assert [part.get_content_type() for part in attached] == [
        "application/pdf",
        "application/octet-stream",
        "application/octet-stream",
    ]
    assert {part.get_payload(decode=True) for part in attached} == {b"%PDF-1.7\r\n\x00\xff"}


def test_an_international_domain_goes_out_in_ascii() -> None:
    mail = raw(replace(MESSAGE, to=(Address("jane@bücher.example"),)))

    assert b"To: jane@xn--bcher-kva.example\r\n" in mail
    assert mail.isascii()


def test_only_an_address_with_a_foreign_local_part_needs_utf8() -> None:
    assert "To: 用户@shop.example\r\n".encode() in raw(replace(MESSAGE, to=(Address("用户@shop.example"),)))


def test_lines_end_with_crlf_and_none_is_too_long() -> None:
    long = replace(
        MESSAGE,
        subject="Überlange " * 300,
        text="x" * 100_000 + "\n" + "ü" * 10_000,
        to=tuple(Address(f"jane{number}@customer.example", "J" * 300) for number in range(100)),
    )
    lines = raw(long).split(b"\r\n")

    assert max(map(len, lines)) <= 998
    assert not any(b"\n" in line or b"\r" in line for line in lines)


def test_an_encoded_word_that_was_typed_stays_what_was_typed() -> None:
    subject = "=?utf-8?q?hi=0D=0ABcc:_x=40x.example?="
    mail = composed(replace(MESSAGE, subject=subject))

    assert mail["Subject"] == subject
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    "end", ["\r", "\n", "\r\n", "\0", "\x0b", "\x0c", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_a_line_break_in_any_header_is_refused(end: str) -> None:
    evil = f"x{end}Bcc: victim@customer.example"
    attachment = OutboundAttachment(filename=evil, content_type="text/plain", size=1, digest="report")
    for message in [
        replace(MESSAGE, subject=evil),
        replace(MESSAGE, sender=Address("support@shop.example", evil)),
        replace(MESSAGE, sender=Address(f"support@shop.example{end}")),
        replace(MESSAGE, to=(Address("jane@customer.example", evil),)),
        replace(MESSAGE, to=(Address(evil),)),
        replace(MESSAGE, cc=(Address(f"{evil}@customer.example"),)),
        replace(MESSAGE, bcc=(Address(evil),)),
        replace(MESSAGE, external_id=evil),
        replace(MESSAGE, references=("a@b", evil)),
        replace(MESSAGE, token=evil),
        replace(MESSAGE, attachments=(attachment,)),
    ]:
        with pytest.raises(Invalid):
            raw(message)


def injections() -> Iterator[dict[str, str]]:
    if not INJECTIONS.exists():
        pytest.skip("the corpus of header injections is not here")
    for line in INJECTIONS.read_text().splitlines():
        yield json.loads(line)


def test_no_known_injection_adds_a_header_or_a_recipient() -> None:
    for case in injections():
        payload = case["payload"]
        attempts = {
            "to": replace(MESSAGE, to=(Address(payload),)),
            "subject": replace(MESSAGE, subject=payload),
            "name": replace(MESSAGE, sender=Address("support@shop.example", payload)),
            "from": replace(MESSAGE, sender=Address("support@shop.example", payload)),
            "message_id": replace(MESSAGE, external_id=payload),
        }
        try:
            mail = message_from_bytes(raw(attempts[case["field"]]))
        except Invalid:
            continue
        assert mail["Bcc"] is None, case["id"]
        assert mail["X-Evil"] is None, case["id"]
        assert mail.get_content_type() == "multipart/alternative", case["id"]
        assert len(getaddresses([mail["To"]])) == 1, case["id"]


@given(name=st.text(max_size=200), subject=st.text(max_size=400))
def test_whatever_is_typed_is_refused_or_arrives_as_typed(name: str, subject: str) -> None:
    try:
        parsed = message_from_bytes(
            raw(replace(MESSAGE, subject=subject, sender=Address("support@shop.example", name)))
        )
    except Invalid:
        return

    assert parsed.keys()[:4] == ["From", "To", "Reply-To", "Subject"]
    assert words(decoded(parsed, "Subject")) == words(subject)
    assert decoded(parsed, "From").endswith(
        "support@shop.example>" if words(name) else "support@shop.example"
    )


def decoded(message: Message, name: str) -> str:
    return str(make_header(decode_header(message[name])))


def words(text: str) -> list[str]:
    visible = "".join(" " if ord(char) < 32 or 127 <= ord(char) < 160 else char for char in text)
    return visible.encode("utf-8", "replace").decode().split()


def test_below_the_words_stand_the_signature_what_is_passed_on_and_what_is_answered() -> None:
    message = composed(
        replace(
            MESSAGE,
            signature="**Maya**\nShop",
            forwarded="---------- Forwarded message ----------\nFrom: Ana\n\n# 5 <b>lamps</b>",
            quoted_text="When?",
            quoted_author="Jane Doe",
        )
    )
    text, markup = body(message, "plain"), body(message, "html")
    parts = ("It **left**", "-- \n**Maya**", "Forwarded message", "# 5 <b>lamps</b>", "> When?")
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    assert "<strong>Maya</strong>" in markup and "gmail_signature" in markup
    assert "# 5 &lt;b&gt;lamps&lt;/b&gt;" in markup, "somebody else's words are no Markdown of ours, nor HTML"


def test_a_message_may_be_passed_on_without_a_word() -> None:
    message = composed(replace(MESSAGE, text="", forwarded="The shade is cracked."))
    assert body(message, "plain") == "The shade is cracked.\n"


def test_a_signature_or_a_forwarded_message_cannot_become_a_header() -> None:
    attack = "\r\nBcc: all@victim.test\r\n\r\n"
    message = composed(replace(MESSAGE, signature=attack, forwarded=attack))
    assert message["Bcc"] is None and message["To"] == "Jane Doe <jane@customer.example>"


def test_what_nobody_wrote_says_so_and_asks_for_no_answer() -> None:
    message = composed(replace(MESSAGE, automatic=True))
    assert message["Auto-Submitted"].startswith("auto-")
    assert message["X-Auto-Response-Suppress"] == "All" and composed(MESSAGE)["Auto-Submitted"] is None
