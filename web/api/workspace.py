"""What the workspace is made of: agents, teams, channels, tags, uploads, and the intake."""

from typing import Any

from pydantic import Field
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from inbox.actions import agents, channels, tags, teams, uploads
from inbox.envelopes import ChannelKind
from inbox.errors import Invalid
from inbox.models import Channel, IntakeState, Role
from inbox.queries import (
    agents as agent_queries,
    channels as channel_queries,
    intake as intake_queries,
    names,
    tags as tag_queries,
)
from inbox.queries.pages import encoded, number_of
from web.api import message_shapes, workspace_shapes
from web.api.answers import Body, Session, acting, actor_of, json_answer, listed, once, page_of, read
from web.bodies import store_file
from web.installation import installation_of


class NewAgent(Body):
    email: str = Field(max_length=320)
    name: str = Field(min_length=1, max_length=200)
    role: Role = Role.AGENT


class AgentChange(Body):
    name: str | None = Field(None, min_length=1, max_length=200)
    role: Role | None = None
    active: bool | None = None


class NewTeam(Body):
    name: str = Field(min_length=1, max_length=120)
    member_ids: list[str] = Field([], max_length=1000)


class TeamChange(Body):
    name: str | None = Field(None, min_length=1, max_length=120)
    member_ids: list[str] | None = Field(None, max_length=1000)


class NewChannel(Body):
    """`settings` are the kind's own: imap_url, smtp_url, authserv_id; origins; fields."""

    kind: ChannelKind
    name: str = Field(min_length=1, max_length=120)
    address: str | None = Field(None, max_length=320)
    settings: dict[str, Any] = Field(default_factory=dict)
    password: str | None = Field(None, max_length=1000)
    default_team_id: str | None = None


class ChannelChange(Body):
    name: str | None = Field(None, min_length=1, max_length=120)
    settings: dict[str, Any] | None = None
    password: str | None = Field(None, max_length=1000)
    default_team_id: str | None = None
    active: bool | None = None


class NewTag(Body):
    name: str = Field(min_length=1, max_length=80)
    hue: int = Field(8, ge=1, le=8)


async def list_agents(request: Request) -> Response:
    """GET /api/v1/agents"""
    async with installation_of(request).database.reading() as session:
        rows = await agent_queries.everybody(session)
    return listed([workspace_shapes.agent(row) for row in rows], None)


async def add_agent(request: Request) -> Response:
    """POST /api/v1/agents: without a password; invite them, or let them have a token."""
    body = await read(request, NewAgent)

    async def change(session: Session) -> tuple[int, Any]:
        row = await agents.add_agent(
            session, email=body.email, name=body.name, role=body.role, by=actor_of(request)
        )
        return 201, workspace_shapes.agent(row)

    return await once(request, change)


async def change_agent(request: Request) -> Response:
    """PATCH /api/v1/agents/{id} {name, role, active}"""
    body = await read(request, AgentChange)

    async def change(session: Session) -> tuple[int, Any]:
        by = actor_of(request)
        row = await agent_queries.by_id(session, request.path_params["id"])
        await agents.change_agent(session, row, name=body.name, role=body.role, by=by)
        if body.active is not None:
            await (agents.activate if body.active else agents.deactivate)(session, row, by=by)
        return 200, workspace_shapes.agent(row)

    return await once(request, change)


async def list_teams(request: Request) -> Response:
    """GET /api/v1/teams"""
    async with installation_of(request).database.reading() as session:
        found = await agent_queries.teams(session)
    return listed([_team(known.team, known.members) for known in found], None)


async def add_team(request: Request) -> Response:
    """POST /api/v1/teams {name, member_ids}"""
    body = await read(request, NewTeam)

    async def change(session: Session) -> tuple[int, Any]:
        members = [await agent_queries.by_id(session, member) for member in body.member_ids]
        row = await teams.add_team(session, name=body.name, members=members, by=actor_of(request))
        return 201, _team(row, members)

    return await once(request, change)


async def change_team(request: Request) -> Response:
    """PATCH /api/v1/teams/{id} {name, member_ids}"""
    body = await read(request, TeamChange)

    async def change(session: Session) -> tuple[int, Any]:
        by = actor_of(request)
        row = await agent_queries.team_by_id(session, request.path_params["id"])
        if body.name is not None:
            await teams.rename_team(session, row, body.name, by=by)
        if body.member_ids is not None:
            members = [await agent_queries.by_id(session, member) for member in body.member_ids]
            await teams.set_members(session, row, members, by=by)
        await session.flush()
        known = next(one for one in await agent_queries.teams(session) if one.team.id == row.id)
        return 200, _team(known.team, known.members)

    return await once(request, change)


async def remove_team(request: Request) -> Response:
    """DELETE /api/v1/teams/{id}"""

    async def change(session: Session) -> tuple[int, Any]:
        row = await agent_queries.team_by_id(session, request.path_params["id"])
        await teams.remove_team(session, row, by=actor_of(request))
        return 204, None

    return await once(request, change)


async def list_channels(request: Request) -> Response:
    """GET /api/v1/channels: without their secrets."""
    async with installation_of(request).database.reading() as session:
        shown = [await _channel(session, row) for row in await channel_queries.everything(session)]
    return listed(shown, None)


async def show_channel(request: Request) -> Response:
    """GET /api/v1/channels/{id}"""
    async with installation_of(request).database.reading() as session:
        row = await channel_queries.by_id(session, request.path_params["id"])
        return json_answer(await _channel(session, row))


async def add_channel(request: Request) -> Response:
    """POST /api/v1/channels"""
    body, installation = await read(request, NewChannel), installation_of(request)

    async def change(session: Session) -> tuple[int, Any]:
        team = body.default_team_id
        row = await channels.add_channel(
            session,
            kind=body.kind,
            name=body.name,
            by=actor_of(request),
            keys=installation.keys,
            address=body.address,
            settings=body.settings,
            password=body.password,
            default_team=await agent_queries.team_by_id(session, team) if team else None,
        )
        return 201, await _channel(session, row)

    return await once(request, change)


async def change_channel(request: Request) -> Response:
    """PATCH /api/v1/channels/{id}: settings are merged one by one; null takes one away."""
    body, installation = await read(request, ChannelChange), installation_of(request)

    async def change(session: Session) -> tuple[int, Any]:
        by, team = actor_of(request), body.default_team_id
        row = await channel_queries.by_id(session, request.path_params["id"])
        await channels.change_channel(
            session,
            row,
            by=by,
            keys=installation.keys,
            name=body.name,
            settings=body.settings,
            password=body.password,
            default_team=await agent_queries.team_by_id(session, team) if team else None,
            has_default_team="default_team_id" in body.model_fields_set,
        )
        if body.active is not None:
            await (channels.activate if body.active else channels.deactivate)(session, row, by=by)
        return 200, await _channel(session, row)

    return await once(request, change)


async def list_tags(request: Request) -> Response:
    """GET /api/v1/tags"""
    async with installation_of(request).database.reading() as session:
        rows = await tag_queries.everything(session)
    return listed([{"id": row.public_id, "name": row.name, "hue": row.hue} for row in rows], None)


async def add_tag(request: Request) -> Response:
    """POST /api/v1/tags {name, hue 1 to 8}"""
    body = await read(request, NewTag)

    async def change(session: Session) -> tuple[int, Any]:
        row = await tags.add_tag(session, name=body.name, hue=body.hue)
        return 201, {"id": row.public_id, "name": row.name, "hue": row.hue}

    return await once(request, change)


async def upload(request: Request) -> Response:
    """POST /api/v1/attachments (multipart, one file): answers the id under which a message names it."""
    installation = installation_of(request)
    async with request.form(max_files=1, max_fields=10) as form:
        files = [value for value in form.values() if isinstance(value, UploadFile)]
        if len(files) != 1:
            raise Invalid("Send one file as multipart/form-data.", field="file")
        stored = await store_file(files[0], installation.blobs)
    async with installation.database.transaction() as session:
        row = await uploads.keep(session, stored, by=acting(request))
    return json_answer(message_shapes.attachment(row), 201)


async def list_intake(request: Request) -> Response:
    """GET /api/v1/intake?state=quarantined: the newest first."""
    (limit, cursor), state = page_of(request), request.query_params.get("state")
    if state is not None and state not in set(IntakeState):
        raise Invalid(f"There is no state {state!r}.", field="state")
    async with installation_of(request).database.reading() as session:
        rows = await intake_queries.listed(
            session,
            actor_of(request),
            state=IntakeState(state) if state else None,
            before_id=number_of(cursor) if cursor else None,
            limit=limit,
        )
        channel_ids = await names.channel_ids(session, {row.channel_id for row in rows})
    following = encoded(rows[-1].id) if len(rows) == limit else None
    return listed([workspace_shapes.intake(row, channel_ids[row.channel_id]) for row in rows], following)


async def retry_intake(request: Request) -> Response:
    """POST /api/v1/intake/{id}/retry: try to file it again; answers what became of it."""
    installation = installation_of(request)
    async with installation.database.reading() as session:
        row = await intake_queries.by_id(session, actor_of(request), request.path_params["id"])
    filed = await installation.intake.retry(row.id, by=actor_of(request))
    return json_answer({"id": row.public_id, "state": filed.state, "reason": filed.reason})


async def raw_intake(request: Request) -> Response:
    """GET /api/v1/intake/{id}/raw: the bytes as they came."""
    installation = installation_of(request)
    async with installation.database.reading() as session:
        row = await intake_queries.by_id(session, actor_of(request), request.path_params["id"])
    headers = {
        "Content-Disposition": f'attachment; filename="{row.public_id}.eml"',
        "Content-Length": str(row.size),
    }
    chunks = installation.blobs.chunks(row.digest)
    return StreamingResponse(chunks, media_type="application/octet-stream", headers=headers)


def _team(row: Any, members: Any) -> workspace_shapes.TeamShape:
    member_ids = [member.public_id for member in members]
    return workspace_shapes.TeamShape(id=row.public_id, name=row.name, slug=row.slug, member_ids=member_ids)


async def _channel(session: Session, row: Channel) -> workspace_shapes.ConfiguredChannelShape:
    public = names.Names()
    await names.add_teams(session, public, {row.default_team_id} if row.default_team_id else ())
    team_id = public.teams.get(row.default_team_id) if row.default_team_id else None
    return workspace_shapes.configured_channel(row, team_id)
