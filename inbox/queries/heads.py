"""What heads a case on the screen: whose it is, who is responsible, how it stands, and the cases beside it.

The same for everybody who may see the case, so that a change of it is drawn once and pushed to all.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.models import UNFINISHED, Case, Conversation, Customer, Rating
from inbox.queries.choices import TagChoice, TeamChoice, choices_of
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_agent, face_of_customer

MOST_BESIDE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A case (loaded with assignee, team and tags) and what its menus offer. `beside` are the cases of the
    same conversation, itself included; private ones are not among them. `score` is what the visitor thought
    of it, 1 to 5; 0 where they have not said."""

    case: Case
    conversation_id: str
    customer_id: str
    face: Face
    company: str
    assignee: Face | None
    beside: Sequence[Case]
    people: Sequence[Face]
    teams: Sequence[TeamChoice]
    tags: Sequence[TagChoice]
    score: int = 0


async def of_cases(session: AsyncSession, case_ids: Collection[int]) -> dict[int, Head]:
    """The heads of these cases, by internal key."""
    found = (await session.execute(_HEADS, {"ids": list(case_ids)})).all()
    beside = await _beside(session, {case.conversation_id for case, *_ in found})
    choices = await choices_of(session)
    return {
        case.id: Head(
            case=case,
            conversation_id=conversation.public_id,
            customer_id=customer.public_id,
            face=face_of_customer(customer),
            company=customer.company,
            assignee=face_of_agent(case.assignee) if case.assignee else None,
            beside=_chosen(case, beside.get(case.conversation_id, [])),
            people=choices.people,
            teams=choices.teams,
            tags=choices.tags,
            score=score or 0,
        )
        for case, conversation, customer, score in found
    }


# Statements are made once and kept: making one again for each call costs more than running it.
_HEADS = (
    select(Case, Conversation, Customer, Rating.score)
    .join(Conversation, Conversation.id == Case.conversation_id)
    .join(Customer, Customer.id == Conversation.customer_id)
    .outerjoin(Rating, Rating.case_id == Case.id)
    .where(Case.id.in_(bindparam("ids", expanding=True)))
    .options(joinedload(Case.assignee), joinedload(Case.team), selectinload(Case.tags))
    .execution_options(populate_existing=True)
)
_BESIDE = (
    select(Case)
    .where(Case.conversation_id.in_(bindparam("ids", expanding=True)), Case.joined_into_id.is_(None))
    .order_by(Case.id)
    .options(joinedload(Case.assignee))
)


async def _beside(session: AsyncSession, conversation_ids: set[int]) -> dict[int, list[Case]]:
    found: dict[int, list[Case]] = {}
    for case in await session.scalars(_BESIDE, {"ids": list(conversation_ids)}):
        found.setdefault(case.conversation_id, []).append(case)
    return found


def _chosen(own: Case, cases: Sequence[Case]) -> list[Case]:
    """The unfinished cases that everybody may see, and the one in question; of many the newest."""
    shown = [
        case for case in cases if case.id == own.id or (not case.is_private and case.status in UNFINISHED)
    ]
    return shown[-MOST_BESIDE:] if own in shown[-MOST_BESIDE:] else [own, *shown[1 - MOST_BESIDE :]]
