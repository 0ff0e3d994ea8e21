"""What every real server of the tests needs: a port, a folder, a process that never outlives the run."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

START_SECONDS = 30.0
SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/sbin:/usr/local/bin:/opt/homebrew/bin:/opt/homebrew/sbin"

# Waits for a word, or for the end of its standard input, which comes when the test run ends, however it
# ends. It stays until the server has gone: a dead one that nobody waited for would still count as running.
KEEPER = '"$@" </dev/null & child=$!; read -r word; kill -s "${word:-$STOP_SIGNAL}" "$child"; wait "$child"'


def unavailable(reason: str) -> NoReturn:
    """Skip this test because a server cannot be had; where `CI=true` that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def find_program(name: str, *further_places: str) -> Path | None:
    """Where *name* is: on the path, in the system's folders, or at a pattern like `/usr/lib/x/*/bin/y`."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")
    if found:
        return Path(found)
    matches = [match for place in further_places for match in Path("/").glob(place.lstrip("/"))]
    return max(matches, default=None)


def require(name: str, *further_places: str) -> Path:
    """The path of a program that a test cannot do without; without it the test is skipped (in CI: fails)."""
    program = find_program(name, *further_places)
    if program is None:
        unavailable(f"{name} is not installed (`.ci/install-services` installs it on Debian, as root)")
    return program


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def own_folder(name: str, user: str | None = None) -> Path:
    """A new folder that *user* may enter; pytest's own are closed to everybody but the one who runs it."""
    folder = Path(tempfile.mkdtemp(prefix=f"onethread-{name}-"))
    if user is not None:
        shutil.chown(folder, user=user)
    return folder


def user_exists(name: str) -> bool:
    """Whether the machine has an account of this name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def is_root() -> bool:
    """Whether the tests may start servers as other users."""
    return os.geteuid() == 0


class ServerProcess:
    """A server in the foreground of a keeper, which stops it when told to or when the test run has ended."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        port: int,
        log: Path,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.port = port
        self._log = log
        with log.open("ab") as output:
            self._keeper = subprocess.Popen(
                ["/bin/sh", "-c", KEEPER, "keeper", *map(str, command)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env={**os.environ, "STOP_SIGNAL": stop_signal.name.removeprefix("SIG"), "LC_ALL": "C.UTF-8"},
                cwd=log.parent,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
                start_new_session=True,
            )
        self._wait_until_it_listens()

    def stop(self) -> None:
        """Stop the server and wait until it has gone; twice does no harm."""
        self._tell("")
        try:
            self._keeper.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            self._end_the_rest()

    def kill(self) -> None:
        """End the server and its children at once, as a power cut would."""
        self._tell("KILL")
        self._keeper.wait(timeout=START_SECONDS)
        self._end_the_rest()

    def _tell(self, word: str) -> None:
        words = self._keeper.stdin
        if words is None or words.closed:
            return
        words.write(f"{word}\n".encode())
        # The keeper may have gone already, with its server.
        with suppress(BrokenPipeError):
            words.close()

    def _end_the_rest(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._keeper.pid, signal.SIGKILL)
        self._keeper.wait(timeout=START_SECONDS)

    def _wait_until_it_listens(self) -> None:
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self.kill()
        log = self._log.read_text(errors="replace") if self._log.exists() else ""
        raise RuntimeError(
            f"the server did not listen on {self.port} within {START_SECONDS:.0f} s:\n{log[-4000:]}"
        )
