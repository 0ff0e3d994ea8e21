"""Everything that is stored about one customer, as a file for whoever asks for it."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from inbox import clock
from inbox.actions import audit
from inbox.models import Case, Conversation, Customer, Message, Rating
from inbox.models.privacy import AuditKind
from inbox.queries import cases, customer_exports, customers, names, redirects
from inbox.queries.browsers import Browser, browsers_of
from inbox.queries.happenings import Reading
from web.acting import actor_of
from web.deferred import loaded
from web.installation import installation_of
from web.visiting import client_host

FORMAT = 1
_TOLD = (
    *("id", "case_number", "direction", "channel", "from", "to", "cc", "subject"),
    *("text", "text_quoted", "html", "attachments", "created_at"),
)


async def create(request: Request) -> Response:
    """POST /customers/{id}/export: a JSON file, which is noted in the audit"""
    await loaded("web.api.message_shapes")  # as the API is: what follows imports it once it is there
    database = installation_of(request).database
    async with database.reading() as session:  # it may be long, and nobody who writes waits for it
        customer = await redirects.find_customer(session, request.path_params["id"])
        conversation = await redirects.conversation_of(session, customer)
        exported = await _exported(request, session, customer, conversation)
    async with database.transaction() as session:
        audit.note(
            session,
            AuditKind.CUSTOMER_EXPORTED,
            by=request.state.agent,
            subject=f"customer {customer.public_id}",
            origin=client_host(request) or "",
            messages=len(exported["messages"]),
        )
    name = f"customer-{customer.public_id}-{clock.now().date().isoformat()}.json"
    return Response(
        json.dumps(exported, ensure_ascii=False, indent=1),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _exported(
    request: Request, session: Reading, customer: Customer, conversation: Conversation
) -> dict[str, Any]:
    from web.api import shapes

    actor = actor_of(request)
    (known,) = await customers.known(session, [customer])
    said: list[dict[str, Any]] = []
    async for rows in customer_exports.messages(session, actor, conversation):
        public = await names.of_messages(session, rows)
        said += [_message(row, public) for row in rows]
    return {
        "format": FORMAT,
        "exported_at": clock.now().isoformat(),
        "customer": shapes.customer(known).model_dump(mode="json"),
        "browsers": [_browser(one) for one in await browsers_of(session, known.identities)],
        "cases": [_case(one) for one in await cases.of_conversation(session, actor, conversation.id)],
        "ratings": [
            _rating(number, one)
            for number, one in await customer_exports.ratings(session, actor, conversation)
        ],
        "messages": said,
        "attachments": [file | {"message_id": one["id"]} for one in said for file in one["attachments"]],
    }


def _message(row: Message, public: names.Names) -> dict[str, Any]:
    from web.api import message_shapes

    whole = message_shapes.message(row, public)
    author = {"kind": row.author_kind, "name": row.author_name, "address": row.author_address}
    return {name: whole[name] for name in _TOLD} | {"author": author}


def _case(case: Case) -> dict[str, Any]:
    """What a case is to its customer; what the team called it, and how it was sorted, is the team's."""
    opened, resolved = case.opened_at, case.resolved_at
    return {
        "number": case.number,
        "status": case.status,
        "opened_at": opened.isoformat(),
        "resolved_at": resolved.isoformat() if resolved else None,
    }


def _rating(number: int, rating: Rating) -> dict[str, Any]:
    return {
        "case_number": number,
        "score": rating.score,
        "comment": rating.comment,
        "created_at": rating.created_at.isoformat(),
    }


def _browser(browser: Browser) -> dict[str, Any]:
    said = {"page": browser.page, "language": browser.language, "attributes": dict(browser.attributes)}
    return said | {"seen_at": browser.seen_at.isoformat()}
