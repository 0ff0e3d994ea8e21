"""Signing in and out."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import agents as people, sign_ins
from inbox.errors import Invalid
from inbox.phrases import N_
from inbox.queries import agents, installations
from web.errors import TooMany, wrong_too_often
from web.installation import installation_of
from web.rates import counted_address
from web.sessions import clear_session, recognise, set_session
from web.templating import page

WRONG = N_("That address and password do not belong together. Look at both and try again.")


async def new(request: Request) -> Response:
    """GET /sign-in"""
    if await recognise(request) is not None:
        return RedirectResponse(_where_to(request.query_params.get("next", "")), 303)
    async with installation_of(request).database.reading() as session:
        if not await installations.has_agent(session):
            return page(request, "sign_ins/new.html", is_set_up=False, email="", next="", problem="")
    wanted = request.query_params.get("next", "")
    return page(request, "sign_ins/new.html", is_set_up=True, email="", next=wanted, problem="")


async def create(request: Request) -> Response:
    """POST /sign-in"""
    form = await request.form()
    email, password, wanted = (_text(form.get(name)) for name in ("email", "password", "next"))
    email = email.strip()
    token = await _sign_in(request, email, password)
    if token is None:
        return page(
            request, "sign_ins/new.html", status=422, is_set_up=True, email=email, next=wanted, problem=WRONG
        )
    response = RedirectResponse(_where_to(wanted), 303)
    set_session(request, response, token)
    return response


async def destroy(request: Request) -> Response:
    """POST /sign-out"""
    async with installation_of(request).database.transaction() as session:
        await sign_ins.sign_out(session, request.state.session)
    response = RedirectResponse("/sign-in", 303)
    clear_session(request, response)
    return response


async def _sign_in(request: Request, email: str, password: str) -> str | None:
    """The token of a new session; None for a wrong password or an unknown account, which take equally long.

    Raises TooMany after too many wrong ones.
    """
    installation, client = (
        installation_of(request),
        counted_address(request.client.host if request.client else None),
    )
    async with installation.database.transaction() as session:
        guess = await sign_ins.count_guess(session, email=email, client=client)
    if guess.wait is not None:
        wait = sign_ins.seconds(guess.wait)
        raise TooMany(wrong_too_often(-(-wait // 60)), wait=wait)
    async with installation.database.reading() as session:
        try:
            agent = await agents.by_email(session, email)
        except Invalid:
            agent = None
    known_hash = agent.password_hash if agent and agent.deactivated_at is None else None
    if not await installation.passwords.verify(known_hash, password) or agent is None or known_hash is None:
        return None
    better = None
    if installation.passwords.needs_rehash(known_hash):
        better = await installation.passwords.hash_again(password)
    async with installation.database.transaction() as session:
        agent = await agents.by_id(session, agent.public_id)
        if agent.password_hash != known_hash or agent.deactivated_at is not None:
            return None  # changed while we compared
        if better:
            await people.keep_rehash(session, agent, better)
        user_agent = request.headers.get("user-agent", "")
        return await sign_ins.sign_in(session, agent, guess=guess, user_agent=user_agent, client=client)


def _where_to(wanted: str) -> str:
    """A page of ours, whatever the address said: never another site, nor what browsers take for one."""
    is_ours = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    return wanted if is_ours and wanted.isprintable() else "/"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
