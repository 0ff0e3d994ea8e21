"""How well published test mail is read: by kind, apart for the half that rules were written on and the other.

`ONETHREAD_TEST_DATA` names the folder of the mail; without it the neighbour of the checkout is looked at. Of
the file names a digest decides which half a mail belongs to. `python -m benchmarks.mail` names the mails of
the first half that were read wrongly; what is wrong in the other half is counted only.
"""

import csv
import hashlib
import json
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from channels.email.parser import MailContext, parse
from channels.email.quotes import find_spans
from channels.email.quotes_html import html_text
from inbox.envelopes import Automatic, InboundMessage, Span, SpanKind
from inbox.errors import Refused
from inbox.filenames import clean_filename
from inbox.html_text import text_of
from inbox.texts import new_words

DATA = Path(os.environ.get("ONETHREAD_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")
EMAILS = DATA / "emails"
CONTEXT = MailContext(mailbox_address="support@company.test")
# What the design asks of mail that nobody here has seen.
BARS = {"reply exact": 0.85, "reply no loss": 0.97, "reply no leak": 0.88}

Check = tuple[str, bool]  # what was looked at, and whether it was right


def measure() -> list[Figure]:
    """The share that is right of each kind, in both halves; empty where the mail is not here."""
    if not (EMAILS / "MANIFEST.tsv").exists():
        return [Figure("mail", "test mail", "not here")]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row, check, right in checks():
        half = "first" if is_first_half(row["file"]) else "other"
        counts[check][half] += 1
        counts[check][f"{half} right"] += right
    return [_figure(check, count) for check, count in sorted(counts.items())]


def is_first_half(name: str) -> bool:
    """Whether rules may be written on this mail."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def checks() -> Iterator[tuple[dict[str, str], str, bool]]:
    """(row of the manifest, what was checked, whether it was right) for every expectation."""
    for row in manifest():
        look = _LOOKS.get(row["kind"])
        if look is not None and row["expected_kind"] in ("exact", "reference", "facts", "no-crash"):
            for check, right in look(row):
                yield row, check, right


def manifest(*kinds: str) -> list[dict[str, str]]:
    """The rows of the manifest, of these kinds or all."""
    csv.field_size_limit(10_000_000)
    with (EMAILS / "MANIFEST.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in rows if row["kind"] in kinds or not kinds]


def read(path: Path) -> InboundMessage | Refused:
    """What the parser makes of a raw mail."""
    try:
        return parse(path.read_bytes(), context=CONTEXT, store=lambda data: hashlib.sha256(data).hexdigest())
    except Refused as refusal:
        return refusal


def spoken(row: dict[str, str]) -> tuple[str, tuple[Span, ...]]:
    """The text of a reply, which is a mail or only its words, and its ranges."""
    path = EMAILS / row["file"]
    if row["kind"] == "reply-eml":
        message = read(path)
        return ("", ()) if isinstance(message, Refused) else (message.text, message.spans)
    text = path.read_text(errors="replace").replace("\r\n", "\n")
    return text, find_spans(text)


def _replies(row: dict[str, str]) -> Iterator[Check]:
    text, spans = spoken(row)
    shown = new_words(text, spans)
    signed = new_words(text, [span for span in spans if span.kind is SpanKind.QUOTE])
    inline = json.loads(row["expected_inline_json"] or "{}")
    for wanted in inline.get("contains", ()):
        yield "reply holds what it should", wanted in signed
    for unwanted in inline.get("not_contains", ()):
        yield "reply leaves out what it should", unwanted not in shown
    expected = expected_reply(row)
    if expected is not None:
        words, output = bag(expected), bag(shown)
        yield "reply exact", folded(expected) in (folded(shown), folded(signed))
        yield "reply no loss", (words & bag(signed)).total() >= 0.98 * words.total()
        yield "reply no leak", (words & output).total() >= 0.95 * output.total()


def expected_reply(row: dict[str, str]) -> str | None:
    """The words that the publisher expects, or None where it says nothing of all of them."""
    if row["expected_file"]:
        return (EMAILS / row["expected_file"]).read_text(errors="replace")
    reply = json.loads(row["expected_inline_json"] or "{}").get("reply")
    return reply if isinstance(reply, str) else None


def _html_replies(row: dict[str, str]) -> Iterator[Check]:
    if row["expected_file"]:
        text, spans = html_text((EMAILS / row["file"]).read_text(errors="replace"))
        expected = text_of((EMAILS / row["expected_file"]).read_text(errors="replace"))
        yield "HTML reply exact", "".join(new_words(text, spans).split()) == "".join(expected.split())


def _signatures(row: dict[str, str]) -> Iterator[Check]:
    text, spans = spoken(row)
    signature = (EMAILS / row["expected_file"]).read_text(errors="replace")
    rest = bag(text) - bag(signature)
    shown = bag(new_words(text, spans))
    yield "signature apart", shown == rest
    yield "signature takes no words of the reply", not rest - shown


def _bounces(row: dict[str, str]) -> Iterator[Check]:
    message = read(EMAILS / row["file"])
    if isinstance(message, Refused):
        yield "bounce is filed", False
        return
    expected = json.loads(row["expected_inline_json"] or "null")
    if row["expected_kind"] != "exact":
        return
    bounce = message.bounce
    yield "bounce recognised", bounce is not None
    if isinstance(expected, dict):
        named = {one.address for one in bounce.recipients} if bounce else set()
        yield "bounce names whom it should", {one.lower() for one in expected["addresses"]} <= named
    elif isinstance(expected, list) and bounce:
        codes = {one["status"] for one in expected if one["status"]}
        if codes:
            yield "bounce status", bool(codes & {one.status for one in bounce.recipients})
        yield "bounce names a recipient", bool(bounce.recipients)


def _machines(row: dict[str, str]) -> Iterator[Check]:
    message = read(EMAILS / row["file"])
    yield (
        f"{row['kind']} is automatic",
        (
            isinstance(message, InboundMessage)
            and message.automatic in (Automatic.AUTO_REPLY, Automatic.BOUNCE)
        ),
    )


def _structures(row: dict[str, str]) -> Iterator[Check]:
    path = EMAILS / row["file"]
    message = read(path)
    if row["expected_kind"] == "no-crash":
        yield "mail is filed", isinstance(message, InboundMessage)
        return
    if isinstance(message, Refused):
        yield "mail is filed", False
        return
    expected: dict[str, Any] = json.loads((EMAILS / row["expected_file"]).read_text())
    texts = [text for text in expected.get("text_body", ()) if text]
    if texts:
        share = (bag(" ".join(texts)) & bag(message.text)).total() / max(bag(" ".join(texts)).total(), 1)
        yield "text of the mail", share > 0.9
    if subject := expected.get("subject"):
        yield "subject", folded(subject) == folded(message.subject)
    if sender := expected.get("from"):
        address = sender[0].get("address") if isinstance(sender, list) else sender.get("address")
        yield "sender", (address or "").lower() == message.sender.value
    names = [
        clean_filename(one["filename"]) for one in expected.get("attachments", ()) if one.get("filename")
    ]
    if names:
        yield "file names", set(names) <= {file.filename for file in message.attachments}


def _figure(check: str, count: Counter[str]) -> Figure:
    bar = BARS.get(check)
    shares = [
        f"{count[f'{half} right']}/{count[half]} {count[f'{half} right'] / count[half]:.1%}"
        if count[half]
        else "—"
        for half in ("first", "other")
    ]
    holds = None if bar is None or not count["other"] else count["other right"] >= bar * count["other"]
    return Figure("mail", check, "  |  ".join(shares), f"≥ {bar:.0%}" if bar else "", holds)


def bag(text: str) -> Counter[str]:
    """The words of a text, in no order."""
    return Counter(re.findall(r"\w+", text))


def folded(text: str) -> str:
    """A text with every stretch of white space as one space."""
    return " ".join(text.split())


_LOOKS = {
    "reply": _replies,
    "reply-eml": _replies,
    "reply-html": _html_replies,
    "signature": _signatures,
    "dsn": _bounces,
    "arf": _machines,
    "autoreply": _machines,
    "mime": _structures,
}


if __name__ == "__main__":
    for row, check, right in checks():
        if not right and is_first_half(row["file"]):
            sys.stdout.write(f"{check}: {row['file']}\n")
    for figure in measure():
        sys.stdout.write(f"{figure.name:40} {figure.value}  {figure.bar} {figure.verdict}\n")
