"""Taking back what was just done."""

import re

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import undos
from inbox.models import Case, Conversation, Customer
from inbox.phrases import N_
from inbox.queries import composers
from web.answers import done, is_scripted
from web.came_from import beside_list
from web.installation import installation_of
from web.templating import page
from web.workspace import shell_for

BACK = {"deactivate": "/settings/agents", "remove_reply": "/settings/replies"}
PLACES = re.compile(r"/(?:cases|conversations)/\w+|/settings/replies")
DONE = {
    "move_message": N_("The message was moved"),
    "move_strand": N_("The strand was moved"),
    "move_note": N_("The note was moved"),
    "move_case": N_("The case was moved"),
    "take_back_call": N_("The call was taken back"),
    "decide_forward": N_("The mail was filed"),
    "remove_reply": N_("The saved reply was removed"),
    "remove_view": N_("The view was removed"),
}


async def show(request: Request) -> Response:
    """GET /undo/{id}?to=: what was just done by a form, with the way back and the way there"""
    async with installation_of(request).database.reading() as session:
        undo = await undos.own(session, request.path_params["id"], by=request.state.agent)
        shell = await shell_for(session, request.state.agent)
    to = request.query_params.get("to", "")
    return page(
        request,
        "conversations/undo.html",
        undo=undo,
        words=DONE.get(undo.action, N_("Done.")),
        to=beside_list(request, to) if PLACES.fullmatch(to) else "/inbox/mine",
        shell=shell,
        current="",
    )


async def create(request: Request) -> Response:
    """POST /undo/{id}: the words of a reply come back into the composer"""
    agent = request.state.agent
    async with installation_of(request).database.transaction() as session:
        undo = await undos.undo(session, request.path_params["id"], by=agent)
        case = await session.get(Case, undo.case_id) if undo.case_id else None
        conversation = await session.get(Conversation, case.conversation_id) if case else None
        words = ""
        if conversation is not None and undo.action == "reply":
            words = await composers.begun_reply(session, agent, conversation)
        customer_id = undo.journal.get("customer") if undo.action == "mark" else None
        customer = await session.get(Customer, customer_id) if customer_id else None
    if words and is_scripted(request):
        return page(request, "composers/_restored.html", conversation=conversation, text=words)
    back = f"/customers/{customer.public_id}" if customer else BACK.get(undo.action, "/inbox/mine")
    return done(request, f"/cases/{case.number}" if case else back, N_("Undone."))
