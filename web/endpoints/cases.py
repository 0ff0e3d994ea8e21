"""Cases: the page of one, what it says about itself, and making two of one or one of two."""

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import cases, joins, splits, stars
from inbox.errors import Invalid
from inbox.models import Agent, Case, Conversation, Priority
from inbox.phrases import N_, Phrase, phrase
from inbox.queries import messages, named, redirects
from inbox.queries.happenings import Reading
from web.acting import LARGEST_NUMBER, actor_of, number_of, on_case, text_of, texts_of
from web.answers import done, is_scripted
from web.installation import installation_of

PRIORITIES = {
    "low": N_("Low priority."),
    "normal": N_("Normal priority."),
    "high": N_("High priority."),
    "urgent": N_("Urgent priority."),
}


async def show(request: Request) -> Response:
    """GET /cases/{number}: the conversation, with this case chosen"""
    async with installation_of(request).database.reading() as session:
        case = await redirects.find_case(session, number_of(request), actor=actor_of(request))
        conversation = await session.get_one(Conversation, case.conversation_id)
    view = request.query_params.get("in")
    return RedirectResponse(
        f"/conversations/{conversation.public_id}?case={case.number}" + (f"&in={view}" if view else ""), 303
    )


async def star(request: Request) -> Response:
    """POST /cases/{number}/star: put one's own star on it, or take it away"""
    async with installation_of(request).database.transaction() as session:
        case = await redirects.find_case(session, number_of(request), actor=actor_of(request))
        is_starred = await stars.toggle_star(session, case, by=request.state.agent)
        number = case.number
    response = done(request, f"/cases/{number}")
    if is_scripted(request):
        response.headers["HX-Trigger"] = json.dumps({"star": {"case": number, "on": is_starred}})
    return response


async def tag(request: Request) -> Response:
    """POST /cases/{number}/tags {add | remove}"""
    form = await request.form()
    added, removed = text_of(form, "add"), text_of(form, "remove")

    async def act(session: Reading, case: Case, agent: Agent) -> Phrase:
        await session.refresh(case, ["tags"])
        names = [one.name for one in case.tags if one.name != removed]
        await cases.change(session, case, by=agent, tags=[*names, added] if added else names)
        if added:
            return phrase("Tagged %(tag)s.", tag=added)
        return phrase("Without %(tag)s.", tag=removed)

    return await on_case(request, act)


async def rename(request: Request) -> Response:
    """POST /cases/{number}/subject"""
    subject = text_of(await request.form(), "subject")

    async def act(session: Reading, case: Case, agent: Agent) -> Phrase:
        await cases.change(session, case, by=agent, subject=subject)
        return phrase("Subject changed.")

    return await on_case(request, act)


async def prioritise(request: Request) -> Response:
    """POST /cases/{number}/priority"""
    wanted = text_of(await request.form(), "priority")
    if wanted not in set(Priority):
        raise Invalid("Choose one of the priorities.", field="priority")

    async def act(session: Reading, case: Case, agent: Agent) -> Phrase:
        await cases.change(session, case, by=agent, priority=Priority(wanted))
        return phrase(PRIORITIES[wanted])

    return await on_case(request, act)


async def split(request: Request) -> Response:
    """POST /cases/{number}/split {strand … | from_message_id}"""
    form = await request.form()
    strand_ids, message_id = texts_of(form, "strand"), text_of(form, "from_message_id")

    async def act(session: Reading, case: Case, agent: Agent) -> Phrase:
        strands = [await named.strand(session, actor_of(request), public_id) for public_id in strand_ids]
        actor = actor_of(request)
        message = await messages.by_public_id(session, actor, message_id) if message_id else None
        fresh = await splits.split(session, case, by=agent, strands=strands, from_message=message)
        return phrase("Split off as #%(number)s.", number=fresh.number)

    return await on_case(request, act)


async def join(request: Request) -> Response:
    """POST /cases/{number}/join {into}"""
    wanted = text_of(await request.form(), "into")
    if not (wanted.isascii() and wanted.isdigit()):
        raise Invalid("Choose the case to join it into.", field="into")

    async def act(session: Reading, case: Case, agent: Agent) -> Phrase:
        number = min(int(wanted), LARGEST_NUMBER)
        into = await redirects.find_case(session, number, actor=actor_of(request))
        await joins.join(session, case, into=into, by=agent)
        return phrase("Joined into #%(number)s.", number=into.number)

    return await on_case(request, act)
