"""Bytes to text: by the declared charset, as UTF-8, by a guess, as Windows-1252."""

import codecs
import encodings.aliases
import re

# A label promises the standard; senders mean the larger set that their system uses under that name.
_MEANT = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_cn": "gb18030",
    "hz_gb_2312": "hz",
    "ks_c_5601": "cp949",
    "ks_c_5601_1987": "cp949",
    "ks_c_5601_1989": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "euc_kr": "cp949",
    "euckr": "cp949",
    "korean": "cp949",
    "iso_8859_1": "cp1252",
    "iso8859_1": "cp1252",
    "latin_1": "cp1252",
    "latin1": "cp1252",
    "ansi": "cp1252",
    "us_ascii": "ascii",
    "ansi_x3_4_1968": "ascii",
    "iso_8859_9": "cp1254",
    "iso_8859_11": "cp874",
    "tis_620": "cp874",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "x_sjis": "cp932",
    "windows_31j": "cp932",
    "ms_kanji": "cp932",
    "iso_2022_jp": "iso2022_jp_ext",
    "big5": "cp950",
    "x_big5": "cp950",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "iso_8859_6_i": "iso8859_6",
    "unicode_1_1_utf_7": "utf_7",
    "unicode_1_1_utf_8": "utf_8",
    "unicode_2_0_utf_8": "utf_8",
    "x_unicode_2_0_utf_7": "utf_7",
    "utf8": "utf_8",
    "utf_8mb4": "utf_8",
    "unicode": "utf_16",
    "x_mac_roman": "mac_roman",
    "macintosh": "mac_roman",
    "x_mac_ce": "mac_latin2",
    "x_mac_centraleurroman": "mac_latin2",
    "mac_centraleurope": "mac_latin2",
    "x_mac_japanese": "cp932",
    "x_mac_korean": "cp949",
    "x_mac_chinesesimp": "gb18030",
    "x_mac_chinesetrad": "cp950",
    "x_mac_greek": "mac_greek",
    "x_mac_turkish": "mac_turkish",
    "x_windows_949": "cp949",
    "x_windows_950": "cp950",
    "x_ms950": "cp950",
    "x_windows_iso2022jp": "iso2022_jp_ext",
    "csiso2022jp": "iso2022_jp_ext",
    "iso_2022_jp_ms": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "iso_8859_16": "iso8859_16",
    "iso_646": "ascii",
    "unicode_utf_8": "utf_8",
    "utf_8_mac": "utf_8",
    "cesu_8": "utf_8",
    "x_utf_8": "utf_8",
    "x_user_defined": "cp1252",
    "x_cp1250": "cp1250",
    "x_cp1251": "cp1251",
    "x_cp1252": "cp1252",
    "x_mac_cyrillic": "mac_cyrillic",
    "x_gbk": "gb18030",
    "x_euc_jp": "euc_jp",
    "x_euc_tw": "cp950",
    "windows_874": "cp874",
    "koi8": "koi8_r",
}
# A mail could name Python's own codecs that are no charsets.
_NO_CHARSETS = {
    "base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec",
    "unicode_escape", "raw_unicode_escape", "undefined", "idna", "punycode", "mbcs", "oem",
}  # fmt: skip
_GUESS_FROM = 200_000
_HIGH = bytes(range(128, 256))
_MANY = 4  # bytes beyond ASCII; a guess from fewer is worth nothing
_STATEFUL = re.compile(rb"\x1b(?:\$[@B]|\$\)C|\(J)")  # ISO-2022, which needs no byte beyond ASCII
_MAY_HIDE_ESCAPES = frozenset((None, "ascii", "utf_8", "cp1252"))
_UNSURE = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")


def decode(content: bytes, declared: str | None = None) -> str:
    """The text that *content* most likely holds; never raises.

    Order: the declared charset where it decodes, strict UTF-8, a guess, Windows-1252 with replacements.
    """
    codec = codec_of(declared)
    if codec in _MAY_HIDE_ESCAPES and content.isascii() and _STATEFUL.search(content):
        return content.decode("iso2022_kr" if b"\x1b$)C" in content else "iso2022_jp_ext", "replace")
    if codec == "cp1252" and _is_utf8(content):
        return content.decode()
    if codec and (text := _strict(content, codec)) is not None:
        return text
    if codec != "utf_8" and (text := _strict(content, "utf_8")) is not None:
        return text
    if codec and (text := _nearly(content, codec)) is not None:
        return text
    if guess := _guess(content):
        return content.decode(guess, "replace")
    return content.decode("cp1252", "replace")


def _is_utf8(content: bytes) -> bool:
    """Whether it has more than ASCII and all of that is UTF-8, which Latin letters form only by miracle."""
    return not content.isascii() and _strict(content, "utf_8") is not None


def codec_of(declared: str | None) -> str | None:
    """The name of the Python codec for a charset label, or None where the label says nothing usable."""
    if not declared or len(declared) > 60:
        return None
    label = re.sub(r"[^a-z0-9]+", "_", declared.strip().strip("'\"").lower()).strip("_")
    label = label.removeprefix("charset_")
    if label in {
        "",
        "unknown_8bit",
        "x_unknown",
        "unknown",
        "default",
        "default_charset",
        "none",
        "binary",
        "8bit",
    }:
        return None
    return (
        _known(label)
        or _known(re.sub(r"^(cp|win|windows)_?(\d+).*$", r"cp\2", label))
        or _known(label.removeprefix("x_"))
    )


def _known(label: str) -> str | None:
    name = _MEANT.get(label, label)
    name = encodings.aliases.aliases.get(name, name)
    name = _MEANT.get(name, name)
    if name in _NO_CHARSETS:
        return None
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    return name if known._is_text_encoding else None


def _strict(content: bytes, codec: str) -> str | None:
    if codec in ("utf_16", "utf_16_le", "utf_16_be", "utf_32"):
        width = 4 if codec == "utf_32" else 2  # a line break of one byte is added on the way
        content = content[: len(content) - len(content) % width]
    try:
        text = content.decode(codec)
        if codec == "utf_7":
            text.encode()  # it lets half a surrogate pair pass, which no database takes
    except (UnicodeError, ValueError):
        return None
    if codec == "ascii" or codec.startswith(("iso2022", "hz", "utf_7")) or "\x1b" not in text:
        return text
    return None  # escapes left over: it is a stateful charset under a wrong label


def _nearly(content: bytes, codec: str) -> str | None:
    """A declared charset with a damaged byte or two beats any guess; a wrong label shows much damage."""
    if codec in ("ascii", "utf_7"):
        return None
    try:
        text = content.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return None
    damage = text.count("\ufffd")
    beyond_ascii = sum(1 for character in text[:_GUESS_FROM] if character > "\x7f")
    return text if damage and damage * 10 <= beyond_ascii else None


def _guess(content: bytes) -> str | None:
    if len(content) - len(content.translate(None, _HIGH)) < _MANY:
        return None  # too little to go by; Western names with an accent are the most frequent case
    import chardet  # 28 MB once used, and few mails need it

    found = chardet.detect(content[:_GUESS_FROM], prefer_superset=True)["encoding"]
    codec = codec_of(found)
    if codec is None or codec == "ascii":
        return None
    text = content[:_GUESS_FROM].decode(codec, "replace")
    return None if len(_UNSURE.findall(text)) * 20 > len(text) else codec
