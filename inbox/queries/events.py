"""The event log, read from a place in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import (
    ActorKind,
    Agent,
    Case,
    Conversation,
    Customer,
    Event,
    EventCounter,
    Handoff,
    Message,
    Note,
)
from inbox.policies import visible_to


@dataclass(frozen=True, slots=True)
class Told:
    """An event with the public names of what it is about. `actor` is {kind, id} with a public id or None."""

    event: Event
    conversation_id: str | None
    case_number: int | None
    actor_id: str | None
    message_id: str | None
    note_id: str | None
    handoff_id: str | None


async def newest_position(session: AsyncSession) -> int:
    """The position of the newest event; 0 where there is none."""
    return (await session.scalar(select(EventCounter.position))) or 0


async def after(session: AsyncSession, actor: Actor, position: int, *, limit: int = 100) -> list[Told]:
    """The events after a position that the actor may see, in their order."""
    query = (
        select(
            Event, Conversation.public_id, Case.number, Message.public_id, Note.public_id, Handoff.public_id
        )
        .outerjoin(Conversation, Conversation.id == Event.conversation_id)
        .outerjoin(Case, Case.id == Event.case_id)
        .outerjoin(Message, Message.id == Event.message_id)
        .outerjoin(Note, Note.id == Event.note_id)
        .outerjoin(Handoff, Handoff.id == Event.handoff_id)
        .where(Event.position > position, (Event.case_id.is_(None)) | visible_to(actor))
        .order_by(Event.position)
        .limit(limit)
    )
    rows = (await session.execute(query)).all()
    actors = await _public_ids(session, [row[0] for row in rows])
    return [
        Told(
            event,
            conversation,
            number,
            actors.get((event.actor_kind, event.actor_id)),
            message,
            note,
            handoff,
        )
        for event, conversation, number, message, note, handoff in rows
    ]


async def _public_ids(session: AsyncSession, events: Sequence[Event]) -> dict[tuple[str, int | None], str]:
    found: dict[tuple[str, int | None], str] = {}
    for kind, model in ((ActorKind.AGENT, Agent), (ActorKind.CUSTOMER, Customer)):
        ids = {event.actor_id for event in events if event.actor_kind == kind and event.actor_id is not None}
        if ids:
            rows = await session.execute(select(model.id, model.public_id).where(model.id.in_(ids)))
            found |= {(kind, number): public_id for number, public_id in rows}
    return found
