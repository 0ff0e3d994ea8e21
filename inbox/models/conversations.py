"""The thread with one customer, and the strands it is made of."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models.base import Model, WithCreation, WithPublicId
from inbox.models.channels import Channel


class Conversation(WithPublicId, WithCreation, Model):
    """Everything with one customer. `customer_id` is UNIQUE: one thread per customer. It is never closed."""

    __tablename__ = "conversations"
    __table_args__ = (Index(None, "last_message_at", "id"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), unique=True)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    last_message_at: Mapped[datetime | None]


class Strand(WithPublicId, WithCreation, Model):
    """One email thread, one chat session or one form submission. A reply answers a strand.

    `case_id` says where its next message goes; it may have none. `identity_id` is whom it is with. `mailbox`
    is the address that was written to. `waiting_since` is the oldest inbound message that has no answer yet.
    `page` is the page or the form's name that heads it on the screen. A *side* strand is with somebody else
    about the customer's matter (a supplier): the customer never sees any of it, its correspondents are its
    participants, and it has no identity.
    """

    __tablename__ = "strands"

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    origin_conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"), index=True)
    subject: Mapped[str] = mapped_column(String(1000), default="")
    mailbox: Mapped[str | None] = mapped_column(String(320))
    page: Mapped[str] = mapped_column(String(1000), default="")
    claimed: Mapped[bool] = mapped_column(default=False)
    is_side: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    waiting_since: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    last_inbound_at: Mapped[datetime | None]
    last_message_at: Mapped[datetime | None]

    channel: Mapped[Channel] = relationship(lazy="raise")
    participants: Mapped[list["StrandParticipant"]] = relationship(
        lazy="raise", order_by="StrandParticipant.id"
    )


class StrandParticipant(WithCreation, Model):
    """Somebody else on a strand's emails; an agent confirms them before they receive or join anything."""

    __tablename__ = "participants"
    __table_args__ = (UniqueConstraint("strand_id", "address"),)

    strand_id: Mapped[int] = mapped_column(ForeignKey("strands.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(300), default="")
    put_by: Mapped[str] = mapped_column(String(60))  # "to", "cc", "colleague", "agent", "supplier"
    put_by_message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    confirmed_at: Mapped[datetime | None]

    @property
    def confirmed(self) -> bool:
        return self.confirmed_at is not None


class TimelineEntry(Model):
    """The place of something in a conversation. Written with its event; split, move and merge move it.

    `kind` is message, note, handoff, suggestion or change; a change shows its event.
    """

    __tablename__ = "timeline_entries"
    __table_args__ = (Index(None, "conversation_id", "position"),)

    position: Mapped[int] = mapped_column(index=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), unique=True)
    note_id: Mapped[int | None] = mapped_column(ForeignKey("notes.id"), unique=True)
    handoff_id: Mapped[int | None] = mapped_column(ForeignKey("handoffs.id"), unique=True)
    suggestion_id: Mapped[int | None] = mapped_column(ForeignKey("suggestions.id"), unique=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"))
