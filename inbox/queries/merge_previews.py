"""Two customers beside each other, before they are merged: who they are, what they say, what will happen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.envelopes import AddressKind
from inbox.models import (
    UNFINISHED,
    AuthorKind,
    Case,
    Conversation,
    Customer,
    Direction,
    Message,
    Suggestion,
    SuggestionKind,
    SuggestionState,
)
from inbox.phrases import N_
from inbox.policies import visible_to
from inbox.queries import customers, messages
from inbox.queries.customers import Known
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_customer
from inbox.texts import snippet

ATTRIBUTE = "attribute:"  # what the name of an attribute stands behind among the fields to take
MOST_WORDS = 3
LONGEST_WORDS = 160


@dataclass(frozen=True, slots=True)
class Said:
    """Some of the newest words of a conversation."""

    words: str
    at: datetime
    is_inbound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: their addresses, how much there is of them, and what was said last."""

    known: Known
    face: Face
    cases: int
    unfinished: int
    messages: int
    newest: Sequence[Said]

    @property
    def customer(self) -> Customer:
        return self.known.customer

    @property
    def emails(self) -> list[str]:
        """The addresses that are known to reach them."""
        return [one.address for one in self.known.identities if one.kind == AddressKind.EMAIL]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something that the two may say differently; `name` is what `merge(take=…)` calls it."""

    name: str
    label: str
    kept: Any
    merged: Any

    @property
    def is_open(self) -> bool:
        """Whether somebody has to choose: both say something, and not the same."""
        return bool(self.kept and self.merged and self.kept != self.merged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a merge of `merged` into `kept` would bring together; `questions` it would answer by itself."""

    kept: Side
    merged: Side
    fields: Sequence[Field]
    questions: int


async def preview_of(session: AsyncSession, actor: Actor, merged: Customer, *, into: Customer) -> Preview:
    """Both sides as this actor may see them."""
    by_id = {one.customer.id: one for one in await customers.known(session, [merged, into])}
    return Preview(
        kept=await _side(session, actor, by_id[into.id]),
        merged=await _side(session, actor, by_id[merged.id]),
        fields=_fields(into, merged),
        questions=await _questions(session, merged, into),
    )


async def _side(session: AsyncSession, actor: Actor, known: Known) -> Side:
    cases = unfinished = count = 0
    newest: list[Said] = []
    if known.conversation is not None:
        cases, unfinished = await _count_cases(session, actor, known.conversation)
        own = messages.visible(actor).where(Message.conversation_id == known.conversation.id)
        count = await session.scalar(select(func.count()).select_from(own.subquery())) or 0
        said = own.where(Message.author_kind != AuthorKind.SYSTEM)
        rows = await session.scalars(said.order_by(Message.position.desc()).limit(MOST_WORDS))
        newest = [
            Said(snippet(row.text, LONGEST_WORDS), row.created_at, row.direction == Direction.INBOUND)
            for row in rows
        ]
    return Side(
        known=known,
        face=face_of_customer(known.customer),
        cases=cases,
        unfinished=unfinished,
        messages=count,
        newest=newest,
    )


async def _count_cases(session: AsyncSession, actor: Actor, conversation: Conversation) -> tuple[int, int]:
    query = select(Case.status, func.count()).where(
        Case.conversation_id == conversation.id, Case.joined_into_id.is_(None), visible_to(actor)
    )
    counts = {status: count for status, count in await session.execute(query.group_by(Case.status))}
    return sum(counts.values()), sum(counts.get(status, 0) for status in UNFINISHED)


def _fields(kept: Customer, merged: Customer) -> list[Field]:
    columns = [
        Field(name=name, label=label, kept=getattr(kept, name), merged=getattr(merged, name))
        for name, label in (("name", N_("Name")), ("company", N_("Company")))
    ]
    keys = dict.fromkeys([*kept.attributes, *merged.attributes])
    return columns + [
        Field(
            name=f"{ATTRIBUTE}{key}",
            label=key,
            kept=kept.attributes.get(key),
            merged=merged.attributes.get(key),
        )
        for key in keys
    ]


async def _questions(session: AsyncSession, one: Customer, other: Customer) -> int:
    pair = (one.id, other.id)
    query = select(func.count(Suggestion.id)).where(
        Suggestion.state == SuggestionState.OPEN,
        Suggestion.kind != SuggestionKind.FORWARD,
        or_(
            (Suggestion.customer_id == pair[0]) & (Suggestion.other_customer_id == pair[1]),
            (Suggestion.customer_id == pair[1]) & (Suggestion.other_customer_id == pair[0]),
        ),
    )
    return await session.scalar(query) or 0
