"""What an arrival gives agents to decide: other people on a mail, addresses that were said, and whose a mail
is."""

from inbox.envelopes import ChannelKind
from inbox.known import Known
from inbox.models import AuthorKind, Strand, SuggestionKind
from inbox.placements import Arrival, Placement, Rows, failed


def note_participants(known: Known, rows: Rows, placement: Placement, own: frozenset[str]) -> None:
    """Everybody else on the mail is suggested, never added; a mail that failed its check, and one that was
    only said to be from its author, suggest nobody."""
    arrival = placement.arrival
    message = arrival.message
    if message.channel != ChannelKind.EMAIL or failed(message) or message.automatic or arrival.hearsay:
        return
    there = known.participants[placement.strand.id]
    skipped: frozenset[str | None] = own | {message.sender.value, message.mailbox}
    if placement.author_kind is AuthorKind.PARTICIPANT and placement.strand.identity_id:
        skipped |= {i.address for i in known.identities.values() if i.id == placement.strand.identity_id}
    for header, addresses in (("to", message.to), ("cc", message.cc)):
        for address in addresses:
            if address.value in skipped or address.value in there or _is_plus_of(address.value, skipped):
                continue
            rows.new_participant(placement.strand, address, put_by=header)


def note_claims(known: Known, rows: Rows, placement: Placement) -> None:
    """An address typed in a chat is said to be theirs; where it is somebody's, agents are asked."""
    message = placement.arrival.message
    for address in message.claims:
        several = known.claims[address.kind, address.value]
        if any(claim.customer_id == placement.customer.id for claim in several):
            continue
        rows.new_claim(placement.customer.id, address, source=message.channel)
        owner = known.identities.get((address.kind, address.value))
        if owner is not None and owner.customer_id != placement.customer.id:
            kind = SuggestionKind.CLAIM
            rows.suggest(kind, placement.conversation, owner.customer_id, address.value, address.name)


def hold(known: Known, rows: Rows, strand: Strand, placement: Placement) -> None:
    """Ask about a stranger's answer, in the conversation that was answered. The message itself is not shown
    there."""
    original = known.conversations[strand.conversation_id]
    if original.customer_id == placement.customer.id:
        return  # the customer came upon a side strand: their words stand in their own
    address = placement.identity.address if placement.identity else ""
    suggestion = rows.suggest(
        SuggestionKind.HELD_ANSWER, original, placement.customer.id, address, placement.customer.name
    )
    suggestion.strand_id = strand.id
    placement.held_from = strand


def ask_whose(rows: Rows, placement: Placement) -> None:
    """Ask who wrote the mail that seems to be passed on, where the passing mail is filed meanwhile."""
    forward = placement.arrival.message.forward
    assert forward is not None
    writer = forward.original.sender
    rows.suggest(
        SuggestionKind.FORWARD, placement.conversation, placement.customer.id, writer.value, writer.name
    )
    placement.asks_whose = True


def original_of(arrival: Arrival) -> Arrival:
    """The mail inside of an agent's mail, as an arrival of its own."""
    forward = arrival.message.forward
    assert forward is not None
    return Arrival(
        record_id=arrival.record_id,
        channel=arrival.channel,
        message=forward.original,
        hearsay=True,
        passed_on_by=arrival.passed_on_by,
    )


def _is_plus_of(address: str, own: frozenset[str | None]) -> bool:
    """Whether an address is one of ours with something after a plus (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" in own
