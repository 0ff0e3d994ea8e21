"""Writing first: a new conversation, or a new strand with somebody who is known."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import replies, uploads
from inbox.errors import Conflict, Invalid
from inbox.models import Case
from inbox.policies import Action, authorize
from inbox.queries import channels, composers
from web.acting import actor_of, text_of
from web.bodies import store_files
from web.installation import installation_of
from web.moments import zone_of
from web.templating import page
from web.wording import words_for
from web.workspace import shell_for
from web.writing import chosen_addresses, moment_to_send, words_of

FIELDS = ("channel", "to", "cc_more", "bcc_more", "subject", "text")


async def new(request: Request) -> Response:
    """GET /conversations/new?to="""
    return await _form(request, FormData({"to": request.query_params.get("to", "")}))


async def create(request: Request) -> Response:
    """POST /conversations {channel, to, cc_more, bcc_more, subject, text, later, send_at, file …}"""
    authorize(actor_of(request), Action.REPLY)
    form = await request.form()
    try:
        number = await _start(request, form)
    except (Invalid, Conflict) as error:
        return await _form(request, form, problem=words_for(request).told(error.phrase))
    finally:
        await form.close()
    return RedirectResponse(f"/cases/{number}", 303)


async def _start(request: Request, form: FormData) -> int:
    agent, installation = request.state.agent, installation_of(request)
    to = chosen_addresses(form, "to")
    if len(to) != 1:
        raise Invalid("Write one address in To; others go into Cc.", field="to")
    files = await store_files(form, installation.blobs)
    async with installation.database.transaction() as session:
        message = await replies.start(
            session,
            by=agent,
            channel=await channels.by_id(session, text_of(form, "channel")),
            subject=text_of(form, "subject"),
            text=words_of(form, "text"),
            settings=installation.reply_settings,
            address=to[0],
            cc=chosen_addresses(form, "cc"),
            bcc=chosen_addresses(form, "bcc"),
            send_at=moment_to_send(form, zone_of(request)),
            attachments=[await uploads.keep(session, file, by=agent) for file in files],
        )
        case = await session.get_one(Case, message.case_id)
        return case.number


async def _form(request: Request, form: FormData, *, problem: str = "") -> Response:
    async with installation_of(request).database.reading() as session:
        mailboxes = await composers.mailboxes_of(session, request.state.agent)
        shell = await shell_for(session, request.state.agent)
    values = {name: words_of(form, name) for name in FIELDS}
    return page(
        request,
        "conversations/new.html",
        status=422 if problem else 200,
        mailboxes=mailboxes,
        values=values,
        problem=problem,
        shell=shell,
        current="",
    )
