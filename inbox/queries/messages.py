"""Messages with everything that is said of them: channel, author, attachments, deliveries."""

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.actors import Actor
from inbox.errors import NotFound
from inbox.models import Case, Conversation, Message
from inbox.policies import visible_to
from inbox.queries.pages import Page, encoded, number_of

LOADED = (
    joinedload(Message.channel),
    joinedload(Message.author_agent),
    selectinload(Message.attachments),
    selectinload(Message.deliveries),
)


async def page(
    session: AsyncSession,
    actor: Actor,
    conversation: Conversation,
    *,
    case_id: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Message]:
    """The messages of a conversation, oldest first."""
    query = visible(actor).where(Message.conversation_id == conversation.id)
    if case_id is not None:
        query = query.where(Message.case_id == case_id)
    if cursor is not None:
        query = query.where(Message.position > number_of(cursor))
    rows = (await session.scalars(query.order_by(Message.position).limit(limit + 1).options(*LOADED))).all()
    more, rows = len(rows) > limit, rows[:limit]
    return Page(rows, encoded(rows[-1].position) if more else None)


async def by_public_id(session: AsyncSession, actor: Actor, public_id: str) -> Message:
    """One message, loaded whole. Raises NotFound."""
    query = visible(actor).where(Message.public_id == public_id)
    message = (await session.scalars(query.options(*LOADED))).first()
    if message is None:
        raise NotFound("There is no such message.")
    return message


async def by_public_ids(session: AsyncSession, actor: Actor, public_ids: tuple[str, ...]) -> list[Message]:
    """Several messages, oldest first; what the actor may not see is left out."""
    query = visible(actor).where(Message.public_id.in_(public_ids)).order_by(Message.position)
    return list(await session.scalars(query.options(*LOADED)))


def visible(actor: Actor) -> Select[Message]:
    """The messages that an actor may see: those without a case, and those of visible cases."""
    query: Select[Message] = select(Message).outerjoin(Case, Case.id == Message.case_id)
    return query.where((Message.case_id.is_(None)) | visible_to(actor))
