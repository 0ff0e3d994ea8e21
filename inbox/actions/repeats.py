"""Requests that may come twice: the first answer is kept with what the request changed, in one
transaction."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.errors import Invalid
from inbox.models import Agent, IdempotencyKey

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
    """The answer that this key got before; raises Invalid where it came with another request."""
    if len(key) > LONGEST_KEY:
        raise Invalid(f"An Idempotency-Key has at most {LONGEST_KEY} characters.")
    query = select(IdempotencyKey).where(IdempotencyKey.agent_id == agent.id, IdempotencyKey.key == key)
    known = (await session.scalars(query)).first()
    if known is None:
        return None
    if known.created_at < clock.now() - KEPT:
        await session.execute(delete(IdempotencyKey).where(IdempotencyKey.id == known.id))
        return None
    if known.request_hash != request_hash:
        raise Invalid(
            "This Idempotency-Key came with another request before. Use a new key for a new request."
        )
    return Answer(known.status, known.answer)


def keep_answer(session: AsyncSession, agent: Agent, key: str, request_hash: str, answer: Answer) -> None:
    """Remember the answer; it is kept if, and only if, what the request changed is."""
    session.add(
        IdempotencyKey(
            agent_id=agent.id, key=key, request_hash=request_hash, status=answer.status, answer=answer.body
        )
    )
