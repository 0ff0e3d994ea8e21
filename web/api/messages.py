"""Messages: reading those of a conversation, answering, taking back, trying again, sorting out."""

from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import moves, replies, resolutions
from inbox.errors import Invalid, MissedMessages
from inbox.models import Message
from inbox.policies import Action, authorize
from inbox.queries import cases, channels, messages, named, names, redirects
from inbox.queries.recipients import typed_addresses
from web.api import message_shapes, shapes
from web.api.answers import (
    Body,
    CaseNumber,
    Moment,
    Session,
    acting,
    actor_of,
    listed,
    number,
    once,
    page_of,
    read,
)
from web.installation import Installation, installation_of
from web.problems import problem


class Reply(Body):
    """`strand_id` chooses what is answered; `seen` is the newest message that the writer saw."""

    text: str = Field(min_length=1, max_length=200_000)
    html: str | None = Field(None, max_length=1_000_000)
    strand_id: str | None = None
    channel_id: str | None = None
    to: list[str] | None = Field(None, max_length=100)
    cc: list[str] | None = Field(None, max_length=100)
    bcc: list[str] = Field([], max_length=100)
    subject: str | None = Field(None, max_length=500)
    attachments: list[str] = Field([], max_length=50)
    send_at: Moment | None = None
    seen: str | None = None
    anyway: bool = False


class Move(Body):
    conversation_id: str | None = None
    case: CaseNumber | None = None


class Spam(Body):
    spam: bool = True


async def index(request: Request) -> Response:
    """GET /api/v1/conversations/{id}/messages?case=&limit=&cursor=: oldest first."""
    actor, (limit, cursor), case_number = actor_of(request), page_of(request), number(request, "case")
    async with installation_of(request).database.reading() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        case = await cases.by_number(session, actor, case_number) if case_number is not None else None
        found = await messages.page(
            session, actor, conversation, case_id=case.id if case else None, limit=limit, cursor=cursor
        )
        public = await names.of_messages(session, found.items)
    return listed([message_shapes.message(message, public) for message in found.items], found.next)


async def create(request: Request) -> Response:
    """POST /api/v1/conversations/{id}/messages: answer a strand; 409 with what was missed."""
    body, installation = await read(request, Reply), installation_of(request)
    authorize(actor_of(request), Action.REPLY)

    async def change(session: Session) -> tuple[int, Any]:
        message = await _reply(session, request, body, installation)
        return 201, await loaded(session, request, message)

    try:
        return await once(request, change)
    except MissedMessages as missed:
        return await _missed(request, missed)


async def _reply(session: Session, request: Request, body: Reply, installation: Installation) -> Message:
    agent, actor = acting(request), actor_of(request)
    conversation = await redirects.find_conversation(session, request.path_params["id"])
    seen = await messages.by_public_id(session, actor, body.seen) if body.seen else None
    return await replies.reply(
        session,
        conversation,
        by=agent,
        text=body.text,
        html=body.html,
        settings=installation.reply_settings,
        strand=await named.strand(session, actor_of(request), body.strand_id) if body.strand_id else None,
        to=typed_addresses(body.to, field="to") if body.to is not None else None,
        cc=typed_addresses(body.cc, field="cc") if body.cc is not None else None,
        bcc=typed_addresses(body.bcc, field="bcc"),
        subject=body.subject,
        attachments=await named.uploads(session, agent, body.attachments) if body.attachments else (),
        seen_position=seen.position if seen else None,
        anyway=body.anyway,
        send_at=body.send_at,
        channel=await channels.by_id(session, body.channel_id) if body.channel_id else None,
    )


async def loaded(session: Session, request: Request, message: Message) -> dict[str, Any]:
    """The JSON of a message as it stands in this transaction."""
    await session.flush()
    await session.refresh(message, ["channel", "author_agent", "attachments", "deliveries"])
    return message_shapes.message(message, await names.of_messages(session, [message]))


async def _missed(request: Request, missed: MissedMessages) -> Response:
    async with installation_of(request).database.reading() as session:
        rows = await messages.by_public_ids(session, actor_of(request), missed.message_ids)
        public = await names.of_messages(session, rows)
    return problem(409, str(missed), missed=[message_shapes.message(row, public) for row in rows])


async def cancel(request: Request) -> Response:
    """POST /api/v1/messages/{id}/cancel: take back what waits to be sent."""
    return await _changed(request, replies.cancel)


async def retry(request: Request) -> Response:
    """POST /api/v1/messages/{id}/retry: try again for recipients that were not reached."""
    return await _changed(request, replies.retry)


async def spam(request: Request) -> Response:
    """POST /api/v1/messages/{id}/spam {spam: true|false}."""
    body = await read(request, Spam)
    verdict = resolutions.mark_message_spam if body.spam else resolutions.unmark_message_spam
    return await _changed(request, verdict)


async def move(request: Request) -> Response:
    """POST /api/v1/messages/{id}/move {conversation_id | case}."""
    body, actor = await read(request, Move), actor_of(request)
    if (body.conversation_id is None) == (body.case is None):
        raise Invalid("Say where to: a conversation_id, or a case.")

    async def moved(session: Session, message: Message, *, by: Any) -> None:
        if body.case is not None:
            await moves.move_message(
                session, message, to=await cases.by_number(session, actor, body.case), by=by
            )
        else:
            to = await redirects.find_conversation(session, body.conversation_id or "")
            await moves.move_message(session, message, to=to, by=by)

    return await _changed(request, moved)


async def answered(request: Request) -> Response:
    """POST /api/v1/strands/{id}/answered: it needs no reply (any more)."""
    authorize(actor_of(request), Action.CHANGE)

    async def change(session: Session) -> tuple[int, Any]:
        strand = await named.strand(session, actor_of(request), request.path_params["id"])
        await replies.mark_answered(session, strand, by=acting(request))
        public = await names.of_strand(session, strand)
        return 200, shapes.strand(strand, public.cases)

    return await once(request, change)


async def _changed(request: Request, action: Any) -> Response:
    agent, actor = acting(request), actor_of(request)
    authorize(actor, Action.CHANGE)

    async def change(session: Session) -> tuple[int, Any]:
        message = await messages.by_public_id(session, actor, request.path_params["id"])
        await action(session, message, by=agent)
        return 200, await loaded(session, request, message)

    return await once(request, change)
