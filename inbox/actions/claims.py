"""Addresses that customers are only said to have. A claim proves nothing and shows nothing: where it names
somebody, agents are asked whether the two are one."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.events import record
from inbox.actors import Actor
from inbox.addresses import name_for, normalise_email
from inbox.envelopes import Address, AddressKind
from inbox.errors import Conflict
from inbox.locks import lock_conversations
from inbox.models import (
    Claim,
    ClaimState,
    Conversation,
    Customer,
    EventKind,
    Identity,
    Suggestion,
    SuggestionKind,
    SuggestionState,
)
from inbox.queries.redirects import conversation_of

TYPED = "webchat"  # the source of a claim that somebody typed into a chat
MOST_TYPED = 10  # by one customer: nobody has more, and each is told to agents


async def claim_address(session: AsyncSession, customer: Customer, address: str, source: str) -> Claim | None:
    """Note that a customer is said to have an email address; where it is somebody else's, agents are asked.

    None where the address is known to be theirs. Raises Invalid for what is no address, Conflict where they
    have typed many.
    """
    email = normalise_email(address)
    conversation = await conversation_of(session, customer)
    await lock_conversations(session, [conversation.id])
    owner = await find_identity(session, AddressKind.EMAIL, email)
    if owner is not None and owner.customer_id == customer.id:
        return None
    known = select(Claim).where(
        Claim.customer_id == customer.id, Claim.kind == AddressKind.EMAIL, Claim.address == email
    )
    claim = (await session.scalars(known)).first()
    if claim is None:
        if source == TYPED:
            await _refuse_many(session, customer)
        claim = Claim(customer_id=customer.id, kind=AddressKind.EMAIL, address=email, source=source)
        session.add(claim)
        await session.flush()
        data = {"claimed": AddressKind.EMAIL}
        actor = Actor.customer(customer)
        record(session, EventKind.CUSTOMER_CHANGED, actor=actor, conversation=conversation, data=data)
    if owner is not None and claim.state != ClaimState.DISMISSED:
        await _ask(session, customer, owner)
    return claim


async def _refuse_many(session: AsyncSession, customer: Customer) -> None:
    typed = select(func.count(Claim.id)).where(Claim.customer_id == customer.id, Claim.source == TYPED)
    if (await session.scalar(typed) or 0) >= MOST_TYPED:
        raise Conflict("You have given many addresses already. Write the right one as a message.")


async def writer_of(session: AsyncSession, address: Address, *, source: str) -> Customer:
    """Whose mails from this normalised email address are: the owner's; else those of the one customer who is
    nothing but a claim of it; else of a new customer with that claim."""
    owner = await find_identity(session, AddressKind.EMAIL, address.value)
    if owner is not None:
        return await session.get_one(Customer, owner.customer_id)
    proved = select(Identity.id).where(Identity.customer_id == Claim.customer_id).exists()
    claiming = select(Claim.customer_id).where(
        Claim.kind == AddressKind.EMAIL,
        Claim.address == address.value,
        Claim.state != ClaimState.DISMISSED,
        ~proved,
    )
    claimants = list(await session.scalars(claiming.distinct()))
    if len(claimants) == 1:
        return await session.get_one(Customer, claimants[0])
    name = address.name or name_for(AddressKind.EMAIL, address.value)
    customer = Customer(name=name, marks=[], attributes={}, company="")
    session.add(customer)
    await session.flush()
    kind = AddressKind.EMAIL
    session.add_all(
        [
            Conversation(customer_id=customer.id),
            Claim(
                customer_id=customer.id, kind=kind, address=address.value, name=address.name, source=source
            ),
        ]
    )
    await session.flush()
    return customer


async def settle_claims(session: AsyncSession, owned: Identity) -> None:
    """What its owner was said to have is known now."""
    query = select(Claim).where(
        Claim.customer_id == owned.customer_id,
        Claim.kind == owned.kind,
        Claim.address == owned.address,
        Claim.state == ClaimState.OPEN,
    )
    for claim in await session.scalars(query):
        claim.state = ClaimState.CONFIRMED


async def _ask(session: AsyncSession, customer: Customer, owner: Identity) -> None:
    """Put the question to agents, once for each pair."""
    asked = select(Suggestion.id).where(
        Suggestion.kind == SuggestionKind.CLAIM,
        Suggestion.customer_id == customer.id,
        Suggestion.other_customer_id == owner.customer_id,
        Suggestion.state.in_((SuggestionState.OPEN, SuggestionState.SOMEONE_ELSE)),
    )
    if await session.scalar(asked.limit(1)) is not None:
        return
    conversation = await conversation_of(session, customer)
    suggestion = Suggestion(
        kind=SuggestionKind.CLAIM,
        customer_id=customer.id,
        other_customer_id=owner.customer_id,
        conversation_id=conversation.id,
        address=owner.address,
    )
    session.add(suggestion)
    await session.flush()
    actor = Actor.customer(customer)
    kind = EventKind.SUGGESTION_MADE
    record(session, kind, actor=actor, conversation=conversation, suggestion=suggestion)


async def find_identity(session: AsyncSession, kind: AddressKind, address: str) -> Identity | None:
    """Who owns this normalised address, if anybody does."""
    query = select(Identity).where(Identity.kind == kind, Identity.address == address)
    return (await session.scalars(query)).first()
