"""Absences: when somebody is away, and who covers."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import absences
from inbox.errors import Invalid
from inbox.models import Agent, Team
from inbox.queries import agents, people
from inbox.queries.people import Planned
from web.api.answers import Body, Moment, Session, actor_of, listed, once, read
from web.api.shapes import Shape
from web.installation import installation_of


class NewAbsence(Body):
    """From now on unless it says from when; without an end until they are back."""

    starts_at: Moment | None = None
    ends_at: Moment | None = None
    cover_agent_id: str | None = None
    cover_team_id: str | None = None


class AbsenceShape(Shape):
    agent_id: str
    starts_at: datetime
    ends_at: datetime | None
    cover_agent_id: str | None
    cover_team_id: str | None


async def index(request: Request) -> Response:
    """GET /api/v1/absences: those that stand or are still to come"""
    async with installation_of(request).database.reading() as session:
        found = await people.planned(session)
    return listed([_shape(one) for one in found], None)


async def create(request: Request) -> Response:
    """POST /api/v1/agents/{id}/absence: in place of what was planned before; one's own, or as an admin"""
    body = await read(request, NewAbsence)

    async def change(session: Session) -> tuple[int, Any]:
        agent = await agents.by_id(session, request.path_params["id"])
        cover = await _cover(session, body)
        absence = await absences.plan_absence(
            session,
            agent,
            starts_at=_aware(body.starts_at, "starts_at"),
            ends_at=_aware(body.ends_at, "ends_at"),
            cover=cover,
            by=actor_of(request),
        )
        return 201, _shape(Planned(agent=agent, absence=absence, cover=cover))

    return await once(request, change)


async def end(request: Request) -> Response:
    """DELETE /api/v1/agents/{id}/absence: they are back, or will not be away after all"""

    async def change(session: Session) -> tuple[int, Any]:
        agent = await agents.by_id(session, request.path_params["id"])
        await absences.end_absence(session, agent, by=actor_of(request))
        return 204, None

    return await once(request, change)


async def _cover(session: Session, body: NewAbsence) -> Agent | Team | None:
    if body.cover_agent_id and body.cover_team_id:
        raise Invalid("One covers: cover_agent_id, or cover_team_id.", field="cover_agent_id")
    if body.cover_team_id:
        return await agents.team_by_id(session, body.cover_team_id)
    return await agents.by_id(session, body.cover_agent_id) if body.cover_agent_id else None


def _aware(moment: datetime | None, field: str) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise Invalid("Say in which zone: 2026-12-24T09:00:00Z.", field=field)
    return moment.astimezone(UTC) if moment is not None else None


def _shape(one: Planned) -> AbsenceShape:
    return AbsenceShape(
        agent_id=one.agent.public_id,
        starts_at=one.absence.starts_at,
        ends_at=one.absence.ends_at,
        cover_agent_id=one.cover.public_id if isinstance(one.cover, Agent) else None,
        cover_team_id=one.cover.public_id if isinstance(one.cover, Team) else None,
    )
