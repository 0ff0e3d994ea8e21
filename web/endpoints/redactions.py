"""Removing words of a message for good: choose them, see how far that reaches, say yes."""

import asyncio

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import redactions
from inbox.actions.redaction_leavings import REMOVED
from inbox.actions.redactions import Extent, Wish
from inbox.errors import Conflict, Invalid
from inbox.leaks import leaks_in
from inbox.models import Case, Conversation, Message
from inbox.policies import Action, authorize
from inbox.queries import messages
from inbox.queries.happenings import Reading
from web.acting import actor_of, text_of, texts_of
from web.answers import moved
from web.installation import installation_of
from web.templating import page
from web.visiting import client_host
from web.wording import words_for
from web.workspace import shell_for


async def new(request: Request) -> Response:
    """GET /messages/{id}/redaction"""
    authorize(actor_of(request), Action.CHANGE)
    async with installation_of(request).database.reading() as session:
        message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
        back = await _home(session, message)
    return await _page(request, message, back, wish=Wish())


async def create(request: Request) -> Response:
    """POST /messages/{id}/redaction {scope, found, words, file, reason, confirmed}: without `confirmed` it
    shows what would be removed; the words stand in no address, for addresses are kept in logs"""
    agent, installation = request.state.agent, installation_of(request)
    authorize(actor_of(request), Action.CHANGE)
    form = await request.form()
    wish, reason = _wish(form), text_of(form, "reason")
    if text_of(form, "confirmed") != "yes":
        return await _preview(request, wish, reason, is_chosen=text_of(form, "confirmed") != "change")
    await asyncio.to_thread(installation.blobs.put, REMOVED)
    try:
        async with installation.database.transaction() as session:
            message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
            back = await _home(session, message)
            origin = client_host(request) or ""
            await redactions.redact(session, message, wish, by=agent, reason=reason, origin=origin)
    except (Invalid, Conflict) as problem:
        return await _preview(request, wish, reason, problem)
    return moved(request, back)


async def _preview(
    request: Request,
    wish: Wish,
    reason: str,
    problem: Invalid | Conflict | None = None,
    *,
    is_chosen: bool = True,
) -> Response:
    """How far the wish reaches; back to choosing where it cannot be fulfilled, or was not meant."""
    extent: Extent | None = None
    async with installation_of(request).database.reading() as session:
        message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
        back = await _home(session, message)
        if problem is None and is_chosen:
            try:
                extent = await redactions.extent_of(session, message, wish)
            except Invalid as error:
                problem = error
    if problem is None and is_chosen and not reason:
        problem = Invalid("Say why, in a sentence.", field="reason")
    return await _page(request, message, back, wish=wish, reason=reason, extent=extent, problem=problem)


async def _page(
    request: Request,
    message: Message,
    back: str,
    *,
    wish: Wish,
    reason: str = "",
    extent: Extent | None = None,
    problem: Invalid | Conflict | None = None,
) -> Response:
    async with installation_of(request).database.reading() as session:
        shell = await shell_for(session, request.state.agent)
    found = leaks_in("\n".join([message.subject, message.text, *(str(v) for _, v in message.fields)]))
    return page(
        request,
        "conversations/redaction.html",
        status=422 if problem else 200,
        message=message,
        found=found,
        wish=wish,
        typed="\n".join(phrase for phrase in wish.phrases if phrase not in found),
        reason=reason,
        extent=None if problem else extent,
        problem=words_for(request).told(problem.phrase) if problem else "",
        problem_field=problem.field if isinstance(problem, Invalid) else "",
        back=back,
        shell=shell,
        current="",
    )


def _wish(form: FormData) -> Wish:
    typed = [line for line in text_of(form, "words").splitlines() if line.strip()]
    return Wish(
        phrases=[*texts_of(form, "found"), *typed],
        is_whole=text_of(form, "scope") == "whole",
        files=texts_of(form, "file"),
    )


async def _home(session: Reading, message: Message) -> str:
    if message.case_id is not None:
        return f"/cases/{(await session.get_one(Case, message.case_id)).number}"
    return f"/conversations/{(await session.get_one(Conversation, message.conversation_id)).public_id}"
