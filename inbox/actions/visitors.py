"""What is kept of visitors' browsers."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
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
        proved_email=old.proved_email,
        signed=signed,
        language=old.language,
        time_zone=old.time_zone,
        page=old.page,
        attributes=old.attributes,
        last_seen_at=clock.now(),
    )
    session.add(fresh)
    await session.flush()
    return fresh


async def note_browser(session: AsyncSession, digest: str, said: Mapping[str, Any]) -> None:
    """Keep what a browser says of itself: `language`, `time_zone`, `page`, `attributes`. Nothing of it proves
    anything. A browser that has written nothing has no row, and leaves none."""
    kept = (await session.scalars(select(VisitorToken).where(VisitorToken.digest == digest))).first()
    if kept is None or kept.revoked_at is not None:
        return
    for name in ("language", "time_zone", "page", "attributes"):
        if name in said and getattr(kept, name) != said[name]:
            setattr(kept, name, said[name])
    kept.last_seen_at = clock.now()


async def revoke_token(session: AsyncSession, digest: str) -> None:
    """Whoever shows this token from now on is somebody new."""
    revoked = update(VisitorToken).where(VisitorToken.digest == digest, VisitorToken.revoked_at.is_(None))
    await session.execute(revoked.values(revoked_at=clock.now(), page=None))
