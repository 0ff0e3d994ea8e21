"""What the browsers of a customer say of themselves. None of it is proven."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.envelopes import AddressKind
from inbox.models import Channel, Identity, VisitorToken
from inbox.zones import zone_named

MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """One browser: the page it was on last (`seen_at` says when), its language, the time on its clock."""

    page: str
    language: str
    local_time: str
    attributes: Mapping[str, Any]
    seen_at: datetime


async def browsers_of(session: AsyncSession, identities: Sequence[Identity]) -> list[Browser]:
    """The newest browsers of these identities, as far as they are visitors."""
    visitors = [one.address.partition(":") for one in identities if one.kind == AddressKind.VISITOR]
    if not visitors:
        return []
    query = (
        select(VisitorToken)
        .join(Channel, Channel.id == VisitorToken.channel_id)
        .where(
            Channel.public_key.in_({key for key, _, _ in visitors}),
            VisitorToken.visitor_id.in_({visitor_id for _, _, visitor_id in visitors}),
            VisitorToken.revoked_at.is_(None),
        )
        .order_by(VisitorToken.last_seen_at.desc())
        .limit(MOST)
    )
    return [_browser(token) for token in await session.scalars(query)]


def _browser(token: VisitorToken) -> Browser:
    return Browser(
        page=token.page or "",
        language=token.language or "",
        local_time=_local_time(token.time_zone),
        attributes=token.attributes or {},
        seen_at=token.last_seen_at,
    )


def _local_time(zone: str | None) -> str:
    found = zone_named(zone) if zone else None
    return f"{clock.now().astimezone(found):%H:%M} ({zone})" if found else ""
