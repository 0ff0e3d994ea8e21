"""Where something can be moved: customers and their cases, found by name, address or case number."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Case, Conversation, Customer, Status
from inbox.policies import visible_to
from inbox.queries import customers
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_customer

MOST_FOUND = 8
MOST_CASES = 5


@dataclass(frozen=True, slots=True)
class Destination:
    """A customer's thread and the cases in it, the newest first."""

    customer_id: str
    face: Face
    addresses: tuple[str, ...]
    cases: Sequence[Case]


async def found(session: AsyncSession, actor: Actor, words: str) -> list[Destination]:
    """The customers that *words* may mean: a case number, or a part of a name, company or address."""
    number = words.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 18:
        query = select(Customer).join(Conversation, Conversation.customer_id == Customer.id)
        query = query.join(Case, Case.conversation_id == Conversation.id)
        rows = (await session.scalars(query.where(Case.number == int(number), visible_to(actor)))).all()
        known = await customers.known(session, rows)
    else:
        known = list((await customers.page(session, words=words, limit=MOST_FOUND)).items)
    return [await _destination(session, actor, one) for one in known if one.conversation]


async def cases_beside(session: AsyncSession, actor: Actor, conversation_id: int) -> Sequence[Case]:
    """The cases of a conversation that something can be moved into."""
    query = select(Case).where(
        Case.conversation_id == conversation_id,
        Case.joined_into_id.is_(None),
        Case.status != Status.SPAM,
        visible_to(actor),
    )
    return (await session.scalars(query.order_by(Case.id.desc()).limit(MOST_CASES))).all()


async def _destination(session: AsyncSession, actor: Actor, one: customers.Known) -> Destination:
    assert one.conversation is not None
    addresses = [identity.address for identity in one.identities if identity.kind == "email"]
    cases = await cases_beside(session, actor, one.conversation.id)
    face = face_of_customer(one.customer)
    return Destination(one.customer.public_id, face, tuple(addresses[:3]), cases)
