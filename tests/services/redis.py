"""A Redis server for the run; it keeps nothing."""

import shutil
import subprocess

from tests.services.launch import ServerProcess, free_port, own_folder, require


class RedisServer:
    """Redis on a port of its own; `url` is what ONETHREAD_BROKER_URL takes."""

    def __init__(self) -> None:
        self._program = require("redis-server")
        self._folder = own_folder("redis")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start it, again on the same port."""
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        self._process = ServerProcess(
            [self._program, "--port", str(self.port), *options], port=self.port, log=self._folder / "log"
        )

    def stop(self) -> None:
        """Stop it; whoever is connected loses the connection."""
        self._process.stop()

    def restart(self) -> None:
        """Stop it and start it on the same port."""
        self.stop()
        self.start()

    def flush(self) -> None:
        """Forget everything."""
        subprocess.run(
            [require("redis-cli"), "-p", str(self.port), "flushall"],
            check=True,
            capture_output=True,
            timeout=10,
        )

    def close(self) -> None:
        """Stop it for good and remove its folder."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
