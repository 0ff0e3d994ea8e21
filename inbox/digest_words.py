"""The mail that tells an agent what waits for them. Markdown, as all mails of ours; nothing a stranger wrote
becomes a link or markup in it. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inbox.notification_words import headline
from inbox.phrases import Phrase, counted, phrase
from inbox.queries.notifications import ShownNotification
from inbox.words import Words

LONGEST_NAME = 80
MOST_LINES = 20
_MARKUP = re.compile(r"[\[\]<>()*_`~|\\#!{}]|https?://|www\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Digest:
    """The words of one mail."""

    subject: str
    text: str


def digest_of(
    waiting: Sequence[ShownNotification], words: Words, *, base_url: str, with_texts: bool
) -> Digest:
    """What waits, as a mail: who did what, a link, and a customer's words where the workspace allows them."""
    conversations = len({told.conversation_id for told in waiting})
    subject = counted(
        "One conversation waits for you", "%(number)d conversations wait for you", conversations
    )
    lines = [_line(told, words, base_url, with_texts) for told in waiting[:MOST_LINES]]
    left = len(waiting) - len(lines)
    if left:
        lines.append(f"* {words.told(counted('and one more', 'and %(number)d more', left))}")
    closing = phrase(
        "You have not seen this for a while, so that we mail it, once. You choose what you are told, and "
        "when you are left in peace, at %(address)s",
        address=f"{base_url}/settings/notifications",
    )
    return Digest(words.told(subject), "\n".join([*lines, "", words.told(closing)]))


def harmless(text: str, most: int = LONGEST_NAME) -> str:
    """A stranger's words on one line, without anything that could become markup or a link."""
    line = " ".join(_MARKUP.sub(" ", text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _line(told: ShownNotification, words: Words, base_url: str, with_texts: bool) -> str:
    said = _with_harmless_values(headline(told))
    lines = [f"* {words.told(said)}", f"  {base_url}/cases/{told.case_number}"]
    if with_texts and told.outside_text:
        lines.append(f"  “{harmless(told.outside_text, 200)}”")
    return "\n".join(lines)


def _with_harmless_values(said: Phrase) -> Phrase:
    values = {name: harmless(value) if isinstance(value, str) else value for name, value in _items(said)}
    return Phrase(said.pattern, values, said.many, said.number)


def _items(said: Phrase) -> Iterable[tuple[str, object]]:
    return said.values.items()
