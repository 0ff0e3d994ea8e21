"""Customers: reading, changing, merging; and what is suggested about them."""

from typing import Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import blocks, customers, merges, suggestions, unmerges
from inbox.errors import Invalid
from inbox.models import Customer, Mark, SuggestionState
from inbox.policies import Action, authorize
from inbox.queries import customers as queries, named, names, redirects
from web.api import shapes
from web.api.answers import Body, Session, acting, actor_of, json_answer, listed, once, page_of, read
from web.installation import installation_of
from web.visiting import client_host


class CustomerChange(Body):
    """What is given is changed; an attribute of null is taken away. `tags` are all of them; `blocked` keeps
    as spam what the customer sends, all of it, or ends that."""

    name: str | None = Field(None, max_length=300)
    company: str | None = Field(None, max_length=300)
    attributes: dict[str, Any] | None = None
    marks: list[Mark] | None = None
    tags: list[str] | None = Field(None, max_length=50)
    blocked: bool | None = None


class MergeInto(Body):
    """`take` names what the merged customer says better: name, company, attribute:KEY."""

    into_id: str
    take: list[str] = Field(default_factory=list, max_length=200)


class Decision(Body):
    decision: Literal["same_person", "colleague", "someone_else", "forwarded"]
    address: str = Field("", max_length=320)


async def index(request: Request) -> Response:
    """GET /api/v1/customers?q=&email=&limit=&cursor="""
    (limit, cursor), asked = page_of(request), request.query_params
    async with installation_of(request).database.reading() as session:
        found = await queries.page(
            session, words=asked.get("q"), email=asked.get("email"), limit=limit, cursor=cursor
        )
    return listed([shapes.customer(known) for known in found.items], found.next)


async def show(request: Request) -> Response:
    """GET /api/v1/customers/{id}"""
    async with installation_of(request).database.reading() as session:
        customer = await redirects.find_customer(session, request.path_params["id"])
        (known,) = await queries.known(session, [customer])
    return json_answer(shapes.customer(known))


async def update(request: Request) -> Response:
    """PATCH /api/v1/customers/{id}"""
    body = await read(request, CustomerChange)
    authorize(actor_of(request), Action.CHANGE)

    async def change(session: Session) -> tuple[int, Any]:
        customer = await redirects.find_customer(session, request.path_params["id"])
        await customers.change(
            session,
            customer,
            by=acting(request),
            name=body.name,
            company=body.company,
            attributes=body.attributes,
            marks=body.marks,
            tags=body.tags,
        )
        await _block(session, request, customer, body.blocked)
        await session.flush()
        (known,) = await queries.known(session, [customer])
        return 200, shapes.customer(known)

    return await once(request, change)


async def _block(session: Session, request: Request, customer: Customer, is_wanted: bool | None) -> None:
    standing = [one for one in await blocks.standing_blocks(session, customer) if one.identity_id is None]
    origin, agent = client_host(request) or "", acting(request)
    if is_wanted is True and not standing:
        await blocks.block(session, customer, by=agent, origin=origin)
    for one in standing if is_wanted is False else ():
        await blocks.unblock(session, one, by=agent, origin=origin)


async def merge(request: Request) -> Response:
    """POST /api/v1/customers/{id}/merge {into_id, take} → {merge_id}"""
    body = await read(request, MergeInto)
    authorize(actor_of(request), Action.MERGE)

    async def change(session: Session) -> tuple[int, Any]:
        customer = await redirects.find_customer(session, request.path_params["id"])
        into = await redirects.find_customer(session, body.into_id)
        made = await merges.merge(session, customer, into=into, by=acting(request), take=body.take)
        await session.flush()
        return 201, {"merge_id": made.public_id}

    return await once(request, change)


async def undo_merge(request: Request) -> Response:
    """POST /api/v1/merges/{id}/undo: the newest merge of a customer first."""
    authorize(actor_of(request), Action.MERGE)

    async def change(session: Session) -> tuple[int, Any]:
        made = await named.merge(session, request.path_params["id"])
        await unmerges.undo_merge(session, made, by=acting(request))
        return 200, {"merge_id": made.public_id, "undone": True}

    return await once(request, change)


async def list_suggestions(request: Request) -> Response:
    """GET /api/v1/suggestions?state=open"""
    state = request.query_params.get("state") or SuggestionState.OPEN
    if state not in set(SuggestionState):
        raise Invalid(f"There is no state {state!r}.", field="state")
    async with installation_of(request).database.reading() as session:
        rows = await named.suggestions(session, actor_of(request), SuggestionState(state))
        shown = await _suggestions(session, rows)
    return listed(shown, None)


async def decide(request: Request) -> Response:
    """POST /api/v1/suggestions/{id} {decision: same_person|colleague|someone_else|forwarded, address}"""
    body = await read(request, Decision)
    authorize(actor_of(request), Action.MERGE)

    async def change(session: Session) -> tuple[int, Any]:
        suggestion = await named.suggestion(session, actor_of(request), request.path_params["id"])
        by, decision = acting(request), SuggestionState(body.decision)
        await suggestions.decide(session, suggestion, decision, by=by, address=body.address)
        await session.flush()
        return 200, (await _suggestions(session, [suggestion]))[0]

    return await once(request, change)


async def _suggestions(session: Session, rows: Any) -> list[shapes.SuggestionShape]:
    public = await names.of_conversations(session, {row.conversation_id for row in rows})
    people = {key for row in rows for key in (row.customer_id, row.other_customer_id)}
    customer_ids = await names.customer_ids(session, people)
    return [
        shapes.SuggestionShape(
            id=row.public_id,
            kind=row.kind,
            state=row.state,
            conversation_id=public.conversations[row.conversation_id],
            customer_id=customer_ids[row.customer_id],
            other_customer_id=customer_ids[row.other_customer_id],
            address=row.address,
            name=row.name,
            created_at=row.created_at,
        )
        for row in rows
    ]
