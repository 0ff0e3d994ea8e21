"""Phone calls and meetings that somebody, or a telephone system, writes down."""

from typing import Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from inbox.actions import call_changes, calls
from inbox.envelopes import SpokenKind
from inbox.errors import Invalid
from inbox.models import Status
from inbox.policies import Action, authorize
from inbox.queries import cases, redirects
from web.api.answers import Body, CaseNumber, Moment, Session, acting, actor_of, once, read
from web.api.messages import loaded
from web.endpoints.calls import facts_of, logged


class Call(Body):
    """`direction` says whose initiative it was: inbound the customer's. Without a `case` it gets one of its
    own; `then` is what becomes of the case. `at` has a zone."""

    kind: SpokenKind
    direction: Literal["inbound", "outbound"] = "inbound"
    text: str = Field(max_length=100_000)
    at: Moment | None = None
    minutes: int | None = Field(None, ge=1, le=24 * 60)
    spoken_with: str = Field("", max_length=200)
    subject: str = Field("", max_length=500)
    case: CaseNumber | None = None
    then: Literal["open", "pending", "resolved"] | None = None


class CallChange(Body):
    """What is given is written down instead; the rest stays. `minutes` null takes them away."""

    text: str | None = Field(None, max_length=100_000)
    subject: str | None = Field(None, max_length=500)
    spoken_with: str | None = Field(None, max_length=200)
    minutes: int | None = Field(None, ge=1, le=24 * 60)


async def create(request: Request) -> Response:
    """POST /api/v1/customers/{id}/calls {kind, direction, text, at, minutes, spoken_with, subject, case}"""
    body, actor = await read(request, Call), actor_of(request)
    authorize(actor, Action.REPLY)
    if body.at is not None and body.at.tzinfo is None:
        raise Invalid("A time needs its zone, such as 2026-11-22T10:00:00Z.", field="at")

    async def change(session: Session) -> tuple[int, Any]:
        message = await calls.log_call(
            session,
            await redirects.find_customer(session, request.path_params["id"]),
            by=acting(request),
            kind=body.kind,
            is_inbound=body.direction == "inbound",
            text=body.text,
            at=body.at,
            minutes=body.minutes,
            subject=body.subject,
            spoken_with=body.spoken_with,
            case=await cases.by_number(session, actor, body.case) if body.case else None,
            then=Status(body.then) if body.then else None,
        )
        return 201, await loaded(session, request, message)

    return await once(request, change)


async def update(request: Request) -> Response:
    """PATCH /api/v1/calls/{id} {text, subject, spoken_with, minutes}: put right what was written down; the id
    is that of its message."""
    body = await read(request, CallChange)

    async def change(session: Session) -> tuple[int, Any]:
        message = await logged(request, session)
        before = facts_of(message)
        minutes = int(before["minutes"]) if before["minutes"] else None
        await call_changes.change_call(
            session,
            message,
            by=acting(request),
            text=message.text if body.text is None else body.text,
            subject=message.subject if body.subject is None else body.subject,
            spoken_with=before["with"] if body.spoken_with is None else body.spoken_with,
            minutes=body.minutes if "minutes" in body.model_fields_set else minutes,
            labels=calls.LABELS,
        )
        return 200, await loaded(session, request, message)

    return await once(request, change)


async def cancel(request: Request) -> Response:
    """POST /api/v1/calls/{id}/cancel: say that it was not so. It stays to be read, and nobody waits for
    it any more."""

    async def change(session: Session) -> tuple[int, Any]:
        message = await logged(request, session)
        await call_changes.take_back_call(session, message, by=acting(request))
        return 200, await loaded(session, request, message)

    return await once(request, change)
