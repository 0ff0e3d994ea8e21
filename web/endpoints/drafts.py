"""What an agent has begun to write."""

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import drafts
from inbox.queries import named, redirects
from web.acting import actor_of, text_of
from web.answers import done
from web.installation import installation_of


async def update(request: Request) -> Response:
    """PUT /conversations/{id}/draft {mode, text, strand}; empty text forgets it"""
    form = await request.form()
    strand_id, text = text_of(form, "strand"), form.get("text")
    async with installation_of(request).database.transaction() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        await drafts.save_draft(
            session,
            conversation,
            by=request.state.agent,
            kind=text_of(form, "mode"),
            text=text if isinstance(text, str) else "",
            strand=await named.strand(session, actor_of(request), strand_id) if strand_id else None,
        )
    return done(request, f"/conversations/{conversation.public_id}")
