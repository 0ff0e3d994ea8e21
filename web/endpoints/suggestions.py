"""Questions that only an agent may answer: the same person, a colleague, or somebody else?"""

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import suggestions
from inbox.models import Conversation
from inbox.policies import Action, authorize
from inbox.queries import named
from web.acting import actor_of, text_of
from web.answers import done
from web.installation import installation_of

SAYS = {
    "same_person": "One customer now. The panel offers to undo it.",
    "colleague": "A colleague: their message stands here now.",
    "someone_else": "Kept apart.",
}


async def decide(request: Request) -> Response:
    """POST /suggestions/{id} {decision}"""
    authorize(actor_of(request), Action.MERGE)
    decision = text_of(await request.form(), "decision")
    async with installation_of(request).database.transaction() as session:
        suggestion = await named.suggestion(session, request.path_params["id"])
        await suggestions.decide(session, suggestion, decision, by=request.state.agent)
        conversation = await session.get_one(Conversation, suggestion.conversation_id)
    return done(request, f"/conversations/{conversation.public_id}", SAYS.get(decision, "Decided."))
