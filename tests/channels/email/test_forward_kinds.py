"""How the mail programs of many languages pass a mail on, each header above the same words."""

from pathlib import Path

from channels.email.forwards import read_forward
from inbox.envelopes import Address, ChannelKind, Forward, InboundMessage

KINDS = Path(__file__).parents[2] / "emails" / "kinds"
NOTE = "Can somebody take this?"
BODY = "It is cracked.\n\nWhat can we do?\n\nJane"


def forward(text: str, subject: str) -> Forward | None:
    message = InboundMessage(
        channel=ChannelKind.EMAIL,
        sender=Address("maya@desk.test"),
        content_hash="0",
        subject=subject,
        text=text,
    )
    return read_forward(message, [], lambda part: message)


def test_of_every_program_the_writer_the_words_and_the_note_are_told_apart() -> None:
    misread: dict[str, object] = {}
    for kind in (KINDS / "forwards.txt").read_text().rstrip("\n").split("\n%%\n"):
        first, _, head = kind.partition("\n")
        program, subject, address, name = first.split("\t")
        found = forward(f"{NOTE}\n\n{head}\n\n{BODY}", subject)
        read = found and (
            found.original.sender.value,
            found.original.sender.name,
            found.original.subject,
            " ".join(found.original.text.split()),
            found.words,
            found.is_sure,
        )
        if read != (address, name, "Cracked lamp", " ".join(BODY.split()), NOTE, True):
            misread[program] = read
    assert misread == {}


def test_an_answer_is_no_forward_though_its_subject_says_so() -> None:
    answer = "Thanks!\n\nOn Fri, Nov 20, 2026 at 9:31 AM Jane <jane@x.example> wrote:\n> It is cracked."
    assert forward(answer, "Fwd: Lamp") is None
    assert forward(answer.replace("Thanks!\n\n", ""), "Fwd: Lamp") is not None


def test_what_a_program_sets_below_or_folds_belongs_to_neither_words_nor_body() -> None:
    head = "From: Jane Doe <jane@shop.example>\nDate: Mon, 2 Jan 2023 15:04:22 +0100\nSubject: Cracked lamp"
    title, end = "----- Forwarded message from Jane -----", "----- End forwarded message -----"
    ended = f"{title}\n\n{head}\n\n{BODY}\n\n{end}\n"
    found = forward(f"{NOTE}\n\n{ended}", "Fwd: Cracked lamp")
    assert found and found.original.text == BODY

    folded = f"---------- Forwarded message ---------\n{head} of\n January\nTo: support@desk.test\n\n{BODY}"
    found = forward(folded, "Fwd: Cracked lamp of January")
    assert found and (found.original.subject, found.original.text) == ("Cracked lamp of January", BODY)


def test_of_a_mail_in_a_mail_in_a_mail_agents_are_asked_who_wrote_to_us() -> None:
    head = "---------- Forwarded message ---------\nFrom: {} <{}>\nDate: Mon, Jan 2, 2023 at 3:04 PM"
    outer, inner = head.format("Jane", "jane@shop.example"), head.format("Bob", "bob@x.example")
    outer += "\nSubject: Fwd: Lamp\nTo: a@b.example"
    text = f"{outer}\n\nSee below.\n\n{inner}\nSubject: Lamp\nTo: c@d.example\n\n{BODY}"
    found = forward(text, "Fwd: Lamp")
    assert found and not found.is_sure
    assert found.original.text.startswith("See below.\n\n---------- Forwarded message")


def test_below_a_title_that_names_nobody_agents_are_asked_whose_it_is() -> None:
    table = "   Jane Doe\n   <jane@shop.example>      To:   support@desk.test"
    text = f"{NOTE}\n\n----- Forwarded by Maya/DESK on 01/02/2023 03:10 PM -----\n\n{table}\n\n{BODY}"
    found = forward(text, "Fw: Cracked lamp")
    assert found and not found.is_sure and found.original.sender.value == "" and found.words == NOTE
    assert BODY in found.original.text
