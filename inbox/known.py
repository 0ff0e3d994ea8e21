"""What the database knows about a batch of arrivals, read with one query for each table.

The rules of `inbox.threads` decide over this snapshot; what they make is added to it, so that the next
arrival of the same batch meets it as if it had been read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import AddressKind, ChannelKind, InboundMessage
from inbox.locks import lock_until_settled
from inbox.models import (
    UNFINISHED,
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
    Model,
    Strand,
    StrandParticipant,
)
from inbox.tokens import StrandTokens

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """Just enough of a message that others refer to."""

    id: int
    strand_id: int
    direction: str


@dataclass(slots=True)
class Known:
    identities: dict[tuple[str, str], Identity] = field(default_factory=dict)
    claims: dict[tuple[str, str], list[Claim]] = field(default_factory=lambda: defaultdict(list))
    customers: dict[int, Customer] = field(default_factory=dict)
    conversations: dict[int, Conversation] = field(default_factory=dict)
    by_customer: dict[int, Conversation] = field(default_factory=dict)
    strands: dict[int, Strand] = field(default_factory=dict)
    by_public_id: dict[str, Strand] = field(default_factory=dict)
    chats: dict[tuple[int, int], Strand] = field(default_factory=dict)  # (identity, channel)
    participants: dict[int, dict[str, StrandParticipant]] = field(default_factory=lambda: defaultdict(dict))
    cases: dict[int, Case] = field(default_factory=dict)
    messages: dict[str, list[KnownMessage]] = field(default_factory=lambda: defaultdict(list))
    proved: set[int] = field(default_factory=set)  # customers that own an identity
    agents: dict[str, Agent] = field(default_factory=dict)  # those who work here, by address
    by_id: dict[int, Identity] = field(default_factory=dict)
    awaited: dict[str, int] = field(default_factory=dict)  # Message-ID → the strand of an answer to it
    companies: dict[str, str] = field(default_factory=dict)  # by the domains of the batch's senders
    blocked: set[tuple[int, int | None]] = field(default_factory=set)  # (customer, one identity or None: all)

    def add_identity(self, identity: Identity) -> None:
        self.identities[identity.kind, identity.address] = identity
        self.by_id[identity.id] = identity
        self.proved.add(identity.customer_id)

    def add_conversation(self, conversation: Conversation) -> None:
        self.conversations[conversation.id] = conversation
        self.by_customer[conversation.customer_id] = conversation

    def add_strand(self, strand: Strand, kind: str) -> None:
        self.strands[strand.id] = strand
        self.by_public_id[strand.public_id] = strand
        if kind == ChannelKind.WEBCHAT and strand.identity_id is not None:
            known = self.chats.get((strand.identity_id, strand.channel_id))
            if known is None or known.id < strand.id:
                self.chats[strand.identity_id, strand.channel_id] = strand

    def company_of(self, address: str) -> str:
        """Whose domain an address is of, "" where that says nothing."""
        return self.companies.get(address.rpartition("@")[2], "")

    def is_blocked(self, customer_id: int, identity: Identity | None) -> bool:
        """Whether nobody wants to hear from this customer, or from this address of theirs."""
        own = (customer_id, identity.id) if identity is not None else (customer_id, None)
        return (customer_id, None) in self.blocked or own in self.blocked

    def rows(self) -> Iterator[Model]:
        """Every row that was read."""
        claims = (claim for several in self.claims.values() for claim in several)
        people = (p for several in self.participants.values() for p in several.values())
        tables = (self.identities, self.customers, self.conversations, self.strands, self.cases)
        return chain(claims, people, *(table.values() for table in tables))

    def note_message(self, external_id: str, message_id: int, strand_id: int, direction: str) -> None:
        self.messages[external_id].append(KnownMessage(message_id, strand_id, direction))

    def unfinished_cases(self, conversation: Conversation) -> list[Case]:
        """The open cases (open, pending or snoozed) of a conversation."""
        return [c for c in self.cases.values() if c.conversation_id == conversation.id and c.is_unfinished]


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
    return known


async def _read_references(
    session: AsyncSession, known: Known, messages: Sequence[InboundMessage]
) -> set[int]:
    wanted = {reference for m in messages for reference in m.references}
    wanted |= {m.external_id for m in messages if m.external_id}
    for some in _chunks(wanted):
        query = select(Message.external_id, Message.id, Message.strand_id, Message.direction)
        rows = await session.execute(query.where(Message.external_id.in_(some)))
        for external_id, message_id, strand_id, direction in rows:
            known.note_message(external_id or "", message_id, strand_id, direction)
    return {message.strand_id for several in known.messages.values() for message in several}


async def _read_awaited(session: AsyncSession, known: Known, messages: Sequence[InboundMessage]) -> set[int]:
    """The strands of answers to these mails that came before them."""
    for some in _chunks(
        {m.external_id for m in messages if m.channel == ChannelKind.EMAIL and m.external_id}
    ):
        query = select(AwaitedReference).where(AwaitedReference.external_id.in_(some))
        for row in await session.scalars(query.order_by(AwaitedReference.id)):
            known.awaited.setdefault(row.external_id, row.strand_id)
    return set(known.awaited.values())


async def _read_people(session: AsyncSession, known: Known, messages: Sequence[InboundMessage]) -> None:
    addresses = {(str(a.kind), a.value) for m in messages for a in (m.sender, *m.claims)}
    addresses |= {(str(m.reply_to.kind), m.reply_to.value) for m in messages if m.reply_to}
    for emails in _chunks({value for kind, value in addresses if kind == AddressKind.EMAIL}):
        working = select(Agent).where(Agent.email.in_(emails), Agent.deactivated_at.is_(None))
        known.agents |= {agent.email: agent for agent in await session.scalars(working)}
    for keys in _chunks(addresses):
        for identity in await session.scalars(
            select(Identity).where(tuple_(Identity.kind, Identity.address).in_(keys))
        ):
            known.add_identity(identity)
        open_claims = select(Claim).where(tuple_(Claim.kind, Claim.address).in_(keys))
        for claim in await session.scalars(
            open_claims.where(Claim.state != ClaimState.DISMISSED).order_by(Claim.id)
        ):
            known.claims[claim.kind, claim.address].append(claim)
    claimants = {claim.customer_id for several in known.claims.values() for claim in several}
    for some in _chunks(claimants):
        owners = select(Identity.customer_id).where(Identity.customer_id.in_(some))
        known.proved.update(await session.scalars(owners))


async def _read_strands(
    session: AsyncSession, known: Known, ids: set[int], public_ids: set[str], visitors: list[int]
) -> None:
    for some in _chunks(ids):
        await _add_strands(session, known, Strand.id.in_(some))
    for names in _chunks(public_ids):
        await _add_strands(session, known, Strand.public_id.in_(names))
    for some in _chunks(visitors):
        # A strand that an agent moved to another customer is not where the visitor's next words go.
        own = select(Strand.id).join(Identity, Identity.id == Strand.identity_id)
        own = own.join(Conversation, Conversation.id == Strand.conversation_id)
        own = own.where(Strand.identity_id.in_(some), Conversation.customer_id == Identity.customer_id)
        await _add_strands(session, known, Strand.id.in_(own), ChannelKind.WEBCHAT)
    for some in _chunks(set(known.strands)):
        query = select(StrandParticipant).where(StrandParticipant.strand_id.in_(some))
        for participant in await session.scalars(query):
            known.participants[participant.strand_id][participant.address] = participant


async def _read_correspondents(session: AsyncSession, known: Known) -> None:
    """Whom the strands are with."""
    missing = {s.identity_id for s in known.strands.values() if s.identity_id} - known.by_id.keys()
    for some in _chunks(missing):
        rows = await session.scalars(select(Identity).where(Identity.id.in_(some)))
        known.by_id.update({identity.id: identity for identity in rows})


async def _add_strands(
    session: AsyncSession, known: Known, condition: ColumnElement[bool], kind: str = ""
) -> None:
    for strand in await session.scalars(select(Strand).where(condition).order_by(Strand.id)):
        known.add_strand(strand, kind)


async def _read_conversations(session: AsyncSession, known: Known) -> None:
    customers = {i.customer_id for i in known.identities.values()}
    customers |= {claim.customer_id for several in known.claims.values() for claim in several}
    for condition, wanted in (
        (Conversation.customer_id, customers),
        (Conversation.id, {strand.conversation_id for strand in known.strands.values()}),
    ):
        for some in _chunks(wanted):
            for conversation in await session.scalars(select(Conversation).where(condition.in_(some))):
                known.add_conversation(conversation)
    for some in _chunks(customers | set(known.by_customer)):
        for customer in await session.scalars(select(Customer).where(Customer.id.in_(some))):
            known.customers[customer.id] = customer


async def _read_companies(session: AsyncSession, known: Known, messages: Sequence[InboundMessage]) -> None:
    """Of those who are not known yet only: whoever is has a company, or has none on purpose."""
    senders = {m.sender for m in messages if (str(m.sender.kind), m.sender.value) not in known.identities}
    domains = {sender.value.rpartition("@")[2] for sender in senders if sender.kind == AddressKind.EMAIL}
    for some in _chunks(domains):
        query = select(CompanyDomain.domain, Company.name)
        query = query.join(Company, Company.id == CompanyDomain.company_id)
        rows = await session.execute(query.where(CompanyDomain.domain.in_(some)))
        known.companies |= {domain: name for domain, name in rows}


async def _read_blocks(session: AsyncSession, known: Known) -> None:
    for some in _chunks(set(known.customers)):
        query = select(Block.customer_id, Block.identity_id).where(Block.customer_id.in_(some))
        rows = await session.execute(query.where(Block.ended_at.is_(None)))
        known.blocked |= {(customer_id, identity_id) for customer_id, identity_id in rows}


async def _read_cases(session: AsyncSession, known: Known) -> None:
    of_strands = {s.case_id for s in known.strands.values() if s.case_id is not None}
    for some in _chunks(set(known.conversations)):
        query = select(Case).where(Case.conversation_id.in_(some), Case.status.in_(UNFINISHED))
        known.cases.update({case.id: case for case in await session.scalars(query)})
    for some in _chunks(of_strands - set(known.cases)):
        query = select(Case).where(Case.id.in_(some))
        known.cases.update({case.id: case for case in await session.scalars(query)})


def _chunks(wanted: Iterable[T], size: int = 500) -> Iterable[list[T]]:
    """Databases limit the number of parameters in one statement."""
    several = list(wanted)
    return (several[i : i + size] for i in range(0, len(several), size))
