"""Words that Outlook keeps as RTF."""

import struct
import time

import pytest

from channels.email.rtf import read_rtf, unpack_rtf
from channels.email.tnef import read_tnef

PACKED = 0x75465A4C
PLAIN = 0x414C454D


def compressed(rtf: bytes) -> bytes:
    """Every byte as it is: eight of them behind each byte of flags."""
    runs = [b"\x00" + rtf[start : start + 8] for start in range(0, len(rtf), 8)]
    return struct.pack("<IIII", 0, len(rtf), PACKED, 0) + b"".join(runs)


def test_a_stream_is_unpacked_with_what_stands_in_its_window() -> None:
    # The example of [MS-OXRTFCP] §3.1.1: references into what the window holds from the beginning.
    stream = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpack_rtf(stream) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@pytest.mark.parametrize("pack", [compressed, lambda rtf: struct.pack("<IIII", 0, len(rtf), PLAIN, 0) + rtf])
def test_plain_words_come_out_with_their_line_breaks_and_letters(pack: object) -> None:
    rtf = (
        b"{\\rtf1\\ansi\\ansicpg1251\\deff0{\\fonttbl{\\f0\\fcharset204 Arial;}{\\f1\\fcharset0 Times;}}"
        b"{\\*\\generator Riched20;}{\\colortbl;\\red0\\green0\\blue0;}\\uc1\\f0 "
        b"\\'cf\\'f0\\'e8\\'e2\\'e5\\'f2,\\par\r\n"
        b"it is \\{cracked\\}\\u8230?\\tab 5\\u8364?\\line\\u-10179?\\u-8704?"
        b"{\\field{\\*\\fldinst HYPERLINK x}{\\fldrslt here}}}\x00"
    )
    words, is_html = read_rtf(unpack_rtf(pack(rtf)))  # type: ignore[operator]
    assert (words, is_html) == ("Привет,\nit is {cracked}…\t5€\n😀here", False)


def test_html_comes_out_as_it_was_written() -> None:
    rtf = (
        b"{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl{\\f0\\fswiss Arial;}}"
        b'{\\*\\htmltag64}{\\*\\htmltag18 <html>}{\\*\\htmltag34 <p style="x">}\\htmlrtf {\\htmlrtf0 It is'
        b"{\\*\\htmltag84 <b>}\\htmlrtf {\\b\\htmlrtf0  cracked{\\*\\htmltag92 </b>}\\htmlrtf\\b0}\\htmlrtf0"
        b"{\\*\\htmltag84 &lt;}\\htmlrtf <\\htmlrtf0 3"
        b"{\\*\\mhtmltag84 <img src=old>}\\htmlrtf\\par}\\htmlrtf0"
        b"{\\*\\htmltag72 </p>}{\\*\\htmltag27 </html>}}"
    )
    assert read_rtf(rtf) == ('<html><p style="x">It is<b> cracked</b>&lt;3</p></html>', True)


def test_a_winmail_dat_with_nothing_but_rtf_has_words() -> None:
    rtf = compressed(b"{\\rtf1\\ansi Hello\\par there}")
    value = struct.pack("<HHII", 0x0102, 0x1009, 1, len(rtf)) + rtf + b"\x00" * (-len(rtf) % 4)
    body = struct.pack("<I", 1) + value
    attribute = b"\x01" + struct.pack("<HHI", 0x9003, 6, len(body)) + body + b"\x00\x00"
    found = read_tnef(struct.pack("<IH", 0x223E9F78, 1) + attribute)
    assert found is not None and found.text == "Hello\nthere"


@pytest.mark.parametrize("unit", [b"{", b"}", b"{}", b"\\u5?", b"\\'41", b"\\f1 ", b"a\\b0"])
def test_a_damaged_or_hostile_stream_ends(unit: bytes) -> None:
    begun = time.process_time()
    read_rtf(b"{\\rtf1" + unit * (200_000 // len(unit)))
    assert unpack_rtf(compressed(b"")) == unpack_rtf(b"\x00" * 10) == b""
    unpack_rtf(struct.pack("<IIII", 0, 1_000_000, PACKED, 0) + b"\xff\x0c\xff" * 50_000)
    assert time.process_time() - begun < 4
