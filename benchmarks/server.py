"""A server in a process of its own, to be measured from outside."""

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

COMMAND = Path(sys.executable).with_name("onethread")
PASSWORD = "correct horse battery staple 7"


class BenchServer:
    """`start()` returns when /readyz answers."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ONETHREAD_")}
        self.environment = clean | {"ONETHREAD_DATA_DIR": str(folder), "ONETHREAD_BASE_URL": self.base}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def cli(self, *arguments: str, stdin: str | None = None) -> str:
        """Run a command; answers what it prints."""
        done = subprocess.run(
            [COMMAND, *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    async def start(self) -> None:
        self._process = self._launch()
        while True:
            if await asyncio.to_thread(self._is_ready):
                return
            await asyncio.sleep(0.02)

    async def end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGTERM)
            await asyncio.to_thread(process.wait, 30)

    def _launch(self) -> subprocess.Popen[bytes]:
        command = [str(COMMAND), "serve", "--port", str(self.port)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            command, env=self.environment, stdout=quiet, stderr=quiet, start_new_session=True
        )

    def _is_ready(self) -> bool:
        assert self._process is not None and self._process.poll() is None, "the server has ended"
        try:
            with urllib.request.urlopen(self.base + "/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def memory_of(pid: int) -> float:
    """The proportional set size of a process and all below it, in MB (Linux)."""
    tree = [pid]
    for parent in tree:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        tree += [int(child) for child in children]
    lines = [line for p in tree for line in Path(f"/proc/{p}/smaps_rollup").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def work_of(pid: int) -> float:
    """For how many milliseconds a process has been at work on a processor (Linux: clock_getcpuclockid)."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1_000_000


def answer_time(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str]) -> float:
    """In how many milliseconds a page has come. Raises RuntimeError where it was refused."""
    began = time.perf_counter()
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter() - began
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return 1000 * took
