"""Reading for the mailboxes' receivers: which there are, and how far each has been read."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.addresses import normalise_email
from inbox.envelopes import ChannelKind
from inbox.errors import Invalid
from inbox.intake_records import Position
from inbox.models import Channel, MailboxPosition


async def watched(session: AsyncSession) -> list[Channel]:
    """The active mailboxes that are read by IMAP."""
    query = select(Channel).where(Channel.kind == ChannelKind.EMAIL, Channel.deactivated_at.is_(None))
    return [channel for channel in await session.scalars(query) if channel.settings.get("imap_url")]


async def id_by_recipient(session: AsyncSession, recipient: str) -> int | None:
    """The active mailbox of *recipient*, which may carry a plus-tag (RFC 5233); None for nobody's."""
    try:
        address = normalise_email(recipient)
    except Invalid:
        return None
    local, _, domain = address.rpartition("@")
    untagged = f"{local.partition('+')[0]}@{domain}"
    query = select(Channel.address, Channel.id).where(
        Channel.kind == ChannelKind.EMAIL,
        Channel.deactivated_at.is_(None),
        Channel.address.in_([address, untagged]),
    )
    found = {known: channel_id for known, channel_id in await session.execute(query)}
    return found.get(address, found.get(untagged))


async def position(session: AsyncSession, channel_id: int, folder: str) -> Position | None:
    """How far a folder has been read; None before its first connection."""
    query = select(MailboxPosition).where(
        MailboxPosition.channel_id == channel_id, MailboxPosition.folder == folder
    )
    stored = (await session.scalars(query)).first()
    if stored is None:
        return None
    return Position(
        folder=folder,
        uid_validity=stored.uid_validity,
        last_uid=stored.last_uid,
        history_until=stored.history_until_uid,
        connected_at=stored.connected_at,
        history_from=stored.history_from_uid,
    )
