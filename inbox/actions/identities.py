"""Who a visitor is proven to be, and which addresses are only said to be theirs.

Two proofs exist: an identity that the host page's server signed, and a code mailed to an address and typed in
that same session. They tie identities, and join customers where that needs it. What is only typed is a claim:
where it names somebody, agents are asked, and the visitor sees no more than before.
"""

from dataclasses import dataclass

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.claims import claim_address, find_identity, settle_claims
from inbox.actions.events import record
from inbox.actions.merges import merge
from inbox.actors import SYSTEM
from inbox.addresses import name_for, normalise_email
from inbox.envelopes import AddressKind
from inbox.errors import Invalid
from inbox.locks import lock_conversations
from inbox.models import (
    Channel,
    Claim,
    ClaimState,
    Conversation,
    Customer,
    EventKind,
    Identity,
    Proof,
    Tie,
)
from inbox.queries.redirects import conversation_of

__all__ = [
    "Identified",
    "claim_address",
    "identify",
    "prove_email",
    "recognise",
    "recognise_mailbox",
    "user_address",
]

SIGNED = "signed"  # the source of a claim that the host page's server signed for


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """What a proof came to. `fresh_visitor`: this browser was somebody else's; nothing was changed, and the
    proof must be given anew for a new visitor. `proved` says whether the visitor may see more now."""

    visitor: Identity
    customer: Customer
    fresh_visitor: bool = False
    proved: bool = True


async def identify(
    session: AsyncSession,
    visitor: Identity,
    *,
    channel: Channel,
    user_id: str,
    email: str | None = None,
    name: str = "",
) -> Identified:
    """Tie a visitor to the user that the host page's server has signed for.

    The user id decides whose conversation it is. Its email becomes an identity if nobody owns it; its owner
    is joined if the user id is new; otherwise it is a claim.
    """
    address = user_address(channel, user_id)
    user = await find_identity(session, AddressKind.USER, address)
    owner = await find_identity(session, AddressKind.EMAIL, normalise_email(email)) if email else None
    await _hold(session, visitor, user, owner)
    if await _was_somebody_else(session, visitor, user, address, owner):
        return Identified(
            visitor=visitor, customer=await _customer(session, visitor), fresh_visitor=True, proved=False
        )
    is_new = user is None
    if user is None:
        user = await _own(session, visitor, AddressKind.USER, address, proof=Proof.SIGNED, name=name)
    is_news = await _tie(session, visitor, user, Proof.SIGNED)
    await _join(session, visitor, user)
    if email:
        is_news |= await _sign_for_email(session, user, email, owner, is_new=is_new)
    customer = await _customer(session, visitor)
    if name and customer.name in ("", name_for(visitor.kind, visitor.address)):
        customer.name = name[:300]
    if is_news:
        await _record_proof(session, customer, AddressKind.USER, Proof.SIGNED)
    return Identified(visitor=visitor, customer=customer)


async def recognise(
    session: AsyncSession,
    address: str,
    *,
    channel: Channel,
    user_id: str,
    email: str | None = None,
    name: str = "",
) -> Identified | None:
    """The same for a browser that has written nothing yet: *address* is its visitor address.

    None where neither the user id nor the email is known: a customer comes to be with the first message, and
    `identify()` is to be called after it.
    """
    user = await find_identity(session, AddressKind.USER, user_address(channel, user_id))
    known = user
    if known is None and email:
        known = await find_identity(session, AddressKind.EMAIL, normalise_email(email))
    if known is None:
        return None
    visitor = await _own(session, known, AddressKind.VISITOR, address, proof=Proof.SIGNED, name=name)
    return await identify(session, visitor, channel=channel, user_id=user_id, email=email, name=name)


async def prove_email(session: AsyncSession, visitor: Identity, address: str) -> Identified:
    """Tie a visitor to an email address whose mailed code was typed in the visitor's own session.

    `actions.codes` mails codes and compares them; `web.visit_codes` does all of it for a panel.
    """
    email = normalise_email(address)
    identity = await find_identity(session, AddressKind.EMAIL, email)
    await _hold(session, visitor, identity)
    elsewhere = identity is not None and identity.customer_id != visitor.customer_id
    if elsewhere and await _is_only_proven_by_mail(session, visitor):
        return Identified(
            visitor=visitor, customer=await _customer(session, visitor), fresh_visitor=True, proved=False
        )
    if identity is None:
        identity = await _own(session, visitor, AddressKind.EMAIL, email, proof=Proof.CODE)
    is_news = await _tie(session, visitor, identity, Proof.CODE)
    await _join(session, visitor, identity)
    await settle_claims(session, identity)
    customer = await _customer(session, visitor)
    if is_news:
        await _record_proof(session, customer, AddressKind.EMAIL, Proof.CODE)
    return Identified(visitor=visitor, customer=customer)


async def recognise_mailbox(session: AsyncSession, address: str, email: str) -> Identified | None:
    """`prove_email()` for a browser that has written nothing yet: *address* is its visitor address.

    None where nobody owns the email: a customer comes to be with the first message, and `prove_email()` is to
    be called after it.
    """
    owner = await find_identity(session, AddressKind.EMAIL, normalise_email(email))
    if owner is None:
        return None
    visitor = await _own(session, owner, AddressKind.VISITOR, address, proof=Proof.CODE)
    return await prove_email(session, visitor, email)


def user_address(channel: Channel, user_id: str) -> str:
    """The address of a user of the host's own site. Raises Invalid where the id is empty or too long."""
    address = f"{channel.public_key}:{user_id}"
    if not user_id or len(address) > 400:
        raise Invalid("A user id has between 1 and 200 characters.", field="id")
    return address


async def _hold(session: AsyncSession, *identities: Identity | None) -> None:
    """Lock their conversations, all at once and so in order, and read whose they are now: a merge may have
    moved them while we waited."""
    held = [identity for identity in identities if identity is not None]
    locked: set[int] = set()
    while locked != (owners := {identity.customer_id for identity in held}):
        query = select(Conversation.id).where(Conversation.customer_id.in_(owners))
        await lock_conversations(session, await session.scalars(query))
        locked = owners
        for identity in held:
            await session.refresh(identity)


async def _customer(session: AsyncSession, identity: Identity) -> Customer:
    return await session.get_one(Customer, identity.customer_id)


async def _tied(session: AsyncSession, identity: Identity) -> list[Identity]:
    """The identities that this one was proven to be one person's with."""
    query = select(Identity).join(
        Tie,
        or_(
            and_(Tie.identity_id == identity.id, Tie.other_identity_id == Identity.id),
            and_(Tie.other_identity_id == identity.id, Tie.identity_id == Identity.id),
        ),
    )
    return list(await session.scalars(query.order_by(Identity.id)))


async def _was_somebody_else(
    session: AsyncSession,
    visitor: Identity,
    user: Identity | None,
    user_address: str,
    owner: Identity | None,
) -> bool:
    """Whether this browser was proven to be another user's, or the owner of a mailbox who is somebody else
    than the user: then two people have sat before it."""
    tied = await _tied(session, visitor)
    users = {each.address for each in tied if each.kind == AddressKind.USER}
    if users:
        return user_address not in users
    if not tied:
        return False
    decisive = user or owner
    return decisive is not None and decisive.customer_id != visitor.customer_id


async def _is_only_proven_by_mail(session: AsyncSession, visitor: Identity) -> bool:
    tied = await _tied(session, visitor)
    return bool(tied) and all(each.kind == AddressKind.EMAIL for each in tied)


async def _own(
    session: AsyncSession,
    near: Identity,
    kind: AddressKind,
    address: str,
    *,
    proof: Proof,
    name: str = "",
) -> Identity:
    """A new identity of the customer whom *near* belongs to, with its origin: what proofs reach from there
    they reach from here. Where another transaction was faster, the one that it made."""
    identity = Identity(
        customer_id=near.customer_id,
        origin_customer_id=near.origin_customer_id,
        kind=kind,
        address=address,
        name=name[:300],
        proof=proof,
    )
    try:
        async with session.begin_nested():
            session.add(identity)
            await session.flush()
    except IntegrityError:
        faster = await find_identity(session, kind, address)
        if faster is None:
            raise
        return faster
    return identity


async def _tie(session: AsyncSession, identity: Identity, other: Identity, proof: Proof) -> bool:
    """Remember that two identities are one person's; answers whether that is news."""
    if other.id in {each.id for each in await _tied(session, identity)}:
        return False
    session.add(Tie(identity_id=identity.id, other_identity_id=other.id, proof=proof))
    await session.flush()
    return True


async def _join(session: AsyncSession, identity: Identity, proven: Identity) -> None:
    """Join the customer of *identity* into the one who owns what was proven."""
    if identity.customer_id == proven.customer_id:
        return
    customer, into = await _customer(session, identity), await _customer(session, proven)
    await merge(session, customer, into=into, by=SYSTEM, on_proof=True)
    await session.refresh(identity)


async def _sign_for_email(
    session: AsyncSession, user: Identity, email: str, owner: Identity | None, *, is_new: bool
) -> bool:
    """The email that was signed with a user id; answers whether it proved anything new."""
    if owner is None:
        owner = await _own(session, user, AddressKind.EMAIL, normalise_email(email), proof=Proof.SIGNED)
        await _take_in_claimant(session, owner)
    if owner.customer_id == user.customer_id or is_new:
        is_news = await _tie(session, user, owner, Proof.SIGNED)
        await _join(session, user, owner)
        await settle_claims(session, owner)
        return is_news
    await claim_address(session, await _customer(session, user), email, SIGNED)
    return False


async def _take_in_claimant(session: AsyncSession, owner: Identity) -> None:
    """Join the one customer who is nothing but a claim of this address, as a first mail from it would."""
    has_identity = exists().where(Identity.customer_id == Claim.customer_id)
    claims = select(Claim.customer_id).where(
        Claim.kind == owner.kind,
        Claim.address == owner.address,
        Claim.state == ClaimState.OPEN,
        Claim.customer_id != owner.customer_id,
        ~has_identity,
    )
    claimants = (await session.scalars(claims.distinct().limit(2))).all()
    if len(claimants) == 1:
        claimant = await session.get_one(Customer, claimants[0])
        if claimant.merged_into_id is None:
            await merge(session, claimant, into=await _customer(session, owner), by=SYSTEM, on_proof=True)


async def _record_proof(session: AsyncSession, customer: Customer, kind: AddressKind, proof: Proof) -> None:
    conversation = await conversation_of(session, customer)
    data = {"kind": kind, "proof": proof, "conversations": [conversation.public_id]}
    record(session, EventKind.IDENTITY_PROVED, actor=SYSTEM, conversation=conversation, data=data)
