"""The tags that cases and customers bear."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.errors import NotFound
from inbox.models import CaseTag, Customer, CustomerTag, Tag
from inbox.queries.choices import TagChoice


@dataclass(frozen=True, slots=True)
class Used:
    """A tag, and how many cases and customers bear it."""

    tag: Tag
    cases: int
    customers: int


async def everything(session: AsyncSession) -> Sequence[Tag]:
    """All tags by name."""
    return (await session.scalars(select(Tag).order_by(Tag.name))).all()


async def with_use(session: AsyncSession) -> list[Used]:
    """All tags by name, with how much they are used."""
    on_cases = select(CaseTag.tag_id, func.count()).group_by(CaseTag.tag_id)
    cases = {tag_id: count for tag_id, count in await session.execute(on_cases)}
    on_people = select(CustomerTag.tag_id, func.count()).group_by(CustomerTag.tag_id)
    people = {tag_id: count for tag_id, count in await session.execute(on_people)}
    return [Used(tag, cases.get(tag.id, 0), people.get(tag.id, 0)) for tag in await everything(session)]


async def of_customer(session: AsyncSession, customer: Customer) -> Sequence[Tag]:
    """The tags of a customer, by name."""
    query = select(Tag).join(CustomerTag, CustomerTag.tag_id == Tag.id)
    return (
        await session.scalars(query.where(CustomerTag.customer_id == customer.id).order_by(Tag.name))
    ).all()


async def of_cases(session: AsyncSession, case_ids: Sequence[int]) -> dict[int, list[TagChoice]]:
    """The tags of these cases (internal keys), by name."""
    found: dict[int, list[TagChoice]] = {}
    for case_id, tag_id, name, hue in await session.execute(_OF_CASES, {"ids": case_ids}):
        found.setdefault(case_id, []).append(TagChoice(tag_id, name, hue))
    return found


# Made once: making a statement again for each call costs more than running it.
_OF_CASES = (
    select(CaseTag.case_id, Tag.id, Tag.name, Tag.hue)
    .join(Tag, Tag.id == CaseTag.tag_id)
    .where(CaseTag.case_id.in_(bindparam("ids", expanding=True)))
    .order_by(Tag.name)
)


async def by_id(session: AsyncSession, public_id: str) -> Tag:
    """One tag. Raises NotFound."""
    tag = (await session.scalars(select(Tag).where(Tag.public_id == public_id))).first()
    if tag is None:
        raise NotFound("There is no such tag.")
    return tag
