"""How well the reader of a reply is proven to be whoever asked (DESIGN §6, rule 8)."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import ChannelKind
from inbox.models import Channel, Conversation, Identity, Strand
from inbox.queries.visitors import sight_of


async def better_proven_question(
    session: AsyncSession, conversation: Conversation, strand: Strand
) -> Strand | None:
    """The email that waits for an answer while one is being written into a chat whose visitor was never
    proven to be its sender: an agent's merge put them together. None where nothing is asked by mail, where
    the chat asks something itself, or where a proof joins the two."""
    if strand.identity_id is None or strand.waiting_since is not None:
        return None
    channel = await session.get_one(Channel, strand.channel_id)
    if channel.kind != ChannelKind.WEBCHAT:
        return None
    sight = await sight_of(session, await session.get_one(Identity, strand.identity_id))
    asked = (
        select(Strand)
        .join(Channel, Channel.id == Strand.channel_id)
        .where(
            Strand.conversation_id == conversation.id,
            Strand.waiting_since.is_not(None),
            Strand.claimed.is_(False),
            Strand.identity_id.is_not(None),
            Strand.identity_id.not_in(sight.identities),
            Channel.kind == ChannelKind.EMAIL,
        )
        .order_by(Strand.waiting_since)
        .limit(1)
    )
    return (await session.scalars(asked)).first()
