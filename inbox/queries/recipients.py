"""Who will receive a reply on a strand, who no longer will, and through which channel it leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.addresses import normalise_email
from inbox.envelopes import SPOKEN, Address, AddressKind, ChannelKind, Verdict
from inbox.errors import Conflict
from inbox.kept import kept
from inbox.models import (
    AuthorKind,
    Channel,
    Claim,
    ClaimState,
    Conversation,
    DeliveryState,
    Direction,
    Identity,
    Message,
    Strand,
    StrandParticipant,
)
from inbox.subjects import reply_subject

SUPPLIER = "supplier"  # what put whoever a side strand is with onto it


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """What a reply on a strand would do. `unconfirmed` stand unticked in the composer; `no_longer` were
    written to before and are not any more; `before` is everybody on the newest message. `subject` is that of
    a mail."""

    channel: Channel
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    unconfirmed: tuple[Address, ...] = ()
    no_longer: tuple[Address, ...] = ()
    before: tuple[Address, ...] = ()
    subject: str = ""


async def recipients_of(session: AsyncSession, strand: Strand, *, via: Channel | None = None) -> Recipients:
    """Who a reply reaches: the strand's own address and its confirmed participants.

    *via* is a mailbox to answer from instead of the strand's own way. Raises Conflict, with what to do about
    it, where nobody can be reached.
    """
    mailed = await _mailed_into(session, strand)
    channel = via or await _way_out(session, strand, mailed)
    identity = await session.get(Identity, strand.identity_id) if strand.identity_id else None
    if channel.kind == ChannelKind.WEBCHAT:
        return Recipients(channel=channel, to=(_visitor(identity),))
    own = await own_addresses(session)
    participants = await _participants(session, strand)
    if strand.is_side:
        to = _suppliers(participants, own)
    elif mailed is not None:
        to = (Address(value=mailed.author_address, name=mailed.author_name),)
    else:
        to = (await _asker(session, strand, identity, own),)
    reached = {address.value for address in to}
    cc = _others([p for p in participants if p.confirmed], own, but=reached)
    unconfirmed = _others([p for p in participants if not p.confirmed], own, but=reached)
    reached |= {address.value for address in (*cc, *unconfirmed)}
    newest = (await session.execute(_NEWEST_ADDRESSED, {"strand": strand.id})).first()
    before = tuple(a for a in _everybody_on(newest) if not is_own(a.value, own))
    return Recipients(
        channel=channel,
        to=to,
        cc=cc,
        unconfirmed=unconfirmed,
        no_longer=tuple(address for address in before if address.value not in reached),
        before=before,
        subject=reply_subject((newest.subject if newest else "") or strand.subject),
    )


async def _participants(session: AsyncSession, strand: Strand) -> Sequence[StrandParticipant]:
    return (await session.scalars(_PARTICIPANTS, {"strand": strand.id})).all()


# Statements are made once and kept: making one again for each strand costs more than running it.
_PARTICIPANTS = (
    select(StrandParticipant)
    .where(StrandParticipant.strand_id == bindparam("strand"))
    .order_by(StrandParticipant.id)
)


def _newest(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Of the newest message of a strand what is asked for: all of it costs more to read than to find."""
    query = select(*columns).where(Message.strand_id == bindparam("strand"))
    return query.order_by(Message.id.desc()).limit(1)


_STANDS = Message.delivery.is_(None) | (Message.delivery != DeliveryState.CANCELLED)
_NEWEST_STANDING = _newest(Message).where(_STANDS)
_NEWEST_ADDRESSED = _newest(Message.direction, Message.sender, Message.to, Message.cc, Message.subject).where(
    _STANDS
)
_NEWEST_ASKING = _newest(Message.claimed, Message.dmarc, Message.reply_to).where(
    Message.direction == Direction.INBOUND, Message.identity_id == bindparam("identity")
)
_NEWEST_MAILED = (
    _newest(Message.author_address, Message.author_name, Message.dmarc, Message.channel_id, Channel.kind)
    .join(Channel, Channel.id == Message.channel_id)
    .where(
        Message.direction == Direction.INBOUND,
        Message.author_kind == AuthorKind.CUSTOMER,
        Message.is_spam.is_(False),
        Message.automatic.is_(None),
    )
)


def _suppliers(participants: Sequence[StrandParticipant], own: frozenset[str]) -> tuple[Address, ...]:
    """Whom a side strand is with: never the customer, whatever else is known."""
    asked = [p for p in participants if p.put_by == SUPPLIER and p.confirmed]
    if found := _others(asked, own, but=set()):
        return found
    raise Conflict("Nobody is left on this side strand. Forward the message again.")


async def own_addresses(session: AsyncSession) -> frozenset[str]:
    """The addresses of all our mailboxes: nothing is ever sent to them, or two would write to each other."""

    async def read() -> frozenset[str]:
        return frozenset(await session.scalars(select(Channel.address).where(Channel.address.is_not(None))))

    return await kept(session, "own addresses", read)


def is_own(address: str, own: frozenset[str]) -> bool:
    """Whether an address is one of *own*, or one with something after a plus (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    return address in own or f"{local.partition('+')[0]}@{domain}" in own


async def _mailed_into(session: AsyncSession, strand: Strand) -> Row[Any] | None:
    """The newest message of a chat, where its visitor wrote it by mail: the answer goes the same way, for the
    browser may be anybody's (an email question is answered by email)."""
    chat = await session.get_one(Channel, strand.channel_id)
    if chat.kind != ChannelKind.WEBCHAT:
        return None
    message = (await session.execute(_NEWEST_MAILED, {"strand": strand.id})).first()
    if message is None or message.kind != ChannelKind.EMAIL or message.dmarc == Verdict.FAIL:
        return None
    return message


async def _way_out(session: AsyncSession, strand: Strand, mailed: Row[Any] | None) -> Channel:
    channel = await session.get_one(Channel, mailed.channel_id if mailed else strand.channel_id)
    if channel.kind == ChannelKind.FORM or channel.kind in SPOKEN:
        return await _reply_mailbox(session, channel)
    if channel.deactivated_at is not None:
        raise Conflict("%(name)s was switched off. Choose another channel to answer from.", name=channel.name)
    return channel


async def _reply_mailbox(session: AsyncSession, form: Channel) -> Channel:
    mailboxes = (
        select(Channel)
        .where(Channel.kind == ChannelKind.EMAIL, Channel.deactivated_at.is_(None))
        .order_by((Channel.id == form.reply_mailbox_id).desc(), Channel.id)
        .limit(1)
    )
    mailbox = (await session.scalars(mailboxes)).first()
    if mailbox is None:
        raise Conflict(
            "A form is answered by email, and there is no mailbox yet. Add one in Settings → Channels."
        )
    return mailbox


def _visitor(identity: Identity | None) -> Address:
    if identity is None:
        raise Conflict("This visitor can no longer be reached by chat. Choose a mailbox to answer from.")
    return Address(value=identity.address, name=identity.name, kind=AddressKind(identity.kind))


async def _asker(
    session: AsyncSession, strand: Strand, identity: Identity | None, own: frozenset[str]
) -> Address:
    """Whom a reply by email goes to: where the last message asks for its answer, else the strand's own."""
    if identity is not None and identity.kind == AddressKind.EMAIL:
        asked = await _reply_to(session, strand, own)
        return asked or Address(value=identity.address, name=identity.name)
    if identity is None and (typed := await _typed_address(session, strand)):
        return typed
    return await _address_of_customer(session, strand)


async def _reply_to(session: AsyncSession, strand: Strand, own: frozenset[str]) -> Address | None:
    # A mail that failed its authentication must not lead our answer away from the owner of the address.
    asked = {"strand": strand.id, "identity": strand.identity_id}
    message = (await session.execute(_NEWEST_ASKING, asked)).first()
    if message is None or message.claimed or message.dmarc == Verdict.FAIL:
        return None
    wanted = [address for address in map(read_address, message.reply_to) if not is_own(address.value, own)]
    return wanted[0] if wanted else None


async def _typed_address(session: AsyncSession, strand: Strand) -> Address | None:
    """The address that the strand's own messages say, where nobody owns it (a form, an unproven mail)."""
    last = (
        select(Message)
        .where(Message.strand_id == strand.id, Message.direction == Direction.INBOUND)
        .order_by(Message.id.desc())
        .limit(1)
    )
    message = (await session.scalars(last)).first()
    if message is None or "@" not in message.author_address:
        return None
    return Address(value=message.author_address, name=message.author_name)


async def _address_of_customer(session: AsyncSession, strand: Strand) -> Address:
    customer_id = select(Conversation.customer_id).where(Conversation.id == strand.conversation_id)
    return await address_of(session, await session.scalar(customer_id))


async def address_of(session: AsyncSession, customer_id: int | None) -> Address:
    """The email address of a customer: the newest that is known to reach them, else one they claim.

    Raises Conflict where there is none.
    """
    known = (
        select(Identity)
        .where(Identity.customer_id == customer_id, Identity.kind == AddressKind.EMAIL)
        .order_by(Identity.last_seen_at.desc().nulls_last(), Identity.id.desc())
    )
    said = (
        select(Claim)
        .where(
            Claim.customer_id == customer_id,
            Claim.kind == AddressKind.EMAIL,
            Claim.state != ClaimState.DISMISSED,
        )
        .order_by(Claim.id.desc())
    )
    found = (await session.scalars(known.limit(1))).first() or (await session.scalars(said.limit(1))).first()
    if found is None:
        raise Conflict(
            "We know no email address of this customer. Ask for one in the chat, or write it in To."
        )
    return Address(value=found.address, name=found.name)


def _others(
    participants: Iterable[StrandParticipant], own: frozenset[str], *, but: set[str]
) -> tuple[Address, ...]:
    return tuple(
        Address(value=participant.address, name=participant.name)
        for participant in participants
        if participant.address not in but and not is_own(participant.address, own)
    )


async def newest_standing(session: AsyncSession, strand: Strand) -> Message | None:
    """The strand's newest message that was not taken back."""
    return (await session.scalars(_NEWEST_STANDING, {"strand": strand.id})).first()


def _everybody_on(message: Row[Any] | None) -> list[Address]:
    if message is None:
        return []
    inbound = message.direction == Direction.INBOUND
    on_it = [*(message.sender if inbound else []), *message.to, *message.cc]
    found = {address.value: address for address in map(read_address, on_it) if "@" in address.value}
    return list(found.values())


def read_address(stored: dict[str, str]) -> Address:
    """One of the addresses that a message's columns hold."""
    return Address(value=stored["address"], name=stored.get("name", ""))


def typed_addresses(typed: Sequence[str], *, field: str) -> tuple[Address, ...]:
    """What an agent wrote in To or Cc, each address once; raises Invalid naming *field*."""
    values = dict.fromkeys(normalise_email(one, field=field) for one in typed if one.strip())
    return tuple(Address(value=value) for value in values)
