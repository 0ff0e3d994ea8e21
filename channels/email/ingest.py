"""Files raw mail in bulk: while one batch is put into its conversations, the next is already being stored."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from channels.email.files import RawMail
from inbox.actions.messages import Filed
from inbox.intake import BATCH, IntakeDesk, RawInput
from inbox.models import IntakeState

BATCH_BYTES = 16 << 20


@dataclass(slots=True)
class Tally:
    """What became of the inputs so far. `known` ones had been filed before."""

    filed: int = 0
    known: int = 0
    ignored: int = 0
    quarantined: int = 0

    @property
    def total(self) -> int:
        return self.filed + self.known + self.ignored + self.quarantined

    def add(self, outcome: Filed) -> None:
        if outcome.known:
            self.known += 1
        elif outcome.state is IntakeState.FILED:
            self.filed += 1
        elif outcome.state is IntakeState.IGNORED:
            self.ignored += 1
        else:
            self.quarantined += 1


async def ingest(
    intake: IntakeDesk,
    channel_id: int,
    mails: Iterable[RawMail],
    *,
    max_bytes: int,
    progress: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Accept and file every mail in its order; answers how many became what."""
    tally = Tally()
    accepted: asyncio.Queue[list[int] | None] = asyncio.Queue(maxsize=2)

    async def store() -> None:
        for batch in _batches(mails):
            raws = [_raw(mail, max_bytes) for mail in batch]
            ids = await intake.accept(channel_id, "ingest", raws)
            tally.quarantined += len(raws) - len(ids)
            await accepted.put(ids)
        await accepted.put(None)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(store())
        while (ids := await accepted.get()) is not None:
            for outcome in await intake.file(ids):
                tally.add(outcome)
            progress(tally)
    return tally


def _raw(mail: RawMail, max_bytes: int) -> RawInput:
    refused = f"It is larger than {max_bytes} bytes." if len(mail.content) > max_bytes else ""
    return RawInput(content=mail.content, source_ref=mail.ref, refused=refused)


def _batches(mails: Iterable[RawMail]) -> Iterator[list[RawMail]]:
    batch: list[RawMail] = []
    size = 0
    for mail in mails:
        batch.append(mail)
        size += len(mail.content)
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
