"""What heads a case on the screen: whose it is, who is responsible, how it stands, and the cases beside it.

The same for everybody who may see the case, so that a change of it is drawn once and pushed to all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import UNFINISHED, Case, Conversation, Customer, Rating, Team
from inbox.queries.case_views import unfinished_of_few
from inbox.queries.choices import TagChoice, TeamChoice, choices_of
from inbox.queries.company import company_of
from inbox.queries.shown import Face, face_of
from inbox.queries.tags import of_cases as tags_of_cases

MOST_BESIDE = 12


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A case as the others of its conversation name it."""

    id: int
    number: int
    subject: str
    assignee: Face | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadCase:
    """The columns of a case that its head and its menus show, its team, and its tags by name."""

    id: int
    number: int
    conversation_id: int
    status: str
    subject: str
    priority: str
    claimed: bool
    is_private: bool
    snoozed_until: datetime | None
    assignee_id: int | None
    team: TeamChoice | None
    tags: Sequence[TagChoice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A case and what its menus offer. `beside` are the cases of the
    same conversation, itself included; private ones are not among them. `score` is what the visitor thought
    of it, 1 to 5; 0 where they have not said."""

    case: HeadCase
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
    wanted = {"ids": list(case_ids), "conversations": list({row.conversation_id for row in found})}
    rows = (await session.execute(_BESIDE, wanted)).all() if found else []
    tags = await tags_of_cases(session, [row.id for row in found]) if found else {}
    responsible = {row.assignee_id for row in (*found, *rows)}
    people = (await company_of(session, people={key for key in responsible if key is not None})).people
    choices = await choices_of(session)
    return {
        row.id: Head(
            case=_case(row, tags.get(row.id, ())),
            conversation_id=row.talk_id,
            customer_id=row.customer_id,
            face=face_of(row.customer_name or "Visitor", row.customer_id),
            company=row.company,
            assignee=people[row.assignee_id] if row.assignee_id is not None else None,
            beside=_beside(row, rows, people),
            people=choices.people,
            teams=choices.teams,
            tags=choices.tags,
            score=row.score or 0,
        )
        for row in found
    }


def _case(row: Any, tags: Sequence[TagChoice]) -> HeadCase:
    has_team = row.team_id is not None
    return HeadCase(
        id=row.id,
        number=row.number,
        conversation_id=row.conversation_id,
        status=row.status,
        subject=row.subject,
        priority=row.priority,
        claimed=row.claimed,
        is_private=row.is_private,
        snoozed_until=row.snoozed_until,
        assignee_id=row.assignee_id,
        team=TeamChoice(row.team_id, row.team_public_id, row.slug, row.name, row.hue) if has_team else None,
        tags=tags,
    )


# Statements are made once and kept: making one again for each call costs more than running it.
_HEADS = (
    select(
        Case.id,
        Case.number,
        Case.conversation_id,
        Case.status,
        Case.subject,
        Case.priority,
        Case.claimed,
        Case.is_private,
        Case.snoozed_until,
        Case.assignee_id,
        Case.team_id,
        Team.public_id.label("team_public_id"),
        Team.slug,
        Team.name,
        Team.hue,
        Conversation.public_id.label("talk_id"),
        Customer.public_id.label("customer_id"),
        Customer.name.label("customer_name"),
        Customer.company,
        Rating.score,
    )
    .join(Conversation, Conversation.id == Case.conversation_id)
    .join(Customer, Customer.id == Conversation.customer_id)
    .outerjoin(Team, Team.id == Case.team_id)
    .outerjoin(Rating, Rating.case_id == Case.id)
    .where(Case.id.in_(bindparam("ids", expanding=True)))
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
            and_(unfinished_of_few(), Case.is_private.is_(False)),
            Case.id.in_(bindparam("ids", expanding=True)),
        ),
    )
    .order_by(Case.id)
)


def _beside(own: Any, rows: Sequence[Any], people: Mapping[int, Face]) -> list[Neighbour]:
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
