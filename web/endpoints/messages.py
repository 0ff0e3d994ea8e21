"""Messages: taken back, tried again, judged, moved, and the document of a formatted one."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import forwards, moves, replies, resolutions
from inbox.errors import Invalid
from inbox.models import Case, Conversation, Message
from inbox.policies import Action, authorize
from inbox.queries import composers, messages, redirects
from inbox.queries.happenings import Reading
from web.acting import LARGEST_NUMBER, actor_of, remembering, text_of
from web.answers import done, is_scripted
from web.installation import installation_of
from web.templating import page
from web.workspace import shell_for

Change = Callable[..., Awaitable[None]]


async def cancel(request: Request) -> Response:
    """POST /messages/{id}/cancel"""
    agent = request.state.agent
    answer = await _changed(request, replies.cancel, "Taken back. The words are your draft again.")
    if not is_scripted(request):
        return answer
    async with installation_of(request).database.reading() as session:
        message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
        conversation = await session.get_one(Conversation, message.conversation_id)
        words = await composers.begun_reply(session, agent, conversation)
    return page(request, "composers/_restored.html", conversation=conversation, text=words)


async def retry(request: Request) -> Response:
    """POST /messages/{id}/retry"""
    return await _changed(request, replies.retry, "It is tried again.")


async def mark_spam(request: Request) -> Response:
    """POST /messages/{id}/spam"""
    return await _changed(request, resolutions.mark_message_spam, "Marked as spam.")


async def unmark_spam(request: Request) -> Response:
    """POST /messages/{id}/unspam"""
    return await _changed(request, resolutions.unmark_message_spam, "Not spam.")


async def unforward(request: Request) -> Response:
    """POST /messages/{id}/unforward: a mail that an agent passed on stands as it came again"""
    return await _changed(request, forwards.take_back, "It stands as it came. Say there whose it is.")


async def new_move(request: Request) -> Response:
    """GET /messages/{id}/move"""
    actor = actor_of(request)
    async with installation_of(request).database.reading() as session:
        message = await messages.by_public_id(session, actor, request.path_params["id"])
        case = await session.get(Case, message.case_id) if message.case_id else None
        shell = await shell_for(session, request.state.agent)
    return page(request, "conversations/move.html", message=message, case=case, shell=shell, current="")


async def move(request: Request) -> Response:
    """POST /messages/{id}/move {case: a number}"""
    number = text_of(await request.form(), "case").removeprefix("#")
    if not (number.isascii() and number.isdigit()):
        raise Invalid("Write the number of the case it belongs to.", field="case")
    target = min(int(number), LARGEST_NUMBER)

    async def act(session: Reading, message: Message, *, by: object) -> None:
        into = await redirects.find_case(session, target, actor=actor_of(request))
        is_elsewhere = into.conversation_id != message.conversation_id
        to = await session.get_one(Conversation, into.conversation_id) if is_elsewhere else into
        await moves.move_message(session, message, to=to, by=request.state.agent)

    return await _changed(request, act, f"Moved to #{number}.")


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
