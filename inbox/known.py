"""What is known about a batch of arrivals.

The rules of `inbox.threads` decide over this snapshot; what they make is added to it, so that the next
arrival of the same batch meets it as if it had been read.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from inbox.envelopes import ChannelKind
from inbox.models import (
    Agent,
    Case,
    Claim,
    Conversation,
    Customer,
    Identity,
    Model,
    Strand,
    StrandParticipant,
)


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
        tables = (self.by_id, self.customers, self.conversations, self.strands, self.cases)
        return chain(claims, people, *(table.values() for table in tables))

    def note_message(self, external_id: str, message_id: int, strand_id: int, direction: str) -> None:
        self.messages[external_id].append(KnownMessage(message_id, strand_id, direction))

    def unfinished_cases(self, conversation: Conversation) -> list[Case]:
        """The open cases (open, pending or snoozed) of a conversation."""
        return [c for c in self.cases.values() if c.conversation_id == conversation.id and c.is_unfinished]
