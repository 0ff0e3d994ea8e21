"""Forwarding a message to somebody else, such as a supplier, beside the conversation with the customer."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import enquiries, uploads
from inbox.errors import Conflict, Invalid, NotFound
from inbox.models import Attachment, Case, Conversation, Customer, Message
from inbox.policies import Action, authorize
from inbox.queries import channels, composers, messages
from inbox.queries.forwarded import forwarded_words
from inbox.queries.happenings import Reading
from inbox.queries.shown_words import face_of_customer
from inbox.subjects import forward_subject
from web.acting import actor_of, text_of, texts_of
from web.bodies import store_files
from web.installation import installation_of
from web.moments import zone_of
from web.templating import page
from web.wording import words_for
from web.workspace import shell_for
from web.writing import chosen_addresses, moment_to_send, words_of


async def new(request: Request) -> Response:
    """GET /messages/{id}/enquiries"""
    return await _form(request, None)


async def create(request: Request) -> Response:
    """POST /messages/{id}/enquiries {channel, to_more, cc_more, subject, text, forwarded, carried, file …}"""
    authorize(actor_of(request), Action.REPLY)
    form = await request.form()
    try:
        number = await _ask(request, form)
    except (Invalid, Conflict) as error:
        return await _form(request, form, problem=words_for(request).told(error.phrase))
    finally:
        await form.close()
    return RedirectResponse(f"/cases/{number}", 303)


async def _ask(request: Request, form: FormData) -> int:
    agent, installation = request.state.agent, installation_of(request)
    files = await store_files(form, installation.blobs)
    async with installation.database.transaction() as session:
        message = await messages.by_public_id(session, actor_of(request), request.path_params["id"])
        sent = await enquiries.ask(
            session,
            message,
            by=agent,
            channel=await channels.by_id(session, text_of(form, "channel")),
            to=chosen_addresses(form, "to"),
            cc=chosen_addresses(form, "cc"),
            subject=text_of(form, "subject"),
            text=words_of(form, "text"),
            forwarded=words_of(form, "forwarded").strip(),
            carried=_carried(message, texts_of(form, "carried")),
            attachments=[await uploads.keep(session, file, by=agent) for file in files],
            settings=installation.reply_settings,
            send_at=moment_to_send(form, zone_of(request)),
        )
        case = await session.get_one(Case, sent.case_id)
        return case.number


def _carried(message: Message, chosen: list[str]) -> list[Attachment]:
    files = {file.public_id: file for file in message.attachments}
    if unknown := set(chosen) - files.keys():
        raise NotFound(f"There is no such file: {unknown.pop()}.")
    return [files[public_id] for public_id in chosen]


async def _form(request: Request, form: FormData | None, *, problem: str = "") -> Response:
    actor = actor_of(request)
    async with installation_of(request).database.reading() as session:
        message = await messages.by_public_id(session, actor, request.path_params["id"])
        customer, case = await _whose(session, message)
        mailboxes = await composers.mailboxes_of(session, request.state.agent)
        shell = await shell_for(session, request.state.agent)
    names = ("channel", "to_more", "cc_more", "subject", "text", "forwarded")
    values = {name: words_of(form, name) for name in names} if form is not None else _proposed(message)
    return page(
        request,
        "conversations/enquiry.html",
        status=422 if problem else 200,
        message=message,
        customer=face_of_customer(customer),
        case=case,
        mailboxes=mailboxes,
        values=values,
        carried=texts_of(form, "carried") if form is not None else [],
        problem=problem,
        shell=shell,
        current="",
    )


async def _whose(session: Reading, message: Message) -> tuple[Customer, Case | None]:
    conversation = await session.get_one(Conversation, message.conversation_id)
    customer = await session.get_one(Customer, conversation.customer_id)
    return customer, await session.get(Case, message.case_id) if message.case_id else None


def _proposed(message: Message) -> dict[str, str]:
    empty = dict.fromkeys(("channel", "to_more", "cc_more", "text"), "")
    return empty | {"subject": forward_subject(message.subject), "forwarded": forwarded_words(message)}
