"""Reads whom a report of failed delivery names, and why, from its free words.

Hundreds of systems write them. What counts is where an address stands: not among the report's own sender and
recipient, not after "from" or "contact", before the returned mail begins.
"""

# ruff: noqa: E501

import re
from collections.abc import Iterable

from channels.email.bodies import text_of_part
from channels.email.headers import Headers, normalise_address
from channels.email.mime import Part
from inbox.envelopes import BounceAction, BouncedRecipient
from inbox.html_text import text_of

MAX_TEXT = 100_000
MAX_NAMED = 50

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])")
_QUOTED_LOCAL = re.compile(r'"[^"\s@]{1,64}"@[A-Za-z0-9.-]{3,253}')
# Where the mail that came back begins, in the words of the report.
_RETURNED = re.compile(
    r"^(?:[-=*_ >]{2,}.{0,60}(?:original|unsent|returned|copy of|transcript of original|ursprüngliche|forwarded"
    r"|message (?:header|text|follows|contents)|header).{0,60}$|(?:message|mail) headers? follow.{0,40}$"
    r"|(?:your|the) (?:original|unsent|returned) (?:message|mail).{0,80}(?:follow|below|attached|contain).{0,40}$"
    r"|(?:return-path|received|x-received|dkim-signature): .+$|-{3,} ?(?:the )?(?:header|body|unsent|message).{0,60}$"
    r"|below this line is a copy of .{0,40}$|(?:original|returned) (?:message|mail) ?(?:headers)?:?$)",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_LINES = re.compile(
    r"^[> ]{0,4}(?:from|to|subject|date|message-id|mime-version): ?\S", re.IGNORECASE | re.MULTILINE
)
_NOT_THE_RECIPIENT = re.compile(
    r"(?:\bfrom|\bsender|\bvon|\bde|\bcontact|\bcall|\bwrite to|\bemail(?! to )|\breply|\bquestions?|\bhelp|\bsupport|\bid"
    r"|\badministrator|\bpostmaster|\bsent by|\breport\w*|\bmail from|\babsender|\bin-reply-to|\bmessage-id)\W{0,12}"
    r"(?:to |at |is |: ?)?\W{0,6}$",
    re.IGNORECASE,
)
_ROLES = frozenset(
    ("postmaster", "mailer-daemon", "abuse", "hostmaster", "mailmaster", "mail-daemon", "majordomo", "noc")
)
_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.:])([45]\d\d)(?=[ -])")
_DELAYED = re.compile(
    r"\b(?:delayed|still being retried|will be retried|not yet been|warning:|still trying|temporar|transient|deferred)"
    r"|verzögert|retard[ée]|retrasad|ritard|vertraagd|försen|задерж|遅延|延迟",
    re.IGNORECASE,
)
_TRIES_ON = re.compile(
    r"you do not need to resend|still trying|delivery attempts will (?:continue|be made)|will (?:keep|continue) (?:on )?trying"
    r"|will be retried|(?:will|to) try again|this is (?:only )?a warning|has not yet been delivered|sie müssen die nachricht nicht erneut",
    re.IGNORECASE,
)
_SERVER_WORDS = re.compile(
    r"(?<![\d.])[45]\d\d[ -]#?[45]\.\d{1,3}\.\d|\bRCPT TO\b|\bsmtp\b.{0,40}\b[45]\d\d\b|remote (?:host|server)"
    r"|#<?[45]\.\d{1,3}\.\d{1,3}|\b(?:error code|status)\W{1,3}[45]\.\d{1,3}\.\d",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"\b(?:has (?:not been|been not) delivered|was (?:blocked|rejected|refused|discarded)|permanent error)\b",
    re.IGNORECASE,
)
# A recipient in a line of its own below words that nothing but a program sets so.
_LISTED = re.compile(
    r"(?:could ?(?:not|n't)|can ?not|was not|were not|has not been|unable to|failed to|n'a pas pu|konnte nicht)\b[^\n]{0,60}"
    r"\b(?:be )?(?:deliver|delivre|délivr|remis|zugestellt|sent)[^\n]{0,40}\b(?:to|recipients?|address(?:es)?|users?|à|an)\b ?:?[ \t]*\r?\n"
    r"(?:[ \t]*\r?\n){0,2}[ \t]{0,8}(?:\"[^\"\n]{1,80}\" )?<?[^\s<>@]{1,64}@[^\s<>@]{3,200}>?:?[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
# What servers say, and the status of RFC 3463 that it means.
_MEANINGS = [
    (re.compile(words, re.IGNORECASE), code)
    for words, code in (
        (r"(?:mailbox|quota|inbox|disk|storage)\b.{0,30}(?:full|exceed|over|limit)|over ?quota|insufficient.{0,20}storage"
         r"|too many messages|postfach.{0,20}(?:voll|überfüllt)|espace insuffisant|buz[óo]n.{0,20}lleno|過多|已满", "5.2.2"),
        (r"message (?:is |size )?(?:too (?:big|large|long)|exceeds)|size.{0,30}exceed|exceed.{0,40}size|too large", "5.3.4"),
        (r"(?:account|mailbox|user|address)\b.{0,30}(?:disabled|suspended|inactive|deactivated|locked|expired)", "5.2.1"),
        (r"(?:host|domain|mx)\b[^:\[\n]{0,30}(?:not found|unknown|does(?: not|n't) exist|no such|can't be found|lookup)"
         r"|(?:unknown|no such|unrouteable) (?:host|domain|mail domain)|couldn't find any host|name or service not known"
         r"|domain.{0,20}has no .{0,10}mx|unrouteable address", "5.1.2"),
        (r"(?:user|account|mailbox|recipient|address|alias|login|addressee|destination|member)\b.{0,60}(?:unknown|not (?:found|known|exist)"
         r"|does(?: not|n't) (?:exist|have)|doesn't have|invalid|no such|unavailable|not (?:listed|recognized|valid|local)|not our)"
         r"|(?:unknown|invalid|no such|bad|nonexistent|non-existent|undeliverable|incorrect) (?:\w+ )?(?:user|account|mailbox|recipient|address|addressee|name|local|person|destination)"
         r"|no (?:mailbox|account|user|such person).{0,20}here|isn't a valid|unbekannt|nicht gefunden|existiert nicht|inconnu|n'existe pas"
         r"|desconocid|no existe|inesistente|sconosciut|onbekend|не существует|не найден|存在しません|不存在|見つから", "5.1.1"),
        (r"too many hops|hop count|mail(?:ing)? loop|routing loop|loops? back", "5.4.6"),
        (r"timed? ?out|expired|too old|retry time|queue too long|connection (?:refused|lost|reset)|could not connect"
         r"|unable to connect|no route to host|network (?:is )?unreachable|not respond", "4.4.1"),
        (r"\bspam\b|\bjunk\b|black ?list|block(?:ed|list)|\bvirus|\bpolicy|\bdmarc|\bspf\b|reputation|\bdnsbl|\brbl\b|denied"
         r"|not (?:allowed|authorized|permitted)|prohibited|rejected|refused|relay|content filter|abgelehnt|rejeté|拒否|拒绝", "5.7.1"),
    )
]  # fmt: skip


def named_recipients(root: Part, returned: Iterable[Headers]) -> list[BouncedRecipient]:
    """Whom the words of a report name, with what they say; else whom the returned mail was written to."""
    text = report_text(root)
    told, rest = _cut(text)
    own = {one.value for one in root.headers.addresses("from", "to", "reply-to", "return-path", "sender")}
    mails = [*returned, *_inline_headers(rest)]
    written_to: dict[str, None] = {}
    for headers in mails:
        for one in headers.addresses("to", "cc", "x-original-to", "x-forwarded-to"):
            written_to[one.value] = None
    senders = {one.value for headers in mails for one in headers.addresses("from", "return-path", "sender")}
    named = _named(told, (own | senders) - set(written_to))
    chosen = [address for address in named if address in written_to] or named
    if not chosen and len(written_to) <= MAX_NAMED:
        chosen = [address for address in written_to if address not in own] or list(written_to)
    action = BounceAction.DELAYED if is_delay(root.headers.text("subject"), told) else BounceAction.FAILED
    return [recipient_told(address, action, told) for address in chosen[:MAX_NAMED]]


def recipient_told(address: str, action: BounceAction, text: str) -> BouncedRecipient:
    """A recipient with what the report's words say where they name it."""
    place = max(text.lower().find(address), 0)
    said = text[place : place + 1500]
    code, diagnostic = why(said)
    if not code:
        code, diagnostic = why(text)
    if action is BounceAction.FAILED and not code:
        code = meaning(said) or meaning(text)
    return BouncedRecipient(address=address, action=action, status=code, diagnostic=diagnostic)


def why(said: str) -> tuple[str, str]:
    """The status code in some words, or "", and the answer of the server that they quote, or ""."""
    status, reply = _STATUS.search(said), _REPLY_CODE.search(said)
    return status[1] if status else "", " ".join(said[reply.start() :].split())[:300] if reply else ""


def meaning(said: str) -> str:
    """The status (RFC 3463) that the words of a server mean, or ""."""
    return next((code for words, code in _MEANINGS if words.search(said[:5_000])), "")


def is_delay(subject: str, text: str) -> bool:
    """Whether a report only says that it takes longer."""
    if re.search(r"fail|return|undeliver|could not|unable", subject, re.IGNORECASE):
        return False
    return bool(_DELAYED.search(subject) or _TRIES_ON.search(text))


def is_refusal(text: str) -> bool:
    """Whether a report says that a mail was refused for good, in words that leave no doubt."""
    return bool(_REFUSED.search(text[:5_000])) or meaning(text) in ("5.1.1", "5.1.2", "5.2.1")


def shows_a_refusal(root: Part) -> bool:
    """Whether words quote a server, or hold the mail that came back: what a person's complaint does not."""
    text = report_text(root)
    return bool(_SERVER_WORDS.search(text) or _LISTED.search(text) or _cut(text)[1])


def report_text(root: Part) -> str:
    """The words of the report itself: its first text, or that of its HTML."""
    fallback = ""
    for part in root.walk():
        if part.content_type == "text/plain" and (text := text_of_part(part)[:MAX_TEXT]).strip():
            return text
        if part.content_type == "text/html" and not fallback:
            fallback = text_of(text_of_part(part)[: 5 * MAX_TEXT])[:MAX_TEXT]
    return fallback


def _cut(text: str) -> tuple[str, str]:
    """What the report says, and the returned mail where that stands in the same text."""
    fields = [found.start() for found in _HEADER_LINES.finditer(text)]
    for found in _RETURNED.finditer(text):
        if found.start() > 40 and len(fields) >= 2 and fields[-2] >= found.start():
            return text[: found.start()], text[found.start() :]
    return text, ""


def _inline_headers(rest: str) -> list[Headers]:
    fields = re.findall(
        r"^[> ]{0,4}(To|Cc|From|X-Original-To): ?(.{1,500})$", rest, re.IGNORECASE | re.MULTILINE
    )
    return [Headers([(name.lower(), value.encode()) for name, value in fields[:20]])] if fields else []


def _named(text: str, excluded: set[str]) -> list[str]:
    found: dict[str, None] = {}
    matches = sorted(
        [*_ADDRESS.finditer(text), *_QUOTED_LOCAL.finditer(text)], key=lambda match: match.start()
    )
    for match in matches[:500]:
        before = text[max(0, match.start() - 40) : match.start()].rpartition("\n")[2]
        address = normalise_address(match[0].strip("'`=.-"))
        if address is None or address in excluded or address.partition("@")[0] in _ROLES:
            continue
        if _NOT_THE_RECIPIENT.search(before) and not re.search(r"rcpt|recipient", before, re.IGNORECASE):
            continue
        found[address] = None
    return list(found)[:MAX_NAMED]
