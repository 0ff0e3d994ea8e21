"""What the browsers of a customer say of themselves. None of it is proven."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
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
    wanted = {"keys": [key for key, _, _ in visitors], "visitors": [visitor for _, _, visitor in visitors]}
    return [_browser(row) for row in await session.execute(_NEWEST, wanted)]


# Made once: making a statement again for each call costs more than running it.
_NEWEST = (
    select(
        VisitorToken.page,
        VisitorToken.language,
        VisitorToken.time_zone,
        VisitorToken.attributes,
        VisitorToken.last_seen_at,
    )
    .join(Channel, Channel.id == VisitorToken.channel_id)
    .where(
        Channel.public_key.in_(bindparam("keys", expanding=True)),
        VisitorToken.visitor_id.in_(bindparam("visitors", expanding=True)),
        VisitorToken.revoked_at.is_(None),
    )
    .order_by(VisitorToken.last_seen_at.desc())
    .limit(MOST)
)


def _browser(row: Any) -> Browser:
    return Browser(
        page=row.page or "",
        language=row.language or "",
        local_time=_local_time(row.time_zone),
        attributes=row.attributes or {},
        seen_at=row.last_seen_at,
    )


def _local_time(zone: str | None) -> str:
    found = zone_named(zone) if zone else None
    return f"{clock.now().astimezone(found):%H:%M} ({zone})" if found else ""
