"""Saved replies: texts with a shortcut, offered while one writes, kept in Settings → Saved replies."""

from dataclasses import dataclass, field

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from inbox.actions import saved_replies
from inbox.errors import Conflict, Invalid
from inbox.models import SavedReply
from inbox.phrases import N_
from inbox.queries import redirects, saved_replies as kept
from web import answers
from web.acting import actor_of, number_of, remembering, text_of
from web.installation import installation_of
from web.settings_pages import settings_page

HOME = "/settings/replies"


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it was filled in."""

    name: str = ""
    shortcut: str = ""
    text: str = ""
    languages: dict[str, str] = field(default_factory=dict)
    is_shared: bool = True

    @classmethod
    def of(cls, form: FormData) -> "Filled":
        tags, texts = form.getlist("language"), form.getlist("language_text")
        pairs = zip(tags, texts, strict=False)
        languages = {
            tag.strip(): text.strip()
            for tag, text in pairs
            if isinstance(tag, str) and isinstance(text, str) and tag.strip()
        }
        shared = text_of(form, "audience") != "own"
        return cls(text_of(form, "name"), text_of(form, "shortcut"), text_of(form, "text"), languages, shared)

    @classmethod
    def from_reply(cls, reply: SavedReply) -> "Filled":
        return cls(reply.name, reply.shortcut, reply.text, dict(reply.languages), reply.owner_id is None)


async def index(request: Request) -> Response:
    """GET /settings/replies"""
    async with installation_of(request).database.reading() as session:
        replies = await kept.saved_replies(session, request.state.agent)
    return await settings_page(request, "settings/replies.html", section="replies", replies=replies)


async def new(request: Request) -> Response:
    """GET /settings/replies/new"""
    return await _form(request, None, Filled())


async def create(request: Request) -> Response:
    """POST /settings/replies"""
    filled = Filled.of(await request.form())
    try:
        async with installation_of(request).database.transaction() as session:
            await saved_replies.add_reply(
                session,
                name=filled.name,
                shortcut=filled.shortcut,
                text=filled.text,
                languages=filled.languages,
                is_shared=filled.is_shared,
                by=request.state.agent,
            )
    except (Invalid, Conflict) as problem:
        return await _form(request, None, filled, problem)
    return RedirectResponse(HOME, 303)


async def edit(request: Request) -> Response:
    """GET /settings/replies/{id}"""
    async with installation_of(request).database.reading() as session:
        reply = await kept.saved_reply(session, request.state.agent, request.path_params["id"])
    return await _form(request, reply, Filled.from_reply(reply))


async def update(request: Request) -> Response:
    """POST /settings/replies/{id}"""
    agent, filled = request.state.agent, Filled.of(await request.form())
    async with installation_of(request).database.reading() as session:
        reply = await kept.saved_reply(session, agent, request.path_params["id"])
    try:
        async with installation_of(request).database.transaction() as session:
            reply = await kept.saved_reply(session, agent, request.path_params["id"])
            await saved_replies.change_reply(
                session,
                reply,
                name=filled.name,
                shortcut=filled.shortcut,
                text=filled.text,
                languages=filled.languages,
                is_shared=filled.is_shared,
                by=agent,
            )
    except (Invalid, Conflict) as problem:
        return await _form(request, reply, filled, problem)
    return RedirectResponse(HOME, 303)


async def remove(request: Request) -> Response:
    """POST /settings/replies/{id}/removal"""
    async with installation_of(request).database.transaction() as session:
        reply = await kept.saved_reply(session, request.state.agent, request.path_params["id"])
        async with remembering(session, request.state.agent) as remembered:
            await saved_replies.remove_reply(session, reply, by=request.state.agent)
    return answers.offered(request, HOME, N_("The saved reply was removed"), remembered.undo)


async def offered(request: Request) -> Response:
    """GET /cases/{number}/saved-replies?language=: {"items": [{id, name, shortcut, text}]}, filled in"""
    async with installation_of(request).database.reading() as session:
        case = await redirects.find_case(session, number_of(request), actor=actor_of(request))
        language = request.query_params.get("language", "")
        found = await kept.filled_for(session, request.state.agent, case, language)
    items = [
        {"id": one.public_id, "name": one.name, "shortcut": one.shortcut, "text": one.text} for one in found
    ]
    return JSONResponse({"items": items})


async def use(request: Request) -> Response:
    """POST /saved-replies/{id}/uses"""
    async with installation_of(request).database.transaction() as session:
        reply = await kept.saved_reply(session, request.state.agent, request.path_params["id"])
        await saved_replies.count_use(session, reply, by=request.state.agent)
    return Response(status_code=204)


async def _form(
    request: Request, reply: SavedReply | None, filled: Filled, problem: Invalid | Conflict | None = None
) -> Response:
    return await settings_page(
        request, "settings/reply.html", section="replies", reply=reply, filled=filled, problem=problem
    )
