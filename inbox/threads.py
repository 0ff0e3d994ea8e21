"""Whose message is this, and where does it go: the rules, over what is known (`inbox.known`).

Nothing here reads or writes the database. `Threads.place()` decides for one arrival and makes the rows that
the decision needs; the caller inserts what stands in `made`.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from inbox.awaited import await_references, overtaken
from inbox.bystanders import ask_whose, hold, note_claims, note_participants, original_of
from inbox.envelopes import AddressKind, ChannelKind, InboundMessage, Verdict
from inbox.known import Known
from inbox.models import (
    Agent,
    AuthorKind,
    Case,
    Channel,
    Conversation,
    Direction,
    EventKind,
    Identity,
    IgnoredAs,
    Status,
    Strand,
    Suggestion,
)
from inbox.placements import Arrival, Ignored, Placement, Rows, failed
from inbox.senders import Senders
from inbox.tokens import StrandTokens, found_tokens


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
        self._senders = Senders(known, rows, moment=moment, own=own_addresses)
        self._told = 0

    def place(self, arrival: Arrival) -> Placement | Ignored:
        """Decide for one arrival."""
        if ignored := self._why_ignored(arrival.message):
            return ignored
        arrival = replace(arrival, passed_on_by=self._passes_on(arrival))
        if self.files_original(arrival) is not None:
            return self._place(original_of(arrival))
        placement = self._place(self._senders.behind(arrival))
        if arrival.passed_on_by is not None:
            ask_whose(self._rows, placement)
        return placement

    def _place(self, arrival: Arrival) -> Placement:
        message = arrival.message
        strand, matched_by = self._strand_referred_to(message)
        if strand is not None:
            joined = self._join(arrival, strand, matched_by)
            if joined is not None:
                return joined
        placement = self._file_with_sender(arrival)
        may_hold = not (message.automatic or failed(message) or arrival.hearsay or placement.is_blocked)
        if strand is not None and may_hold:
            hold(self.known, self._rows, strand, placement)
        return placement

    def colleague(self, message: InboundMessage) -> Agent | None:
        """The agent who wrote this mail, where its check says so."""
        return self._senders.colleague(message)

    def suggestions_made(self) -> list[Suggestion]:
        """The suggestions made since the last call."""
        fresh = self._rows.made.suggestions[self._told :]
        self._told = len(self._rows.made.suggestions)
        return fresh

    def _why_ignored(self, message: InboundMessage) -> Ignored | None:
        if message.external_id:
            for known in self.known.messages.get(message.external_id, ()):
                if known.direction == Direction.OUTBOUND:
                    return Ignored("We sent this ourselves.", IgnoredAs.OWN)
            if any(map(self._tokens.read, found_tokens(message.external_id))):
                return Ignored("It bears a Message-ID of ours: it has come back.", IgnoredAs.OWN)
        if message.channel != ChannelKind.EMAIL:
            return None
        if self._senders.is_ours(message):
            return Ignored("It comes from one of our own mailboxes.", IgnoredAs.OWN)
        is_known = self._senders.customer_of(message.sender) is not None or self._was_asked(message)
        if message.automatic and not is_known:
            reason = f"Automatic ({message.automatic}), from a sender nobody knows."
            return Ignored(reason, IgnoredAs.AUTOMATIC)
        return None

    def _was_asked(self, message: InboundMessage) -> bool:
        """Whether its sender is a supplier who answers us, be it only by a machine that says when they are
        back."""
        strand, _ = self._strand_referred_to(message)
        return strand is not None and strand.is_side and self._is_confirmed(message.sender.value, strand)

    # Does an agent pass on somebody else's mail?

    def _passes_on(self, arrival: Arrival) -> Agent | None:
        """The agent who seems to forward a mail; one whose check failed is anybody."""
        message = arrival.message
        if message.forward is None or arrival.is_history or message.automatic or failed(message):
            return None
        return self.known.agents.get(message.sender.value)

    def files_original(self, arrival: Arrival) -> Agent | None:
        """The agent whose forwarded mail is filed as the mail inside of it."""
        agent = self._passes_on(arrival)
        return agent if agent is not None and self._is_sure(arrival) else None

    def _is_sure(self, arrival: Arrival) -> bool:
        """Whether nobody need be asked whose mail is passed on: an authenticated agent, a mail inside that
        names who wrote it, and that is neither one of us nor about a thread of somebody else's."""
        message, forward = arrival.message, arrival.message.forward
        if forward is None or not forward.is_sure or message.authentication.dmarc != Verdict.PASS:
            return False
        writer = forward.original.sender
        if writer.value in self._own_addresses or writer.value in self.known.agents:
            return False
        strand, _ = self._strand_referred_to(message)
        if strand is None:
            return True
        owner = self._senders.customer_of(writer)
        return owner is not None and owner.id == self.known.conversations[strand.conversation_id].customer_id

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
        message, writer = arrival.message, arrival.writer
        conversation = self.known.conversations[strand.conversation_id]
        identity = self.known.identities.get((AddressKind.EMAIL, writer.value))
        author = AuthorKind.CUSTOMER
        if strand.is_side:
            if failed(message) or not self._is_confirmed(message.sender.value, strand):
                return None
            author, identity = AuthorKind.PARTICIPANT, None
        elif identity is not None and identity.customer_id == conversation.customer_id:
            pass  # even where its authentication failed: it joins no strand but its own sender's
        elif failed(message):
            return None
        elif self._senders.is_claimed_by(writer.value, conversation):
            if identity is None and not arrival.hearsay:
                identity = self._senders.prove_claim(writer, conversation, strand)
            matched_by = matched_by | {"continuity": True}
        elif self._is_confirmed(writer.value, strand) and not arrival.hearsay:
            author, identity = AuthorKind.PARTICIPANT, None
        else:
            return None
        return self._placed(arrival, conversation, strand, identity, author, matched_by)

    def _is_confirmed(self, address: str, strand: Strand) -> bool:
        participant = self.known.participants[strand.id].get(address)
        return participant is not None and participant.confirmed

    # The sender's own conversation

    def _file_with_sender(self, arrival: Arrival) -> Placement:
        found = self._senders.whose(arrival)
        known = self.known.by_customer.get(found.customer.id)
        conversation = known or self._rows.new_conversation(found.customer)
        standing = self._standing_chat(arrival, found.identity) or overtaken(
            self.known, arrival, conversation
        )
        strand = standing or self._rows.new_strand(arrival, conversation, found.identity)
        if arrival.message.channel == ChannelKind.EMAIL and not arrival.hearsay:
            await_references(self.known, self._rows, arrival.message, strand)
        author = AuthorKind.CUSTOMER
        return self._placed(arrival, conversation, strand, found.identity, author, found.matched_by)

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
        by = arrival.passed_on_by if arrival.hearsay else None
        if by is not None:
            matched_by = matched_by | {"forwarded_by": by.name, "forwarded_by_id": by.public_id}
        placement = Placement(
            arrival=arrival,
            customer=self.known.customers[conversation.customer_id],
            conversation=conversation,
            strand=strand,
            case=self.known.cases.get(strand.case_id) if strand.case_id else None,
            identity=identity,
            author_kind=author,
            matched_by=matched_by,
            claimed=message.channel == ChannelKind.FORM or failed(message) or _is_claimed(arrival, identity),
            is_spam=message.spam and strand.case_id is None,
        )
        if not strand.is_side and self.known.is_blocked(conversation.customer_id, identity):
            placement.is_blocked = placement.is_spam = True
        if not arrival.is_history and not message.automatic:
            self._choose_case(arrival, placement)
        note_participants(self.known, self._rows, placement, self._own_addresses)
        note_claims(self.known, self._rows, placement)
        return placement

    def _choose_case(self, arrival: Arrival, placement: Placement) -> None:
        case = placement.case
        if placement.is_blocked:
            if case is None or case.status == Status.RESOLVED:
                case = self._rows.new_case(arrival, placement)
                placement.opened = True
        elif case is not None and (
            case.is_unfinished or case.status == Status.SPAM or self._may_reopen(case)
        ):
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

    def _goes_on(self, case: Case) -> bool:
        return case.is_unfinished or case.status == Status.SPAM or self._may_reopen(case)

    def _may_reopen(self, case: Case) -> bool:
        return (
            case.status == Status.RESOLVED
            and case.resolved_at is not None
            and self._moment - case.resolved_at < self._reopen_within
        )


OPENED_BY = {Status.RESOLVED: EventKind.CASE_REOPENED, Status.SNOOZED: EventKind.CASE_WOKEN}


def _is_claimed(arrival: Arrival, identity: Identity | None) -> bool:
    """Whether nothing but a relay's word says who wrote, or an agent's about an address that nobody has."""
    return arrival.hearsay and (identity is None or arrival.passed_on_by is None)
