"""Raw mail to messages, one peculiarity for each file of tests/emails."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from channels.email.parser import MailContext, parse
from inbox.envelopes import Address, Automatic, InboundMessage, SpanKind, Verdict
from inbox.errors import Refused
from inbox.texts import new_words

EMAILS = Path(__file__).parents[2] / "emails"
TOKEN = "c.abcdefghijklmnopqrstuvwxyz.abcdefgh234567ab"
CONTEXT = MailContext(
    mailbox_address="support@company.test",
    own_addresses=frozenset({"support@company.test", "sales@company.test"}),
    authserv_id="mx.company.test",
)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read(name: str) -> InboundMessage:
    return parse((EMAILS / name).read_bytes(), context=CONTEXT, store=digest_of)


def parse_lines(*lines: str, body: str = "Hello", context: MailContext = CONTEXT) -> InboundMessage:
    raw = "\r\n".join([*lines, "", body]).encode()
    return parse(raw, context=context, store=digest_of)


def test_a_plain_mail_gives_its_people_subject_words_and_moment() -> None:
    message = read("plain.eml")
    assert message.sender == Address("jane@example.org", "Doe, Jane")
    assert message.to == (Address("support@company.test", "Support"), Address("bob@example.org", "Bob B."))
    assert message.cc == (Address("carol@example.net"),)
    assert message.mailbox == "support@company.test"
    assert message.subject == "Where is my order?"
    assert message.text == "Hello,\n\nit should have come on Friday. Grüße\n\nJane"
    assert message.html is None
    assert message.sent_at == datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
    assert message.external_id == "first@example.org"
    assert message.automatic is None and message.bounce is None and not message.spam


def test_an_answer_names_its_references_nearest_first_and_its_tokens_in_lower_case() -> None:
    message = read("answer.eml")
    assert message.references == (
        "x1.C.ABCDEFGHIJKLMNOPQRSTUVWXYZ.ABCDEFGH234567AB@company.test",
        "first@example.org",
    )
    assert message.tokens == (TOKEN,)
    assert new_words(message.text, message.spans) == "It came today, thank you."


def test_a_token_is_found_in_the_envelope_address_too() -> None:
    message = parse_lines(f"Delivered-To: support+{TOKEN.upper()}@company.test", "From: a@b.org")
    assert message.tokens == (TOKEN,)


def test_references_are_trimmed_to_a_hundred() -> None:
    ids = " ".join(f"<{number}@x>" for number in range(300))
    message = parse_lines("From: a@b.org", f"References: {ids}")
    assert len(message.references) == 100
    assert message.references[0] == "299@x"


def test_of_alternatives_the_html_is_shown_and_the_plain_text_is_the_words() -> None:
    message = read("alternative.eml")
    assert message.text == "Plain words"
    assert message.html is not None and "<b>words</b>" in message.html
    assert message.attachments == ()


def test_a_plain_alternative_that_only_points_to_the_html_is_not_the_words() -> None:
    message = read("see_html.eml")
    assert message.text.startswith("My printer prints only the left half")


def test_a_picture_that_the_html_shows_is_inline_and_the_others_are_files() -> None:
    message = read("related.eml")
    shown, beside, invitation = message.attachments
    assert (shown.filename, shown.content_id, shown.inline) == ("shot.png", "shot@example.org", True)
    assert (beside.filename, beside.inline, beside.size) == ("image.png", False, 9)
    assert (invitation.filename, invitation.content_type) == ("invitation.ics", "text/calendar")


def test_an_attached_mail_is_a_file_whose_words_and_ids_stay_its_own() -> None:
    message = read("attached_mail.eml")
    assert message.text == "This is what I was sent."
    assert message.external_id == "outer@example.org"
    assert message.references == ()
    (attached,) = message.attachments
    assert attached.filename == "Your parcel - part 2.eml"
    assert attached.content_type == "message/rfc822"


def test_the_signature_of_a_signed_mail_is_no_file() -> None:
    message = read("signed.eml")
    assert message.text == "Signed words"
    assert message.attachments == ()


def test_a_winmail_dat_is_offered_as_a_file() -> None:
    (attachment,) = read("tnef.eml").attachments
    assert attachment.filename == "winmail.dat"


def test_flowed_lines_are_joined_and_quotes_and_signature_found() -> None:
    message = read("flowed.eml")
    assert message.text == (
        "> You asked whether we deliver.\n"
        "Yes, and this line goes on in the next one.\nFrom here it is stuffed.\n-- \nJane"
    )
    assert [span.kind for span in message.spans] == [SpanKind.QUOTE, SpanKind.SIGNATURE]


def test_a_mail_whose_end_is_missing_keeps_what_came() -> None:
    message = read("no_final_boundary.eml")
    assert message.text == "The words"
    (attachment,) = message.attachments
    assert attachment.filename == "bill.pdf"
    assert attachment.digest == digest_of(b"%PDF-1.4")


def test_lines_may_end_as_on_an_old_mac() -> None:
    message = read("cr_only.eml")
    assert message.subject == "An old Mac"
    assert message.text == "First line\nSecond line"


def test_line_ends_that_a_gateway_has_doubled_are_ends_of_lines() -> None:
    raw = b"From: jane@shop.example\r\r\nSubject: Lamp\r\r\n\r\r\nIt is\r\r\ncracked.\r\r\n"
    message = parse(raw, context=CONTEXT, store=digest_of)
    assert (message.subject, message.text.split()) == ("Lamp", ["It", "is", "cracked."])


def test_a_comment_beside_the_transfer_encoding_is_none() -> None:
    fields = ("From: jane@shop.example", "Content-Transfer-Encoding: (mime) base64 (rfc2045)")
    message = parse_lines(*fields, body="R3LDvMOfZSBhbiBhbGxl")
    assert message.text == "Grüße an alle"


def test_an_undeclared_subject_has_the_charset_of_the_body() -> None:
    message = read("raw_8bit_subject.eml")
    assert message.subject == "ご注文について"
    assert message.sender.name == "山田"
    assert message.text == "こんにちは"


def test_a_bounce_names_our_mail_and_what_became_of_each_recipient() -> None:
    message = read("bounce.eml")
    assert message.automatic is Automatic.BOUNCE
    assert message.bounce is not None
    assert message.bounce.message_ids == ("sent@company.test",)
    jane, bob = message.bounce.recipients
    assert (jane.address, jane.action, jane.status) == ("jane@example.org", "failed", "5.1.1")
    assert jane.diagnostic.startswith("550 5.1.1")
    assert (bob.address, bob.action, bob.status) == ("bob@example.org", "delayed", "4.2.2")


def test_a_vacation_notice_is_automatic() -> None:
    assert read("vacation.eml").automatic is Automatic.AUTO_REPLY


def test_a_mail_without_a_usable_sender_gets_one_that_reaches_nobody() -> None:
    assert read("no_sender.eml").sender.value == "mailer-daemon@unknown.invalid"
    first = parse_lines("To: support@company.test", "Subject: x", body="one")
    second = parse_lines("To: support@company.test", "Subject: x", body="two")
    assert first.sender.value.endswith("@unknown.invalid")
    assert first.sender != second.sender


def test_html_alone_becomes_words_and_its_quote_is_found_in_the_tree() -> None:
    message = read("outlook.eml")
    assert new_words(message.text, message.spans) == "Thank you, that solved it.\n\nJane"
    assert "please restart it" in message.text
    assert "color: red" not in message.text


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Sender: jane@example.org", "jane@example.org"),
        ("Reply-To: Jane <jane@example.org>", "jane@example.org"),
        ("Return-Path: <jane@example.org>", "jane@example.org"),
    ],
)
def test_without_from_another_header_names_the_sender(header: str, expected: str) -> None:
    message = parse_lines('From: "Jane" <>', header, "Subject: x")
    assert message.sender.value == expected


def test_the_reply_to_is_kept_beside_the_sender() -> None:
    message = parse_lines("From: a@b.org", "Reply-To: C <c@d.org>")
    assert message.sender.value == "a@b.org"
    assert message.reply_to == Address("c@d.org", "C")
    assert parse_lines("From: a@b.org", "Reply-To: A@b.org").reply_to is None


def test_what_servers_add_does_not_change_the_content_hash() -> None:
    raw = (EMAILS / "plain.eml").read_bytes()
    travelled = (
        b"Received: from a by b; Mon, 5 Jan 2026 10:00:09 +0000\r\nX-Spam-Flag: NO\r\nDKIM-Signature: v=1\r\n"
        b"Authentication-Results: mx.company.test; dmarc=pass\r\n" + raw.replace(b"\n", b"\r\n") + b"\r\n"
    )
    one = parse(raw, context=CONTEXT, store=digest_of)
    other = parse(travelled, context=CONTEXT, store=digest_of)
    assert one.content_hash == other.content_hash


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Jane@Example.ORG", b"eve@example.org"),
        (b"bob@example.org", b"eve@example.org"),
        (b"carol@example.net", b"eve@example.net"),
        (b"my order", b"your order"),
        (b"11:00:00", b"11:00:01"),
        (b"first@example.org", b"other@example.org"),
        (b"on Friday", b"on Monday"),
    ],
)
def test_who_what_and_when_change_the_content_hash(before: bytes, after: bytes) -> None:
    raw = (EMAILS / "plain.eml").read_bytes()
    assert before in raw
    one = parse(raw, context=CONTEXT, store=digest_of)
    other = parse(raw.replace(before, after), context=CONTEXT, store=digest_of)
    assert one.content_hash != other.content_hash


def test_spam_is_what_a_trusted_server_calls_spam() -> None:
    assert parse_lines("From: a@b.org", "X-Spam-Flag: YES").spam
    assert parse_lines("From: a@b.org", "X-Spam-Status: Yes, score=9.1").spam
    assert not parse_lines("From: a@b.org", "X-Spam-Status: No, score=1").spam
    nobody_trusted = MailContext(mailbox_address="support@company.test")
    assert not parse_lines("From: a@b.org", "X-Spam-Flag: YES", context=nobody_trusted).spam


def test_the_verdict_of_the_configured_server_is_read() -> None:
    message = parse_lines(
        "Authentication-Results: mx.company.test; dmarc=pass header.from=b.org", "From: a@b.org"
    )
    assert message.authentication.dmarc is Verdict.PASS


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not an email"),
        (b"\x00" * 5000, "not an email"),
        (b"GIF89a just bytes", "not an email"),
        (b"From: a@b.org\r\n" + b"X-A: b\r\n" * 2000 + b"\r\n", "longer than 1,000 lines"),
        (b"From: a@b.org\r\nX-A: " + b"b" * 300_000 + b"\r\nX-B: c\r\n\r\n", "256 KiB"),
    ],
)
def test_what_is_no_mail_or_too_much_is_refused_with_the_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        parse(raw, context=CONTEXT, store=digest_of)


def test_too_many_parts_are_refused() -> None:
    raw = b"From: a@b.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 1001
    with pytest.raises(Refused, match="more than 1,000 parts"):
        parse(raw, context=CONTEXT, store=digest_of)


def test_parts_nested_too_deep_are_refused() -> None:
    raw = b"From: a@b.org\r\n"
    for level in range(60):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
    with pytest.raises(Refused, match="nested more than 50 deep"):
        parse(raw, context=CONTEXT, store=digest_of)


def test_a_mail_beyond_the_size_limit_is_refused() -> None:
    small = MailContext(mailbox_address="support@company.test", max_bytes=1024 * 1024)
    with pytest.raises(Refused, match="larger than 1 MiB"):
        parse(b"From: a@b.org\r\n\r\n" + b"x" * 1024 * 1024, context=small, store=digest_of)


def test_a_huge_text_is_shown_in_part_and_kept_as_a_file() -> None:
    raw = b"From: a@b.org\r\n\r\n" + b"line\r\n" * 400_000
    message = parse(raw, context=CONTEXT, store=digest_of)
    assert len(message.text) == 999_999  # without the line break at its end
    assert [attachment.size for attachment in message.attachments] == [2_400_000]


LINES = """From: |To: |Cc: |Subject: |Date: |Content-Type: |multipart/mixed|multipart/alternative|text/html
multipart/report; report-type=delivery-status|message/rfc822|message/delivery-status|; boundary=b
; boundary="|; charset=|utf-7|utf-16|iso-2022-jp|zlib|text/plain|--b|--b--|=?utf-8?q?=FF?=|=?x?b?////?=
; name*0*=utf-8''%FF|; name*1=x|<|>|(|@|,|:|Content-Transfer-Encoding: base64|begin 644 x|a@b.c|99999999
Content-Transfer-Encoding: x-uuencode|Final-Recipient: rfc822; a@b.c|Received: |MAILER-DAEMON
Authentication-Results: mx.company.test; dmarc=|On Mon, 1 Jan 2026, a@b.c wrote:|> q|-- 
<blockquote type=cite>|<div><table>"""
BREAKS = [b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\x00", b"\xff\xfe", b"\xed\xa0\x80"]
PIECES = st.sampled_from([piece.encode() for line in LINES.split("\n") for piece in line.split("|")] + BREAKS)


def check_never_raises(raw: bytes) -> None:
    try:
        message = parse(raw, context=CONTEXT, store=digest_of)
    except Refused as refusal:
        assert str(refusal)
        return
    for text in (message.text, message.subject, message.sender.name, message.html or ""):
        assert "\x00" not in text
        text.encode()  # no lone surrogates: a database would refuse them
    assert all(0 <= span.start < span.end <= len(message.text) for span in message.spans)
    assert all(one.end <= other.start for one, other in zip(message.spans, message.spans[1:], strict=False))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_refused(raw: bytes) -> None:
    check_never_raises(raw)
    check_never_raises(b"From: a@b.org\r\n" + raw)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=40))
def test_any_jumble_of_the_pieces_of_mail_is_a_message_or_refused(pieces: list[bytes]) -> None:
    check_never_raises(b"".join(pieces))


def test_the_store_is_given_each_attachment_once() -> None:
    kept: list[bytes] = []

    def store(content: bytes) -> str:
        kept.append(content)
        return digest_of(content)

    keep: Callable[[bytes], str] = store
    parse((EMAILS / "related.eml").read_bytes(), context=CONTEXT, store=keep)
    assert len(kept) == 3


def test_html_and_plain_parts_in_a_row_are_one_text_with_their_quotes() -> None:
    raw = (
        b"From: a@b.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nFirst\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>Second</p><blockquote type=cite>Old</blockquote>\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nThird\r\n--b--\r\n"
    )
    message = parse(raw, context=CONTEXT, store=digest_of)
    assert message.text == "First\n\nSecond\n\nOld\n\nThird"
    assert new_words(message.text, message.spans) == "First\n\nSecond\nThird"
    assert message.html is not None and "First" in message.html


def test_a_blank_before_the_first_colon_makes_no_separator_of_an_mbox() -> None:
    message = parse_lines("From : Jane <jane@example.org>", "Subject : Lamp")
    assert (message.sender.value, message.subject, message.text) == ("jane@example.org", "Lamp", "Hello")


def test_html_under_the_name_of_plain_text_is_html() -> None:
    head = ("From: jane@example.org", "Content-Type: text/plain")
    message = parse_lines(*head, body="<html><body><p>Hello <b>you</b></p></body></html>")
    assert message.html is not None and message.text.strip() == "Hello you"
    asked = parse_lines(*head, body="<div> is red. How do I make a <div> blue?")
    assert asked.html is None and asked.text.startswith("<div> is red")


@pytest.mark.parametrize("plain", ["Your program does not support HTML mail.", "Please see the HTML version"])
def test_a_plain_alternative_that_only_names_the_html_says_nothing(plain: str) -> None:
    parts = f"--b\r\n\r\n{plain}\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hi there</p>\r\n--b--"
    head = ("From: jane@example.org", "Content-Type: multipart/alternative; boundary=b")
    assert parse_lines(*head, body=parts).text.strip() == "Hi there"


def test_behind_a_group_of_ours_stands_who_it_says_has_written() -> None:
    via = "From: 'Jane' via Support <support@company.test>"
    behind = "X-Original-From: Jane <jane@example.org>"
    for lines in ((via, behind), (via, behind, "Reply-To: support@company.test")):
        assert parse_lines(*lines).reply_to == Address("jane@example.org", "Jane")
    assert parse_lines("From: bob@example.org", behind).reply_to is None
