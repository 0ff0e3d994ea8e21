"""Companies that customers work for. They tell who belongs together, and never join a thread."""

import re
from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.envelopes import AddressKind
from inbox.errors import Conflict, Invalid
from inbox.models import Agent, Company, CompanyDomain, Customer, Identity
from inbox.phrases import N_
from inbox.policies import Action, authorize

LONGEST_NAME = 300
MOST_DOMAINS = 100
NEEDS_NAME = N_("A company needs a name of at most %(most)d characters.")
_DOMAIN = re.compile(r"(?=.{3,255}$)[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?(?:\.[a-z0-9-]{1,63})+")
# Everybody has an address there: it says nothing about whom somebody works for.
EVERYBODYS = frozenset(
    (
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "mail.com"),
        *("yahoo.com", "yahoo.de", "ymail.com", "aol.com", "icloud.com", "me.com", "mac.com"),
        *("gmx.de", "gmx.net", "gmx.at", "gmx.com", "web.de", "t-online.de", "freenet.de"),
        *("proton.me", "protonmail.com", "mail.ru", "yandex.ru", "yandex.com", "qq.com", "163.com"),
        *("126.com", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sapo.pt", "libero.it"),
        *("comcast.net", "btinternet.com"),
    )
)


async def name_known(session: AsyncSession, name: str) -> str:
    """The name as the company of that name writes it, whatever the case; a new company is made."""
    return (await known_as(session, name)).name if name else ""


async def known_as(session: AsyncSession, name: str) -> Company:
    """The company of that name, whatever the case; a new one where there is none. Raises Invalid without a
    name."""
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(NEEDS_NAME, most=LONGEST_NAME, field="name")
    query = select(Company).where(func.lower(Company.name) == name.lower()).order_by(Company.id)
    company = (await session.scalars(query)).first()
    if company is None:
        company = Company(name=name)
        session.add(company)
        await session.flush()
    return company


async def change(
    session: AsyncSession, company: Company, *, by: Agent, name: str, domains: Sequence[str]
) -> int:
    """Rename a company, for its people too, and say from which domains they write.

    Whoever is known by an address of such a domain and has no company yet belongs to it from now on; answers
    how many these were. Raises Invalid for what is no domain, Conflict for one that is another company's.
    """
    authorize(Actor.agent(by), Action.CHANGE)
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(NEEDS_NAME, most=LONGEST_NAME, field="name")
    same = select(Company.id).where(func.lower(Company.name) == name.lower(), Company.id != company.id)
    if await session.scalar(same) is not None:
        raise Conflict("There is a company %(name)s already.", name=name)
    wanted = await _domains(session, company, domains)
    people = update(Customer).where(Customer.company == company.name).values(company=name)
    await session.execute(people, execution_options={"synchronize_session": False})
    company.name = name
    await session.execute(delete(CompanyDomain).where(CompanyDomain.company_id == company.id))
    session.add_all(CompanyDomain(company_id=company.id, domain=domain) for domain in wanted)
    await session.flush()
    return await _adopt(session, name, wanted)


async def domains_of(session: AsyncSession, company: Company) -> list[str]:
    """The domains from which its people write."""
    query = select(CompanyDomain.domain).where(CompanyDomain.company_id == company.id)
    return list(await session.scalars(query.order_by(CompanyDomain.domain)))


async def _domains(session: AsyncSession, company: Company, typed: Sequence[str]) -> list[str]:
    wanted = dict.fromkeys(one.strip().lower().removeprefix("@").rstrip(".") for one in typed if one.strip())
    if len(wanted) > MOST_DOMAINS:
        raise Invalid("A company has at most %(most)d domains.", most=MOST_DOMAINS, field="domains")
    for domain in wanted:
        if not _DOMAIN.fullmatch(domain):
            raise Invalid("%(domain)s is no domain, such as norte.example.", domain=domain, field="domains")
        if domain in EVERYBODYS:
            raise Invalid("Anybody can have an address at %(domain)s.", domain=domain, field="domains")
    taken = select(CompanyDomain.domain).where(
        CompanyDomain.domain.in_(wanted), CompanyDomain.company_id != company.id
    )
    if other := await session.scalar(taken.limit(1)):
        raise Conflict("%(domain)s is another company's.", domain=other)
    return list(wanted)


async def _adopt(session: AsyncSession, name: str, domains: Sequence[str]) -> int:
    adopted = 0
    for domain in domains:
        known = select(Identity.customer_id).where(
            Identity.kind == AddressKind.EMAIL, Identity.address.like(f"%@{domain}")
        )
        rows = update(Customer).where(
            Customer.company == "", Customer.merged_into_id.is_(None), Customer.id.in_(known)
        )
        adopted += len(
            (
                await session.scalars(
                    rows.values(company=name).returning(Customer.id),
                    execution_options={"synchronize_session": False},
                )
            ).all()
        )
    return adopted
