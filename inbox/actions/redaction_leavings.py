"""What was made of messages whose words were removed: raw inputs, composed mails, copies on their way.

Rows let go of their files here; what nothing points to any more is taken from the disk by `inbox.clearing`.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.blobs import digest_of
from inbox.errors import Conflict
from inbox.models import (
    AutomaticKind,
    AutomaticMail,
    AutomaticState,
    IntakeRecord,
    Message,
    MessageSource,
    OutboxEntry,
    SentCopy,
    Strand,
)
from inbox.models.privacy import Cleanup, CleanupKind, Redaction
from inbox.redacting import MARK

REMOVED = f"{MARK}\n".encode()
REMOVED_DIGEST = digest_of(REMOVED)  # what stands in the place of a file


def unwanted(digest: str) -> Cleanup:
    """The wish that a blob be taken away, once nothing points to it."""
    return Cleanup(kind=CleanupKind.BLOB, digest=digest, due_at=clock.now())


def raws_of(message_ids: Collection[int]) -> Select[IntakeRecord]:
    """The raw inputs that these messages were made of, or that were known to be the same."""
    sources = select(MessageSource.intake_record_id).where(MessageSource.message_id.in_(message_ids))
    return select(IntakeRecord).where(
        or_(IntakeRecord.message_id.in_(message_ids), IntakeRecord.id.in_(sources)),
        IntakeRecord.digest != REMOVED_DIGEST,
    )


async def let_go_of_raws(session: AsyncSession, message_ids: Collection[int]) -> None:
    """Keep no raw input of these messages."""
    for raw in await session.scalars(raws_of(message_ids)):
        session.add(unwanted(raw.digest))
        raw.digest, raw.size = REMOVED_DIGEST, len(REMOVED)


async def let_go_of_known(session: AsyncSession, message_ids: Collection[int]) -> None:
    """The same mail came again, of which something was removed: its raw bytes must not come back with it."""
    redacted = select(Redaction.message_id).where(Redaction.message_id.in_(message_ids))
    if found := set(await session.scalars(redacted)):
        await let_go_of_raws(session, found)


async def let_go_of_mails(session: AsyncSession, messages: Sequence[Message]) -> None:
    """Keep no mail of ours that was composed of these messages, or that quotes one below its own words.

    What waits is composed anew. Raises Conflict while one is leaving.
    """
    ids = {message.id for message in messages}
    quoting = select(Message.id).where(
        Message.strand_id.in_({message.strand_id for message in messages}),
        Message.position >= min(message.position for message in messages),
    )
    entries = select(OutboxEntry).where(
        or_(OutboxEntry.message_id.in_(ids), OutboxEntry.message_id.in_(quoting))
    )
    for entry in await session.scalars(entries):
        if entry.state == "waiting" and entry.claimed_by is not None:
            raise Conflict("A mail with these words is leaving right now. Try again in a minute.")
        if entry.raw_digest is not None:
            session.add(unwanted(entry.raw_digest))
            entry.raw_digest = None
    copies = delete(SentCopy).where(or_(SentCopy.message_id.in_(ids), SentCopy.message_id.in_(quoting)))
    for digest in await session.scalars(copies.returning(SentCopy.digest)):
        session.add(unwanted(digest))
    await _cancel_transcripts(session, {message.conversation_id for message in messages})


async def _cancel_transcripts(session: AsyncSession, conversation_ids: Collection[int]) -> None:
    """A copy of a chat that a visitor asked for, and that has not left yet."""
    strands = select(Strand.id).where(Strand.conversation_id.in_(conversation_ids))
    waiting = select(AutomaticMail).where(
        AutomaticMail.strand_id.in_(strands),
        AutomaticMail.kind == AutomaticKind.COPY,
        AutomaticMail.state == AutomaticState.WAITING,
    )
    for mail in await session.scalars(waiting):
        mail.state, mail.sealed, mail.error = AutomaticState.FAILED, None, "Words of it were removed."
