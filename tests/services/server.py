"""The product as its user runs it: the `onethread` command in processes of its own, on a port of its own."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx2
from playwright.async_api import Page
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import sign_ins
from inbox.actions.agents import add_agent
from inbox.actors import SYSTEM
from inbox.config import PREFIX, Settings
from inbox.models import Role
from inbox.passwords import Passwords
from inbox.queries import agents
from inbox.secrets import load_keys
from tests.services.forked import ForkedProcess, start
from tests.services.launch import free_port
from web.installation import open_installation

PASSWORD = "correct horse battery staple 7"
READY_SECONDS = 60.0
COMMAND = Path(sys.executable).with_name("onethread")

_hashes: list[str] = []


class RunningServer:
    """One installation in a folder. `start()`, `kill()` and `stop()` its server as often as needed."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        given = {PREFIX + name.upper(): value for name, value in settings.items()}
        self.environment = clean | {
            PREFIX + "DATA_DIR": str(folder / "data"),
            PREFIX + "BASE_URL": self.base,
            **given,
        }
        self.token = ""
        self._process: ForkedProcess | None = None

    def cli(self, *arguments: object, stdin: str | None = None) -> str:
        """Run a command to its end; answers its output. Fails with its error output."""
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"onethread {arguments[0]}: {done.stderr or done.stdout}"
        return done.stdout.strip()

    def begin(self, *arguments: object) -> subprocess.Popen[bytes]:
        """Start a command that the test will end."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            [COMMAND, *map(str, arguments)], env=self.environment, stdout=quiet, stderr=quiet
        )

    async def start(self) -> None:
        """Start the server and wait until it is ready."""
        self._process = self._launch()
        async with asyncio.timeout(READY_SECONDS), httpx2.AsyncClient() as client:
            while True:
                assert self._process.poll() is None, (self.folder / "server.log").read_text()[-2000:]
                try:
                    if (await client.get(self.base + "/readyz")).status_code == 200:
                        return
                except httpx2.TransportError:
                    pass  # not listening yet
                await asyncio.sleep(0.05)

    def _launch(self) -> ForkedProcess:
        log = self.folder / "server.log"
        return start(["serve", "--port", str(self.port)], environment=self.environment, log=log)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the server and all it has started; `SIGKILL` is a crash."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, how)
            await asyncio.to_thread(process.wait, 30)

    async def crash(self) -> None:
        """End the server and all it has started at once, as a power cut would."""
        await self.end(signal.SIGKILL)

    def add_agent(self, name: str, *, role: str = "agent") -> str:
        """Add somebody who signs in with PASSWORD; answers their address."""
        address = address_of(name)
        self.cli(
            "agent", "add", address, "--name", name, "--role", role, "--password-stdin", stdin=PASSWORD + "\n"
        )
        return address

    async def take_in(self, *names: str) -> None:
        """Add people who sign in with PASSWORD, without starting a command for each, which takes long. The
        first is an admin, and `api()` acts for them."""
        hashed = await password_hash()
        async with self._writing() as session:
            for name in names:
                is_first = name == names[0]
                agent = await add_agent(
                    session,
                    email=address_of(name),
                    name=name,
                    role=Role.ADMIN if is_first else Role.AGENT,
                    password_hash=hashed,
                    by=SYSTEM,
                )
                if is_first:
                    self.token = await sign_ins.create_token(session, agent=agent, name="tests")

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncSession]:
        """A transaction beside the server, as commands have them."""
        settings = Settings(data_dir=self.folder / "data")
        async with open_installation(settings) as opened, opened.database.transaction() as session:
            yield session

    def take_token(self, address: str) -> None:
        """Let `api()` act as this agent."""
        self.token = self.cli("token", "create", "--agent", address, "--name", "tests")

    async def api(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request to the API; answers the JSON of a success, and fails with the problem otherwise."""
        sent = {"Authorization": f"Bearer {self.token}"} | headers
        async with httpx2.AsyncClient(timeout=60) as client:
            answer = await client.request(method, f"{self.base}/api/v1{path}", json=body, headers=sent)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    async def post(self, path: str, content: bytes, **headers: str) -> httpx2.Response:
        """One request to any other address; fails where it is refused."""
        async with httpx2.AsyncClient(timeout=60) as client:
            answer = await client.post(self.base + path, content=content, headers=headers)
        assert answer.is_success or answer.is_redirect, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer

    async def sign_in(self, page: Page, address: str, *, base: str = "") -> None:
        """Let this browser be that agent's, without the form, whose password takes long to prove; *base* is
        another way to the server, through a proxy. The form itself is filled in by `test_screens.py`."""
        async with self._writing() as session:
            agent = await agents.by_email(session, address)
            assert agent is not None, address
            token = await sign_ins.begin_session(session, agent, user_agent="a browser of the tests")
        url = base or self.base
        await page.context.add_cookies([{"name": "onethread_session", "value": token, "url": url}])
        await page.goto(f"{url}/inbox/mine")

    async def every(self, path: str) -> list[Any]:
        """Every item of a list, following its cursors."""
        items: list[Any] = []
        cursor = ""
        while True:
            joint = "&" if "?" in path else "?"
            page = await self.api("GET", f"{path}{joint}limit=100{cursor}")
            items += page["items"]
            if not page["next"]:
                return items
            cursor = f"&cursor={page['next']}"

    async def until(self, path: str, holds: Callable[[Any], bool], *, seconds: float = 30.0) -> Any:
        """The answer of GET *path* as soon as *holds* is true of it; asks again at each event."""
        after = ""
        async with asyncio.timeout(seconds):
            while True:
                answer = await self.api("GET", path)
                if holds(answer):
                    return answer
                page = await self.api("GET", f"/events?wait=2{after}")
                if page["items"]:
                    after = f"&after={page['items'][-1]['cursor']}"

    def rows(self, statement: str) -> Sequence[Any]:
        """What stands in the SQLite file, for what no address shows."""
        path = self.folder / "data" / "onethread.db"
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(statement).fetchall()

    def secrets_of(self, channel_id: str) -> dict[str, Any]:
        """The secrets of a channel, which its settings show once."""
        ((sealed,),) = self.rows(f"SELECT secrets FROM channels WHERE public_id = '{channel_id}'")
        keys = load_keys(None, self.folder / "data" / "secret.key", data_exists=True)
        found: dict[str, Any] = json.loads(keys.unseal(sealed))
        return found


async def password_hash() -> str:
    """That of PASSWORD, made once for the run."""
    if not _hashes:
        _hashes.append(await Passwords().hash(PASSWORD))
    return _hashes[0]


def address_of(name: str) -> str:
    """With this address somebody signs in."""
    return f"{name.split()[0].lower()}@desk.test"


@asynccontextmanager
async def running_server(folder: Path, template: Path, **settings: str) -> AsyncIterator[RunningServer]:
    """A running installation with Maya, an admin, and Tom; nothing waits before it is sent.

    *template* is a migrated, empty database file: migrating anew takes long.
    """
    server = RunningServer(folder, **{"undo_seconds": "0"} | settings)
    data = folder / "data"
    data.mkdir(mode=0o700)
    shutil.copy(template, data / "onethread.db")
    await server.take_in("Maya Okafor", "Tom Rivera")
    try:
        await server.start()
        yield server
    finally:
        await server.end()
