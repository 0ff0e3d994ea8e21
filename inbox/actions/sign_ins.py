"""Letting agents in and out: sessions, API tokens, and the count of wrong guesses."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.push_subscriptions import forget_session
from inbox.credentials import API_PREFIX, GUESS_WINDOW, GUESSES, digest_of, guess_subjects, new_token
from inbox.errors import Invalid, NotFound
from inbox.models import Agent, ApiToken, Session, SignInFailure


@dataclass(frozen=True, slots=True)
class Guess:
    """One attempt to sign in, counted before the password is looked at. `wait` is how long to stay away."""

    id: int | None
    wait: timedelta | None = None


async def count_guess(session: AsyncSession, *, email: str, client: str) -> Guess:
    """Count an attempt, so that a hundred at once count a hundred; `wait` is set when there were too many."""
    subjects = guess_subjects(email, client)
    if session.get_bind().dialect.name == "postgresql":
        for key in sorted(int(subject[:15], 16) for subject in subjects):
            await session.execute(select(func.pg_advisory_xact_lock(key)))
    moment = clock.now()
    await session.execute(delete(SignInFailure).where(SignInFailure.created_at <= moment - 4 * GUESS_WINDOW))
    for subject in subjects:
        recent = select(SignInFailure.created_at).where(
            SignInFailure.subject == subject, SignInFailure.created_at > moment - GUESS_WINDOW
        )
        times = (await session.scalars(recent.order_by(SignInFailure.created_at.desc()).limit(GUESSES))).all()
        if len(times) == GUESSES:
            return Guess(None, times[-1] + GUESS_WINDOW - moment)
    rows = [SignInFailure(subject=subject, created_at=moment) for subject in subjects]
    session.add_all(rows)
    await session.flush()
    return Guess(rows[-1].id)


def seconds(wait: timedelta) -> int:
    """A wait in whole seconds, rounded up, for Retry-After (RFC 9110 §10.2.3)."""
    return max(1, ceil(wait.total_seconds()))


async def sign_in(session: AsyncSession, agent: Agent, *, guess: Guess, user_agent: str, client: str) -> str:
    """Begin a session and answer its token: a new one each time, so that none can be planted beforehand.

    The guess was right: what was counted for the account is forgotten, and this guess for the address.
    """
    account, _ = guess_subjects(agent.email, client)
    await session.execute(delete(SignInFailure).where(SignInFailure.subject == account))
    if guess.id is not None:
        await session.execute(delete(SignInFailure).where(SignInFailure.id == guess.id))
    return await begin_session(session, agent, user_agent=user_agent)


async def begin_session(session: AsyncSession, agent: Agent, *, user_agent: str) -> str:
    """The token of a new session for an agent who has just proved who they are."""
    token = new_token()
    session.add(
        Session(
            digest=digest_of(token),
            agent_id=agent.id,
            csrf_token=new_token(),
            user_agent=user_agent[:300],
            last_seen_at=clock.now(),
        )
    )
    await session.flush()
    return token


async def note_use(session: AsyncSession, seen: Session | ApiToken) -> None:
    """Remember that a session or a token was used just now."""
    moment = clock.now()
    if isinstance(seen, Session):
        query = update(Session).where(Session.id == seen.id).values(last_seen_at=moment)
    else:
        query = update(ApiToken).where(ApiToken.id == seen.id).values(last_used_at=moment)
    await session.execute(query)


async def sign_out(session: AsyncSession, signed_in: Session) -> None:
    """End this session."""
    query = update(Session).where(Session.id == signed_in.id).values(revoked_at=clock.now())
    await session.execute(query)
    await forget_session(session, signed_in.id)


async def revoke_session(session: AsyncSession, public_id: str, *, of: Agent) -> None:
    """End one of an agent's own sessions from somewhere else; raises NotFound."""
    query = (
        update(Session)
        .where(Session.public_id == public_id, Session.agent_id == of.id, Session.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(Session.id)
    )
    ended = await session.scalar(query)
    if ended is None:
        raise NotFound("There is no such session.")
    await forget_session(session, ended)


async def create_token(session: AsyncSession, *, agent: Agent, name: str) -> str:
    """A bearer token that acts with its agent's permissions. It is shown once: only its digest is kept."""
    if not name.strip():
        raise Invalid("Give the token a name, so that you know later what it is for.", field="name")
    token = new_token(API_PREFIX)
    session.add(ApiToken(digest=digest_of(token), agent_id=agent.id, name=name.strip()[:120]))
    await session.flush()
    return token


async def revoke_token(session: AsyncSession, public_id: str, *, of: Agent) -> None:
    """End one of an agent's API tokens; raises NotFound."""
    query = (
        update(ApiToken)
        .where(ApiToken.public_id == public_id, ApiToken.agent_id == of.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(ApiToken.id)
    )
    if (await session.execute(query)).one_or_none() is None:
        raise NotFound("There is no such token.")
