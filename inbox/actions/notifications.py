"""Telling agents what concerns them: a reader of the event log that makes one row for each who is told.

How far it has read stands in a row that is locked meanwhile, so that any number of processes may do this and
a restart goes on where it stopped; a key for each agent and event makes sure that nothing is told twice.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.pushes import queue_pushes
from inbox.audiences import TOLD, Audience, audience_of, audience_of_target, read_facts, settled_by
from inbox.ids import public_id
from inbox.models import (
    Agent,
    Case,
    Conversation,
    Event,
    EventKind,
    Notification,
    NotificationKind,
    Setting,
    Status,
)
from inbox.notification_cells import Alert, Choices
from inbox.queries.events import newest_position
from inbox.queries.notification_choices import choices_of
from inbox.upserts import insert_into

READER = "notifications told"  # the setting that says how far
AT_ONCE = 50  # events in one transaction, which others wait for
MOST_PASSED_OVER = 2_000
AT_RISK = timedelta(minutes=15)
LONG_LATE = timedelta(days=1)  # what was late before that is no news
KEPT = timedelta(days=90)

# Made once: making a statement costs more than running it, and these are asked after every commit.
_UNREAD = (
    select(Event, Case)
    .join(Case, Case.id == Event.case_id)
    .where(Event.position > bindparam("after"), Event.position <= bindparam("until"), Event.kind.in_(TOLD))
    .order_by(Event.position)
    .limit(AT_ONCE)
)
_ANY_UNREAD = select(Event.id).where(Event.position > bindparam("after"), Event.kind.in_(TOLD)).limit(1)
_READER = select(Setting).where(Setting.name == READER)
_TOLD_OF_TARGET = select(Notification.id).where(
    Notification.kind == NotificationKind.TARGET,
    Notification.case_id == Case.id,
    Notification.about == Case.due_at,
)
_NEARLY_LATE = (
    select(Case)
    .where(Case.status == Status.OPEN, Case.waiting_since.is_not(None), ~_TOLD_OF_TARGET.exists())
    .where(Case.due_at <= bindparam("until"), Case.due_at > bindparam("after"))
    .order_by(Case.due_at)
    .limit(AT_ONCE)
)


async def tell_what_is_new(session: AsyncSession) -> int:
    """Tell of the next events; answers how many were looked at. The first time it only notes where it is:
    nobody is told of what happened before there were notifications."""
    newest = await newest_position(session)
    reader = await _reader(session, newest)
    position = int(reader.value["position"])
    if position >= newest:
        return 0
    rows = (await session.execute(_UNREAD, {"after": position, "until": newest})).all()
    facts = await read_facts(session, [event for event, _ in rows])
    for event, case in rows:
        await _settle(session, case, settled_by(EventKind(event.kind)))
        await _tell(session, case, await audience_of(session, event, case, facts), position=event.position)
    reached = rows[-1][0].position if len(rows) == AT_ONCE else newest
    reader.value = {"position": reached}
    return reached - position


async def is_behind(session: AsyncSession) -> bool:
    """Whether something has happened that somebody may have to be told of. Other events are passed over
    together with the next such one, so that they cost no write; many of them by themselves."""
    reader = await session.scalar(_READER)
    if reader is None:
        return True
    position = int(reader.value["position"])
    if await session.scalar(_ANY_UNREAD, {"after": position}) is not None:
        return True
    return await newest_position(session) - position > MOST_PASSED_OVER


async def cases_at_risk(session: AsyncSession, moment: datetime) -> list[Case]:
    """The cases that have nearly waited for too long, and that nobody has been told of. That is a quarter of
    an hour before an answer is due, or half of the time there was where that is shorter."""
    found = await session.scalars(_NEARLY_LATE, {"until": moment + AT_RISK, "after": moment - LONG_LATE})
    return [case for case in found if _is_at_risk(case, moment)]


async def warn_of_targets(session: AsyncSession, moment: datetime) -> int:
    """Tell of each case at risk, once for each time that an answer is due; answers of how many there was
    somebody to tell."""
    told = 0
    for case in await cases_at_risk(session, moment):
        audience = await audience_of_target(session, case)
        await _tell(session, case, audience, about=case.due_at)
        told += bool(audience.agent_ids)
    return told


async def mark_read(session: AsyncSession, *, by: Agent, public_ids: Sequence[str] | None = None) -> int:
    """The agent has seen these notifications of theirs (None: all); answers how many were unread."""
    unread = _unread_of(by)
    if public_ids is not None:
        unread = unread.where(Notification.public_id.in_(public_ids))
    return await _read(session, unread)


async def mark_conversation_read(session: AsyncSession, conversation: Conversation, *, by: Agent) -> int:
    """The agent has opened the conversation: what they were told of it is read."""
    cases = select(Case.id).where(Case.conversation_id == conversation.id)
    return await _read(session, _unread_of(by).where(Notification.case_id.in_(cases)))


async def forget_old(session: AsyncSession, moment: datetime) -> None:
    """Notifications are news, not a record."""
    await session.execute(delete(Notification).where(Notification.created_at < moment - KEPT))


async def _reader(session: AsyncSession, newest: int) -> Setting:
    values = {"name": READER, "value": {"position": newest}}
    await session.execute(insert_into(session, Setting).values(values).on_conflict_do_nothing())
    held = _READER.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(held)).one()


async def _tell(
    session: AsyncSession,
    case: Case,
    audience: Audience,
    *,
    position: int = 0,
    about: datetime | None = None,
) -> None:
    if not audience.agent_ids:
        return
    choices = await choices_of(session, audience.agent_ids)
    key = f"{audience.kind}:{position or f'{case.id}:{about:%Y%m%d%H%M%S%f}'}"
    for agent_id in audience.agent_ids:
        # That a target was told is asked again and again, so that it is noted in any case.
        if choices[agent_id].cell(audience.kind).is_silent and about is None:
            continue
        row = _row(agent_id, case, audience.kind, choices[agent_id])
        row |= {"key": key, "position": position, "about": about}
        made = (
            insert_into(session, Notification).values(row).on_conflict_do_nothing().returning(Notification.id)
        )
        notification_id = await session.scalar(made)
        if notification_id is not None and _is_pushed(choices[agent_id], audience.kind):
            await queue_pushes(session, notification_id, agent_id)


def _row(agent_id: int, case: Case, kind: NotificationKind, choices: Choices) -> dict[str, object]:
    cell, moment = choices.cell(kind), clock.now()
    after = cell.mail_after
    return {
        "public_id": public_id(),
        "agent_id": agent_id,
        "kind": kind,
        "case_id": case.id,
        "is_listed": cell.in_app,
        "created_at": moment,
        "mail_due_at": None if after is None else moment + timedelta(minutes=after),
    }


def _is_pushed(choices: Choices, kind: NotificationKind) -> bool:
    return choices.cell(kind).alert is not Alert.NEVER and not choices.is_quiet(clock.now())


def _is_at_risk(case: Case, moment: datetime) -> bool:
    if case.due_at is None or case.waiting_since is None:
        return False
    return moment >= case.due_at - min(AT_RISK, (case.due_at - case.waiting_since) / 2)


async def _settle(session: AsyncSession, case: Case, kinds: Sequence[NotificationKind]) -> None:
    """What has been seen to need not be seen by anybody else."""
    if kinds:
        told = Notification.case_id == case.id, Notification.kind.in_(kinds), Notification.read_at.is_(None)
        await _read(session, select(Notification.id).where(*told))


def _unread_of(agent: Agent) -> Select[int]:
    return select(Notification.id).where(Notification.agent_id == agent.id, Notification.read_at.is_(None))


async def _read(session: AsyncSession, unread: Select[int]) -> int:
    ids = (await session.scalars(unread)).all()
    if ids:
        read = update(Notification).where(Notification.id.in_(ids)).values(read_at=clock.now())
        await session.execute(read.execution_options(synchronize_session=False))
    return len(ids)
