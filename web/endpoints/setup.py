"""The first admin: whoever has the one-time link that the server printed."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import agents as people, sign_ins
from inbox.errors import Invalid
from inbox.models import InvitationPurpose
from inbox.queries import agents, installations
from web.installation import installation_of
from web.sessions import set_session
from web.templating import page
from web.wording import words_for

PURPOSE = InvitationPurpose.SETUP


async def new(request: Request) -> Response:
    """GET /setup?token="""
    async with installation_of(request).database.reading() as session:
        if await installations.has_agent(session):
            return RedirectResponse("/sign-in", 303)
        await agents.open_invitation(session, request.query_params.get("token", ""), PURPOSE)
    return _form(request, request.query_params["token"])


async def create(request: Request) -> Response:
    """POST /setup"""
    form = await request.form()
    token = str(form.get("token", ""))
    async with installation_of(request).database.reading() as session:
        await agents.open_invitation(session, token, PURPOSE)
    try:
        return await join(request, token, PURPOSE, form)
    except Invalid as problem:
        return _form(request, token, form, problem)


async def join(request: Request, token: str, purpose: InvitationPurpose, form: FormData) -> Response:
    """Make the agent that a link promised and sign them in; raises Invalid, Conflict or NotFound."""
    installation = installation_of(request)
    email, name = str(form.get("email", "")), str(form.get("name", ""))
    password_hash = await installation.passwords.hash(str(form.get("password", "")))
    async with installation.database.transaction() as session:
        agent = await people.accept_invitation(
            session, token, purpose, email=email, name=name, password_hash=password_hash
        )
        user_agent = request.headers.get("user-agent", "")
        session_token = await sign_ins.begin_session(session, agent, user_agent=user_agent)
    response = RedirectResponse("/", 303)
    set_session(request, response, session_token)
    return response


def _form(
    request: Request, token: str, form: FormData | None = None, problem: Invalid | None = None
) -> Response:
    return page(
        request,
        "setup/new.html",
        status=422 if problem else 200,
        token=token,
        email=str(form.get("email", "")) if form else "",
        name=str(form.get("name", "")) if form else "",
        problem=words_for(request).told(problem.phrase) if problem else "",
        field=problem.field if problem else None,
    )
