"""Other people on a strand's mails: an agent confirms them before they receive or join anything."""

from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actors import Actor
from inbox.holding import hold_conversation
from inbox.models import Agent, Case, Conversation, EventKind, Strand, StrandParticipant
from inbox.policies import Action, authorize


async def confirm(session: AsyncSession, participant: StrandParticipant, *, by: Agent) -> None:
    """Say that somebody belongs to a strand; once is enough."""
    authorize(Actor.agent(by), Action.CHANGE)
    strand = await session.get_one(Strand, participant.strand_id)
    conversation = await session.get_one(Conversation, strand.conversation_id)
    await hold_conversation(session, conversation)
    await session.refresh(participant)
    if participant.confirmed:
        return
    participant.confirmed_at = clock.now()
    participant.confirmed_by_id = by.id
    await tell_confirmed(session, conversation, strand, by=by)


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
        data={"strand": strand.public_id},
    )
