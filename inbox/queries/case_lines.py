"""The statement that the lines of an inbox list are read by: just the columns that they show, as plain rows.

Fifty cases as objects of the ORM, with what belongs to them in a statement each, took longer than everything
else on their page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ScalarSelect, and_, bindparam, func, select
from sqlalchemy.orm import aliased

from inbox.models import (
    Agent,
    Case,
    Conversation,
    Customer,
    Direction,
    Draft,
    Handoff,
    HandoffState,
    Message,
    ReadMark,
    Star,
    Suggestion,
    SuggestionState,
    TimelineEntry,
)
from inbox.queries.choices import TagChoice
from inbox.queries.followers import is_muted_for


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCase:
    """The columns of a case that its line shows or has its place by, and its tags by name."""

    id: int
    number: int
    conversation_id: int
    status: str
    subject: str
    priority: str
    claimed: bool
    assignee: str | None
    waiting_since: datetime | None
    due_at: datetime | None
    snoozed_until: datetime | None
    opened_at: datetime
    last_message_at: datetime | None
    last_channel_kind: str
    last_direction: str
    last_author: str
    preview: str
    tags: Sequence[TagChoice]


@dataclass(frozen=True, slots=True)
class Offer:
    """What is handed on and nobody has accepted yet: by whom, and why."""

    by: str
    reason: str


def listed(line: Any, tags: Sequence[TagChoice]) -> ListedCase:
    """The case of one of the rows of `LINES`."""
    return ListedCase(
        id=line.id,
        number=line.number,
        conversation_id=line.conversation_id,
        status=line.status,
        subject=line.subject,
        priority=line.priority,
        claimed=line.claimed,
        assignee=line.assignee,
        waiting_since=line.waiting_since,
        due_at=line.due_at,
        snoozed_until=line.snoozed_until,
        opened_at=line.opened_at,
        last_message_at=line.last_message_at,
        last_channel_kind=line.last_channel_kind,
        last_direction=line.last_direction,
        last_author=line.last_author,
        preview=line.preview,
        tags=tags,
    )


def offer_of(line: Any) -> Offer | None:
    """The handoff of one of the rows of `LINES`."""
    return Offer(line.offered_by, line.reason) if line.offered_by is not None else None


def _newest_position() -> ScalarSelect[int]:
    """The position of a case's newest inbound message: one look at the index for each."""
    return (
        select(Message.position)
        .where(
            Message.conversation_id == Case.conversation_id,
            Message.case_id == Case.id,
            Message.direction == Direction.INBOUND,
            Message.is_spam.is_(False),
        )
        .order_by(Message.position.desc())
        .limit(1)
        .correlate(Case)
        .scalar_subquery()
    )


def _question_position() -> ScalarSelect[int]:
    """The position of the newest open question of a case's conversation: whoever is responsible is to see
    that it is there."""
    return (
        select(func.max(TimelineEntry.position))
        .join(Suggestion, TimelineEntry.suggestion_id == Suggestion.id)
        .where(Suggestion.conversation_id == Case.conversation_id, Suggestion.state == SuggestionState.OPEN)
        .correlate(Case)
        .scalar_subquery()
    )


# Statements are made once and kept: making one again for each call costs more than running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_AGENT: BindParameter[Any] = bindparam("agent")
_GIVER = aliased(Agent)
# Said so that SQLite looks handoffs up by the case, not all offered ones for each line.
_IS_OFFERED = (Handoff.state + "") == HandoffState.OFFERED
# Should a case ever be offered twice, the newest offer stands last.
LINES = (
    select(
        Case.id,
        Case.number,
        Case.conversation_id,
        Case.status,
        Case.subject,
        Case.priority,
        Case.claimed,
        Case.waiting_since,
        Case.due_at,
        Case.snoozed_until,
        Case.opened_at,
        Case.last_message_at,
        Case.last_channel_kind,
        Case.last_direction,
        Case.last_author,
        Case.preview,
        Agent.name.label("assignee"),
        Conversation.public_id.label("talk_id"),
        Customer.public_id.label("customer_id"),
        Customer.name.label("customer_name"),
        ReadMark.position.label("read"),
        Draft.text.label("draft"),
        Star.id.label("star"),
        Handoff.reason,
        _GIVER.name.label("offered_by"),
        is_muted_for(_AGENT).label("is_muted"),
        _newest_position().label("newest"),
        _question_position().label("asked"),
    )
    .join(Conversation, Conversation.id == Case.conversation_id)
    .join(Customer, Customer.id == Conversation.customer_id)
    .outerjoin(Agent, Agent.id == Case.assignee_id)
    .outerjoin(ReadMark, and_(ReadMark.agent_id == _AGENT, ReadMark.conversation_id == Case.conversation_id))
    .outerjoin(
        Draft,
        and_(
            Draft.agent_id == _AGENT,
            Draft.conversation_id == Case.conversation_id,
            Draft.kind == "reply",
        ),
    )
    .outerjoin(Star, and_(Star.agent_id == _AGENT, Star.case_id == Case.id))
    .outerjoin(Handoff, and_(Handoff.case_id == Case.id, _IS_OFFERED))
    .outerjoin(_GIVER, _GIVER.id == Handoff.from_agent_id)
    .where(Case.id.in_(_IDS))
    .order_by(Handoff.id)
)
