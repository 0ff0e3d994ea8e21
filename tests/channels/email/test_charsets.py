"""Bytes to text, whatever the label says."""

import pytest

from channels.email.charsets import codec_of, decode


@pytest.mark.parametrize(
    ("text", "encoded_as", "declared"),
    [
        ("Grüße", "utf-8", "utf-8"),
        ("Grüße", "utf-8", "us-ascii"),
        ("Grüße", "utf-8", None),
        ("Grüße", "utf-8", "iso-8859-1"),
        ("“quoted” €", "cp1252", "iso-8859-1"),
        ("café au lait", "cp1252", None),
        ("café", "cp1252", "unknown-8bit"),
        ("中文㐀", "gb18030", "gb2312"),
        ("똠방각하", "cp949", "ks_c_5601-1987"),
        ("①髙﨑", "cp932", "Shift_JIS"),
        ("日本語", "iso-2022-jp", "ISO-2022-JP"),
        ("Привет", "koi8-r", "KOI8-R"),
        ("+ü", "utf-7", "unicode-1-1-utf-7"),
        ("ü", "cp1252", "windows-1252http-equivContent-Type"),
        ("שלום", "iso8859-8", "iso-8859-8-i"),
        ("日本語", "iso-2022-jp", None),
        ("日本語", "iso-2022-jp", "us-ascii"),
        ("램프", "iso-2022-kr", "utf-8"),
        ("Привет", "cp1251", "win-1251"),
    ],
)
def test_the_text_comes_back_under_true_false_and_missing_labels(
    text: str, encoded_as: str, declared: str | None
) -> None:
    assert decode(text.encode(encoded_as), declared) == text


def test_an_undeclared_text_of_some_length_is_guessed() -> None:
    russian = "Здравствуйте, я хотел бы узнать, когда придёт мой заказ. Спасибо за ответ."
    assert decode(russian.encode("cp1251")) == russian


def test_a_damaged_text_keeps_its_charset() -> None:
    damaged = "こんにちは、注文について質問があります。".encode("shift_jis") + b"\x81"
    assert decode(damaged, "shift_jis").startswith("こんにちは")


@pytest.mark.parametrize(
    "label", ["zlib", "rot13", "hex", "idna", "punycode", "unicode_escape", "x" * 500, "../x", ""]
)
def test_what_is_no_charset_is_not_used_as_one(label: str) -> None:
    assert codec_of(label) is None
    assert decode(b"plain", label) == "plain"


def test_half_a_surrogate_pair_never_comes_out() -> None:
    assert decode(b"a+2AA-b", "utf-7").encode() == b"a+2AA-b"
