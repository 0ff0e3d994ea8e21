"""Questions that only an agent may answer: the same person, a colleague, somebody else? Whose mail is it?"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import forwards, suggestions
from inbox.models import Conversation, Suggestion, SuggestionKind, SuggestionState
from inbox.phrases import N_
from inbox.policies import Action, authorize
from inbox.queries import customers, named, redirects
from inbox.queries.happenings import Reading
from inbox.queries.shown_words import face_of_customer
from web.acting import actor_of, remembering, text_of
from web.answers import offered
from web.installation import installation_of
from web.templating import page
from web.workspace import shell_for

MOST_FOUND = 12
SAYS = {
    "same_person": N_("One customer now."),
    "colleague": N_("A colleague: their message stands here now."),
    "someone_else": N_("Kept apart."),
    "forwarded": N_("Filed with whoever wrote it."),
}


async def show(request: Request) -> Response:
    """GET /suggestions/{id}?q=: whose a passed-on mail is, where it is not whose it seems"""
    words = request.query_params.get("q", "").strip()
    async with installation_of(request).database.reading() as session:
        suggestion = await named.suggestion(session, actor_of(request), request.path_params["id"])
        back = await _home(session, suggestion)
        if suggestion.kind != SuggestionKind.FORWARD or suggestion.state != SuggestionState.OPEN:
            return RedirectResponse(back, 303)
        passed = await forwards.passed_on_by(session, suggestion)
        others = await customers.page(session, words=words, limit=MOST_FOUND) if words else None
        shell = await shell_for(session, request.state.agent)
    found = [one for one in others.items if one.customer.id != suggestion.customer_id] if others else []
    return page(
        request,
        "conversations/whose.html",
        suggestion=suggestion,
        mail=passed.original,
        words=words,
        found=[(one, face_of_customer(one.customer)) for one in found],
        back=back,
        shell=shell,
        current="",
    )


async def decide(request: Request) -> Response:
    """POST /suggestions/{id} {decision, address, customer_id}"""
    agent = request.state.agent
    authorize(actor_of(request), Action.MERGE)
    form = await request.form()
    decision, address = text_of(form, "decision"), text_of(form, "address")
    customer_id = text_of(form, "customer_id")
    async with installation_of(request).database.transaction() as session:
        suggestion = await named.suggestion(session, actor_of(request), request.path_params["id"])
        async with remembering(session, agent) as remembered:
            customer = await redirects.find_customer(session, customer_id) if customer_id else None
            await suggestions.decide(
                session, suggestion, decision, by=agent, address=address, customer=customer
            )
        back = await _home(session, suggestion)
    return offered(request, back, SAYS.get(decision, N_("Decided.")), remembered.undo)


async def _home(session: Reading, suggestion: Suggestion) -> str:
    conversation = await session.get_one(Conversation, suggestion.conversation_id)
    return f"/conversations/{conversation.public_id}"
