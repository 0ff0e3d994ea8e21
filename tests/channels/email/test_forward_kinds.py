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
