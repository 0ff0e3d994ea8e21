"""What stands in the Subject of a mail of ours: one "Re:" or one "Fwd:", however many went before."""

import re

from inbox.errors import Invalid

LONGEST = 500

_MARK = r"\s*(?:{})\s*(?:\[\d+\]|\(\d+\))?\s*[:\uff1a]"
# "Re" and "Fwd" as the mail programs of many languages write them.
_REPLIES = "re|aw|sv|antw|vs|res|rif|r|odp|ynt|vá|bls|απ|σχετ|השב|תגובה|رد|回复|回覆|答复|答覆|返信|회신"
_FORWARDS = "fwd?|wg|tr|rv|vb|vl|enc|i|pd|ilt|i̇lt|doorst|trs|πρθ|הועבר|转发|轉寄|転送|전달"
_REPLY_MARKS = re.compile(f"^(?:{_MARK.format(_REPLIES)})+", re.IGNORECASE)
_FORWARD_MARKS = re.compile(f"^(?:{_MARK.format(f'{_REPLIES}|{_FORWARDS}')})+", re.IGNORECASE)


def reply_subject(subject: str) -> str:
    """The subject of an answer."""
    bare = _REPLY_MARKS.sub("", subject).strip()
    return f"Re: {bare or 'your message'}"[:1000]


def forward_subject(subject: str) -> str:
    """The subject under which a message is passed on."""
    bare = _FORWARD_MARKS.sub("", subject).strip()
    return f"Fwd: {bare or 'a message'}"[:1000]


def checked_subject(subject: str) -> str:
    """A subject that somebody wrote, without blanks around it; raises Invalid for none, or for what would be
    more than one line (RFC 5322 §2.2)."""
    bare = subject.strip()
    if not bare:
        raise Invalid("Write a subject.", field="subject")
    if len(bare) > LONGEST or any(character in bare for character in "\r\n\x00"):
        raise Invalid("A subject is one line of at most %(most)s characters.", most=LONGEST, field="subject")
    return bare
