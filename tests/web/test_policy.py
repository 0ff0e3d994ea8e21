"""Nobody gets through a door that is not theirs: every route of the table, tried by everybody."""

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from tests.web.conftest import BASE, Opened, Person
from tests.web.routes import Door, doors, sockets
from web.policy import FOR_ADMINS, WITH_BEARER, WITH_COOKIE, WITH_FORM_TOKEN, Guard, Policy, SocketGuard
from web.routes import every_route

DOORS = list(doors())
FOR_PEOPLE = [door for door in DOORS if door.policy in WITH_COOKIE]
FOR_PROGRAMS = [door for door in DOORS if door.policy in WITH_BEARER]
ADMINS_ONLY = [door for door in DOORS if door.policy in FOR_ADMINS]
UNSAFE_FORMS = [door for door in DOORS if door.policy in WITH_FORM_TOKEN and not door.is_safe]
POLICIES = set(Policy)


def test_every_route_declares_who_may_reach_it() -> None:
    for route in every_route():
        assert isinstance(route, Route | WebSocketRoute), route
        assert isinstance(route.app, Guard | SocketGuard), route.path
        assert route.app.policy in POLICIES, route.path


def test_the_table_is_not_empty_of_any_kind() -> None:
    assert len(FOR_PEOPLE) > 20
    assert len(FOR_PROGRAMS) > 30
    assert ADMINS_ONLY
    assert UNSAFE_FORMS


def test_reading_never_stands_beside_writing_behind_one_door() -> None:
    for route in every_route():
        if isinstance(route, Route):
            methods = (route.methods or set()) - {"HEAD", "OPTIONS"}
            assert methods == {"GET"} or "GET" not in methods, route.path


async def knock(client: httpx2.AsyncClient, door: Door, **more: object) -> httpx2.Response:
    return await client.request(door.method, door.path, timeout=10, **more)  # type: ignore[arg-type]


async def test_a_stranger_is_sent_to_the_sign_in_page(stranger: httpx2.AsyncClient) -> None:
    let_in: list[str] = []
    for door in FOR_PEOPLE:
        answer = await knock(stranger, door, headers={"Origin": BASE})
        is_sent = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        if not (is_sent if door.is_safe else answer.status_code == 401):
            let_in.append(f"{door}: {answer.status_code}")

    assert let_in == []


async def test_a_program_without_a_token_is_refused(
    stranger: httpx2.AsyncClient, maya: Person, opened: Opened
) -> None:
    wrong = opened(headers={"Authorization": "Bearer onethread_wrong"})
    basic = opened(headers={"Authorization": f"Basic {maya.api_token}"})
    in_query = {"params": {"access_token": maya.api_token, "token": maya.api_token}}
    let_in: list[str] = []
    for door in FOR_PROGRAMS:
        for answer in (
            await knock(stranger, door),
            await knock(stranger, door, **in_query),
            await knock(wrong, door),
            await knock(basic, door),
            await knock(maya.browser, door, headers=maya.headers),  # a cookie is no token
        ):
            kind, scheme = answer.headers["content-type"], answer.headers.get("www-authenticate", "")
            if (answer.status_code, kind, scheme[:6]) != (401, "application/problem+json", "Bearer"):
                let_in.append(f"{door}: {answer.status_code}")

    assert let_in == []


async def test_a_token_of_the_api_opens_no_page(maya: Person) -> None:
    let_in: list[str] = []
    for door in FOR_PEOPLE:
        answer = await knock(maya.program, door, headers={"Origin": BASE, "X-CSRF-Token": maya.csrf_token})
        if answer.status_code not in (303, 401):
            let_in.append(f"{door}: {answer.status_code}")

    assert let_in == []


async def test_an_agent_who_is_no_admin_is_refused(maya: Person) -> None:
    let_in: list[str] = []
    for door in ADMINS_ONLY:
        client = maya.program if door.policy in WITH_BEARER else maya.browser
        answer = await knock(client, door, headers=maya.headers)
        if answer.status_code != 403 or "admin" not in answer.text:
            let_in.append(f"{door}: {answer.status_code}")

    assert let_in == []


async def test_a_form_that_is_not_from_our_page_is_refused(ada: Person) -> None:
    token, evil = {"X-CSRF-Token": ada.csrf_token}, "https://evil.example"
    foreign: tuple[dict[str, str], ...] = (
        {},
        {"Origin": BASE},
        token,
        {"Origin": BASE, "X-CSRF-Token": "x" * 43},
        token | {"Origin": evil},
        token | {"Origin": "null"},
        token | {"Origin": f"{BASE}.evil.example"},
        token | {"Origin": BASE, "Sec-Fetch-Site": "cross-site"},
        token | {"Sec-Fetch-Site": "same-site"},
    )
    let_in: list[str] = []
    for door in UNSAFE_FORMS:
        for headers in foreign:
            answer = await knock(ada.browser, door, headers=headers)
            if answer.status_code != 403:
                let_in.append(f"{door}: {answer.status_code} with {sorted(headers)}")

    assert let_in == []


async def test_a_page_opens_for_whom_it_is_meant(ada: Person) -> None:
    closed: list[str] = []
    for door in FOR_PEOPLE:
        if not door.is_safe:
            continue
        answer = await knock(ada.browser, door)
        if answer.status_code in (401, 403, 500) or "/sign-in" in answer.headers.get("location", ""):
            closed.append(f"{door}: {answer.status_code}")

    assert closed == []


async def test_what_is_not_there_is_answered_with_a_problem(ada: Person) -> None:
    wrong: list[str] = []
    for door in FOR_PROGRAMS:
        answer = await knock(ada.program, door)
        is_problem = answer.headers.get("content-type") == "application/problem+json"
        if answer.status_code >= 500 or (answer.status_code >= 400 and not is_problem):
            wrong.append(f"{door}: {answer.status_code} {answer.text[:100]}")

    assert wrong == []


async def test_every_answer_carries_the_security_headers(ada: Person, stranger: httpx2.AsyncClient) -> None:
    bare: list[str] = []
    for door in DOORS:
        for client in (stranger, ada.browser, ada.program):
            answer = await knock(client, door)
            policy = answer.headers.get("content-security-policy", "")
            is_framed = door.policy in (Policy.CHANNEL, Policy.VISITOR)
            if "default-src 'none'" not in policy or not (is_framed or "frame-ancestors 'none'" in policy):
                bare.append(f"{door}: {answer.status_code} CSP {policy}")
            if answer.headers.get("x-content-type-options") != "nosniff":
                bare.append(f"{door}: {answer.status_code} sniffed")
            if "unsafe" in policy:
                bare.append(f"{door}: unsafe {policy}")
            if door.policy in WITH_COOKIE | WITH_BEARER and answer.status_code == 200:
                kept = answer.headers.get("cache-control", "")
                if "no-store" not in kept:
                    bare.append(f"{door}: may be kept, {kept}")

    assert bare == []


@pytest.mark.parametrize("path", [path for path, policy in sockets() if policy is Policy.AGENT])
async def test_no_socket_of_agents_opens_without_session_and_origin(
    app: Starlette, maya: Person, path: str
) -> None:
    cookie = {"cookie": f"onethread_session={maya.session_token}"}
    for headers in (
        {},
        {"origin": BASE},
        cookie,
        cookie | {"origin": "https://evil.example"},
        {"cookie": "onethread_session=wrong", "origin": BASE},
        {"authorization": f"Bearer {maya.api_token}", "origin": BASE},
    ):
        assert await refuses(app, path, headers), headers


async def refuses(app: Starlette, path: str, headers: dict[str, str]) -> bool:
    """Whether the handshake is answered with a close before it is accepted."""
    sent: list[str] = []
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000")] + [(k.encode(), v.encode()) for k, v in headers.items()],
        "client": ("192.0.2.7", 1),
        "server": ("127.0.0.1", 8000),
        "scheme": "ws",
        "subprotocols": [],
        "root_path": "",
    }

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])
        if message["type"] == "websocket.accept":
            raise WebSocketDisconnect

    try:
        await app(scope, receive, send)  # type: ignore[arg-type]
    except WebSocketDisconnect:
        return False
    return sent == ["websocket.close"]
