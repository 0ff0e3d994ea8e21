"""Reads what the database knows about a batch of arrivals, with one query for each table."""

from collections.abc import Iterable, Sequence, Set
from typing import Any, TypeVar

from sqlalchemy import BindParameter, bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import AddressKind, ChannelKind, InboundMessage
from inbox.known import Known
from inbox.locks import lock_until_settled
from inbox.models import (
    Agent,
    AwaitedReference,
    Block,
    Case,
    Claim,
    ClaimState,
    Company,
    CompanyDomain,
    Conversation,
    Customer,
    Identity,
    Message,
    Strand,
    StrandParticipant,
)
from inbox.queries.case_views import unfinished_of_few
from inbox.tokens import StrandTokens

T = TypeVar("T")

# Made once: they are asked for each batch, and making a statement costs more than running it.
_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_REFERENCES = select(Message.external_id, Message.id, Message.strand_id, Message.direction).where(
    Message.external_id.in_(_SOME)
)
_AWAITED = (
    select(AwaitedReference).where(AwaitedReference.external_id.in_(_SOME)).order_by(AwaitedReference.id)
)
_WORKING = select(Agent).where(Agent.email.in_(_SOME), Agent.deactivated_at.is_(None))
_IDENTITIES = select(Identity).where(tuple_(Identity.kind, Identity.address).in_(_SOME))
_CORRESPONDENTS = select(Identity).where(Identity.id.in_(_SOME))
_OWNERS = select(Identity.customer_id).where(Identity.customer_id.in_(_SOME))
_CLAIMS = (
    select(Claim)
    .where(tuple_(Claim.kind, Claim.address).in_(_SOME), Claim.state != ClaimState.DISMISSED)
    .order_by(Claim.id)
)
_STRANDS = select(Strand).where(Strand.id.in_(_SOME)).order_by(Strand.id)
_NAMED_STRANDS = select(Strand).where(Strand.public_id.in_(_SOME)).order_by(Strand.id)
# A strand that an agent moved to another customer is not where the visitor's next words go.
_CHATS = (
    select(Strand)
    .join(Identity, Identity.id == Strand.identity_id)
    .join(Conversation, Conversation.id == Strand.conversation_id)
    .where(Strand.identity_id.in_(_SOME), Conversation.customer_id == Identity.customer_id)
    .order_by(Strand.id)
)
_PARTICIPANTS = select(StrandParticipant).where(StrandParticipant.strand_id.in_(_SOME))
_CONVERSATIONS = select(Conversation).where(Conversation.id.in_(_SOME))
_CONVERSATIONS_OF = select(Conversation).where(Conversation.customer_id.in_(_SOME))
_CUSTOMERS = select(Customer).where(Customer.id.in_(_SOME))
_COMPANIES = (
    select(CompanyDomain.domain, Company.name)
    .join(Company, Company.id == CompanyDomain.company_id)
    .where(CompanyDomain.domain.in_(_SOME))
)
_BLOCKS = select(Block.customer_id, Block.identity_id).where(
    Block.customer_id.in_(_SOME), Block.ended_at.is_(None)
)
_CASES = select(Case).where(Case.id.in_(_SOME))
_UNFINISHED_CASES = select(Case).where(Case.conversation_id.in_(_SOME), unfinished_of_few())


async def read_known(
    session: AsyncSession, messages: Sequence[InboundMessage], tokens: StrandTokens
) -> Known:
    """Lock the conversations that a batch may touch, and read what the rules need to know about them.

    What is read under the locks may lead to further conversations (a merge has ended meanwhile): then these
    are locked too, and all is read anew.
    """
    inside = [message.forward.original for message in messages if message.forward is not None]
    everything = [*messages, *inside]
    known = await _read(session, everything, tokens)
    if session.get_bind().dialect.name == "sqlite":  # one writer needs no locks
        return known

    async def read_again() -> Set[int]:
        nonlocal known
        for row in known.rows():
            session.expire(row)  # somebody may have changed it while we waited for the lock
        known = await _read(session, everything, tokens)
        return known.conversations.keys()

    await lock_until_settled(session, known.conversations.keys(), read_again)
    return known


async def _read(session: AsyncSession, messages: Sequence[InboundMessage], tokens: StrandTokens) -> Known:
    known = Known()
    await session.flush()
    with session.no_autoflush:  # nothing is written until the batch is decided
        await _read_all(session, known, messages, tokens)
    return known


async def _read_all(
    session: AsyncSession, known: Known, messages: Sequence[InboundMessage], tokens: StrandTokens
) -> None:
    strand_ids = await _read_references(session, known, messages)
    strand_ids |= await _read_awaited(session, known, messages)
    public_ids = {name for m in messages for token in m.tokens if (name := tokens.read(token))}
    await _read_people(session, known, messages)
    visitors = [i.id for i in known.identities.values() if i.kind == AddressKind.VISITOR]
    await _read_strands(session, known, strand_ids, public_ids, visitors)
    await _read_correspondents(session, known)
    await _read_conversations(session, known)
    await _read_cases(session, known)
    await _read_blocks(session, known)
    await _read_companies(session, known, messages)


async def _read_references(
    session: AsyncSession, known: Known, messages: Sequence[InboundMessage]
) -> set[int]:
    wanted = {reference for m in messages for reference in m.references}
    wanted |= {m.external_id for m in messages if m.external_id}
    for some in _chunks(wanted):
        rows = await session.execute(_REFERENCES, {"some": some})
        for external_id, message_id, strand_id, direction in rows:
            known.note_message(external_id or "", message_id, strand_id, direction)
    return {message.strand_id for several in known.messages.values() for message in several}


async def _read_awaited(session: AsyncSession, known: Known, messages: Sequence[InboundMessage]) -> set[int]:
    """The strands of answers to these mails that came before them."""
    for some in _chunks(
        {m.external_id for m in messages if m.channel == ChannelKind.EMAIL and m.external_id}
    ):
        for row in await session.scalars(_AWAITED, {"some": some}):
            known.awaited.setdefault(row.external_id, row.strand_id)
    return set(known.awaited.values())


async def _read_people(session: AsyncSession, known: Known, messages: Sequence[InboundMessage]) -> None:
    addresses = {(str(a.kind), a.value) for m in messages for a in (m.sender, *m.claims)}
    addresses |= {(str(m.reply_to.kind), m.reply_to.value) for m in messages if m.reply_to}
    for emails in _chunks({value for kind, value in addresses if kind == AddressKind.EMAIL}):
        working = await session.scalars(_WORKING, {"some": emails})
        known.agents |= {agent.email: agent for agent in working}
    for keys in _chunks(addresses):
        for identity in await session.scalars(_IDENTITIES, {"some": keys}):
            known.add_identity(identity)
        for claim in await session.scalars(_CLAIMS, {"some": keys}):
            known.claims[claim.kind, claim.address].append(claim)
    claimants = {claim.customer_id for several in known.claims.values() for claim in several}
    for some in _chunks(claimants):
        known.proved.update(await session.scalars(_OWNERS, {"some": some}))


async def _read_strands(
    session: AsyncSession, known: Known, ids: set[int], public_ids: set[str], visitors: list[int]
) -> None:
    for some in _chunks(ids):
        for strand in await session.scalars(_STRANDS, {"some": some}):
            known.add_strand(strand, "")
    for names in _chunks(public_ids):
        for strand in await session.scalars(_NAMED_STRANDS, {"some": names}):
            known.add_strand(strand, "")
    for some in _chunks(visitors):
        for strand in await session.scalars(_CHATS, {"some": some}):
            known.add_strand(strand, ChannelKind.WEBCHAT)
    for some in _chunks(set(known.strands)):
        for participant in await session.scalars(_PARTICIPANTS, {"some": some}):
            known.participants[participant.strand_id][participant.address] = participant


async def _read_correspondents(session: AsyncSession, known: Known) -> None:
    """Whom the strands are with."""
    missing = {s.identity_id for s in known.strands.values() if s.identity_id} - known.by_id.keys()
    for some in _chunks(missing):
        rows = await session.scalars(_CORRESPONDENTS, {"some": some})
        known.by_id.update({identity.id: identity for identity in rows})


async def _read_conversations(session: AsyncSession, known: Known) -> None:
    customers = {i.customer_id for i in known.identities.values()}
    customers |= {claim.customer_id for several in known.claims.values() for claim in several}
    for some in _chunks(customers):
        for conversation in await session.scalars(_CONVERSATIONS_OF, {"some": some}):
            known.add_conversation(conversation)
    elsewhere = {strand.conversation_id for strand in known.strands.values()} - known.conversations.keys()
    for some in _chunks(elsewhere):
        for conversation in await session.scalars(_CONVERSATIONS, {"some": some}):
            known.add_conversation(conversation)
    for some in _chunks(customers | set(known.by_customer)):
        for customer in await session.scalars(_CUSTOMERS, {"some": some}):
            known.customers[customer.id] = customer


async def _read_companies(session: AsyncSession, known: Known, messages: Sequence[InboundMessage]) -> None:
    """Of those who are not known yet only: whoever is has a company, or has none on purpose."""
    senders = {m.sender for m in messages if (str(m.sender.kind), m.sender.value) not in known.identities}
    domains = {sender.value.rpartition("@")[2] for sender in senders if sender.kind == AddressKind.EMAIL}
    for some in _chunks(domains):
        rows = await session.execute(_COMPANIES, {"some": some})
        known.companies |= {domain: name for domain, name in rows}


async def _read_blocks(session: AsyncSession, known: Known) -> None:
    for some in _chunks(set(known.customers)):
        rows = await session.execute(_BLOCKS, {"some": some})
        known.blocked |= {(customer_id, identity_id) for customer_id, identity_id in rows}


async def _read_cases(session: AsyncSession, known: Known) -> None:
    of_strands = {s.case_id for s in known.strands.values() if s.case_id is not None}
    for some in _chunks(set(known.conversations)):
        known.cases |= {case.id: case for case in await session.scalars(_UNFINISHED_CASES, {"some": some})}
    for some in _chunks(of_strands - set(known.cases)):
        known.cases |= {case.id: case for case in await session.scalars(_CASES, {"some": some})}


def _chunks(wanted: Iterable[T], size: int = 500) -> Iterable[list[T]]:
    """Databases limit the number of parameters in one statement."""
    several = list(wanted)
    return (several[i : i + size] for i in range(0, len(several), size))
