"""Reads the mail that a mail passes on: attached whole (RFC 2046 §5.2.1), or in its text below a header.

What is read here is hearsay: whoever forwards can write anything. Who may forward at all, and what happens
with an unsure one, is decided in `inbox.threads`.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

from emailforwardparser import forward_parser, regexs

from channels.email.bodies import filename_of
from channels.email.forward_dates import written_moment
from channels.email.forward_headers import (
    Passed,
    bare_name,
    beginning_of,
    is_leftover,
    read_passed,
    untold,
    without_end,
)
from channels.email.headers import normalise_address
from channels.email.mime import Part, split
from channels.email.quotes import find_spans
from channels.email.transfer import content_of
from inbox.envelopes import Address, Authentication, Forward, InboundMessage
from inbox.errors import Refused
from inbox.texts import new_words

MAX_TEXT = 400_000
MAX_HEADER_BLOCK = 4_000  # characters that the library is given
MAX_LINE = 300
MOST_BRACKETS = 12  # in a line
MOST_FIELDS = 14

_FORWARDS = re.compile(
    r"\s*(?:fwd?|wg|vs|rv|tr|i|pd|enc|redir\.?|vb|vl|videresend|i̇lt|ilt|doorst|fs|trs|továbbítás|πρθ|пересл"
    r"|הועבר|إعادة توجيه|转发|轉寄|転送|전달|ส่งต่อ|chuyển tiếp)\s?[:：]\s*",  # noqa: RUF001
    re.IGNORECASE,
)
_ANSWERS = re.compile(
    r"\s*(?:re|aw|sv|antw|ynt|odp|vá|r|rif|απ|σχετ|השב|תגובה|رد|回复|回覆|答复|返信|회신)\s?[:：]",  # noqa: RUF001
    re.IGNORECASE,
)
_FIELD = re.compile(r"[>*\s]{0,9}[^\W\d_][^:：]{1,30}[:：]")  # noqa: RUF001
_BARE_MARK = re.compile(r"^Forwarded message:[ \t]*$", re.MULTILINE)  # one that the library does not know
_BRACKET = re.compile(r"([\[<|])")
_TIME = re.compile(r"\d[:.]\d\d\b")
_LONG_BLANK = re.compile(r"\s{60,}")
_NOBODY = ".invalid"

Read = Callable[[Part], InboundMessage]


def read_forward(message: InboundMessage, files: list[Part], read: Read) -> Forward | None:
    """What *message* passes on, or None where it seems to pass nothing on. *files* are its parts that are no
    words; *read* makes a message of a whole mail."""
    attached = [part for part in files if _is_mail(part)]
    if attached:
        return _attached(message, attached, read)
    return _quoted(message)


def _is_mail(part: Part) -> bool:
    if part.content_type in ("message/rfc822", "message/global"):
        return True
    return part.content_type == "application/octet-stream" and filename_of(part).lower().endswith(".eml")


# Attached


def _attached(message: InboundMessage, attached: list[Part], read: Read) -> Forward | None:
    """The first attached mail. Several of them, or one that goes with an answer, may mean anything."""
    try:
        original = read(split(content_of(attached[0])))
    except Refused:
        return None
    original = replace(
        original,
        mailbox=message.mailbox,
        sender=_somebody(original.sender),
        authentication=Authentication(),
        automatic=None,
        bounce=None,
        spam=False,
    )
    is_answer = bool(_ANSWERS.match(message.subject))
    sure = len(attached) == 1 and not is_answer and bool(original.sender.value)
    return Forward(original=original, words=_own_words(message.text), is_sure=sure)


def _somebody(sender: Address) -> Address:
    return sender if not sender.value.endswith(_NOBODY) else Address("", sender.name)


# In the text


def _quoted(message: InboundMessage) -> Forward | None:
    text = message.text[:MAX_TEXT].replace("\u00a0", " ").replace("\ufeff", "")
    text = _BARE_MARK.sub("Begin forwarded message:", _LONG_BLANK.sub("\n\n", text))
    is_named = bool(_FORWARDS.match(message.subject))
    starts = [_separator(text), beginning_of(text, named=is_named)]
    if is_named and starts == [None, None]:
        starts = [_first(regexs.ORIGINAL_FROM, text)]
    start = min((one for one in starts if one is not None), default=None)
    if start is None or (_ANSWERS.match(message.subject) and not is_named):
        return None
    named = " ".join(_FORWARDS.sub("", message.subject, count=1).split())
    passed, is_nested = _passed(text[start:], named)
    if passed is None and is_named:
        passed = untold(text[start:])
    if passed is None:
        return None
    sender = _person(passed.name, passed.address)
    # Who of several wrote to us is for an agent to say.
    is_nested = is_nested or bool(_FORWARDS.match(passed.subject))
    original = InboundMessage(
        channel=message.channel,
        sender=sender,
        content_hash=hashlib.sha256(f"forwarded\n{message.content_hash}".encode()).hexdigest(),
        to=tuple(one for name, address in passed.to if (one := _person(name, address)).value),
        cc=tuple(one for name, address in passed.cc if (one := _person(name, address)).value),
        mailbox=message.mailbox,
        subject=(" ".join(passed.subject.split()) or named)[:900],
        text=passed.body,
        spans=find_spans(passed.body),
        sent_at=written_moment(passed.date),
        attachments=message.attachments,
        references=message.references,
    )
    is_sure = bool(sender.value and passed.body) and not is_nested
    return Forward(original=original, words=_own_words(text[:start]), is_sure=is_sure)


def _passed(below: str, named: str) -> tuple[Passed | None, bool]:
    """The mail that stands there, as a library reads it or as we do, and whether it passes on another one."""
    first_line = below.find("\n") + 1
    inner = _separator(below[first_line:]) if first_line else None
    outer = below if inner is None else below[: first_line + inner]
    block, rest = _cut(outer)
    found = _parsed(block, named)
    ours = read_passed(below)
    if found is None:
        return ours, ours is not None and beginning_of(ours.body, named=False) is not None
    theirs = Passed(
        address=found.from_.address,
        name=found.from_.name,
        to=tuple((one.name, one.address) for one in found.to),
        cc=tuple((one.name, one.address) for one in found.cc),
        subject=found.subject,
        date=found.date,
        body=without_end("\n\n".join(one for one in (found.body + rest, below[len(outer) :]) if one)),
    )
    if ours is not None and _is_better(ours, theirs):
        return ours, beginning_of(ours.body, named=False) is not None
    if (
        ours is not None
        and ours.subject
        and (theirs.subject == named or ours.subject.startswith(theirs.subject))
    ):
        theirs = replace(theirs, subject=ours.subject)  # it saw none or the first line, or took the mail's
    return theirs, inner is not None


def _is_better(ours: Passed, theirs: Passed) -> bool:
    """Whether the library missed the writer, or left lines of the header in the words."""
    if not ours.address or not ours.body:
        return False
    if not normalise_address(theirs.address.strip("<>[]\"' ").removeprefix("mailto:")):
        return True
    if _TIME.search(theirs.name):
        return True
    return is_leftover(theirs.body.partition("\n")[0]) and len(ours.body) < len(theirs.body)


def _separator(text: str) -> int | None:
    """Where a line stands that says "forwarded message" in the words of some mail program."""
    return _first([*regexs.SEPARATOR, *regexs.SEPARATOR_WITH_INFORMATION], text)


def _first(patterns: list[re.Pattern[str]], text: str) -> int | None:
    """Where the first line begins that one of these patterns finds, by the beginnings of the lines."""
    lines = text.split("\n")
    short = "\n".join(line[:MAX_LINE] for line in lines)
    starts = [
        found.start() + len(found[0]) - len(found[0].lstrip())
        for pattern in patterns
        if (found := pattern.search(short))
    ]
    if not starts:
        return None
    before = lines[: short.count("\n", 0, min(starts))]
    return sum(len(line) + 1 for line in before)


def _cut(text: str) -> tuple[str, str]:
    """The beginning that holds the header block, and the rest: some patterns of the library take cubic
    time in the length of a line."""
    taken: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        few = "".join(_BRACKET.split(line, MOST_BRACKETS)[: 2 * MOST_BRACKETS])[:MAX_LINE]
        if sum(map(len, taken)) + number + len(few) > MAX_HEADER_BLOCK:
            break
        if few != line and (number >= MOST_FIELDS or not _FIELD.match(line)):
            break
        taken.append(few)  # of a long list of recipients the first
    rest = lines[len(taken) :]
    return "\n".join(taken), "\n" + "\n".join(rest) if rest else ""


def _parsed(block: str, subject: str) -> forward_parser.OriginalMetadata | None:
    """What the library reads of a header block and what follows it; None where it finds neither or fails."""
    for named in (None, f"Fwd: {subject}"):
        try:
            found = forward_parser.get_forwarded_metadata(block, named)
        except (IndexError, ValueError, TypeError, AttributeError, LookupError):
            continue  # it stumbles over headers that are cut off
        if found.forwarded and (found.email.body or found.email.from_.address or found.email.from_.name):
            return found.email
    return None


def _person(name: str, address: str) -> Address:
    value = normalise_address(address.strip("<>[]\"' ").removeprefix("mailto:")) or ""
    return Address(value, bare_name(name)[:200])


def _own_words(text: str) -> str:
    """What the forwarder wrote, without their signature."""
    text = text.strip()
    return new_words(text, find_spans(text)).strip()
