"""Starts `onethread` commands as forks of one process that has imported everything: a server's imports take
seconds, and each journey starts one. What runs is the command itself, in a session of its own.

Run as a module this is that process. It reads one line of JSON for each command, answers the process id, and
ends with its standard input, which ends with the test run.
"""

import atexit
import importlib
import json
import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy.orm import configure_mappers

from web.cli import main as run_command
from web.slim_scripts import panel_version
from web.templating import environment

ROOT = Path(__file__).parent.parent.parent
NEEDED = (
    "migrations",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "web.commands.serve",
    "web.server",
)


class ForkedProcess:
    """A command that runs. `poll()` and `wait()` as `subprocess.Popen` has them, but for its exit code, which
    is its parent's to know."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor: int | None = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """None while it runs, then 0."""
        return 0 if self._has_ended(0) else None

    def wait(self, timeout: float) -> int:
        """Until it has ended, at most so many seconds; raises subprocess.TimeoutExpired."""
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired("onethread", timeout)
        return 0

    def _has_ended(self, seconds: float) -> bool:
        if self._descriptor is not None:
            if not select.select([self._descriptor], [], [], seconds)[0]:
                return False
            os.close(self._descriptor)
            self._descriptor = None
        return True


def start(arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> ForkedProcess:
    """Start `onethread …`; what it prints goes to the end of *log*."""
    forker = _forker()
    assert forker.stdin is not None and forker.stdout is not None
    asked = {"arguments": list(arguments), "environment": dict(environment), "log": str(log)}
    forker.stdin.write(json.dumps(asked) + "\n")
    forker.stdin.flush()
    return ForkedProcess(int(forker.stdout.readline()))


@lru_cache
def _forker() -> subprocess.Popen[str]:
    """The one of this run, ended by its input, which this process holds open."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "tests.services.forked"]
    started = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    atexit.register(_end, started)
    return started


def _end(forker: subprocess.Popen[str]) -> None:
    assert forker.stdin is not None and forker.stdout is not None
    forker.stdin.close()
    forker.stdout.close()
    forker.wait(10)


def main() -> None:
    """Fork for each line; children that end are nobody's to wait for."""
    for name in NEEDED:
        importlib.import_module(name)
    configure_mappers()
    compile_templates()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    started: list[int] = []
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(asked)
        started.append(pid)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    for pid in started:  # a run that was cut off has ended none of them
        with suppress(ProcessLookupError):
            if os.getsid(pid) == pid:
                os.killpg(pid, signal.SIGTERM)


def compile_templates() -> None:
    """What the first pages and the first widget of each server would compile again."""
    desk = environment()
    for name in desk.list_templates():
        if not name.startswith("settings/"):  # a third of all, of which few journeys see any
            desk.get_template(name)
    panel_version()


def _become(asked: dict[str, Any]) -> NoReturn:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    os.environ.clear()
    os.environ.update(asked["environment"])
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, of in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, of)
    code = 1
    try:
        run_command(asked["arguments"])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
