"""Short addresses of one message or note, which hold wherever it is moved."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.models import Case, Conversation, Message, Note
from inbox.queries import finding, messages, named
from inbox.queries.happenings import Reading
from web.acting import actor_of
from web.installation import installation_of


async def show_message(request: Request) -> Response:
    """GET /messages/{id}: its conversation, opened where it stands"""
    async with installation_of(request).database.reading() as session:
        message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
        return await _there(session, message, f"m-{message.public_id}")


async def show_note(request: Request) -> Response:
    """GET /notes/{id}: its conversation, opened where it stands"""
    async with installation_of(request).database.reading() as session:
        note = await named.note(session, actor_of(request), request.path_params["id"])
        return await _there(session, note, f"n-{note.public_id}")


async def _there(session: Reading, wanted: Message | Note, element_id: str) -> Response:
    conversation = await session.get_one(Conversation, wanted.conversation_id)
    case = await session.get(Case, wanted.case_id) if wanted.case_id else None
    position = await finding.position_of(session, wanted)
    chosen = f"case={case.number}&" if case else ""
    return RedirectResponse(
        f"/conversations/{conversation.public_id}?{chosen}at={position}#{element_id}", 303
    )
