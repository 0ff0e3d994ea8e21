"""Whose message is this, and where does it go: the rules, over what is known (`inbox.known`).

Nothing here reads or writes the database. `Threads.place()` decides for one arrival and makes the rows that
the decision needs; the caller inserts what stands in `made`.
"""

from datetime import datetime, timedelta
from typing import Any

from inbox.envelopes import AddressKind, ChannelKind, InboundMessage, Verdict
from inbox.known import Known
from inbox.models import (
    AuthorKind,
    Case,
    Channel,
    ClaimState,
    Conversation,
    Customer,
    Direction,
    EventKind,
    Identity,
    Proof,
    Status,
    Strand,
    Suggestion,
    SuggestionKind,
)
from inbox.placements import Arrival, Ignored, Placement, Rows, failed
from inbox.tokens import StrandTokens


class Threads:
    """The identity, strand and case rules for one batch."""

    def __init__(
        self,
        known: Known,
        rows: Rows,
        *,
        tokens: StrandTokens,
        channels: dict[int, Channel],
        moment: datetime,
        reopen_days: int,
        own_addresses: frozenset[str],
    ) -> None:
        self.known = known
        self._rows = rows
        self._tokens = tokens
        self._channels = channels
        self._moment = moment
        self._reopen_within = timedelta(days=reopen_days)
        self._own_addresses = own_addresses
        self._told = 0

    def place(self, arrival: Arrival) -> Placement | Ignored:
        """Decide for one arrival."""
        message = arrival.message
        if reason := self._why_ignored(message):
            return Ignored(reason)
        strand, matched_by = self._strand_referred_to(message)
        if strand is not None:
            joined = self._join(arrival, strand, matched_by)
            if joined is not None:
                return joined
        placement = self._file_with_sender(arrival, held_from=strand)
        if strand is not None and not message.automatic and not failed(message):
            self._hold(strand, placement)
        return placement

    def suggestions_made(self) -> list[Suggestion]:
        """The suggestions made since the last call."""
        fresh = self._rows.made.suggestions[self._told :]
        self._told = len(self._rows.made.suggestions)
        return fresh

    def _why_ignored(self, message: InboundMessage) -> str | None:
        if message.external_id:
            for known in self.known.messages.get(message.external_id, ()):
                if known.direction == Direction.OUTBOUND:
                    return "We sent this ourselves."
        if message.channel != ChannelKind.EMAIL:
            return None
        if message.sender.value in self._own_addresses:
            return "It comes from one of our own mailboxes."
        if message.automatic and (AddressKind.EMAIL, message.sender.value) not in self.known.identities:
            return f"Automatic ({message.automatic}), from a sender nobody knows."
        return None

    # Which strand does it refer to, and may its sender join it?

    def _strand_referred_to(self, message: InboundMessage) -> tuple[Strand | None, dict[str, Any]]:
        """The strand that a signed token or a known Message-ID names: a candidate, not a permission."""
        for token in message.tokens:
            name = self._tokens.read(token)
            if name and (strand := self.known.by_public_id.get(name)):
                return strand, {"rule": "token", "value": token}
        for reference in message.references:
            for found in self.known.messages.get(reference, ()):
                return self.known.strands[found.strand_id], {"rule": "reference", "value": reference}
        return None, {}

    def _join(self, arrival: Arrival, strand: Strand, matched_by: dict[str, Any]) -> Placement | None:
        message = arrival.message
        conversation = self.known.conversations[strand.conversation_id]
        identity = self.known.identities.get((AddressKind.EMAIL, message.sender.value))
        author = AuthorKind.CUSTOMER
        if strand.is_side:
            if failed(message) or not self._is_confirmed(message.sender.value, strand):
                return None
            author, identity = AuthorKind.PARTICIPANT, None
        elif identity is not None and identity.customer_id == conversation.customer_id:
            pass  # even where its authentication failed: it joins no strand but its own sender's
        elif failed(message):
            return None
        elif self._is_claimed_by(message.sender.value, conversation):
            if identity is None:
                identity = self._prove_claim(message, conversation)
            matched_by = matched_by | {"continuity": True}
        elif self._is_confirmed(message.sender.value, strand):
            author, identity = AuthorKind.PARTICIPANT, None
        else:
            return None
        return self._placed(arrival, conversation, strand, identity, author, matched_by)

    def _is_confirmed(self, address: str, strand: Strand) -> bool:
        participant = self.known.participants[strand.id].get(address)
        return participant is not None and participant.confirmed

    def _is_claimed_by(self, address: str, conversation: Conversation) -> bool:
        """Whether the strand's own customer is said to have this address: then the answer came from the
        claimed mailbox."""
        claims = self.known.claims.get((AddressKind.EMAIL, address), ())
        return any(claim.customer_id == conversation.customer_id for claim in claims)

    def _prove_claim(self, message: InboundMessage, conversation: Conversation) -> Identity:
        for claim in self.known.claims[AddressKind.EMAIL, message.sender.value]:
            if claim.customer_id == conversation.customer_id:
                claim.state = ClaimState.CONFIRMED
        return self._rows.new_identity(message, conversation.customer_id, Proof.ANSWERED)

    # The sender's own conversation

    def _file_with_sender(self, arrival: Arrival, *, held_from: Strand | None) -> Placement:
        identity, customer, matched_by = self._sender(arrival)
        conversation = self.known.by_customer.get(customer.id) or self._rows.new_conversation(customer)
        strand = self._standing_chat(arrival, identity) or self._rows.new_strand(
            arrival, conversation, identity
        )
        placement = self._placed(arrival, conversation, strand, identity, AuthorKind.CUSTOMER, matched_by)
        placement.held_from = held_from
        return placement

    def _sender(self, arrival: Arrival) -> tuple[Identity | None, Customer, dict[str, Any]]:
        """Whose message it is: the owner of the address, else the one customer that claims it, else somebody
        new."""
        message = arrival.message
        key = (str(message.sender.kind), message.sender.value)
        identity = self.known.identities.get(key)
        if identity is not None:
            identity.last_seen_at = self._moment
            customer = self.known.customers[identity.customer_id]
            self._rows.rename(customer, message)
            return identity, customer, {"rule": "identity", "value": message.sender.value}
        if message.channel == ChannelKind.FORM or failed(message):
            return None, self._claimant(message), {"rule": "claim", "value": message.sender.value}
        unproved = self._unproved_claimants(message.sender.value)
        customer = unproved[0] if len(unproved) == 1 else self._rows.new_customer(message)
        proof = Proof.AUTHENTICATED if message.authentication.dmarc == Verdict.PASS else Proof.RECEIVED
        identity = self._rows.new_identity(message, customer.id, proof)
        return identity, customer, {"rule": "new", "value": message.sender.value}

    def _claimant(self, message: InboundMessage) -> Customer:
        """The one customer that an unproved address stands for: reused, else made with its claim."""
        if message.sender.kind != AddressKind.EMAIL:
            return self._rows.new_customer(
                message
            )  # a form without an address: nobody can be told from anybody
        customers = self._unproved_claimants(message.sender.value)
        if len(customers) == 1:
            self._rows.describe(customers[0], message)
            return customers[0]
        customer = self._rows.new_customer(message)
        self._rows.new_claim(customer.id, message.sender, source=message.channel)
        return customer

    def _unproved_claimants(self, address: str) -> list[Customer]:
        """Customers who are nothing but a claim of this address: no identity has been proved of them."""
        claims = self.known.claims.get((AddressKind.EMAIL, address), ())
        ids = dict.fromkeys(c.customer_id for c in claims if c.customer_id not in self.known.proved)
        return [self.known.customers[customer_id] for customer_id in ids]

    def _standing_chat(self, arrival: Arrival, identity: Identity | None) -> Strand | None:
        """A chat keeps its strand until its case has been resolved for the days after which nothing
        reopens."""
        if arrival.message.channel != ChannelKind.WEBCHAT or identity is None:
            return None
        strand = self.known.chats.get((identity.id, arrival.channel.id))
        case = self.known.cases.get(strand.case_id) if strand and strand.case_id else None
        if case is not None and case.status == Status.RESOLVED and not self._may_reopen(case):
            return None
        return strand

    # Which case?

    def _placed(
        self,
        arrival: Arrival,
        conversation: Conversation,
        strand: Strand,
        identity: Identity | None,
        author: AuthorKind,
        matched_by: dict[str, Any],
    ) -> Placement:
        message = arrival.message
        placement = Placement(
            customer=self.known.customers[conversation.customer_id],
            conversation=conversation,
            strand=strand,
            case=self.known.cases.get(strand.case_id) if strand.case_id else None,
            identity=identity,
            author_kind=author,
            matched_by=matched_by,
            claimed=message.channel == ChannelKind.FORM or failed(message),
            is_spam=message.spam and strand.case_id is None,
        )
        if not arrival.is_history and not message.automatic:
            self._choose_case(arrival, placement)
        self._note_participants(arrival, placement)
        self._note_claims(message, placement)
        return placement

    def _choose_case(self, arrival: Arrival, placement: Placement) -> None:
        case = placement.case
        if case is not None and (case.is_unfinished or case.status == Status.SPAM or self._may_reopen(case)):
            if case.status in (Status.RESOLVED, Status.SNOOZED, Status.PENDING):
                placement.reopened_from = Status(case.status)
        else:
            case = None if placement.is_spam else self._only_open_case(arrival, placement)
            if case is None:
                case = self._rows.new_case(arrival, placement)
                placement.opened = True
            elif case.status in (Status.SNOOZED, Status.PENDING):
                placement.reopened_from = Status(case.status)
        placement.case = case
        placement.strand.case_id = case.id

    def _only_open_case(self, arrival: Arrival, placement: Placement) -> Case | None:
        if placement.claimed or placement.customer.marks:
            return None
        unclaimed = [c for c in self.known.unfinished_cases(placement.conversation) if not c.claimed]
        if len(unclaimed) != 1:
            return None
        (case,) = unclaimed
        first = self._channels.get(case.first_channel_id) if case.first_channel_id else None
        if first is not None and first.default_team_id != arrival.channel.default_team_id:
            return None
        return case

    def _may_reopen(self, case: Case) -> bool:
        return (
            case.status == Status.RESOLVED
            and case.resolved_at is not None
            and self._moment - case.resolved_at < self._reopen_within
        )

    def _note_participants(self, arrival: Arrival, placement: Placement) -> None:
        """Everybody else on the mail is suggested, never added; a mail that failed its check suggests
        nobody."""
        message = arrival.message
        if message.channel != ChannelKind.EMAIL or failed(message) or message.automatic:
            return
        known = self.known.participants[placement.strand.id]
        skipped: frozenset[str | None] = self._own_addresses | {message.sender.value, message.mailbox}
        if placement.author_kind is AuthorKind.PARTICIPANT and placement.strand.identity_id:
            skipped |= {
                i.address for i in self.known.identities.values() if i.id == placement.strand.identity_id
            }
        for header, addresses in (("to", message.to), ("cc", message.cc)):
            for address in addresses:
                if address.value in skipped or address.value in known or _is_plus_of(address.value, skipped):
                    continue
                self._rows.new_participant(placement.strand, address, put_by=header)

    def _note_claims(self, message: InboundMessage, placement: Placement) -> None:
        """An address typed in a chat is said to be theirs; where it is somebody's, agents are asked."""
        for address in message.claims:
            several = self.known.claims[address.kind, address.value]
            if any(claim.customer_id == placement.customer.id for claim in several):
                continue
            self._rows.new_claim(placement.customer.id, address, source=message.channel)
            owner = self.known.identities.get((address.kind, address.value))
            if owner is not None and owner.customer_id != placement.customer.id:
                kind = SuggestionKind.CLAIM
                self._rows.suggest(
                    kind, placement.conversation, owner.customer_id, address.value, address.name
                )

    def _hold(self, strand: Strand, placement: Placement) -> None:
        """Ask about a stranger's answer, in the conversation that was answered. The message itself is not
        shown there."""
        original = self.known.conversations[strand.conversation_id]
        if original.customer_id == placement.customer.id:
            return  # the customer came upon a side strand: their words stand in their own
        suggestion = self._rows.suggest(
            SuggestionKind.HELD_ANSWER,
            original,
            placement.customer.id,
            placement.identity.address if placement.identity else "",
            placement.customer.name,
        )
        suggestion.strand_id = strand.id


OPENED_BY = {Status.RESOLVED: EventKind.CASE_REOPENED, Status.SNOOZED: EventKind.CASE_WOKEN}


def _failed(message: InboundMessage) -> bool:
    return message.authentication.dmarc == Verdict.FAIL


def _is_plus_of(address: str, own: frozenset[str | None]) -> bool:
    """Whether an address is one of ours with something after a plus (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" in own
