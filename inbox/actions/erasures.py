"""A visitor asks for their data to be deleted: filed for an agent, never done by itself. Whoever sits before
a browser need not be whose data it is."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import cases
from inbox.actions.events import record
from inbox.actors import Actor
from inbox.holding import hold_case
from inbox.models import Case, CaseTag, Customer, EventKind, Identity, Message, Tag
from inbox.queries.visitors import sight_of

TAG = "delete data"


async def ask_erasure(session: AsyncSession, visitor: Identity, message: Message) -> None:
    """Mark the case of the message that asks: with a tag, to find it by, and with an event that says whether
    the visitor has proved who they are. Asking again while the tag is there changes nothing."""
    case = await session.get(Case, message.case_id) if message.case_id is not None else None
    if case is None:
        return
    conversation = await hold_case(session, case)
    tags = select(Tag.name).join(CaseTag, CaseTag.tag_id == Tag.id).where(CaseTag.case_id == case.id)
    names = list(await session.scalars(tags))
    if TAG in names:
        return
    actor = Actor.customer(await session.get_one(Customer, conversation.customer_id))
    record(
        session,
        EventKind.CUSTOMER_ASKED_ERASURE,
        actor=actor,
        conversation=conversation,
        case=case,
        data={"message": message.public_id, "proved": bool((await sight_of(session, visitor)).proven)},
    )
    await cases.change(session, case, by=actor, tags=[*names, TAG])
