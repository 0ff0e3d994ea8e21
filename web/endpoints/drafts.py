"""What an agent has begun to write."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox.actions import drafts
from inbox.queries import agents, composers, named, redirects
from web.acting import actor_of, text_of
from web.installation import installation_of
from web.sheets import sheet
from web.threads import chosen_case
from web.writing import words_of


async def show(request: Request) -> Response:
    """GET /conversations/{id}/drafts/{agent}: the reply that a teammate has begun, to be read"""
    async with installation_of(request).database.reading() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        await chosen_case(session, actor_of(request), conversation)  # or they may not see it at all
        writer, by = await agents.by_id(session, request.path_params["agent"]), actor_of(request)
        return await sheet(
            request,
            session,
            "drafts/_show.html",
            back=f"/conversations/{conversation.public_id}",
            writer=writer,
            draft=await composers.readable_draft(session, writer, conversation, by=by),
        )


async def update(request: Request) -> Response:
    """PUT /conversations/{id}/draft {mode, text, strand, base}: its version; empty text forgets it.

    409 with what stands, where it was changed on another device since `base`.
    """
    form = await request.form()
    strand_id = text_of(form, "strand")
    try:
        async with installation_of(request).database.transaction() as session:
            conversation = await redirects.find_conversation(session, request.path_params["id"])
            draft = await drafts.save_draft(
                session,
                conversation,
                by=request.state.agent,
                kind=text_of(form, "mode"),
                text=words_of(form, "text"),
                strand=await named.strand(session, actor_of(request), strand_id) if strand_id else None,
                based_on=text_of(form, "base") if "base" in form else None,
            )
    except drafts.DraftChanged as changed:
        return JSONResponse({"text": changed.text, "version": changed.version}, 409)
    return JSONResponse({"version": drafts.version_of(draft)})
