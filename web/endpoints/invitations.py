"""Invited colleagues: the link that they got makes them agents, once."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from inbox.errors import Invalid
from inbox.models import Invitation, InvitationPurpose
from inbox.queries import agents
from web.endpoints import setup
from web.installation import installation_of
from web.templating import page
from web.wording import words_for

PURPOSE = InvitationPurpose.INVITE


async def show(request: Request) -> Response:
    """GET /join/{token}"""
    return _form(request, await _invitation(request))


async def accept(request: Request) -> Response:
    """POST /join/{token}"""
    invitation, form = await _invitation(request), await request.form()
    try:
        return await setup.join(request, request.path_params["token"], PURPOSE, form)
    except Invalid as problem:
        return _form(request, invitation, form, problem)


async def _invitation(request: Request) -> Invitation:
    async with installation_of(request).database.reading() as session:
        return await agents.open_invitation(session, request.path_params["token"], PURPOSE)


def _form(
    request: Request,
    invitation: Invitation,
    form: FormData | None = None,
    problem: Invalid | None = None,
) -> Response:
    return page(
        request,
        "join/new.html",
        status=422 if problem else 200,
        token=request.path_params["token"],
        email=invitation.email or "",
        name=str(form.get("name", "")) if form else invitation.name or "",
        problem=words_for(request).told(problem.phrase) if problem else "",
        field=problem.field if problem else None,
    )
