"""One action on many cases: each in a savepoint of its own, a few in each transaction, one undo for all.

A case that cannot take part (somebody has changed it, it is spam) is left as it is and told.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import undos
from inbox.actions.events import attempting
from inbox.actors import Actor
from inbox.db import Database
from inbox.errors import Conflict, Invalid, NotFound
from inbox.locks import lock_conversations
from inbox.models import Agent, Case, Undo
from inbox.phrases import Phrase, phrase
from inbox.policies import Action, authorize, visible_to

MOST = 500
AT_ONCE = 20  # cases in a transaction: others write in between

Change = Callable[[AsyncSession, Case, Agent], Awaitable[None]]
"""What is done to each case."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many cases were changed, why others were not (a sentence for each), and the id of the one undo;
    None where nothing was changed."""

    done: int
    refused: Sequence[Phrase]
    undo_id: str | None


async def change_each(database: Database, numbers: Sequence[int], change: Change, *, by: Agent) -> Outcome:
    """Do the same to each of these cases, as far as the agent may see them. Raises Invalid for too many."""
    if len(numbers) > MOST:
        raise Invalid("At most %(most)s at once. Choose fewer.", most=MOST, field="number")
    authorize(Actor.agent(by), Action.CHANGE)
    done, refused, bulk_id = 0, list[Phrase](), None
    for begin in range(0, len(numbers), AT_ONCE):
        async with database.transaction() as session:
            bulk = await _bulk(session, bulk_id, by)
            for case in await _cases(session, numbers[begin : begin + AT_ONCE], by):
                number, before = case.number, await undos.latest(session, by=by)
                try:
                    async with attempting(session):
                        await change(session, case, by)
                except (Conflict, Invalid, NotFound) as problem:
                    refused.append(phrase("#%(number)s: %(problem)s", number=number, problem=problem.phrase))
                    continue
                done += 1
                after = await undos.latest(session, by=by)
                if after is not None and after is not before:
                    bulk.journal = {"undos": [*bulk.journal["undos"], after.id]}
            bulk_id = bulk.id
            public_id = bulk.public_id if bulk.journal["undos"] else None
    return Outcome(done, refused, public_id if numbers else None)


async def _bulk(session: AsyncSession, bulk_id: int | None, by: Agent) -> Undo:
    if bulk_id is not None:
        return await session.get_one(Undo, bulk_id)
    bulk = await undos.remember(session, by=by, action="bulk", journal={"undos": []}, case=None)
    if bulk is None:
        raise TypeError("only agents act on many cases at once")
    return bulk


async def _cases(session: AsyncSession, numbers: Sequence[int], by: Agent) -> Sequence[Case]:
    query = select(Case).where(Case.number.in_(numbers), visible_to(Actor.agent(by)))
    cases = (await session.scalars(query.order_by(Case.conversation_id, Case.id))).all()
    await lock_conversations(session, [case.conversation_id for case in cases])
    return cases


@undos.undoable("bulk")
async def _undo_each(session: AsyncSession, bulk: Undo, by: Agent) -> None:
    """Take back each one's own change; one that something has happened to since stays as it is."""
    changes, kept = await take_back_each(session, bulk, by)
    if changes and kept == changes:
        raise Conflict("Something has happened to each of them since. They stay as they are.")
    bulk.journal = {**bulk.journal, "kept": kept}


async def take_back_each(session: AsyncSession, job: Undo, by: Agent) -> tuple[int, int]:
    """Take back the changes that a job's journal names, newest first; answers how many there were, and how
    many stay as they are because something has happened to their case since."""
    rows = select(Undo).where(Undo.id.in_(job.journal["undos"]), Undo.undone_at.is_(None))
    changes = (await session.scalars(rows.order_by(Undo.id.desc()))).all()
    touched = select(Case.conversation_id).where(Case.id.in_({one.case_id for one in changes}))
    await lock_conversations(session, await session.scalars(touched))
    kept = 0
    for one in changes:
        try:
            async with attempting(session):
                await undos.undo(session, one.public_id, by=by)
        except Conflict:
            kept += 1
    return len(changes), kept
