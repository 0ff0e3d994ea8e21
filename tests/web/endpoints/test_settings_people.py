"""Settings → Agents and Teams."""

import re

from sqlalchemy import select

from inbox.models import Agent, Team
from inbox.queries import agents
from tests.web.conftest import PASSWORD, NewPerson, Opened, Person
from web.installation import Installation


async def agent_of(installation: Installation, person: Person) -> Agent:
    async with installation.database.reading() as session:
        return await agents.by_id(session, person.agent.public_id)


async def test_an_invitation_is_shown_once_and_makes_an_agent(
    ada: Person, installation: Installation, opened: Opened
) -> None:
    data = {"name": "Priya Nair", "email": "priya@shop.example", "role": "agent"}
    answer = await ada.post("/settings/agents/invitations", data=data)
    link = re.search(r"/join/[\w-]+", answer.text)
    assert link is not None
    assert "/join/" not in (await ada.browser.get("/settings/agents")).text

    newcomer = opened()
    page = await newcomer.get(link[0])
    token = re.search(r'name="csrf_token" value="(\w+)"', page.text)
    assert token is not None
    await newcomer.post(
        link[0],
        data={"csrf_token": token[1], "name": "Priya Nair", "password": PASSWORD},
        headers={"Origin": "http://127.0.0.1:8000"},
    )

    async with installation.database.reading() as session:
        priya = await agents.by_email(session, "priya@shop.example")
    assert priya is not None
    assert not priya.is_admin


async def test_somebody_who_is_here_already_cannot_be_invited(ada: Person, maya: Person) -> None:
    data = {"name": "Maya", "email": maya.agent.email, "role": "agent"}
    answer = await ada.post("/settings/agents/invitations", data=data)

    assert answer.status_code == 422
    assert "There is already somebody with the address maya@shop.example." in answer.text
    assert 'value="maya@shop.example"' in answer.text


async def test_a_changed_role_signs_somebody_out(
    ada: Person, maya: Person, installation: Installation
) -> None:
    await ada.post(f"/settings/agents/{maya.agent.public_id}", data={"role": "admin"})

    assert (await agent_of(installation, maya)).is_admin
    assert (await maya.browser.get("/settings/profile")).status_code == 303


async def test_the_last_admin_stays_one(ada: Person, installation: Installation) -> None:
    answer = await ada.post(f"/settings/agents/{ada.agent.public_id}", data={"role": "agent"})

    assert answer.status_code == 409
    assert (await agent_of(installation, ada)).is_admin


async def test_whoever_is_deactivated_is_out_until_let_in_again(
    ada: Person, maya: Person, installation: Installation
) -> None:
    await ada.post(f"/settings/agents/{maya.agent.public_id}/deactivate")
    assert (await maya.browser.get("/settings/profile")).status_code == 303
    assert "No longer here" in (await ada.browser.get("/settings/agents")).text

    await ada.post(f"/settings/agents/{maya.agent.public_id}/activate")
    assert (await agent_of(installation, maya)).deactivated_at is None


async def test_a_team_is_added_renamed_and_peopled(
    ada: Person, new_person: NewPerson, installation: Installation
) -> None:
    maya, tomas = await new_person("Maya Okafor"), await new_person("Tomas Lima")
    await ada.post("/settings/teams", data={"name": "Orders", "member": [maya.agent.public_id]})
    async with installation.database.reading() as session:
        team = (await session.scalars(select(Team))).one()

    data = {"name": "Orders & delivery", "member": [tomas.agent.public_id]}
    await ada.post(f"/settings/teams/{team.public_id}", data=data)

    async with installation.database.reading() as session:
        (found,) = await agents.teams(session)
    assert found.team.name == "Orders & delivery"
    assert found.team.slug == "orders"
    assert [member.name for member in found.members] == ["Tomas Lima"]


async def test_two_teams_cannot_share_a_name(ada: Person) -> None:
    await ada.post("/settings/teams", data={"name": "Orders"})
    answer = await ada.post("/settings/teams", data={"name": "Orders"})

    assert answer.status_code == 422
    assert "There is already a team with the name Orders" in answer.text


async def test_an_empty_team_can_be_removed(ada: Person, installation: Installation) -> None:
    await ada.post("/settings/teams", data={"name": "Orders"})
    async with installation.database.reading() as session:
        team = (await session.scalars(select(Team))).one()

    await ada.post(f"/settings/teams/{team.public_id}/remove")

    async with installation.database.reading() as session:
        assert await agents.teams(session) == []


async def test_who_may_not_change_it_learns_whom_to_ask(ada: Person, maya: Person) -> None:
    refused = await maya.browser.get("/settings/channels")

    assert refused.status_code == 403
    assert f"Ask one of them: {ada.agent.name}." in refused.text
