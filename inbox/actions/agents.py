"""Adding the people inside, changing and dismissing them. How they sign in stands in `sign_ins`.

Passwords are hashed before a transaction begins: these actions take hashes (see `inbox.passwords`).
"""

from collections.abc import Mapping

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actions.push_subscriptions import forget_agent
from inbox.actors import Actor
from inbox.addresses import normalise_email
from inbox.credentials import INVITATION_LIFE, digest_of, new_token
from inbox.errors import Conflict, Invalid, NotFound
from inbox.models import (
    Agent,
    ApiToken,
    EventKind,
    Invitation,
    InvitationPurpose,
    Role,
    Session,
)
from inbox.policies import Action, authorize
from inbox.queries import agents
from inbox.signatures import checked_template
from inbox.words import LANGUAGES

THEMES = ("auto", "light", "dark")
MOST_CHATS = 100
DENSITIES = ("comfortable", "compact")
MOST_ORDERS = 100


async def add_agent(
    session: AsyncSession,
    *,
    email: str,
    name: str,
    role: Role = Role.AGENT,
    password_hash: str | None = None,
    by: Actor,
) -> Agent:
    """Add somebody who answers; without a hash they cannot sign in yet. Raises Conflict for a known
    address."""
    authorize(by, Action.ADMINISTER)
    email, name = normalise_email(email), _checked_name(name)
    if await agents.by_email(session, email) is not None:
        raise Conflict("There is already somebody with the address %(email)s.", email=email)
    agent = Agent(email=email, name=name, role=role, password_hash=password_hash)
    session.add(agent)
    await session.flush()
    return agent


async def change_agent(
    session: AsyncSession, agent: Agent, *, name: str | None = None, role: Role | None = None, by: Actor
) -> Agent:
    """Change a name or a role. A changed role signs the agent out everywhere; the last admin stays one."""
    if by.id != agent.id or role is not None:
        authorize(by, Action.ADMINISTER)
    if name is not None:
        agent.name = _checked_name(name)
    if role is not None and role != agent.role:
        await _keep_an_admin(session, agent)
        agent.role = role
        await revoke_everything(session, agent)
    await session.flush()
    return agent


async def choose_look(session: AsyncSession, agent: Agent, *, theme: str, density: str) -> None:
    """Keep how an agent likes the screens: colours (auto, light or dark), and rows that are comfortable or
    compact."""
    if theme not in THEMES:
        raise Invalid("The colours follow the system, or they are light or dark.", field="theme")
    if density not in DENSITIES:
        raise Invalid("Rows are comfortable or compact.", field="density")
    agent.theme, agent.density = theme, density
    await session.flush()


async def choose_language(session: AsyncSession, agent: Agent, language: str) -> None:
    """Keep the language that an agent reads; "" for the installation's. Raises Invalid."""
    if language and language not in LANGUAGES:
        raise Invalid("There is no catalogue for this language.", field="language")
    agent.language = language
    await session.flush()


async def choose_keys(
    session: AsyncSession, agent: Agent, *, shortcuts: bool, keys: Mapping[str, str]
) -> None:
    """Keep whether single-letter keys do anything for an agent, and the keys that they have put in another's
    place, by the default ones."""
    agent.shortcuts, agent.keys = shortcuts, dict(keys)
    await session.flush()


async def choose_order(session: AsyncSession, agent: Agent, place: str, order: str | None) -> None:
    """Keep in which order a list stands for an agent; None for its own. Of many, the newest are kept."""
    kept = {name: value for name, value in agent.sorts.items() if name != place}
    agent.sorts = dict([*kept.items(), *([(place, order)] if order else [])][-MOST_ORDERS:])
    await session.flush()


async def choose_writing(session: AsyncSession, agent: Agent, *, signature: str, opens_next: bool) -> None:
    """Keep an agent's signature (Markdown, a Liquid template), and whether the next case opens once they have
    done with one. Raises Invalid for a signature that cannot be filled in."""
    agent.signature = checked_template(signature, field="signature")
    agent.opens_next = opens_next
    await session.flush()


async def set_password(session: AsyncSession, agent: Agent, password_hash: str) -> None:
    """Store a new password's hash; whoever was signed in with the old one is signed out, tokens included."""
    agent.password_hash = password_hash
    await revoke_everything(session, agent)


async def keep_rehash(session: AsyncSession, agent: Agent, password_hash: str) -> None:
    """Store the same password by newer settings; nobody is signed out."""
    agent.password_hash = password_hash
    await session.flush()


async def deactivate(session: AsyncSession, agent: Agent, *, by: Actor) -> None:
    """Let an agent go: no session, socket or token of theirs works from now on. The last admin stays."""
    authorize(by, Action.ADMINISTER)
    if agent.deactivated_at is None:
        await _keep_an_admin(session, agent)
        agent.deactivated_at = clock.now()
        await revoke_everything(session, agent)
        _record(session, EventKind.AGENT_DEACTIVATED, agent, by)


async def activate(session: AsyncSession, agent: Agent, *, by: Actor) -> None:
    """Let an agent come back; they sign in anew."""
    authorize(by, Action.ADMINISTER)
    if agent.deactivated_at is not None:
        agent.deactivated_at = None
        _record(session, EventKind.AGENT_ACTIVATED, agent, by)
        await session.flush()


async def limit_chats(session: AsyncSession, agent: Agent, limit: int | None, *, by: Actor) -> None:
    """Say how many open chats are enough for an agent; None for no limit. Raises Invalid."""
    authorize(by, Action.ADMINISTER)
    if limit is not None and not 1 <= limit <= MOST_CHATS:
        raise Invalid("A chat limit is a number from 1 to %(most)s.", most=MOST_CHATS, field="chat_limit")
    agent.chat_limit = limit
    await session.flush()


async def revoke_everything(session: AsyncSession, agent: Agent) -> None:
    """End all sessions and tokens of an agent. Open sockets notice within seconds."""
    moment = clock.now()
    for model in (Session, ApiToken):
        query = update(model).where(model.agent_id == agent.id, model.revoked_at.is_(None))
        await session.execute(query.values(revoked_at=moment))
    await forget_agent(session, agent)
    await session.flush()


async def begin_setup(session: AsyncSession) -> str:
    """A new one-time token that makes the first admin; earlier ones stop working. Raises Conflict once there
    is an agent."""
    if await session.scalar(select(Agent.id).limit(1)) is not None:
        raise Conflict("This installation has been set up already. Sign in instead.")
    await session.execute(delete(Invitation).where(Invitation.purpose == InvitationPurpose.SETUP))
    return await _invitation(session, InvitationPurpose.SETUP, role=Role.ADMIN)


async def invite(session: AsyncSession, *, email: str, name: str, role: Role, by: Actor) -> str:
    """A one-time token, good for a day, with which this person becomes an agent."""
    authorize(by, Action.ADMINISTER)
    email = normalise_email(email)
    if await agents.by_email(session, email) is not None:
        raise Conflict("There is already somebody with the address %(email)s.", email=email)
    return await _invitation(
        session, InvitationPurpose.INVITE, email=email, name=_checked_name(name), role=role
    )


async def accept_invitation(
    session: AsyncSession,
    token: str,
    purpose: InvitationPurpose,
    *,
    email: str,
    name: str,
    password_hash: str,
) -> Agent:
    """Make the agent that an invitation promised; of many who try at once with one link, one gets it.

    An invitation decides the address; the set-up link takes the one given. Raises NotFound for used links.
    """
    invitation = await agents.open_invitation(session, token, purpose)
    used = (
        update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.used_at.is_(None))
        .values(used_at=clock.now())
    )
    if (await session.execute(used.returning(Invitation.id))).one_or_none() is None:
        raise NotFound("This link has been used or has expired. Ask for a new one.")
    address = normalise_email(invitation.email or email)
    if await agents.by_email(session, address) is not None:
        raise Conflict("There is already somebody with the address %(address)s.", address=address)
    agent = Agent(email=address, name=_checked_name(name), role=invitation.role, password_hash=password_hash)
    session.add(agent)
    await session.flush()
    return agent


async def _invitation(
    session: AsyncSession,
    purpose: InvitationPurpose,
    *,
    role: Role,
    email: str | None = None,
    name: str | None = None,
) -> str:
    token = new_token()
    invitation = Invitation(
        digest=digest_of(token),
        purpose=purpose,
        email=email,
        name=name,
        role=role,
        expires_at=clock.now() + INVITATION_LIFE,
    )
    session.add(invitation)
    await session.flush()
    return token


async def _keep_an_admin(session: AsyncSession, agent: Agent) -> None:
    others = select(Agent.id).where(
        Agent.role == Role.ADMIN, Agent.deactivated_at.is_(None), Agent.id != agent.id
    )
    if agent.is_admin and await session.scalar(others.limit(1)) is None:
        raise Conflict("There must be one admin at least. Make somebody else an admin first.")


def _record(session: AsyncSession, kind: EventKind, agent: Agent, by: Actor) -> None:
    facts = {"agent_id": agent.public_id, "agent": agent.name}
    record(session, kind, actor=by, conversation=None, data=facts)


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 200 or not name.isprintable():
        raise Invalid("Give a name of 1 to 200 characters.", field="name")
    return name
