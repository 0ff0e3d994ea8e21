"""Other people on a strand: whom an agent writes to on purpose, or calls a colleague, belongs there."""

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.events import record
from inbox.actors import Actor
from inbox.models import Agent, Case, Conversation, EventKind, Strand


async def tell_confirmed(
    session: AsyncSession, conversation: Conversation, strand: Strand, *, by: Agent
) -> None:
    """Record that somebody belongs to a strand from now on."""
    case = await session.get(Case, strand.case_id) if strand.case_id else None
    record(
        session,
        EventKind.PARTICIPANT_CONFIRMED,
        actor=Actor.agent(by),
        conversation=conversation,
        case=case,
        data={"strand_id": strand.public_id},
    )
