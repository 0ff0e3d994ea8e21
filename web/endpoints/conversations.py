"""Conversations: the page of one, what is older in it, and how far an agent has read it."""

import re
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from inbox.actions import reads
from inbox.errors import Invalid, NotFound
from inbox.models import Case, Conversation
from inbox.queries import finding, redirects
from inbox.queries.happenings import Reading
from web.acting import LARGEST_NUMBER, actor_of, text_of
from web.answers import done, is_scripted, moved
from web.came_from import keep_list
from web.installation import installation_of
from web.lists import Wanted, list_of
from web.live.signals import SignalKind
from web.templating import page
from web.threads import Part, Thread, beside_of, chosen_case, glimpse_of, thread_of
from web.visiting import visiting_of
from web.workspace import shell_for

PANES = ("thread", "customer")
_LIST = re.compile(r"[a-z]+|(team|view)/[\w-]+")


async def show(request: Request) -> Response:
    """GET /conversations/{id}?case=&in=&before=&after=&at=: the page, where asked with what stands around a
    position; for a script the thread, or that part of it"""
    query = request.query_params
    database = installation_of(request).database
    async with database.viewing() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        case = await _case(request, session, conversation)
        if conversation.public_id != request.path_params["id"] or case.conversation_id != conversation.id:
            return RedirectResponse(f"/cases/{case.number}", 303)  # merged or moved since
        part = Part(*(_position(query.get(name)) for name in ("before", "after", "at")))
        dialog = query.get("dialog", "")
        thread = await thread_of(session, request.state.agent, conversation, case, part=part, dialog=dialog)
    if not is_scripted(request):
        async with database.reading() as session:  # a list may read far
            return await whole_page(request, session, thread)
    if not part.is_whole:
        return page(request, "conversations/_entries.html", thread=thread)
    return page(request, "conversations/_opened.html", thread=thread, is_swapped=True)


async def show_beside(request: Request) -> Response:
    """GET /conversations/{id}/beside?case=: composer and customer, for a page whose thread stands already"""
    async with installation_of(request).database.viewing() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        case = await _case(request, session, conversation)
        if case.conversation_id != conversation.id:
            raise NotFound("This case stands in another conversation now.")
        thread = await beside_of(session, request.state.agent, conversation, case)
    return page(request, "conversations/_beside.html", thread=thread)


async def peek(request: Request) -> Response:
    """GET /conversations/{id}/peek?case=: a look at what is newest, of which nobody is told"""
    async with installation_of(request).database.reading() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        case = await _case(request, session, conversation)
        if case.conversation_id != conversation.id:
            raise NotFound("This case stands in another conversation now.")
        thread = await glimpse_of(session, request.state.agent, conversation, case)
        if is_scripted(request):
            return page(request, "conversations/_peek.html", thread=thread)
        shell = await shell_for(session, request.state.agent)
    return page(request, "conversations/peek.html", thread=thread, shell=shell)


async def find(request: Request) -> Response:
    """GET /conversations/{id}/find?q=: where the words stand in it, newest first, as JSON"""
    async with installation_of(request).database.reading() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        words = request.query_params.get("q", "")
        found = await finding.entries_with(session, conversation, actor_of(request), words)
    return JSONResponse({"items": [{"id": one.element_id, "position": one.position} for one in found]})


async def whole_page(request: Request, session: Reading, thread: Thread, *, status: int = 200) -> Response:
    """The thread with the list beside it."""
    agent, query = request.state.agent, request.query_params
    shell = await shell_for(session, agent)
    wanted = Wanted.of(agent, query.get("in") or "mine", query)
    beside = await list_of(session, wanted, shell, chosen=thread.head.case.number)
    pane = query.get("pane", "")
    answer = page(
        request,
        "conversations/show.html",
        status=status,
        thread=thread,
        list=beside,
        shell=shell,
        current=wanted.view,
        is_swapped=False,
        pane=pane if pane in PANES else "thread",
    )
    keep_list(request, answer, wanted.beside)
    return answer


async def mark_read(request: Request) -> Response:
    """POST /conversations/{id}/read"""
    position = _position(text_of(await request.form(), "position")) or 0
    async with installation_of(request).database.transaction() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        await chosen_case(session, actor_of(request), conversation)  # who may not see it tells nobody "Seen"
        await reads.mark_read(session, conversation, by=request.state.agent, position=position)
    # The visitor's panel says "Seen"; on the next load it is read from the database.
    visiting_of(request).signals.publish(SignalKind.READ, conversation.id, {"position": position})
    return done(request, f"/conversations/{conversation.public_id}")


async def mark_unread(request: Request) -> Response:
    """POST /conversations/{id}/unread {position or nothing}: from that entry on; and leave it for its list"""
    position = _position(text_of(await request.form(), "position"))
    async with installation_of(request).database.transaction() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        await reads.mark_unread(session, conversation, by=request.state.agent, position=position)
    return moved(request, f"/inbox/{_list_beside(request)}")


def _list_beside(request: Request) -> str:
    """The name of the list beside the thread that a script asks from; Mine where nothing says it."""
    page_url = request.headers.get("hx-current-url", "")
    asked = parse_qs(urlsplit(page_url).query).get("in", [""])[0]
    return asked if _LIST.fullmatch(asked) else "mine"


async def _case(request: Request, session: Reading, conversation: Conversation) -> Case:
    wanted = request.query_params.get("case", "")
    if wanted.isascii() and wanted.isdigit():
        number = min(int(wanted), LARGEST_NUMBER)
        return await redirects.find_case(session, number, actor=actor_of(request))
    return await chosen_case(session, actor_of(request), conversation)


def _position(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise Invalid("A position is a number.", field="position")
    return min(int(text), LARGEST_NUMBER)
