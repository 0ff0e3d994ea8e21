"""Moving a message, its strand, a note or a case to where it belongs."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import case_moves, moves
from inbox.errors import Invalid, NotFound
from inbox.models import Case, Conversation, Message, Note, Strand
from inbox.phrases import N_
from inbox.policies import Action, authorize
from inbox.queries import destinations, messages, named, redirects
from inbox.queries.happenings import Reading
from inbox.words import Words
from web.acting import LARGEST_NUMBER, actor_of, number_of, remembering, text_of
from web.answers import done, offered
from web.installation import installation_of
from web.templating import page
from web.wording import words_for
from web.workspace import shell_for

SORTING = re.compile(r"/merges/\w+")  # the page that a move may lead back to

Moved = Message | Note | Case
Find = Callable[[Reading, Request], Awaitable[Moved]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is moved: its word, its address, and how it is found."""

    word: str
    path: str
    find: Find


MOVED = {
    "message": N_("Moved the message."),
    "note": N_("Moved the note."),
    "case": N_("Moved the case."),
}


async def _message(session: Reading, request: Request) -> Message:
    return await messages.by_public_id(session, actor_of(request), request.path_params["id"])


async def _note(session: Reading, request: Request) -> Note:
    return await named.note(session, actor_of(request), request.path_params["id"])


async def _case(session: Reading, request: Request) -> Case:
    return await redirects.find_case(session, number_of(request), actor=actor_of(request))


MESSAGE = Kind("message", "/messages", _message)
NOTE = Kind("note", "/notes", _note)
CASE = Kind("case", "/cases", _case)


async def new_message(request: Request) -> Response:
    """GET /messages/{id}/move?q="""
    return await _new(request, MESSAGE)


async def new_note(request: Request) -> Response:
    """GET /notes/{id}/move?q="""
    return await _new(request, NOTE)


async def new_case(request: Request) -> Response:
    """GET /cases/{number}/move?q="""
    return await _new(request, CASE)


async def message(request: Request) -> Response:
    """POST /messages/{id}/move {case | customer_id, whole}: alone, or with *whole* its strand"""
    return await _move(request, MESSAGE)


async def note(request: Request) -> Response:
    """POST /notes/{id}/move {case | customer_id}"""
    return await _move(request, NOTE)


async def case(request: Request) -> Response:
    """POST /cases/{number}/move {customer_id}"""
    return await _move(request, CASE)


async def _new(request: Request, kind: Kind) -> Response:
    actor = actor_of(request)
    words = request.query_params.get("q", "").strip()
    async with installation_of(request).database.reading() as session:
        found = await kind.find(session, request)
        of_case = await _own_case(session, found)
        beside = await destinations.cases_beside(session, actor, found.conversation_id)
        others = await destinations.found(session, actor, words) if words else []
        home = await session.get_one(Conversation, found.conversation_id)
        shell = await shell_for(session, request.state.agent)
    name = found.number if isinstance(found, Case) else found.public_id
    return page(
        request,
        "conversations/move.html",
        word=kind.word,
        url=f"{kind.path}/{name}/move",
        shown=_words_of(found, words_for(request)),
        beside=[one for one in beside if kind is not CASE and (of_case is None or one.id != of_case.id)],
        others=others,
        words=words,
        back=f"/cases/{of_case.number}" if of_case else f"/conversations/{home.public_id}",
        shell=shell,
        current="",
    )


def _words_of(found: Moved, words: Words) -> str:
    if isinstance(found, Case):
        return f"#{found.number} {found.subject or words.said('No subject')}"
    who = f"{found.author_name or found.author_address}: " if isinstance(found, Message) else ""
    return f"{who}{found.text[:300]}"


async def _own_case(session: Reading, found: Moved) -> Case | None:
    if isinstance(found, Case):
        return found
    return await session.get(Case, found.case_id) if found.case_id else None


async def _move(request: Request, kind: Kind) -> Response:
    agent = request.state.agent
    authorize(actor_of(request), Action.CHANGE)
    form = await request.form()
    async with installation_of(request).database.transaction() as session:
        found = await kind.find(session, request)
        to = await _target(session, request, text_of(form, "case"), text_of(form, "customer_id"))
        if isinstance(found, Case) and isinstance(to, Case):  # it stands for itself, beside the other
            to = await session.get_one(Conversation, to.conversation_id)
        async with remembering(session, agent) as remembered:
            await _act(session, found, to, whole=bool(text_of(form, "whole")), request=request)
        await session.flush()
        of_case = await _own_case(session, found)
        home = await session.get_one(Conversation, found.conversation_id)
    back = f"/cases/{of_case.number}" if of_case else f"/conversations/{home.public_id}"
    if SORTING.fullmatch(text_of(form, "back")):
        return done(request, text_of(form, "back"), MOVED[kind.word], remembered.undo)
    return offered(request, back, MOVED[kind.word], remembered.undo)


async def _act(
    session: Reading, found: Moved, to: Conversation | Case, *, whole: bool, request: Request
) -> None:
    agent = request.state.agent
    if isinstance(found, Message) and whole:
        strand = await session.get_one(Strand, found.strand_id)
        await moves.move_strand(session, strand, to=to, by=agent)
        await session.refresh(found)
    elif isinstance(found, Message):
        await moves.move_message(session, found, to=to, by=agent)
    elif isinstance(found, Note):
        await case_moves.move_note(session, found, to=to, by=agent)
    elif isinstance(to, Conversation):
        await case_moves.move_case(session, found, to=to, by=agent)


async def _target(session: Reading, request: Request, number: str, customer_id: str) -> Conversation | Case:
    if customer_id:
        customer = await redirects.find_customer(session, customer_id)
        return await redirects.conversation_of(session, customer)
    number = number.removeprefix("#")
    if not (number.isascii() and number.isdigit()):
        raise Invalid("Choose a customer, or write the number of the case it belongs to.", field="case")
    try:
        return await redirects.find_case(session, min(int(number), LARGEST_NUMBER), actor=actor_of(request))
    except NotFound as error:
        raise Invalid("There is no case #%(number)s.", number=number, field="case") from error
