"""Taking back what was just done."""

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import undos
from inbox.models import Case
from web.answers import done
from web.installation import installation_of


async def create(request: Request) -> Response:
    """POST /undo/{id}"""
    async with installation_of(request).database.transaction() as session:
        undo = await undos.undo(session, request.path_params["id"], by=request.state.agent)
        case = await session.get(Case, undo.case_id) if undo.case_id else None
    return done(request, f"/cases/{case.number}" if case else "/inbox/mine", "Undone.")
