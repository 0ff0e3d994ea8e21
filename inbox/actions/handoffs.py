"""Passing a case on purpose, with a reason. It cannot be dropped: whoever offers stays responsible until an
agent accepts; a team has it in its queue at once, and whoever offered follows until somebody takes it."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actions.followers import add_follower
from inbox.actions.recalls import cancel_if_waiting
from inbox.actions.responsibility import close_handoff, give, settle_handoffs
from inbox.actions.undos import remember, undoable
from inbox.actors import SYSTEM, Actor
from inbox.envelopes import ChannelKind
from inbox.errors import Conflict, Invalid, NotPermitted
from inbox.holding import hold_case
from inbox.locks import lock_conversations
from inbox.models import (
    Agent,
    Because,
    Case,
    Channel,
    Conversation,
    EventKind,
    Handoff,
    HandoffState,
    Message,
    Strand,
    Team,
    Undo,
)
from inbox.phrases import N_
from inbox.queries import hours

CHAT_EXPIRES = timedelta(minutes=5)
EXPIRES = timedelta(hours=4)
LIVE_CHAT = timedelta(minutes=10)
LONGEST_TEXT = 500
BATCH = 100


async def offer(
    session: AsyncSession,
    case: Case,
    *,
    to: Agent | Team,
    by: Agent,
    reason: str,
    keeps_following: bool = False,
    introduction: Message | None = None,
) -> Handoff:
    """Offer a case to an agent, or put it into a team's queue; what was offered before is withdrawn.

    An unassigned case becomes the offerer's; who keeps following hears of it afterwards, too. *introduction*
    has told the customer: it is taken back with the offer, as long as it has not left. Raises Invalid
    without a reason or for somebody who cannot take it, Conflict where the case is finished.
    """
    reason = _checked(reason, field="reason", needed=True)
    if isinstance(to, Agent) and (to.id == by.id or to.deactivated_at is not None):
        raise Invalid("Choose somebody else: they cannot take it.", field="to_agent_id")
    conversation = await hold_case(session, case)
    if not case.is_unfinished:
        raise Conflict("This case is finished. Reopen it before you pass it on.")
    actor = Actor.agent(by)
    before = {"assignee_id": case.assignee_id, "team_id": case.team_id}
    await settle_handoffs(session, conversation, case, taken_by=None, actor=actor)
    handoff = await _stored(session, case, to, by, reason)
    _record_offer(session, conversation, case, handoff, to, by)
    if isinstance(to, Team):
        because = Because.HANDOFF
        await give(
            session, conversation, case, to=None, team=to, actor=actor, because=because, handoff=handoff
        )
        await add_follower(session, case, by, by_choice=keeps_following)
    else:
        await _keep_responsible(session, conversation, case, by)
        if keeps_following:
            await add_follower(session, case, by, by_choice=True)
    journal = {"handoff": handoff.public_id, "before": before}
    if introduction is not None:
        journal["introduction"] = introduction.public_id
    await remember(session, by=by, action="handoff", journal=journal, case=case)
    return handoff


async def _stored(session: AsyncSession, case: Case, to: Agent | Team, by: Agent, reason: str) -> Handoff:
    handoff = Handoff(
        case_id=case.id,
        from_agent_id=by.id,
        to_agent_id=to.id if isinstance(to, Agent) else None,
        to_team_id=to.id if isinstance(to, Team) else None,
        reason=reason,
        state=HandoffState.OFFERED,
        expires_at=await _expiry(session, case, to) if isinstance(to, Agent) else None,
        created_at=clock.now(),
    )
    session.add(handoff)
    await session.flush()
    return handoff


async def accept(session: AsyncSession, handoff: Handoff, *, by: Agent, answer: str = "") -> None:
    """Take what was offered; of many who do at once one succeeds.

    Raises Conflict where it no longer stands, NotPermitted for somebody it was not offered to.
    """
    case, conversation = await _offered(session, handoff)
    if handoff.to_agent_id is not None and handoff.to_agent_id != by.id:
        raise NotPermitted("This was offered to somebody else.")
    answer, actor = _checked(answer, field="answer"), Actor.agent(by)
    accepted = HandoffState.ACCEPTED
    await close_handoff(session, conversation, case, handoff, accepted, actor=actor, answer=answer)
    team = await session.get(Team, case.team_id) if case.team_id else None
    because = Because.HANDOFF
    await give(session, conversation, case, to=by, team=team, actor=actor, because=because, handoff=handoff)


async def decline(session: AsyncSession, handoff: Handoff, *, by: Agent, answer: str = "") -> None:
    """Say no: the case stays where it is. Raises Conflict, NotPermitted."""
    case, conversation = await _offered(session, handoff)
    if handoff.to_agent_id != by.id:
        raise NotPermitted("Only the agent who was asked can decline.")
    await close_handoff(
        session,
        conversation,
        case,
        handoff,
        HandoffState.DECLINED,
        actor=Actor.agent(by),
        answer=_checked(answer, field="answer"),
    )


async def withdraw(session: AsyncSession, handoff: Handoff, *, by: Agent) -> None:
    """Take an offer back; a case that is in a team's queue stays there. Raises Conflict, NotPermitted."""
    case, conversation = await _offered(session, handoff)
    if handoff.from_agent_id != by.id and not by.is_admin:
        raise NotPermitted("Only whoever offered this can withdraw it.")
    state = HandoffState.WITHDRAWN
    await close_handoff(session, conversation, case, handoff, state, actor=Actor.agent(by))


async def expire_due(session: AsyncSession, moment: datetime) -> int:
    """End offers that nobody answered in time; the case stays with whoever is responsible, and the offerer
    is told by the event. Answers how many."""
    due = (
        select(Handoff, Case)
        .join(Case, Case.id == Handoff.case_id)
        .where(Handoff.state == HandoffState.OFFERED, Handoff.expires_at <= moment)
        .order_by(Handoff.expires_at)
        .limit(BATCH)
    )
    rows = (await session.execute(due)).all()
    await lock_conversations(session, [case.conversation_id for _, case in rows])
    expired = 0
    for handoff, case in rows:
        conversation = await hold_case(session, case)
        await session.refresh(handoff)
        if handoff.state == HandoffState.OFFERED:
            state = HandoffState.EXPIRED
            await close_handoff(session, conversation, case, handoff, state, actor=SYSTEM)
            expired += 1
    return expired


async def forget_offers_to(session: AsyncSession, agent: Agent, *, by: Agent) -> None:
    """Withdraw what is offered to somebody who will not answer any more."""
    offered = (Handoff.to_agent_id == agent.id, Handoff.state == HandoffState.OFFERED)
    query = select(Handoff, Case).join(Case, Case.id == Handoff.case_id).where(*offered)
    rows = (await session.execute(query.order_by(Handoff.id))).all()
    await lock_conversations(session, [case.conversation_id for _, case in rows])
    for handoff, case in rows:
        conversation, state = await hold_case(session, case), HandoffState.WITHDRAWN
        await session.refresh(handoff)
        if handoff.state == HandoffState.OFFERED:
            await close_handoff(session, conversation, case, handoff, state, actor=Actor.agent(by))


@undoable("handoff")
async def _take_back_offer(session: AsyncSession, undo: Undo, by: Agent) -> None:
    found = select(Handoff).where(Handoff.public_id == undo.journal["handoff"])
    handoff = (await session.scalars(found)).one()
    case, conversation = await _offered(session, handoff)
    actor, before = Actor.agent(by), undo.journal["before"]
    await close_handoff(session, conversation, case, handoff, HandoffState.WITHDRAWN, actor=actor)
    agent = await session.get(Agent, before["assignee_id"]) if before["assignee_id"] else None
    team = await session.get(Team, before["team_id"]) if before["team_id"] else None
    await give(session, conversation, case, to=agent, team=team, actor=actor)
    if "introduction" in undo.journal:
        told = select(Message).where(Message.public_id == undo.journal["introduction"])
        await cancel_if_waiting(session, (await session.scalars(told)).one(), by=by)


async def _offered(session: AsyncSession, handoff: Handoff) -> tuple[Case, Conversation]:
    case = await session.get_one(Case, handoff.case_id)
    conversation = await hold_case(session, case)
    await session.refresh(handoff)
    if handoff.state != HandoffState.OFFERED:
        raise Conflict(_NO_LONGER[HandoffState(handoff.state)])
    return case, conversation


_NO_LONGER = {
    HandoffState.ACCEPTED: N_("Somebody has taken this already."),
    HandoffState.DECLINED: N_("This was declined already."),
    HandoffState.WITHDRAWN: N_("This was withdrawn: somebody has reassigned or finished the case."),
    HandoffState.EXPIRED: N_("This offer has expired."),
}


def _checked(text: str, *, field: str, needed: bool = False) -> str:
    line = " ".join(text.replace("\x00", "").split())
    if needed and not line:
        raise Invalid("Say in a line why, so that the next person need not ask.", field=field)
    if len(line) > LONGEST_TEXT:
        raise Invalid(
            "At most %(most)s characters: put the rest into a note.", most=LONGEST_TEXT, field=field
        )
    return line


async def _expiry(session: AsyncSession, case: Case, to: Agent) -> datetime:
    """Somebody who chats is waiting now; other cases have half a working day of whoever is asked, by the
    clock where no hours are set."""
    live = (
        select(Strand.id)
        .join(Channel, Channel.id == Strand.channel_id)
        .where(
            Strand.case_id == case.id,
            Channel.kind == ChannelKind.WEBCHAT,
            Strand.last_message_at > clock.now() - LIVE_CHAT,
        )
        .limit(1)
    )
    if await session.scalar(live) is not None:
        return clock.now() + CHAT_EXPIRES
    working = await hours.of_agent(session, to.id, team_id=case.team_id)
    worked = working.add_working(clock.now(), EXPIRES) if working is not None else None
    return worked or clock.now() + EXPIRES


def _record_offer(
    session: AsyncSession,
    conversation: Conversation,
    case: Case,
    handoff: Handoff,
    to: Agent | Team,
    by: Agent,
) -> None:
    facts = {"handoff_id": handoff.public_id, "to": to.name, "from": by.name}
    facts["to_agent_id" if isinstance(to, Agent) else "to_team_id"] = to.public_id
    record(
        session,
        EventKind.HANDOFF_OFFERED,
        actor=Actor.agent(by),
        conversation=conversation,
        case=case,
        handoff=handoff,
        data=facts,
    )


async def _keep_responsible(session: AsyncSession, conversation: Conversation, case: Case, by: Agent) -> None:
    if case.assignee_id is None:
        team = await session.get(Team, case.team_id) if case.team_id else None
        await give(session, conversation, case, to=by, team=team, actor=Actor.agent(by))
