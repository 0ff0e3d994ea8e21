"""Telling a customer whom we bring in: a line of ours that answers nothing, so they wait on as before."""

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.addressing import envelope_for
from inbox.actions.queueing import Desk, ReplySettings, Words, queue
from inbox.actors import Actor
from inbox.errors import Conflict
from inbox.holding import hold_case
from inbox.models import Agent, Case, Message, Status
from inbox.policies import Action, authorize
from inbox.queries.introductions import way_to_tell


async def introduce(
    session: AsyncSession, case: Case, *, text: str, by: Agent, settings: ReplySettings
) -> Message:
    """Write to the customer of a case who looks after them next, on the strand that reaches them.

    Raises Conflict where nobody can be reached or the case is finished, Invalid for what cannot be sent.
    """
    authorize(Actor.agent(by), Action.REPLY)
    conversation = await hold_case(session, case)
    way = await way_to_tell(session, case)
    if way is None or not case.is_unfinished or case.status == Status.SPAM:
        raise Conflict("The customer cannot be told: no message reaches them from this case.")
    envelope = await envelope_for(session, way.strand, channel=None, to=None, cc=None, bcc=())
    return await queue(
        session,
        Desk(conversation, way.strand, case),
        by=by,
        words=Words(text=text),
        envelope=envelope,
        settings=settings,
        is_answer=False,
    )
