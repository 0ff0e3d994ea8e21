"""Phone calls and meetings, written down in the thread of the customer they were with."""

from datetime import datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox import clock
from inbox.actions import calls
from inbox.actors import Actor
from inbox.envelopes import SpokenKind
from inbox.errors import Conflict, Invalid
from inbox.models import Case, Message, Status
from inbox.policies import Action, authorize
from inbox.queries import cases, redirects
from inbox.queries.happenings import Reading
from inbox.queries.panels import panel_of
from web.acting import actor_of, text_of
from web.answers import moved
from web.installation import installation_of
from web.moments import picked_moment, zone_of
from web.templating import page
from web.wording import words_for
from web.workspace import shell_for

FIELDS = ("kind", "initiative", "at", "minutes", "with", "subject", "text", "then")
THEN = {"open": Status.OPEN, "pending": Status.PENDING, "resolved": Status.RESOLVED}


async def new(request: Request) -> Response:
    """GET /customers/{id}/calls/new?case="""
    return await _page(request, {"case": request.query_params.get("case", "")})


async def create(request: Request) -> Response:
    """POST /customers/{id}/calls {kind, initiative, at, minutes, with, subject, text, case, then}"""
    form = await request.form()
    authorize(actor_of(request), Action.REPLY)
    try:
        async with installation_of(request).database.transaction() as session:
            message = await _log(request, session, form)
            case = await session.get_one(Case, message.case_id)
    except (Invalid, Conflict) as problem:
        return await _page(request, {name: text_of(form, name) for name in form}, problem)
    return moved(request, f"/cases/{case.number}")


async def _log(request: Request, session: Reading, form: FormData) -> Message:
    words = words_for(request)
    customer = await redirects.find_customer(session, request.path_params["id"])
    number, at = text_of(form, "case"), text_of(form, "at")
    return await calls.log_call(
        session,
        customer,
        by=request.state.agent,
        kind=_kind(form),
        is_inbound=text_of(form, "initiative") != "ours",
        text=text_of(form, "text"),
        at=picked_moment(at, zone_of(request)) if at else None,
        minutes=_minutes(text_of(form, "minutes")),
        subject=text_of(form, "subject"),
        spoken_with=text_of(form, "with"),
        case=await _case(session, actor_of(request), number),
        then=THEN.get(text_of(form, "then")),
        labels=(words.said("With"), words.said("Duration"), words.said("%(minutes)s min")),
    )


def _kind(form: FormData) -> SpokenKind:
    try:
        return SpokenKind(text_of(form, "kind"))
    except ValueError as error:
        raise Invalid("Choose a phone call or a meeting.", field="kind") from error


def _minutes(written: str) -> int | None:
    if not written:
        return None
    if not (written.isascii() and written.isdigit()) or len(written) > 6:
        raise Invalid("Write the minutes as a number.", field="minutes")
    return int(written)


async def _case(session: Reading, actor: Actor, number: str) -> Case | None:
    if not number.isascii() or not number.isdigit():
        return None
    return await cases.by_number(session, actor, min(int(number), 2**62))


async def _page(
    request: Request, filled: dict[str, Any], problem: Invalid | Conflict | None = None
) -> Response:
    async with installation_of(request).database.reading() as session:
        customer = await redirects.find_customer(session, request.path_params["id"])
        if customer.public_id != request.path_params["id"]:
            return RedirectResponse(f"/customers/{customer.public_id}/calls/new", 303)
        conversation = await redirects.conversation_of(session, customer)
        panel = await panel_of(session, actor_of(request), conversation)
        shell = await shell_for(session, request.state.agent)
    unfinished = [case for case in panel.cases if case.is_unfinished]
    chosen = filled.get("case") or (str(unfinished[0].number) if unfinished and not problem else "")
    return page(
        request,
        "customers/call.html",
        status=422 if problem else 200,
        panel=panel,
        customer=customer,
        cases=unfinished,
        filled=dict.fromkeys(FIELDS, "") | filled | {"case": chosen},
        now=_written(clock.now().astimezone(zone_of(request))),
        problem=words_for(request).told(problem.phrase) if problem else "",
        problem_field=problem.field if isinstance(problem, Invalid) else "",
        shell=shell,
        current="customers",
    )


def _written(moment: datetime) -> str:
    """As a datetime-local field writes it (HTML §2.3.5.5)."""
    return moment.strftime("%Y-%m-%dT%H:%M")
