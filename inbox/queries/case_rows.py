"""What the lines of an inbox list show to one agent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Agent, Case
from inbox.policies import visible_to
from inbox.queries import case_lines as lines
from inbox.queries.case_lines import ListedCase, Offer
from inbox.queries.case_pages import PAGE_SIZE, conditions_of, page_of_ids
from inbox.queries.case_views import CaseFilter, unfinished_of_few
from inbox.queries.pages import Page
from inbox.queries.tags import of_cases as tags_of_cases


@dataclass(frozen=True, slots=True)
class OtherCase:
    """Another unfinished case of the same conversation: "+1 other: Refund · Tomás"."""

    number: int
    subject: str
    assignee: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """What a line of the inbox shows to one agent. `newest_position` is that of the newest message that the
    customer wrote in this case, or of a question in its conversation that waits for an agent. `is_muted`:
    they muted it, and nobody has mentioned them since."""

    case: ListedCase
    conversation_id: str
    customer_id: str
    customer_name: str
    others: tuple[OtherCase, ...]
    newest_position: int
    read_position: int
    draft: str
    offer: Offer | None = None
    is_muted: bool = False
    is_starred: bool = False

    @property
    def is_unread(self) -> bool:
        return self.newest_position > self.read_position and not self.is_muted


async def rows(
    session: AsyncSession,
    wanted: CaseFilter,
    *,
    actor: Actor,
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
    sort: str | None = None,
) -> Page[CaseRow]:
    """A page of an inbox list, with everything that its lines show to this agent."""
    found = await page_of_ids(session, wanted, actor=actor, cursor=cursor, limit=limit, sort=sort)
    return Page(await lines_of(session, found.items, actor), found.next)


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of signalled cases in one view: rows to show anew, and numbers that are not (any more) in
    it."""

    rows: tuple[CaseRow, ...]
    gone: tuple[int, ...]


async def changed(
    session: AsyncSession, wanted: CaseFilter, numbers: Iterable[int], *, actor: Actor
) -> Changed:
    """The rows of these cases, as far as they are in the view and the actor may see them."""
    asked = list(dict.fromkeys(numbers))
    query = select(Case.id).where(Case.number.in_(asked), *conditions_of(session, wanted, actor))
    ids = (await session.scalars(query)).all() if asked else []
    shown = await lines_of(session, ids, actor)
    there = {row.case.number for row in shown}
    return Changed(tuple(shown), tuple(number for number in asked if number not in there))


async def lines_of(session: AsyncSession, ids: Sequence[int], actor: Actor) -> list[CaseRow]:
    """What these cases (internal keys) show to this agent, in this order."""
    if not ids:
        return []
    found = await session.execute(lines.LINES, {"ids": ids, "agent": actor.id or 0})
    line_of = {line.id: line for line in found}
    tags = await tags_of_cases(session, ids)
    others = await _others(session, list({line.conversation_id for line in line_of.values()}), actor)
    return [
        CaseRow(
            case=lines.listed(line, tags.get(key, ())),
            conversation_id=line.talk_id,
            customer_id=line.customer_id,
            customer_name=line.customer_name,
            others=tuple(o for o in others.get(line.conversation_id, ()) if o.number != line.number),
            newest_position=max(line.newest or 0, line.asked or 0),
            read_position=line.read or 0,
            draft=line.draft or "",
            offer=lines.offer_of(line),
            is_muted=line.is_muted,
            is_starred=line.star is not None,
        )
        for key in ids
        if (line := line_of.get(key)) is not None
    ]


async def _others(
    session: AsyncSession, conversation_ids: Sequence[int], actor: Actor
) -> dict[int, list[OtherCase]]:
    found: dict[int, list[OtherCase]] = {}
    rows = await session.execute(_beside(actor), {"ids": conversation_ids})
    for conversation_id, number, subject, assignee in rows:
        found.setdefault(conversation_id, []).append(OtherCase(number, subject, assignee))
    return found


# Statements are made once and kept: making one again for each call costs more than running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


@lru_cache(maxsize=512)
def _beside(actor: Actor) -> Select[int, int, str, str]:
    return (
        select(Case.conversation_id, Case.number, Case.subject, Agent.name)
        .outerjoin(Agent, Agent.id == Case.assignee_id)
        .where(
            Case.conversation_id.in_(_IDS),
            unfinished_of_few(),
            Case.joined_into_id.is_(None),
            visible_to(actor),
        )
        .order_by(Case.id)
    )
