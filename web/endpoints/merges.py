"""Joining two customers, and taking it back."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import merges, undos
from inbox.errors import Invalid, NotFound
from inbox.models import Conversation
from inbox.policies import Action, authorize
from inbox.queries import named, redirects
from inbox.queries.merge_previews import preview_of
from inbox.queries.unmerged import unmerging_of
from web.acting import actor_of, text_of
from web.answers import moved
from web.installation import installation_of
from web.templating import page
from web.workspace import shell_for

FIELD = "field:"


async def new(request: Request) -> Response:
    """GET /customers/{id}/merge?into=: both customers beside each other, before anything is done"""
    async with installation_of(request).database.reading() as session:
        customer = await redirects.find_customer(session, request.path_params["id"])
        into = await redirects.find_customer(session, request.query_params.get("into", ""))
        if customer.id == into.id:
            return RedirectResponse(f"/customers/{into.public_id}", 303)
        preview = await preview_of(session, actor_of(request), customer, into=into)
        shell = await shell_for(session, request.state.agent)
    return page(request, "customers/merge.html", preview=preview, shell=shell, current="customers")


async def create(request: Request) -> Response:
    """POST /customers/{id}/merge {into_id, field:…}: the customer of the path goes into the other; a field
    whose value is "merged" is taken from it"""
    agent = request.state.agent
    authorize(actor_of(request), Action.MERGE)
    form = await request.form()
    into_id = text_of(form, "into_id")
    chosen = [name for name in form if name.startswith(FIELD) and text_of(form, name) == "merged"]
    take = [name.removeprefix(FIELD) for name in chosen]
    async with installation_of(request).database.transaction() as session:
        customer = await redirects.find_customer(session, request.path_params["id"])
        try:
            into = await redirects.find_customer(session, into_id)
        except NotFound as error:
            raise Invalid("Choose the customer to merge with.", field="into_id") from error
        merge = await merges.merge(session, customer, into=into, by=agent, take=take)
        await undos.remember(session, by=agent, action="merge", journal={"merge": merge.id}, case=None)
        conversation = await session.get_one(Conversation, merge.kept_conversation_id)
    return moved(request, f"/conversations/{conversation.public_id}")


async def undo(request: Request) -> Response:
    """POST /merges/{id}/undo"""
    authorize(actor_of(request), Action.MERGE)
    async with installation_of(request).database.transaction() as session:
        merge = await named.merge(session, request.path_params["id"])
        unmerged = await merges.undo_merge(session, merge, by=request.state.agent)
        conversation = await session.get_one(Conversation, merge.kept_conversation_id)
    if unmerged.cases or unmerged.notes:
        return moved(request, f"/merges/{merge.public_id}")
    return moved(request, f"/conversations/{conversation.public_id}")


async def show(request: Request) -> Response:
    """GET /merges/{id}: what came between a merge and its undo, to be sorted"""
    async with installation_of(request).database.reading() as session:
        merge = await named.merge(session, request.path_params["id"])
        if merge.undone_at is None:
            raise NotFound("There is no such page.")
        found = await unmerging_of(session, actor_of(request), merge)
        shell = await shell_for(session, request.state.agent)
    back = f"/merges/{merge.public_id}"
    return page(request, "customers/sorting.html", found=found, back=back, shell=shell, current="customers")
