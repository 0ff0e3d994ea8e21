"""Notes between agents."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import notes
from inbox.errors import NotPermitted
from inbox.phrases import N_, Phrase, phrase
from inbox.policies import Action, authorize
from inbox.queries import absences, named, redirects
from inbox.queries.absences import Away
from web.acting import LARGEST_NUMBER, actor_of, text_of
from web.answers import done
from web.installation import installation_of
from web.sheets import sheet


async def create(request: Request) -> Response:
    """POST /conversations/{id}/notes {text, case}"""
    agent, actor = request.state.agent, actor_of(request)
    authorize(actor, Action.NOTE)
    form = await request.form()
    number, text = text_of(form, "case"), text_of(form, "text")
    await form.close()
    async with installation_of(request).database.transaction() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        case = None
        if number.isascii() and number.isdigit():
            case = await redirects.find_case(session, min(int(number), LARGEST_NUMBER), actor=actor)
        note = await notes.add_note(session, conversation, by=agent, text=text, case=case)
        away = await absences.mentioned_away(session, note)
    back = f"/cases/{case.number}" if case else f"/conversations/{conversation.public_id}"
    return done(request, back, _told(away))


def _told(away: Sequence[Away]) -> str | Phrase:
    """Who was mentioned and will not read it soon."""
    if not away:
        return ""
    if len(away) > 1:
        return phrase("%(names)s are away.", names=", ".join(one.name for one in away))
    (one,) = away
    if one.cover_name:
        return phrase("%(name)s is away; %(cover)s covers.", name=one.name, cover=one.cover_name)
    return phrase("%(name)s is away.", name=one.name)


async def edit(request: Request) -> Response:
    """GET /notes/{id}/edit"""
    async with installation_of(request).database.reading() as session:
        note = await named.note(session, actor_of(request), request.path_params["id"])
        if note.author_id != request.state.agent.id:
            raise NotPermitted(N_("Only whoever wrote a note can change it."))
        back = f"/notes/{note.public_id}"
        return await sheet(request, session, "notes/_edit.html", back=back, note=note)


async def update(request: Request) -> Response:
    """POST /notes/{id} {text}"""
    actor = actor_of(request)
    authorize(actor, Action.NOTE)
    text = text_of(await request.form(), "text")
    async with installation_of(request).database.transaction() as session:
        note = await named.note(session, actor, request.path_params["id"])
        await notes.edit_note(session, note, by=request.state.agent, text=text)
    return done(request, f"/notes/{note.public_id}")
