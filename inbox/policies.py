"""Who may do what. Every read takes `visible_to(actor)`, every change asks `authorize()`."""

from enum import StrEnum

from sqlalchemy import ColumnElement, false, or_, select, true

from inbox.actors import Actor
from inbox.errors import NotFound, NotPermitted
from inbox.models import ActorKind, Case, TeamMember


class Action(StrEnum):
    READ = "read"
    REPLY = "reply"
    NOTE = "note"
    CHANGE = "change"
    MERGE = "merge"
    ADMINISTER = "administer"


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The cases that an actor may see, as a condition on Case: all, but for other teams' private ones."""
    if actor.kind == ActorKind.SYSTEM:
        return true()
    if actor.kind != ActorKind.AGENT:
        return false()
    if actor.is_admin:
        return true()
    own_teams = select(TeamMember.team_id).where(TeamMember.agent_id == actor.id)
    return or_(Case.is_private.is_(False), Case.assignee_id == actor.id, Case.team_id.in_(own_teams))


def authorize(actor: Actor, action: Action) -> None:
    """Permit or refuse, by the kind of actor and its role; what it is about has been read through
    `visible_to(actor)` before.

    Raises NotFound for outsiders, NotPermitted for agents whose role does not allow it.
    """
    if actor.kind == ActorKind.SYSTEM:
        return
    if actor.kind != ActorKind.AGENT:
        raise NotFound("There is no such page.")
    if action == Action.ADMINISTER and not actor.is_admin:
        raise NotPermitted("Only admins can change this. Ask one of them.")
