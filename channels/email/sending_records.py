"""By which records of its domain receivers tell a mailbox's own mail from forged mail: SPF (RFC 7208), DKIM
(RFC 6376) and DMARC (RFC 7489). What is published, and what should be, in words.

Whether an SPF record lets a server through, and under which name a provider keeps its key, cannot be told in
general: what is not known is said to be so.
"""

import asyncio
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import idna

from channels.email.domain_names import Look, TextRecords, Unanswered
from inbox.phrases import Phrase, phrase


class RecordState(StrEnum):
    GOOD = "good"
    FOUND = "found"  # there is one; whether it is the right one is not to be seen from here
    LACKING = "lacking"
    WRONG = "wrong"
    UNKNOWN = "unknown"  # nobody answered


@dataclass(frozen=True, slots=True)
class SendingRecord:
    """One row: where the record stands or belongs (`name`), what to publish there (`value`, "" where only the
    mail provider can say), and what was found."""

    kind: str
    name: str
    value: str
    state: RecordState
    words: Phrase


@dataclass(frozen=True, slots=True)
class _Provider:
    """What a mail provider tells its customers to publish: the SPF record to include, and the usual names
    (selectors) of its keys."""

    include: str
    selectors: tuple[str, ...] = ()


_GOOGLE = _Provider("_spf.google.com", ("google",))
_MICROSOFT = _Provider("spf.protection.outlook.com", ("selector1", "selector2"))
_FASTMAIL = _Provider("spf.messagingengine.com", ("fm1", "fm2", "fm3"))
_PROTON = _Provider("_spf.protonmail.ch", ("protonmail", "protonmail2", "protonmail3"))
_PROVIDERS: Mapping[str, _Provider] = {  # by the domain of their SMTP servers
    **dict.fromkeys(("gmail.com", "google.com", "googlemail.com"), _GOOGLE),
    **dict.fromkeys(("office365.com", "outlook.com"), _MICROSOFT),
    **dict.fromkeys(("fastmail.com", "messagingengine.com"), _FASTMAIL),
    **dict.fromkeys(("protonmail.ch", "proton.me"), _PROTON),
    "amazonaws.com": _Provider("amazonses.com"),
    "gandi.net": _Provider("_mailcust.gandi.net", ("gm1", "gm2", "gm3")),
    "mailbox.org": _Provider("mailbox.org", ("MBO0001", "MBO0002")),
    "mailgun.org": _Provider("mailgun.org", ("k1", "mx", "smtp")),
    "mailjet.com": _Provider("spf.mailjet.com", ("mailjet",)),
    "me.com": _Provider("icloud.com", ("sig1",)),
    "ovh.net": _Provider("mx.ovh.com"),
    "postmarkapp.com": _Provider("spf.mtasv.net"),
    "sendgrid.net": _Provider("sendgrid.net", ("s1", "s2")),
    "yandex.com": _Provider("_spf.yandex.net", ("mail",)),
    "zoho.com": _Provider("zohomail.com", ("zoho", "zmail")),
    "zoho.eu": _Provider("zohomail.eu", ("zoho", "zmail")),
}
_USUAL_SELECTORS = ("default", "dkim", "mail", "s1", "key1")
_DMARC = "v=DMARC1; p=none"
_UNANSWERED = phrase("No name server answered. Try again in a moment.")
_NO_SPF = phrase("None is published. Many receivers take your mail for spam then.")
_OPEN_SPF = phrase(
    "It lets every server of the world write in your name: it ends with “all” instead of “~all”."
)
_NO_KEY = phrase(
    "No key is published. Switch signing on at your mail provider, and publish the name and the key that it "
    "shows."
)
_OTHER_KEY = phrase(
    "Something is published below this name, but no key under a name that is usual with your provider. Look "
    "for dkim=pass in a mail that you sent."
)
_NO_DMARC = phrase("None is published. Large providers refuse mail of domains without one.")
_NO_POLICY = phrase("It does not say what shall become of forged mail (p=none, quarantine or reject).")
_POLICIES = {
    "none": phrase(
        "It asks for nothing yet (p=none). Once SPF and DKIM are good, p=quarantine protects your name."
    ),
    "quarantine": phrase("Forged mail is put among the spam."),
    "reject": phrase("Forged mail is refused."),
}


async def sending_records(domain: str, smtp_host: str, look: Look) -> tuple[SendingRecord, ...]:
    """SPF, DKIM and DMARC of a mailbox's domain, whose mail leaves by *smtp_host*. All names are looked up at
    once; what nobody answers is UNKNOWN."""
    own = _ascii(domain)
    host = smtp_host.lower().rstrip(".")
    provider = next((known for end, known in _PROVIDERS.items() if f".{host}".endswith(f".{end}")), None)
    return tuple(
        await asyncio.gather(_spf(own, host, provider, look), _dkim(own, provider, look), _dmarc(own, look))
    )


async def _spf(domain: str, host: str, provider: _Provider | None, look: Look) -> SendingRecord:
    wanted = f"include:{provider.include}" if provider else _naming(host)
    try:
        texts = (await look(domain)).texts
    except Unanswered:
        return SendingRecord("SPF", domain, f"v=spf1 {wanted} ~all", RecordState.UNKNOWN, _UNANSWERED)
    found = [" ".join(text.split()) for text in texts if re.match(r"v=spf1(?:\s|$)", text, re.IGNORECASE)]
    if not found:
        return SendingRecord("SPF", domain, f"v=spf1 {wanted} ~all", RecordState.LACKING, _NO_SPF)
    if len(found) > 1:  # RFC 7208 §4.5
        return SendingRecord("SPF", domain, _joined(found), RecordState.WRONG, _too_many(found))
    value, state, words = _judged(found[0], wanted, "" if provider else host)
    return SendingRecord("SPF", domain, value, state, words)


def _judged(record: str, wanted: str, host: str) -> tuple[str, RecordState, Phrase]:
    """What to publish in place of the only SPF record, and what is to be said of it. *host*: where nobody
    knows what its provider wants."""
    terms = [term.removeprefix("+") for term in record.lower().split()]
    if "all" in terms:
        return re.sub(r"(?i)(?<=\s)\+?all\b", "~all", record), RecordState.WRONG, _OPEN_SPF
    if wanted.lower() in terms:
        return record, RecordState.GOOD, phrase("It names %(what)s.", what=wanted)
    if host:
        words = phrase(
            "There is one. Whether it lets %(host)s through is not to be seen from here: look for spf=pass "
            "in a mail that you sent.",
            host=host,
        )
        return record, RecordState.FOUND, words
    words = phrase(
        "There is one, but it does not name %(what)s itself. Unless something in it does, add that.",
        what=wanted,
    )
    return re.sub(r"(?i)^v=spf1", f"v=spf1 {wanted}", record), RecordState.FOUND, words


async def _dkim(domain: str, provider: _Provider | None, look: Look) -> SendingRecord:
    known = provider.selectors if provider else ()
    selectors = known or _USUAL_SELECTORS
    shown = f"{known[0] if known else '…'}._domainkey.{domain}"
    try:
        folder, *keys = await asyncio.gather(
            look(f"_domainkey.{domain}"), *(look(f"{each}._domainkey.{domain}") for each in selectors)
        )
    except Unanswered:
        return SendingRecord("DKIM", shown, "", RecordState.UNKNOWN, _UNANSWERED)
    for selector, key in zip(selectors, keys, strict=True):
        for text in key.texts:
            if _tags(text).get("p"):  # empty: taken back (RFC 6376 §3.6.1)
                words = phrase("A key is published under the name “%(name)s”.", name=selector)
                name = f"{selector}._domainkey.{domain}"
                return SendingRecord("DKIM", name, text, RecordState.GOOD, words)
    if folder.exists or any(key.exists for key in keys):
        return SendingRecord("DKIM", shown, "", RecordState.FOUND, _OTHER_KEY)
    return SendingRecord("DKIM", shown, "", RecordState.LACKING, _NO_KEY)


async def _dmarc(domain: str, look: Look) -> SendingRecord:
    labels = domain.split(".")
    names = [f"_dmarc.{'.'.join(labels[at:])}" for at in range(max(1, len(labels) - 1))][:5]
    try:
        answers: Sequence[TextRecords] = await asyncio.gather(*map(look, names))
    except Unanswered:
        return SendingRecord("DMARC", names[0], _DMARC, RecordState.UNKNOWN, _UNANSWERED)
    for name, answer in zip(names, answers, strict=True):  # the nearest one is meant (RFC 7489 §6.6.3)
        found = [text for text in answer.texts if re.match(r"v\s*=\s*DMARC1\s*(?:;|$)", text)]
        if len(found) > 1:
            return SendingRecord("DMARC", name, found[0], RecordState.WRONG, _too_many(found))
        if found:
            policy = _tags(found[0]).get("p", "").lower()
            if policy in _POLICIES:
                return SendingRecord("DMARC", name, found[0], RecordState.GOOD, _POLICIES[policy])
            return SendingRecord("DMARC", name, _DMARC, RecordState.WRONG, _NO_POLICY)
    return SendingRecord("DMARC", names[0], _DMARC, RecordState.LACKING, _NO_DMARC)


def _naming(host: str) -> str:
    """The term that lets a server through of which nobody knows more than its name (RFC 7208 §5); the servers
    that take the domain's mail where it is no public one."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"a:{host}" if "." in host else "mx"
    return f"ip{address.version}:{address}" if address.is_global else "mx"


def _too_many(found: Sequence[str]) -> Phrase:
    return phrase(
        "There are %(number)d of them: receivers heed none then. Make one of them.", number=len(found)
    )


def _joined(records: Sequence[str]) -> str:
    """Several SPF records as one, with the end of the last."""
    terms = list(dict.fromkeys(term for text in records for term in text.split()[1:]))
    ends = [term for term in terms if re.fullmatch(r"[-~?+]?all", term, re.IGNORECASE)]
    return " ".join(["v=spf1", *(term for term in terms if term not in ends), ends[-1] if ends else "~all"])


def _tags(text: str) -> dict[str, str]:
    """tag=value; tag=value (RFC 6376 §3.2), spaces aside."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}


def _ascii(domain: str) -> str:
    """The domain as name servers know it (RFC 5891)."""
    lower = domain.lower().rstrip(".")
    try:
        return idna.encode(lower, uts46=True).decode()
    except idna.IDNAError:
        return lower
