"""One batch on its way into the database: what is known, what was decided, what is to be written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.cases import next_case_numbers
from inbox.actions.events import record
from inbox.actions.passages import Passing, add_remark, rows_of, tell_repeated
from inbox.actions.references import keep_awaited
from inbox.actors import SYSTEM, Actor
from inbox.dedupe_keys import keys_of
from inbox.envelopes import ChannelKind, Verdict
from inbox.filed_rows import attachment_row, message_row, submission_row
from inbox.known import Known
from inbox.known_reading import read_known
from inbox.models import (
    Agent,
    Attachment,
    Channel,
    DedupeKey,
    Direction,
    EventKind,
    IgnoredAs,
    IntakeState,
    Message,
    MessageSource,
    Model,
    Status,
    Submission,
    SuggestionKind,
)
from inbox.placements import ID_MODELS, Arrival, Ignored, Made, Placement, Rows
from inbox.rows import insert_rows
from inbox.secrets import Keys
from inbox.sequences import TakenIds, take_ids
from inbox.targets import Targets, targets_of
from inbox.texts import new_words, snippet
from inbox.threads import OPENED_BY, Threads
from inbox.tokens import StrandTokens

PREVIEW_LENGTH = 200
NOTED_EVERY = timedelta(seconds=10)  # that a channel has received something; every page reads its row

# Made once: making a statement costs more than running it.
_CHANNELS = select(Channel)
_FILED = select(DedupeKey.key, DedupeKey.message_id).where(
    DedupeKey.key.in_(bindparam("keys", expanding=True))
)
_SOURCES = select(MessageSource.message_id, MessageSource.channel_id).where(
    MessageSource.message_id.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingRules:
    """What an installation has chosen, as far as filing asks for it."""

    tokens: StrandTokens
    reopen_days: int = 7
    keys: Keys | None = None  # without them nothing is acknowledged


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What became of one arrival. `known` says that its message stood there already."""

    record_id: int
    state: IntakeState
    message_id: int | None = None
    known: bool = False
    reason: str = ""
    ignored_as: IgnoredAs = IgnoredAs.NONE


class Filing:
    """One batch: what is known, what was decided, what is to be written."""

    def __init__(
        self,
        session: AsyncSession,
        known: Known,
        channels: Mapping[int, Channel],
        threads: Threads,
        made: Made,
        ids: TakenIds,
        filed: dict[str, int],
        targets: Targets,
    ) -> None:
        self._session = session
        self._known = known
        self._channels = channels
        self._threads = threads
        self._made = made
        self._ids = ids
        self._filed = filed  # dedupe key → message id
        self._targets = targets
        self._moment = clock.now()
        self._messages: list[Message] = []
        self._repeated: list[int] = []  # messages that another mailbox has received before
        self._attachments: list[Attachment] = []
        self._sources: dict[tuple[int, int], MessageSource] = {}
        self._keys: list[DedupeKey] = []
        self._submissions: list[Submission] = []
        self._passed_on: list[Passing] = []
        self._remarks: list[tuple[int, Agent, str]] = []  # words above mails that stand here already

    @classmethod
    async def begin(cls, session: AsyncSession, arrivals: Sequence[Arrival], rules: FilingRules) -> "Filing":
        messages = [arrival.message for arrival in arrivals]
        channels = {channel.id: channel for channel in await session.scalars(_CHANNELS)}
        ids = await take_ids(session, (*ID_MODELS, Message), len(arrivals) * 4)
        known = await read_known(session, messages, rules.tokens)
        keys = [key for message in messages for key in keys_of(message)]
        filed = {key: message_id for key, message_id in await session.execute(_FILED, {"keys": keys})}
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
        targets = await targets_of(session, channels.values())
        return cls(session, known, channels, threads, rows.made, ids, filed, targets)

    def file(self, arrival: Arrival) -> Filed:
        """Decide for one arrival, and note what is to be written."""
        # As the channel is now: its team may have been removed while the message was parsed.
        arrival = replace(arrival, channel=self._channels[arrival.channel.id])
        keys = keys_of(arrival.message)
        if message_id := self._filed.get(keys[0]):
            self._add_source(message_id, arrival)
            return _filed(arrival, message_id, known=True)
        agent = self._threads.files_original(arrival)
        if agent is not None and (message_id := self._filed.get(keys[-1])):
            return self._forward_of_known(arrival, agent, message_id)
        placement = self._threads.place(arrival)
        if isinstance(placement, Ignored):
            state = IntakeState.IGNORED
            return Filed(
                record_id=arrival.record_id, state=state, reason=placement.reason, ignored_as=placement.kind
            )
        return self._file(arrival, placement, keys if agent is not None else keys[:1])

    def _file(self, arrival: Arrival, placement: Placement, keys: Sequence[str]) -> Filed:
        filed = placement.arrival
        external_id = filed.message.external_id
        message = message_row(
            self._ids.next_for(Message),
            placement,
            colleague=self._threads.colleague(filed.message),
            reused_id=bool(external_id and self._known.messages.get(external_id)),
            moment=self._moment,
        )
        self._messages.append(message)
        self._attachments += [attachment_row(message, one) for one in filed.message.attachments]
        for key in keys:
            self._filed[key] = message.id
            self._keys.append(DedupeKey(key=key, message_id=message.id))
        self._add_source(message.id, arrival)
        if filed.message.channel == ChannelKind.FORM:
            self._submissions.append(submission_row(message, placement))
        self._note(placement, message)
        self._record(placement, message)
        if arrival.message.forward is not None and placement.arrival.passed_on_by is not None:
            self._passed_on.append(Passing(arrival, placement, message, keys_of(arrival.message)[-1]))
        return _filed(arrival, message.id)

    def _forward_of_known(self, arrival: Arrival, agent: Agent, message_id: int) -> Filed:
        """The mail that is passed on stands here already; what the agent wrote above it is new."""
        key = keys_of(arrival.message)[0]
        self._filed[key] = message_id
        self._keys.append(DedupeKey(key=key, message_id=message_id))
        self._add_source(message_id, arrival)
        forward = arrival.message.forward
        words = forward.words if forward else ""
        self._remarks.append((message_id, agent, words))
        return _filed(arrival, message_id, known=True)

    def _add_source(self, message_id: int, arrival: Arrival) -> None:
        key = (message_id, arrival.channel.id)
        if key not in self._sources:
            self._sources[key] = MessageSource(
                message_id=message_id, channel_id=arrival.channel.id, intake_record_id=arrival.record_id
            )

    def _note(self, placement: Placement, message: Message) -> None:
        """Bring strand, case, conversation and channel up to date, and let later arrivals find this
        message."""
        arrival = placement.arrival
        strand, case, inbound = placement.strand, placement.case, arrival.message
        placement.conversation.last_message_at = self._moment
        self._note_channel(self._channels[arrival.channel.id])
        strand.last_message_at = strand.last_inbound_at = self._moment
        if inbound.external_id:
            self._known.note_message(inbound.external_id, message.id, strand.id, Direction.INBOUND)
        asks = not (inbound.automatic or message.is_spam or arrival.is_history)
        if asks:
            strand.waiting_since = strand.waiting_since or self._moment
        if case is None or inbound.automatic or (placement.is_blocked and case.status != Status.SPAM):
            return
        case.last_message_at = self._moment
        case.last_channel_kind = inbound.channel
        case.last_direction = Direction.INBOUND
        case.last_author = (arrival.writer.name or placement.customer.name)[:300]
        case.preview = snippet(new_words(inbound.text, inbound.spans) or inbound.text, PREVIEW_LENGTH)
        if asks and case.status != Status.SPAM:
            if case.waiting_since is None:
                case.waiting_since = self._moment
                case.due_at = self._targets.due(arrival.channel.id, case.team_id, self._moment)
            case.status, case.resolved_at, case.snoozed_until = Status.OPEN, None, None

    def _note_channel(self, channel: Channel) -> None:
        if channel.last_message_at is None or self._moment - channel.last_message_at >= NOTED_EVERY:
            channel.last_message_at = self._moment

    def _record(self, placement: Placement, message: Message) -> None:
        arrival, conversation, case = placement.arrival, placement.conversation, placement.case
        is_side = placement.strand.is_side
        actor = SYSTEM if is_side else Actor.customer(placement.customer)
        if placement.opened:
            record(self._session, EventKind.CASE_OPENED, actor=actor, conversation=conversation, case=case)
        if placement.reopened_from in OPENED_BY:
            kind = OPENED_BY[placement.reopened_from]
            record(self._session, kind, actor=actor, conversation=conversation, case=case)
        facts = {"channel": arrival.message.channel, "authenticated": message.dmarc == Verdict.PASS}
        facts |= {"side": True} if is_side else {}
        facts |= {"blocked": True} if placement.is_blocked else {}
        if arrival.passed_on_by is not None and arrival.hearsay:
            facts |= {"forwarded_by": arrival.passed_on_by.public_id}
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
            is_held = placement.held_from is not None and suggestion.strand_id == placement.held_from.id
            if is_held or suggestion.kind == SuggestionKind.FORWARD:
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
        for message_id, agent, words in self._remarks:
            await add_remark(self._session, message_id, words, by=agent)
        await tell_repeated(self._session, self._repeated)

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
        passed = [rows_of(one, self._session, self._ids, self._moment) for one in self._passed_on]
        notes = [note for note, _ in passed if note is not None]
        for rows in (*tables, notes, [row for _, row in passed]):
            await insert_rows(self._session, rows)
        await keep_awaited(self._session, made.awaited)

    async def _new_sources(self) -> list[MessageSource]:
        """Those not stored yet; of a message of this very batch nothing can be."""
        earlier = {message_id for message_id, _ in self._sources} - {m.id for m in self._messages}
        found = await self._session.execute(_SOURCES, {"ids": list(earlier)}) if earlier else ()
        stored = {(message_id, channel_id) for message_id, channel_id in found}
        fresh = [source for key, source in self._sources.items() if key not in stored]
        received = {message_id for message_id, _ in stored}
        self._repeated = [one.message_id for one in fresh if one.message_id in received]
        return fresh


def _filed(arrival: Arrival, message_id: int, *, known: bool = False) -> Filed:
    state = IntakeState.FILED
    return Filed(record_id=arrival.record_id, state=state, message_id=message_id, known=known)
