"""Settings → Profile: one's own name, signature and password."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import agents as people, sign_ins
from inbox.errors import Invalid
from inbox.phrases import N_
from inbox.queries import agents
from inbox.words import ENGLISH, LANGUAGES
from web.errors import TooMany, wrong_too_often
from web.installation import installation_of
from web.rates import counted_address
from web.sessions import set_session
from web.settings_pages import actor_of, settings_page
from web.writing import words_of

HOME = "/settings/profile"
WRONG = N_("That is not your password.")


async def home(request: Request) -> Response:
    """GET /settings"""
    return RedirectResponse(HOME, 303)


async def show(request: Request) -> Response:
    """GET /settings/profile"""
    return await _page(request)


async def change(request: Request) -> Response:
    """POST /settings/profile: name, language."""
    form = await request.form()
    try:
        async with installation_of(request).database.transaction() as session:
            agent = await agents.by_id(session, request.state.agent.public_id)
            await people.change_agent(session, agent, name=_text(form, "name"), by=actor_of(request))
            if "language" in form:
                await people.choose_language(session, agent, _text(form, "language"))
    except Invalid as problem:
        return await _page(request, name=_text(form, "name"), problem=problem)
    return RedirectResponse(f"{HOME}?saved=1", 303)


async def change_writing(request: Request) -> Response:
    """POST /settings/writing: signature, opens_next."""
    form = await request.form()
    signature = words_of(form, "signature")
    try:
        async with installation_of(request).database.transaction() as session:
            agent = await agents.by_id(session, request.state.agent.public_id)
            await people.choose_writing(
                session, agent, signature=signature, opens_next=bool(form.get("opens_next"))
            )
    except Invalid as problem:
        return await _page(request, signature=signature, problem=problem)
    return RedirectResponse(f"{HOME}?saved=1", 303)


async def change_password(request: Request) -> Response:
    """POST /settings/password: every other browser is signed out, this one gets a new session."""
    form, installation = await request.form(), installation_of(request)
    await _count_guess(request)
    known_hash = request.state.agent.password_hash
    if not await installation.passwords.verify(known_hash, _secret(form, "current")):
        return await _page(request, problem=Invalid(WRONG, field="current"))
    try:
        password_hash = await installation.passwords.hash(_secret(form, "password"))
    except Invalid as problem:
        return await _page(request, problem=problem)
    async with installation.database.transaction() as session:
        agent = await agents.by_id(session, request.state.agent.public_id)
        await people.set_password(session, agent, password_hash)
        user_agent = request.headers.get("user-agent", "")
        token = await sign_ins.begin_session(session, agent, user_agent=user_agent)
    response = RedirectResponse(f"{HOME}?saved=password", 303)
    set_session(request, response, token)
    return response


async def _count_guess(request: Request) -> None:
    """Whoever has found an open browser must not guess its owner's password faster than at the door."""
    client = counted_address(request.client.host if request.client else None)
    async with installation_of(request).database.transaction() as session:
        guess = await sign_ins.count_guess(session, email=request.state.agent.email, client=client)
    if guess.wait is not None:
        wait = sign_ins.seconds(guess.wait)
        raise TooMany(wrong_too_often(-(-wait // 60)), wait=wait)


async def _page(
    request: Request,
    *,
    name: str | None = None,
    signature: str | None = None,
    problem: Invalid | None = None,
) -> Response:
    return await settings_page(
        request,
        "settings/profile.html",
        section="profile",
        problem=problem,
        name=request.state.agent.name if name is None else name,
        languages=LANGUAGES,
        installed=LANGUAGES.get(installation_of(request).settings.language, LANGUAGES[ENGLISH]),
        signature=request.state.agent.signature if signature is None else signature,
        saved=request.query_params.get("saved", ""),
    )


def _secret(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _text(form: FormData, name: str) -> str:
    return _secret(form, name).strip()
