"""Whether a channel that is being set up works: what came in by it last."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Case, Channel, IntakeRecord, Message, VisitorToken
from inbox.policies import visible_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The newest input of a channel, and what became of it: `state` and `reason` are those of its intake
    record. `case_number` is that of the case it went to, None where it went to none or is not to be seen;
    `page` that of a chat's visitor."""

    record_id: str
    at: datetime
    state: str
    reason: str
    author: str = ""
    subject: str = ""
    page: str = ""
    case_number: int | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """When a web chat was last opened on a site, and on which page, "" where its visitors' pages are not
    kept."""

    at: datetime
    page: str


async def newest(session: AsyncSession, actor: Actor, channel: Channel) -> Arrival | None:
    """What came in by this channel last, history aside; None where nothing has."""
    of_channel = (IntakeRecord.channel_id == channel.id, IntakeRecord.is_history.is_(False))
    newest_first = select(IntakeRecord).where(*of_channel).order_by(IntakeRecord.id.desc()).limit(1)
    record = await session.scalar(newest_first)
    if record is None:
        return None
    message = await session.get(Message, record.message_id) if record.message_id else None
    seen = select(Case.number).where(Case.id == message.case_id, visible_to(actor)) if message else None
    return Arrival(
        record_id=record.public_id,
        at=record.created_at,
        state=record.state,
        reason=record.reason,
        author=message.author_name if message else "",
        subject=message.subject if message else "",
        page=(message and message.page_url) or "",
        case_number=await session.scalar(seen) if seen is not None else None,
    )


async def sighting(session: AsyncSession, channel: Channel, *, besides: str) -> Sighting | None:
    """Where the chat of this channel was opened last; None where nobody has opened it yet. *besides*: how
    the addresses of pages begin that do not count."""
    query = (
        select(VisitorToken.last_seen_at, VisitorToken.page)
        .where(VisitorToken.channel_id == channel.id)
        .where(~func.coalesce(VisitorToken.page, "").startswith(besides, autoescape=True))
        .order_by(VisitorToken.last_seen_at.desc())
        .limit(1)
    )
    found = (await session.execute(query)).first()
    return Sighting(found.last_seen_at, found.page or "") if found else None
