"""The first admin and invited colleagues: one link, one agent."""

import asyncio

import httpx2
import pytest
from sqlalchemy import func, select

from inbox.actions import agents
from inbox.actors import SYSTEM
from inbox.clock import FrozenClock
from inbox.models import Agent, Role
from tests.web.conftest import BASE, PASSWORD, Opened, Person
from tests.web.test_sign_ins import token_of
from web.installation import Installation


async def setup_token(installation: Installation) -> str:
    async with installation.database.transaction() as session:
        return await agents.begin_setup(session)


async def fill_in(client: httpx2.AsyncClient, path: str, **form: str) -> httpx2.Response:
    """Open the page of a link and send its form."""
    page = await client.get(path)
    assert page.status_code == 200
    filled = {"csrf_token": token_of(page), "name": "Ada Admin", "password": PASSWORD, **form}
    return await client.post(path.partition("?")[0], data=filled, headers={"Origin": BASE})


async def test_the_link_of_the_server_makes_the_first_admin_once(
    installation: Installation, stranger: httpx2.AsyncClient, opened: Opened
) -> None:
    token = await setup_token(installation)

    answer = await fill_in(stranger, f"/setup?token={token}", token=token, email="ada@shop.example")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await stranger.get("/settings/agents")).status_code == 200
    assert (await opened().get(f"/setup?token={token}")).headers["location"] == "/sign-in"


async def test_a_newer_link_ends_the_older_one(
    installation: Installation, stranger: httpx2.AsyncClient
) -> None:
    old, new = await setup_token(installation), await setup_token(installation)

    assert (await stranger.get(f"/setup?token={old}")).status_code == 404
    assert (await stranger.get(f"/setup?token={new}")).status_code == 200


@pytest.mark.parametrize("token", ["", " ", "None", "x" * 43])
async def test_no_other_link_opens_the_set_up(
    installation: Installation, stranger: httpx2.AsyncClient, token: str
) -> None:
    await setup_token(installation)

    assert (await stranger.get("/setup", params={"token": token})).status_code == 404
    assert (await stranger.get("/setup")).status_code == 404


async def test_a_day_later_a_link_is_dead(
    installation: Installation, stranger: httpx2.AsyncClient, clock: FrozenClock
) -> None:
    token = await setup_token(installation)
    clock.advance(hours=24)

    assert (await stranger.get(f"/setup?token={token}")).status_code == 404


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "Password1234"])
async def test_a_password_that_is_guessed_at_once_is_refused_and_the_form_kept(
    installation: Installation, stranger: httpx2.AsyncClient, password: str
) -> None:
    token = await setup_token(installation)

    path, email = f"/setup?token={token}", "ada@shop.example"
    answer = await fill_in(stranger, path, token=token, email=email, password=password)

    assert answer.status_code == 422
    assert "ada@shop.example" in answer.text
    assert password not in answer.text


async def test_of_many_who_use_one_invitation_at_once_one_gets_in(
    installation: Installation, opened: Opened, ada: Person
) -> None:
    async with installation.database.transaction() as session:
        token = await agents.invite(
            session, email="priya@shop.example", name="Priya Nair", role=Role.AGENT, by=SYSTEM
        )

    answers = await asyncio.gather(
        *(fill_in(opened(), f"/join/{token}", email="other@shop.example") for _ in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [303] + [404] * 7
    async with installation.database.reading() as session:
        found = (await session.scalars(select(Agent).where(Agent.id != ada.agent.id))).all()
    assert [(agent.email, agent.role) for agent in found] == [("priya@shop.example", Role.AGENT)]


async def test_an_invitation_is_no_set_up_link_and_the_other_way_round(
    installation: Installation, opened: Opened
) -> None:
    token = await setup_token(installation)

    answer = await opened().get(f"/join/{token}")

    assert answer.status_code == 404
    async with installation.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Agent)) == 0
