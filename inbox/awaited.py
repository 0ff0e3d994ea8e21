"""Mails overtake each other: an answer may come before the mail that it answers, which then joins it."""

from inbox.envelopes import ChannelKind, InboundMessage
from inbox.known import Known
from inbox.models import AwaitedReference, Conversation, Strand
from inbox.placements import Arrival, Rows

NEAREST = 2  # references that are awaited: the mail that is answered, and the one before


def overtaken(known: Known, arrival: Arrival, conversation: Conversation) -> Strand | None:
    """The strand in which its sender has already referred to this mail, if there is one."""
    message = arrival.message
    if message.channel != ChannelKind.EMAIL or arrival.hearsay or not message.external_id:
        return None
    strand = known.strands.get(known.awaited.get(message.external_id, 0))
    if strand is None or strand.is_side or strand.conversation_id != conversation.id:
        return None
    return strand


def await_references(known: Known, rows: Rows, message: InboundMessage, strand: Strand) -> None:
    """Keep what a mail refers to and nobody knows, so that it is found when it comes."""
    for reference in message.references[:NEAREST]:
        if reference not in known.messages and reference not in known.awaited:
            known.awaited[reference] = strand.id
            rows.made.awaited.append(AwaitedReference(external_id=reference, strand_id=strand.id))
