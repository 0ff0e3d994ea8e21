"""Companies, and who works for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.errors import NotFound
from inbox.models import UNFINISHED, Case, Company, CompanyDomain, Conversation, Customer
from inbox.policies import visible_to
from inbox.queries.pages import Page, decoded, encoded
from inbox.queries.shown import Face
from inbox.queries.shown_words import face_of_customer

MOST_PEOPLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A company by name, with how many customers work for it. `company` is None where only the customers
    name it so far."""

    name: str
    people: int
    company: Company | None
    domains: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of a company, and how many cases of theirs are not finished."""

    customer: Customer
    face: Face
    conversation_id: str
    unfinished: int


async def page(
    session: AsyncSession, *, words: str = "", limit: int = 50, cursor: str | None = None
) -> Page[Listed]:
    """The companies that customers work for, by name; by a part of it."""
    query = select(Customer.company, func.count()).where(
        Customer.company != "", Customer.merged_into_id.is_(None)
    )
    if words:
        part = words.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        query = query.where(func.lower(Customer.company).like(f"%{part}%", escape="\\"))
    if cursor is not None:
        query = query.where(Customer.company > str(decoded(cursor, 1)[0]))
    query = query.group_by(Customer.company).order_by(Customer.company).limit(limit + 1)
    counts = (await session.execute(query)).all()
    more, counts = len(counts) > limit, counts[:limit]
    known = await _known(session, [name for name, _ in counts])
    domains = await _domains(session, [company.id for company in known.values()])
    rows = [
        Listed(
            name=name,
            people=people,
            company=known.get(name),
            domains=domains.get(known[name].id, ()) if name in known else (),
        )
        for name, people in counts
    ]
    return Page(rows, encoded(rows[-1].name) if more else None)


async def by_id(session: AsyncSession, public_id: str) -> Company:
    """One company. Raises NotFound."""
    company = (await session.scalars(select(Company).where(Company.public_id == public_id))).first()
    if company is None:
        raise NotFound("There is no such company.")
    return company


def unfinished_cases(actor: Actor) -> ScalarSelect[int]:
    """How many cases of a conversation that the actor may see are to be worked on, for each of a query."""
    return (
        select(func.count(Case.id))
        .where(
            Case.conversation_id == Conversation.id,
            Case.status.in_(UNFINISHED),
            Case.joined_into_id.is_(None),
            visible_to(actor),
        )
        .correlate(Conversation)
        .scalar_subquery()
    )


async def people_of(session: AsyncSession, actor: Actor, company: Company) -> list[Person]:
    """Who works there, whoever wrote last first."""
    query = (
        select(Customer, Conversation.public_id, unfinished_cases(actor))
        .join(Conversation, Conversation.customer_id == Customer.id)
        .where(Customer.company == company.name, Customer.merged_into_id.is_(None))
        .order_by(Conversation.last_message_at.desc().nulls_last(), Customer.id)
        .limit(MOST_PEOPLE)
    )
    return [
        Person(
            customer=customer,
            face=face_of_customer(customer),
            conversation_id=conversation_id,
            unfinished=count,
        )
        for customer, conversation_id, count in await session.execute(query)
    ]


async def _known(session: AsyncSession, names: Sequence[str]) -> dict[str, Company]:
    rows = await session.scalars(select(Company).where(Company.name.in_(names)))
    return {company.name: company for company in rows}


async def _domains(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[str]]:
    query = select(CompanyDomain.company_id, CompanyDomain.domain).where(CompanyDomain.company_id.in_(ids))
    found: dict[int, list[str]] = {}
    for company_id, domain in await session.execute(query.order_by(CompanyDomain.domain)):
        found.setdefault(company_id, []).append(domain)
    return found
