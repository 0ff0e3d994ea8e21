"""Published test mail, where its folder is found: all is a message or refused, and figures are printed.

`ONETHREAD_TEST_DATA` names the folder; without it the neighbour of the checkout is looked at.
"""

import json
import re
import time
from collections import Counter

import pytest

from benchmarks.mail import DATA, EMAILS, bag, expected_reply, folded, manifest, read, spoken
from channels.email.quotes_html import html_text
from inbox.envelopes import SpanKind
from inbox.errors import Refused
from inbox.html_text import text_of
from inbox.texts import new_words

ATTACKS = DATA / "attacks"
NO_MAIL = ("reply", "reply-html", "forward", "forward-html", "signature", "header-cases")

pytestmark = pytest.mark.skipif(not (EMAILS / "MANIFEST.tsv").exists(), reason="the test mail is not here")


def test_every_mail_is_a_message_or_refused_quickly() -> None:
    paths = [EMAILS / row["file"] for row in manifest() if row["kind"] not in NO_MAIL]
    paths += sorted(
        path
        for folder in ("mime_malformed", "bombs", "mail_loops")
        for path in (ATTACKS / folder).glob("*.eml")
    )
    refused: list[str] = []
    slowest = 0.0
    begun = time.process_time()
    for path in paths:
        started = time.process_time()
        if isinstance(answer := read(path), Refused):
            refused.append(f"{path.name}: {answer}")
        slowest = max(slowest, time.process_time() - started)
    rate = len(paths) / (time.process_time() - begun)
    print(f"\n{len(paths)} mails, {len(refused)} refused, {rate:.0f}/s, slowest {slowest * 1000:.0f} ms")
    assert slowest < 2
    # Pictures, sounds and bare TNEF streams lie among them and are no mail.
    mails_refused = [one for one in refused if re.match(r"[^:]+\.(?:eml|txt):", one)]
    assert len(mails_refused) <= 6, mails_refused


def test_replies_are_told_from_what_they_quote() -> None:
    total = exact = kept = clean = 0
    for row in manifest("reply", "reply-eml"):
        if row["expected_kind"] not in ("exact", "reference"):
            continue
        expected = expected_reply(row)
        if expected is None:
            continue
        text, spans = spoken(row)
        quotes = [span for span in spans if span.kind is SpanKind.QUOTE]
        shown, shown_with_signature = new_words(text, spans), new_words(text, quotes)
        total += 1
        exact += folded(expected) in (folded(shown), folded(shown_with_signature))
        kept += (bag(expected) & bag(shown_with_signature)).total() >= 0.98 * bag(expected).total()
        clean += (bag(expected) & bag(shown)).total() >= 0.95 * bag(shown).total()
    print(
        f"\n{total} replies: exact {exact / total:.1%}, no loss {kept / total:.1%}, "
        f"no leak {clean / total:.1%}"
    )
    assert exact / total >= 0.9 and kept / total >= 0.98 and clean / total >= 0.97


def test_html_replies_are_told_from_what_they_quote() -> None:
    rows = [row for row in manifest("reply-html") if row["expected_file"]]
    right = 0
    for row in rows:
        text, spans = html_text((EMAILS / row["file"]).read_text(errors="replace"))
        expected = text_of((EMAILS / row["expected_file"]).read_text(errors="replace"))
        right += "".join(new_words(text, spans).split()) == "".join(expected.split())
    print(f"\n{right} of {len(rows)} HTML replies exact")
    assert right == len(rows)


def test_bounces_are_recognised_and_name_their_recipients() -> None:
    found: Counter[str] = Counter()
    for row in manifest("dsn"):
        message = read(EMAILS / row["file"])
        if isinstance(message, Refused) or row["expected_kind"] != "exact":
            continue
        found["all"] += 1
        found["recognised"] += message.bounce is not None
        found["linked"] += bool(message.bounce and message.bounce.message_ids)
        expected = json.loads(row["expected_inline_json"])
        if isinstance(expected, dict):
            named = {one.address for one in message.bounce.recipients} if message.bounce else set()
            found["addresses"] += 1
            found["addresses right"] += {one.lower() for one in expected["addresses"]} <= named
    print("\nbounces:", dict(found))
    assert found["recognised"] >= 0.95 * found["all"]
    assert found["addresses right"] >= 0.92 * found["addresses"]
