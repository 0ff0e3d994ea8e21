"""What is kept of visitors' browsers."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.models import VisitorToken


async def keep_token(session: AsyncSession, *, channel_id: int, digest: str, visitor_id: str) -> VisitorToken:
    """Store a visitor's token, once; answers the stored row, however often it is asked."""
    values = {
        "channel_id": channel_id,
        "digest": digest,
        "visitor_id": visitor_id,
        "created_at": clock.now(),
        "last_seen_at": clock.now(),
    }
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    await session.execute(dialect.insert(VisitorToken).values(values).on_conflict_do_nothing())
    kept = (await session.scalars(select(VisitorToken).where(VisitorToken.digest == digest))).one()
    kept.last_seen_at = clock.now()
    return kept


async def rotate_token(
    session: AsyncSession, old: VisitorToken, *, digest: str, signed: dict[str, Any] | None
) -> VisitorToken:
    """Put a new token in the place of one whose visitor has been proved to be somebody. The old one is
    void."""
    old.revoked_at = clock.now()
    fresh = VisitorToken(
        channel_id=old.channel_id,
        digest=digest,
        visitor_id=old.visitor_id,
        claimed_email=old.claimed_email,
        signed=signed,
        last_seen_at=clock.now(),
    )
    session.add(fresh)
    await session.flush()
    return fresh
