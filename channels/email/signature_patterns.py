"""Recognises single lines by which people, telephones, companies and servers sign.

Every pattern is applied to one line of bounded length.
"""

import re

from channels.email.quote_patterns import MAX_LINE
from channels.email.quote_words import (
    BANNERS,
    CLOSINGS,
    CONFIDENTIAL,
    DEVICES,
    DISCLAIMERS,
    PERHAPS_DISCLAIMERS,
    SENT_FROM,
)

_DEVICE = re.compile(rf"[<(\[\s*_-]{{0,4}}(?:{SENT_FROM})\s{{0,4}}[>)\]*_.!]{{0,4}}$", re.IGNORECASE)
_DEVICE_WORDS = re.compile(DEVICES, re.IGNORECASE)
_BANNER = re.compile(rf"[\W_]{{0,12}}(?:.{{0,60}}?)(?:{BANNERS})", re.IGNORECASE)
_DISCLAIMER = re.compile(rf"[\W_]{{0,6}}(?:https?://[^\s>]{{1,200}}>\s?)?(?:{DISCLAIMERS})", re.IGNORECASE)
_PERHAPS_DISCLAIMER = re.compile(rf"[\W_]{{0,6}}(?:{PERHAPS_DISCLAIMERS})", re.IGNORECASE)
_CONFIDENTIAL = re.compile(CONFIDENTIAL, re.IGNORECASE)
_CLOSING = re.compile(rf"\W{{0,2}}(?:{CLOSINGS})\W{{0,3}}$", re.IGNORECASE)
_CONTACT = re.compile(
    r"[+(]?\d[\d\s()/.\u2013-]{6,}\d|https?://\S{1,100}|\bwww\.\S{1,80}|[^\s@]{1,80}@[^\s@]{2,120}|\b(?:tel|fax|phone|mobile?|cell|fon"
    r"|telefon\w*|t[\u00e9e]l[\u00e9e]\w*|skype|email|e-mail|web|mob)\b\s?[.:]"
    r"|^[TMFPEW][.:] |\b\d{4,6} [A-Z]\w{2,}",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"\[(?:cid:[^\]\s]{3,120}|image: [^\]]{1,80})\]|<image\d{3}\.\w{3,4}>")
_DASHES = re.compile(r"\s{0,3}(?:--|\u2014|\u2013\u2013)\s{0,2}$")
_EXCUSE = re.compile(
    r"(?:(?:please |kindly )?(?:excuse|pardon|forgive|ignore)|(?:sorry|apologies) (?:for|about)) "
    r"(?:any |the |my |all )?(?:\w+ )?"
    r"(?:(?:typos?|brevity|terseness|auto-?correct)\b.{0,60}|(?:mistakes|errors)\b.{0,40}(?:phone|ipad|mobile|dictat|device).{0,20})",
    re.IGNORECASE,
)


def is_banner(line: str) -> bool:
    """A server's warning that the mail is from outside."""
    return 10 < len(line) <= 3 * MAX_LINE and bool(_BANNER.match(line))


def opens_disclaimer(line: str) -> bool:
    """The first line of what a company has set below every mail."""
    return 10 < len(line) <= 20 * MAX_LINE and bool(_DISCLAIMER.match(line[:MAX_LINE]))


def may_open_disclaimer(line: str) -> bool:
    """Whether a paragraph begins as such ones do; what follows must say that it is confidential."""
    return 10 < len(line) <= 20 * MAX_LINE and bool(_PERHAPS_DISCLAIMER.match(line[:MAX_LINE]))


def is_confidential(text: str) -> bool:
    """Whether a text calls itself meant for nobody else."""
    return bool(_CONFIDENTIAL.search(text[: 2 * MAX_LINE]))


def is_closing(line: str) -> bool:
    """`Best regards,` in many languages."""
    return 2 <= len(line) <= 60 and bool(_CLOSING.match(line))


def contacts_in(line: str) -> int:
    """How many ways to reach somebody a line tells: numbers, addresses, sites."""
    return len(_CONTACT.findall(line)) if len(line) <= 200 else 0


def is_picture(line: str) -> bool:
    """What is left of a picture where HTML was made text: `[cid:image001.png@01D91E.5F2A3B40]`."""
    return len(line) <= 140 and bool(_PICTURE.fullmatch(line))


def is_device_signature(line: str) -> bool:
    """`Sent from my iPhone` in many languages."""
    if not 6 < len(line) <= 200 or line[-1] in "?\uff1f":
        return False
    if _EXCUSE.fullmatch(line):
        return True
    # "Sent from my desk, which is easier than my phone." is a sentence.
    return bool(_DEVICE.match(line) and _DEVICE_WORDS.search(line.split(",")[0]))


def is_sentence(line: str) -> bool:
    """Whether a line is words that go on or end as sentences do, and no name, position or company."""
    words = line.split()
    return (
        len(words) > 2
        and line[-1] in ".?!:;\uff1f\uff01\uff1a\u3002"
        and any(w[0].islower() for w in words[1:])
    )


def is_signature_dashes(line: str) -> bool:
    """The line above a signature (RFC 3676 §4.3), with or without its blank."""
    return len(line) <= 10 and bool(_DASHES.match(line))
