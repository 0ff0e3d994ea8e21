"""Code that is loaded when somebody first needs it: in a thread, since others must not wait for it."""

import asyncio
import importlib
from collections.abc import Sequence
from types import ModuleType

from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send


async def loaded(module: str) -> ModuleType:
    """A module, after whose first loading `import` costs nothing."""
    return await asyncio.to_thread(importlib.import_module, module)


class Deferred(BaseRoute):
    """All addresses that begin with *below*; the table of them, *name* in *module*, is loaded with the first
    request."""

    def __init__(self, below: str, module: str, name: str) -> None:
        self.below = below
        self._module, self._name = module, name
        self._router: Router | None = None

    def routes(self) -> Sequence[BaseRoute]:
        """The table itself."""
        routes: Sequence[BaseRoute] = getattr(importlib.import_module(self._module), self._name)
        return routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        is_ours = scope["type"] == "http" and scope["path"].startswith(self.below)
        return Match.FULL if is_ours else Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._router is None:
            await loaded(self._module)
            self._router = Router(self.routes())
        await self._router(scope, receive, send)
