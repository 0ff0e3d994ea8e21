"""What heads a case on the screen: whose it is, who is responsible, how it stands, and the cases beside it.

The same for everybody who may see the case, so that a change of it is drawn once and pushed to all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.models import UNFINISHED, Case, Conversation, Customer, Rating
from inbox.queries.choices import TagChoice, TeamChoice, choices_of
from inbox.queries.company import company_of
from inbox.queries.shown import Face, face_of

MOST_BESIDE = 12


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A case as the others of its conversation name it."""

    id: int
    number: int
    subject: str
    assignee: Face | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A case (loaded with team and tags) and what its menus offer. `beside` are the cases of the
    same conversation, itself included; private ones are not among them. `score` is what the visitor thought
    of it, 1 to 5; 0 where they have not said."""

    case: Case
    conversation_id: str
    customer_id: str
    face: Face
    company: str
    assignee: Face | None
    beside: Sequence[Neighbour]
    people: Sequence[Face]
    teams: Sequence[TeamChoice]
    tags: Sequence[TagChoice]
    score: int = 0


async def of_cases(session: AsyncSession, case_ids: Collection[int]) -> dict[int, Head]:
    """The heads of these cases, by internal key."""
    found = (await session.execute(_HEADS, {"ids": list(case_ids)})).all()
    own = [case for case, *_ in found]
    wanted = {"ids": list(case_ids), "conversations": list({case.conversation_id for case in own})}
    rows = (await session.execute(_BESIDE, wanted)).all() if own else []
    responsible = {case.assignee_id for case in own} | {row.assignee_id for row in rows}
    people = (await company_of(session, people={key for key in responsible if key is not None})).people
    choices = await choices_of(session)
    return {
        case.id: Head(
            case=case,
            conversation_id=conversation_id,
            customer_id=customer_id,
            face=face_of(name or "Visitor", customer_id),
            company=company,
            assignee=people[case.assignee_id] if case.assignee_id is not None else None,
            beside=_beside(case, rows, people),
            people=choices.people,
            teams=choices.teams,
            tags=choices.tags,
            score=score or 0,
        )
        for case, conversation_id, customer_id, name, company, score in found
    }


# Statements are made once and kept: making one again for each call costs more than running it.
_HEADS = (
    select(Case, Conversation.public_id, Customer.public_id, Customer.name, Customer.company, Rating.score)
    .join(Conversation, Conversation.id == Case.conversation_id)
    .join(Customer, Customer.id == Conversation.customer_id)
    .outerjoin(Rating, Rating.case_id == Case.id)
    .where(Case.id.in_(bindparam("ids", expanding=True)))
    .options(joinedload(Case.team), selectinload(Case.tags))
    .execution_options(populate_existing=True)
)
# The unfinished cases that everybody may see, and those in question.
_BESIDE = (
    select(
        Case.id,
        Case.conversation_id,
        Case.number,
        Case.subject,
        Case.assignee_id,
        Case.is_private,
        Case.status,
    )
    .where(
        Case.conversation_id.in_(bindparam("conversations", expanding=True)),
        Case.joined_into_id.is_(None),
        or_(
            and_(Case.status.in_(UNFINISHED), Case.is_private.is_(False)),
            Case.id.in_(bindparam("ids", expanding=True)),
        ),
    )
    .order_by(Case.id)
)


def _beside(own: Case, rows: Sequence[Any], people: Mapping[int, Face]) -> list[Neighbour]:
    """The cases of the same conversation, of many the newest, and in any case its own; another's row is there
    for its own sake only where it is private."""
    there = [
        row
        for row in rows
        if row.conversation_id == own.conversation_id
        and (row.id == own.id or (not row.is_private and row.status in UNFINISHED))
    ]
    newest = there[-MOST_BESIDE:]
    if all(row.id != own.id for row in newest):
        newest = [own, *there[1 - MOST_BESIDE :]]
    return [
        Neighbour(row.id, row.number, row.subject, people[row.assignee_id] if row.assignee_id else None)
        for row in newest
    ]
