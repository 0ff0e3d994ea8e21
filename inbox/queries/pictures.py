"""Whether an agent has asked for the pictures of a mail that lie elsewhere."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import Verdict
from inbox.models import Agent, Message, PicturesOf, WantedPictures


def may_be_remembered(message: Message) -> bool:
    """Whether the sender's address stands for the sender: what fails its check, or is spam, does not."""
    return bool(message.author_address) and message.dmarc != Verdict.FAIL and not message.is_spam


async def wanted(session: AsyncSession, agent: Agent, message: Message) -> PicturesOf | None:
    """What the agent's wish is about: the sender goes before the message; None without a wish."""
    names = [message.public_id, *([message.author_address] if may_be_remembered(message) else [])]
    query = select(WantedPictures.kind).where(
        WantedPictures.agent_id == agent.id, WantedPictures.name.in_(names)
    )
    kinds = set((await session.scalars(query)).all())
    return next((kind for kind in (PicturesOf.SENDER, PicturesOf.MESSAGE) if kind in kinds), None)
