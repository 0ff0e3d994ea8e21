"""To whom a message of ours goes, and what it means for the strand that an agent wrote to them."""

import dataclasses
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.participants import tell_confirmed
from inbox.actions.queueing import Desk, Envelope
from inbox.envelopes import Address, AddressKind, ChannelKind
from inbox.errors import Conflict, Invalid
from inbox.models import (
    Agent,
    Channel,
    Claim,
    Conversation,
    Identity,
    Strand,
    StrandParticipant,
)
from inbox.queries.recipients import is_own, own_addresses, recipients_of


async def envelope_for(
    session: AsyncSession,
    strand: Strand,
    *,
    channel: Channel | None,
    to: Sequence[Address] | None,
    cc: Sequence[Address] | None,
    bcc: Sequence[Address],
) -> Envelope:
    """The strand's own recipients, or those that the agent chose instead.

    Raises Conflict where nobody can be reached, Invalid where *channel* cannot answer this strand.
    """
    via = _other_mailbox(strand, channel)
    names = await _names_on(session, strand) if to or cc else {}
    to, cc = (_named(some, names) if some else some for some in (to, cc))
    if strand.is_side:
        await keep_apart(session, strand.conversation_id, [*(to or ()), *(cc or ()), *bcc])
    if to:
        return await addressed(session, via or await _mailbox_of(session, strand), to, cc or (), bcc)
    standing = await recipients_of(session, strand, via=via)
    if standing.channel.kind == ChannelKind.WEBCHAT:
        return Envelope(channel=standing.channel, to=standing.to)
    return await addressed(session, standing.channel, standing.to, standing.cc if cc is None else cc, bcc)


async def keep_apart(session: AsyncSession, conversation_id: int, addresses: Sequence[Address]) -> None:
    """Raises Conflict where the customer would receive what is written beside them to a supplier."""
    conversation = await session.get_one(Conversation, conversation_id)
    theirs = await addresses_of_customer(session, conversation)
    if found := [address.value for address in addresses if address.value in theirs]:
        raise Conflict(
            "%(address)s is the customer, who must not see what is written to others about them.",
            address=found[0],
        )


async def _names_on(session: AsyncSession, strand: Strand) -> dict[str, str]:
    """The names of those who are on the strand: agents choose among their addresses alone."""
    participants = select(StrandParticipant.address, StrandParticipant.name)
    names = dict((await session.execute(participants.where(StrandParticipant.strand_id == strand.id))).all())
    identity = await session.get(Identity, strand.identity_id) if strand.identity_id else None
    return names | ({identity.address: identity.name} if identity else {})


def _named(chosen: Sequence[Address], names: dict[str, str]) -> list[Address]:
    return [dataclasses.replace(one, name=one.name or names.get(one.value, "")) for one in chosen]


async def addressed(
    session: AsyncSession,
    channel: Channel,
    to: Sequence[Address],
    cc: Sequence[Address],
    bcc: Sequence[Address],
) -> Envelope:
    """An envelope without our own addresses; raises Conflict where nobody is left in To."""
    own = await own_addresses(session)
    to, cc, bcc = ([a for a in some if not is_own(a.value, own)] for some in (to, cc, bcc))
    if not to:
        raise Conflict("There is nobody to send this to: the address is one of our own.")
    return Envelope(channel=channel, to=to, cc=cc, bcc=bcc)


async def confirm_chosen(session: AsyncSession, desk: Desk, chosen: Sequence[Address], *, by: Agent) -> None:
    """Whom an agent writes to on purpose may answer: they become confirmed participants of the strand."""
    if not chosen:
        return
    conversation, strand = desk.conversation, desk.strand
    rows = await session.scalars(select(StrandParticipant).where(StrandParticipant.strand_id == strand.id))
    known = {participant.address: participant for participant in rows}
    not_others = await addresses_of_customer(session, conversation) | await own_addresses(session)
    for address in {address.value: address for address in chosen}.values():
        participant = known.get(address.value)
        if address.value in not_others or (participant is not None and participant.confirmed):
            continue
        if participant is None:
            participant = StrandParticipant(
                strand_id=strand.id, address=address.value, name=address.name, put_by="agent"
            )
            session.add(participant)
        participant.confirmed_by_id, participant.confirmed_at = by.id, clock.now()
        await tell_confirmed(session, conversation, strand, by=by)


def _other_mailbox(strand: Strand, channel: Channel | None) -> Channel | None:
    if channel is None or (channel.id == strand.channel_id and channel.kind == ChannelKind.WEBCHAT):
        return None
    if channel.kind != ChannelKind.EMAIL:
        raise Invalid("Only a mailbox can answer what came another way.", field="channel_id")
    if channel.deactivated_at is not None:
        raise Conflict("%(name)s was switched off. Choose another channel to answer from.", name=channel.name)
    return channel


async def _mailbox_of(session: AsyncSession, strand: Strand) -> Channel:
    channel = await session.get_one(Channel, strand.channel_id)
    if channel.kind == ChannelKind.WEBCHAT:
        raise Invalid("Choose the mailbox that this is to be sent from.", field="channel_id")
    return (await recipients_of(session, strand)).channel


async def addresses_of_customer(session: AsyncSession, conversation: Conversation) -> set[str]:
    """The email addresses that reach the customer, or are said to."""
    known = select(Identity.address).where(
        Identity.customer_id == conversation.customer_id, Identity.kind == AddressKind.EMAIL
    )
    said = select(Claim.address).where(
        Claim.customer_id == conversation.customer_id, Claim.kind == AddressKind.EMAIL
    )
    return set(await session.scalars(known)) | set(await session.scalars(said))
