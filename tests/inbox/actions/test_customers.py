"""What agents say of a customer."""

from typing import Any

import pytest
from sqlalchemy import select

from inbox.actions.customers import change
from inbox.actions.merges import merge
from inbox.db import Database
from inbox.errors import Conflict, Invalid
from inbox.models import Event, EventKind, Mark
from tests.builders import a_conversation, an_agent


async def test_what_is_given_changes_and_the_rest_stays(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        agent = await an_agent(session)
        customer = scene.customer
        customer.attributes = {"plan": "free", "city": "Porto"}
        await session.flush()
        await change(
            session,
            customer,
            by=agent,
            company=" Sousa  Lda ",
            attributes={"plan": "gold", "city": None, "seats": 4},
            marks=[Mark.SHARED],
        )
        assert (customer.name, customer.company, customer.marks) == ("Ana Sousa", "Sousa Lda", ["shared"])
        assert customer.attributes == {"plan": "gold", "seats": 4}
    async with database.reading() as session:
        (event,) = await session.scalars(select(Event).where(Event.kind == EventKind.CUSTOMER_CHANGED))
        assert event.data == {"customer": customer.public_id, "changed": ["company", "attributes", "marks"]}


async def test_nothing_new_is_no_event(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        await change(session, scene.customer, by=await an_agent(session), name="Ana Sousa", marks=[])
    async with database.reading() as session:
        assert EventKind.CUSTOMER_CHANGED not in set(await session.scalars(select(Event.kind)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x" * 301},
        {"marks": ["famous"]},
        {"attributes": {"": "x"}},
        {"attributes": {"list": [1]}},
        {"attributes": {"number": float("nan")}},
        {"attributes": {"text": "a\x00b"}},
        {"attributes": {"text": "x" * 2001}},
        {"attributes": {f"field {number}": 1 for number in range(101)}},
    ],
)
async def test_what_cannot_be_stored_is_refused_in_words(database: Database, wrong: dict[str, Any]) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        with pytest.raises(Invalid, match=r"\.$"):
            await change(session, scene.customer, by=await an_agent(session), **wrong)


async def test_a_merged_customer_is_not_changed_any_more(database: Database) -> None:
    async with database.transaction() as session:
        ana, other = await a_conversation(session), await a_conversation(session)
        agent = await an_agent(session)
        await merge(session, other.customer, into=ana.customer, by=agent)
        with pytest.raises(Conflict):
            await change(session, other.customer, by=agent, name="Somebody")
