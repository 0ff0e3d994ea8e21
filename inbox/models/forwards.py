"""Mail that one of our agents passed on."""

from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, WithCreation


class ForwardState(StrEnum):
    FILED = "filed"  # the message shows the original mail, in its writer's conversation
    ASKED = "asked"  # it shows the mail as it came; agents are asked whose it is
    KEPT = "kept"  # it is the agent's own, somebody said


class PassedOn(WithCreation, Model):
    """The two ways of showing a message that an agent forwarded: as it came, and as the mail inside of it.

    `as_it_came` and `original` hold the columns of the message that differ, and its attachments. `note_id` is
    the note with what the agent wrote above; until the message is filed, `words` are kept for it.
    """

    __tablename__ = "passed_on"

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    note_id: Mapped[int | None] = mapped_column(ForeignKey("notes.id"))
    state: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(default="")
    as_it_came: Mapped[dict[str, Any]]
    original: Mapped[dict[str, Any]]
    original_key: Mapped[str] = mapped_column(String(64))
