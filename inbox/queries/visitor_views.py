"""What a visitor's panel shows, and what has changed in it since it was told last.

What they may see is decided in `inbox.queries.visitors`; here it is read, in pages and by the event log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import AddressKind
from inbox.models import (
    Conversation,
    Event,
    EventCounter,
    Identity,
    Message,
    ReadMark,
    Strand,
    VisitorToken,
)
from inbox.queries import panel_messages
from inbox.queries.panel_messages import RESETS, Changes, PanelMessage
from inbox.queries.visitors import IS_VISIBLE, Sight, sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How far a visitor sees, and the conversations in which something of theirs stands. `conversation_id` is
    where their next message goes. All of it is empty before the first message."""

    sight: Sight | None = None
    conversation_ids: frozenset[int] = frozenset()
    conversation_id: int | None = None


async def token_by_digest(session: AsyncSession, channel_id: int, digest: str) -> VisitorToken | None:
    """The stored token of this channel, a revoked one too."""
    return await session.scalar(_TOKEN, {"digest": digest, "channel": channel_id})


async def identity_of(session: AsyncSession, kind: AddressKind, address: str) -> Identity | None:
    """Who is known by this visitor's or user's address."""
    return await session.scalar(_IDENTITY, {"kind": kind, "address": address})


async def view_of(session: AsyncSession, visitor: str) -> View:
    """The view of a visitor's address."""
    identity = await identity_of(session, AddressKind.VISITOR, visitor)
    if identity is None:
        return View()
    sight = await sight_of(session, identity)
    own = await session.scalar(
        select(Conversation.id).where(Conversation.customer_id == identity.customer_id)
    )
    places = select(Strand.conversation_id).where(Strand.identity_id.in_(sight.identities)).distinct()
    everywhere = frozenset(await session.scalars(places)) | ({own} if own is not None else set())
    return View(sight=sight, conversation_ids=everywhere, conversation_id=own)


async def is_proved(session: AsyncSession, visitor: Identity, user: str) -> bool:
    """Whether this visitor was proven to be this user before."""
    known = await identity_of(session, AddressKind.USER, user)
    return known is not None and known.id in (await sight_of(session, visitor)).proven


async def newest_messages(
    session: AsyncSession, view: View, *, limit: int, before: int | None = None
) -> Sequence[PanelMessage]:
    """The newest messages that the visitor may see, oldest first; those placed before a position."""
    if view.sight is None:
        return []
    return await panel_messages.newest(session, view.sight, limit=limit, before=before)


async def visible_message(session: AsyncSession, view: View, public_id: str) -> Message | None:
    """One message, if the visitor may see it."""
    if view.sight is None:
        return None
    query = _VISIBLE.where(Message.public_id == public_id)
    return (await session.scalars(query, view.sight.values)).first()


async def message_by_external_id(session: AsyncSession, view: View, external_id: str) -> Message | None:
    """What the visitor wrote under this client's id, if it has been filed."""
    if view.sight is None:
        return None
    query = _VISIBLE.where(Message.external_id == external_id).order_by(Message.id).limit(1)
    return (await session.scalars(query, view.sight.values)).first()


async def filed_before(session: AsyncSession, view: View, external_id: str) -> Sequence[PanelMessage]:
    """The same as it is drawn: the one message, or none."""
    if view.sight is None:
        return []
    return await panel_messages.by_external_id(session, view.sight, external_id)


async def changes_after(session: AsyncSession, view: View, position: int) -> Changes:
    """What has happened to the visitor's messages after a position of the event log."""
    if view.sight is None:
        return Changes(messages=(), is_reset=False, position=position)
    return await panel_messages.changes_after(session, view.sight, view.conversation_ids, position)


async def read_by_agents(session: AsyncSession, view: View) -> int:
    """How far any agent has read the visitor's conversation: the position of the newest entry seen."""
    if view.conversation_id is None:
        return 0
    return await session.scalar(_READ, {"conversation": view.conversation_id}) or 0


async def newest_position(session: AsyncSession) -> int:
    """The position of the newest event."""
    return (await session.scalar(_NEWEST)) or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What has happened after a position, by conversations (internal ids): in which something did, and from
    or to which messages have moved, each with its newest position. `reached`: how far this goes."""

    newest: Mapping[int, int]
    moved: Mapping[int, int]
    reached: int


async def touched_after(session: AsyncSession, position: int, limit: int) -> Touched:
    """What the next events after a position touch."""
    rows = (await session.execute(_TOUCHED, {"position": position, "most": limit})).all()
    newest = {conversation_id: at for at, conversation_id, _ in rows if conversation_id is not None}
    moves = [at for at, _, kind in rows if kind in RESETS]
    moved = await _moved(session, moves) if moves else {}
    return Touched(newest=newest, moved=moved, reached=rows[-1][0] if rows else position)


async def _moved(session: AsyncSession, positions: Sequence[int]) -> dict[int, int]:
    """The conversations that these events name: a merge is an event of the one that is kept only."""
    named: dict[str, int] = {}
    for at, data in await session.execute(_FACTS, {"positions": positions}):
        named |= dict.fromkeys(data.get("conversations", ()), at)
    found = await session.execute(_IDS, {"names": list(named)})
    return {conversation_id: named[name] for conversation_id, name in found}


# Made once: they are asked for each event of each chat, and making them costs more than running them.
_NEWEST = select(EventCounter.position)
_TOKEN = select(VisitorToken).where(
    VisitorToken.digest == bindparam("digest"), VisitorToken.channel_id == bindparam("channel")
)
_IDENTITY = select(Identity).where(
    Identity.kind == bindparam("kind"), Identity.address == bindparam("address")
)
_READ = select(func.max(ReadMark.position)).where(ReadMark.conversation_id == bindparam("conversation"))
_TOUCHED = (
    select(Event.position, Event.conversation_id, Event.kind)
    .where(Event.position > bindparam("position"))
    .order_by(Event.position)
    .limit(bindparam("most"))
)
_FACTS = (
    select(Event.position, Event.data)
    .where(Event.position.in_(bindparam("positions", expanding=True)))
    .order_by(Event.position)
)
_IDS = select(Conversation.id, Conversation.public_id).where(
    Conversation.public_id.in_(bindparam("names", expanding=True))
)
_VISIBLE = select(Message).where(IS_VISIBLE)
