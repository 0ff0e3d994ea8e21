"""Messages: taken back, tried again, judged, moved, and the document of a formatted one."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import forwards, replies, resolutions
from inbox.models import Case, Conversation
from inbox.phrases import N_
from inbox.policies import Action, authorize
from inbox.queries import composers, messages
from web.acting import actor_of, remembering
from web.answers import done, is_scripted
from web.installation import installation_of
from web.templating import page

Change = Callable[..., Awaitable[None]]


async def cancel(request: Request) -> Response:
    """POST /messages/{id}/cancel"""
    agent = request.state.agent
    answer = await _changed(request, replies.cancel, N_("Taken back. The words are your draft again."))
    if not is_scripted(request):
        return answer
    async with installation_of(request).database.reading() as session:
        message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
        conversation = await session.get_one(Conversation, message.conversation_id)
        words = await composers.begun_reply(session, agent, conversation)
    return page(request, "composers/_restored.html", conversation=conversation, text=words)


async def retry(request: Request) -> Response:
    """POST /messages/{id}/retry"""
    return await _changed(request, replies.retry, N_("It is tried again."))


async def hasten(request: Request) -> Response:
    """POST /messages/{id}/departure: leave now instead of at its time"""
    return await _changed(request, replies.hasten, N_("It leaves now."))


async def mark_spam(request: Request) -> Response:
    """POST /messages/{id}/spam"""
    return await _changed(request, resolutions.mark_message_spam, N_("Marked as spam."))


async def unmark_spam(request: Request) -> Response:
    """POST /messages/{id}/unspam"""
    return await _changed(request, resolutions.unmark_message_spam, N_("Not spam."))


async def unforward(request: Request) -> Response:
    """POST /messages/{id}/unforward: a mail that an agent passed on stands as it came again"""
    return await _changed(request, forwards.take_back, N_("It stands as it came. Say there whose it is."))


async def _changed(request: Request, change: Change, words: str) -> Response:
    agent, actor = request.state.agent, actor_of(request)
    authorize(actor, Action.CHANGE)
    async with installation_of(request).database.transaction() as session:
        message = await messages.by_public_id(session, actor, request.path_params["id"])
        async with remembering(session, agent) as remembered:
            await change(session, message, by=agent)
        conversation = await session.get_one(Conversation, message.conversation_id)
        case = await session.get(Case, message.case_id) if message.case_id else None
    back = f"/cases/{case.number}" if case else f"/conversations/{conversation.public_id}"
    return done(request, back, words, remembered.undo)
