"""Mail that an agent passed on: taken back to the mail as it came, or filed with whoever wrote it.

Filing happens on arrival where there is no doubt (`inbox.threads`); here is what agents decide about it
afterwards. Both ways can be gone again and again.
"""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.claims import find_identity, writer_of
from inbox.actions.events import record, write_events
from inbox.actions.journals import Journal
from inbox.actions.moves import move_message
from inbox.actions.notes import add_note
from inbox.actions.passages import reshape
from inbox.actions.relocations import place_note
from inbox.actions.verdicts import close, reopen
from inbox.actors import Actor
from inbox.addresses import normalise_email
from inbox.envelopes import Address, AddressKind
from inbox.errors import Conflict, Invalid, NotFound
from inbox.holding import hold_message
from inbox.models import (
    Agent,
    AuthorKind,
    Case,
    Conversation,
    Customer,
    DedupeKey,
    Event,
    EventKind,
    ForwardState,
    Identity,
    Mention,
    Message,
    Note,
    PassedOn,
    Proof,
    Strand,
    Suggestion,
    SuggestionKind,
    SuggestionState,
    TimelineEntry,
)
from inbox.policies import Action, authorize
from inbox.queries.redirects import conversation_of


async def file_as(
    session: AsyncSession,
    suggestion: Suggestion,
    *,
    by: Agent,
    address: str = "",
    customer: Customer | None = None,
) -> Message:
    """Say who wrote the mail inside: its message moves to them, what the agent wrote above becomes a note.

    *customer*, else the owner of *address*, else of the address that the mail names. Raises Invalid without
    any, Conflict where it was decided before or the mail stands elsewhere already.
    """
    authorize(Actor.agent(by), Action.MERGE)
    message, passed = await _held(session, suggestion)
    named = passed.original["author_address"]
    wanted = normalise_email(address, field="address") if address else named
    if customer is None and not wanted:
        raise Invalid("Write the address of whoever wrote the mail, or choose a customer.", field="address")
    if customer is None:
        name = passed.original["author_name"] if wanted == named else ""
        customer = await writer_of(session, Address(wanted, name), source="forward")
    await _refuse_double(session, passed)
    conversation = await conversation_of(session, customer)
    if conversation.id == message.conversation_id:
        raise Invalid("That is who passed it on. Choose who wrote it.", field="address")
    await _show_original(session, message, passed, conversation, wanted, by)
    passed.state = ForwardState.FILED
    await close(session, suggestion, SuggestionState.FORWARDED, by=by)
    return message


async def keep(session: AsyncSession, suggestion: Suggestion, *, by: Agent) -> None:
    """Say that the mail is the agent's own: it stays where and as it is."""
    authorize(Actor.agent(by), Action.MERGE)
    _, passed = await _held(session, suggestion)
    passed.state = ForwardState.KEPT
    await close(session, suggestion, SuggestionState.SOMEONE_ELSE, by=by)


async def ask_again(session: AsyncSession, suggestion: Suggestion, *, by: Agent) -> None:
    """Take back that the mail is the agent's own."""
    await session.refresh(suggestion)
    if suggestion.state != SuggestionState.SOMEONE_ELSE or suggestion.message_id is None:
        raise Conflict("This was decided otherwise since.")
    passed = await _passed_on(session, suggestion.message_id)
    passed.state = ForwardState.ASKED
    await reopen(session, suggestion, by=by)


async def take_back(session: AsyncSession, message: Message, *, by: Agent) -> None:
    """Show a filed message as it came, in the conversation of the agent who passed it on, and ask there whose
    it is. The note goes, its words stand in the mail; one that was edited since goes with it.

    Raises NotFound where nobody passed it on, Conflict where it was taken back before.
    """
    authorize(Actor.agent(by), Action.CHANGE)
    await hold_message(session, message)
    passed = await _passed_on(session, message.id)
    if passed.state != ForwardState.FILED:
        raise Conflict("This mail stands as it came already.")
    agent = await session.get_one(Agent, passed.agent_id)
    identity = await _identity_of(session, agent)
    conversation = await conversation_of(session, await session.get_one(Customer, identity.customer_id))
    await session.execute(delete(DedupeKey).where(DedupeKey.key == passed.original_key))
    await reshape(session, message, passed.as_it_came)
    message.identity_id, message.author_kind = identity.id, AuthorKind.CUSTOMER
    message.author_agent_id = agent.id
    message.claimed, message.matched_by = False, {"rule": "identity", "value": agent.email}
    await session.flush()
    await _withdraw_note(session, passed)
    await move_message(session, message, to=conversation, by=by, remembered=False)
    await _entitle(session, message)
    await _bring_note(session, passed, message)
    passed.state = ForwardState.ASKED
    await _ask(session, message, passed, conversation, by)


async def passed_on_by(session: AsyncSession, suggestion: Suggestion) -> PassedOn:
    """The two ways of showing the mail that a question is about. Raises NotFound."""
    return await _passed_on(session, suggestion.message_id or 0)


async def _held(session: AsyncSession, suggestion: Suggestion) -> tuple[Message, PassedOn]:
    if suggestion.kind != SuggestionKind.FORWARD or suggestion.message_id is None:
        raise Invalid("Only of a mail that was passed on can be said who wrote it.", field="decision")
    message = await session.get_one(Message, suggestion.message_id)
    await hold_message(session, message)
    await session.refresh(suggestion)
    if suggestion.state != SuggestionState.OPEN:
        raise Conflict("This was decided already.")
    return message, await _passed_on(session, message.id)


async def _passed_on(session: AsyncSession, message_id: int) -> PassedOn:
    found = (await session.scalars(select(PassedOn).where(PassedOn.message_id == message_id))).first()
    if found is None:
        raise NotFound("Nobody passed this mail on.")
    await session.refresh(found)
    return found


async def _refuse_double(session: AsyncSession, passed: PassedOn) -> None:
    """The mail inside may have come by itself meanwhile."""
    standing = select(DedupeKey.message_id).where(DedupeKey.key == passed.original_key)
    other = await session.scalar(standing)
    if other is not None and other != passed.message_id:
        raise Conflict("This mail has come to its writer's thread by itself. Say that this one is kept here.")
    if other is None:
        session.add(DedupeKey(key=passed.original_key, message_id=passed.message_id))
        await session.flush()


async def _show_original(
    session: AsyncSession,
    message: Message,
    passed: PassedOn,
    conversation: Conversation,
    address: str,
    by: Agent,
) -> None:
    agent = await session.get_one(Agent, passed.agent_id)
    identity = await find_identity(session, AddressKind.EMAIL, address) if address else None
    owned = identity is not None and identity.customer_id == conversation.customer_id
    await reshape(session, message, passed.original)
    message.author_address = address or message.author_address
    message.identity_id = identity.id if identity and owned else None
    message.author_agent_id, message.author_kind = None, AuthorKind.CUSTOMER
    message.claimed = not owned
    message.matched_by = {
        "rule": "forwarded",
        "value": address,
        "forwarded_by": agent.name,
        "forwarded_by_id": agent.public_id,
        "said_by": by.name,
    }
    await session.flush()
    await move_message(session, message, to=conversation, by=by, remembered=False)
    await _entitle(session, message)
    if passed.note_id is not None:
        await _bring_note(session, passed, message)
    elif passed.words and message.case_id is not None:
        case = await session.get_one(Case, message.case_id)
        note = await add_note(session, conversation, by=agent, text=passed.words, case=case)
        passed.note_id = note.id


async def _entitle(session: AsyncSession, message: Message) -> None:
    """A strand that was made for the message is named after what it shows now, and is with its writer."""
    strand = await session.get_one(Strand, message.strand_id)
    strand.subject, strand.identity_id, strand.claimed = message.subject, message.identity_id, message.claimed
    if message.case_id is not None:
        case = await session.get_one(Case, message.case_id)
        others = select(Message.id).where(Message.case_id == case.id, Message.id != message.id).limit(1)
        if await session.scalar(others) is None:
            case.subject = message.subject
    await session.flush()


async def _bring_note(session: AsyncSession, passed: PassedOn, message: Message) -> None:
    if passed.note_id is None or message.case_id is None:
        return
    note = await session.get_one(Note, passed.note_id)
    await place_note(session, Journal(), note, case=await session.get_one(Case, message.case_id))


async def _withdraw_note(session: AsyncSession, passed: PassedOn) -> None:
    """Remove the note that was made of the agent's words, while nobody has changed it; filed anew it is made
    anew."""
    note = await session.get(Note, passed.note_id) if passed.note_id is not None else None
    if note is None or note.edited_at is not None:
        return
    passed.note_id = None
    await write_events(session)
    await session.execute(update(Event).where(Event.note_id == note.id).values(note_id=None))
    await session.execute(delete(TimelineEntry).where(TimelineEntry.note_id == note.id))
    await session.execute(delete(Mention).where(Mention.note_id == note.id))
    await session.delete(note)
    await session.flush()


async def _identity_of(session: AsyncSession, agent: Agent) -> Identity:
    """The agent as somebody who writes to us."""
    known = await find_identity(session, AddressKind.EMAIL, agent.email)
    if known is not None:
        return known
    customer = Customer(name=agent.name, marks=[], attributes={}, company="")
    session.add(customer)
    await session.flush()
    identity = Identity(
        customer_id=customer.id,
        kind=AddressKind.EMAIL,
        address=agent.email,
        name=agent.name,
        proof=Proof.AUTHENTICATED,
        last_seen_at=clock.now(),
    )
    session.add_all([identity, Conversation(customer_id=customer.id)])
    await session.flush()
    return identity


async def _ask(
    session: AsyncSession, message: Message, passed: PassedOn, conversation: Conversation, by: Agent
) -> None:
    """Put the question where the mail stands now; one that was asked before is asked anew."""
    asked = select(Suggestion).where(
        Suggestion.message_id == message.id, Suggestion.kind == SuggestionKind.FORWARD
    )
    suggestion = (await session.scalars(asked)).first()
    if suggestion is not None:
        await reopen(session, suggestion, by=by)
        return
    suggestion = Suggestion(
        kind=SuggestionKind.FORWARD,
        customer_id=conversation.customer_id,
        other_customer_id=conversation.customer_id,
        conversation_id=conversation.id,
        message_id=message.id,
        address=passed.original["author_address"],
        name=passed.original["author_name"],
    )
    session.add(suggestion)
    await session.flush()
    kind, actor = EventKind.SUGGESTION_MADE, Actor.agent(by)
    record(session, kind, actor=actor, conversation=conversation, suggestion=suggestion)
