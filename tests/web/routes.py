"""What the table of routes says, for tests that walk it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.routing import Route, WebSocketRoute

from web.csrf import SAFE_METHODS
from web.policy import Guard, Policy, SocketGuard
from web.routes import every_route


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one route. `path` has unguessable things in place of its parameters."""

    method: str
    path: str
    pattern: str
    policy: Policy

    @property
    def is_safe(self) -> bool:
        return self.method in SAFE_METHODS

    def __str__(self) -> str:
        return f"{self.method} {self.pattern}"


def doors() -> Iterator[Door]:
    """Every HTTP route and method, but HEAD, which is GET."""
    for route in every_route():
        if isinstance(route, Route):
            assert isinstance(route.app, Guard), route.path
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield Door(method, filled(route.path), route.path, route.app.policy)


def sockets() -> Iterator[tuple[str, Policy]]:
    """Every websocket's path and policy."""
    for route in every_route():
        if isinstance(route, WebSocketRoute):
            assert isinstance(route.app, SocketGuard), route.path
            yield filled(route.path), route.app.policy


def filled(pattern: str) -> str:
    """An address of this pattern that leads to nothing."""
    pattern = re.sub(r"\{[^}:]+:int\}", "987654", pattern)
    return re.sub(r"\{[^}]+\}", "aaaaaaaaaaaaaaaaaaaaaaaaaa", pattern)


DOORS_OF_AGENTS = [door for door in doors() if door.policy in (Policy.AGENT, Policy.API_AGENT)]
