"""What strangers and friends are told when something is wrong."""

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Message

from inbox.errors import Conflict, Invalid, MissedMessages, NotFound, NotPermitted, SettingsInvalid
from tests.web.conftest import ADDRESS, BASE, Opened, Person
from web.bodies import TooLarge
from web.errors import SENTENCES, TooMany, Unauthenticated, problem_of, respond


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("That exact case is private."), 404),
        (NotPermitted("Only admins can do this."), 403),
        (Unauthenticated("Sign in."), 401),
        (Invalid("Write an address.", field="to"), 422),
        (Conflict("It has been resolved."), 409),
        (MissedMessages(["a"]), 409),
        (TooLarge("Too much."), 413),
        (TooMany("Wait.", wait=7), 429),
        (SettingsInvalid("The key is another one."), 500),
        (ConnectionRefusedError(), 503),
        (ZeroDivisionError("secret"), 500),
    ],
)
def test_each_kind_of_trouble_has_its_status(error: Exception, status: int) -> None:
    problem = problem_of(error)

    assert problem.status == status
    if status in (404, 500, 503):
        assert problem.detail == SENTENCES[status]  # what it was exactly is not for everybody
    else:
        assert problem.detail == str(error)


async def request_to(app: Starlette, path: str) -> Request:
    scope = {"type": "http", "path": path, "headers": [], "query_string": b"", "app": app, "method": "GET"}
    return Request(scope | {"server": ("127.0.0.1", 8000), "scheme": "http"})


async def test_programs_get_problem_json_with_the_field_and_people_a_page(app: Starlette) -> None:
    error = Invalid("Write an address <script>.", field="to")

    told = await respond(await request_to(app, "/api/v1/messages"), error)
    shown = await respond(await request_to(app, "/inbox/mine"), error)

    assert told.media_type == "application/problem+json"
    assert b'"field": "to"' in bytes(told.body)
    assert b"&lt;script&gt;" in bytes(shown.body)
    assert (told.status_code, shown.status_code) == (422, 422)


async def test_a_trace_never_leaves_the_server(app: Starlette, opened: Opened) -> None:
    async def broken(_: Request) -> None:
        raise RuntimeError("the password is hunter2")

    (route,) = (route for route in app.routes if getattr(route, "path", "") == "/healthz")
    route.app.endpoint, working = broken, route.app.endpoint  # type: ignore[attr-defined]
    try:
        answer = await opened().get("/healthz")
    finally:
        route.app.endpoint = working  # type: ignore[attr-defined]

    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_name_that_is_not_ours_is_refused(opened: Opened) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "[", ""):
        answer = await opened().get("/sign-in", headers={"Host": host})
        assert answer.status_code == 421, host

    assert (await opened().get("/sign-in", headers={"Host": "localhost:9999"})).status_code == 200
    assert (await opened().get("/healthz", headers={"Host": "10.0.0.7"})).status_code == 200


@pytest.mark.parametrize(("host", "is_ours"), [("evil.example", False), ("localhost:9999", True)])
async def test_a_socket_to_a_name_that_is_not_ours_is_refused(
    app: Starlette, host: str, *, is_ours: bool
) -> None:
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        told.append(message)

    origin = (b"origin", f"http://{host}".encode())
    scope = {
        "type": "websocket",
        "path": "/live",
        "query_string": b"",
        "headers": [(b"host", host.encode()), origin],
        "scheme": "ws",
        "app": app,
    }
    await app(scope, receive, send)

    assert told == [{"type": "websocket.close", "code": 4401 if is_ours else 1008, "reason": ""}]


async def test_a_form_above_its_limit_is_refused(stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.post("/sign-in", content=b"x" * 2_000_001, headers={"Origin": BASE})

    assert answer.status_code == 413


async def test_the_health_of_the_process_is_told_to_anybody(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.get("/healthz")).text == "ok\n"
    assert (await stranger.get("/readyz")).status_code == 200


async def test_figures_are_for_the_machine_itself_and_for_admins(
    opened: Opened, ada: Person, maya: Person
) -> None:
    machine, forwarded = opened("127.0.0.1"), {"X-Forwarded-For": ADDRESS}

    assert (await opened().get("/metrics")).status_code == 401
    assert (await machine.get("/metrics", headers=forwarded)).status_code == 401
    assert (await maya.program.get("/metrics")).status_code == 403
    assert "onethread_requests_total" in (await machine.get("/metrics")).text
    assert (await ada.program.get("/metrics")).status_code == 200
