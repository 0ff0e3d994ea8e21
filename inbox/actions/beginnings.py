"""A first message of ours: to a customer, or to an address that we may not know yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.addressing import addressed, confirm_chosen
from inbox.actions.answers import move_on
from inbox.actions.cases import open_case
from inbox.actions.queueing import Desk, ReplySettings, Words, queue
from inbox.actions.responsibility import take
from inbox.actions.undos import remember
from inbox.actors import Actor
from inbox.envelopes import Address, AddressKind, ChannelKind
from inbox.errors import Conflict, Invalid
from inbox.holding import hold_conversation
from inbox.ids import public_id
from inbox.models import (
    Agent,
    Attachment,
    Channel,
    Claim,
    ClaimState,
    Conversation,
    Customer,
    Identity,
    Message,
    Status,
    Strand,
)
from inbox.queries.recipients import address_of
from inbox.subjects import checked_subject
from inbox.upserts import insert_into

# A case whose only message is taken back has nothing in it to do.
NEVER_OPENED: dict[str, Any] = {
    "status": Status.RESOLVED,
    "snoozed_until": None,
    "resolved_at": None,
    "answered": {},
}


async def start(
    session: AsyncSession,
    *,
    by: Agent,
    channel: Channel,
    subject: str,
    text: str,
    settings: ReplySettings,
    customer: Customer | None = None,
    address: Address | None = None,
    html: str | None = None,
    cc: Sequence[Address] = (),
    bcc: Sequence[Address] = (),
    attachments: Sequence[Attachment] = (),
    send_at: datetime | None = None,
) -> Message:
    """Write first, from a mailbox: a strand of its own, and a case of its own, which is the writer's.

    *address* without *customer* finds whose it is; an unknown one makes a customer who is only said to have
    it. Raises Invalid, or Conflict where the customer has no address.
    """
    check_mailbox(channel)
    subject = checked_subject(subject)
    customer, to = await _addressee(session, customer, address)
    conversation = await conversation_of(session, customer)
    await hold_conversation(session, conversation)
    envelope = await addressed(session, channel, [to], cc, bcc)
    desk = await _new_desk(session, conversation, channel, subject, by=by, to=to)
    await confirm_chosen(session, desk, [to, *cc], by=by)
    words = Words(text=text, html=html, subject=subject, attachments=attachments)
    message = await queue(
        session, desk, by=by, words=words, envelope=envelope, settings=settings, send_at=send_at
    )
    await take(session, conversation, desk.case, by)
    await move_on(session, conversation, desk.case, by=by, then=Status.PENDING)
    journal = {"message": message.public_id, "before": NEVER_OPENED, "after": desk.case.status}
    await remember(session, by=by, action="reply", journal=journal, case=desk.case)
    return message


async def conversation_of(session: AsyncSession, customer: Customer) -> Conversation:
    """The customer's one conversation, made where there is none yet."""
    find = select(Conversation).where(Conversation.customer_id == customer.id)
    found = (await session.scalars(find)).first()
    if found is not None:
        return found
    # Two may write first at once: the constraint decides, and both get the row that won.
    row = {"public_id": public_id(), "customer_id": customer.id, "created_at": clock.now()}
    await session.execute(insert_into(session, Conversation).values(row).on_conflict_do_nothing())
    return (await session.scalars(find)).one()


def check_mailbox(channel: Channel) -> None:
    """Raises Invalid or Conflict where no first message can leave from this channel."""
    if channel.kind != ChannelKind.EMAIL:
        raise Invalid("A first message needs a mailbox to be sent from.", field="channel_id")
    if channel.deactivated_at is not None:
        raise Conflict("%(name)s was switched off. Choose another mailbox.", name=channel.name)


async def _addressee(
    session: AsyncSession, customer: Customer | None, address: Address | None
) -> tuple[Customer, Address]:
    if customer is None and address is None:
        raise Invalid("Say whom to write to.", field="to")
    if customer is None and address is not None:
        customer = await _customer_at(session, address)
    assert customer is not None
    customer = await _kept(session, customer)
    return customer, address or await address_of(session, customer.id)


async def _new_desk(
    session: AsyncSession,
    conversation: Conversation,
    channel: Channel,
    subject: str,
    *,
    by: Agent,
    to: Address,
) -> Desk:
    """A strand and a case of its own."""
    case = await open_case(session, conversation, subject=subject, channel=channel, by=Actor.agent(by))
    strand = Strand(
        conversation_id=conversation.id,
        origin_conversation_id=conversation.id,
        case_id=case.id,
        channel_id=channel.id,
        identity_id=await _identity_id(session, conversation.customer_id, to),
        subject=subject,
        mailbox=channel.address,
    )
    session.add(strand)
    await session.flush()
    return Desk(conversation, strand, case)


async def _customer_at(session: AsyncSession, address: Address) -> Customer:
    """Whose address this is; else the one customer who is said to have it; else a new one who is."""
    at = (Identity.kind == address.kind, Identity.address == address.value)
    owner = select(Customer).join(Identity, Identity.customer_id == Customer.id).where(*at)
    if found := (await session.scalars(owner)).first():
        return found
    said = (
        select(Customer)
        .join(Claim, Claim.customer_id == Customer.id)
        .where(
            Claim.kind == address.kind,
            Claim.address == address.value,
            Claim.state != ClaimState.DISMISSED,
        )
        .limit(2)
    )
    claimants = (await session.scalars(said)).all()
    if len(claimants) == 1:
        return claimants[0]
    customer = Customer(name=address.name or address.value)
    session.add(customer)
    await session.flush()
    claim = Claim(
        customer_id=customer.id,
        kind=address.kind,
        address=address.value,
        name=address.name,
        source="agent",
    )
    session.add(claim)
    await session.flush()
    return customer


async def _kept(session: AsyncSession, customer: Customer) -> Customer:
    """The customer that this one was merged into, if it was."""
    while customer.merged_into_id is not None:
        customer = await session.get_one(Customer, customer.merged_into_id)
    return customer


async def _identity_id(session: AsyncSession, customer_id: int, to: Address) -> int | None:
    return await session.scalar(
        select(Identity.id).where(
            Identity.kind == AddressKind.EMAIL,
            Identity.address == to.value,
            Identity.customer_id == customer_id,
        )
    )
