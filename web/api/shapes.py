"""What the API answers: the JSON of each noun, as docs and programs know it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from inbox import models
from inbox.queries.customers import Known
from inbox.queries.events import Told
from inbox.queries.names import Names
from web.live.cursors import cursor_of


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChannelShape(Shape):
    id: str
    kind: str
    name: str


class ParticipantShape(Shape):
    id: int
    name: str
    address: str
    confirmed: bool


class StrandShape(Shape):
    id: str
    case_number: int | None
    channel: ChannelShape
    subject: str
    mailbox: str | None
    participants: list[ParticipantShape]
    waiting_since: datetime | None
    side: bool


class CaseShape(Shape):
    number: int
    conversation_id: str
    customer_id: str
    subject: str
    status: str
    assignee_id: str | None
    team_id: str | None
    priority: str
    tags: list[str]
    claimed: bool
    waiting_since: datetime | None
    snoozed_until: datetime | None
    opened_at: datetime
    first_replied_at: datetime | None
    resolved_at: datetime | None


class ConversationShape(Shape):
    id: str
    customer_id: str
    channels: list[str]
    last_message_at: datetime | None
    cases: list[CaseShape]
    strands: list[StrandShape]


class IdentityShape(Shape):
    kind: str
    address: str
    proof: str


class ClaimShape(Shape):
    kind: str
    address: str
    source: str


class CustomerShape(Shape):
    id: str
    name: str
    company: str
    marks: list[str]
    attributes: dict[str, Any]
    tags: list[str]
    blocked: bool
    identities: list[IdentityShape]
    claims: list[ClaimShape]
    conversation_id: str | None
    created_at: datetime


class NoteShape(Shape):
    id: str
    conversation_id: str
    case_number: int
    author_id: str
    text: str
    mentions: list[str]
    created_at: datetime
    edited_at: datetime | None


class HandoffShape(Shape):
    id: str
    case_number: int
    from_agent_id: str
    to_agent_id: str | None
    to_team_id: str | None
    reason: str
    answer: str
    state: str
    created_at: datetime
    expires_at: datetime | None


class SuggestionShape(Shape):
    id: str
    kind: str
    state: str
    conversation_id: str
    customer_id: str
    other_customer_id: str
    address: str
    name: str
    created_at: datetime


class ActorShape(Shape):
    kind: str
    id: str | None


class EventShape(Shape):
    cursor: str
    kind: str
    conversation_id: str | None
    case_number: int | None
    actor: ActorShape
    at: datetime
    data: dict[str, Any]


def channel(row: models.Channel) -> ChannelShape:
    return ChannelShape(id=row.public_id, kind=row.kind, name=row.name)


def strand(row: models.Strand, numbers: dict[int, int]) -> StrandShape:
    return StrandShape(
        id=row.public_id,
        case_number=numbers.get(row.case_id) if row.case_id else None,
        channel=channel(row.channel),
        subject=row.subject,
        mailbox=row.mailbox,
        participants=[
            ParticipantShape(id=p.id, name=p.name, address=p.address, confirmed=p.confirmed)
            for p in row.participants
        ],
        waiting_since=row.waiting_since,
        side=row.is_side,
    )


def case(row: models.Case, conversation_id: str, customer_id: str) -> CaseShape:
    return CaseShape(
        number=row.number,
        conversation_id=conversation_id,
        customer_id=customer_id,
        subject=row.subject,
        status=row.status,
        assignee_id=row.assignee.public_id if row.assignee else None,
        team_id=row.team.public_id if row.team else None,
        priority=row.priority,
        tags=[tag.name for tag in row.tags],
        claimed=row.claimed,
        waiting_since=row.waiting_since,
        snoozed_until=row.snoozed_until,
        opened_at=row.opened_at,
        first_replied_at=row.first_replied_at,
        resolved_at=row.resolved_at,
    )


def customer(known: Known) -> CustomerShape:
    row = known.customer
    return CustomerShape(
        id=row.public_id,
        name=row.name,
        company=row.company,
        marks=row.marks,
        attributes=row.attributes,
        tags=known.tags,
        blocked=known.is_blocked,
        identities=[IdentityShape(kind=i.kind, address=i.address, proof=i.proof) for i in known.identities],
        claims=[ClaimShape(kind=c.kind, address=c.address, source=c.source) for c in known.claims],
        conversation_id=known.conversation.public_id if known.conversation else None,
        created_at=row.created_at,
    )


def note(row: models.Note, names: Names) -> NoteShape:
    return NoteShape(
        id=row.public_id,
        conversation_id=names.conversations[row.conversation_id],
        case_number=names.cases[row.case_id],
        author_id=names.agents[row.author_id],
        text=row.text,
        mentions=[names.agents[mention.agent_id] for mention in row.mentions],
        created_at=row.created_at,
        edited_at=row.edited_at,
    )


def handoff(row: models.Handoff, names: Names) -> HandoffShape:
    return HandoffShape(
        id=row.public_id,
        case_number=names.cases[row.case_id],
        from_agent_id=names.agents[row.from_agent_id],
        to_agent_id=names.agents.get(row.to_agent_id) if row.to_agent_id else None,
        to_team_id=names.teams.get(row.to_team_id) if row.to_team_id else None,
        reason=row.reason,
        answer=row.answer,
        state=row.state,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def event(told: Told) -> EventShape:
    row = told.event
    subjects = {"message_id": told.message_id, "note_id": told.note_id, "handoff_id": told.handoff_id}
    return EventShape(
        cursor=cursor_of(row.position),
        kind=row.kind,
        conversation_id=told.conversation_id,
        case_number=told.case_number,
        actor=ActorShape(kind=row.actor_kind, id=told.actor_id),
        at=row.at,
        data=row.data | {name: value for name, value in subjects.items() if value is not None},
    )
