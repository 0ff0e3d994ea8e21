"""Companies tell who belongs together."""

import re

from sqlalchemy import select

from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.envelopes import Address
from inbox.models import Company, Conversation, Customer, Identity
from tests.builders import Scene, a_conversation, a_customer, an_identity
from tests.web.conftest import Person
from tests.web.live.stage import set_stage


async def test_a_company_has_people_and_domains(
    maya: Person, scene: Scene, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        rui = await a_customer(session, name="Rui Antunes", company="Norte Studio")
        await a_conversation(session, customer=rui)
        clara = await a_customer(session, name="Clara Pires")
        await a_conversation(session, customer=clara)
        await an_identity(session, clara, "clara@norte.example")
    page = (await maya.browser.get("/companies?q=norte")).text
    assert "Norte Studio" in page and "1 customer<" in page
    opened = await maya.post("/companies", data={"name": "norte studio"})
    assert (await maya.post("/companies", data={"name": " "})).status_code == 422
    async with sqlite_database.transaction() as session:
        company = (await session.scalars(select(Company))).one()
        company.name = "Norte Studio"
    url = opened.headers["location"]
    for domains, problem in (("gmail.com", "Anybody can have"), ("no domain", "is no domain")):
        refused = await maya.post(url, data={"name": "Norte Studio", "domains": domains})
        assert refused.status_code == 422 and problem in refused.text

    saved = await maya.post(url, data={"name": "Norte", "domains": "@Norte.example"})

    assert saved.headers["location"] == f"{url}?adopted=1"
    page = (await maya.browser.get(saved.headers["location"])).text
    assert "Rui Antunes" in page and "Clara Pires" in page and "1 more customer writes" in page
    profile = (await maya.browser.get(f"/customers/{rui.public_id}")).text
    assert "Also at Norte" in profile and "Clara Pires" in profile
    found = re.search(r'href="(/companies\?q=[^"]+)"', profile)
    assert found is not None and "Norte" in (await maya.browser.get(found[1])).text


async def test_whoever_writes_from_a_companys_domain_works_there_and_keeps_a_thread_of_their_own(
    maya: Person, sqlite_database: Database, clock: FrozenClock
) -> None:
    stage = await set_stage(sqlite_database, clock)
    opened = await maya.post("/companies", data={"name": "Norte Studio"})
    await maya.post(
        opened.headers["location"], data={"name": "Norte Studio", "domains": "norte.example\nnorte.test"}
    )

    await stage.receive("Hello", sender=Address("new@norte.test", "New Person"))
    await stage.receive("Hello", sender=Address("other@elsewhere.test", "Other Person"))

    async with sqlite_database.reading() as session:
        query = select(Customer).join(Identity, Identity.customer_id == Customer.id)
        newcomer = (await session.scalars(query.where(Identity.address == "new@norte.test"))).one()
        other = (await session.scalars(query.where(Identity.address == "other@elsewhere.test"))).one()
        threads = (await session.scalars(select(Conversation))).all()
    assert (newcomer.company, other.company) == ("Norte Studio", "")
    assert len(threads) == len({thread.customer_id for thread in threads}) == 3
