"""How many statements the server makes for a page, counted in this process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from starlette.types import Message, Scope

from inbox.config import Settings
from web.app import create_app
from web.installation import open_installation

Asked = tuple[str, Mapping[str, str]]
"""An address and the headers of the request."""


async def statements_of(folder: Path, wanted: Mapping[str, Asked]) -> dict[str, int]:
    """The statements that answering makes, asked for the second time: what is kept is known then."""
    made: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            made.append(statement)

    counts: dict[str, int] = {}
    async with open_installation(Settings(data_dir=folder)) as installation:
        app = create_app(installation)
        async with app.router.lifespan_context(app):
            for name, (address, headers) in wanted.items():
                await _ask(app, address, headers)
                made.clear()
                event.listen(Engine, "before_cursor_execute", note)
                await _ask(app, address, headers)
                event.remove(Engine, "before_cursor_execute", note)
                counts[name] = len(made)
    return counts


async def _ask(app: Any, address: str, headers: Mapping[str, str]) -> None:
    path, _, query = address.partition("?")
    everything = {"Host": "127.0.0.1", **headers}
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in everything.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(f"{path} answered {message['status']}")

    await app(scope, receive, send)
