"""One browser's dealings with one web-chat channel: whose it is, what it writes, what it proves.

The socket and the HTTP fall-back do the same through here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from channels.webchat import parser
from channels.webchat.signatures import SignedIdentity, verify
from channels.webchat.tokens import VisitorTokens, digest_of, visitor_id_of
from inbox import clock
from inbox.accounts import unsealed
from inbox.actions import deliveries, identities, visitors
from inbox.actions.claims import TYPED
from inbox.addresses import normalise_email
from inbox.envelopes import AddressKind, InboundAttachment
from inbox.errors import Conflict, Invalid, NotPermitted
from inbox.models import Channel, Customer, DeliveryState, Direction, Identity, IntakeState, Message
from inbox.queries import visitor_views
from inbox.queries.visitor_views import View
from web import staged_files
from web.installation import Installation
from web.rates import address_block

TOKEN_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A browser at a channel. `is_kept` says that its token has been stored, `since` when; `signed` is what
    it has proved."""

    installation: Installation
    channel: Channel
    token: str
    visitor_id: str
    is_kept: bool = False
    claimed_email: str | None = None
    signed: Mapping[str, Any] | None = None
    proved_email: str | None = None
    since: datetime | None = None

    @property
    def address(self) -> str:
        """The address of its visitor identity."""
        return f"{self.channel.public_key}:{self.visitor_id}"

    async def stands(self) -> bool:
        """Whether its token is still good: who signs out, or proves to be somebody, does so in every tab."""
        if not self.is_kept:
            return True
        async with self.installation.database.glancing() as session:
            kept = await visitor_views.token_by_digest(session, self.channel.id, digest_of(self.token))
        return kept is None or kept.revoked_at is None or kept.revoked_at > clock.now()

    async def view(self) -> View:
        """What it may see now."""
        async with self.installation.database.glancing() as session:
            return await visitor_views.view_of(session, self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """What a visitor sends, checked."""

    client_id: str
    text: str
    page: str | None
    files: Sequence[InboundAttachment]
    name: str = ""
    fields: Sequence[tuple[str, str]] = ()


async def admit(installation: Installation, channel: Channel, token: object) -> Visit:
    """The visit that a token stands for; a token that is missing, void or not ours gets a new one."""
    tokens = VisitorTokens(installation.keys.derive_all("visitor tokens"))
    if not isinstance(token, str) or not tokens.is_ours(token, channel.public_key):
        return _fresh(installation, channel, tokens)
    async with installation.database.glancing() as session:
        kept = await visitor_views.token_by_digest(session, channel.id, digest_of(token))
    if kept is None:
        return Visit(installation=installation, channel=channel, token=token, visitor_id=visitor_id_of(token))
    if kept.revoked_at is not None and kept.revoked_at <= clock.now():
        return _fresh(installation, channel, tokens)
    return Visit(
        installation=installation,
        channel=channel,
        token=token,
        visitor_id=kept.visitor_id,
        is_kept=True,
        claimed_email=kept.claimed_email,
        signed=kept.signed,
        proved_email=kept.proved_email,
        since=kept.created_at,
    )


async def renewed(visit: Visit) -> Visit:
    """The visit, with a new token in the place of one that is older than a month."""
    if visit.since is None or clock.now() - visit.since < TOKEN_LIFE:
        return visit
    tokens = VisitorTokens(visit.installation.keys.derive_all("visitor tokens"))
    token = tokens.mint(visit.channel.public_key)
    async with visit.installation.database.transaction() as session:
        old = await visitor_views.token_by_digest(session, visit.channel.id, digest_of(visit.token))
        if old is None:
            return visit
        fresh = await visitors.renew_token(session, old, digest=digest_of(token))
        return replace(visit, token=token, since=fresh.created_at)


def wanted_email(visit: Visit) -> str | None:
    """Where they want answers when they leave: what they typed, else what is proven."""
    signed = (visit.signed or {}).get("email") or None
    return visit.claimed_email or visit.proved_email or signed


async def write(visit: Visit, message: ChatMessage, *, host: str | None) -> tuple[Visit, bool]:
    """File a message durably; answers the visit, whose token is kept from now on, and whether the message was
    known
    already: the same client_id twice is one message.

    Raises Invalid where a file of it is no longer there, Conflict where it was not filed; what was sent is
    kept all the same, for agents to look at.
    """
    visit = await _kept(visit)
    await staged_files.keep(message.files, visit.installation.blobs)
    raw = parser.write(
        visitor_id=visit.visitor_id,
        client_id=message.client_id,
        text=message.text,
        files=message.files,
        page=message.page,
        email=visit.claimed_email,
        name=str((visit.signed or {}).get("name") or message.name),
        fields=message.fields,
        received_at=clock.now(),
        ip_block=address_block(host),
    )
    reference = parser.external_id(visit.visitor_id, message.client_id)
    filed = await visit.installation.intake.submit(visit.channel.id, "webchat", raw, source_ref=reference)
    if filed.state is IntakeState.QUARANTINED:
        raise Conflict("Something is wrong with this message. We have kept it and will look at it.")
    if visit.signed:
        await _tie(visit, visit.signed)
    if visit.proved_email:
        await _tie_mailbox(visit, visit.proved_email)
    return visit, filed.known


async def claim_email(visit: Visit, typed: object) -> Visit:
    """Note where the visitor wants answers when they leave. Raises Invalid or Conflict with a sentence for
    them."""
    email = normalise_email(typed if isinstance(typed, str) else "")
    visit = await _kept(visit)
    async with visit.installation.database.transaction() as session:
        kept = await visitors.keep_token(
            session,
            channel_id=visit.channel.id,
            digest=digest_of(visit.token),
            visitor_id=visit.visitor_id,
        )
        kept.claimed_email = email
        identity = await visitor_views.identity_of(session, AddressKind.VISITOR, visit.address)
        if identity is not None:
            customer = await session.get_one(Customer, identity.customer_id)
            await identities.claim_address(session, customer, email, TYPED)
    return replace(visit, claimed_email=email)


async def acknowledge(visit: Visit, view: View, message_id: object, *, is_read: bool) -> None:
    """The panel has shown what was sent up to this message, or its reader has looked at it. A message that
    the visitor cannot see changes nothing, nor does saying it twice."""
    if not isinstance(message_id, str):
        raise Invalid("An acknowledgement names a message.", field="message")
    state = DeliveryState.READ if is_read else DeliveryState.DELIVERED
    async with visit.installation.database.reading() as session:
        message = await visitor_views.visible_message(session, view, message_id)
    if message is None or message.direction != Direction.OUTBOUND or message.delivery in (state, "read"):
        return
    async with visit.installation.database.transaction() as session:
        identity = await visitor_views.identity_of(session, AddressKind.VISITOR, visit.address)
        if identity is not None:
            up_to = await session.get_one(Message, message.id)
            await deliveries.acknowledge(session, identity, up_to=up_to, state=state)


async def identify(visit: Visit, given: Mapping[str, Any]) -> Visit:
    """Tie the browser to what the host page says of its user; answers the visit, with a new token after a
    proof.

    Without a signature it is a claim only, and refused where the channel requires one. A browser that was
    tied to another user starts afresh. Raises Invalid or NotPermitted with words for whoever wrote the host
    page.
    """
    if not given.get("signature"):
        return await _identify_unsigned(visit, given)
    secrets = unsealed(visit.channel, visit.installation.keys).get("identity_secrets") or []
    identity = verify(given, channel_key=visit.channel.public_key, secrets=secrets, moment=clock.now())
    if visit.signed and visit.signed["id"] == identity.user_id:
        return visit
    if visit.signed:
        visit = await admit(visit.installation, visit.channel, None)
    return await _prove(visit, identity)


async def _identify_unsigned(visit: Visit, given: Mapping[str, Any]) -> Visit:
    if given.get("id") or visit.channel.settings.get("identity_required"):
        raise NotPermitted(
            "identify() with an id needs a signature, made on your server with the channel's identity secret."
        )
    return await claim_email(visit, given["email"]) if given.get("email") else visit


async def _prove(visit: Visit, identity: SignedIdentity) -> Visit:
    """Give the browser a new token that carries the proof, and tie whom it already is."""
    signed = {"id": identity.user_id, "email": identity.email, "name": identity.name}
    tokens = VisitorTokens(visit.installation.keys.derive_all("visitor tokens"))
    token = tokens.mint(visit.channel.public_key)
    async with visit.installation.database.transaction() as session:
        visitor = await visitor_views.identity_of(session, AddressKind.VISITOR, visit.address)
        facts = _facts_of(visit, signed)
        if visitor is None:
            await identities.recognise(session, visit.address, **facts)
        elif (await identities.identify(session, visitor, **facts)).fresh_visitor:
            visit = _fresh(visit.installation, visit.channel, tokens)
            await identities.recognise(session, visit.address, **facts)
        old = await visitors.keep_token(
            session,
            channel_id=visit.channel.id,
            digest=digest_of(visit.token),
            visitor_id=visit.visitor_id,
        )
        await visitors.rotate_token(session, old, digest=digest_of(token), signed=signed)
    return replace(visit, token=token, signed=signed, is_kept=True)


async def _tie(visit: Visit, signed: Mapping[str, Any]) -> None:
    """Join a visitor with the user it was proved to be, if that had to wait for the first message: before it
    there was nobody to join. Repeating it changes nothing."""
    user = identities.user_address(visit.channel, signed["id"])
    async with visit.installation.database.reading() as session:
        visitor = await visitor_views.identity_of(session, AddressKind.VISITOR, visit.address)
        if visitor is None or await visitor_views.is_proved(session, visitor, user):
            return
    async with visit.installation.database.transaction() as session:
        visitor = await session.get_one(Identity, visitor.id)
        await identities.identify(session, visitor, **_facts_of(visit, signed))


async def _tie_mailbox(visit: Visit, email: str) -> None:
    """The same for a visitor who has typed the code that was mailed to this address."""
    async with visit.installation.database.transaction() as session:
        visitor = await visitor_views.identity_of(session, AddressKind.VISITOR, visit.address)
        if visitor is not None:
            await identities.prove_email(session, visitor, email)


def _facts_of(visit: Visit, signed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "channel": visit.channel,
        "user_id": signed["id"],
        "email": signed["email"] or None,
        "name": signed["name"],
    }


async def _kept(visit: Visit) -> Visit:
    if visit.is_kept:
        return visit
    async with visit.installation.database.transaction() as session:
        await visitors.keep_token(
            session,
            channel_id=visit.channel.id,
            digest=digest_of(visit.token),
            visitor_id=visit.visitor_id,
        )
    return replace(visit, is_kept=True)


def _fresh(installation: Installation, channel: Channel, tokens: VisitorTokens) -> Visit:
    token = tokens.mint(channel.public_key)
    return Visit(installation=installation, channel=channel, token=token, visitor_id=visitor_id_of(token))
