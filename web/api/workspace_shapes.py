"""The JSON of what the workspace is made of: agents, teams, channels, the intake."""

from datetime import datetime

from inbox import models
from web.api.shapes import Shape


class IntakeShape(Shape):
    id: str
    channel_id: str
    state: str
    source: str
    source_ref: str
    size: int
    reason: str
    attempts: int
    created_at: datetime


class AgentShape(Shape):
    id: str
    name: str
    email: str
    role: str
    active: bool


class TeamShape(Shape):
    id: str
    name: str
    slug: str
    member_ids: list[str]


class ConfiguredChannelShape(Shape):
    id: str
    kind: str
    name: str
    address: str | None
    public_key: str
    default_team_id: str | None
    state: str
    state_text: str
    last_message_at: datetime | None
    active: bool


def intake(row: models.IntakeRecord, channel_id: str) -> IntakeShape:
    return IntakeShape(
        id=row.public_id,
        channel_id=channel_id,
        state=row.state,
        source=row.source,
        source_ref=row.source_ref,
        size=row.size,
        reason=row.reason,
        attempts=row.attempts,
        created_at=row.created_at,
    )


def agent(row: models.Agent) -> AgentShape:
    active = row.deactivated_at is None
    return AgentShape(id=row.public_id, name=row.name, email=row.email, role=row.role, active=active)


def configured_channel(row: models.Channel, team_id: str | None) -> ConfiguredChannelShape:
    return ConfiguredChannelShape(
        id=row.public_id,
        kind=row.kind,
        name=row.name,
        address=row.address,
        public_key=row.public_key,
        default_team_id=team_id,
        state=row.state,
        state_text=row.state_text,
        last_message_at=row.last_message_at,
        active=row.deactivated_at is None,
    )
