"""Passing a customer's message on to somebody else, such as a supplier: in a side strand, beside theirs.

The customer never sees any of it: it has no identity of theirs, nothing refers to their mails, and its token
is its own. Its answers come into the same case, from a participant who is nobody's customer by that.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.addressing import addressed, keep_apart
from inbox.actions.answers import move_on
from inbox.actions.beginnings import check_mailbox
from inbox.actions.participants import tell_confirmed
from inbox.actions.queueing import Desk, ReplySettings, Words, queue
from inbox.actions.replies import case_held
from inbox.actions.responsibility import take
from inbox.actions.snapshots import snapshot
from inbox.actions.undos import remember
from inbox.envelopes import Address
from inbox.errors import Invalid
from inbox.holding import hold_message
from inbox.models import (
    Agent,
    Attachment,
    Channel,
    Conversation,
    Direction,
    Message,
    Status,
    Strand,
    StrandParticipant,
)
from inbox.queries.recipients import SUPPLIER
from inbox.subjects import checked_subject
from inbox.verification import may_hold_codes


async def ask(
    session: AsyncSession,
    message: Message,
    *,
    by: Agent,
    channel: Channel,
    to: Sequence[Address],
    subject: str,
    text: str,
    forwarded: str,
    settings: ReplySettings,
    cc: Sequence[Address] = (),
    carried: Sequence[Attachment] = (),
    attachments: Sequence[Attachment] = (),
    send_at: datetime | None = None,
) -> Message:
    """Pass a message on, in a side strand of its case: `forwarded` is what is shown of it, `carried` those of
    its files that go along.

    Raises Invalid without anybody to write to, and for mail that may hold codes to sign in with; Conflict
    where the customer would be among them.
    """
    check_mailbox(channel)
    _check_for_codes(message)
    if not to:
        raise Invalid("Say whom to forward it to.", field="to")
    conversation, _ = await hold_message(session, message)
    await keep_apart(session, conversation.id, [*to, *cc])
    envelope = await addressed(session, channel, to, cc, ())
    original = await session.get_one(Strand, message.strand_id)
    case = await case_held(session, conversation, original, by)
    before = await snapshot(session, case)
    strand = await _side_strand(session, conversation, channel, case.id, subject)
    strand.page = ", ".join(address.name or address.value for address in envelope.to)[:1000]
    desk = Desk(conversation, strand, case)
    await _invite(session, desk, envelope.to, envelope.cc, by=by)
    files = [*attachments, *await _copies(session, message, carried, by)]
    words = Words(text=text, subject=subject, forwarded=forwarded, attachments=files)
    sent = await queue(
        session, desk, by=by, words=words, envelope=envelope, settings=settings, send_at=send_at
    )
    await take(session, conversation, case, by)
    await move_on(session, conversation, case, by=by, then=Status.PENDING)
    journal = {"message": sent.public_id, "before": before, "after": case.status}
    await remember(session, by=by, action="reply", journal=journal, case=case)
    return sent


def _check_for_codes(message: Message) -> None:
    if message.direction == Direction.INBOUND and may_hold_codes(message.author_address):
        raise Invalid(
            "Mail from %(address)s may hold codes for signing in. It is not forwarded.",
            address=message.author_address,
        )


async def _side_strand(
    session: AsyncSession, conversation: Conversation, channel: Channel, case_id: int, subject: str
) -> Strand:
    strand = Strand(
        conversation_id=conversation.id,
        origin_conversation_id=conversation.id,
        case_id=case_id,
        channel_id=channel.id,
        subject=checked_subject(subject),
        mailbox=channel.address,
        is_side=True,
    )
    session.add(strand)
    await session.flush()
    return strand


async def _invite(
    session: AsyncSession, desk: Desk, to: Sequence[Address], cc: Sequence[Address], *, by: Agent
) -> None:
    for put_by, addresses in ((SUPPLIER, to), ("agent", cc)):
        for address in addresses:
            participant = StrandParticipant(
                strand_id=desk.strand.id,
                address=address.value,
                name=address.name,
                put_by=put_by,
                confirmed_by_id=by.id,
                confirmed_at=clock.now(),
            )
            session.add(participant)
            await tell_confirmed(session, desk.conversation, desk.strand, by=by)


async def _copies(
    session: AsyncSession, message: Message, carried: Sequence[Attachment], by: Agent
) -> list[Attachment]:
    """The files once more: an attachment belongs to one message, its bytes to all that name them."""
    if any(file.message_id != message.id for file in carried):
        raise Invalid("One of the files is not this message's.", field="files")
    copies = [
        Attachment(
            uploaded_by_agent_id=by.id,
            digest=file.digest,
            filename=file.filename,
            content_type=file.content_type,
            size=file.size,
        )
        for file in carried
    ]
    session.add_all(copies)
    await session.flush()
    return copies
