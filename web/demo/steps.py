"""What can happen in the demo's past: each step says whom it is about and how many minutes ago it was."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from inbox.models import Priority, Status
from web.demo.letters import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    who: Person
    ago: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail(Step):
    """`is_answer`: it answers the newest mail that we sent."""

    subject: str
    text: str
    is_answer: bool = False
    verdict: str = "pass"
    headers: tuple[str, ...] = ()
    photo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat(Step):
    """`is_signed`: the shop's server says who is looking, so that it joins their thread."""

    text: str
    page: str = "https://harbourpine.example/"
    is_signed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Step):
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Step):
    by: str
    text: str
    then: Status = Status.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Step):
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Step):
    to: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Step):
    """A handoff to an agent by first name, or to a team by name."""

    by: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept(Step):
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze(Step):
    by: str
    hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve(Step):
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spam(Step):
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Step):
    by: str
    tags: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw(Step):
    """A mail that is not written by a person: given byte for byte."""

    content: bytes = field(default=b"")
