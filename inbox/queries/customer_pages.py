"""All that a customer has had to do with us, month by month, for their own page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from inbox.actors import Actor
from inbox.models import Case, Conversation, Rating
from inbox.policies import visible_to

MOST_CASES = 200


@dataclass(frozen=True, slots=True)
class Past:
    """A case, when something last happened in it, and what its visitor thought of it (1 to 5)."""

    case: Case
    at: datetime
    score: int | None


@dataclass(frozen=True, slots=True)
class Month:
    """The cases of one month, the newest first."""

    at: datetime
    cases: Sequence[Past]


async def history_of(session: AsyncSession, actor: Actor, conversation: Conversation) -> list[Month]:
    """The cases that this actor may see, by the month in which something last happened."""
    own = (Case.conversation_id == conversation.id, Case.joined_into_id.is_(None), visible_to(actor))
    query = select(Case, Rating.score).outerjoin(Rating, Rating.case_id == Case.id).where(*own)
    rows = await session.execute(
        query.order_by(Case.id.desc()).limit(MOST_CASES).options(joinedload(Case.assignee))
    )
    past = [Past(case, case.last_message_at or case.opened_at, score) for case, score in rows]
    past.sort(key=lambda one: one.at, reverse=True)
    months = groupby(past, key=lambda one: (one.at.year, one.at.month))
    return [Month(cases[0].at, cases) for _, several in months if (cases := list(several))]
