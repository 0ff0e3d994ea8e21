"""What an agent needs to write in a conversation: which strands may be answered, whom that reaches, what
still waits, and what they have begun to write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from inbox.actors import Actor
from inbox.envelopes import ChannelKind
from inbox.errors import Conflict
from inbox.models import Agent, Case, Conversation, Draft, Message, ReadMark, Strand
from inbox.phrases import Phrase
from inbox.policies import visible_to
from inbox.queries import channels
from inbox.queries.continuity import address_after
from inbox.queries.recipients import Recipients, recipients_of
from inbox.queries.shown_words import label_of
from inbox.signatures import signature_of
from inbox.sizes import most_bytes

MOST_WAYS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A strand that may be answered. `recipients` is None where nobody can be reached; `problem` says why.
    `then_email` is where a chat reply goes by mail, too, unless it is seen."""

    strand: Strand
    label: str
    case_number: int | None
    recipients: Recipients | None
    problem: Phrase | None
    is_other_case: bool
    then_email: str = ""

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

    def others(self, way: Way) -> list[Way]:
        """The strands that still wait once this one is answered."""
        return [other for other in self.ways if other.strand.waiting_since and other is not way]


async def composer_of(
    session: AsyncSession, agent: Agent, conversation: Conversation, case: Case | None
) -> Composer:
    """The composer of a conversation in which *case* is chosen."""
    drafts = {draft.kind: draft for draft in await _drafts(session, agent, conversation)}
    strands, numbers = await _strands(session, agent, conversation, case)
    ways = [await _way(session, strand, case, numbers) for strand in strands]
    reply, note = drafts.get("reply"), drafts.get("note")
    seen, read_position = await _seen(session, agent, conversation)
    return Composer(
        ways=ways,
        mailboxes=await mailboxes_of(session, agent),
        chosen=_chosen(ways, reply),
        reply=reply.text if reply else "",
        note=note.text if note else "",
        reply_at=reply.updated_at if reply else None,
        note_at=note.updated_at if note else None,
        seen=seen,
        read_position=read_position,
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
        for channel in await channels.mailboxes(session)
    ]


async def begun_draft(session: AsyncSession, agent: Agent, conversation: Conversation) -> Draft | None:
    """The reply that an agent has begun in a conversation, as it was saved last."""
    drafts = await _drafts(session, agent, conversation)
    return next((draft for draft in drafts if draft.kind == "reply"), None)


async def readable_draft(
    session: AsyncSession, writer: Agent, conversation: Conversation, *, by: Actor
) -> Draft | None:
    """The same for a teammate; None where it answers a private case that they may not see."""
    draft = await begun_draft(session, writer, conversation)
    if draft is None or draft.strand_id is None:
        return draft
    query = select(Strand.id).outerjoin(Case, Case.id == Strand.case_id)
    seen = query.where(Strand.id == draft.strand_id, Case.id.is_(None) | visible_to(by))
    return draft if await session.scalar(seen) is not None else None


async def begun_reply(session: AsyncSession, agent: Agent, conversation: Conversation) -> str:
    """The words of the reply that an agent has begun in a conversation, "" where there is none."""
    draft = await begun_draft(session, agent, conversation)
    return draft.text if draft else ""


async def _drafts(session: AsyncSession, agent: Agent, conversation: Conversation) -> Sequence[Draft]:
    own = {"agent": agent.id, "conversation": conversation.id}
    return (await session.scalars(_DRAFTS, own)).all()


async def _strands(
    session: AsyncSession, agent: Agent, conversation: Conversation, case: Case | None
) -> tuple[list[Strand], dict[int, int]]:
    """Those whose case the agent may see, those of the chosen case first; within, those that wait, then the
    newest. And their cases' numbers."""
    wanted = {"conversation": conversation.id, "case": case.id if case else 0}
    rows = (await session.execute(_strands_seen(Actor.agent(agent)), wanted)).all()
    numbers = {strand.case_id: number for strand, number in rows if strand.case_id is not None}
    return [strand for strand, _ in rows], numbers


async def _way(session: AsyncSession, strand: Strand, case: Case | None, numbers: dict[int, int]) -> Way:
    recipients, problem = None, None
    try:
        recipients = await recipients_of(session, strand)
    except Conflict as error:
        problem = error.phrase
    is_chat = recipients is not None and recipients.channel.kind == ChannelKind.WEBCHAT
    return Way(
        strand=strand,
        label=label_of(strand, strand.channel),
        case_number=numbers.get(strand.case_id) if strand.case_id else None,
        recipients=recipients,
        problem=problem,
        is_other_case=case is not None and strand.case_id is not None and strand.case_id != case.id,
        then_email=await address_after(session, strand, strand.channel) if is_chat else "",
    )


def _chosen(ways: Sequence[Way], draft: Draft | None) -> Way | None:
    """The strand that the draft is for, else the customer's first that can be answered."""
    begun = next((way for way in ways if draft and way.strand.id == draft.strand_id), None)
    theirs = [way for way in ways if not way.is_side]
    return begun or next((way for way in theirs if way.recipients), theirs[0] if theirs else None)


async def _seen(session: AsyncSession, agent: Agent, conversation: Conversation) -> tuple[str, int]:
    """The newest message that the agent may see, and how far they have read."""
    own = {"agent": agent.id, "conversation": conversation.id}
    newest, position = (await session.execute(_newest_seen(Actor.agent(agent)), own)).one()
    return newest or "", position or 0


# Statements are made once and kept: making one again for each call costs more than running it.
_DRAFTS = select(Draft).where(
    Draft.agent_id == bindparam("agent"), Draft.conversation_id == bindparam("conversation")
)
_MARK = select(ReadMark.position).where(
    ReadMark.agent_id == bindparam("agent"), ReadMark.conversation_id == bindparam("conversation")
)


@lru_cache(maxsize=512)
def _strands_seen(actor: Actor) -> Select[Strand, int]:
    return (
        select(Strand, Case.number)
        .outerjoin(Case, Case.id == Strand.case_id)
        .where(Strand.conversation_id == bindparam("conversation"))
        .where(Strand.case_id.is_(None) | visible_to(actor))
        .order_by(
            Strand.is_side,
            (Strand.case_id == bindparam("case")).desc(),
            Strand.waiting_since.is_(None),
            Strand.last_message_at.desc().nulls_last(),
            Strand.id.desc(),
        )
        .limit(MOST_WAYS)
        .options(joinedload(Strand.channel))
    )


@lru_cache(maxsize=512)
def _newest_seen(actor: Actor) -> Select[str, int]:
    query = select(Message.public_id).outerjoin(Case, Case.id == Message.case_id)
    seen = query.where(
        Message.case_id.is_(None) | visible_to(actor), Message.conversation_id == bindparam("conversation")
    )
    newest = seen.order_by(Message.position.desc()).limit(1)
    return select(newest.scalar_subquery(), _MARK.scalar_subquery())
