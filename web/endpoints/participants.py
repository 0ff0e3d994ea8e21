"""Other people on a strand's mails."""

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import participants
from inbox.errors import NotFound
from inbox.models import Case
from inbox.phrases import phrase
from inbox.policies import Action, authorize
from inbox.queries import named
from web.acting import actor_of, text_of
from web.answers import done
from web.installation import installation_of


async def confirm(request: Request) -> Response:
    """POST /strands/{id}/participants {address}"""
    authorize(actor_of(request), Action.CHANGE)
    address = text_of(await request.form(), "address")
    async with installation_of(request).database.transaction() as session:
        strand = await named.strand(session, actor_of(request), request.path_params["id"])
        found = [one for one in strand.participants if one.address == address]
        if not found:
            raise NotFound("Nobody on this strand has that address.")
        await participants.confirm(session, found[0], by=request.state.agent)
        case = await session.get(Case, strand.case_id) if strand.case_id else None
    return done(
        request,
        f"/cases/{case.number}" if case else "/inbox/mine",
        phrase("%(address)s belongs here now.", address=address),
    )
