"""Questions that only an agent may answer: is this the same person, a colleague, or someone else?"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actions.merges import merge
from inbox.actions.moves import move_message
from inbox.actors import Actor
from inbox.errors import Conflict, Invalid
from inbox.holding import hold_conversation
from inbox.locks import lock_conversations
from inbox.models import (
    Agent,
    AuthorKind,
    Case,
    Claim,
    ClaimState,
    Conversation,
    Customer,
    EventKind,
    Message,
    Strand,
    StrandParticipant,
    Suggestion,
    SuggestionKind,
    SuggestionState,
)
from inbox.policies import Action, authorize


async def decide(session: AsyncSession, suggestion: Suggestion, decision: str, *, by: Agent) -> None:
    """Answer with same_person (the customers are merged), colleague (confirmed on the strand, to which their
    message moves) or someone_else (nothing is joined, and nobody is asked again).

    Raises Invalid for another answer, Conflict where the question was answered before.
    """
    authorize(Actor.agent(by), Action.MERGE)
    await _hold(session, suggestion)
    if suggestion.state != SuggestionState.OPEN:
        raise Conflict("This was decided already.")
    if decision == SuggestionState.SAME_PERSON:
        await _same_person(session, suggestion, by)
    elif decision == SuggestionState.COLLEAGUE:
        await _colleague(session, suggestion, by)
    elif decision == SuggestionState.SOMEONE_ELSE:
        await _someone_else(session, suggestion, by)
    else:
        raise Invalid("Choose same_person, colleague or someone_else.", field="decision")


async def _hold(session: AsyncSession, suggestion: Suggestion) -> None:
    """Lock both customers' conversations, and read the question as it stands now."""
    locked: set[int] = set()
    while locked != (pair := {suggestion.customer_id, suggestion.other_customer_id}):
        query = select(Conversation.id).where(Conversation.customer_id.in_(pair))
        await lock_conversations(session, await session.scalars(query))
        locked = pair
        await session.refresh(suggestion)


async def _same_person(session: AsyncSession, suggestion: Suggestion, by: Agent) -> None:
    """The merge decides all questions about the two, this one among them.

    A typed address is its owner's: their conversation is kept. Whoever answered a strand joins those whose
    strand it is.
    """
    customer = await session.get_one(Customer, suggestion.customer_id)
    other = await session.get_one(Customer, suggestion.other_customer_id)
    strand = await session.get(Strand, suggestion.strand_id) if suggestion.strand_id else None
    if strand is not None and strand.is_side:
        raise Conflict("This answers a mail to a supplier: whoever wrote it is not the customer.")
    if suggestion.kind == SuggestionKind.CLAIM:
        await merge(session, customer, into=other, by=by)
    else:
        await merge(session, other, into=customer, by=by)


async def _colleague(session: AsyncSession, suggestion: Suggestion, by: Agent) -> None:
    """What they have answered to this strand, all of it, moves there; from now on it does so by itself."""
    if suggestion.kind != SuggestionKind.HELD_ANSWER or suggestion.strand_id is None:
        raise Invalid("Only somebody who answered a message can be a colleague.", field="decision")
    strand = await session.get_one(Strand, suggestion.strand_id)
    conversation = await session.get_one(Conversation, strand.conversation_id)
    await hold_conversation(session, conversation)
    await _confirm(session, strand, suggestion, by)
    query = select(Suggestion).where(
        Suggestion.strand_id == strand.id,
        Suggestion.other_customer_id == suggestion.other_customer_id,
        Suggestion.state == SuggestionState.OPEN,
    )
    for held in (await session.scalars(query.order_by(Suggestion.id))).all():
        if held.message_id is not None:
            message = await session.get_one(Message, held.message_id)
            await _bring(session, message, strand, conversation, by)
        _close(session, held, SuggestionState.COLLEAGUE, conversation, by)
    case = await session.get(Case, strand.case_id) if strand.case_id else None
    record(
        session,
        EventKind.PARTICIPANT_CONFIRMED,
        actor=Actor.agent(by),
        conversation=conversation,
        case=case,
        data={"strand": strand.public_id},
    )


async def _bring(
    session: AsyncSession, message: Message, strand: Strand, conversation: Conversation, by: Agent
) -> None:
    if message.strand_id == strand.id:
        return
    case = await session.get(Case, strand.case_id) if strand.case_id else None
    to = case if case is not None and case.joined_into_id is None else conversation
    message.author_kind = AuthorKind.PARTICIPANT
    await move_message(session, message, to=to, by=by, into=strand, remembered=False)


async def _confirm(session: AsyncSession, strand: Strand, suggestion: Suggestion, by: Agent) -> None:
    query = select(StrandParticipant).where(
        StrandParticipant.strand_id == strand.id, StrandParticipant.address == suggestion.address
    )
    participant = (await session.scalars(query)).first()
    if participant is None:
        participant = StrandParticipant(
            strand_id=strand.id,
            address=suggestion.address,
            name=suggestion.name,
            put_by="colleague",
            put_by_message_id=suggestion.message_id,
        )
        session.add(participant)
    if not participant.confirmed:
        participant.confirmed_at, participant.confirmed_by_id = clock.now(), by.id
    await session.flush()


async def _someone_else(session: AsyncSession, suggestion: Suggestion, by: Agent) -> None:
    if suggestion.kind == SuggestionKind.CLAIM:
        claims = select(Claim).where(
            Claim.customer_id == suggestion.customer_id, Claim.address == suggestion.address
        )
        for claim in await session.scalars(claims):
            claim.state = ClaimState.DISMISSED
    conversation = await session.get_one(Conversation, suggestion.conversation_id)
    _close(session, suggestion, SuggestionState.SOMEONE_ELSE, conversation, by)


def _close(
    session: AsyncSession,
    suggestion: Suggestion,
    state: SuggestionState,
    conversation: Conversation,
    by: Agent,
) -> None:
    suggestion.state = state
    suggestion.decided_by_id, suggestion.decided_at = by.id, clock.now()
    record(
        session,
        EventKind.SUGGESTION_DECIDED,
        actor=Actor.agent(by),
        conversation=conversation,
        suggestion=suggestion,
        data={"decision": state},
    )
