"""Mailing agents what they have not seen: one mail with all that waits, never for what has been seen, never
in quiet hours, and none about the same thing twice."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions import automatic_mails
from inbox.digest_words import digest_of
from inbox.envelopes import ChannelKind
from inbox.models import Agent, AutomaticKind, Channel, Notification
from inbox.notification_cells import Choices
from inbox.queries import notifications
from inbox.queries.notification_choices import choices_of, texts_may_leave
from inbox.secrets import Keys
from inbox.words import words_in

AT_ONCE = 200
LATER = timedelta(hours=1)  # while they are away, or nothing can be sent
TOO_OLD = timedelta(days=1)
_WAITS = Notification.read_at.is_(None), Notification.mail_due_at.is_not(None)


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next agent has left something unseen for too long; None where none has."""
    return await session.scalar(select(func.min(Notification.mail_due_at)).where(*_WAITS))


async def mail_unseen(
    session: AsyncSession, moment: datetime, keys: Keys, *, base_url: str, language: str
) -> int:
    """Queue a mail to each agent who has left something unseen for too long, with everything else that waits
    to be mailed to them; answers how many mails that made. *language*: for those who have chosen none."""
    due = select(Notification.agent_id).where(*_WAITS, Notification.mail_due_at <= moment)
    held = due.order_by(Notification.id).limit(AT_ONCE).with_for_update(skip_locked=True)
    agent_ids = sorted(set(await session.scalars(held)))
    choices = await choices_of(session, agent_ids)
    mails = 0
    for agent in await _agents(session, agent_ids):
        if agent.deactivated_at is not None:
            await _postpone(session, agent, None)
        elif choices[agent.id].is_quiet(moment):
            await _postpone(session, agent, _peace_ends(choices[agent.id], moment))
        else:
            mails += await _mail(session, agent, choices[agent.id], keys, base_url, language)
    return mails


async def _mail(
    session: AsyncSession, agent: Agent, choices: Choices, keys: Keys, base_url: str, language: str
) -> bool:
    """Whether a mail was queued; else what is not too old is tried again later."""
    rows = await session.scalars(select(Notification).where(Notification.agent_id == agent.id, *_WAITS))
    wanted = [row for row in rows if choices.cell(row.kind).mail_after is not None]
    waiting = await notifications.grouped(session, agent, [row.id for row in wanted])
    if not waiting:
        await _postpone(session, agent, None)
        return False
    mailbox = await _mailbox(session)
    digest = digest_of(
        waiting,
        words_in(agent.language or language),
        base_url=base_url,
        with_texts=await texts_may_leave(session),
    )
    mail = mailbox and await automatic_mails.send(
        session,
        kind=AutomaticKind.DIGEST,
        mailbox=mailbox,
        address=agent.email,
        subject=digest.subject,
        text=digest.text,
        keys=keys,
    )
    if mail:
        await _postpone(session, agent, None)
        return True
    await _postpone(session, agent, None, Notification.created_at < clock.now() - TOO_OLD)
    await _postpone(session, agent, clock.now() + LATER)
    return False


async def _agents(session: AsyncSession, agent_ids: Collection[int]) -> Sequence[Agent]:
    return (await session.scalars(select(Agent).where(Agent.id.in_(agent_ids)).order_by(Agent.id))).all()


def _peace_ends(choices: Choices, moment: datetime) -> datetime:
    if choices.is_away or choices.quiet is None:
        return moment + LATER
    return choices.quiet.end(moment)


async def _postpone(
    session: AsyncSession, agent: Agent, until: datetime | None, *more: ColumnElement[bool]
) -> None:
    """Mail what waits for the agent then at the earliest; with None never."""
    later = update(Notification).where(Notification.agent_id == agent.id, *_WAITS, *more)
    if until is not None:
        later = later.where(Notification.mail_due_at < until)
    await session.execute(later.values(mail_due_at=until).execution_options(synchronize_session=False))


async def _mailbox(session: AsyncSession) -> Channel | None:
    """The mailbox that we write to agents from: the first that can send, and is no sample."""
    mailboxes = (
        select(Channel)
        .where(
            Channel.kind == ChannelKind.EMAIL, Channel.deactivated_at.is_(None), Channel.is_sample.is_(False)
        )
        .order_by(Channel.id)
    )
    return next((box for box in await session.scalars(mailboxes) if box.settings.get("smtp_url")), None)
