"""What an agent's forwarded mail brings along: the note with their words, and the way back."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.events import record
from inbox.actions.notes import add_note
from inbox.actors import SYSTEM, Actor
from inbox.envelopes import InboundAttachment, InboundMessage
from inbox.filed_rows import attachment_row
from inbox.ids import public_id
from inbox.message_columns import columns_of, rewrite
from inbox.models import (
    Agent,
    Attachment,
    Case,
    Channel,
    Conversation,
    EventKind,
    ForwardState,
    Message,
    MessageSource,
    Note,
    PassedOn,
)
from inbox.placements import Arrival, Placement
from inbox.sequences import TakenIds


@dataclass(frozen=True, slots=True)
class Passing:
    """A mail that passes another one on, as it came, and the message that was made of it."""

    arrival: Arrival
    placement: Placement
    message: Message
    original_key: str


def rows_of(
    passing: Passing, session: AsyncSession, ids: TakenIds, moment: datetime
) -> tuple[Note | None, PassedOn]:
    """The note with the agent's words, where the mail is filed, and how it can be shown otherwise."""
    placement, message = passing.placement, passing.message
    outer = passing.arrival.message
    forward, agent = outer.forward, placement.arrival.passed_on_by
    assert forward is not None and agent is not None
    note = None if placement.asks_whose else _note(session, passing, ids, moment)
    row = PassedOn(
        message_id=message.id,
        agent_id=agent.id,
        note_id=note.id if note else None,
        state=ForwardState.ASKED if placement.asks_whose else ForwardState.FILED,
        words=forward.words,
        as_it_came=_shape(outer),
        original=_shape(forward.original),
        original_key=passing.original_key,
        created_at=moment,
    )
    return note, row


def _shape(inbound: InboundMessage) -> dict[str, Any]:
    """All that a message shows of a mail, as JSON."""
    attachments = [asdict(attachment) for attachment in inbound.attachments]
    return columns_of(inbound, inbound.sender) | {"attachments": attachments}


async def reshape(session: AsyncSession, message: Message, shape: dict[str, Any]) -> None:
    """Let a stored message show another mail."""
    columns = {key: value for key, value in shape.items() if key != "attachments"}
    rewrite(message, columns)
    await session.execute(delete(Attachment).where(Attachment.message_id == message.id))
    files = [InboundAttachment(**attachment) for attachment in shape["attachments"]]
    session.add_all([attachment_row(message, file) for file in files])
    await session.flush()


def _note(session: AsyncSession, passing: Passing, ids: TakenIds, moment: datetime) -> Note | None:
    placement, forward = passing.placement, passing.arrival.message.forward
    agent = placement.arrival.passed_on_by
    if forward is None or agent is None or placement.case is None or not forward.words:
        return None
    note = Note(
        id=ids.next_for(Note),
        public_id=public_id(),
        conversation_id=placement.conversation.id,
        origin_conversation_id=placement.conversation.id,
        case_id=placement.case.id,
        author_id=agent.id,
        text=forward.words,
        created_at=moment,
    )
    record(
        session,
        EventKind.NOTE_ADDED,
        actor=Actor.agent(agent),
        conversation=placement.conversation,
        case=placement.case,
        note=note,
        data={"forwarded": passing.message.public_id},
    )
    return note


async def add_remark(session: AsyncSession, message_id: int, words: str, *, by: Agent) -> None:
    """An agent passed on what stands here already: their words are a note beside it."""
    message = await session.get_one(Message, message_id)
    case = await session.get(Case, message.case_id) if message.case_id else None
    if case is None or not words:
        return
    conversation = await session.get_one(Conversation, message.conversation_id)
    await add_note(session, conversation, by=by, text=words, case=case)


async def tell_repeated(session: AsyncSession, message_ids: Sequence[int]) -> None:
    """Say that the same mail has come through another mailbox, too."""
    for message in await _messages(session, message_ids):
        conversation = await session.get_one(Conversation, message.conversation_id)
        case = await session.get(Case, message.case_id) if message.case_id else None
        names = sorted(await _ways(session, message))
        message.matched_by = message.matched_by | {"came_through": names}
        kind = EventKind.MESSAGE_REPEATED
        record(session, kind, actor=SYSTEM, conversation=conversation, case=case, message=message)


async def _ways(session: AsyncSession, message: Message) -> list[str]:
    """The names of all mailboxes that have received it."""
    query = select(Channel.name).join(MessageSource, MessageSource.channel_id == Channel.id)
    return list(await session.scalars(query.where(MessageSource.message_id == message.id)))


async def _messages(session: AsyncSession, message_ids: Iterable[int]) -> Sequence[Message]:
    wanted = set(message_ids)
    if not wanted:
        return ()
    return (await session.scalars(select(Message).where(Message.id.in_(wanted)).order_by(Message.id))).all()
