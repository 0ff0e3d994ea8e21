"""The whole application, asked as browsers and programs ask it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from channels.registry import ChannelParsers
from inbox.actions import agents, sign_ins
from inbox.actions.messages import FilingRules
from inbox.actors import SYSTEM
from inbox.blobs import BlobStore
from inbox.config import Settings
from inbox.db import Database
from inbox.intake import IntakeDesk
from inbox.models import Agent, Role
from inbox.passwords import Passwords
from inbox.secrets import Keys
from web.app import create_app
from web.installation import Installation

BASE = "http://127.0.0.1:8000"
PASSWORD = "walnut ferry umbrella 9"
ADDRESS = "192.0.2.7"  # RFC 5737: nobody's


@pytest.fixture
async def installation(
    settings: Settings, sqlite_database: Database, blobs: BlobStore
) -> AsyncIterator[Installation]:
    """An installation on an empty database; passwords cost next to nothing."""
    keys = Keys([settings.secret_key or ""])
    parsers = ChannelParsers(blobs, max_message_bytes=settings.max_message_bytes)
    intake = IntakeDesk(sqlite_database, blobs, parsers, FilingRules(tokens=keys.strand_tokens()))
    cheap = Passwords(time_cost=1, memory_kib=64, parallelism=1)
    yield Installation(settings, sqlite_database, blobs, keys, intake, cheap)
    await parsers.close()


@pytest.fixture
async def app(installation: Installation) -> AsyncIterator[Starlette]:
    """The running application."""
    made = create_app(installation)
    async with made.router.lifespan_context(made):
        yield made


Opened = Callable[..., httpx2.AsyncClient]


@pytest.fixture
async def opened(app: Starlette) -> AsyncIterator[Opened]:
    """`client = opened(address=…, headers=…)`: somebody else's browser or program, without redirections."""
    clients: list[httpx2.AsyncClient] = []

    def one(address: str = ADDRESS, base: str = BASE, **options: Any) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=app, client=(address, 1234), raise_app_exceptions=False)
        clients.append(httpx2.AsyncClient(transport=transport, base_url=base, **options))
        return clients[-1]

    yield one
    for client in clients:
        await client.aclose()


@pytest.fixture
def stranger(opened: Opened) -> httpx2.AsyncClient:
    """Nobody whom we know."""
    return opened()


@dataclass(slots=True)
class Person:
    """An agent with a browser that is signed in, and a program that has a token."""

    agent: Agent
    browser: httpx2.AsyncClient
    program: httpx2.AsyncClient
    csrf_token: str = ""
    session_token: str = ""
    api_token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def post(self, path: str, **more: Any) -> httpx2.Response:
        """Send a form as our own page would."""
        return await self.browser.post(path, headers=self.headers | more.pop("headers", {}), **more)


NewPerson = Callable[..., Awaitable[Person]]


@pytest.fixture
def new_person(installation: Installation, opened: Opened) -> NewPerson:
    """`maya = await new_person("Maya Okafor", role=Role.AGENT)`"""

    async def made(name: str = "Maya Okafor", role: Role = Role.AGENT) -> Person:
        email = f"{name.split()[0].lower()}@shop.example"
        password_hash = await installation.passwords.hash(PASSWORD)
        async with installation.database.transaction() as session:
            agent = await agents.add_agent(
                session, email=email, name=name, role=role, password_hash=password_hash, by=SYSTEM
            )
            session_token = await sign_ins.begin_session(session, agent, user_agent="a test")
            api_token = await sign_ins.create_token(session, agent=agent, name="a test")
        browser = opened(cookies={"onethread_session": session_token})
        program = opened(headers={"Authorization": f"Bearer {api_token}"})
        person = Person(agent, browser, program, session_token=session_token, api_token=api_token)
        person.csrf_token = await csrf_token_of(installation, session_token)
        person.headers = {"Origin": BASE, "X-CSRF-Token": person.csrf_token}
        return person

    return made


async def csrf_token_of(installation: Installation, session_token: str) -> str:
    from inbox.queries import agents as queries

    async with installation.database.reading() as session:
        signed_in = await queries.signed_in(session, session_token)
    assert signed_in is not None
    return signed_in.session.csrf_token


@pytest.fixture
async def maya(new_person: NewPerson) -> Person:
    """An agent."""
    return await new_person("Maya Okafor")


@pytest.fixture
async def ada(new_person: NewPerson) -> Person:
    """An admin."""
    return await new_person("Ada Admin", role=Role.ADMIN)
