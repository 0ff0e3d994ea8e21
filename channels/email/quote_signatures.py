"""Finds signatures: what people, telephones, companies and servers set around the words of a mail."""

import re
from collections.abc import Sequence

from channels.email.quote_lines import Is, Line, worded
from channels.email.quote_patterns import is_rule
from channels.email.signature_patterns import (
    contacts_in,
    is_banner,
    is_closing,
    is_confidential,
    is_device_signature,
    is_picture,
    is_sentence,
    is_signature_dashes,
    may_open_disclaimer,
    opens_disclaimer,
)

MAX_SIGNATURE_LINES = 14
MAX_CONTACT_LINES = 16

_NEAR = 20  # lines that are looked at for the next or the last one with words
_TOP = 6  # lines in which a server's banner stands
# "-Bob", "— Jane Doe"; "- item" may be one of a list.
_NAME = re.compile(
    r"(?:[-\u2013~]{1,2}|\u2014 ?|[-\u2013~]{1,2} (?=[A-Z]))"
    r"[^\W\d_][\w.'\u2019-]{0,20}(?: [A-Z][\w.'\u2019-]{0,20}){0,2}"
)


def mark_signatures(lines: Sequence[Line]) -> None:
    """What stands below `-- ` or is set there by a telephone, down to the next quote or the end."""
    _mark_banner(lines)
    _mark_armor(lines)
    stops = _stops(lines)
    for index, line in enumerate(lines):
        if line.kind is not Is.NEW:
            continue
        if (is_device_signature(line.text) and not _goes_on(lines, index)) or (
            _NAME.fullmatch(line.text) and _stands_alone(lines, index)
        ):
            line.kind = Is.SIGNATURE
        elif is_signature_dashes(line.text) or _is_footer_rule(lines, index, stops[index]):
            block = _block(lines, index)
            if sum(1 for one in block if one.kind is Is.NEW) <= MAX_SIGNATURE_LINES + 1:
                _sign(block)
        elif _is_card(lines, index, stops[index]):
            _sign(lines[index : stops[index]])
        elif _begins_paragraph(lines, index) and _is_disclaimer(lines, index):
            _mark_disclaimer(lines, index)
        elif is_closing(line.text):
            _mark_contact(lines, index)


def _mark_banner(lines: Sequence[Line]) -> None:
    """A server's warning above the words; one paragraph of at most a few lines."""
    for index in range(min(_TOP, len(lines))):
        line = lines[index]
        if line.kind is Is.NEW and is_banner(line.text):
            end = index
            while end < len(lines) and end - index < _TOP and lines[end].kind is Is.NEW:
                end += 1
            if any(one.kind is Is.NEW for one in lines[end:]) and end - index < _TOP:
                _sign(lines[:end])
            return


def _mark_armor(lines: Sequence[Line]) -> None:
    """What OpenPGP sets around words that it signs in place (RFC 9580 §7)."""
    inside = ""
    for line in lines:
        if line.text == "-----BEGIN PGP SIGNED MESSAGE-----":
            inside = "head"
        elif line.text == "-----BEGIN PGP SIGNATURE-----":
            inside = "signature"
        elif inside == "head" and line.kind is Is.BLANK:
            inside = ""
        if inside and line.kind is Is.NEW:
            line.kind = Is.SIGNATURE
        if line.text == "-----END PGP SIGNATURE-----":
            inside = ""


def _is_disclaimer(lines: Sequence[Line], index: int) -> bool:
    if opens_disclaimer(lines[index].text):
        return True
    if not may_open_disclaimer(lines[index].text):
        return False
    return is_confidential(" ".join(line.text for line in lines[index : index + _TOP] if line.kind is Is.NEW))


def _is_notice(line: Line) -> bool:
    return line.kind is Is.NEW and (opens_disclaimer(line.text) or may_open_disclaimer(line.text))


def _mark_disclaimer(lines: Sequence[Line], index: int) -> None:
    """What lawyers and scanners of viruses set there goes down to the next quote or the end."""
    end = index
    while end < len(lines) and lines[end].kind is not Is.QUOTE and end - index < 3 * MAX_SIGNATURE_LINES:
        end += 1
    above = any(line.kind is Is.NEW for line in lines[:index])
    if any(line.text.endswith("?") and not _is_notice(line) for line in lines[index + 1 : end]):
        return  # whoever asks something has not signed yet
    if above and (end == len(lines) or lines[end].kind is Is.QUOTE):
        first = index - 1 if is_rule(lines[index - 1].text) else index
        _sign(lines[first:end])


def _mark_contact(lines: Sequence[Line], index: int) -> None:
    """ "Best regards", a name, and below them how to reach the company: the last of these is signature."""
    block = _block(lines, index)[1:]
    words = [line for line in block if line.kind is Is.NEW]
    ends = index + 1 + len(block) >= len(lines) or lines[index + 1 + len(block)].kind is Is.QUOTE
    if not ends or not 3 <= len(words) <= MAX_CONTACT_LINES or is_sentence(words[0].text):
        return
    if sum(map(is_sentence, (line.text for line in words))) > 1 and not any(
        _is_notice(line) for line in words
    ):
        return  # their writer goes on
    if sum(contacts_in(line.text) for line in words) >= 2:
        _sign(words[1:])


def _sign(lines: Sequence[Line]) -> None:
    for line in lines:
        if line.kind is Is.NEW:
            line.kind = Is.SIGNATURE


def _begins_paragraph(lines: Sequence[Line], index: int) -> bool:
    return not index or lines[index - 1].kind is not Is.NEW or is_rule(lines[index - 1].text)


def _stands_alone(lines: Sequence[Line], index: int) -> bool:
    """Whether something that is no list stands above, and nothing new below."""
    below = next(worded(lines, index + 1, _NEAR), None)
    if below is not None and below.kind is Is.NEW and not is_rule(below.text):
        return False
    above = [line for line in worded(lines, max(0, index - _NEAR), min(index, _NEAR))]
    return bool(above) and above[-1].kind is Is.NEW and above[-1].text[0] not in "-*\u2022"


def _goes_on(lines: Sequence[Line], index: int) -> bool:
    """Whether a line is the middle of a sentence: "… it was / sent from my house by mail"."""
    return index > 0 and lines[index].text[0].islower() and lines[index - 1].kind is Is.NEW


def _is_footer_rule(lines: Sequence[Line], index: int, stop: int) -> bool:
    """A stroke with nothing but a few lines below it, down to the next quote or the end."""
    if stop - index > 3 * MAX_SIGNATURE_LINES or not is_rule(lines[index].text):
        return False
    if lines[index].text[0] not in "_-=\u2014\u1427" and not _is_framed(lines[index:stop]):
        return False
    below = [line.text for line in lines[index:stop] if line.kind is Is.NEW and not is_rule(line.text)]
    if len(below) > 6 or (not below and stop < len(lines)):
        return False
    sentences = sum(map(is_sentence, below))
    if sentences < (1 if len(lines[index].text) < 5 else 2):  # "---" also stands between two thoughts
        return True
    return any(contacts_in(text) or opens_disclaimer(text) for text in below)


def _is_card(lines: Sequence[Line], index: int, stop: int) -> bool:
    """What is left of a visiting card, down to the next quote or the end: below its picture, or in a table
    with strokes alone on their lines, the first and the last among them; and how to reach somebody."""
    if is_picture(lines[index].text) and stop - index <= MAX_SIGNATURE_LINES:
        return any(contacts_in(line.text) for line in lines[index:stop])
    if lines[index].text.strip("| ") or stop - index > MAX_SIGNATURE_LINES:
        return False
    words = [line.text for line in lines[index:stop] if line.kind is Is.NEW]
    return not words[-1].strip("| ") and any(contacts_in(text) for text in words)


def _is_framed(lines: Sequence[Line]) -> bool:
    """Between two strokes of a kind that also stand above titles: somebody, and how to reach them."""
    words = [line.text for line in lines if line.kind is Is.NEW]
    framed = len(words) > 2 and is_rule(words[-1]) and words[-1][0] == words[0][0]
    return framed and any(contacts_in(text) for text in words[1:-1])


def _stops(lines: Sequence[Line]) -> list[int]:
    """Of each line, where the next quote begins or the text ends."""
    stops = [len(lines)] * len(lines)
    for index in range(len(lines) - 1, -1, -1):
        following = stops[index + 1] if index + 1 < len(lines) else len(lines)
        stops[index] = index if lines[index].kind is Is.QUOTE else following
    return stops


def _block(lines: Sequence[Line], index: int) -> list[Line]:
    """From a line down to the next quote or the end, and no further than a signature may reach."""
    end = index
    while end < len(lines) and lines[end].kind is not Is.QUOTE and end - index < 3 * MAX_SIGNATURE_LINES:
        end += 1
    return list(lines[index:end])
