"""Making one case of two: everything goes into the target, and the other number leads there from then on."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record, write_events
from inbox.actions.journals import Journal
from inbox.actions.relocations import set_status, wake_waiting
from inbox.actions.responsibility import settle_handoffs
from inbox.actions.summaries import refresh_all
from inbox.actions.undos import remember, undoable
from inbox.actors import Actor
from inbox.errors import Conflict
from inbox.holding import hold_case
from inbox.models import (
    ActorKind,
    Agent,
    Assignment,
    Case,
    CaseTag,
    Conversation,
    EventKind,
    Follower,
    Handoff,
    Mention,
    Message,
    Note,
    Priority,
    Status,
    Strand,
    TimelineEntry,
    Undo,
)
from inbox.policies import Action, authorize

_MOST_ACTIVE = (Status.OPEN, Status.PENDING, Status.SNOOZED, Status.RESOLVED)


async def join(session: AsyncSession, case: Case, *, into: Case, by: Agent) -> None:
    """Put all of *case* into *into*, a case of the same conversation; offers of a handoff are withdrawn.

    The target is as active, as urgent and as private as either was. Raises Conflict where the two cannot be
    one.
    """
    actor = Actor.agent(by)
    authorize(actor, Action.CHANGE)
    conversation = await hold_case(session, case)
    await session.refresh(into)
    _refuse(case, into)
    await write_events(session)
    await settle_handoffs(session, conversation, case, taken_by=None, actor=actor)
    journal = Journal()
    await _keep_the_stronger(session, journal, conversation, case, into, actor)
    await absorb(session, journal, case, into)
    await refresh_all(session, cases=(case, into))
    await wake_waiting(session, journal, conversation, into, by=actor)
    data = {
        "into": into.number,
        "cases": [case.number, into.number],
        "conversations": [conversation.public_id],
    }
    kind = EventKind.CASE_JOINED
    record(session, kind, actor=actor, conversation=conversation, case=case, data=data)
    stored = journal.stored() | {"case": case.id, "into": into.id}
    await remember(session, by=by, action="join", journal=stored, case=into)


@undoable("join")
async def undo_join(session: AsyncSession, undo: Undo, by: Agent) -> None:
    """Make two cases of one again; what came since stays in the target. Raises Conflict where one of them was
    joined with another, or moved, since."""
    case = await session.get_one(Case, undo.journal["case"])
    into = await session.get_one(Case, undo.journal["into"])
    conversation = await hold_case(session, case)
    await session.refresh(into)
    gone = case.joined_into_id != into.id or into.joined_into_id is not None
    if gone or into.conversation_id != case.conversation_id:
        raise Conflict("One of the two cases was joined or moved since.")
    await write_events(session)
    journal = Journal(undo.journal)
    await journal.take_back(session)
    for model in (CaseTag, Follower, Assignment):
        await session.execute(delete(model).where(model.id.in_(journal.made_of(model))))
    await refresh_all(session, cases=(case, into))
    data = {
        "fresh": case.number,
        "cases": [into.number, case.number],
        "conversations": [conversation.public_id],
        "undo": True,
    }
    actor = Actor.agent(by)
    record(session, EventKind.CASE_SPLIT, actor=actor, conversation=conversation, case=into, data=data)


async def absorb(session: AsyncSession, journal: Journal, case: Case, into: Case) -> None:
    """Put everything that stands in *case* into *into*, and let its number lead there."""
    for model in (Message, Strand, Note, TimelineEntry, Handoff, Mention):
        ids = await session.scalars(select(model.id).where(model.case_id == case.id))
        await journal.rewrite(session, model, list(ids), case_id=into.id)
    await _share_rows(session, journal, case, into)
    open_ones = select(Assignment.id).where(Assignment.case_id == case.id, Assignment.ended_at.is_(None))
    await journal.rewrite(session, Assignment, list(await session.scalars(open_ones)), ended_at=clock.now())
    await journal.change(
        session,
        case,
        joined_into_id=into.id,
        status=Status.RESOLVED,
        resolved_at=clock.now(),
        snoozed_until=None,
    )


def _refuse(case: Case, into: Case) -> None:
    if case.id == into.id:
        raise Conflict("This is one and the same case.")
    if case.conversation_id != into.conversation_id:
        raise Conflict("The cases are of different customers. Merge those, or move a strand.")
    if case.joined_into_id is not None or into.joined_into_id is not None:
        raise Conflict("One of these cases was joined with another one before.")
    if (case.status == Status.SPAM) != (into.status == Status.SPAM):
        raise Conflict("One of these cases is marked as spam. Say first that it is none.")


async def _keep_the_stronger(
    session: AsyncSession,
    journal: Journal,
    conversation: Conversation,
    case: Case,
    into: Case,
    actor: Actor,
) -> None:
    if case.status != Status.SPAM and _rank(case) < _rank(into):
        status, until = Status(case.status), case.snoozed_until
        await set_status(session, journal, conversation, into, status, by=actor, snoozed_until=until)
    priorities = list(Priority)
    urgent = max(case.priority, into.priority, key=lambda priority: priorities.index(Priority(priority)))
    await journal.change(
        session,
        into,
        priority=urgent,
        is_private=case.is_private or into.is_private,
        subject=into.subject or case.subject,
        first_replied_at=into.first_replied_at or case.first_replied_at,
    )
    if into.assignee_id is None and case.assignee_id is not None:
        await _take_assignee(session, journal, conversation, case, into, actor)


def _rank(case: Case) -> int:
    return _MOST_ACTIVE.index(Status(case.status))


async def _take_assignee(
    session: AsyncSession,
    journal: Journal,
    conversation: Conversation,
    case: Case,
    into: Case,
    actor: Actor,
) -> None:
    """Who was responsible for the one is for both, where nobody was for the other."""
    ending = select(Assignment.id).where(Assignment.case_id == into.id, Assignment.ended_at.is_(None))
    moment = clock.now()
    await journal.rewrite(session, Assignment, list(await session.scalars(ending)), ended_at=moment)
    await journal.change(session, into, assignee_id=case.assignee_id)
    row = Assignment(
        case_id=into.id,
        agent_id=case.assignee_id,
        team_id=into.team_id,
        assigned_by_id=actor.id if actor.kind == ActorKind.AGENT else None,
        began_at=moment,
    )
    session.add(row)
    await session.flush()
    journal.note_made(row)
    agent = await session.get_one(Agent, case.assignee_id)
    data = {"agent_id": agent.public_id, "agent": agent.name}
    kind = EventKind.CASE_ASSIGNED
    record(session, kind, actor=actor, conversation=conversation, case=into, data=data)


async def _share_rows(session: AsyncSession, journal: Journal, case: Case, into: Case) -> None:
    """The target has the tags and the followers of both."""
    for model, column in ((CaseTag, "tag_id"), (Follower, "agent_id")):
        value = getattr(model, column)
        own = set(await session.scalars(select(value).where(model.case_id == into.id)))
        others = await session.scalars(select(value).where(model.case_id == case.id))
        for missing in sorted(set(others) - own):
            row = model(case_id=into.id, **{column: missing})
            if isinstance(row, Follower):
                row.by_choice = True  # no handoff of the other case ends it
            session.add(row)
            await session.flush()
            journal.note_made(row)
