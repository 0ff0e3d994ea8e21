"""What a visitor may see, and nothing else: an allow-list.

Their own messages and what was sent to them. Once they are proven to be somebody (a signed identity, a mailed
code), also what was said on the other channels of that person, as far as proofs reach: an agent's merge puts
more into the conversation, but shows none of it to the visitor. Never notes, and nobody else's words.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import AddressKind, Verdict
from inbox.models import (
    AuthorKind,
    Customer,
    Delivery,
    DeliveryState,
    Direction,
    Identity,
    Message,
    Strand,
    Tie,
)

ARRIVED = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The identities whose messages a visitor may see: their browsers' (`visitors`) and others' of theirs
    (`proven`: user ids, email addresses)."""

    own: int
    visitors: frozenset[int]
    proven: frozenset[int] = frozenset()

    @property
    def identities(self) -> frozenset[int]:
        return self.visitors | self.proven

    @property
    def values(self) -> dict[str, list[int]]:
        """What `IS_VISIBLE` asks for, for the execution of a statement."""
        return {"sight_visitors": sorted(self.visitors), "sight_proven": sorted(self.proven)}


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    kind: str
    origin: int


async def sight_of(session: AsyncSession, identity: Identity) -> Sight:
    """How far a visitor's identity sees."""
    known = await _known(session, identity)
    ties = await _ties(session, [each.id for each in known])
    tied = {end for tie in ties for end in tie}
    if identity.id not in tied:
        return Sight(own=identity.id, visitors=frozenset({identity.id}))
    marks = await session.scalar(select(Customer.marks).where(Customer.id == identity.customer_id))
    seen = _one_person(known, ties, identity.id) if marks else _joined_on_proof(known, ties, identity.id)
    visitors = {each.id for each in seen if each.kind == AddressKind.VISITOR and each.id in tied}
    proven = {each.id for each in seen if each.kind != AddressKind.VISITOR}
    return Sight(own=identity.id, visitors=frozenset(visitors), proven=frozenset(proven))


async def visible_messages(
    session: AsyncSession, identity: Identity, after: int | None = None, limit: int = 50
) -> Sequence[Message]:
    """The messages that a visitor may see, oldest first: those placed after a position, else the newest."""
    query, values = select(Message).where(IS_VISIBLE).limit(limit), (await sight_of(session, identity)).values
    if after is not None:
        ascending = query.where(Message.position > after).order_by(Message.position, Message.id)
        return (await session.scalars(ascending, values)).all()
    newest = query.order_by(Message.position.desc(), Message.id.desc())
    return list(reversed((await session.scalars(newest, values)).all()))


def _is_visible() -> ColumnElement[bool]:
    genuine = and_(
        Message.claimed.is_(False), Message.dmarc != Verdict.FAIL, Message.automatic.is_(None)
    )  # what anybody may have sent in their name is not shown to them as theirs
    written = and_(
        Message.direction == Direction.INBOUND,
        or_(
            Message.identity_id.in_(_VISITORS),
            and_(Message.identity_id.in_(_PROVEN), genuine),
        ),
    )
    return and_(Message.is_spam.is_(False), or_(written, _was_sent_to()))


def _was_sent_to() -> ColumnElement[bool]:
    """Into a chat what was sent through the chat, and mail to an address that is proven to be theirs: another
    answer by mail went to an address that the browser need not own. A mail that carried chat replies shows
    nothing new."""
    own_addresses = (
        select(Identity.address)
        .where(Identity.id.in_(_PROVEN), Identity.kind == AddressKind.EMAIL)
        .scalar_subquery()
    )
    to_them = select(Delivery.id).where(
        Delivery.message_id == Message.id, Delivery.address.in_(own_addresses)
    )
    in_chat = select(Strand.id).where(Strand.identity_id.in_(_VISITORS))
    by_chat = select(Strand.id).where(
        Strand.identity_id.in_(_VISITORS), Strand.channel_id == Message.channel_id
    )
    otherwise = select(Strand.id).where(Strand.identity_id.in_(_PROVEN))
    return and_(
        Message.direction == Direction.OUTBOUND,
        Message.delivery.in_(ARRIVED),
        Message.author_kind != AuthorKind.SYSTEM,
        or_(
            Message.strand_id.in_(by_chat.correlate(Message)),
            Message.strand_id.in_(otherwise),
            and_(Message.strand_id.in_(in_chat), to_them.correlate(Message).exists()),
        ),
    )


_VISITORS: BindParameter[int] = bindparam("sight_visitors", expanding=True)
_PROVEN: BindParameter[int] = bindparam("sight_proven", expanding=True)

# Made once: it is asked for each message of each chat, and making it costs more than running it.
IS_VISIBLE = _is_visible()
"""A condition on Message: a visitor may see it whose `Sight.values` the statement is given."""


async def _known(session: AsyncSession, identity: Identity) -> list[_Known]:
    origin = func.coalesce(Identity.origin_customer_id, Identity.customer_id)
    rows = await session.execute(
        select(Identity.id, Identity.kind, origin).where(Identity.customer_id == identity.customer_id)
    )
    return [_Known(*row) for row in rows]


async def _ties(session: AsyncSession, ids: Sequence[int]) -> list[tuple[int, int]]:
    both = and_(Tie.identity_id.in_(ids), Tie.other_identity_id.in_(ids))
    rows = await session.execute(select(Tie.identity_id, Tie.other_identity_id).where(both))
    return [(one, other) for one, other in rows]


def _one_person(known: Sequence[_Known], ties: Sequence[tuple[int, int]], own: int) -> Iterable[_Known]:
    """Behind a shared address there are several people: a signed user and their browsers, but no mailbox."""
    persons = {each.id for each in known if each.kind != AddressKind.EMAIL}
    reached = _reached(own, [tie for tie in ties if persons.issuperset(tie)])
    return [each for each in known if each.id in reached]


def _joined_on_proof(known: Sequence[_Known], ties: Sequence[tuple[int, int]], own: int) -> Iterable[_Known]:
    """Ties join the customers that identities came to be with; what an agent's merge brought has another
    origin, to which no tie leads."""
    origins = {each.id: each.origin for each in known}
    reached = _reached(origins[own], [(origins[one], origins[other]) for one, other in ties])
    return [each for each in known if each.origin in reached]


def _reached(start: int, edges: Sequence[tuple[int, int]]) -> set[int]:
    reached, fresh = set(), {start}
    while fresh:
        reached |= fresh
        near = {end for edge in edges if reached.intersection(edge) for end in edge}
        fresh = near - reached
    return reached
