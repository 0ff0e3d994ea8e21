"""Teams come and go; what happened in them stays."""

import pytest

from inbox.actions.assignments import assign_team
from inbox.actions.teams import remove_team
from inbox.actors import SYSTEM
from inbox.db import Database
from inbox.errors import Conflict
from inbox.models import Case, Team
from tests.builders import a_conversation, a_team, an_agent


async def test_a_team_that_has_had_a_case_stays_in_its_history(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya = await an_agent(session)
        returns, repairs, unused = [await a_team(session, maya, name=name) for name in ("A", "B", "C")]
        scene = await a_conversation(session)
        case = await session.get_one(Case, scene.case.id)
        for team in (returns, repairs):
            await assign_team(session, case, team=team, by=maya)

    for team, words in ((returns, "history"), (repairs, "still has cases")):
        async with sqlite_database.transaction() as session:
            with pytest.raises(Conflict, match=words):
                await remove_team(session, await session.get_one(Team, team.id), by=SYSTEM)
    async with sqlite_database.transaction() as session:
        await remove_team(session, await session.get_one(Team, unused.id), by=SYSTEM)
        assert await session.get(Team, unused.id) is None
