"""How mail programs of many languages quote, sign and forward, each kind in the places where it stands.

The kinds stand in tests/emails/kinds, written for these tests after the habits of the programs.
"""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels.email.quotes import find_spans
from channels.email.quotes_html import html_text
from inbox.texts import new_words

KINDS = Path(__file__).parents[2] / "emails" / "kinds"
REPLY = "Thank you, that works.\n\nSee you on Monday"
ASKED = "Hello Mr Miller,\n\nthe parcel left today.\n\nRegards\nJane"


def kinds(name: str) -> list[str]:
    return (KINDS / f"{name}.txt").read_text().rstrip("\n").split("\n%%\n")


def shown(text: str) -> str:
    return new_words(text, find_spans(text))


def marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def announced(announcement: str) -> Iterator[tuple[str, str]]:
    yield "above >", f"{REPLY}\n\n{announcement}\n\n{marked(ASKED)}\n"
    yield "above nothing", f"{REPLY}\n\n{announcement}\n\n{ASKED}\n"
    yield "without empty lines", f"{REPLY}\n{announcement}\n{marked(ASKED)}"
    yield "all of it under >", f"{REPLY}\n\n{marked(announcement)}\n> \n{marked(ASKED)}\n"
    if not announcement.startswith(">>>"):  # who writes below it there sets no ">"
        yield "answered below", f"{announcement}\n{marked(ASKED)}\n\n{REPLY}\n"
    if "\n" not in announcement and len(announcement) > 60:
        wrapped = textwrap.fill(announcement, 60, break_long_words=False, break_on_hyphens=False)
        yield "wrapped", f"{REPLY}\n\n{wrapped}\n\n{marked(ASKED)}\n"


@pytest.mark.parametrize("announcement", kinds("announcements"))
def test_an_announcement_and_what_it_announces_are_no_reply(announcement: str) -> None:
    assert [where for where, text in announced(announcement) if shown(text) != REPLY] == []


def test_announcements_of_more_programs_and_languages_are_no_reply() -> None:
    texts = [
        (announcement, text)
        for announcement in kinds("more_announcements")
        for where, text in announced(announcement)
        if where != "wrapped"
    ]
    assert {announcement for announcement, text in texts if shown(text) != REPLY} == set()


def test_somebody_and_a_moment_right_above_a_quote_announce_it() -> None:
    for announcement in ("Jane Doe @ 2023-01-02 15:04 CET:", "Jane Doe at 1/2/2023 3:04 PM:"):
        assert shown(f"{REPLY}\n\n{announcement}\n{marked(ASKED)}\n") == REPLY
        assert shown(f"{REPLY}\n\n{announcement}\n{ASKED}\n").startswith(f"{REPLY}\n\n{announcement}")


@pytest.mark.parametrize("kind", kinds("replies"), ids=lambda kind: kind.split("\n")[0])
def test_of_whole_mails_the_new_words_are_shown(kind: str) -> None:
    text, _, words = kind.partition("\n")[2].partition("\n=>\n")
    assert shown(text).split() == words.split()


@pytest.mark.parametrize("header", kinds("quoted_headers"))
def test_the_header_of_a_quoted_mail_and_all_below_are_no_reply(header: str) -> None:
    texts = {
        "below an empty line": f"{REPLY}\n\n{header}\n\n{ASKED}\n",
        "close": f"{REPLY}\n{header}\n{ASKED}",
        "under >": f"{REPLY}\n\n{marked(header)}\n{marked(ASKED)}",
        "every line apart": f"{REPLY}\n\n{_apart(header)}\n\n{ASKED}",
    }
    assert [where for where, text in texts.items() if shown(text) != REPLY] == []


@pytest.mark.parametrize("signature", kinds("signatures"))
def test_a_signature_is_no_part_of_the_words(signature: str) -> None:
    announcement = "On Mon, Jan 2, 2023 at 3:04 PM Jane Doe <jane@shop.example> wrote:"
    for text in (
        f"{REPLY}\n\n{signature}\n",
        f"{REPLY}\n\n{signature}\n\n{announcement}\n{marked(ASKED)}",
    ):
        words = shown(text).removeprefix(REPLY).strip()
        assert words in ("", "Best regards,\n\nJane Doe", "Mit freundlichen Grüßen\n\nJane Doe")


@pytest.mark.parametrize("text", kinds("no_quotes"))
def test_words_that_only_resemble_a_quote_stay(text: str) -> None:
    assert shown(text).split() == text.split()


@pytest.mark.parametrize("kind", kinds("html_replies"), ids=lambda kind: kind.split("\n")[0])
def test_the_html_of_every_program_is_told_from_what_it_quotes(kind: str) -> None:
    reply = "<div>Thank you, that works.</div><div><br></div><div>See you</div>"
    asked = "Hello Mr Miller,<br><br>the parcel left today.<br>Regards<br>Jane"
    html = kind.partition("\n")[2].replace("{reply}", reply).replace("{quoted}", asked)
    text, spans = html_text(html)
    assert new_words(text, spans).split() == ["Thank", "you,", "that", "works.", "See", "you"]


def _apart(header: str) -> str:
    return header.replace("\n", "\n\n")
