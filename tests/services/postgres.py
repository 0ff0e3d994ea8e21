"""A PostgreSQL cluster for the run, with a database that is swept for each test."""

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

# To copy a database takes ten times longer than to empty one. Rows that the migrations put in, and where the
# sequences stood, are kept in a schema of their own.
MAKE_SWEEPABLE = """
CREATE SCHEMA kept;
CREATE TABLE kept."the sequences" AS
    SELECT sequencename AS name, coalesce(last_value, start_value) AS value, last_value IS NOT NULL AS called
    FROM pg_sequences WHERE schemaname = 'public';
CREATE FUNCTION kept.tables_of(schema text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT tablename::text FROM pg_tables WHERE schemaname = schema AND tablename <> 'the sequences'
$$;
DO $$
DECLARE
    name text;
    has_rows bool;
BEGIN
    FOR name IN SELECT kept.tables_of('public') LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO has_rows;
        IF has_rows THEN
            EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', name, name);
        END IF;
    END LOOP;
END $$;
CREATE FUNCTION kept.sweep() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET LOCAL session_replication_role = replica;  -- neither foreign keys nor triggers
    FOR name IN SELECT kept.tables_of('public') LOOP
        EXECUTE format('DELETE FROM public.%I', name);
    END LOOP;
    FOR name IN SELECT kept.tables_of('kept') LOOP
        EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM kept.%I', name, name);
    END LOOP;
    PERFORM setval(format('public.%I', one.name)::regclass, one.value, one.called)
        FROM kept."the sequences" AS one;
END $$
"""


class PostgresServer:
    """A cluster on a port of its own. *durable* keeps fsync on, for tests of what survives a crash."""

    def __init__(self, *, durable: bool = False) -> None:
        self._postgres = require("postgres", PROGRAMS + "postgres")
        self._initdb = require("initdb", PROGRAMS + "initdb")
        self._psql = require("psql", PROGRAMS + "psql")
        self._sessions: dict[str, subprocess.Popen[str]] = {}
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

    def create_database(self) -> str:
        """Make an empty database and return its name."""
        name = f"t{secrets.token_hex(6)}"
        self._tell(f"CREATE DATABASE {name}")
        return name

    def make_sweepable(self, name: str) -> None:
        """Let `sweep()` bring a database back to what it holds now."""
        self._tell(MAKE_SWEEPABLE, database=name)

    def sweep(self, name: str) -> None:
        """End whoever is connected to a database, and take away what came since `make_sweepable()`."""
        self._tell("DO 'BEGIN PERFORM kept.sweep(); END'", database=name)

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

    def _tell(self, statement: str, *, database: str = "postgres") -> None:
        """Run a statement in a session that stays: a psql for each test takes longer than its statements."""
        if database not in self._sessions:
            self._sessions[database] = subprocess.Popen(
                [self._psql, "-X", "-q", "-A", "-t", self.url(database)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        session = self._sessions[database]
        assert session.stdin is not None and session.stdout is not None
        session.stdin.write(f"{statement};\n\\echo {DONE}\n")
        session.stdin.flush()
        said = []
        for line in session.stdout:
            if line == f"{DONE}\n":
                break
            said.append(line)
        else:
            said.append("psql has gone")
        if said:
            raise RuntimeError(f"{statement}: {''.join(said).strip()}")

    def _hang_up(self) -> None:
        while self._sessions:
            self._sessions.popitem()[1].communicate()

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
