"""A search that was saved is seen by whom it was saved for, and changed by its owner."""

import pytest

from inbox.actions import views
from inbox.db import Database
from inbox.errors import Conflict, Invalid, NotFound, NotPermitted
from inbox.models import Agent, Audience, Role
from inbox.queries import views as kept
from tests.builders import a_team, an_agent


async def names(database: Database, agent: Agent) -> list[str]:
    async with database.reading() as session:
        return [view.name for view in await kept.saved_views(session, agent)]


async def test_a_view_is_shown_to_its_owner_its_team_or_everybody(database: Database) -> None:
    async with database.transaction() as session:
        maya, tomas, lena = [await an_agent(session) for _ in range(3)]
        team = await a_team(session, tomas)
        await views.save_view(session, name="Own", words="is:waiting", by=maya)
        of_team = Audience.TEAM
        await views.save_view(session, name="Team", words="tag:refund", by=maya, audience=of_team, team=team)
        everybody = Audience.EVERYBODY
        await views.save_view(session, name="All", words="is:unread", by=maya, audience=everybody)

    assert await names(database, maya) == ["All", "Own", "Team"]
    assert await names(database, tomas) == ["All", "Team"]
    assert await names(database, lena) == ["All"]


async def test_only_its_owner_or_an_admin_changes_or_removes_a_view(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, tomas = await an_agent(session), await an_agent(session)
        admin = await an_agent(session, role=Role.ADMIN)
        everybody = Audience.EVERYBODY
        view = await views.save_view(session, name="All", words="is:open", by=maya, audience=everybody)
        with pytest.raises(NotPermitted):
            await views.change_view(session, view, name="Mine", words="is:open", by=tomas, audience=everybody)
        with pytest.raises(NotPermitted):
            await views.remove_view(session, view, by=tomas)
        await views.change_view(session, view, name="Open", words="is:open", by=admin, audience=Audience.OWN)
        public_id = view.public_id
        with pytest.raises(NotFound):
            await kept.saved_view(session, tomas, public_id)
        await views.remove_view(session, view, by=maya)
    assert await names(sqlite_database, maya) == []


async def test_a_view_says_what_it_looks_for_and_there_are_not_too_many(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya = await an_agent(session)
        for name, words in (("", "is:open"), ("Open", "  "), ("Open", "!!"), ("Open", "-lamp")):
            with pytest.raises(Invalid):
                await views.save_view(session, name=name, words=words, by=maya)
        with pytest.raises(Invalid, match="team"):
            await views.save_view(session, name="T", words="is:open", by=maya, audience=Audience.TEAM)
        for number in range(views.MOST):
            await views.save_view(session, name=f"View {number}", words="is:open", by=maya)
        with pytest.raises(Conflict, match="Remove one first"):
            await views.save_view(session, name="One more", words="is:open", by=maya)
