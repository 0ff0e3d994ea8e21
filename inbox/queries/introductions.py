"""Whether the customer of a case can be told who is brought in, and how."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import ChannelKind
from inbox.errors import Conflict
from inbox.models import Case, Strand
from inbox.queries.recipients import recipients_of


@dataclass(frozen=True, slots=True)
class WayToTell:
    """The strand that reaches them, and what kind of channel it leaves by."""

    strand: Strand
    kind: ChannelKind


async def way_to_tell(session: AsyncSession, case: Case) -> WayToTell | None:
    """The strand of the case that its customer looks at: the one that waits, else the newest; None where
    nobody can be reached by it. Never one with a supplier."""
    newest = (
        select(Strand)
        .where(Strand.case_id == case.id, Strand.is_side.is_(False))
        .order_by(
            Strand.waiting_since.is_(None), Strand.last_message_at.desc().nulls_last(), Strand.id.desc()
        )
        .limit(1)
    )
    strand = (await session.scalars(newest)).first()
    if strand is None:
        return None
    try:
        recipients = await recipients_of(session, strand)
    except Conflict:  # nobody to write to, or nothing to write from
        return None
    return WayToTell(strand, ChannelKind(recipients.channel.kind))
