"""Notes between agents."""

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import notes
from inbox.policies import Action, authorize
from inbox.queries import redirects
from web.acting import LARGEST_NUMBER, actor_of, text_of
from web.answers import done
from web.installation import installation_of


async def create(request: Request) -> Response:
    """POST /conversations/{id}/notes {text, case}"""
    agent, actor = request.state.agent, actor_of(request)
    authorize(actor, Action.NOTE)
    form = await request.form()
    number, text = text_of(form, "case"), text_of(form, "text")
    await form.close()
    async with installation_of(request).database.transaction() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        case = None
        if number.isascii() and number.isdigit():
            case = await redirects.find_case(session, min(int(number), LARGEST_NUMBER), actor=actor)
        await notes.add_note(session, conversation, by=agent, text=text, case=case)
    return done(request, f"/cases/{case.number}" if case else f"/conversations/{conversation.public_id}")
