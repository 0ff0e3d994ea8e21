"""After something was removed for good: what nothing points to goes from the disk, and what the database's
own files still hold of rows that were overwritten goes with it.

On SQLite freed pages are overwritten as they are freed (`secure_delete`, inbox/db.py); two places are left.
The search index keeps the words of old rows until its segments are merged (FTS5 §6.8), and the write-ahead
log keeps old pages until it is cut off. On PostgreSQL old rows go with its own VACUUM.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.blobs import BlobStore
from inbox.db import Database
from inbox.models import Attachment, Cleanup, CleanupKind, IntakeRecord, OutboxEntry, SentCopy
from inbox.rounds import keep_rounds

GRACE_SECONDS = 60.0  # bytes that were stored so recently may be somebody's whose row is not written yet
AGAIN = timedelta(seconds=61)
BATCH = 100
MERGED_PAGES = 400
SEARCHED = ("messages", "notes")
WAITS_IN = ("cleanups",)  # the tables that say when something is due
_POINTING = (Attachment.digest, IntakeRecord.digest, OutboxEntry.raw_digest, SentCopy.digest)


class Clearing:
    """Clears away what is to be cleared, until it is cancelled. Any number of processes may run it."""

    def __init__(self, database: Database, blobs: BlobStore, *, grace: float = GRACE_SECONDS) -> None:
        self._database = database
        self._blobs = blobs
        self._grace = grace

    async def run(self) -> None:
        """Sleep until there is something to clear away, do it, and sleep again."""
        await keep_rounds(
            self._database.feed, "clearing", of=WAITS_IN, next_due=self._next_due, do=self.do_what_is_due
        )

    async def do_what_is_due(self) -> int:
        """One round; answers how many things were cleared away."""
        async with self._database.reading() as session:
            due = select(Cleanup).where(Cleanup.due_at <= clock.now()).order_by(Cleanup.id).limit(BATCH)
            rows = (await session.scalars(due)).all()
        done = [row.id for row in rows if row.kind == CleanupKind.BLOB and await self._clear_blob(row)]
        traces = [row.id for row in rows if row.kind == CleanupKind.INDEX]
        if traces and await self._clear_traces():
            done += traces
        await self._settle(done, [row.id for row in rows if row.id not in done])
        return len(done)

    async def _next_due(self) -> datetime | None:
        async with self._database.reading() as session:
            due: datetime | None = await session.scalar(select(func.min(Cleanup.due_at)))
        return due

    async def _settle(self, done: Sequence[int], left: Sequence[int]) -> None:
        async with self._database.transaction() as session:
            await session.execute(delete(Cleanup).where(Cleanup.id.in_(done)))
            for row in await session.scalars(select(Cleanup).where(Cleanup.id.in_(left))):
                row.due_at = clock.now() + AGAIN

    async def _clear_blob(self, row: Cleanup) -> bool:
        """Whether it is settled: gone, or wanted by somebody else."""
        digest = row.digest or ""
        async with self._database.reading() as session:
            if await _is_wanted(session, digest):
                return True
        return await asyncio.to_thread(self._blobs.remove, digest, untouched_for=self._grace)

    async def _clear_traces(self) -> bool:
        """Whether the search index and the write-ahead log are rid of old words."""
        if not self._database.is_sqlite:
            return True
        for table in SEARCHED:
            pages = -MERGED_PAGES  # the first step takes all segments together, the others go on with it
            while await self._merge(table, pages):
                pages = MERGED_PAGES
        async with self._database.watching_connection() as connection:
            busy, *_ = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()
        return not busy

    async def _merge(self, table: str, pages: int) -> bool:
        """One step of merging the segments of an index; whether there was something to do."""
        changes = text("SELECT total_changes()")
        step = text(f"INSERT INTO {table}_search ({table}_search, rank) VALUES ('merge', :pages)")
        async with self._database.transaction() as session:
            before = await session.scalar(changes)
            await session.execute(step, {"pages": pages})
            after = await session.scalar(changes)
        return int(after or 0) - int(before or 0) >= 2


async def _is_wanted(session: AsyncSession, digest: str) -> bool:
    for column in _POINTING:
        if await session.scalar(select(column).where(column == digest).limit(1)) is not None:
            return True
    return False
