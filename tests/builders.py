"""Shared builders: real rows with sensible defaults, so that a test names only what it is about.

Each takes the session of a transaction and saves what it makes:

    async with database.transaction() as session:
        scene = await a_conversation(session, with_messages=2)
        agent = await an_agent(session)
"""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.cases import open_case
from inbox.actions.events import record
from inbox.actors import Actor
from inbox.envelopes import AddressKind, ChannelKind
from inbox.ids import public_id
from inbox.models import (
    Agent,
    AuthorKind,
    Case,
    Channel,
    Conversation,
    Customer,
    Delivery,
    DeliveryState,
    Direction,
    EventKind,
    Identity,
    Message,
    Proof,
    Role,
    Status,
    Strand,
    StrandParticipant,
    Team,
    TeamMember,
)
from inbox.secrets import Keys
from inbox.waiting import refresh_waiting

KEYS = Keys(["a key for tests only, long enough for everybody"])

_numbers = itertools.count(1)


@dataclass(slots=True)
class Scene:
    """A conversation with one strand in one case, and everything that belongs to it."""

    customer: Customer
    conversation: Conversation
    channel: Channel
    identity: Identity
    strand: Strand
    case: Case
    messages: list[Message] = field(default_factory=list)


async def a_customer(
    session: AsyncSession, *, name: str = "Ana Sousa", company: str = "", marks: Sequence[str] = ()
) -> Customer:
    """Somebody outside, without an address yet."""
    customer = Customer(name=name, company=company, marks=list(marks))
    session.add(customer)
    await session.flush()
    return customer


async def an_identity(
    session: AsyncSession,
    customer: Customer,
    address: str | None = None,
    *,
    kind: AddressKind = AddressKind.EMAIL,
    proof: Proof = Proof.RECEIVED,
) -> Identity:
    """An address that reaches the customer; an email address of its own where none is given."""
    identity = Identity(
        customer_id=customer.id,
        kind=kind,
        address=address or f"customer{next(_numbers)}@mail.example",
        name=customer.name,
        proof=proof,
    )
    session.add(identity)
    await session.flush()
    return identity


async def an_agent(
    session: AsyncSession, *, name: str = "Maya Okafor", email: str | None = None, role: Role = Role.AGENT
) -> Agent:
    """Somebody inside. Without a password: see the actions of agents for one who can sign in."""
    agent = Agent(name=name, email=email or f"agent{next(_numbers)}@shop.example", role=role)
    session.add(agent)
    await session.flush()
    return agent


async def a_team(session: AsyncSession, *members: Agent, name: str = "Returns") -> Team:
    """A team with these members."""
    team = Team(name=name, slug=name.lower().replace(" ", "-"))
    session.add(team)
    await session.flush()
    session.add_all(TeamMember(team_id=team.id, agent_id=member.id) for member in members)
    await session.flush()
    return team


async def a_mailbox_channel(
    session: AsyncSession,
    *,
    name: str | None = None,
    address: str | None = None,
    smtp_url: str | None = "smtp://support@127.0.0.1:2525",
    imap_url: str | None = None,
    password: str | None = "secret of a mailbox",
    default_team: Team | None = None,
) -> Channel:
    """A mailbox that can send; `smtp_url=None` for one that cannot."""
    number = next(_numbers)
    settings = {"smtp_url": smtp_url, "imap_url": imap_url}
    channel = Channel(
        kind=ChannelKind.EMAIL,
        name=name or f"Support {number}",
        address=address or f"support{number}@shop.example",
        public_key=public_id(),
        default_team_id=default_team.id if default_team else None,
        settings={key: value for key, value in settings.items() if value},
        secrets=KEYS.seal(json.dumps({"password": password})) if password else None,
        state="ok",
    )
    session.add(channel)
    await session.flush()
    return channel


async def a_webchat_channel(
    session: AsyncSession, *, name: str | None = None, default_team: Team | None = None
) -> Channel:
    """A web-chat widget."""
    return await _a_channel(session, ChannelKind.WEBCHAT, name, default_team, None)


async def a_form_channel(
    session: AsyncSession,
    *,
    name: str | None = None,
    default_team: Team | None = None,
    reply_mailbox: Channel | None = None,
) -> Channel:
    """A form, answered from *reply_mailbox*."""
    return await _a_channel(session, ChannelKind.FORM, name, default_team, reply_mailbox)


async def _a_channel(
    session: AsyncSession,
    kind: ChannelKind,
    name: str | None,
    default_team: Team | None,
    reply_mailbox: Channel | None,
) -> Channel:
    channel = Channel(
        kind=kind,
        name=name or f"{kind.value.capitalize()} {next(_numbers)}",
        public_key=public_id(),
        default_team_id=default_team.id if default_team else None,
        reply_mailbox_id=reply_mailbox.id if reply_mailbox else None,
        state="ok",
    )
    session.add(channel)
    await session.flush()
    return channel


async def a_conversation(
    session: AsyncSession,
    *,
    with_messages: int = 1,
    customer: Customer | None = None,
    identity: Identity | None = None,
    channel: Channel | None = None,
    subject: str = "Order 48213",
    assignee: Agent | None = None,
    status: Status = Status.OPEN,
    text: str = "Where is my order?",
) -> Scene:
    """A customer's conversation with one strand, one case and so many inbound messages."""
    customer = customer or await a_customer(session)
    channel = channel or await a_mailbox_channel(session)
    identity = identity or await _identity_for(session, customer, channel)
    conversation = Conversation(customer_id=customer.id)
    session.add(conversation)
    await session.flush()
    case = await open_case(session, conversation, subject=subject, channel=channel, status=status)
    case.assignee_id = assignee.id if assignee else None
    strand = await a_strand(session, conversation, channel, case=case, identity=identity, subject=subject)
    scene = Scene(customer, conversation, channel, identity, strand, case)
    for number in range(with_messages):
        words = text if number == 0 else f"{text} ({number + 1})"
        scene.messages.append(await an_inbound_message(session, scene, text=words))
    return scene


async def _identity_for(session: AsyncSession, customer: Customer, channel: Channel) -> Identity:
    if channel.kind == ChannelKind.WEBCHAT:
        address = f"{channel.public_key}:{public_id()}"
        return await an_identity(session, customer, address, kind=AddressKind.VISITOR)
    return await an_identity(session, customer)


async def a_strand(
    session: AsyncSession,
    conversation: Conversation,
    channel: Channel,
    *,
    case: Case | None = None,
    identity: Identity | None = None,
    subject: str = "",
    participants: Sequence[tuple[str, bool]] = (),
) -> Strand:
    """A strand; *participants* are (address, confirmed)."""
    strand = Strand(
        conversation_id=conversation.id,
        origin_conversation_id=conversation.id,
        case_id=case.id if case else None,
        channel_id=channel.id,
        identity_id=identity.id if identity else None,
        subject=subject,
        mailbox=channel.address,
    )
    session.add(strand)
    await session.flush()
    for address, confirmed in participants:
        confirmed_at = clock.now() if confirmed else None
        session.add(
            StrandParticipant(strand_id=strand.id, address=address, put_by="cc", confirmed_at=confirmed_at)
        )
    await session.flush()
    return strand


async def an_inbound_message(
    session: AsyncSession,
    scene: Scene,
    *,
    text: str = "Where is my order?",
    strand: Strand | None = None,
    case: Case | None = None,
    cc: Sequence[str] = (),
    external_id: str | None = None,
) -> Message:
    """What the scene's customer wrote, with its event; its strand and case wait from now on."""
    strand, case, moment = strand or scene.strand, case or scene.case, clock.now()
    message = Message(
        **_place(scene.conversation, strand, case),
        identity_id=scene.identity.id,
        direction=Direction.INBOUND,
        author_kind=AuthorKind.CUSTOMER,
        author_name=scene.customer.name,
        author_address=scene.identity.address,
        sender=[{"name": scene.customer.name, "address": scene.identity.address}],
        to=[{"name": "", "address": strand.mailbox}] if strand.mailbox else [],
        cc=[{"name": "", "address": address} for address in cc],
        subject=strand.subject,
        text=text,
        external_id=external_id or f"{public_id()}@mail.example",
        created_at=moment,
    )
    session.add(message)
    strand.last_inbound_at = strand.last_message_at = moment
    _newest(case, message, moment)
    scene.conversation.last_message_at = moment
    await refresh_waiting(session, case)
    _record(session, EventKind.MESSAGE_RECEIVED, Actor.customer(scene.customer), scene, case, message)
    return message


async def another_question(session: AsyncSession, scene: Scene, *, subject: str, text: str) -> Strand:
    """The customer asks something else, in a second strand of the same case."""
    strand = await a_strand(
        session,
        scene.conversation,
        scene.channel,
        case=scene.case,
        identity=scene.identity,
        subject=subject,
    )
    scene.messages.append(await an_inbound_message(session, scene, strand=strand, text=text))
    return strand


async def the_customer_writes(session: AsyncSession, scene: Scene, *, text: str = "And now?") -> Message:
    """A further message in a scene that an earlier transaction has made; its case is open then."""
    case = await session.get_one(Case, scene.case.id)
    case.status, case.snoozed_until, case.resolved_at = Status.OPEN, None, None
    now = Scene(
        scene.customer,
        await session.get_one(Conversation, scene.conversation.id),
        scene.channel,
        scene.identity,
        await session.get_one(Strand, scene.strand.id),
        case,
    )
    return await an_inbound_message(session, now, text=text)


async def an_outbound_message(
    session: AsyncSession,
    scene: Scene,
    *,
    by: Agent,
    text: str = "It leaves our workshop tomorrow.",
    strand: Strand | None = None,
    case: Case | None = None,
    delivery: DeliveryState = DeliveryState.SENT,
) -> Message:
    """What an agent wrote, already gone (no outbox entry)."""
    strand, case, moment = strand or scene.strand, case or scene.case, clock.now()
    message = Message(
        **_place(scene.conversation, strand, case),
        direction=Direction.OUTBOUND,
        author_kind=AuthorKind.AGENT,
        author_agent_id=by.id,
        author_name=by.name,
        to=[{"name": scene.customer.name, "address": scene.identity.address}],
        subject=f"Re: {strand.subject}",
        text=text,
        external_id=f"{public_id()}@shop.example",
        delivery=delivery,
        delivery_at=moment,
        created_at=moment,
    )
    session.add(message)
    await session.flush()
    session.add(Delivery(message_id=message.id, address=scene.identity.address, state=delivery, at=moment))
    strand.last_message_at = moment
    _newest(case, message, moment)
    await refresh_waiting(session, case)
    _record(session, EventKind.MESSAGE_QUEUED, Actor.agent(by), scene, case, message)
    return message


def _place(conversation: Conversation, strand: Strand, case: Case) -> dict[str, int]:
    return {
        "conversation_id": conversation.id,
        "origin_conversation_id": conversation.id,
        "strand_id": strand.id,
        "case_id": case.id,
        "channel_id": strand.channel_id,
    }


def _newest(case: Case, message: Message, moment: datetime) -> None:
    case.last_message_at = moment
    case.last_direction = message.direction
    case.last_author = message.author_name
    case.preview = message.text[:300]


def _record(
    session: AsyncSession, kind: EventKind, actor: Actor, scene: Scene, case: Case, message: Message
) -> None:
    record(session, kind, actor=actor, conversation=scene.conversation, case=case, message=message)
