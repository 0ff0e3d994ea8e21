"""How a visitor's chat stands: whether it has ended and may be rated, whether somebody else takes over."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from inbox.models import Case, Channel, EventKind, Handoff, HandoffState, Rating, Status, Strand
from inbox.queries.continuity import first_name
from inbox.queries.visitors import Sight

STATE_KINDS = (
    EventKind.CASE_RESOLVED,
    EventKind.CASE_REOPENED,
    EventKind.CASE_RATED,
    EventKind.CASE_MARKED_SPAM,
    EventKind.HANDOFF_OFFERED,
    EventKind.HANDOFF_ACCEPTED,
    EventKind.HANDOFF_DECLINED,
    EventKind.HANDOFF_WITHDRAWN,
    EventKind.HANDOFF_EXPIRED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatState:
    """`ended_at`: when its case was resolved; `score` what the visitor thought of it (0: nothing said yet).
    `hands_over` says that a colleague is asked to go on; names stand in it where the channel shows them."""

    ended_at: datetime | None = None
    may_rate: bool = False
    score: int = 0
    hands_over: bool = False
    handed_by: str = ""
    handed_to: str = ""


async def newest_case(session: AsyncSession, sight: Sight, channel: Channel) -> Case | None:
    """The case that the newest chat of this visitor belongs to."""
    newest = (
        select(Strand.case_id)
        .where(Strand.identity_id.in_(sight.visitors), Strand.channel_id == channel.id)
        .order_by(Strand.last_message_at.desc().nulls_last(), Strand.id.desc())
        .limit(1)
    )
    case_id = await session.scalar(newest)
    return await session.get(Case, case_id) if case_id is not None else None


def is_rateable(case: Case) -> bool:
    """Whether there is something to rate: it has ended, and a person had answered."""
    return case.status == Status.RESOLVED and case.first_replied_at is not None


async def state_of(session: AsyncSession, sight: Sight | None, channel: Channel) -> ChatState:
    """How the visitor's newest chat stands."""
    case = await newest_case(session, sight, channel) if sight is not None else None
    if case is None or case.status == Status.SPAM:
        return ChatState()
    score = await session.scalar(select(Rating.score).where(Rating.case_id == case.id)) or 0
    handoff = await _offered(session, case)
    shows_names = handoff is not None and bool(channel.settings.get("show_handoff_names"))
    return ChatState(
        ended_at=case.resolved_at if case.status == Status.RESOLVED else None,
        may_rate=is_rateable(case) and not score,
        score=score,
        hands_over=handoff is not None,
        handed_by=first_name(handoff.from_agent) if handoff and shows_names else "",
        handed_to=first_name(handoff.to_agent) if handoff and shows_names else "",
    )


async def _offered(session: AsyncSession, case: Case) -> Handoff | None:
    query = (
        select(Handoff)
        .where(Handoff.case_id == case.id, Handoff.state == HandoffState.OFFERED)
        .order_by(Handoff.id.desc())
        .limit(1)
        .options(joinedload(Handoff.from_agent), joinedload(Handoff.to_agent))
    )
    return (await session.scalars(query)).first()
