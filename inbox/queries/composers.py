"""What an agent needs to write in a conversation: which strands may be answered, whom that reaches, what
still waits, and what they have begun to write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from inbox.actors import Actor
from inbox.envelopes import ChannelKind
from inbox.errors import Conflict
from inbox.models import Agent, Case, Conversation, Draft, Message, ReadMark, Strand, Team
from inbox.queries import agents, channels, messages
from inbox.queries.recipients import Recipients, recipients_of
from inbox.queries.shown_words import label_of
from inbox.signatures import signature_of
from inbox.sizes import most_bytes

MOST_WAYS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A strand that may be answered. `recipients` is None where nobody can be reached; `problem` says why."""

    strand: Strand
    label: str
    case_number: int | None
    recipients: Recipients | None
    problem: str
    is_other_case: bool

    @property
    def is_side(self) -> bool:
        """Whether it is with a supplier, out of the customer's sight."""
        return self.strand.is_side

    @property
    def kind(self) -> str:
        """How the answer leaves: a form is answered by email."""
        return self.recipients.channel.kind if self.recipients else self.strand.channel.kind

    @property
    def asked_by(self) -> str:
        return self.strand.channel.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where an email may leave from, with the signature that stands below it and how large its files may be
    together."""

    public_id: str
    name: str
    address: str
    signature: str
    most_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """What one agent has in front of them. `seen` is the newest message of the conversation, `read_position`
    how far they have read."""

    ways: Sequence[Way]
    mailboxes: Sequence[Mailbox]
    chosen: Way | None
    reply: str
    note: str
    reply_at: datetime | None
    note_at: datetime | None
    seen: str
    read_position: int
    names: Sequence[tuple[str, str]]

    def others(self, way: Way) -> list[Way]:
        """The strands that still wait once this one is answered."""
        return [other for other in self.ways if other.strand.waiting_since and other is not way]


async def composer_of(
    session: AsyncSession, agent: Agent, conversation: Conversation, case: Case | None
) -> Composer:
    """The composer of a conversation in which *case* is chosen."""
    drafts = {draft.kind: draft for draft in await _drafts(session, agent, conversation)}
    strands = await _strands(session, conversation, case)
    numbers = await _numbers(session, strands)
    ways = [await _way(session, strand, case, numbers) for strand in strands]
    reply, note = drafts.get("reply"), drafts.get("note")
    mark = select(ReadMark.position).where(
        ReadMark.agent_id == agent.id, ReadMark.conversation_id == conversation.id
    )
    return Composer(
        ways=ways,
        mailboxes=await mailboxes_of(session, agent),
        chosen=_chosen(ways, reply),
        reply=reply.text if reply else "",
        note=note.text if note else "",
        reply_at=reply.updated_at if reply else None,
        note_at=note.updated_at if note else None,
        seen=await _seen(session, agent, conversation),
        read_position=await session.scalar(mark) or 0,
        names=await _names(session),
    )


async def mailboxes_of(session: AsyncSession, agent: Agent) -> list[Mailbox]:
    """The mailboxes that this agent may write from, by age."""
    return [
        Mailbox(
            public_id=channel.public_id,
            name=channel.name,
            address=channel.address or "",
            signature=signature_of(agent, channel),
            most_bytes=most_bytes(channel),
        )
        for channel in await channels.active(session, kind=ChannelKind.EMAIL)
    ]


async def begun_reply(session: AsyncSession, agent: Agent, conversation: Conversation) -> str:
    """The words of the reply that an agent has begun in a conversation, "" where there is none."""
    drafts = await _drafts(session, agent, conversation)
    return next((draft.text for draft in drafts if draft.kind == "reply"), "")


async def _drafts(session: AsyncSession, agent: Agent, conversation: Conversation) -> Sequence[Draft]:
    own = (Draft.agent_id == agent.id, Draft.conversation_id == conversation.id)
    return (await session.scalars(select(Draft).where(*own))).all()


async def _strands(session: AsyncSession, conversation: Conversation, case: Case | None) -> list[Strand]:
    """Those of the chosen case first; within, those that wait, then the newest."""
    order = (
        Strand.is_side,
        (Strand.case_id == (case.id if case else 0)).desc(),
        Strand.waiting_since.is_(None),
        Strand.last_message_at.desc().nulls_last(),
        Strand.id.desc(),
    )
    query = select(Strand).where(Strand.conversation_id == conversation.id).order_by(*order)
    return list(await session.scalars(query.limit(MOST_WAYS).options(joinedload(Strand.channel))))


async def _numbers(session: AsyncSession, strands: Sequence[Strand]) -> dict[int, int]:
    ids = {strand.case_id for strand in strands if strand.case_id is not None}
    rows = await session.execute(select(Case.id, Case.number).where(Case.id.in_(ids)))
    return {case_id: number for case_id, number in rows}


async def _way(session: AsyncSession, strand: Strand, case: Case | None, numbers: dict[int, int]) -> Way:
    recipients, problem = None, ""
    try:
        recipients = await recipients_of(session, strand)
    except Conflict as error:
        problem = str(error)
    return Way(
        strand=strand,
        label=label_of(strand),
        case_number=numbers.get(strand.case_id) if strand.case_id else None,
        recipients=recipients,
        problem=problem,
        is_other_case=case is not None and strand.case_id is not None and strand.case_id != case.id,
    )


def _chosen(ways: Sequence[Way], draft: Draft | None) -> Way | None:
    """The strand that the draft is for, else the customer's first that can be answered."""
    begun = next((way for way in ways if draft and way.strand.id == draft.strand_id), None)
    theirs = [way for way in ways if not way.is_side]
    return begun or next((way for way in theirs if way.recipients), theirs[0] if theirs else None)


async def _seen(session: AsyncSession, agent: Agent, conversation: Conversation) -> str:
    """The newest message that the agent may see."""
    newest = messages.visible(Actor.agent(agent)).where(Message.conversation_id == conversation.id)
    message = (await session.scalars(newest.order_by(Message.position.desc()).limit(1))).first()
    return message.public_id if message else ""


async def _names(session: AsyncSession) -> list[tuple[str, str]]:
    """Who can be mentioned in a note: people, then teams."""
    people = [(agent.public_id, agent.name) for agent in await agents.active(session)]
    teams = await session.execute(select(Team.public_id, Team.name).order_by(Team.name))
    return people + [(public_id, name) for public_id, name in teams]
