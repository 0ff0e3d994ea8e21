"""The rows of the intake: how far a mailbox has been read, what waits to be filed, what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actions.messages import Filed
from inbox.actors import SYSTEM
from inbox.envelopes import ChannelFacts, ChannelKind
from inbox.models import Agent, Channel, EventKind, IgnoredAs, IntakeRecord, IntakeState, MailboxPosition

# Made once: it is asked for each batch, and making it costs more than running it.
_STILL_WAITING = (
    select(IntakeRecord.id)
    .where(IntakeRecord.id.in_(bindparam("ids", expanding=True)), IntakeRecord.state == IntakeState.RECEIVED)
    .order_by(IntakeRecord.id)
    .with_for_update()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a mailbox's folder has been read; stored in the same transaction as what was read.

    Mails up to `history_until` lay there when the mailbox was connected, at `connected_at`; those after
    `history_from` are read.
    """

    folder: str
    uid_validity: int
    last_uid: int
    history_until: int = 0
    connected_at: datetime | None = None
    history_from: int = 0


async def active_agents(session: AsyncSession) -> frozenset[str]:
    """The addresses of those who work here."""
    return frozenset(await session.scalars(select(Agent.email).where(Agent.deactivated_at.is_(None))))


def facts_of(channel: Channel, channels: Mapping[int, Channel], agents: frozenset[str]) -> ChannelFacts:
    """What the channel's adapter may know."""
    return ChannelFacts(
        id=channel.id,
        kind=ChannelKind(channel.kind),
        name=channel.name,
        public_key=channel.public_key,
        address=channel.address,
        settings=channel.settings,
        own_addresses=frozenset(c.address for c in channels.values() if c.address),
        agent_addresses=agents,
    )


async def advance(session: AsyncSession, channel_id: int, position: Position) -> None:
    query = select(MailboxPosition).where(
        MailboxPosition.channel_id == channel_id, MailboxPosition.folder == position.folder
    )
    stored = (await session.scalars(query)).first()
    if stored is None:
        stored = MailboxPosition(channel_id=channel_id, folder=position.folder)
        session.add(stored)
    stored.uid_validity, stored.last_uid = position.uid_validity, position.last_uid
    stored.history_until_uid, stored.connected_at = position.history_until, position.connected_at
    stored.history_from_uid = position.history_from


async def still_waiting(session: AsyncSession, ids: Sequence[int]) -> set[int]:
    """Those that nobody else has filed meanwhile; locked until the end of the transaction."""
    return set(await session.scalars(_STILL_WAITING, {"ids": list(ids)}))


async def settle(session: AsyncSession, outcomes: Sequence[Filed]) -> None:
    if not outcomes:
        return
    moment = clock.now()
    rows = [
        {
            "id": outcome.record_id,
            "state": outcome.state,
            "message_id": outcome.message_id,
            "reason": outcome.reason,
            "ignored_as": outcome.ignored_as,
            "filed_at": moment,
            "claimed_until": None,
        }
        for outcome in outcomes
    ]
    await session.execute(update(IntakeRecord), rows)


async def settled(session: AsyncSession, ids: Sequence[int]) -> list[Filed]:
    """What became of inputs that somebody else filed."""
    if not ids:
        return []
    query = select(IntakeRecord).where(IntakeRecord.id.in_(ids))
    return [
        Filed(
            record_id=r.id,
            state=IntakeState(r.state),
            message_id=r.message_id,
            known=True,
            reason=r.reason,
            ignored_as=IgnoredAs(r.ignored_as),
        )
        for r in await session.scalars(query)
    ]


def quarantine(session: AsyncSession, stored_record: IntakeRecord, reason: str) -> None:
    stored_record.state, stored_record.reason = IntakeState.QUARANTINED, reason[:1000]
    stored_record.claimed_until = None
    stored_record.attempts = (stored_record.attempts or 0) + 1
    record(
        session,
        EventKind.INTAKE_QUARANTINED,
        actor=SYSTEM,
        conversation=None,
        data={"intake_id": stored_record.public_id},
    )
