"""Conversations and notes in them; a first message of ours begins one."""

from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import notes, replies
from inbox.errors import Invalid
from inbox.models import Note
from inbox.policies import Action, authorize
from inbox.queries import cases, channels, conversations, named, names, redirects
from inbox.queries.conversations import Whole
from inbox.queries.recipients import typed_addresses
from web.api import messages, shapes
from web.api.answers import (
    Body,
    CaseNumber,
    Moment,
    Session,
    acting,
    actor_of,
    json_answer,
    listed,
    once,
    page_of,
    read,
)
from web.installation import installation_of


class Beginning(Body):
    """A first message of ours, to a customer or to an address."""

    customer_id: str | None = None
    to: str | None = Field(None, max_length=400)
    channel_id: str
    subject: str = Field(max_length=1000)
    text: str = Field(min_length=1, max_length=200_000)
    html: str | None = Field(None, max_length=1_000_000)
    cc: list[str] = Field([], max_length=100)
    attachments: list[str] = Field([], max_length=50)
    send_at: Moment | None = None


class NewNote(Body):
    text: str = Field(min_length=1, max_length=200_000)
    case: CaseNumber | None = None


async def index(request: Request) -> Response:
    """GET /api/v1/conversations?q=&customer=&limit=&cursor=: the newest message first."""
    (limit, cursor), customer = page_of(request), request.query_params.get("customer")
    async with installation_of(request).database.reading() as session:
        customer_id = (await redirects.find_customer(session, customer)).id if customer else None
        found = await conversations.page(
            session,
            actor_of(request),
            words=request.query_params.get("q"),
            customer_id=customer_id,
            limit=limit,
            cursor=cursor,
        )
    return listed([_shape(whole) for whole in found.items], found.next)


async def show(request: Request) -> Response:
    """GET /api/v1/conversations/{id}; the id of a merged one answers the one it was merged into."""
    async with installation_of(request).database.reading() as session:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        (whole,) = await conversations.whole(session, actor_of(request), [conversation])
    return json_answer(_shape(whole))


async def create(request: Request) -> Response:
    """POST /api/v1/conversations: write first; answers the message."""
    body, installation = await read(request, Beginning), installation_of(request)
    authorize(actor_of(request), Action.REPLY)
    if (body.customer_id is None) == (body.to is None):
        raise Invalid("Say whom to write to: a customer_id, or an address in to.", field="to")

    async def change(session: Session) -> tuple[int, Any]:
        agent = acting(request)
        message = await replies.start(
            session,
            by=agent,
            channel=await channels.by_id(session, body.channel_id),
            subject=body.subject,
            text=body.text,
            html=body.html,
            settings=installation.reply_settings,
            customer=await redirects.find_customer(session, body.customer_id) if body.customer_id else None,
            address=typed_addresses([body.to], field="to")[0] if body.to else None,
            cc=typed_addresses(body.cc, field="cc"),
            attachments=await named.uploads(session, agent, body.attachments) if body.attachments else (),
            send_at=body.send_at,
        )
        return 201, await messages.loaded(session, request, message)

    return await once(request, change)


async def add_note(request: Request) -> Response:
    """POST /api/v1/conversations/{id}/notes {text, case?}: @name mentions."""
    body, actor = await read(request, NewNote), actor_of(request)
    authorize(actor, Action.NOTE)

    async def change(session: Session) -> tuple[int, Any]:
        conversation = await redirects.find_conversation(session, request.path_params["id"])
        case = await cases.by_number(session, actor, body.case) if body.case is not None else None
        note = await notes.add_note(session, conversation, by=acting(request), text=body.text, case=case)
        await session.flush()
        await session.refresh(note, ["mentions"])
        return 201, (await note_shapes(session, [note]))[0]

    return await once(request, change)


async def note_shapes(session: Session, rows: list[Note]) -> list[shapes.NoteShape]:
    """Notes with the names they need; their mentions are loaded."""
    public = await names.of_conversations(session, {note.conversation_id for note in rows})
    await names.add_cases(session, public, {note.case_id for note in rows})
    agents = {note.author_id for note in rows} | {m.agent_id for note in rows for m in note.mentions}
    await names.add_agents(session, public, agents)
    return [shapes.note(note, public) for note in rows]


def _shape(whole: Whole) -> shapes.ConversationShape:
    row, customer_id = whole.conversation, whole.customer.public_id
    numbers = {case.id: case.number for case in whole.cases}
    kinds = dict.fromkeys(strand.channel.kind for strand in whole.strands)
    return shapes.ConversationShape(
        id=row.public_id,
        customer_id=customer_id,
        channels=list(kinds),
        last_message_at=row.last_message_at,
        cases=[shapes.case(case, row.public_id, customer_id) for case in whole.cases],
        strands=[shapes.strand(strand, numbers) for strand in whole.strands],
    )
