"""Requests that may come twice: the first answer is kept with what the request changed, in one
transaction."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.errors import Invalid
from inbox.models import Agent, IdempotencyKey
from inbox.upserts import insert_into

KEPT = timedelta(hours=24)
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's status and its body (JSON text)."""

    status: int
    body: str


def hash_of(*parts: bytes) -> str:
    """SHA-256 (hex) of what makes a request the same one: method, path and body."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


async def first_answer(session: AsyncSession, agent: Agent, key: str, request_hash: str) -> Answer | None:
    """The answer that this key got before; None takes the key for this request until the transaction ends.

    Of two requests at once the second waits here for the first one. Raises Invalid where the key came with
    another request.
    """
    if len(key) > LONGEST_KEY:
        raise Invalid("An Idempotency-Key has at most %(most)s characters.", most=LONGEST_KEY)
    expired = delete(IdempotencyKey).where(
        IdempotencyKey.agent_id == agent.id, IdempotencyKey.created_at < clock.now() - KEPT
    )
    await session.execute(expired)
    if await _take(session, agent, key, request_hash):
        return None
    query = select(IdempotencyKey).where(IdempotencyKey.agent_id == agent.id, IdempotencyKey.key == key)
    known = (await session.scalars(query)).one()
    if known.request_hash != request_hash:
        raise Invalid(
            "This Idempotency-Key came with another request before. Use a new key for a new request."
        )
    return Answer(known.status, known.answer)


async def keep_answer(session: AsyncSession, agent: Agent, key: str, answer: Answer) -> None:
    """Remember the answer of a taken key; it is kept if, and only if, what the request changed is."""
    taken = update(IdempotencyKey).where(IdempotencyKey.agent_id == agent.id, IdempotencyKey.key == key)
    await session.execute(taken.values(status=answer.status, answer=answer.body))


async def _take(session: AsyncSession, agent: Agent, key: str, request_hash: str) -> bool:
    row = insert_into(session, IdempotencyKey).values(
        agent_id=agent.id,
        key=key,
        request_hash=request_hash,
        status=0,
        answer="",
        created_at=clock.now(),
    )
    taken = row.on_conflict_do_nothing(index_elements=["agent_id", "key"]).returning(IdempotencyKey.id)
    return (await session.execute(taken)).one_or_none() is not None
