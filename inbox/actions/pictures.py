"""Asking for the pictures of a mail that lie elsewhere, which tell their owner that somebody looks."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.errors import Invalid
from inbox.models import Agent, Message, PicturesOf, WantedPictures
from inbox.queries.pictures import may_be_remembered
from inbox.upserts import insert_into


async def want_pictures(session: AsyncSession, message: Message, *, by: Agent, of: PicturesOf) -> None:
    """Remember that *by* wants the pictures of this message, or of all that its sender writes.

    Raises Invalid for a sender who may be somebody else.
    """
    if of is PicturesOf.SENDER and not may_be_remembered(message):
        raise Invalid("This may not be from its sender, so that nothing is remembered for the address.")
    name = message.public_id if of is PicturesOf.MESSAGE else message.author_address
    wanted = insert_into(session, WantedPictures).values(agent_id=by.id, kind=of, name=name)
    await session.execute(wanted.on_conflict_do_nothing(index_elements=["agent_id", "kind", "name"]))


async def want_no_pictures(session: AsyncSession, message: Message, *, by: Agent) -> None:
    """Forget it, for the message and for its sender."""
    await session.execute(
        delete(WantedPictures).where(
            WantedPictures.agent_id == by.id,
            WantedPictures.name.in_([message.public_id, message.author_address]),
        )
    )
