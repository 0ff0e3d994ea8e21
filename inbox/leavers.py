"""Letting somebody go who has cases: first nobody gets in with their name any more, then each case goes where
the admin says, a few in each transaction, with one undo for all."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import agents, undos
from inbox.actions.absences import end_absence
from inbox.actions.assignments import assign, assign_team
from inbox.actions.handoffs import forget_offers_to
from inbox.actors import Actor
from inbox.bulk import take_back_each
from inbox.db import Database
from inbox.errors import Invalid
from inbox.locks import lock_conversations
from inbox.models import UNFINISHED, Agent, Because, Case, Team, Undo
from inbox.policies import Action, authorize

AT_ONCE = 50  # cases in a transaction: others write in between


@dataclass(frozen=True, slots=True)
class Leaving:
    """How many cases went elsewhere, and the id of the one undo for everything."""

    cases: int
    undo_id: str


async def let_go(database: Database, agent: Agent, *, to: Agent | Team | None, by: Agent) -> Leaving:
    """Deactivate an agent and give their unfinished cases to somebody, into a team's queue or (None) back to
    the queue of each one's team. Where they were deactivated before, only the cases move.

    Raises Conflict for the last admin, Invalid for a receiver who cannot take them.
    """
    authorize(Actor.agent(by), Action.ADMINISTER)
    if isinstance(to, Agent) and (to.id == agent.id or to.deactivated_at is not None):
        raise Invalid("Choose somebody else for the cases: they cannot take them.", field="to")
    undo_id, public_id = await _begin(database, agent, by)
    done, last = 0, 0
    while True:
        async with database.transaction() as session:
            row, leaver = await session.get_one(Undo, undo_id), await session.get_one(Agent, agent.id)
            cases = await _cases(session, leaver, last)
            for case in cases:
                await _give(session, case, leaver, to, by, row)
            if not cases:
                return Leaving(done, public_id)
            done, last = done + len(cases), cases[-1].id


async def _begin(database: Database, agent: Agent, by: Agent) -> tuple[int, str]:
    """No session, socket or token of theirs works from now on, and nothing is offered to them any more."""
    async with database.transaction() as session:
        leaver = await session.get_one(Agent, agent.id)
        was_here = leaver.deactivated_at is None
        await agents.deactivate(session, leaver, by=Actor.agent(by))
        await end_absence(session, leaver, by=Actor.agent(by))
        await forget_offers_to(session, leaver, by=by)
        journal = {"agent": leaver.id, "was_here": was_here, "undos": []}
        row = await undos.remember(session, by=by, action="deactivate", journal=journal, case=None)
        if row is None:
            raise TypeError("only agents let somebody go")
        return row.id, row.public_id


async def _cases(session: AsyncSession, leaver: Agent, last: int) -> Sequence[Case]:
    query = select(Case).where(
        Case.assignee_id == leaver.id,
        Case.status.in_(UNFINISHED),
        Case.joined_into_id.is_(None),
        Case.id > last,
    )
    cases = (await session.scalars(query.order_by(Case.id).limit(AT_ONCE))).all()
    await lock_conversations(session, [case.conversation_id for case in cases])
    return cases


async def _give(
    session: AsyncSession, case: Case, leaver: Agent, to: Agent | Team | None, by: Agent, row: Undo
) -> None:
    """One case; its own undo is kept with the others."""
    if isinstance(to, Team):
        await assign_team(session, case, team=to, by=by, because=Because.LEFT, instead_of=leaver)
        await _note_undo(session, by, row)
    receiver = to if isinstance(to, Agent) else None
    await assign(session, case, to=receiver, by=by, because=Because.LEFT, instead_of=leaver)
    await _note_undo(session, by, row)


async def _note_undo(session: AsyncSession, by: Agent, row: Undo) -> None:
    newest = await undos.latest(session, by=by)
    if newest is not None and newest.id != row.id and newest.id not in row.journal["undos"]:
        row.journal = {**row.journal, "undos": [*row.journal["undos"], newest.id]}


@undos.undoable("deactivate")
async def _take_back(session: AsyncSession, row: Undo, by: Agent) -> None:
    """They work here again, and get back what nobody has taken since."""
    agent = await session.get_one(Agent, row.journal["agent"])
    if row.journal["was_here"]:
        await agents.activate(session, agent, by=Actor.agent(by))
    await take_back_each(session, row, by)  # what somebody has taken or passed on since stays as it is
