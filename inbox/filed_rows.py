"""The rows that an arrival becomes, once it is decided where it goes."""

from datetime import datetime

from inbox.envelopes import InboundAttachment
from inbox.ids import public_id
from inbox.message_columns import columns_of, restored
from inbox.models import Agent, Attachment, Direction, Message, Submission
from inbox.placements import Placement


def message_row(
    message_id: int, placement: Placement, *, colleague: Agent | None, reused_id: bool, moment: datetime
) -> Message:
    """The message. A colleague who wrote it shows as that person."""
    arrival = placement.arrival
    inbound = arrival.message
    return Message(
        id=message_id,
        public_id=public_id(),
        conversation_id=placement.conversation.id,
        origin_conversation_id=placement.conversation.id,
        strand_id=placement.strand.id,
        case_id=placement.case.id if placement.case else None,
        channel_id=arrival.channel.id,
        identity_id=placement.identity.id if placement.identity else None,
        direction=Direction.INBOUND,
        author_kind=placement.author_kind,
        author_agent_id=colleague.id if colleague else None,
        fields=[list(pair) for pair in inbound.fields],
        claimed=placement.claimed,
        automatic=inbound.automatic,
        is_spam=placement.is_spam,
        is_history=arrival.is_history,
        reused_id=reused_id,
        matched_by=placement.matched_by,
        page_url=inbound.page_url,
        created_at=moment,
        **restored(columns_of(inbound, arrival.writer)),
    )


def attachment_row(message: Message, attachment: InboundAttachment) -> Attachment:
    """A file that came with the message."""
    return Attachment(
        public_id=public_id(),
        message_id=message.id,
        digest=attachment.digest,
        filename=attachment.filename[:300],
        content_type=attachment.content_type[:120],
        size=attachment.size,
        content_id=attachment.content_id[:400] if attachment.content_id else None,
        inline=attachment.inline,
    )


def submission_row(message: Message, placement: Placement) -> Submission:
    """Where a form was sent from."""
    arrival = placement.arrival
    return Submission(
        message_id=message.id,
        channel_id=arrival.channel.id,
        network=arrival.message.network[:60],
        created_at=message.created_at,
    )
