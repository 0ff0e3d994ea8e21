"""One thing by its public id, for whoever may see it. Every function raises NotFound."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.actors import Actor
from inbox.errors import NotFound
from inbox.models import (
    Agent,
    Attachment,
    Case,
    Handoff,
    HandoffState,
    Merge,
    Message,
    Note,
    Strand,
    Suggestion,
    SuggestionState,
)
from inbox.policies import visible_to

T = TypeVar("T")


async def strand(session: AsyncSession, actor: Actor, public_id: str) -> Strand:
    query = select(Strand).outerjoin(Case, Case.id == Strand.case_id)
    query = query.where(Strand.public_id == public_id, Strand.case_id.is_(None) | visible_to(actor))
    return await _one(session, query.options(joinedload(Strand.channel), selectinload(Strand.participants)))


async def handoff(session: AsyncSession, actor: Actor, public_id: str) -> Handoff:
    query = select(Handoff).join(Case, Case.id == Handoff.case_id).where(visible_to(actor))
    return await _one(session, query.where(Handoff.public_id == public_id))


async def handoffs(
    session: AsyncSession, actor: Actor, *, to_agent_id: int | None = None, state: HandoffState | None = None
) -> list[Handoff]:
    """The newest hundred handoffs, those to one agent or in one state where asked."""
    query = select(Handoff).join(Case, Case.id == Handoff.case_id).where(visible_to(actor))
    if to_agent_id is not None:
        query = query.where(Handoff.to_agent_id == to_agent_id)
    if state is not None:
        query = query.where(Handoff.state == state)
    return list(await session.scalars(query.order_by(Handoff.id.desc()).limit(100)))


async def suggestion(session: AsyncSession, actor: Actor, public_id: str) -> Suggestion:
    """A question, for whoever may see the message that it is about and the strand that this answered."""
    query = select(Suggestion).where(Suggestion.public_id == public_id)
    return await _one(session, query.where(_may_answer(actor)))


async def suggestions(session: AsyncSession, actor: Actor, state: SuggestionState) -> list[Suggestion]:
    """The newest hundred suggestions in a state."""
    query = select(Suggestion).where(Suggestion.state == state, _may_answer(actor))
    return list(await session.scalars(query.order_by(Suggestion.id.desc()).limit(100)))


async def merge(session: AsyncSession, public_id: str) -> Merge:
    return await _one(session, select(Merge).where(Merge.public_id == public_id))


async def note(session: AsyncSession, actor: Actor, public_id: str) -> Note:
    query = select(Note).join(Case, Case.id == Note.case_id).where(visible_to(actor))
    return await _one(session, query.where(Note.public_id == public_id).options(selectinload(Note.mentions)))


async def notes_of(session: AsyncSession, case: Case) -> list[Note]:
    """A case's notes, oldest first, with their mentions."""
    query = select(Note).where(Note.case_id == case.id).order_by(Note.id)
    return list(await session.scalars(query.options(selectinload(Note.mentions))))


async def uploads(session: AsyncSession, agent: Agent, public_ids: Sequence[str]) -> list[Attachment]:
    """Files that an agent has uploaded and not sent yet, in the order of the ids."""
    query = select(Attachment).where(
        Attachment.public_id.in_(public_ids),
        Attachment.uploaded_by_agent_id == agent.id,
        Attachment.message_id.is_(None),
    )
    found = {attachment.public_id: attachment for attachment in await session.scalars(query)}
    if missing := [public_id for public_id in public_ids if public_id not in found]:
        raise NotFound(f"There is no uploaded file {missing[0]}.")
    return [found[public_id] for public_id in public_ids]


async def attachment(session: AsyncSession, actor: Actor, agent: Agent, public_id: str) -> Attachment:
    """A file of a message that the actor may see, or one of the agent's own uploads."""
    query = select(Attachment).where(
        Attachment.public_id == public_id,
        (Attachment.message_id.in_(_seen(Message, actor)))
        | (Attachment.message_id.is_(None) & (Attachment.uploaded_by_agent_id == agent.id)),
    )
    return await _one(session, query)


def _may_answer(actor: Actor) -> ColumnElement[bool]:
    message = _seen(Message, actor).where(Message.id == Suggestion.message_id)
    strand = _seen(Strand, actor).where(Strand.id == Suggestion.strand_id)
    return and_(
        Suggestion.message_id.is_(None) | message.correlate(Suggestion).exists(),
        Suggestion.strand_id.is_(None) | strand.correlate(Suggestion).exists(),
    )


def _seen(model: type[Message] | type[Strand], actor: Actor) -> Select[int]:
    query = select(model.id).outerjoin(Case, Case.id == model.case_id)
    return query.where(model.case_id.is_(None) | visible_to(actor))


async def _one(session: AsyncSession, query: Select[T]) -> T:
    found = (await session.scalars(query)).first()
    if found is None:
        raise NotFound("There is no such thing.")
    return found
