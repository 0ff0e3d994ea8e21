"""Signing in and out: who gets in, who does not, and how long it lasts."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import func, select

from inbox.actions import agents, sign_ins
from inbox.actors import SYSTEM
from inbox.clock import FrozenClock
from inbox.models import Agent, Role, Session, SignInFailure
from tests.web.conftest import ADDRESS, BASE, PASSWORD, NewPerson, Opened, Person
from web.app import create_app
from web.installation import Installation


async def sign_in(
    client: httpx2.AsyncClient, email: str, password: str, *, wanted: str = ""
) -> httpx2.Response:
    """Fill in the page's form and send it."""
    page = await client.get("/sign-in")
    form = {"email": email, "password": password, "next": wanted, "csrf_token": token_of(page)}
    return await client.post("/sign-in", data=form, headers={"Origin": BASE})


def token_of(page: httpx2.Response) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


async def test_the_right_password_opens_a_new_session(stranger: httpx2.AsyncClient, maya: Person) -> None:
    answer = await sign_in(stranger, "MAYA@shop.example ", PASSWORD)

    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "onethread_session=" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert maya.session_token not in cookie
    assert (await stranger.get("/settings/sessions")).status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("maya@shop.example", "wrong horse battery"),
        ("maya@shop.example", ""),
        ("maya@shop.example", PASSWORD + " "),
        ("nobody@shop.example", PASSWORD),
        ("no address", PASSWORD),
        ("", ""),
    ],
)
async def test_a_wrong_password_and_an_unknown_account_are_answered_alike(
    stranger: httpx2.AsyncClient, maya: Person, email: str, password: str
) -> None:
    answer = await sign_in(stranger, email, password)

    assert answer.status_code == 422
    assert "do not belong together" in answer.text
    assert "onethread_session" not in answer.headers.get("set-cookie", "")


async def test_an_agent_without_a_password_cannot_sign_in(
    stranger: httpx2.AsyncClient, installation: Installation
) -> None:
    async with installation.database.transaction() as session:
        await agents.add_agent(session, email="new@shop.example", name="New", by=SYSTEM)

    assert (await sign_in(stranger, "new@shop.example", "")).status_code == 422
    assert (await sign_in(stranger, "new@shop.example", "None")).status_code == 422


async def test_the_eleventh_wrong_guess_is_not_even_compared(opened: Opened, maya: Person) -> None:
    for number in range(10):
        answer = await sign_in(opened(f"198.51.100.{number}"), "maya@shop.example", "wrong horse battery")
        assert answer.status_code == 422

    answer = await sign_in(opened("198.51.100.99"), "maya@shop.example", PASSWORD)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    other = await sign_in(opened("198.51.100.99"), "nobody@shop.example", PASSWORD)
    assert other.status_code == 422


async def test_one_address_cannot_try_many_accounts(opened: Opened, maya: Person) -> None:
    for number in range(10):
        await sign_in(opened("2001:db8::1"), f"guess{number}@shop.example", PASSWORD)

    same_network = await sign_in(opened("2001:db8::ffff"), "maya@shop.example", PASSWORD)
    elsewhere = await sign_in(opened("2001:db8:1::1"), "maya@shop.example", PASSWORD)

    assert same_network.status_code == 429
    assert elsewhere.status_code == 303


async def test_a_hundred_guesses_at_once_count_a_hundred(opened: Opened, maya: Person) -> None:
    clients = [opened(f"198.51.100.{number}") for number in range(30)]

    answers = await asyncio.gather(
        *(sign_in(client, "maya@shop.example", "wrong horse battery") for client in clients)
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [422] * 10 + [429] * 20


async def test_the_right_password_forgets_the_wrong_ones_before(
    stranger: httpx2.AsyncClient, opened: Opened, maya: Person, installation: Installation
) -> None:
    for _ in range(9):
        await sign_in(stranger, "maya@shop.example", "wrong horse battery")

    assert (await sign_in(stranger, "maya@shop.example", PASSWORD)).status_code == 303
    assert (await sign_in(opened(), "maya@shop.example", "wrong horse battery")).status_code == 422
    async with installation.database.reading() as session:
        kept = await session.scalar(select(func.count()).select_from(SignInFailure))
    assert kept == 9 + 2  # the address' own, and the newest of both


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/inbox/all?status=pending", "/inbox/all?status=pending"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
async def test_after_signing_in_the_page_that_was_wanted_opens(
    stranger: httpx2.AsyncClient, maya: Person, wanted: str, reached: str
) -> None:
    answer = await sign_in(stranger, "maya@shop.example", PASSWORD, wanted=wanted)

    assert answer.headers["location"] == reached


async def test_the_wanted_page_is_kept_on_the_way_to_the_form(stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.get("/settings/sessions?tab=1")

    assert answer.headers["location"] == "/sign-in?next=%2Fsettings%2Fsessions%3Ftab%3D1"


async def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(
    maya: Person, opened: Opened
) -> None:
    copy = opened(cookies={"onethread_session": maya.session_token})
    assert (await copy.get("/settings/sessions")).status_code == 200

    answer = await maya.post("/sign-out")

    assert answer.headers["location"] == "/sign-in"
    assert (await copy.get("/settings/sessions")).status_code == 303


async def test_a_session_ends_after_twelve_idle_hours_and_after_seven_days(
    installation: Installation, opened: Opened, clock: FrozenClock, new_person: NewPerson
) -> None:
    idle = await new_person("Idle Ida")
    busy = await new_person("Busy Ben")
    for _ in range(15):
        clock.advance(hours=11)
        assert (await busy.browser.get("/settings/sessions")).status_code == 200
    clock.advance(hours=4)

    assert (await idle.browser.get("/settings/sessions")).status_code == 303
    assert (await busy.browser.get("/settings/sessions")).status_code == 303


async def test_a_new_password_ends_all_sessions_and_tokens(maya: Person, installation: Installation) -> None:
    hashed = await installation.passwords.hash("another ferry umbrella 4")
    async with installation.database.transaction() as session:
        agent = await session.get_one(Agent, maya.agent.id)
        await agents.set_password(session, agent, hashed)

    assert (await maya.browser.get("/settings/sessions")).status_code == 303
    assert (await maya.program.get("/api/v1/agents")).status_code == 401


@pytest.mark.parametrize("change", ["deactivate", "demote"])
async def test_who_was_dismissed_or_demoted_is_out_at_once(
    ada: Person, new_person: NewPerson, installation: Installation, change: str
) -> None:
    other = await new_person("Olga Other", role=Role.ADMIN)
    async with installation.database.transaction() as session:
        agent = await session.get_one(Agent, other.agent.id)
        if change == "deactivate":
            await agents.deactivate(session, agent, by=SYSTEM)
        else:
            await agents.change_agent(session, agent, role=Role.AGENT, by=SYSTEM)

    assert (await other.browser.get("/settings/sessions")).status_code == 303
    assert (await other.program.get("/api/v1/agents")).status_code == 401
    if change == "deactivate":
        stranger = other.browser
        stranger.cookies.clear()
        assert (await sign_in(stranger, other.agent.email, PASSWORD)).status_code == 422


async def test_only_digests_of_secrets_are_stored(maya: Person, installation: Installation) -> None:
    async with installation.database.reading() as session:
        stored = (await session.scalars(select(Session.digest))).all()

    assert len(stored) == 1
    assert stored[0] != maya.session_token
    assert len(stored[0]) == 64


async def test_with_https_the_cookie_is_bound_to_this_host(maya: Person, installation: Installation) -> None:
    settings = installation.settings.model_copy(update={"base_url": "https://inbox.example"})
    app = create_app(replace(installation, settings=settings))
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app, client=(ADDRESS, 1))
        async with httpx2.AsyncClient(transport=transport, base_url="https://inbox.example") as client:
            page = await client.get("/sign-in")
            form = {"email": "maya@shop.example", "password": PASSWORD, "csrf_token": token_of(page)}
            answer = await client.post("/sign-in", data=form, headers={"Origin": "https://inbox.example"})

    assert re.search(r"__Host-onethread=[^;]+;.*Path=/.*; Secure", answer.headers["set-cookie"])
    assert "Domain" not in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")


async def test_the_form_of_a_stranger_needs_the_cookie_that_came_with_it(
    opened: Opened, stranger: httpx2.AsyncClient, maya: Person
) -> None:
    token = token_of(await stranger.get("/sign-in"))
    form = {"email": "maya@shop.example", "password": PASSWORD, "csrf_token": token}

    answer = await opened().post("/sign-in", data=form, headers={"Origin": BASE})

    assert answer.status_code == 403


def test_seconds_to_wait_are_rounded_up() -> None:
    assert sign_ins.seconds(timedelta(milliseconds=1)) == 1
    assert sign_ins.seconds(timedelta(seconds=59.5)) == 60
