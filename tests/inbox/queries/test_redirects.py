"""Old names lead to where things went."""

import pytest

from inbox.actions.cases import open_case
from inbox.actions.splits import join
from inbox.actors import SYSTEM, Actor
from inbox.db import Database
from inbox.errors import NotFound
from inbox.queries.redirects import conversation_of, find_case, find_conversation
from tests.builders import a_conversation, a_customer, an_agent


async def test_the_number_of_a_joined_case_leads_to_the_case_if_the_actor_may_see_it(
    database: Database,
) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session)
        maya, tomas = await an_agent(session), await an_agent(session, name="Tomás")
        other = await open_case(session, scene.conversation, subject="Refund")
        await join(session, other, into=scene.case, by=maya)
        scene.case.is_private, scene.case.assignee_id = True, maya.id
        await session.flush()
        assert (await find_case(session, other.number, actor=Actor.agent(maya))).id == scene.case.id
        with pytest.raises(NotFound):
            await find_case(session, other.number, actor=Actor.agent(tomas))
        with pytest.raises(NotFound):
            await find_case(session, 1, actor=SYSTEM)


async def test_what_never_was_is_not_found(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(NotFound):
            await find_conversation(session, "nothing")
        with pytest.raises(NotFound):
            await conversation_of(session, await a_customer(session))
