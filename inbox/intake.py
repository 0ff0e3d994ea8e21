"""Where raw input comes in: stored before anybody parses it, filed afterwards, never lost in between.

T1 (`accept`): bytes and their names on disk, one row for each input and the source's position, in one
transaction. Whoever sent it may be told "accepted" when that has returned. T2 (`file`): parse, then
`receive()` in one transaction for the batch. What a crash leaves between the two has state *received* and a
claim that runs out; `sweep()` picks it up.
"""

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Protocol

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from inbox import clock, intake_records
from inbox.actions.events import record
from inbox.actions.messages import Filed, FilingRules, receive
from inbox.actions.redaction_leavings import let_go_of_known
from inbox.actors import Actor
from inbox.blobs import BlobStore
from inbox.db import Database
from inbox.envelopes import ChannelFacts, ChannelKind, InboundMessage
from inbox.errors import Conflict, NotFound, Refused
from inbox.ids import public_id
from inbox.intake_records import Position
from inbox.loggers import get_logger
from inbox.models import Channel, EventKind, IntakeRecord, IntakeState
from inbox.outages import is_outage
from inbox.placements import Arrival
from inbox.rows import insert_rows
from inbox.sequences import take_ids
from inbox.together import Together

CLAIM = timedelta(seconds=30)
SWEEP_SECONDS = 5.0
LEFT_BEHIND_SECONDS = 86_400.0
BATCH = 64
APART_SECONDS = 0.1  # between two batches of what is submitted

_CHANNELS = select(Channel)

log = get_logger(__name__)


class Parsers(Protocol):
    """Turns stored raw inputs of one channel into messages; a Refused stands in the place of one that it
    could not."""

    async def parse(
        self, channel: ChannelFacts, digests: Sequence[str]
    ) -> Sequence[InboundMessage | Refused]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RawInput:
    """One raw input, either its bytes or the digest of a blob that was stored as a stream.

    `refused` says why it goes to the quarantine unparsed (too large).
    """

    content: bytes | None = None
    digest: str | None = None
    size: int = 0
    source_ref: str = ""
    is_history: bool = False
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """A raw input and where it came in: the channel's id and the source's name."""

    channel_id: int
    source: str
    raw: RawInput


class IntakeDesk:
    """Accepts raw inputs and files them. One for each process; several processes may share a database."""

    def __init__(self, database: Database, blobs: BlobStore, parsers: Parsers, rules: FilingRules) -> None:
        self._database = database
        self._blobs = blobs
        self._parsers = parsers
        self._rules = rules
        self._submissions = Together(self._submit, most=BATCH, apart=APART_SECONDS)

    async def accept(
        self, channel_id: int, source: str, raws: Sequence[RawInput], *, position: Position | None = None
    ) -> list[int]:
        """Store raw inputs durably; answers their record ids. After this they cannot be lost."""
        submissions = [Submission(channel_id, source, raw) for raw in raws]
        moves = {channel_id: position} if position is not None else {}
        records = await self._store(submissions, moves)
        return [stored_record.id for stored_record in records if stored_record.state == IntakeState.RECEIVED]

    async def _store(
        self, submissions: Sequence[Submission], moves: Mapping[int, Position] = MappingProxyType({})
    ) -> list[IntakeRecord]:
        """Bytes first, then their rows and the sources' positions in one transaction."""
        contents = [one.raw.content for one in submissions if one.raw.content is not None]
        stored = iter(await asyncio.to_thread(self._blobs.put_many, contents))
        claimed_until = clock.now() + CLAIM
        records = [
            IntakeRecord(
                public_id=public_id(),
                channel_id=one.channel_id,
                state=IntakeState.RECEIVED,
                digest=next(stored) if one.raw.content is not None else one.raw.digest,
                size=len(one.raw.content) if one.raw.content is not None else one.raw.size,
                source=one.source,
                source_ref=one.raw.source_ref[:400],
                is_history=one.raw.is_history,
                claimed_until=claimed_until,
            )
            for one in submissions
        ]
        async with self._database.transaction() as session:
            ids = await take_ids(session, (IntakeRecord,), len(records))
            for stored_record, one in zip(records, submissions, strict=True):
                stored_record.id = ids.next_for(IntakeRecord)
                if one.raw.refused:
                    intake_records.quarantine(session, stored_record, one.raw.refused)
            await insert_rows(session, records)
            for channel_id, position in moves.items():
                await intake_records.advance(session, channel_id, position)
        return records

    async def submit(self, channel_id: int, source: str, raw: bytes, *, source_ref: str = "") -> Filed:
        """Accept one input and file it at once; answers what became of it.

        What others submit while a batch is being filed goes together in the next: a crowd that writes at the
        same moment costs two transactions, not two for each. A caller that is cancelled takes nothing back.
        """
        submission = Submission(channel_id, source, RawInput(content=raw, source_ref=source_ref))
        return await self._submissions.add(submission)

    async def _submit(self, submissions: Sequence[Submission]) -> list[Filed]:
        """Accept a batch in one transaction and file it in another. One that cannot be stored (its channel
        is gone) must not take the others with it."""
        try:
            records = await self._store(submissions)
        except IntegrityError:
            if len(submissions) == 1:
                raise
            return [filed for one in submissions for filed in await self._submit([one])]
        return await self._file(records)

    async def file(self, record_ids: Sequence[int], *, forced: bool = False) -> list[Filed]:
        """Parse accepted inputs and put them into their conversations; answers outcomes in the order of the
        ids. *forced*: an agent has read them, so none of them counts as automatic mail."""
        async with self._database.reading() as session:
            query = select(IntakeRecord).where(IntakeRecord.id.in_(record_ids)).order_by(IntakeRecord.id)
            records = (await session.scalars(query)).all()
        filed = {one.record_id: one for one in await self._file(records, forced=forced)}
        return [filed[record_id] for record_id in record_ids]

    async def _file(self, records: Sequence[IntakeRecord], *, forced: bool = False) -> list[Filed]:
        channels = await self._channels({r.channel_id for r in records})
        agents: frozenset[str] = frozenset()
        if any(channels[r.channel_id].kind == ChannelKind.EMAIL for r in records):
            async with self._database.reading() as session:
                agents = await intake_records.active_agents(session)
        outcomes: dict[int, Filed] = {}
        arrivals: list[Arrival] = []
        for channel_id in dict.fromkeys(r.channel_id for r in records):
            of_channel = [r for r in records if r.channel_id == channel_id]
            facts = intake_records.facts_of(channels[channel_id], channels, agents)
            parsed = await self._parsers.parse(facts, [r.digest for r in of_channel])
            for stored_record, result in zip(of_channel, parsed, strict=True):
                if isinstance(result, Refused):
                    outcomes[stored_record.id] = await self._refuse(stored_record.id, str(result))
                else:
                    message = replace(result, automatic=None, bounce=None) if forced else result
                    arrivals.append(
                        Arrival(
                            record_id=stored_record.id,
                            channel=channels[channel_id],
                            message=message,
                            is_history=stored_record.is_history,
                        )
                    )
        arrivals.sort(key=lambda arrival: arrival.record_id)
        outcomes |= {filed.record_id: filed for filed in await self._receive(arrivals)}
        return [outcomes[stored_record.id] for stored_record in records]

    async def _channels(self, wanted: Set[int]) -> Mapping[int, Channel]:
        """All channels by id; kept, unless one that is wanted was made a moment ago by another process."""

        async def read() -> dict[int, Channel]:
            async with self._database.reading() as session:
                return {channel.id: channel for channel in await session.scalars(_CHANNELS)}

        channels = await self._database.kept.value("channels", read)
        return channels if wanted <= channels.keys() else await read()

    async def _receive(self, arrivals: Sequence[Arrival]) -> list[Filed]:
        """File a batch; one that fails is halved until the culprit stands alone, and that one is
        quarantined."""
        if not arrivals:
            return []
        try:
            return await self._try(arrivals)
        except IntegrityError:  # somebody filed for the same people at the same moment: the loser tries again
            try:
                return await self._try(arrivals)
            except Exception as error:
                return await self._divide(arrivals, error)
        except Exception as error:
            return await self._divide(arrivals, error)

    async def _try(self, arrivals: Sequence[Arrival]) -> list[Filed]:
        async with self._database.transaction() as session:
            ids = [arrival.record_id for arrival in arrivals]
            waiting = await intake_records.still_waiting(session, ids)
            due = [arrival for arrival in arrivals if arrival.record_id in waiting]
            filed = await receive(session, due, self._rules) if due else []
            await intake_records.settle(session, filed)
            known = {one.message_id for one in filed if one.known and one.message_id is not None}
            if known:
                await let_go_of_known(session, known)
            done = {outcome.record_id: outcome for outcome in filed}
            others = [record_id for record_id in ids if record_id not in waiting]
            done |= {outcome.record_id: outcome for outcome in await intake_records.settled(session, others)}
            return [done[record_id] for record_id in ids]

    async def _divide(self, arrivals: Sequence[Arrival], error: Exception) -> list[Filed]:
        if is_outage(error):  # nothing is wrong with the input: it stays accepted, and is tried again
            raise error
        if len(arrivals) == 1:
            log.exception("intake.not_filed", record=arrivals[0].record_id, exc_info=error)
            reason = f"It could not be filed ({type(error).__name__}). Try again, or report it with the raw."
            return [await self._refuse(arrivals[0].record_id, reason)]
        middle = len(arrivals) // 2
        return await self._receive(arrivals[:middle]) + await self._receive(arrivals[middle:])

    async def _refuse(self, record_id: int, reason: str) -> Filed:
        async with self._database.transaction() as session:
            stored_record = await session.get_one(IntakeRecord, record_id)
            intake_records.quarantine(session, stored_record, reason)
        return Filed(record_id=record_id, state=IntakeState.QUARANTINED, reason=reason)

    async def retry(self, record_id: int, *, by: Actor, force: bool = False) -> Filed:
        """Try a quarantined or ignored input again; raises NotFound, and Conflict for one that was filed.

        *force* makes a customer of the sender of an automatic mail (DESIGN §6, rule 10).
        """
        async with self._database.transaction() as session:
            stored_record = await session.get(IntakeRecord, record_id)
            if stored_record is None:
                raise NotFound("There is no such input.")
            if stored_record.state not in (IntakeState.QUARANTINED, IntakeState.IGNORED):
                raise Conflict("This input has been filed already.")
            stored_record.state, stored_record.reason = IntakeState.RECEIVED, ""
            stored_record.claimed_until = clock.now() + CLAIM
            record(
                session,
                EventKind.INTAKE_RETRIED,
                actor=by,
                conversation=None,
                data={"intake_id": stored_record.public_id},
            )
        (filed,) = await self.file([record_id], forced=force)
        return filed

    async def catch_up(self, channel_id: int) -> int:
        """File what a process that is gone accepted from this channel, whether or not its claims stand.

        Comes before anything newer is read: what answers a mail must not be filed before it.
        """
        left = select(IntakeRecord.id).where(
            IntakeRecord.channel_id == channel_id, IntakeRecord.state == IntakeState.RECEIVED
        )
        async with self._database.reading() as session:
            ids = list(await session.scalars(left.order_by(IntakeRecord.id)))
        for start in range(0, len(ids), BATCH):
            await self.file(ids[start : start + BATCH])
        return len(ids)

    async def sweep(self) -> int:
        """File what was accepted and left lying by a process that is gone; answers how many."""
        total = 0
        while ids := await self._claim():
            await self.file(ids)
            total += len(ids)
        return total

    async def _claim(self) -> list[int]:
        moment = clock.now()
        unclaimed = or_(IntakeRecord.claimed_until.is_(None), IntakeRecord.claimed_until < moment)
        left = select(IntakeRecord.id).where(IntakeRecord.state == IntakeState.RECEIVED, unclaimed)
        async with self._database.reading() as session:
            if await session.scalar(left.limit(1)) is None:
                return []
        async with self._database.transaction() as session:
            locked = left.order_by(IntakeRecord.id).limit(BATCH).with_for_update(skip_locked=True)
            ids = list(await session.scalars(locked))
            claim = update(IntakeRecord).where(IntakeRecord.id.in_(ids)).values(claimed_until=moment + CLAIM)
            await session.execute(claim)
        return ids

    async def run(self) -> None:
        """Sweep at the start and every few seconds; ends only when cancelled."""
        await asyncio.to_thread(self._blobs.clear_temporary, older_than=LEFT_BEHIND_SECONDS)
        while True:
            try:
                if swept := await self.sweep():
                    log.info("intake.swept", count=swept)
            except Exception:
                log.exception("intake.sweep_failed")
            await asyncio.sleep(SWEEP_SECONDS)
