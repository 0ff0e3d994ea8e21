"""What is kept of visitors' browsers."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.models import VisitorToken
from inbox.upserts import insert_into

GRACE = timedelta(days=7)


async def keep_token(session: AsyncSession, *, channel_id: int, digest: str, visitor_id: str) -> VisitorToken:
    """Store a visitor's token, once; answers the stored row, however often it is asked."""
    values = {
        "channel_id": channel_id,
        "digest": digest,
        "visitor_id": visitor_id,
        "created_at": clock.now(),
        "last_seen_at": clock.now(),
    }
    await session.execute(insert_into(session, VisitorToken).values(values).on_conflict_do_nothing())
    kept = (await session.scalars(select(VisitorToken).where(VisitorToken.digest == digest))).one()
    kept.last_seen_at = clock.now()
    return kept


async def rotate_token(
    session: AsyncSession, old: VisitorToken, *, digest: str, signed: dict[str, Any] | None
) -> VisitorToken:
    """Put a new token in the place of one whose visitor has been proved to be somebody. The old one is
    void."""
    fresh = _successor(old, digest, signed)
    await revoke_tokens(session, old.channel_id, old.visitor_id)
    session.add(fresh)
    await session.flush()
    return fresh


async def renew_token(session: AsyncSession, old: VisitorToken, *, digest: str) -> VisitorToken:
    """Put a new token in the place of one that is old. The old one is good for a while longer: another tab
    may hold it, and the answer that brings the new one may be lost."""
    fresh = _successor(old, digest, old.signed)
    old.revoked_at = old.revoked_at or clock.now() + GRACE
    session.add(fresh)
    await session.flush()
    return fresh


def _successor(old: VisitorToken, digest: str, signed: dict[str, Any] | None) -> VisitorToken:
    return VisitorToken(
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


async def revoke_tokens(session: AsyncSession, channel_id: int, visitor_id: str) -> None:
    """Whoever shows a token of this visitor from now on is somebody new, with an older one that was still
    good too."""
    moment = clock.now()
    revoked = update(VisitorToken).where(
        VisitorToken.channel_id == channel_id,
        VisitorToken.visitor_id == visitor_id,
        or_(VisitorToken.revoked_at.is_(None), VisitorToken.revoked_at > moment),
    )
    await session.execute(revoked.values(revoked_at=moment, page=None))
