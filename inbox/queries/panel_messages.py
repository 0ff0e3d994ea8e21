"""Messages as a visitor's panel draws them: a few columns of each, in one statement with its files.

They are read as plain rows. One such reading follows each message of each chat, and whole entities, with
their dozens of columns and a statement for their files, took three times as long.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import (
    Agent,
    Attachment,
    Channel,
    Event,
    EventKind,
    Message,
    Place,
    place_of,
)
from inbox.queries.visitor_states import STATE_KINDS
from inbox.queries.visitors import IS_VISIBLE, Sight

CHANGES_SHOWN = 200
RESETS = frozenset(
    {*(kind for kind in EventKind if place_of(kind) is Place.RESET), EventKind.IDENTITY_PROVED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelFile:
    """A file that stands under a message, not in it."""

    digest: str
    filename: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelMessage:
    """What a panel's drawing needs to know of a message. `author` is an agent's whole name, empty where none
    wrote it."""

    id: int
    public_id: str
    position: int
    direction: str
    created_at: datetime
    external_id: str | None
    text: str
    spans: Sequence[tuple[int, int, str]]
    delivery: str | None
    channel_kind: str
    author_agent_id: int | None
    author: str
    files: Sequence[PanelFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a visitor has not seen yet: messages to draw (anew), or everything. `position` is how far this
    reaches; `touches_state` says that the state of their chat may be another one."""

    messages: Sequence[PanelMessage]
    is_reset: bool
    position: int
    touches_state: bool = False


async def changes_after(
    session: AsyncSession, sight: Sight, conversation_ids: Iterable[int], position: int
) -> Changes:
    """What has happened to the visitor's messages after a position of the event log: one statement, by an
    index."""
    asked = {"conversations": list(conversation_ids), "position": position}
    rows = (await session.execute(_CHANGES, sight.values | asked)).all()
    kinds = {row.kind for row in rows}
    is_reset = len(rows) > CHANGES_SHOWN or not RESETS.isdisjoint(kinds)
    return Changes(
        messages=() if is_reset else _messages(row for row in rows if row.id is not None),
        is_reset=is_reset,
        position=rows[-1].happened_at if rows else position,
        touches_state=not kinds.isdisjoint(STATE_KINDS),
    )


async def newest(
    session: AsyncSession, sight: Sight, *, limit: int, before: int | None = None
) -> Sequence[PanelMessage]:
    """The newest messages that the visitor may see, oldest first; those placed before a position."""
    ids = select(Message.id).where(IS_VISIBLE).order_by(Message.position.desc(), Message.id.desc())
    if before is not None:
        ids = ids.where(Message.position < before)
    return _messages(await session.execute(_DRAWN.where(Message.id.in_(ids.limit(limit))), sight.values))


async def by_external_id(session: AsyncSession, sight: Sight, external_id: str) -> Sequence[PanelMessage]:
    """What a panel wrote under this id, if it has been filed and may be seen; at most one message."""
    ids = select(Message.id).where(IS_VISIBLE, Message.external_id == external_id).order_by(Message.id)
    return _messages(await session.execute(_DRAWN.where(Message.id.in_(ids.limit(1))), sight.values))


def _messages(rows: Iterable[Row[Any]]) -> list[PanelMessage]:
    """One message of all its rows, which differ in files and events; in the order of the timeline."""
    rows_of: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        rows_of[row.id].append(row)
    messages = [_message(rows) for rows in rows_of.values()]
    return sorted(messages, key=lambda message: (message.position, message.id))


def _message(rows: Sequence[Row[Any]]) -> PanelMessage:
    first = rows[0]
    files = {row.file_id: row for row in rows if row.file_id is not None}
    return PanelMessage(
        id=first.id,
        public_id=first.public_id,
        position=first.position,
        direction=first.direction,
        created_at=first.created_at,
        external_id=first.external_id,
        text=first.text,
        spans=first.spans,
        delivery=first.delivery,
        channel_kind=first.channel_kind,
        author_agent_id=first.author_agent_id,
        author=first.author or "",
        files=tuple(
            PanelFile(
                digest=file.digest, filename=file.filename, content_type=file.content_type, size=file.size
            )
            for _, file in sorted(files.items())
        ),
    )


# Made once: they are asked for each event of each chat, and making them costs more than running them.
_COLUMNS = (
    Message.id,
    Message.public_id,
    Message.position,
    Message.direction,
    Message.created_at,
    Message.external_id,
    Message.text,
    Message.spans,
    Message.delivery,
    Message.author_agent_id,
    Channel.kind.label("channel_kind"),
    Agent.name.label("author"),
    Attachment.id.label("file_id"),
    Attachment.digest,
    Attachment.filename,
    Attachment.content_type,
    Attachment.size,
)
_ITS_FILES = and_(Attachment.message_id == Message.id, Attachment.inline.is_(False))
_DRAWN = (
    select(*_COLUMNS)
    .select_from(Message)
    .join(Channel, Channel.id == Message.channel_id)
    .outerjoin(Agent, Agent.id == Message.author_agent_id)
    .outerjoin(Attachment, _ITS_FILES)
)
_CHANGES = (
    select(Event.position.label("happened_at"), Event.kind, *_COLUMNS)
    .select_from(Event)
    .outerjoin(Message, and_(Message.id == Event.message_id, IS_VISIBLE))
    .outerjoin(Channel, Channel.id == Message.channel_id)
    .outerjoin(Agent, Agent.id == Message.author_agent_id)
    .outerjoin(Attachment, _ITS_FILES)
    .where(
        Event.conversation_id.in_(bindparam("conversations", expanding=True)),
        Event.position > bindparam("position"),
    )
    .order_by(Event.position)
    .limit(CHANGES_SHOWN + 1)
)
