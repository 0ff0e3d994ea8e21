"""Questions that only an agent may answer: is this the same person, a colleague, or someone else?"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions import forwards
from inbox.actions.merges import merge, undo_merge
from inbox.actions.moves import move_message
from inbox.actions.participants import tell_confirmed
from inbox.actions.undos import remember, undoable
from inbox.actions.verdicts import close, reopen
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
    Merge,
    Message,
    Strand,
    StrandParticipant,
    Suggestion,
    SuggestionKind,
    SuggestionState,
    Undo,
)
from inbox.policies import Action, authorize


async def decide(
    session: AsyncSession,
    suggestion: Suggestion,
    decision: str,
    *,
    by: Agent,
    address: str = "",
    customer: Customer | None = None,
) -> None:
    """Answer with same_person (the customers are merged), colleague (confirmed on the strand, to which their
    message moves) or someone_else (nothing is joined, and nobody is asked again).

    Whose a passed-on mail is, is answered with forwarded (*customer*'s, else that of whoever has *address*,
    else as the mail itself says) or someone_else (the agent's). Every answer can be undone. Raises Invalid
    for another one, Conflict where it was answered before.
    """
    authorize(Actor.agent(by), Action.MERGE)
    if suggestion.kind == SuggestionKind.FORWARD:
        await _decide_forward(session, suggestion, decision, by, address, customer)
        return
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


async def _decide_forward(
    session: AsyncSession,
    suggestion: Suggestion,
    decision: str,
    by: Agent,
    address: str,
    customer: Customer | None,
) -> None:
    if decision in (SuggestionState.FORWARDED, SuggestionState.SAME_PERSON):
        message = await forwards.file_as(session, suggestion, by=by, address=address, customer=customer)
        journal = {"message": message.id}
    elif decision == SuggestionState.SOMEONE_ELSE:
        await forwards.keep(session, suggestion, by=by)
        journal = {"suggestion": suggestion.id}
    else:
        raise Invalid("Choose forwarded or someone_else.", field="decision")
    await remember(session, by=by, action="decide_forward", journal=journal, case=None)


@undoable("decide_forward")
async def undo_decide_forward(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Ask again whose a passed-on mail is; one that was filed stands as it came again."""
    if "message" in undo.journal:
        message = await session.get_one(Message, undo.journal["message"])
        await forwards.take_back(session, message, by=by)
        return
    suggestion = await session.get_one(Suggestion, undo.journal["suggestion"])
    await forwards.ask_again(session, suggestion, by=by)


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
        merged = await merge(session, customer, into=other, by=by)
    else:
        merged = await merge(session, other, into=customer, by=by)
    await remember(session, by=by, action="merge", journal={"merge": merged.id}, case=None)


@undoable("merge")
async def undo_same_person(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Two customers again. Raises Conflict where a newer merge stands."""
    await undo_merge(session, await session.get_one(Merge, undo.journal["merge"]), by=by)


async def _colleague(session: AsyncSession, suggestion: Suggestion, by: Agent) -> None:
    """What they have answered to this strand, all of it, moves there; from now on it does so by itself."""
    if suggestion.kind != SuggestionKind.HELD_ANSWER or suggestion.strand_id is None:
        raise Invalid("Only somebody who answered a message can be a colleague.", field="decision")
    strand = await session.get_one(Strand, suggestion.strand_id)
    conversation = await session.get_one(Conversation, strand.conversation_id)
    await hold_conversation(session, conversation)
    was_confirmed = await _confirm(session, strand, suggestion, by)
    query = select(Suggestion).where(
        Suggestion.strand_id == strand.id,
        Suggestion.other_customer_id == suggestion.other_customer_id,
        Suggestion.state == SuggestionState.OPEN,
    )
    brought: list[dict[str, Any]] = []
    cards = (await session.scalars(query.order_by(Suggestion.id))).all()
    for held in cards:
        if held.message_id is not None:
            message = await session.get_one(Message, held.message_id)
            place = {"message": message.id, "strand": message.strand_id, "case": message.case_id}
            brought.append(place | {"author_kind": message.author_kind, "from": message.conversation_id})
            await _bring(session, message, strand, conversation, by)
        await close(session, held, SuggestionState.COLLEAGUE, by=by)
    journal = {"strand": strand.id, "address": suggestion.address, "was_confirmed": was_confirmed}
    journal |= {"brought": brought, "cards": [card.id for card in cards]}
    await remember(session, by=by, action="colleague", journal=journal, case=None)
    await tell_confirmed(session, conversation, strand, by=by)


@undoable("colleague")
async def undo_colleague(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """They are a stranger again: their messages go back to their own thread, and the question is open. Raises
    Conflict where a message has moved on since."""
    strand = await session.get_one(Strand, undo.journal["strand"])
    for place in undo.journal["brought"]:
        message = await session.get_one(Message, place["message"])
        if message.strand_id != strand.id:
            raise Conflict("One of these messages was moved again since. Move it by hand.")
        if place["strand"] == strand.id:
            continue
        message.author_kind = place["author_kind"]
        back = await session.get_one(Strand, place["strand"])
        to: Case | Conversation = await session.get_one(Conversation, place["from"])
        if place["case"]:
            to = await session.get_one(Case, place["case"])
        await move_message(session, message, to=to, by=by, into=back, remembered=False)
    if not undo.journal["was_confirmed"]:
        await _unconfirm(session, strand, undo.journal["address"])
    await _reopen(session, undo.journal["cards"], by)


async def _unconfirm(session: AsyncSession, strand: Strand, address: str) -> None:
    query = select(StrandParticipant).where(
        StrandParticipant.strand_id == strand.id, StrandParticipant.address == address
    )
    for participant in await session.scalars(query):
        participant.confirmed_at = participant.confirmed_by_id = None
    await session.flush()


async def _reopen(session: AsyncSession, suggestion_ids: Sequence[int], by: Agent) -> None:
    """Ask again what was answered."""
    query = select(Suggestion).where(Suggestion.id.in_(suggestion_ids)).order_by(Suggestion.id)
    for suggestion in (await session.scalars(query)).all():
        await reopen(session, suggestion, by=by, is_undo=True)


async def _bring(
    session: AsyncSession, message: Message, strand: Strand, conversation: Conversation, by: Agent
) -> None:
    if message.strand_id == strand.id:
        return
    case = await session.get(Case, strand.case_id) if strand.case_id else None
    to = case if case is not None and case.joined_into_id is None else conversation
    message.author_kind = AuthorKind.PARTICIPANT
    await move_message(session, message, to=to, by=by, into=strand, remembered=False)


async def _confirm(session: AsyncSession, strand: Strand, suggestion: Suggestion, by: Agent) -> bool:
    """Confirm them on the strand; answers whether they were confirmed before."""
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
    was_confirmed = participant.confirmed
    if not was_confirmed:
        participant.confirmed_at, participant.confirmed_by_id = clock.now(), by.id
    await session.flush()
    return was_confirmed


async def _someone_else(session: AsyncSession, suggestion: Suggestion, by: Agent) -> None:
    if suggestion.kind == SuggestionKind.CLAIM:
        claims = select(Claim).where(
            Claim.customer_id == suggestion.customer_id, Claim.address == suggestion.address
        )
        for claim in await session.scalars(claims):
            claim.state = ClaimState.DISMISSED
    await close(session, suggestion, SuggestionState.SOMEONE_ELSE, by=by)
    await remember(session, by=by, action="someone_else", journal={"card": suggestion.id}, case=None)


@undoable("someone_else")
async def undo_someone_else(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Ask again; a dismissed claim stands again. Raises Conflict where it was decided otherwise since."""
    suggestion = await session.get_one(Suggestion, undo.journal["card"])
    await _hold(session, suggestion)
    if suggestion.state != SuggestionState.SOMEONE_ELSE:
        raise Conflict("This was decided otherwise since.")
    if suggestion.kind == SuggestionKind.CLAIM:
        claims = select(Claim).where(
            Claim.customer_id == suggestion.customer_id,
            Claim.address == suggestion.address,
            Claim.state == ClaimState.DISMISSED,
        )
        for claim in await session.scalars(claims):
            claim.state = ClaimState.OPEN
    await _reopen(session, [suggestion.id], by)
