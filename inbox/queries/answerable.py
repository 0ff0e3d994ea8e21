"""Which strand an answer belongs to where nobody says it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.errors import Conflict
from inbox.models import Case, Conversation, Strand
from inbox.policies import visible_to


async def strand_to_answer(session: AsyncSession, conversation: Conversation, *, by: Actor) -> Strand:
    """The customer's newest strand that waits, of those whose case *by* may see, else the newest; raises
    Conflict where there is none."""
    newest = (
        select(Strand)
        .outerjoin(Case, Case.id == Strand.case_id)
        .where(Strand.conversation_id == conversation.id, Strand.is_side.is_(False))
        .where(Strand.case_id.is_(None) | visible_to(by))
        .order_by(
            Strand.waiting_since.is_(None), Strand.last_message_at.desc().nulls_last(), Strand.id.desc()
        )
        .limit(1)
    )
    strand = (await session.scalars(newest)).first()
    if strand is None:
        raise Conflict("There is nothing to answer here yet. Write a first message instead.")
    return strand
