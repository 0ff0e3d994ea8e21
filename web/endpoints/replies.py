"""Answering a strand."""

import json
from datetime import datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import replies, uploads
from inbox.actions.repeats import Answer, first_answer, hash_of, keep_answer
from inbox.errors import Conflict, Invalid, LessProven, MissedMessages, OnethreadError
from inbox.models import Case, Customer, Message
from inbox.phrases import Phrase, phrase
from inbox.policies import Action, authorize
from inbox.queries import channels, messages, named, redirects
from inbox.queries.happenings import Reading
from inbox.queries.shown_words import face_of_customer
from web.acting import actor_of, remembering, text_of
from web.answers import done, is_scripted
from web.bodies import store_files
from web.endpoints import conversations
from web.errors import problem_of
from web.installation import Installation, installation_of
from web.moments import hours_worked, zone_of
from web.templating import page
from web.threads import chosen_case, missed_by, thread_of
from web.wording import words_for
from web.writing import Written


async def create(request: Request) -> Response:
    """POST /conversations/{id}/messages"""
    authorize(actor_of(request), Action.REPLY)
    form, installation = await request.form(), installation_of(request)
    try:
        files = await store_files(form, installation.blobs)
        worked = await hours_worked(request) if text_of(form, "then") == "tomorrow" else None
        return await _sent(request, Written.of(form, files, zone_of(request), worked), installation)
    except (Invalid, Conflict) as error:
        if is_scripted(request) and not isinstance(error, MissedMessages | LessProven):
            raise
        return await _given_back(request, form, error)
    finally:
        await form.close()


async def _sent(request: Request, written: Written, installation: Installation) -> Response:
    """Write it in one transaction. One that comes again under its key gets the first answer."""
    agent, key = request.state.agent, request.headers.get("idempotency-key", "")
    request_hash = hash_of(request.url.path.encode(), repr(written).encode())
    async with installation.database.transaction() as session:
        known = await first_answer(session, agent, key, request_hash) if key else None
        if known is None:
            known = await _reply(session, request, written, installation)
            if key:
                await keep_answer(session, agent, key, known)
    answer = json.loads(known.body)
    return done(
        request, answer["back"], answer["text"], path=answer["undo"], seconds=answer.get("seconds", 0)
    )


async def _reply(session: Reading, request: Request, written: Written, installation: Installation) -> Answer:
    agent, actor = request.state.agent, actor_of(request)
    conversation = await redirects.find_conversation(session, request.path_params["id"])
    seen = await messages.by_public_id(session, actor, written.seen) if written.seen else None
    attachments = await named.uploads(session, agent, written.uploads) if written.uploads else []
    attachments += [await uploads.keep(session, file, by=agent) for file in written.files]
    strand = await named.strand(session, actor, written.strand_id) if written.strand_id else None
    also = [await named.strand(session, actor, public_id) for public_id in written.also_answered]
    async with remembering(session, agent) as remembered:
        message = await replies.reply(
            session,
            conversation,
            by=agent,
            text=written.text,
            subject=written.subject,
            settings=installation.reply_settings,
            strand=strand,
            to=written.to,
            cc=written.cc,
            bcc=written.bcc,
            attachments=attachments,
            seen_position=seen.position if seen else None,
            anyway=written.is_anyway,
            then=written.then,
            snoozed_until=written.snoozed_until,
            also_answered=also,
            send_at=written.send_at,
            channel=await channels.by_id(session, written.channel_id) if written.channel_id else None,
        )
    case = await session.get(Case, message.case_id) if message.case_id else None
    customer = await session.get_one(Customer, conversation.customer_id)
    is_scheduled = written.send_at is not None
    seconds = 0 if is_scheduled else _seconds_to_take_it_back(message, request)
    is_offered = remembered.undo is not None and (is_scheduled or seconds)
    undo = f"/undo/{remembered.undo.public_id}" if remembered.undo and is_offered else ""
    back = f"/cases/{case.number}" if case else f"/conversations/{conversation.public_id}"
    to = strand.page if strand is not None and strand.is_side else face_of_customer(customer).name
    said = words_for(request).told(_said(message, to, written.send_at, request))
    return Answer(204, json.dumps({"back": back, "text": said, "undo": undo, "seconds": seconds}))


def _said(message: Message, to: str, send_at: datetime | None, request: Request) -> Phrase:
    """What the toast says: an email waits a little, so that it can be taken back."""
    if send_at is not None:
        return phrase("Leaves %(moment)s.", moment=words_for(request).moment(send_at))
    if seconds := _seconds_to_take_it_back(message, request):
        return phrase("Email to %(name)s goes in %(seconds)s s.", name=to, seconds=seconds)
    return phrase("Sent.")


def _seconds_to_take_it_back(message: Message, request: Request) -> int:
    """Only emails wait, and only they bear a Message-ID."""
    return installation_of(request).settings.undo_seconds if "@" in (message.external_id or "") else 0


async def _given_back(request: Request, form: FormData, error: OnethreadError) -> Response:
    """The words again, with why they were not sent; nothing typed is lost."""
    agent, actor = request.state.agent, actor_of(request)
    async with installation_of(request).database.reading() as session:
        missed = await missed_by(session, actor, error) if isinstance(error, MissedMessages) else []
        status = problem_of(error).status
        if is_scripted(request):
            warning = words_for(request).told(error.phrase) if isinstance(error, LessProven) else ""
            return page(request, "composers/_guard.html", status=status, missed=missed, warning=warning)
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        case = await _case(session, request, form)
        thread = await thread_of(
            session, agent, conversation, case or await chosen_case(session, actor, conversation)
        )
        thread = thread.with_words(
            text=str(form.get("text") or ""),
            problem=words_for(request).told(error.phrase),
            is_guarded=isinstance(error, MissedMessages | LessProven),
            missed=missed,
        )
        return await conversations.whole_page(request, session, thread, status=status)


async def _case(session: Reading, request: Request, form: FormData) -> Case | None:
    number = text_of(form, "case")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        return None
    return await redirects.find_case(session, int(number), actor=actor_of(request))
