"""Who is asking: the session cookie of an agent's browser, or the bearer token of a program."""

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from inbox.actions import sign_ins
from inbox.credentials import ABSOLUTE_LIFE
from inbox.models import Agent
from inbox.queries import agents
from web.installation import installation_of


async def recognise(connection: HTTPConnection) -> Agent | None:
    """The agent whose session cookie came along, if it is valid. Sets `state.agent` and `state.session`."""
    connection.state.agent = connection.state.session = None
    token = connection.cookies.get(cookie_name(connection), "")
    if not token:
        return None
    database = installation_of(connection).database
    async with database.glancing() as session:  # one row by its index
        signed_in = await agents.signed_in(session, token)
    if signed_in is None:
        return None
    connection.state.agent, connection.state.session = signed_in.agent, signed_in.session
    if agents.is_worth_noting(signed_in.session):
        async with database.transaction() as session:
            await sign_ins.note_use(session, signed_in.session)
    return signed_in.agent


async def recognise_bearer(connection: HTTPConnection) -> Agent | None:
    """The agent for whom the bearer token acts, if it is valid. Sets `state.agent`; cookies do not count."""
    connection.state.agent = connection.state.session = None
    database = installation_of(connection).database
    async with database.reading() as session:
        holder = await agents.token_holder(session, bearer_token(connection))
    if holder is None:
        return None
    connection.state.agent = holder.agent
    if agents.is_worth_noting(holder.token):
        async with database.transaction() as session:
            await sign_ins.note_use(session, holder.token)
    return holder.agent


def bearer_token(connection: HTTPConnection) -> str:
    """The token of the Authorization header (RFC 6750 §2.1), or ""."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def set_session(request: Request, response: Response, token: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=int(ABSOLUTE_LIFE.total_seconds()),
        path="/",
        secure=installation_of(request).settings.is_https,
        httponly=True,
        samesite="lax",
    )


def clear_session(request: Request, response: Response) -> None:
    """Take the browser's session away."""
    response.delete_cookie(
        cookie_name(request),
        path="/",
        secure=installation_of(request).settings.is_https,
        httponly=True,
        samesite="lax",
    )


def cookie_name(connection: HTTPConnection) -> str:
    """With https the name that only this very host can set (RFC 6265bis §4.1.3.2)."""
    return "__Host-onethread" if installation_of(connection).settings.is_https else "onethread_session"
