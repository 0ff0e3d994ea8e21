"""Leave to enter a mailbox: given by its owner at the provider, renewed by us, and one day taken back."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.accounts import Grant, sealed_grant
from inbox.actions.channels import may_try_again
from inbox.actions.events import record
from inbox.actors import Actor
from inbox.models import Channel, EventKind, MailboxGrant
from inbox.policies import Action, authorize
from inbox.secrets import Keys


async def keep_grant(
    session: AsyncSession, channel: Channel, grant: Grant, *, by: Actor, keys: Keys
) -> MailboxGrant:
    """The owner of the mailbox has signed in: what was before is void, and what waits may try at once."""
    authorize(by, Action.ADMINISTER)
    await session.execute(delete(MailboxGrant).where(MailboxGrant.channel_id == channel.id))
    kept = MailboxGrant(
        channel_id=channel.id, sealed=sealed_grant(grant, keys), expires_at=grant.expires_at, broken=""
    )
    session.add(kept)
    # Whoever reads the mailbox looks at its settings for changes, and begins anew.
    channel.settings = {**channel.settings, "signed_in_at": clock.now().isoformat()}
    may_try_again(channel)
    await session.flush()
    facts = {"channel_id": channel.public_id, "channel": channel.name, "change": "signed_in"}
    record(session, EventKind.CHANNEL_CHANGED, actor=by, conversation=None, data=facts)
    return kept


async def renew_grant(session: AsyncSession, channel_id: int, grant: Grant, *, keys: Keys) -> None:
    """The provider gave new tokens for the old ones."""
    query = select(MailboxGrant).where(MailboxGrant.channel_id == channel_id).with_for_update()
    kept = (await session.scalars(query)).one()
    kept.sealed, kept.expires_at, kept.broken = sealed_grant(grant, keys), grant.expires_at, ""


async def break_grant(session: AsyncSession, channel_id: int, text: str) -> None:
    """The provider takes it no longer: nobody asks again before somebody has signed in."""
    query = select(MailboxGrant).where(MailboxGrant.channel_id == channel_id).with_for_update()
    kept = (await session.scalars(query)).first()
    if kept is not None:
        kept.broken = text[:500]
