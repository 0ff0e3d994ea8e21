"""What stands inside of mail beside plain words: files amid the words, packed files, invitations, seals."""

import base64
import hashlib
import struct
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7

from channels.email.embedded import take_files
from channels.email.parser import MailContext, parse
from channels.email.tnef import read_tnef
from inbox.clock import now
from inbox.envelopes import InboundMessage
from inbox.texts import new_words

HEADER = "From: Jane <jane@shop.example>\nTo: help@desk.example\nSubject: Order\nMIME-Version: 1.0\n"
EVENT = """BEGIN:VCALENDAR
METHOD:{method}
BEGIN:VEVENT
SUMMARY:Fitting\\, second
LOCATION:Main street 5
DTSTART;TZID=Europe/Berlin:20260105T150000
DTEND;TZID=Europe/Berlin:20260105T161500
ORGANIZER;CN="Doe, Jane":mailto:jane@shop.example
ATTENDEE;PARTSTAT=DECLINED;CN=Bob:MAILTO:bob@shop.example
BEGIN:VALARM
SUMMARY:not this
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def read(raw: str | bytes) -> tuple[InboundMessage, dict[str, bytes]]:
    kept: dict[str, bytes] = {}

    def store(content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        kept[digest] = content
        return digest

    raw = raw.encode() if isinstance(raw, str) else raw
    message = parse(raw, context=MailContext(mailbox_address="help@desk.example"), store=store)
    return message, {file.filename: kept[file.digest] for file in message.attachments}


def alternatives(*parts: str) -> str:
    return (
        HEADER
        + "Content-Type: multipart/alternative; boundary=B\n\n"
        + "".join(f"--B\nContent-Type: {part}\n" for part in parts)
        + "--B--\n"
    )


def test_a_uuencoded_file_amid_the_words_is_a_file() -> None:
    message, files = read(HEADER + "\nsee here\n\nbegin 644 te st.txt\n#0V%T\n`\nend\n\nbye\n")
    assert message.text.split() == ["see", "here", "bye"]
    assert files == {"te st.txt": b"Cat"}


def test_words_that_begin_are_no_file() -> None:
    text = "begin 100 things at once\nand end\n\nbegin 644 x\nend"
    message, files = read(HEADER + "\n" + text)
    assert message.text == text and not files


def test_a_million_beginnings_of_files_are_read_once() -> None:
    started = time.process_time()
    for lines in (b"begin 644 a\n", b"begin 644 a\nM\n", b"=ybegin line=128 size=1 name=a\n"):
        assert take_files(lines * (1_000_000 // len(lines)) + b"end\n")[0]
    assert time.process_time() - started < 4


def test_a_file_in_yenc_is_a_file() -> None:
    lines = bytes((byte + 42) % 256 for byte in b"Cat\xd6")  # the last one becomes NUL, which is escaped
    lines = lines.replace(b"\x00", b"=@")
    body = b"\nhi\n=ybegin line=128 size=4 name=a cat.bin\n" + lines + b"\n=yend size=4\nbye\n"
    message, files = read(HEADER.encode() + body)
    assert message.text == "hi\nbye" and files == {"a cat.bin": b"Cat\xd6"}


def attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, 6, len(data)) + data + b"\x00\x00"


def packed(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def test_the_files_of_a_winmail_dat_are_files_of_the_mail() -> None:
    stream = packed(
        attribute(1, 0x9007, struct.pack("<II", 1251, 0)),
        attribute(2, 0x9002, b"\x01\x00"),
        attribute(2, 0x8010, "счёт.txt\x00".encode("cp1251")),
        attribute(2, 0x800F, b"17.50"),
    )
    message, files = read(
        HEADER + "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nsee there\n--B\n"
        "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(stream).decode()
        + "--B--\n"
    )
    assert message.text == "see there" and files == {"счёт.txt": b"17.50"}


def test_a_damaged_winmail_dat_gives_what_is_whole() -> None:
    stream = packed(
        attribute(2, 0x9002, b"\x01\x00"),
        attribute(2, 0x8010, b"a.txt\x00"),
        attribute(2, 0x800F, b"whole"),
        attribute(2, 0x9005, b"\xff\xff\xff\xff\x0d\x00"),
        struct.pack("<BHHI", 2, 0x9002, 6, 4_000_000_000),
    )
    found = read_tnef(stream)
    assert found is not None and [(file.name, file.content) for file in found.files] == [("a.txt", b"whole")]
    assert read_tnef(b"no such thing") is None


def test_an_invitation_says_what_when_where_and_from_whom() -> None:
    message, files = read(
        alternatives(
            "text/plain\n\nPlease come.",
            "text/html\n\n<p>Please come.</p>",
            "text/calendar; method=REQUEST\n\n" + EVENT.format(method="REQUEST"),
        )
    )
    assert message.text == "Please come."
    assert message.fields == (
        ("Invitation", "Fitting, second"),
        ("When", "Monday, 5 January 2026, 15:00 to 16:15 Europe/Berlin"),
        ("Where", "Main street 5"),
        ("Organiser", "Doe, Jane (jane@shop.example)"),
    )
    assert files["invitation.ics"].startswith(b"BEGIN:VCALENDAR")


def test_an_answer_to_an_invitation_alone_has_words() -> None:
    message, _ = read(HEADER + "Content-Type: text/calendar\n\n" + EVENT.format(method="REPLY"))
    assert message.text.startswith("Answer to an invitation: Fitting, second\nAnswer: Bob")
    assert "declined" in message.text


@pytest.mark.parametrize("kind", ["text/x-amp-html", "text/watch-html"])
def test_other_shapes_of_the_words_are_no_files(kind: str) -> None:
    message, files = read(alternatives("text/plain\n\nhi", f"{kind}\n\n<b>hi</b>", "text/html\n\n<p>hi</p>"))
    assert message.text == "hi" and not files


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("text/enriched", "<bold>Hi</bold>\nthere, 1 << 2\n\nnew\n", "Hi there, 1 < 2\nnew"),
        ("text/richtext", "<bold>Hi</bold><nl>there", "Hi\nthere"),
        ("text/x-whatever", "Hi", "Hi"),
    ],
)
def test_texts_of_rare_kinds_are_read(kind: str, body: str, words: str) -> None:
    assert read(f"{HEADER}Content-Type: {kind}\n\n{body}")[0].text.strip() == words


def test_a_boundary_that_is_not_the_one_declared_is_found() -> None:
    message, _ = read(
        HEADER
        + "Content-Type: multipart/mixed; boundary=other\n\n"
        + "--B\nContent-Type: text/plain\n\nhi\n--B--\n"
    )
    assert message.text == "hi"


def test_a_text_under_a_multipart_type_stays_a_text() -> None:
    text = "Our dates:\n--Monday\n--Tuesday\nThanks"
    assert read(HEADER + "Content-Type: multipart/mixed; boundary=x\n\n" + text)[0].text == text


def test_mail_signed_in_one_piece_is_opened_and_encrypted_mail_is_named() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Jane")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    certificate = (
        builder.serial_number(1).not_valid_before(now()).not_valid_after(now()).sign(key, hashes.SHA256())
    )
    sealed = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(b"Content-Type: text/plain\r\n\r\nsigned words\r\n")
        .add_signer(certificate, key, hashes.SHA256())
        .sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    kind = "Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n"
    message, files = read(HEADER + kind + base64.encodebytes(sealed).decode())
    assert message.text == "signed words" and not files
    message, files = read(HEADER + kind + base64.encodebytes(b"\x30\x03\x02\x01\x00").decode())
    assert "encrypted" in message.text and list(files) == ["smime.p7m"]


def test_the_armor_of_words_signed_in_place_is_set_apart() -> None:
    message, _ = read(
        HEADER + "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhello\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n"
    )
    assert new_words(message.text, message.spans) == "hello"


@pytest.mark.parametrize(
    ("written", "address", "name"),
    [
        ('"x" <>', "x@unknown.invalid", "x"),
        ("MAILER-DAEMON (Mail Delivery System)", "mailer-daemon@unknown.invalid", "MAILER-DAEMON"),
        ("Pete <pete(his account)@silly.test(his host)>", "pete@silly.test", "Pete"),
        ('Jane <"jane doe"@x.example>', '"jane doe"@x.example', "Jane"),
        ("=?UTF-8?Q?=22Jane=22_=3Cjane=40x.example=3E?=", "jane@x.example", "Jane"),
        ("Jane Doe jane@x.example", "jane@x.example", "Jane Doe"),
        ("jane@x . example", "jane@x.example", ""),
        ("Mr. Doe jane@x.example", "jane@x.example", "Mr. Doe"),
        ("\"'Jane' via Sales\" <sales@x.example>", "sales@x.example", "'Jane' via Sales"),
    ],
)
def test_odd_senders_are_read(written: str, address: str, name: str) -> None:
    sender = read(f"From: {written}\nSubject: x\n\nhi")[0].sender
    assert (sender.value, sender.name) == (address, name)


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("x-mac-japanese", "cp932", "山田"),
        ("x-mac-centraleurroman", "mac_latin2", "Žižek"),
        ("utf-16", "utf-16", "héllo"),
        ("windows-874", "cp874", "สวัสดี"),
        ("x-windows-949", "cp949", "안녕"),
    ],
)
def test_charsets_of_old_systems_are_known(charset: str, codec: str, text: str) -> None:
    head = f"{HEADER}Content-Type: text/plain; charset={charset}\n\n".encode()
    assert read(head + text.encode(codec) + b"\n")[0].text == text


def test_a_footer_that_a_list_set_below_encoded_words_spoils_neither() -> None:
    words = base64.encodebytes("Größe 40 gibt es nicht mehr?".encode()).decode()
    kind = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    message, _ = read(HEADER + kind + words + "\n-- \nYou are on the list lamps.\n")
    assert message.text.split("\n\n") == ["Größe 40 gibt es nicht mehr?", "-- \nYou are on the list lamps."]
    for plain in ("Test\nthis is plain, indeed.", "Hello\n\nthis is plain, too"):
        assert read(HEADER + kind + plain)[0].text == plain
