"""Filing what customers sent: the hot path, a batch at a time."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.bounces import apply_bounce
from inbox.actions.cases import next_case_numbers
from inbox.actions.events import record
from inbox.actors import SYSTEM, Actor
from inbox.envelopes import Address, ChannelKind, InboundMessage, Verdict
from inbox.ids import public_id
from inbox.known import Known, read_known
from inbox.models import (
    Attachment,
    Channel,
    DedupeKey,
    Direction,
    EventKind,
    IntakeState,
    Message,
    MessageSource,
    Model,
    Status,
    Submission,
)
from inbox.placements import ID_MODELS, Arrival, Ignored, Made, Placement, Rows
from inbox.rows import insert_rows
from inbox.sequences import TakenIds, take_ids
from inbox.texts import new_words, snippet
from inbox.threads import OPENED_BY, Threads
from inbox.tokens import StrandTokens

PREVIEW_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingRules:
    """What an installation has chosen, as far as filing asks for it."""

    tokens: StrandTokens
    reopen_days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What became of one arrival. `known` says that its message stood there already."""

    record_id: int
    state: IntakeState
    message_id: int | None = None
    known: bool = False
    reason: str = ""


async def receive(session: AsyncSession, arrivals: Sequence[Arrival], rules: FilingRules) -> list[Filed]:
    """File a batch in its order; the same message twice changes nothing. Answers one outcome for each
    arrival.

    Raises IntegrityError where another process filed for the same people at the same moment: try the batch
    again.
    """
    bounces = {a.record_id: await _note_bounce(session, a) for a in arrivals if a.message.bounce is not None}
    filing = await _Filing.begin(session, arrivals, rules)
    outcomes = [bounces.get(arrival.record_id) or filing.file(arrival) for arrival in arrivals]
    await filing.write()
    return outcomes


async def _note_bounce(session: AsyncSession, arrival: Arrival) -> Filed:
    assert arrival.message.bounce is not None
    reason = await apply_bounce(session, arrival.message.bounce)
    return Filed(record_id=arrival.record_id, state=IntakeState.IGNORED, reason=reason)


def dedupe_key(message: InboundMessage) -> str:
    """SHA-256 (hex) over the external id and the content's hash; without an id over the content's hash
    alone."""
    parts = (message.channel, message.external_id or "", message.content_hash)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class _Filing:
    """One batch: what is known, what was decided, what is to be written."""

    def __init__(
        self,
        session: AsyncSession,
        known: Known,
        threads: Threads,
        made: Made,
        ids: TakenIds,
        filed: dict[str, int],
    ) -> None:
        self._session = session
        self._known = known
        self._threads = threads
        self._made = made
        self._ids = ids
        self._filed = filed  # dedupe key → message id
        self._moment = clock.now()
        self._messages: list[Message] = []
        self._attachments: list[Attachment] = []
        self._sources: dict[tuple[int, int], MessageSource] = {}
        self._keys: list[DedupeKey] = []
        self._submissions: list[Submission] = []

    @classmethod
    async def begin(cls, session: AsyncSession, arrivals: Sequence[Arrival], rules: FilingRules) -> "_Filing":
        messages = [arrival.message for arrival in arrivals]
        channels = {channel.id: channel for channel in await session.scalars(select(Channel))}
        ids = await take_ids(session, (*ID_MODELS, Message), len(arrivals) * 4)
        known = await read_known(session, messages, rules.tokens)
        keys = [dedupe_key(message) for message in messages]
        query = select(DedupeKey.key, DedupeKey.message_id).where(DedupeKey.key.in_(keys))
        filed = {key: message_id for key, message_id in await session.execute(query)}
        rows = Rows(known, ids, clock.now())
        threads = Threads(
            known,
            rows,
            tokens=rules.tokens,
            channels=channels,
            moment=clock.now(),
            reopen_days=rules.reopen_days,
            own_addresses=frozenset(c.address for c in channels.values() if c.address),
        )
        return cls(session, known, threads, rows.made, ids, filed)

    def file(self, arrival: Arrival) -> Filed:
        key = dedupe_key(arrival.message)
        if message_id := self._filed.get(key):
            self._add_source(message_id, arrival)
            return Filed(
                record_id=arrival.record_id, state=IntakeState.FILED, message_id=message_id, known=True
            )
        placement = self._threads.place(arrival)
        if isinstance(placement, Ignored):
            return Filed(record_id=arrival.record_id, state=IntakeState.IGNORED, reason=placement.reason)
        message = self._message(arrival, placement)
        self._filed[key] = message.id
        self._keys.append(DedupeKey(key=key, message_id=message.id))
        self._add_source(message.id, arrival)
        if arrival.message.channel == ChannelKind.FORM:
            self._submissions.append(
                Submission(
                    message_id=message.id,
                    channel_id=arrival.channel.id,
                    network=arrival.message.network[:60],
                    created_at=self._moment,
                )
            )
        self._note(arrival, placement, message)
        self._record(arrival, placement, message)
        return Filed(record_id=arrival.record_id, state=IntakeState.FILED, message_id=message.id)

    def _message(self, arrival: Arrival, placement: Placement) -> Message:
        inbound = arrival.message
        message = Message(
            id=self._ids.next_for(Message),
            public_id=public_id(),
            conversation_id=placement.conversation.id,
            origin_conversation_id=placement.conversation.id,
            strand_id=placement.strand.id,
            case_id=placement.case.id if placement.case else None,
            channel_id=arrival.channel.id,
            identity_id=placement.identity.id if placement.identity else None,
            direction=Direction.INBOUND,
            author_kind=placement.author_kind,
            author_name=inbound.sender.name,
            author_address=inbound.sender.value,
            sender=[_written(inbound.sender)],
            to=[_written(address) for address in inbound.to],
            cc=[_written(address) for address in inbound.cc],
            reply_to=[_written(inbound.reply_to)] if inbound.reply_to else [],
            subject=inbound.subject[:1000],
            text=inbound.text,
            spans=[[span.start, span.end, span.kind] for span in inbound.spans],
            html=inbound.html,
            fields=[list(pair) for pair in inbound.fields],
            external_id=inbound.external_id,
            references=list(inbound.references),
            dmarc=inbound.authentication.dmarc,
            claimed=placement.claimed,
            automatic=inbound.automatic,
            is_spam=placement.is_spam,
            is_history=arrival.is_history,
            reused_id=bool(inbound.external_id and self._known.messages.get(inbound.external_id)),
            matched_by=placement.matched_by,
            page_url=inbound.page_url,
            sent_at=inbound.sent_at,
            created_at=self._moment,
        )
        self._messages.append(message)
        self._attachments += [
            Attachment(
                public_id=public_id(),
                message_id=message.id,
                digest=attachment.digest,
                filename=attachment.filename[:300],
                content_type=attachment.content_type[:120],
                size=attachment.size,
                content_id=attachment.content_id[:400] if attachment.content_id else None,
                inline=attachment.inline,
            )
            for attachment in inbound.attachments
        ]
        return message

    def _add_source(self, message_id: int, arrival: Arrival) -> None:
        key = (message_id, arrival.channel.id)
        if key not in self._sources:
            self._sources[key] = MessageSource(
                message_id=message_id, channel_id=arrival.channel.id, intake_record_id=arrival.record_id
            )

    def _note(self, arrival: Arrival, placement: Placement, message: Message) -> None:
        """Bring strand, case, conversation and channel up to date, and let later arrivals find this
        message."""
        strand, case, inbound = placement.strand, placement.case, arrival.message
        placement.conversation.last_message_at = self._moment
        arrival.channel.last_message_at = self._moment
        strand.last_message_at = strand.last_inbound_at = self._moment
        if inbound.external_id:
            self._known.note_message(inbound.external_id, message.id, strand.id, Direction.INBOUND)
        asks = not (inbound.automatic or message.is_spam or arrival.is_history)
        if asks:
            strand.waiting_since = strand.waiting_since or self._moment
        if case is None or inbound.automatic:
            return
        case.last_message_at = self._moment
        case.last_channel_kind = inbound.channel
        case.last_direction = Direction.INBOUND
        case.last_author = (inbound.sender.name or placement.customer.name)[:300]
        case.preview = snippet(new_words(inbound.text, inbound.spans) or inbound.text, PREVIEW_LENGTH)
        if asks and case.status != Status.SPAM:
            case.waiting_since = case.waiting_since or self._moment
            case.status, case.resolved_at, case.snoozed_until = Status.OPEN, None, None

    def _record(self, arrival: Arrival, placement: Placement, message: Message) -> None:
        conversation, case = placement.conversation, placement.case
        is_side = placement.strand.is_side
        actor = SYSTEM if is_side else Actor.customer(placement.customer)
        if placement.opened:
            record(self._session, EventKind.CASE_OPENED, actor=actor, conversation=conversation, case=case)
        if placement.reopened_from in OPENED_BY:
            kind = OPENED_BY[placement.reopened_from]
            record(self._session, kind, actor=actor, conversation=conversation, case=case)
        facts = {"channel": arrival.message.channel, "authenticated": message.dmarc == Verdict.PASS}
        facts |= {"side": True} if is_side else {}
        record(
            self._session,
            EventKind.MESSAGE_RECEIVED,
            actor=actor,
            conversation=conversation,
            case=case,
            message=message,
            data=facts,
        )
        for suggestion in self._threads.suggestions_made():
            if placement.held_from is not None and suggestion.strand_id == placement.held_from.id:
                suggestion.message_id = message.id
            record(
                self._session,
                EventKind.SUGGESTION_MADE,
                actor=SYSTEM,
                conversation=self._known.conversations[suggestion.conversation_id],
                suggestion=suggestion,
            )

    async def write(self) -> None:
        """Insert table by table, in the order of the foreign keys: one executemany for each.

        Rows that stood before are flushed last, since they may point to new ones.
        """
        with self._session.no_autoflush:
            await self._insert()
        await self._session.flush()

    async def _insert(self) -> None:
        made = self._made
        numbers = await next_case_numbers(self._session, len(made.cases)) if made.cases else ()
        for case, number in zip(made.cases, numbers, strict=True):
            case.number = number
        tables: tuple[Sequence[Model], ...] = (
            made.customers,
            made.identities,
            made.claims,
            made.conversations,
            made.cases,
            made.strands,
            self._messages,
            made.participants,
            made.suggestions,
            self._attachments,
            self._keys,
            self._submissions,
            await self._new_sources(),
        )
        for rows in tables:
            await insert_rows(self._session, rows)

    async def _new_sources(self) -> list[MessageSource]:
        ids = {message_id for message_id, _ in self._sources}
        query = select(MessageSource.message_id, MessageSource.channel_id).where(
            MessageSource.message_id.in_(ids)
        )
        stored = {(message_id, channel_id) for message_id, channel_id in await self._session.execute(query)}
        return [source for key, source in self._sources.items() if key not in stored]


def _written(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.value}
