"""Whose message it is: the owner of the address, whoever is said to have it, or somebody new.

Like `inbox.threads` this reads and writes no database: it decides over what is known.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from inbox.envelopes import Address, AddressKind, ChannelKind, InboundMessage, Verdict
from inbox.known import Known
from inbox.models import Agent, ClaimState, Conversation, Customer, Identity, Mark, Proof, Strand
from inbox.placements import Arrival, Rows, failed


@dataclass(frozen=True, slots=True)
class Whose:
    """The customer who wrote, and the identity that says so; without one they are only said to have."""

    customer: Customer
    identity: Identity | None
    matched_by: dict[str, Any]


class Senders:
    """The identity rules for one batch."""

    def __init__(self, known: Known, rows: Rows, *, moment: datetime, own: frozenset[str]) -> None:
        self._known = known
        self._rows = rows
        self._moment = moment
        self._own = own

    def behind(self, arrival: Arrival) -> Arrival:
        """The arrival with the customer behind a relay as its author: whom its Reply-To names, as hearsay."""
        message = arrival.message
        asked = message.reply_to
        if asked is None or not self._names_another(message):
            return arrival
        relay = self.customer_of(message.sender)
        if message.sender.value not in self._own and (relay is None or Mark.RELAY not in relay.marks):
            return arrival
        name = asked.name or message.sender.name
        return replace(arrival, author=Address(asked.value, name), hearsay=True)

    def is_ours(self, message: InboundMessage) -> bool:
        """Whether a mail of our own has come back. What names somebody else in Reply-To has not: a form of
        ours sent it, or a group that stands in From itself (RFC 7960 §4.1.3.1)."""
        return message.sender.value in self._own and not self._names_another(message)

    def _names_another(self, message: InboundMessage) -> bool:
        asked = message.reply_to
        if asked is None or asked.kind != AddressKind.EMAIL or failed(message):
            return False
        local, _, domain = asked.value.rpartition("@")
        return not {asked.value, f"{local.partition('+')[0]}@{domain}"} & self._own

    def colleague(self, message: InboundMessage) -> Agent | None:
        """The agent who wrote this mail from their own address, authenticated by the server we trust."""
        if message.channel != ChannelKind.EMAIL or message.authentication.dmarc != Verdict.PASS:
            return None
        return self._known.agents.get(message.sender.value)

    def customer_of(self, address: Address) -> Customer | None:
        """Who owns an address."""
        identity = self._known.identities.get((str(address.kind), address.value))
        return self._known.customers[identity.customer_id] if identity else None

    def whose(self, arrival: Arrival) -> Whose:
        """Whose message it is; makes somebody where it is nobody's yet."""
        message, writer = arrival.message, arrival.writer
        matched_by = self._matched_by(arrival)
        identity = self._known.identities.get((str(writer.kind), writer.value))
        if identity is not None:
            identity.last_seen_at = self._moment
            customer = self._known.customers[identity.customer_id]
            if not arrival.hearsay:
                self._rows.rename(customer, writer)
            return Whose(customer, identity, {"rule": "identity"} | matched_by)
        if message.channel == ChannelKind.FORM or failed(message) or arrival.hearsay:
            return Whose(self._claimant(arrival), None, {"rule": "claim"} | matched_by)
        unproved = self._unproved_claimants(writer.value)
        customer = unproved[0] if len(unproved) == 1 else self._rows.new_customer(writer, message)
        proof = Proof.AUTHENTICATED if message.authentication.dmarc == Verdict.PASS else Proof.RECEIVED
        identity = self._rows.new_identity(writer, customer.id, proof)
        return Whose(customer, identity, {"rule": "new"} | matched_by)

    def _matched_by(self, arrival: Arrival) -> dict[str, Any]:
        matched: dict[str, Any] = {"value": arrival.writer.value}
        if arrival.author is not None:
            matched |= {"rule": "relay", "by": arrival.message.sender.value}
        return matched

    def _claimant(self, arrival: Arrival) -> Customer:
        """The one customer that an unproved address stands for: reused, else made with its claim."""
        message, writer = arrival.message, arrival.writer
        if writer.kind != AddressKind.EMAIL:
            # A form without an address: nobody can be told from anybody.
            return self._rows.new_customer(writer, message)
        customers = self._unproved_claimants(writer.value)
        if len(customers) == 1:
            self._rows.describe(customers[0], message)
            return customers[0]
        customer = self._rows.new_customer(writer, message)
        self._rows.new_claim(customer.id, writer, source="relay" if arrival.author else message.channel)
        return customer

    def _unproved_claimants(self, address: str) -> list[Customer]:
        """Customers who are nothing but a claim of this address: no identity has been proved of them."""
        claims = self._known.claims.get((AddressKind.EMAIL, address), ())
        ids = dict.fromkeys(c.customer_id for c in claims if c.customer_id not in self._known.proved)
        return [self._known.customers[customer_id] for customer_id in ids]

    def is_claimed_by(self, address: str, conversation: Conversation) -> bool:
        """Whether the strand's own customer is said to have this address: then the answer came from the
        claimed mailbox."""
        claims = self._known.claims.get((AddressKind.EMAIL, address), ())
        return any(claim.customer_id == conversation.customer_id for claim in claims)

    def prove_claim(self, writer: Address, conversation: Conversation, strand: Strand) -> Identity:
        """An answer has come from the claimed mailbox: it is the customer's. It came to be with whoever the
        strand is with, so that it leaves with them when a merge is taken back."""
        for claim in self._known.claims[AddressKind.EMAIL, writer.value]:
            if claim.customer_id == conversation.customer_id:
                claim.state = ClaimState.CONFIRMED
        visitor = self._known.by_id.get(strand.identity_id or 0)
        origin = visitor.origin_customer_id if visitor else None
        return self._rows.new_identity(
            writer, conversation.customer_id, Proof.ANSWERED, origin_customer_id=origin
        )
