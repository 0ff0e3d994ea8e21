"""The `onethread` command as people and scripts use it."""

import io
import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from tests.services.launch import free_port
from tests.services.smtp import SmtpSink
from web.cli import main

PASSWORD = "correct horse battery staple 7\n"


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Commands say how the whole process logs: leave it as it was."""
    handlers, level, configured = logging.root.handlers[:], logging.root.level, structlog.get_config()
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.configure(**configured)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of an installation of the test's own."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("ONETHREAD_")}
    return outside | {"ONETHREAD_DATA_DIR": str(tmp_path / "data")}


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a command."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Run]


@pytest.fixture
def onethread(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """`run = onethread("agent", "add", …)`; in a thread, since a command has an event loop of its own."""

    def run(*arguments: str, stdin: str = "", **settings: str) -> Run:
        with monkeypatch.context() as patched, ThreadPoolExecutor(1) as threads:
            for name, value in (environment | settings).items():
                patched.setenv(name, value)
            patched.setattr(sys, "stdin", io.StringIO(stdin))
            out, trouble = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(trouble):
                status = threads.submit(_status, list(arguments)).result(120)
        return Run(status, out.getvalue(), trouble.getvalue())

    return run


def _status(arguments: list[str]) -> int:
    try:
        main(arguments)
    except SystemExit as left:
        return int(left.code or 0)
    return 0


@pytest.fixture
def migrated(onethread: Command) -> Command:
    """The same, with a database."""
    assert onethread("migrate").returncode == 0
    return onethread


def refused(run: Run, *words: str) -> bool:
    """Whether a command failed with one clear line and no trace."""
    lines = run.stderr.strip().splitlines()
    is_clear = len(lines) == 1 and lines[0].startswith("onethread: ") and "Traceback" not in run.stderr
    return run.returncode != 0 and is_clear and all(word in lines[0] for word in words)


def test_an_installation_is_made_and_told_apart_by_its_commands(migrated: Command, tmp_path: Path) -> None:
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o777 == 0o600
    added = migrated(
        "agent",
        "add",
        "admin@desk.test",
        "--name",
        "Ada Admin",
        "--role",
        "admin",
        "--password-stdin",
        stdin=PASSWORD,
    )
    assert (added.returncode, len(added.stdout.strip())) == (0, 26)
    token = migrated("token", "create", "--agent", "Admin@desk.test", "--name", "rig")
    assert token.stdout.startswith("onethread_")
    assert len(token.stdout.split()) == 1

    mailbox = migrated("channel", "add", "email", "Support", "--address", "support@desk.test")
    form = migrated("channel", "add", "form", "Returns")
    chat = migrated("channel", "add", "webchat", "Site", "--origin", "https://shop.example")
    listed = json.loads(migrated("channel", "list", "--json").stdout)

    by_name = {channel["name"]: channel for channel in listed}
    assert by_name["Support"]["id"] == mailbox.stdout.strip()
    assert by_name["Returns"]["public_key"] == form.stdout.strip()
    assert by_name["Site"]["public_key"] == chat.stdout.strip()
    assert migrated("doctor").returncode == 0


def test_what_cannot_be_done_is_said_in_one_line(migrated: Command, tmp_path: Path) -> None:
    add = ("agent", "add", "a@desk.test", "--name", "A")
    assert migrated(*add).returncode == 0
    assert refused(migrated(*add), "already")
    assert refused(migrated("agent", "add", "no address", "--name", "A"))
    assert refused(migrated("agent", "add", "b@desk.test", "--name", "B", "--role", "boss"), "role")
    assert refused(migrated("agent", "add", "c@desk.test", "--name", "C", "--password-stdin"), "password")
    weak = migrated("agent", "add", "d@desk.test", "--name", "D", "--password-stdin", stdin="short\n")
    assert refused(weak, "12")
    assert refused(migrated("agent", "add"), "email")
    assert refused(migrated("token", "create", "--agent", "nobody@desk.test", "--name", "x"), "nobody")
    assert refused(migrated("channel", "add", "email", "S", "--address", "s"))
    assert refused(migrated("channel", "check", "Nothing"), "Nothing")
    assert refused(migrated("bogus"), "bogus")
    assert refused(migrated("serve", "--workers", "2"), "SQLite")
    assert refused(migrated("channel", "list", ONETHREAD_BASE_UR="x"), "ONETHREAD_BASE_UR")
    assert refused(migrated("channel", "list", ONETHREAD_DATA_DIR=str(tmp_path / "empty")), "migrate")


def test_without_its_key_nothing_starts(migrated: Command, tmp_path: Path) -> None:
    assert migrated("agent", "add", "a@desk.test", "--name", "A").returncode == 0
    (tmp_path / "data" / "secret.key").unlink()

    assert refused(migrated("channel", "list"), "secret.key")
    assert migrated("doctor").returncode == 1


def test_the_doctor_says_what_is_wrong(migrated: Command, tmp_path: Path) -> None:
    (tmp_path / "data" / "secret.key").chmod(0o644)

    run = migrated("doctor")

    assert run.returncode == 1
    assert "WRONG secret key" in run.stdout
    assert "WRONG agents" in run.stdout


def test_a_mailbox_is_tried(migrated: Command, smtp_sink: SmtpSink) -> None:
    add = ("channel", "add", "email")
    smtp = f"smtp://127.0.0.1:{smtp_sink.port}"
    migrated(*add, "Good", "--address", "good@desk.test", "--smtp", smtp)
    migrated(*add, "Bad", "--address", "bad@desk.test", "--smtp", f"smtp://127.0.0.1:{free_port()}")

    assert migrated("channel", "check", "Good").returncode == 0
    assert refused(migrated("channel", "check", "Bad"), "SMTP")


class Server:
    """A running `onethread serve`."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port = free_port()
        self.log = log
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "web", "serve", "--port", str(self.port)],
                env=environment,
                cwd=Path(__file__).parents[2],
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        end = time.monotonic() + 40
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if self.get("/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def server(environment: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    """A server on an installation that it makes itself."""
    started = Server(environment, tmp_path / "server.log")
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.process.kill()
        started.process.wait(10)


def test_the_server_makes_everything_and_commands_work_beside_it(
    server: Server, onethread: Command, tmp_path: Path
) -> None:
    text = server.log.read_text()
    link = next(line.strip() for line in text.splitlines() if "/setup?token=" in line)
    assert link.startswith(f"http://127.0.0.1:{server.port}/setup?token=")
    assert server.get(link.partition(str(server.port))[2])[0] == 200

    assert refused(onethread("serve", "--port", str(free_port())), "Another server")
    onethread("agent", "add", "a@desk.test", "--name", "A")
    token = onethread("token", "create", "--agent", "a@desk.test", "--name", "t").stdout.strip()
    status, body = server.get("/api/v1/agents", Authorization=f"Bearer {token}")
    assert (status, json.loads(body)["items"][0]["email"]) == (200, "a@desk.test")
    assert token not in server.log.read_text()

    server.process.send_signal(signal.SIGTERM)
    server.process.wait(15)
    assert "Application shutdown complete" in server.log.read_text()
    with sqlite3.connect(tmp_path / "data" / "onethread.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
