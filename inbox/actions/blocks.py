"""Not hearing from somebody: what a blocked customer sends is kept as spam, opens nothing and wakes nobody.

They are not told. What we write to them still leaves.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions import audit
from inbox.actions.events import record
from inbox.actions.resolutions import mark_spam, unmark_spam
from inbox.actions.undos import remember, undoable
from inbox.actors import Actor
from inbox.errors import Conflict, Invalid
from inbox.holding import hold_conversation
from inbox.models import (
    UNFINISHED,
    Agent,
    AuditKind,
    Block,
    Case,
    Conversation,
    Customer,
    EventKind,
    Identity,
    Status,
    Undo,
)
from inbox.policies import Action, authorize, visible_to
from inbox.queries.redirects import conversation_of

LONGEST_REASON = 500


async def block(
    session: AsyncSession,
    customer: Customer,
    *,
    by: Agent,
    identity: Identity | None = None,
    reason: str = "",
    with_cases: bool = False,
    origin: str = "",
) -> Block:
    """Keep as spam what the customer sends from now on, or only what comes from one *identity* of theirs.

    *with_cases* judges their unfinished cases as spam, too. It can be undone. Raises Conflict where that is
    so already, Invalid for somebody else's identity.
    """
    actor = Actor.agent(by)
    authorize(actor, Action.CHANGE)
    conversation = await conversation_of(session, customer)
    await hold_conversation(session, conversation)
    if identity is not None and identity.customer_id != customer.id:
        raise Invalid("This address is somebody else's.", field="identity")
    if len(reason) > LONGEST_REASON:
        raise Invalid("Use at most %(most)d characters.", most=LONGEST_REASON, field="reason")
    for standing in await standing_blocks(session, customer):
        if standing.identity_id in (None, identity.id if identity else None):
            raise Conflict("This is blocked already.")
    row = Block(
        customer_id=customer.id,
        identity_id=identity.id if identity else None,
        agent_id=by.id,
        reason=" ".join(reason.split()),
    )
    session.add(row)
    await session.flush()
    cases = await _mark_cases(session, conversation, by) if with_cases else []
    _record(session, EventKind.CUSTOMER_BLOCKED, conversation, customer, row, by)
    subject, kind = f"customer {customer.public_id}", AuditKind.CUSTOMER_BLOCKED
    audit.note(session, kind, by=by, subject=subject, origin=origin, reason=row.reason, cases=len(cases))
    journal = {"block": row.id, "cases": [case.id for case in cases]}
    await remember(session, by=by, action="block", journal=journal, case=None)
    return row


async def unblock(session: AsyncSession, row: Block, *, by: Agent, origin: str = "") -> None:
    """Hear from them again; what came meanwhile stays where it is. Raises Conflict where it has ended."""
    authorize(Actor.agent(by), Action.CHANGE)
    customer = await session.get_one(Customer, row.customer_id)
    conversation = await conversation_of(session, customer)
    await hold_conversation(session, conversation)
    await session.refresh(row)
    if row.ended_at is not None:
        raise Conflict("This block has ended already.")
    row.ended_at, row.ended_by_id = clock.now(), by.id
    await session.flush()
    _record(session, EventKind.CUSTOMER_UNBLOCKED, conversation, customer, row, by)
    subject = f"customer {customer.public_id}"
    audit.note(session, AuditKind.CUSTOMER_UNBLOCKED, by=by, subject=subject, origin=origin)
    await remember(session, by=by, action="unblock", journal={"block": row.id}, case=None)


async def standing_blocks(session: AsyncSession, customer: Customer) -> list[Block]:
    """What of the customer is blocked now."""
    query = select(Block).where(Block.customer_id == customer.id, Block.ended_at.is_(None))
    return list(await session.scalars(query.order_by(Block.id)))


@undoable("block")
async def _hear_again(session: AsyncSession, undo: Undo, by: Agent) -> None:
    await unblock(session, await session.get_one(Block, undo.journal["block"]), by=by)
    for case_id in undo.journal["cases"]:
        case = await session.get_one(Case, case_id)
        if case.status == Status.SPAM:
            await unmark_spam(session, case, by=by)


@undoable("unblock")
async def _block_again(session: AsyncSession, undo: Undo, by: Agent) -> None:
    ended = await session.get_one(Block, undo.journal["block"])
    customer = await session.get_one(Customer, ended.customer_id)
    identity = await session.get(Identity, ended.identity_id) if ended.identity_id else None
    await block(session, customer, by=by, identity=identity, reason=ended.reason)


async def _mark_cases(session: AsyncSession, conversation: Conversation, by: Agent) -> list[Case]:
    own = (Case.conversation_id == conversation.id, Case.joined_into_id.is_(None))
    query = select(Case).where(*own, Case.status.in_(UNFINISHED), visible_to(Actor.agent(by)))
    cases = list(await session.scalars(query.order_by(Case.id)))
    for case in cases:
        await mark_spam(session, case, by=by)
    return cases


def _record(
    session: AsyncSession,
    kind: EventKind,
    conversation: Conversation,
    customer: Customer,
    row: Block,
    by: Agent,
) -> None:
    data = {"customer": customer.public_id, "block": row.public_id, "identity": row.identity_id is not None}
    record(session, kind, actor=Actor.agent(by), conversation=conversation, data=data)
