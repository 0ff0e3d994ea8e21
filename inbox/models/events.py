"""Facts that happened: the spine of push, webhooks, automation, audit and reports."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Model, UTCDateTime


class Place(StrEnum):
    """What an event does to a timeline."""

    PLACE = "place"  # a new entry
    REDRAW = "redraw"  # an entry that stands looks different now
    RESET = "reset"  # entries moved: the timeline is read anew
    NONE = "none"


class EventKind(StrEnum):
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_LOGGED = "message.logged"
    MESSAGE_REWRITTEN = "message.rewritten"
    MESSAGE_QUEUED = "message.queued"
    MESSAGE_SENDING = "message.sending"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_READ = "message.read"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_BOUNCED = "message.bounced"
    MESSAGE_DELAYED = "message.delayed"
    MESSAGE_UNKNOWN = "message.unknown"
    MESSAGE_CANCELLED = "message.cancelled"
    MESSAGE_RESTORED = "message.restored"
    MESSAGE_RETRIED = "message.retried"
    MESSAGE_HASTENED = "message.hastened"
    MESSAGE_MARKED_SPAM = "message.marked_spam"
    MESSAGE_UNMARKED_SPAM = "message.unmarked_spam"
    MESSAGE_COMPLAINED = "message.complained"
    MESSAGE_REPEATED = "message.repeated"
    MESSAGE_MOVED = "message.moved"
    MESSAGE_REDACTED = "message.redacted"
    NOTE_ADDED = "note.added"
    NOTE_EDITED = "note.edited"
    NOTE_MOVED = "note.moved"
    CASE_MOVED = "case.moved"
    CASE_OPENED = "case.opened"
    CASE_ASSIGNED = "case.assigned"
    CASE_UNASSIGNED = "case.unassigned"
    CASE_PENDING = "case.pending"
    CASE_SNOOZED = "case.snoozed"
    CASE_WOKEN = "case.woken"
    CASE_RESOLVED = "case.resolved"
    CASE_REOPENED = "case.reopened"
    CASE_CHANGED = "case.changed"
    CASE_MARKED_SPAM = "case.marked_spam"
    CASE_UNMARKED_SPAM = "case.unmarked_spam"
    CASE_SPLIT = "case.split"
    CASE_JOINED = "case.joined"
    CASE_RATED = "case.rated"
    CASE_FOLLOWED = "case.followed"
    CASE_UNFOLLOWED = "case.unfollowed"
    CASE_MUTED = "case.muted"
    CASE_UNMUTED = "case.unmuted"
    STRAND_ANSWERED = "strand.answered"
    STRAND_MOVED = "strand.moved"
    HANDOFF_OFFERED = "handoff.offered"
    HANDOFF_ACCEPTED = "handoff.accepted"
    HANDOFF_DECLINED = "handoff.declined"
    HANDOFF_WITHDRAWN = "handoff.withdrawn"
    HANDOFF_EXPIRED = "handoff.expired"
    PARTICIPANT_CONFIRMED = "participant.confirmed"
    SUGGESTION_MADE = "suggestion.made"
    SUGGESTION_DECIDED = "suggestion.decided"
    CUSTOMER_CHANGED = "customer.changed"
    CUSTOMER_BLOCKED = "customer.blocked"
    CUSTOMER_UNBLOCKED = "customer.unblocked"
    CUSTOMER_ASKED_ERASURE = "customer.asked_erasure"
    CUSTOMER_MERGED = "customer.merged"
    CUSTOMER_UNMERGED = "customer.unmerged"
    IDENTITY_PROVED = "identity.proved"
    INTAKE_QUARANTINED = "intake.quarantined"
    INTAKE_RETRIED = "intake.retried"
    CHANNEL_CHANGED = "channel.changed"
    ABSENCE_PLANNED = "absence.planned"
    ABSENCE_BEGAN = "absence.began"
    ABSENCE_ENDED = "absence.ended"
    AGENT_DEACTIVATED = "agent.deactivated"
    AGENT_ACTIVATED = "agent.activated"


_REDRAW = (
    EventKind.MESSAGE_SENDING,
    EventKind.MESSAGE_SENT,
    EventKind.MESSAGE_DELIVERED,
    EventKind.MESSAGE_READ,
    EventKind.MESSAGE_FAILED,
    EventKind.MESSAGE_BOUNCED,
    EventKind.MESSAGE_DELAYED,
    EventKind.MESSAGE_UNKNOWN,
    EventKind.MESSAGE_CANCELLED,
    EventKind.MESSAGE_RESTORED,
    EventKind.MESSAGE_REWRITTEN,
    EventKind.MESSAGE_RETRIED,
    EventKind.MESSAGE_HASTENED,
    EventKind.MESSAGE_MARKED_SPAM,
    EventKind.MESSAGE_UNMARKED_SPAM,
    EventKind.MESSAGE_COMPLAINED,
    EventKind.MESSAGE_REPEATED,
    EventKind.NOTE_EDITED,
    EventKind.HANDOFF_ACCEPTED,
    EventKind.HANDOFF_DECLINED,
    EventKind.HANDOFF_WITHDRAWN,
    EventKind.HANDOFF_EXPIRED,
    EventKind.SUGGESTION_DECIDED,
)
_RESET = (
    EventKind.MESSAGE_MOVED,
    EventKind.MESSAGE_REDACTED,
    EventKind.STRAND_MOVED,
    EventKind.NOTE_MOVED,
    EventKind.CASE_MOVED,
    EventKind.CASE_SPLIT,
    EventKind.CASE_JOINED,
    EventKind.CUSTOMER_MERGED,
    EventKind.CUSTOMER_UNMERGED,
)
_NONE = (
    EventKind.CUSTOMER_CHANGED,
    EventKind.STRAND_ANSWERED,
    EventKind.PARTICIPANT_CONFIRMED,
    EventKind.IDENTITY_PROVED,
    EventKind.INTAKE_QUARANTINED,
    EventKind.INTAKE_RETRIED,
    EventKind.CHANNEL_CHANGED,
    EventKind.CASE_FOLLOWED,
    EventKind.CASE_UNFOLLOWED,
    EventKind.CASE_MUTED,
    EventKind.CASE_UNMUTED,
    EventKind.ABSENCE_PLANNED,
    EventKind.ABSENCE_BEGAN,
    EventKind.ABSENCE_ENDED,
    EventKind.AGENT_DEACTIVATED,
    EventKind.AGENT_ACTIVATED,
)


def place_of(kind: EventKind) -> Place:
    """What an event of this kind does to a timeline."""
    if kind in _REDRAW:
        return Place.REDRAW
    if kind in _RESET:
        return Place.RESET
    return Place.NONE if kind in _NONE else Place.PLACE


class ActorKind(StrEnum):
    AGENT = "agent"
    CUSTOMER = "customer"
    SYSTEM = "system"


class Event(Model):
    """One fact. `position` is its place in the order of commits, and the cursor of every reader.

    `data` holds ids and facts that have no column, never bodies or addresses.
    """

    __tablename__ = "events"
    __table_args__ = (Index(None, "conversation_id", "position"),)

    position: Mapped[int] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversations.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[int | None]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    note_id: Mapped[int | None] = mapped_column(ForeignKey("notes.id"))
    handoff_id: Mapped[int | None] = mapped_column(ForeignKey("handoffs.id"))
    suggestion_id: Mapped[int | None] = mapped_column(ForeignKey("suggestions.id"))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class EventCounter(Model):
    """One row, locked by the last statement of a transaction: position order is commit order."""

    __tablename__ = "event_counter"

    position: Mapped[int] = mapped_column(default=0)
