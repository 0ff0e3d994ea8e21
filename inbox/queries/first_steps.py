"""How far an installation has come that nobody but its sample has written to yet."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import ChannelKind
from inbox.models import Agent, Channel, Invitation, InvitationPurpose, Message, VisitorToken
from inbox.queries import channels


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSteps:
    """`mailbox`: one was signed in to. `chat`: one was opened on a site. `teammate`:
    somebody was invited, or is here. `sample`: the sample is there, to be tried."""

    mailbox: bool
    chat: bool
    teammate: bool
    sample: bool

    @property
    def known(self) -> str:
        """The same in four signs."""
        return "".join(str(int(one)) for one in (self.mailbox, self.chat, self.teammate, self.sample))


async def first_steps(session: AsyncSession) -> FirstSteps | None:
    """What has been done already; None once somebody has written who is no sample."""
    real = select(Message.id).join(Channel, Channel.id == Message.channel_id).where(~Channel.is_sample)
    if await session.scalar(real.limit(1)) is not None:
        return None
    active = await channels.active(session)
    mailboxes = [one for one in active if one.kind == ChannelKind.EMAIL and not one.is_sample]
    chats = [one.id for one in active if one.kind == ChannelKind.WEBCHAT and not one.is_sample]
    opened = select(VisitorToken.id).where(VisitorToken.channel_id.in_(chats)).limit(1)
    return FirstSteps(
        mailbox=any(one.settings.get("imap_url") and one.state == "ok" for one in mailboxes),
        chat=bool(chats) and await session.scalar(opened) is not None,
        teammate=await _has_teammate(session),
        sample=any(one.is_sample for one in active),
    )


async def _has_teammate(session: AsyncSession) -> bool:
    invited = select(Invitation.id).where(Invitation.purpose == InvitationPurpose.INVITE).limit(1)
    others = await session.scalars(select(Agent.id).where(Agent.deactivated_at.is_(None)).limit(2))
    return len(others.all()) > 1 or await session.scalar(invited) is not None
