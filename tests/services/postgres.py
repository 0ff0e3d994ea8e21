"""A PostgreSQL cluster for the run, with a database of its own for each test."""

import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from tests.services.launch import (
    ServerProcess,
    free_port,
    is_root,
    own_folder,
    require,
    unavailable,
    user_exists,
)

PROGRAMS = "/usr/lib/postgresql/*/bin/"
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
DONE = "-- done --"


class PostgresServer:
    """A cluster on a port of its own. *durable* keeps fsync on, for tests of what survives a crash."""

    def __init__(self, *, durable: bool = False) -> None:
        self._postgres = require("postgres", PROGRAMS + "postgres")
        self._initdb = require("initdb", PROGRAMS + "initdb")
        self._psql = require("psql", PROGRAMS + "psql")
        self._session: subprocess.Popen[str] | None = None
        if is_root() and not user_exists("postgres"):
            unavailable("PostgreSQL does not run as root, and there is no user postgres")
        # PostgreSQL refuses to run as root.
        self._user = "postgres" if is_root() else None
        self._durable = durable
        self._folder = own_folder("postgres", self._user)
        self.port = free_port()
        self._make_cluster()
        self.start()

    def url(self, name: str = "postgres") -> str:
        """What ONETHREAD_DATABASE_URL takes for the database *name*."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def create_database(self, *, template: str | None = None) -> str:
        """Make a database, empty or a copy of *template*, and return its name."""
        name = f"t{secrets.token_hex(6)}"
        # To copy the files is quicker than to copy through the log, where nothing is synced.
        copied = f" TEMPLATE {template} STRATEGY FILE_COPY" if template else ""
        self._tell(f"CREATE DATABASE {name}{copied}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._tell(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def run(self, statement: str, *, database: str = "postgres") -> str:
        """Run one statement and return what psql prints of its rows."""
        command: list[str | Path] = [
            self._psql,
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statement,
            self.url(database),
        ]
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{statement}: {done.stderr.strip()}")
        return done.stdout.strip()

    def start(self) -> None:
        """Start it, again with the same data on the same port."""
        settings = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self._folder}",
        ]
        settings += ["max_connections=200", *(() if self._durable else NOT_DURABLE)]
        options = [part for setting in settings for part in ("-c", setting)]
        self._process = ServerProcess(
            [self._postgres, "-D", self._folder / "data", *options],
            port=self.port,
            log=self._folder / "log",
            user=self._user,
            stop_signal=signal.SIGINT,  # "fast": closes the clients' connections and checkpoints
        )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Shut it down and keep its data."""
        self._hang_up()
        self._process.stop()

    def kill(self) -> None:
        """Take it down as a power cut would; `start()` recovers."""
        self._hang_up()
        self._process.kill()

    def close(self) -> None:
        """Stop it for good and remove its data."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tell(self, statement: str) -> None:
        """Run a statement in a session that stays: a psql for each test takes longer than its statements."""
        if self._session is None:
            self._session = subprocess.Popen(
                [self._psql, "-X", "-q", "-A", "-t", self.url()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        assert self._session.stdin is not None and self._session.stdout is not None
        self._session.stdin.write(f"{statement};\n\\echo {DONE}\n")
        self._session.stdin.flush()
        said = []
        for line in self._session.stdout:
            if line == f"{DONE}\n":
                break
            said.append(line)
        else:
            said.append("psql has gone")
        if said:
            raise RuntimeError(f"{statement}: {''.join(said).strip()}")

    def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.communicate()

    def _make_cluster(self) -> None:
        command: list[str | Path] = [
            self._initdb,
            "-D",
            self._folder / "data",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
        ]
        command += ["--locale=C.UTF-8", "--no-sync"]
        subprocess.run(
            command, check=True, capture_output=True, timeout=120, user=self._user, cwd=self._folder
        )

    def _wait_until_it_answers(self) -> None:
        # It listens a moment before it lets anybody in ("the database system is starting up").
        ready = require("pg_isready", PROGRAMS + "pg_isready")
        command: list[str | Path] = [
            ready,
            "-q",
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-p",
            str(self.port),
            "-t",
            "10",
        ]
        for _ in range(300):
            if subprocess.run(command, timeout=20, check=False).returncode == 0:
                return
        raise RuntimeError("PostgreSQL listens but lets nobody in")
