"""What a server that nobody asks anything has not loaded, and what loading leaves behind."""

import gc
import json
import subprocess
import sys

from web.loading import nothing_is_garbage

SERVING = (
    "web.cli",
    "web.commands.serve",
    "web.server",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
)
FOR_FEW = {
    *("alembic", "asyncpg", "chardet", "holidays", "httpx2", "liquid", "PIL", "puremagic"),
    *("redis", "rich", "sqlalchemy.dialects.postgresql", "stamina", "markdown_it"),
}


def test_a_server_starts_without_what_few_requests_need() -> None:
    code = f"import {', '.join(SERVING)}, json, sys; print(json.dumps(list(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(json.loads(run.stdout))

    assert "web.routes" in loaded
    assert loaded & FOR_FEW == set()


def test_garbage_is_looked_for_again_once_everything_is_loaded() -> None:
    assert gc.isenabled()
    with nothing_is_garbage():
        assert not gc.isenabled()

    assert gc.isenabled()
