"""Header fields as senders write them."""

import time

import pytest

from channels.email.headers import Headers, message_ids, moment, normalise_address


def headers(*fields: tuple[str, bytes]) -> Headers:
    return Headers(fields)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b" plain ", "plain"),
        (b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?UTF-8?B?R3LDvMOfZQ==?= from =?iso-8859-1*de?q?K=F6ln?=", "Grüße from Köln"),
        (b"=?utf-8?Q?one_?=\n =?utf-8?Q?two?=", "one two"),
        (b"=?utf-8?B?4pw=?= =?utf-8?B?lA==?=", "✔"),  # one character in two words
        (b"=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),  # padding forgotten
        (b"=?nonsense?Q?=C3=BC?=", "ü"),
        (b"=?utf-8?Q?a b?=", "a b"),  # blanks are forbidden there, and frequent
        (b"=?broken", "=?broken"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("cp1252"), "Grüße"),
        (b"\x1b$B%F%9%H\x1b(B", "テスト"),
        (b"a\x00b\x07c", "a b c"),
        (b"folded\n  here", "folded here"),
    ],
)
def test_a_field_is_decoded_onto_one_line(raw: bytes, text: str) -> None:
    assert headers(("subject", raw)).text("subject") == text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'"Doe, Jane" <jane@x.org>', [("Doe, Jane", "jane@x.org")]),
        (b"Doe, Jane <jane@x.org>", [("Doe, Jane", "jane@x.org")]),
        (b"jane@x.org (Jane Doe)", [("Jane Doe", "jane@x.org")]),
        (b'"=?utf-8?Q?M=C3=BCller?=" <m@x.org>', [("Müller", "m@x.org")]),
        (b"=?utf-8?Q?M=C3=BCller=2C_Jan?= <m@x.org>", [("Müller, Jan", "m@x.org")]),
        (b"Team: a@x.org, B <b@x.org>; c@x.org", [("", "a@x.org"), ("B", "b@x.org"), ("", "c@x.org")]),
        (b"undisclosed-recipients:;", []),
        (b"<@relay,@other:jane@x.org>", [("", "jane@x.org")]),
        (b"jane@x.org; bob@x.org", [("", "jane@x.org"), ("", "bob@x.org")]),
        (b"<mailto:jane@x.org>", [("", "jane@x.org")]),
        (b"'Jane' <'jane@x.org'>", [("Jane", "jane@x.org")]),
        (b'"Jane <jane@x.org>', [("Jane", "jane@x.org")]),
        (b"Jane (no end <jane@x.org>", [("", "jane@x.org")]),
        (b'"eve@evil.org" <jane@x.org>', [("eve@evil.org", "jane@x.org")]),
        ("m@müller.de".encode(), [("", "m@xn--mller-kva.de")]),
        (b"MAILER-DAEMON", []),
        (b'"x" <>', []),
        (b"JANE@X.ORG, jane@x.org", [("", "jane@x.org")]),
    ],
)
def test_addresses_are_read_as_they_are_written(raw: bytes, expected: list[tuple[str, str]]) -> None:
    found = headers(("to", raw)).addresses("to")
    names = [name for name, _ in expected]
    assert [address.value for address in found] == [value for _, value in expected]
    assert [address.name.replace('"', "") for address in found] == names


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Jane.Doe+Shop@Example.ORG", "jane.doe+shop@example.org"),
        (" <jane@x.org> ", "jane@x.org"),
        ("mailto:jane@x.org", "jane@x.org"),
        ('"jane"@x.org', "jane@x.org"),
        ("jane@BÜCHER.example", "jane@xn--bcher-kva.example"),
        ("jane@x.org.", "jane@x.org"),
        ("root@localhost", "root@localhost"),
        ("jane@[192.0.2.1]", "jane@[192.0.2.1]"),
        ("jane", None),
        ("@x.org", None),
        ("jane@", None),
        ("ja ne@x.org", None),
        ("jane@x.org\r\nBcc: eve@x.org", None),
        ("jane\u2028@x.org", None),
        ("jane@x..org", None),
        ("jane@x_y!.org", None),
    ],
)
def test_an_address_has_one_normal_form_or_none(text: str, normal: str | None) -> None:
    assert normalise_address(text) == normal


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("<a@x>", ["a@x"]),
        ("<a@x> (said Bob) <b@x>", ["a@x", "b@x"]),
        ("<a@\n x>", ["a@x"]),
        ("a@x b@x", ["a@x", "b@x"]),
        ("Your message of Monday <a@x>", ["a@x"]),
        ("<a@x><a@x>", ["a@x"]),
        ("&lt;a@x&gt; &lt;b@x&gt;", ["a@x", "b@x"]),
        ("nothing here", []),
        ("", []),
    ],
)
def test_message_ids_are_found_amid_what_else_stands_there(text: str, ids: list[str]) -> None:
    assert message_ids([text]) == ids


@pytest.mark.parametrize(
    ("raw", "content_type", "name"),
    [
        (b"text/plain; charset=utf-8; name=a.txt", "text/plain", "a.txt"),
        (b'application/pdf; name="my \\"bill\\".pdf"', "application/pdf", 'my "bill".pdf'),
        (b"application/pdf; name=my bill.pdf", "application/pdf", "my bill.pdf"),
        (b"application/pdf; name*=utf-8''gr%C3%BC%C3%9Fe.pdf", "application/pdf", "grüße.pdf"),
        (b"a/b; name*1*=%C3%9Fe.pdf; name*0*=utf-8''gr%C3%BC", "a/b", "grüße.pdf"),
        (b"a/b; name*0=one; name*1=two", "a/b", "onetwo"),
        (b'a/b; name="=?utf-8?Q?gr=C3=BC=C3=9Fe.pdf?="', "a/b", "grüße.pdf"),
        (b'a/b; name="C:\\temp\\x.pdf"', "a/b", "C:\\temp\\x.pdf"),
        (b'a/b; name="no end', "a/b", "no end"),
        (b"text/plain charset=utf-8; name=x", "text/plain", "x"),
        (b"; name=x", "", "x"),
    ],
)
def test_parameters_are_read_in_all_their_spellings(raw: bytes, content_type: str, name: str) -> None:
    value, parameters = headers(("content-type", raw)).with_parameters("content-type")
    assert value == content_type
    assert parameters.get("name") == name


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Mon, 5 Jan 2026 11:00:00 +0100", "2026-01-05T10:00:00+00:00"),
        ("5 Jan 2026 11:00", "2026-01-05T11:00:00+00:00"),
        ("Mon, 05 Jan 2026 11:00:00 GMT (comment)", "2026-01-05T11:00:00+00:00"),
        ("2026-01-05T11:00:00+01:00", "2026-01-05T10:00:00+00:00"),
    ],
)
def test_a_date_is_a_moment_in_utc(text: str, iso: str) -> None:
    found = moment(text)
    assert found is not None and found.isoformat() == iso


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Mon, 99 Foo 2026",
        "1 Jan 1969 00:00:00 +0000",
        "1 Jan 99999",
        "2026-01-05",
        "Mon, 5 Jan 1850 10:00:00",
    ],
)
def test_a_date_that_cannot_be_is_none(text: str) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    "unit",
    [
        b'"',
        b"(",
        b"a,",
        b"<",
        b"<,",
        b"=?",
        b"=?a?q?",
        b"a@",
        b"\\",
        b";a*1=",
        b": ",
        b"<a@b>",
        b"=?utf-8?q?=e9?= ",
    ],
)
def test_the_largest_header_is_read_in_time(unit: bytes) -> None:
    value = unit * (256 * 1024 // len(unit))
    begun = time.process_time()
    found = headers(("to", value))
    found.addresses("to")
    found.text("to")
    found.ids("to")
    found.with_parameters("to")[1].get("a")
    assert time.process_time() - begun < 4
