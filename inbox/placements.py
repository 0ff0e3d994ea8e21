"""What an arrival's decision is made of, and the new rows that it needs.

`Rows` makes customers, strands, cases and the rest with ids taken beforehand, adds them to what is known, so
that the next arrival of the batch meets them, and keeps them for the caller to insert.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inbox.addresses import name_for
from inbox.envelopes import Address, ChannelKind, InboundMessage, Verdict
from inbox.ids import public_id
from inbox.known import Known
from inbox.models import (
    Agent,
    AuthorKind,
    AwaitedReference,
    Case,
    Channel,
    Claim,
    ClaimState,
    Conversation,
    Customer,
    Identity,
    IgnoredAs,
    Model,
    Note,
    Proof,
    Status,
    Strand,
    StrandParticipant,
    Suggestion,
    SuggestionKind,
    SuggestionState,
)
from inbox.sequences import TakenIds


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One parsed input that waits to be filed. `record_id` is its intake record.

    `author` is who wrote it, where that is not its sender: the customer behind a relay. `hearsay` says that
    only the words of somebody else vouch for the author. `passed_on_by` is the agent who forwarded it.
    """

    record_id: int
    channel: Channel
    message: InboundMessage
    is_history: bool = False
    author: Address | None = None
    hearsay: bool = False
    passed_on_by: Agent | None = None

    @property
    def writer(self) -> Address:
        """Who wrote it."""
        return self.author or self.message.sender


@dataclass(slots=True, kw_only=True)
class Placement:
    """Where an arrival goes, as the mail inside of it where an agent passed one on. `held_from` is the strand
    that a stranger answered; `asks_whose`: agents are asked who wrote the mail inside; `is_blocked`: nobody
    wants to hear of it."""

    arrival: Arrival
    customer: Customer
    conversation: Conversation
    strand: Strand
    case: Case | None
    identity: Identity | None
    author_kind: AuthorKind
    matched_by: dict[str, Any]
    claimed: bool
    is_spam: bool = False
    held_from: Strand | None = None
    reopened_from: Status | None = None
    opened: bool = False
    asks_whose: bool = False
    is_blocked: bool = False


@dataclass(slots=True)
class Ignored:
    """Not a message for anybody's thread; the reason stands in the intake record."""

    reason: str
    kind: IgnoredAs


@dataclass(slots=True)
class Made:
    """New rows, in the order of their foreign keys."""

    customers: list[Customer] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    strands: list[Strand] = field(default_factory=list)
    participants: list[StrandParticipant] = field(default_factory=list)
    awaited: list[AwaitedReference] = field(default_factory=list)
    suggestions: list[Suggestion] = field(default_factory=list)


ID_MODELS: tuple[type[Model], ...] = (
    Customer,
    Identity,
    Conversation,
    Case,
    Strand,
    Suggestion,
    Note,
)


class Rows:
    """Makes the rows of one batch."""

    def __init__(self, known: Known, ids: TakenIds, moment: datetime) -> None:
        self.made = Made()
        self._known = known
        self._ids = ids
        self._moment = moment

    def new_customer(self, writer: Address, message: InboundMessage) -> Customer:
        customer = Customer(
            id=self._ids.next_for(Customer),
            public_id=public_id(),
            name=writer.name or name_for(writer.kind, writer.value),
            created_at=self._moment,
        )
        customer.marks, customer.attributes, customer.company = [], {}, ""
        if message.channel == ChannelKind.EMAIL and not failed(message):
            customer.company = self._known.company_of(writer.value)
        self.describe(customer, message)
        self._known.customers[customer.id] = customer
        self.made.customers.append(customer)
        return customer

    def describe(self, customer: Customer, message: InboundMessage) -> None:
        """Note what a form's map says of somebody who is nothing but a claim; what is known already stays."""
        customer.company = customer.company or message.company
        if said := dict(message.attributes):
            customer.attributes = {**said, **customer.attributes}

    def rename(self, customer: Customer, writer: Address) -> None:
        """A real name takes the place of one that we made from the address."""
        made_up = name_for(writer.kind, writer.value)
        if writer.name and customer.name in ("", made_up):
            customer.name = writer.name

    def new_identity(
        self, writer: Address, customer_id: int, proof: Proof, *, origin_customer_id: int | None = None
    ) -> Identity:
        identity = Identity(
            id=self._ids.next_for(Identity),
            customer_id=customer_id,
            origin_customer_id=origin_customer_id,
            kind=writer.kind,
            address=writer.value,
            name=writer.name,
            proof=proof,
            last_seen_at=self._moment,
            created_at=self._moment,
        )
        self._known.add_identity(identity)
        self.made.identities.append(identity)
        return identity

    def new_claim(self, customer_id: int, address: Address, *, source: str) -> None:
        claim = Claim(
            customer_id=customer_id,
            kind=address.kind,
            address=address.value,
            name=address.name,
            source=source,
            state=ClaimState.OPEN,
        )
        self._known.claims[claim.kind, claim.address].append(claim)
        self.made.claims.append(claim)

    def new_participant(self, strand: Strand, address: Address, *, put_by: str) -> None:
        participant = StrandParticipant(
            strand_id=strand.id, address=address.value, name=address.name, put_by=put_by
        )
        self._known.participants[strand.id][address.value] = participant
        self.made.participants.append(participant)

    def new_conversation(self, customer: Customer) -> Conversation:
        conversation = Conversation(
            id=self._ids.next_for(Conversation),
            public_id=public_id(),
            customer_id=customer.id,
            created_at=self._moment,
        )
        self._known.add_conversation(conversation)
        self.made.conversations.append(conversation)
        return conversation

    def new_strand(self, arrival: Arrival, conversation: Conversation, identity: Identity | None) -> Strand:
        message = arrival.message
        strand = Strand(
            id=self._ids.next_for(Strand),
            public_id=public_id(),
            conversation_id=conversation.id,
            origin_conversation_id=conversation.id,
            channel_id=arrival.channel.id,
            identity_id=identity.id if identity else None,
            subject=message.subject,
            mailbox=message.mailbox or arrival.channel.address,
            is_side=False,
            page=message.page_url or (arrival.channel.name if message.channel == ChannelKind.FORM else ""),
            claimed=message.channel == ChannelKind.FORM or identity is None or arrival.author is not None,
            created_at=self._moment,
        )
        self._known.add_strand(strand, message.channel)
        self.made.strands.append(strand)
        return strand

    def new_case(self, arrival: Arrival, placement: Placement) -> Case:
        case = Case(
            id=self._ids.next_for(Case),
            number=0,  # given when the batch is written
            conversation_id=placement.conversation.id,
            origin_conversation_id=placement.conversation.id,
            subject=arrival.message.subject,
            status=Status.SPAM if placement.is_spam else Status.OPEN,
            claimed=placement.claimed,
            first_channel_id=arrival.channel.id,
            team_id=arrival.channel.default_team_id,
            opened_at=self._moment,
        )
        self._known.cases[case.id] = case
        self.made.cases.append(case)
        return case

    def suggest(
        self, kind: SuggestionKind, conversation: Conversation, other_id: int, address: str, name: str
    ) -> Suggestion:
        suggestion = Suggestion(
            id=self._ids.next_for(Suggestion),
            public_id=public_id(),
            kind=kind,
            state=SuggestionState.OPEN,
            customer_id=conversation.customer_id,
            other_customer_id=other_id,
            conversation_id=conversation.id,
            address=address,
            name=name,
        )
        self.made.suggestions.append(suggestion)
        return suggestion


def failed(message: InboundMessage) -> bool:
    """Whether the server that received it found the sender's domain forged."""
    return message.authentication.dmarc == Verdict.FAIL
